# ruff: noqa: PTH100, PTH109, PTH116, PTH118, PTH120, PTH123
"""Bytes on disk → text: the one place that opens a file of a knowledge base, after looking at what it is.

It reads regular files of bounded size in UTF-8 and nothing else, and it does not know what the text means.
It works with `os.path`: importing pathlib would take a twentieth of the time that a cold start may take.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from os import PathLike
from stat import S_ISDIR, S_ISREG
from typing import Any, TypeAlias, TypeVar

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location

__all__ = [
    "CSV_LIMIT",
    "YAML_LIMIT",
    "Digests",
    "Remembered",
    "StrPath",
    "TextFile",
    "digest_of_file",
    "path_beside",
    "read_file",
    "real_path",
    "shown_name",
    "text_of",
    "unreadable",
    "unsaved",
    "unsaved_text",
]

StrPath: TypeAlias = str | PathLike[str]
T = TypeVar("T")

#: Bytes. A knowledge base of this size would fill two thousand pages; larger tables belong into CSV.
YAML_LIMIT = 5_000_000
CSV_LIMIT = 50_000_000
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


_UNSAVED: ContextVar[Mapping[str, str] | None] = ContextVar("unsaved", default=None)


@contextmanager
def unsaved(texts: Mapping[str, str]) -> Iterator[None]:
    """Inside, files say what an editor holds, whatever is on disk.

    Args:
        texts: path → text; the file need not be there.
    """
    token = _UNSAVED.set({real_path(path): text for path, text in texts.items()})
    try:
        yield
    finally:
        _UNSAVED.reset(token)


def unsaved_text(path: StrPath) -> str | None:
    """What an editor holds of a file; None where that is what is on disk."""
    texts = _UNSAVED.get()
    return texts.get(real_path(path)) if texts else None


def real_path(path: StrPath) -> str:
    """Where a file is behind all links; as given where that cannot be told."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a loop of links, a NUL in the name: reading it will tell
        return os.fspath(path)


