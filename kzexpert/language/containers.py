# ruff: noqa: PTH116, PTH122, PTH123
"""Files on disk → the bytes and lines in them: packed or not, in any encoding, within limits.

What the text is, others know. Nothing is unpacked to disk, and nothing is fetched.
"""

import codecs
import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from stat import S_ISDIR, S_ISREG
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import zipfile

__all__ = [
    "LONGEST",
    "EmptyError",
    "EncodingError",
    "RecordError",
    "encoding_by_mark",
    "inner_name",
    "open_bytes",
    "open_lines",
]

#: Characters of a line, and of a cell.
LONGEST = 10_000_000
#: Bytes that a packed file may hold.
_MOST_UNPACKED = 50_000_000_000
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class RecordError(Exception):
    """Why a file cannot be read as records.

    Attributes:
        message: such as ``it is empty``, without the name of the file.
        hint: what to do about it; may be empty.
        line: where, counted from 1; 0 where no line is at fault.
    """

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line


class EmptyError(RecordError):
    """A file holds nothing."""


class EncodingError(RecordError):
    """A file is no text in the encoding that it was read in."""


class _Bounded(io.RawIOBase):
    """What a packed file holds, up to a limit: a small archive may be made to fill any disk or memory."""

    def __init__(self, packed: io.BufferedIOBase | IO[bytes]) -> None:
        self._packed = packed
        self._left = _MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._packed.read(len(buffer))
        self._left -= len(content)
        if self._left < 0:
            raise RecordError(f"it unpacks to more than {_MOST_UNPACKED:,} bytes", "unpack and split it")
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._packed.close()
        super().close()


def inner_name(path: str, part: str = "") -> str:
    """The name of what is read, without ``.gz`` or as an archive has it; its ending says what it is.

    Raises:
        RecordError: it is no file, or the archive cannot be read, or holds several files of which none is named.
    """
    with _readable(path):
        if not path.lower().endswith(".zip"):
            return path[: -len(".gz")] if path.lower().endswith(".gz") else path
        with _archive(path) as archive:
            return _member(archive, part)


@contextmanager
def open_bytes(path: str, part: str = "") -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked while they are read.

    Args:
        part: the file that is meant, of an archive that holds several.

    Raises:
        RecordError: it cannot be read.
    """
    ending = os.path.splitext(path)[1].lower()
    with _readable(path):
        if ending == ".gz":
            import gzip

            with gzip.open(path, "rb") as unzipped, io.BufferedReader(_Bounded(unzipped)) as stream:
                yield stream
        elif ending == ".zip":
            with (
                _archive(path) as archive,
                archive.open(_member(archive, part)) as packed,
                io.BufferedReader(_Bounded(packed)) as stream,
            ):
                yield stream
        else:
            with open(path, "rb") as plain:
                yield plain


def _archive(path: str) -> "zipfile.ZipFile":
    """An archive, opened: the names of what it holds are read then, whatever stands there."""
    import zipfile

    try:
        return zipfile.ZipFile(path)
    except UnicodeDecodeError as error:
        raise zipfile.BadZipFile(str(error)) from None


def _member(archive: Any, part: str) -> str:
    """The file in an archive that is meant; folders and what a Mac adds are none."""
    names = [
        item.filename
        for item in archive.infolist()
        if not item.is_dir() and not item.filename.startswith("__MACOSX/") and not item.filename.endswith(".DS_Store")
    ]
    if part in names or (not part and len(names) == 1):
        return part or names[0]
    what = f"the archive has no file {part!r}" if part else f"the archive holds {len(names)} files"
    hint = f"name one of them behind a #: {', '.join(names[:10])}" if names else ""
    raise RecordError(what, hint)


@contextmanager
def open_lines(path: str, part: str = "", encoding: str = "") -> Iterator[Iterator[str]]:
    """The lines of a file of text, line ends included; one that is too long comes in pieces.

    Args:
        encoding: empty where a byte order mark says it, or for UTF-8.

    Raises:
        RecordError: it cannot be read, or is no text in this encoding.
    """
    with open_bytes(path, part) as stream:
        name = encoding_by_mark(stream.peek(4)[:4]) or encoding or "utf-8"  # type: ignore[attr-defined]
        text = io.TextIOWrapper(stream, encoding=name, newline="")
        try:
            yield iter(partial(text.readline, LONGEST + 1), "")
        except UnicodeError as error:
            shown = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(name, name)
            raise EncodingError(f"it is not text in {shown}") from error


def encoding_by_mark(start: bytes) -> str:
    """The encoding that a byte order mark at the start of a file says; empty where there is none."""
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "")


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Look at what a path names before it is opened: a pipe would never end. What goes wrong, in words of ours."""
    import zipfile
    import zlib

    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RecordError(getattr(error, "strerror", None) or str(error)) from None
    if S_ISDIR(mode):
        raise RecordError(os.strerror(errno.EISDIR))
    if not S_ISREG(mode):
        raise RecordError("it is a pipe or a device, not a file", "copy it to a file first")
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RecordError(f"it is packed, and damaged: {error}", "fetch it again") from None
    except RuntimeError as error:  # also of a compression that zipfile does not know
        if not isinstance(error, NotImplementedError) and "encrypted" not in str(error):
            raise
        raise RecordError("it is packed in a way that cannot be read here", "unpack it first") from None
    except OSError as error:
        raise RecordError(error.strerror or str(error)) from None
