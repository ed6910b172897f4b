"""A folder of conclusions that a user names: replaced at once when all of it is written, or left as it was.

Its file `DONE` is written last. It says what the run was, and marks the folder as whole and as ours: no folder is
replaced that has none, or that holds anything else beside.
"""

import errno
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from kzexpert.atomic import new_mode, unwritable
from kzexpert.engines.base import Engine, Reaching
from kzexpert.engines.description import description
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import Inference, Program
from kzexpert.model.columns import OWN

__all__ = ["DONE", "check_address", "check_folder", "folder_replacement", "is_address", "is_folder", "size_of"]

#: What Hadoop, Spark and those who read after them take for the mark of a folder that is whole.
DONE = "_SUCCESS"

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DAY, _PREDICATE = rf"{OWN[0]}=\d{{4}}-\d\d-\d\d", rf"{OWN[1]}=[^/]+"
_OUR_FOLDER = re.compile(rf"{_DAY}|({_DAY}/)?{_PREDICATE}")
_PART = r"part-0\.(parquet|csv|jsonl)|\.?part-\d{5,}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[^/]*"  # ours, Spark's
_OUR_FILE = re.compile(rf"{DONE}|({_DAY}/)?{_PREDICATE}/({_PART})")
_HINT = "give a folder that may be written to, and whose parent exists and may be written to"
_WHICH = "give a folder that does not exist, that is empty, or that this command has written"


def is_address(name: str) -> bool:
    """Whether a name leads to another file system, as ``hdfs:///results`` does."""
    return _ADDRESS.match(name) is not None


def is_folder(name: str) -> bool:
    """Whether a name can only be that of a folder: it ends as such, it is one, or it is an address."""
    return name.endswith(("/", os.sep)) or is_address(name) or os.path.isdir(name)  # noqa: PTH112, which never raises


def check_folder(name: str) -> None:
    """Say before long work that a folder cannot be written; what shows only when it is written is said then.

    Raises:
        UsageError: where it lies may not be written to, or it holds what is not ours (KZ306).
    """
    if is_address(name):
        return
    try:
        target = _path(name)
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        _check_access(target.parent, os.W_OK)
        if target.is_dir() and Path.cwd().is_relative_to(target):
            raise UsageError(Issue("KZ306", "cannot write: the command runs in this folder", Location(name), _WHICH))
        foreign = _foreign(target) if target.is_dir() else None
    except OSError as error:
        raise unwritable(name, error, _HINT) from None
    if foreign is not None:
        message = f"cannot write: this folder holds {foreign}, which this command did not write"
        raise UsageError(Issue("KZ306", message, Location(name), _WHICH))


@contextmanager
def folder_replacement(name: str, inferences: Sequence[Inference]) -> Iterator[Path | str]:
    """Where to write a folder, which must not be there yet; at the end of the block it takes the place of the old one.

    Whatever goes wrong, the old folder stays and the new one goes; if the process is killed, a folder ``.kzexpert-...``
    may stay beside it. At an address it is written where it belongs, if there is nothing, and whole once it has `DONE`.

    Args:
        inferences: whose conclusions are written.

    Raises:
        UsageError: it cannot be written (KZ306).
    """
    beside: Path | None = None
    try:
        if is_address(name):
            yield name
            return
        target = _path(name)
        beside = Path(mkdtemp(prefix=".kzexpert-", dir=target.parent))
        new, old = beside / "new", beside / "old"
        beside.chmod(new_mode(0o777))  # executors may run as somebody else
        yield new
        new.mkdir(exist_ok=True)
        _finish(new, inferences)
        mode = target.stat().st_mode & 0o7777 if target.exists() else new_mode(0o777)
        new.chmod(mode | 0o700)  # as long as it must be moved
        check_folder(name)
        try:
            if target.exists():
                target.rename(old)
            new.rename(target)
        finally:
            if old.exists() and not target.exists():
                old.rename(target)
        target.chmod(mode)
    except OSError as error:
        raise _unwritable(name, error) from None
    finally:
        if beside is not None:
            rmtree(beside, ignore_errors=True)


def check_address(name: str, engine: Engine, programs: Sequence[Program]) -> None:
    """As `check_folder`, of an address.

    Args:
        programs: what the engine runs then.

    Raises:
        UsageError: the engine does not write to addresses (KZ308), does not reach it, or something is there (KZ306).
    """
    if not isinstance(engine, Reaching):
        message = f"the {engine.name} engine does not write to {name}"
        raise UsageError(Issue("KZ308", message, Location(name), "give --engine spark, or a folder of this machine"))
    try:
        engine.check_free(name, programs)
    except OSError as error:
        raise _unwritable(name, error) from None


def size_of(path: Path | str) -> int | None:
    """The bytes of a file, or of all files in a folder; None where that is unknown."""
    if isinstance(path, str):
        return None
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())


def _unwritable(name: str, error: OSError) -> UsageError:
    if not is_address(name):
        return unwritable(name, error, _HINT)
    hint = "give an address that Spark can write to, and where nothing is"
    return UsageError(Issue("KZ306", f"cannot write: {error.strerror or error}", Location(name), hint))


def _finish(new: Path, inferences: Sequence[Inference]) -> None:
    """Put all on disk, and the mark last."""
    for file in new.rglob("*"):
        if file.match(".*.crc") or file.name == DONE:  # of Spark, whose mark says nothing
            file.unlink()
        elif file.is_file():
            _to_disk(file)
    rows = [dict(zip(("what", "name", "value"), row, strict=True)) for row in description(inferences)]
    (new / DONE).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    _to_disk(new / DONE)


def _to_disk(file: Path) -> None:
    with file.open("rb") as filled:
        os.fsync(filled.fileno())


def _foreign(target: Path) -> str | None:
    """What lies in a folder and is not ours, if anything does.

    Raises:
        OSError: a folder in it, or it itself, may not be read or emptied.
    """
    found = []
    folders = [target]
    for folder in folders:
        _check_access(folder, os.R_OK | os.W_OK | os.X_OK)
        for path in sorted(folder.iterdir()):
            name = path.relative_to(target).as_posix()
            ours = _OUR_FOLDER if path.is_dir() else _OUR_FILE
            if path.is_symlink() or not ours.fullmatch(name):
                return name
            found.append(name)
            if path.is_dir():
                folders.append(path)
    return found[0] if found and not _is_marked(target / DONE) else None


def _check_access(folder: Path, mode: int) -> None:
    if not os.access(folder, mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _is_marked(file: Path) -> bool:
    """Whether we have written a mark."""
    try:
        first = json.loads(file.read_text(encoding="utf-8").partition("\n")[0])
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and (first.get("what"), first.get("name")) == ("version", "kzexpert")


def _path(name: str) -> Path:
    """A folder without links.

    Raises:
        OSError: it is a file, or the name can be that of none.
    """
    try:
        target = Path(os.path.realpath(name))
    except ValueError as error:  # a null character
        raise OSError(None, str(error)) from None
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is a file")
    return target