class Remembered:
    """What was made of files, for whoever reads them again and again: made anew where a file has changed, or what else
    it was made with.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[object, Any]] = {}

    def of(self, path: StrPath, sort: str, given: object, make: Callable[[], T]) -> T:
        """What is kept of a file, or what is made of it now.

        Args:
            sort: what it is: several things may be made of one file.
            given: what else it is made with.
        """
        key, stamp = (os.fspath(path), sort), (_stamp(path), given)
        if key not in self._found or self._found[key][0] != stamp:
            self._found[key] = stamp, make()
        found: T = self._found[key][1]
        return found

    def drop(self, path: StrPath, sort: str) -> None:
        """Keeps it no longer."""
        self._found.pop((os.fspath(path), sort), None)


def _stamp(path: StrPath) -> object:
    """What is another as soon as a file says something else."""
    held = unsaved_text(path)
    if held is not None:
        return held
    try:
        state = os.stat(path)
    except (OSError, ValueError):  # a NUL in the name: reading it will tell
        return None
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


class TextFile(msgspec.Struct, frozen=True):
    """A file that was read.

    Attributes:
        name: how issues call it: relative to the current folder where it lies below, else as given.
        path: where it is.
        text: without a byte order mark.
        content: its bytes.
    """

    name: str
    path: str
    text: str
    content: bytes


class Digests(Mapping[str, str]):
    """File name → SHA-256 of its bytes in hex, computed when asked for: only traces ask, and hashing loads OpenSSL.

    Args:
        contents: file name → its bytes.
        paths: file name → where it is, of files that are not kept in memory.
    """

    def __init__(self, contents: Mapping[str, bytes], paths: Mapping[str, str] | None = None) -> None:
        self._contents = contents
        self._paths = paths or {}
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            if name in self._contents:
                from hashlib import sha256

                self._known[name] = sha256(self._contents[name]).hexdigest()
            else:
                self._known[name] = digest_of_file(self._paths[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._contents, **self._paths})

    def __len__(self) -> int:
        return len({**self._contents, **self._paths})


def digest_of_file(path: StrPath) -> str:
    """SHA-256 of a file in hex, whatever its size."""
    from hashlib import file_digest

    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def shown_name(path: StrPath) -> str:
    """How issues call a file: relative to the current folder where it lies below, else as given."""
    given = os.fspath(path)
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:  # the current folder was deleted: then nothing lies below it
        return given
    absolute = os.path.abspath(given)
    return absolute[len(here) :] if absolute.startswith(here) else given


def path_beside(file: StrPath, name: str) -> str:
    """Where a file lies that another one names from its own folder, without ``..`` where a link does not need it."""
    joined = os.path.join(os.path.dirname(file), name)
    plain = os.path.normpath(joined)
    try:
        return plain if os.path.realpath(plain) == os.path.realpath(joined) else joined
    except (OSError, ValueError):  # a loop of links, a NUL in the name: reading it will tell
        return joined


def read_file(path: StrPath, limit: int) -> TextFile:
    """Reads one file of text.

    Args:
        path: the file.
        limit: the most bytes it may have; the size is looked at before a byte is read.

    Raises:
        KnowledgeBaseError: the file is missing, not a regular file or not readable (KZ101), not text in UTF-8 (KZ102)
            or too large (KZ103).
    """
    name = shown_name(path)
    held = unsaved_text(path)
    content = _content(path, name, limit) if held is None else held.encode("utf-8", "surrogateescape")
    return TextFile(name, os.fspath(path), text_of(content, name, limit), content)


def text_of(content: bytes, name: str, limit: int) -> str:
    """The text that bytes are, without a byte order mark.

    Raises:
        KnowledgeBaseError: they are no text in UTF-8 (KZ102), or too many (KZ103).
    """
    if len(content) > limit:  # held by an editor; or a file that grew, or that does not know its size, as of /proc
        raise _too_large(name, limit, len(content))
    try:
        if b"\0" in content or content.startswith(_UTF16):
            raise _not_text(content, content.find(b"\0"), name)
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        skipped = len(_BOM) if content.startswith(_BOM) else 0
        raise _not_text(content, skipped + error.start, name) from None


def _content(path: StrPath, name: str, limit: int) -> bytes:
    place = Location(name)
    try:
        status = os.stat(path)
        if S_ISDIR(status.st_mode):
            hint = "give a file; a whole knowledge base, a folder with rules/ and facts/, is given with --kb"
            raise KnowledgeBaseError(Issue("KZ101", f"{name} is a folder, not a file", place, hint))
        if not S_ISREG(status.st_mode):
            hint = "copy it to a file first"
            raise KnowledgeBaseError(Issue("KZ101", f"{name} is a pipe or a device, not a file", place, hint))
        if status.st_size > limit:
            raise _too_large(name, limit, status.st_size)
        with open(path, "rb") as stream:
            return stream.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise unreadable(name, error) from None


def unreadable(name: str, error: OSError | ValueError) -> KnowledgeBaseError:
    """KZ101 with the reason that the operating system gives."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    hint = "check the spelling of the path" if isinstance(error, FileNotFoundError) else ""
    return KnowledgeBaseError(Issue("KZ101", f"cannot read {name}: {reason}", Location(name), hint))


def _too_large(name: str, limit: int, size: int) -> KnowledgeBaseError:
    message = f"{name} has {size:,} bytes, and {limit:,} is the limit"
    hint = "split it, or put the rows into CSV files" if limit == YAML_LIMIT else "split it"
    return KnowledgeBaseError(Issue("KZ103", message, Location(name), hint))


def _not_text(content: bytes, offset: int, name: str) -> KnowledgeBaseError:
    hint = "save it in UTF-8 and try again"
    if name.lower().endswith(".csv"):
        from kzexpert.language.guesses import encoding_of_bytes  # only where it is needed

        found = encoding_of_bytes(content)
        hint += ", or read it as it is: under tables" + (f", with `encoding: {found}`" if found else "")
    if content.startswith(_UTF16):
        return KnowledgeBaseError(Issue("KZ102", f"{name} is text in UTF-16", Location(name, 1), hint))
    line_start = content.rfind(b"\n", 0, offset) + 1
    place = Location(name, content.count(b"\n", 0, offset) + 1, offset - line_start + 1)
    if content[offset] == 0:
        message, hint = f"{name} is not a text file: byte {offset + 1} is NUL", "rules and facts are text files"
    else:
        message = f"{name} is not text in UTF-8: byte {offset + 1} is 0x{content[offset]:02X}"
    return KnowledgeBaseError(Issue("KZ102", message, place, hint))
