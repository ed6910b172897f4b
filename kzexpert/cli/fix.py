"""``kzexpert fix``: what hints say with certainty, done."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import click

from kzexpert.authoring.corrections import Correction, corrections
from kzexpert.cli.fmt import diff_lines, save
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import emit
from kzexpert.cli.session import inspect, inspect_with_cases
from kzexpert.errors import Issue, counted
from kzexpert.language.files import YAML_LIMIT, read_file, unsaved
from kzexpert.render.issues import summary
from kzexpert.render.writer import visible

__all__ = ["fix"]

_Looked: TypeAlias = tuple[Sequence[Issue], Mapping[str, str]]


@command(
    epilog="""\b
Examples:
  kzexpert fix --diff
  kzexpert fix
  kzexpert fix --kb my-knowledge-base --dry-run""",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; list what would be done.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@common_options(run=False, formats=(), output=False)
def fix(options: Options, dry_run: bool, diff: bool) -> int:
    """Do what the hints of `check` say where it is certain: slips in names, marks of other languages, missing quotes.

    All is checked again before a file is written: what would leave its problem or bring another error is not done.
    Exit code 1 when errors are left.
    """
    done, changed = corrections(_looking(lambda: (found := inspect(options), (found[1], found[0].texts))[1]))
    with unsaved(changed):
        more, last = corrections(_looking(lambda: inspect_with_cases(options), changed))
    changed = {**changed, **last}
    with unsaved(changed):
        left, _ = inspect_with_cases(options)
    files = {name: read_file(name, YAML_LIMIT) for name in changed}
    if diff:
        text = "".join(line for name, new in changed.items() for line in diff_lines(name, files[name].text, new))
    else:
        verb = "would be done" if dry_run else "done"
        lines = [
            *map(_line, (*done, *more)),
            f"{counted(len(done) + len(more), 'correction')} {verb}; left: {summary(left)}",
        ]
        text = "".join(f"{line}\n" for line in lines)
    if not (diff or dry_run):
        for name, new in changed.items():
            save(files[name], new)
    emit(Options(no_pager=True), lambda _out: text)
    return 1 if any(issue.severity == "error" for issue in left) else 0


def _looking(look: Callable[[], _Looked], known: Mapping[str, str] = {}) -> Callable[[Mapping[str, str]], _Looked]:
    """What looks at the base with other texts of files."""

    def inspected(texts: Mapping[str, str]) -> _Looked:
        with unsaved({**known, **texts}):
            return look()

    return inspected


def _line(item: Correction) -> str:
    place = item.issue.location
    return f"{visible(str(place))}: {item.issue.code} {visible(item.old)} is now {visible(item.edit[1])}"
