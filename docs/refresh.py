"""Brings the documentation up to date: what its commands print, and the page of all commands.

A page shows a session as a ``console`` block: after ``$`` stands a command, below it all that it prints. A block whose
first line is, say, ``yaml file=rules/own.yaml`` is a file that later commands of the page find. A page is played from
top to bottom in one shell, in a folder that holds the shipped knowledge base and ``.venv/bin/kzexpert``.
`tests/test_docs.py` fails where a page is out of date.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import click

import kzexpert
from kzexpert.cli.group import cli
from kzexpert.cli.options import Command

sys.path.insert(0, str(Path(__file__).parent))
import house

__all__ = ["CHECKOUT", "Block", "blocks", "commands_page", "pages", "pictures", "replayed"]

CHECKOUT = Path(__file__).parents[1]
_COMMANDS = CHECKOUT / "docs" / "commands.md"

# --- sessions --------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^(`{3,})(.*)$")
_SET_UP = re.compile(r"^python3 -m venv .*(?=\.venv/bin/kzexpert)")
_END = "\x1e"


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        start, end: the lines between its fences, as a slice of the page's lines.
        language: the first word behind the fence.
        file: what ``file=`` behind the fence says.
    """

    start: int
    end: int
    language: str
    file: str


def pages() -> list[Path]:
    """The README and every page of docs/, but not the page that is generated as a whole."""
    return [CHECKOUT / "README.md", *sorted(page for page in (CHECKOUT / "docs").glob("*.md") if page != _COMMANDS)]


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    opened: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = number + 1, fence[1], fence[2]
        elif fence[1] == opened[1] and not fence[2]:
            start, _, words = opened
            file = re.search(r"file=(\S+)", words)
            yield Block(start, number, words.split()[0] if words.split() else "", file[1] if file else "")
            opened = None


def replayed(page: Path) -> str:
    """The text of a page with what its commands print now, and with the pictures and tables of the source as it is."""
    lines = house.filled(page.read_text(encoding="utf-8")).split("\n")
    found = [block for block in blocks(lines) if block.language == "console" or block.file]
    sessions = [block for block in found if block.language == "console"]
    if not sessions:
        return "\n".join(lines)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "kzexpert"
        _furnish(home)
        printed = _play(lines, found, home)
    replaced: list[str] = []
    position = 0
    for block in sessions:
        replaced += lines[position : block.start]
        for command in _commands(lines, block):
            replaced += [*command, *next(printed)]
        position = block.end
    return "\n".join([*replaced, *lines[position:]])


def _commands(lines: Sequence[str], block: Block) -> Iterator[list[str]]:
    """The lines of each command of a session: the one with the prompt, and those that continue it after ``>``."""
    command: list[str] = []
    for line in lines[block.start : block.end]:
        if line.startswith("$ "):
            if command:
                yield command
            command = [line]
        elif command and line.startswith("> ") and command[-1].endswith("\\"):
            command.append(line)
    if command:
        yield command


def _furnish(home: Path) -> None:
    """Put the shipped knowledge base and a virtual environment's worth of commands into a folder."""
    for name in ("rules", "facts", "tests/cases"):
        shutil.copytree(CHECKOUT / name, home / name)
    shutil.copy(CHECKOUT / "kzexpert.yaml", home)
    commands = home / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "activate").write_text("", encoding="utf-8")
    script = commands / "kzexpert"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m kzexpert "$@"\n', encoding="utf-8")
    script.chmod(0o755)


