"""``kzexpert fmt``: YAML files of a base in one layout; what they say and their comments stay."""

import os
from collections.abc import Iterator
from difflib import unified_diff

import click

from kzexpert.atomic import replace_file
from kzexpert.authoring.layout import formatted
from kzexpert.cli.options import Options, command
from kzexpert.cli.output import emit, print_error
from kzexpert.cli.session import layers
from kzexpert.cli.stdin import STDIN_NAME, stdin_text
from kzexpert.errors import Issue, KzexpertError, Location, UsageError, counted
from kzexpert.language.files import YAML_LIMIT, TextFile, read_file
from kzexpert.language.folders import MANIFEST, YAML_ENDINGS, is_base, packed_knowledge_base, walk
from kzexpert.render.issues import issues_text
from kzexpert.render.writer import visible

__all__ = ["diff_lines", "fmt", "save"]

#: The folders of a base whose YAML files are laid out.
_FOLDERS = ("rules", "facts", "tests/cases", "reviews")
_BOM = "\ufeff"


@command(
    epilog="""\b
Examples:
  kzexpert fmt
  kzexpert fmt rules/blocs.yaml --diff
  kzexpert fmt --check
  kzexpert fmt - < draft.yaml""",
)
@click.argument("file", nargs=-1, metavar="[FILE|FOLDER]...")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file is not in the layout.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@STDIN_NAME
def fmt(file: tuple[str, ...], check: bool, diff: bool, stdin_name: str | None) -> int:
    """Lay out YAML files: those of the base in use, or each FILE and those of each FOLDER; - is stdin.

    Indentation, blanks, quotes and the order of the keys of a rule become uniform. Lines stay broken where they
    are, and comments stay. A file whose meaning would change is left as it is.
    """
    if file == ("-",):
        name = stdin_name or "stdin"
        text = stdin_text(name)
        return _finish([(name, text, formatted(name, text))], check=check, diff=diff, piped=True)
    if stdin_name is not None or "-" in file:
        raise click.UsageError("- stands alone, and --stdin-name goes with it")
    results, issues = [], 0
    for path in dict.fromkeys(_files(file)):
        try:
            found = read_file(path, YAML_LIMIT)
            results.append((found, formatted(found.name, found.text)))
        except KzexpertError as error:
            issues += 1
            _tell(error)
    for found, text in results:
        if text != found.text and not (check or diff):
            save(found, text)
    code = _finish([(found.name, found.text, text) for found, text in results], check=check, diff=diff)
    return 1 if issues else code


def save(file: TextFile, text: str) -> None:
    """Put a text in the place of a file, with the byte order mark that it had.

    Raises:
        UsageError: it cannot be written (KZ306).
    """
    marked = file.content.startswith(_BOM.encode())
    replace_file(file.path, (_BOM if marked else "") + text)


def diff_lines(name: str, before: str, after: str) -> Iterator[str]:
    """What changes, as ``patch`` reads it."""
    return unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}", lineterm="\n"
    )


def _finish(results: list[tuple[str, str, str]], *, check: bool, diff: bool, piped: bool = False) -> int:
    """Show how it went: name, old and new text of each file."""
    changed = [(name, before, after) for name, before, after in results if before != after]
    if diff:
        text = "".join(line for item in changed for line in diff_lines(*item))
    elif piped and not check:
        text = results[0][2]
    else:
        verb = "would change" if check else "changed"
        lines = [f"{verb}: {visible(name)}" for name, _, _ in changed]
        kept = len(results) - len(changed)
        lines.append(f"{counted(len(changed), 'file')} {verb}, {kept} as {'it is' if kept == 1 else 'they are'}")
        text = "".join(f"{line}\n" for line in lines)
    emit(Options(no_pager=True), lambda out: out.style("", text) if not (diff or piped) else text)
    return 1 if check and changed else 0


def _tell(error: KzexpertError) -> None:
    print_error(lambda out: issues_text(error.issues, error.texts, out))


def _files(given: tuple[str, ...]) -> Iterator[str]:
    """The files that are laid out.

    Raises:
        KnowledgeBaseError: there is no base (KZ115).
        UsageError: the base in use comes with the program (KZ804).
    """
    if not given:
        (*_, folder) = layers(Options())
        if os.path.realpath(folder) == os.path.realpath(packed_knowledge_base()):
            hint = "name files or folders; kzexpert new base NAME makes a base of your own"
            raise UsageError(Issue("KZ804", "the base in use comes with kzexpert", Location(folder), hint))
        given = (folder,)
    for path in given:
        if not os.path.isdir(path):  # noqa: PTH112, as in `language.folders`
            yield path
        elif is_base(path):
            yield from _of_base(path)
        else:
            yield from walk(path, YAML_ENDINGS)


def _of_base(folder: str) -> Iterator[str]:
    manifest = os.path.join(folder, MANIFEST)  # noqa: PTH118
    if os.path.isfile(manifest):  # noqa: PTH113
        yield manifest
    for name in _FOLDERS:
        below = os.path.join(folder, name)  # noqa: PTH118
        if os.path.isdir(below):  # noqa: PTH112
            yield from walk(below, YAML_ENDINGS)
