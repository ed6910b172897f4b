"""Where text goes: stdout, stderr or a file. Colours only for a terminal; a file is replaced at once or not at all."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Any

import click
from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.cli.options import Options
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.render.writer import WIDTH, Writer, as_markup, as_plain

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "WIDEST",
    "colours",
    "emit",
    "emit_file",
    "heard",
    "note",
    "print_error",
    "reading",
    "show",
    "spare",
    "tell",
    "to_stderr",
    "to_stdout",
    "wrapped",
]

#: Columns of a line: lines that are longer are hard to read, on shorter ones tables find no place.
WIDEST, _NARROWEST = 100, 40
#: What a shell reports of a command whose reader has gone: 128 + SIGPIPE.
_PIPE_CLOSED = 141
_HEARD: ContextVar[list[object] | None] = ContextVar("heard", default=None)
#: How a question that leads to a command was read, and that command.
_READING: ContextVar[tuple[str, str] | None] = ContextVar("reading", default=None)


def emit(options: Options, text_of: Callable[[Writer], str]) -> None:
    """Print a result on stdout, or write it to the file of ``--output``.

    Args:
        text_of: makes the text.

    Raises:
        UsageError: it cannot be written.
    """
    if options.output is not None:
        from kzexpert.atomic import replace_file

        replace_file(options.output, text_of(Writer(width=options.width or WIDTH)))
        return
    styled = _is_terminal(sys.stdout) and colours()
    text = text_of(Writer(as_markup if styled else as_plain, options.width or _columns(sys.stdout)))
    with to_stdout():
        if options.no_pager or not _paged(text, styled):
            _print(text, sys.stdout, styled)


@contextmanager
def heard() -> Iterator[list[object]]:
    """The documents that are shown inside, for one who goes on from there."""
    documents: list[object] = []
    token = _HEARD.set(documents)
    try:
        yield documents
    finally:
        _HEARD.reset(token)


@contextmanager
def reading(read_as: str, command: str) -> Iterator[None]:
    """Inside, documents say how the question that led to them was read, if they have a place for that.

    Args:
        command: the command line that asks the same.
    """
    token = _READING.set((read_as, command))
    try:
        yield
    finally:
        _READING.reset(token)


def _with_reading(document: Any) -> Any:
    said = _READING.get()
    if said is None or getattr(document, "read_as", None) is not UNSET:
        return document
    return replace(document, read_as=said[0], command=said[1])


def show(options: Options, document: object, text_of: Callable[[Writer], str]) -> None:
    """Print a result as ``--format`` says: a document as JSON, or what `text_of` makes. See `emit`."""
    hearing = _HEARD.get()
    if hearing is not None:
        hearing.append(document)
    if options.format == "json":
        from kzexpert.render.json import json_text

        text = json_text(_with_reading(document))
        emit(options, lambda _out: text)
    else:
        emit(options, text_of)


def spare(options: Options, files: Iterable[str]) -> None:
    """Make sure that the file of ``--output`` is none of those that the command reads.

    Raises:
        UsageError: it is one of them (KZ306).
    """
    if options.output is not None:
        from kzexpert.atomic import check_unread

        check_unread(options.output, files)


def emit_file(options: Options, fill: "Callable[[Path], None]") -> None:
    """Write the file of ``--output`` at once, or print what it would hold on stdout.

    Args:
        fill: writes it to a path.

    Raises:
        UsageError: it cannot be written.
    """
    from kzexpert.atomic import replacement

    if options.output is not None:
        with replacement(options.output) as path:
            fill(path)
        return
    from pathlib import Path
    from shutil import copyfileobj
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kzexpert-") as folder:
        result = Path(folder) / "result"
        with replacement(str(result)) as path:
            fill(path)
        if sys.stdout is not None:  # it may have been closed before the start
            with to_stdout(), result.open("rb") as filled:
                copyfileobj(filled, sys.stdout.buffer)
                sys.stdout.buffer.flush()


@contextmanager
def to_stdout() -> Iterator[None]:
    """What can go wrong there."""
    try:
        yield
    except BrokenPipeError:
        _silence(sys.stdout)
        raise click.exceptions.Exit(_PIPE_CLOSED) from None
    except OSError as error:
        _silence(sys.stdout)
        raise UsageError(Issue("KZ306", f"cannot write the result: {error.strerror}", Location("stdout"))) from None


@contextmanager
def to_stderr() -> Iterator[None]:
    """Where stderr takes nothing more there is nobody to tell; the command ends as it would have."""
    try:
        yield
    except OSError:
        _silence(sys.stderr)


def print_error(text_of: Callable[[Writer], str]) -> None:
    """Print on stderr."""
    styled = _is_terminal(sys.stderr) and colours()
    with to_stderr():
        _print(text_of(Writer(as_markup if styled else as_plain, _columns(sys.stderr))), sys.stderr, styled)


def tell(text: str) -> None:
    """Print a plain line on stderr."""
    with to_stderr():
        _print(f"{text}\n", sys.stderr, styled=False)


def wrapped(options: Options, text: str, stream: IO[str] | None) -> str:
    """A text in lines as wide as those of a result, or as a stream has them."""
    return Writer(width=options.width or _columns(stream)).wrap([("", text)])


def note(options: Options, text: str) -> None:
    """Say something on stderr that only ``--verbose`` asks for."""
    if options.verbose:
        tell(text)


def _is_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def colours() -> bool:
    """Whether a terminal may have them."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _columns(stream: IO[str] | None) -> int:
    """Columns of a line: what ``COLUMNS`` says, else as many as a terminal has, within reason."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return max(_NARROWEST, int(said))
    if not _is_terminal(stream):
        return WIDTH
    from shutil import get_terminal_size

    return max(_NARROWEST, min(get_terminal_size((WIDTH, 24)).columns, WIDEST))


def _paged(text: str, styled: bool) -> bool:
    """Show a text in a pager if stdout is a terminal that it does not fit; whether it was shown."""
    if not _is_terminal(sys.stdout) or os.environ.get("TERM") == "dumb":
        return False
    from kzexpert.cli.pager import overflows, paged, pager

    shown = _coloured(text) if styled else text
    return overflows(shown) and bool(command := pager()) and paged(_encodable(shown, sys.stdout), command)


def _coloured(text: str) -> str:
    """Markup as a terminal takes it."""
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), force_terminal=True, highlight=False, emoji=False)
    console.print(text, end="", soft_wrap=True)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _print(text: str, stream: IO[str] | None, styled: bool) -> None:
    """Print, unless the stream was closed before the start."""
    if stream is None:
        return
    if not styled:
        click.echo(_encodable(text, stream), file=stream, nl=False)
        return
    from rich.console import Console

    console = Console(file=stream, highlight=False, emoji=False)
    console.print(_encodable(text, stream), end="", soft_wrap=True)


def _encodable(text: str, stream: IO[str] | None) -> str:
    """The text with what the stream's encoding lacks as escapes, so that no locale stops an answer."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text


def _silence(stream: IO[str]) -> None:
    """Keep the interpreter from trying again to write what it could not, when it exits."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
    except (OSError, ValueError, AttributeError):  # it has no file behind it: then nothing is left to write
        return