def _play(lines: Sequence[str], found: Sequence[Block], home: Path) -> Iterator[list[str]]:
    """What each command of the page prints, on either stream, one after another in one shell."""
    script = []
    for block in found:
        if block.file:
            text = "\n".join(lines[block.start : block.end])
            script.append(f"mkdir -p {shlex.quote(str(Path(block.file).parent))}")
            script.append(f"printf '%s\\n' {shlex.quote(text)} > {shlex.quote(block.file)}")
        else:
            for command in _commands(lines, block):
                text = "\n".join(line[2:] for line in command)
                script.append(f"{_SET_UP.sub('', text)}\n_code=$?; printf '{_END}'; (exit $_code)")
    path = os.pathsep.join([str(home / ".venv" / "bin"), os.environ.get("PATH", os.defpath)])
    found_in = str(Path(kzexpert.__file__).parents[1])
    environment = {"PATH": path, "PYTHONPATH": found_in, "LC_ALL": "C.UTF-8", "KZEXPERT_CACHE": ""}
    played = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + "\n".join(script)],
        cwd=home,
        env={**environment, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    *printed, rest = played.stdout.split(_END)
    if rest.strip():
        raise RuntimeError(f"the session stopped early: {rest}")
    return (text.rstrip("\n").split("\n") if text else [] for text in printed)


# --- pictures --------------------------------------------------------------------------------------------------


def pictures() -> dict[Path, str]:
    """The files that the commands of docs/pictures.md draw."""
    lines = (CHECKOUT / "docs" / "pictures.md").read_text(encoding="utf-8").split("\n")
    found = {}
    for block in blocks(lines):
        *words, file = shlex.split(" ".join(lines[block.start : block.end]))
        assert (words[0], words[-1]) == ("kzexpert", "--output")
        command = [sys.executable, "-m", "kzexpert", *words[1:-1]]
        drawn = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
        found[CHECKOUT / file] = drawn.stdout
    return found


# --- the page of all commands ----------------------------------------------------------------------------------

_COMMANDS_HEAD = """\
# Commands

This page is generated from the commands by `python docs/refresh.py`; `kzexpert COMMAND --help` says the same.
"""
_SHARED_BY = 3


def commands_page() -> str:
    """The text of docs/commands.md."""
    context = click.Context(cli, info_name="kzexpert", **cli.context_settings)  # click keeps what help is called
    commands = list(_leaves(cli, context))
    options = list(chain.from_iterable(_options(*command) for command in commands))
    shared = [option for option in dict.fromkeys(options) if options.count(option) >= _SHARED_BY]
    parts = [_COMMANDS_HEAD, _paragraphs(cli.epilog or "")]
    for section in dict.fromkeys(option.section for option in shared):
        title = "Options that commands share" if section == "Options" else section
        chosen = [option for option in shared if option.section == section]
        rows = [(option.written, option.meaning + _takers(option, commands)) for option in chosen]
        parts += [f"{'##' if section == 'Options' else '###'} {title}\n", _table(rows)]
    for command, called in commands:
        parts += [f"## {called.command_path}\n", f"```text\n{called.get_usage().removeprefix('Usage: ')}\n```\n"]
        parts += [_paragraphs(command.help or ""), _paragraphs(command.epilog or "")]
        own = [(option.written, option.meaning) for option in _options(command, called) if option not in shared]
        if own:
            parts.append(_table(own))
    return "\n".join(part for part in parts if part)


def _leaves(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """The commands below a group, in the order of its help."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        called = click.Context(command, context, info_name=name, terminal_width=78)
        if isinstance(command, click.Group):
            yield from _leaves(command, called)
        else:
            yield command, called


class _Row(NamedTuple):
    """An option: the heading of its section in help, how it is written, and what it does."""

    section: str
    written: str
    meaning: str


def _options(command: click.Command, called: click.Context) -> Iterator[_Row]:
    """The options in the order of the help, but for ``--help`` itself."""
    plain = {"Options": [param for param in command.params if isinstance(param, click.Option)]}
    sections = command.sections(called) if isinstance(command, Command) else plain
    for section, options in sections.items():
        for option in options:
            if option.hidden or "--help" in option.opts:
                continue
            written = ", ".join(option.opts)
            if not option.is_flag:
                choices = getattr(option.type, "choices", None)
                written += f" {'|'.join(map(str, choices)) if choices else option.metavar or 'TEXT'}"
            if option.multiple:
                written += " ..."
            shown = f" Default: {option.default}." if option.show_default and not option.is_flag else ""
            yield _Row(section, written, " ".join((option.help or "").split()) + shown)


def _takers(option: _Row, commands: Sequence[tuple[click.Command, click.Context]]) -> str:
    """Which commands take an option, or which do not, if those are fewer."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    for command, called in commands:
        sides[option in [*_options(command, called)]].append(called.command_path.partition(" ")[2])
    takers, others = sides[True], sides[False]
    named = f"all but {', '.join(others)}" if len(others) < len(takers) else ", ".join(takers)
    return f" ({named})" if others else ""


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = ((written.replace("|", "\\|"), meaning) for written, meaning in rows)
    return "\n".join(["| option | meaning |", "|---|---|", *(f"| `{left}` | {right} |" for left, right in cells), ""])


def _paragraphs(text: str) -> str:
    """A help text as Markdown: what click must not rewrap is shown as it is."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.lstrip().startswith("\b"):
            shown = "\n".join(line.rstrip() for line in paragraph.lstrip().lstrip("\b\n").split("\n"))
            title, _, rest = shown.partition("\n")
            if title.endswith(":") and rest:
                parts.append(f"{title}\n\n```text\n{_dedented(rest)}\n```\n")
            else:
                parts.append(" ".join(shown.split()) + "\n")
        elif paragraph:
            parts.append(" ".join(paragraph.split()) + "\n")
    return "\n".join(parts)


def _dedented(text: str) -> str:
    lines = text.split("\n")
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:] for line in lines)


def main() -> None:
    """Rewrite every page that is out of date, and say which."""
    texts = {page: replayed(page) for page in pages()} | pictures() | {_COMMANDS: commands_page()}
    for page, text in texts.items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
            print(f"rewritten: {page.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
