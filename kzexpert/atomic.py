"""A file that a user names: replaced at once when all of it is written, or left as it was."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kzexpert.errors import Issue, Location, UsageError

if TYPE_CHECKING:
    from pathlib import Path  # slow to import, and most commands write no file

__all__ = [
    "check_apart",
    "check_unread",
    "check_writable",
    "create_file",
    "new_mode",
    "replace_file",
    "replacement",
    "unwritable",
]

_HINT = "give the path of a file in a folder that exists and may be written to"
_FULL = "make room there, or give a path on another disk"


def replace_file(name: str, text: str) -> None:
    """Put a text in the place of a file. See `replacement`.

    Raises:
        UsageError: it cannot be written (KZ306).
    """
    with replacement(name) as path:
        path.write_bytes(text.encode(errors="backslashreplace"))


def create_file(name: str, text: str) -> bool:
    """Put a new file in its place when all of it is on disk; whether there was none of that name.

    If the process is killed, a folder ``.kzexpert-...`` may stay beside it.

    Raises:
        OSError: it cannot be written.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    target = Path(name)
    with TemporaryDirectory(prefix=".kzexpert-", dir=target.parent) as folder:
        draft = Path(folder, "draft")
        with draft.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            target.hardlink_to(draft)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP):
                raise
            try:  # a disk without links: the name is taken first, and filled then
                with target.open("xb") as file:
                    file.write(text.encode())
            except FileExistsError:
                return False
    return True


@contextmanager
def replacement(name: str) -> Iterator["Path"]:
    """A path to be filled inside the block; at its end the new file takes the old one's place and permissions.

    A link is followed; a pipe or device is written to at the end. Whatever goes wrong, the old file stays and the new
    one goes; if the process is killed, a folder ``.kzexpert-...`` may stay beside the old file.

    Raises:
        UsageError: it cannot be written (KZ306).
    """
    from pathlib import Path
    from shutil import copyfileobj, rmtree
    from tempfile import mkdtemp

    folder: str | None = None
    try:
        target = _target(name)
        special = target.exists() and not target.is_file()
        folder = mkdtemp(prefix=".kzexpert-", dir=None if special else target.parent)
        path = Path(folder) / target.name
        yield path
        with path.open("rb") as filled:
            if special:
                with target.open("wb") as out:
                    copyfileobj(filled, out)
                return
            os.fsync(filled.fileno())
        path.chmod(target.stat().st_mode & 0o7777 if target.exists() else new_mode(0o666))
        path.replace(target)
    except OSError as error:
        raise unwritable(name, error) from None
    finally:
        if folder is not None:
            rmtree(folder, ignore_errors=True)


def check_writable(name: str) -> None:
    """Say before long work that a file cannot be written; what shows only when it is written is said then.

    Raises:
        UsageError: its folder does not exist or may not be written to, or it is a folder itself (KZ306).
    """
    try:
        target = _target(name)
        folder = target.parent
        if not folder.is_dir():
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not os.access(folder if target.is_file() or not target.exists() else target, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(name, error) from None


def check_unread(name: str, files: Iterable[str]) -> None:
    """Refuse to write to a file that was read, or into a folder that is read, however deep, whatever links lead there.

    Raises:
        UsageError: it is one of the files, or would be (KZ306).
    """
    folder = _folder_of(name)
    for file in files:
        if any(_is_same(name, one) for one in _members(file)):
            message, hint = "cannot write: the command reads this file", "give the path of another file"
        elif _lies_in(name, file):
            message = "cannot write: it is a folder with files that the command reads"
            hint = "give the path of a file, or of another folder"
        elif _is_below(name, file) or any(_is_same(folder, one) for one in (file, *_members(file))):
            message, hint = "cannot write: the command reads all files of this folder", "give a path outside of it"
        else:
            continue
        raise UsageError(Issue("KZ306", message, Location(name), hint))


def check_apart(name: str, other: str, option: str) -> None:
    """Refuse to write two results to one file, or one into the folder of the other.

    Args:
        option: what names the other one.

    Raises:
        UsageError: they are the same, or the other one lies in it (KZ306).
    """
    places = {(_folder_of(one), os.path.basename(one)) for one in (name, other)}  # noqa: PTH119
    if len(places) == 1 or _is_same(name, other):
        message = f"cannot write: {option} names the same file"
        raise UsageError(Issue("KZ306", message, Location(name), "give each a file of its own"))
    if _begins(name, other):
        message = f"cannot write: {option} names a file in this folder"
        raise UsageError(Issue("KZ306", message, Location(name), "give a file outside of it"))


def _folder_of(name: str) -> str:
    """The folder that a file lies in or would lie in, without links; "" where the name is none."""
    try:
        return os.path.dirname(os.path.realpath(name))  # noqa: PTH120
    except (OSError, ValueError):
        return ""


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)  # noqa: PTH121
    except (OSError, ValueError):  # one of them is not there, or names no file
        return False


def _lies_in(folder: str, file: str) -> bool:
    """Whether a file, or a pattern of files, lies in a folder, or is one itself."""
    return _begins(folder, file) and os.path.isdir(os.path.realpath(folder))  # noqa: PTH112


def _begins(folder: str, file: str) -> bool:
    """As `_lies_in`, of a folder that may not be there yet."""
    try:
        return os.path.join(os.path.realpath(file), "").startswith(os.path.join(os.path.realpath(folder), ""))  # noqa: PTH118
    except (OSError, ValueError):
        return False


def _is_below(name: str, folder: str) -> bool:
    """Whether a name lies in a folder that is there, at any depth."""
    return os.path.isdir(folder) and _lies_in(folder, name)  # noqa: PTH112


def _members(file: str) -> list[str]:
    """A file itself; what lies in a folder, and in those like ``year=2010`` in it, also where links lead to them."""
    found: list[str] = []
    folders, seen = [file], set()
    while folders:
        folder = folders.pop()
        try:
            place = os.path.realpath(folder)
            inside = [] if place in seen else [entry.path for entry in os.scandir(folder)]
        except (OSError, ValueError):  # no folder, or no path at all
            continue
        seen.add(place)
        found += inside
        folders += [path for path in inside if "=" in os.path.basename(path)]  # noqa: PTH119
    return found if seen else [file]


def _target(name: str) -> "Path":
    from pathlib import Path

    try:
        target = Path(os.path.realpath(name))
    except ValueError as error:  # a null character
        raise OSError(None, str(error)) from None
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    return target


def unwritable(name: str, error: OSError, advice: str = _HINT) -> UsageError:
    """What to say where a file or folder cannot be written (KZ306)."""
    hint = _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else advice
    return UsageError(Issue("KZ306", f"cannot write: {error.strerror or error}", Location(name), hint))


def new_mode(mode: int) -> int:
    """The permissions of a new file or folder, as far as the system lets it have those that are given."""
    mask = os.umask(0)
    os.umask(mask)
    return mode & ~mask
