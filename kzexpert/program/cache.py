# ruff: noqa: PTH100, PTH102, PTH103, PTH109, PTH111, PTH116, PTH117, PTH118, PTH120, PTH123
"""A knowledge base that was loaded, checked and planned, kept for the next start: reading it takes 2 ms instead of 20.

As with Python's own ``.pyc`` files, an entry holds while every file it was made from, and every module that made it, is
the same file with the same size, times and inode: an entry that came with a repository fits no machine. It is data of
known types with a checksum, read without following a link, in a folder that is the user's alone; whatever is wrong with
it, the work is done again. ``KZEXPERT_CACHE`` names another folder, and when it is empty nothing is kept.
"""

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from time import time_ns
from zlib import crc32

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.bases import base_folders, read_files
from kzexpert.language.files import YAML_LIMIT, digest_of_file, read_file, shown_name
from kzexpert.model import Conditions, Pattern, ProgramCondition, ProgramRule, Rule, Value
from kzexpert.program.order import PlannedBase, RulePlan

__all__ = ["Cache"]

#: The parts of the package that make what is kept.
_MAKERS = ("", "model", "language", "program", "checks")
#: A file this young may change again without its times telling.
_SETTLED = 2_000_000_000
#: Bytes of one entry, number of entries, bytes of all of them; the oldest go first.
_LARGEST, _MOST, _ROOM = 64_000_000, 32, 128_000_000
#: Of a file that another run may still be writing: nanoseconds until it counts as left behind.
_ABANDONED = 3_600_000_000_000
_MAGIC = b"kzexpert.cache/5"
#: What this version and earlier ones call their files: no other file of the folder is theirs to remove.
_OWN = r"[0-9a-f]{8}\.(entry|pickle)(\.\d+\.part)?"


class _Variant(Conditions, frozen=True, array_like=True):
    """A `ProgramRule` without its rule, which all variants share."""

    head: Pattern
    choice: tuple[int, ...]


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    registers: list[tuple[int, int, int, int]]
    kb: PlannedBase
    variants: list[list[_Variant]]
    issues: list[Issue]


class Cache:
    """The entry for one choice of files.

    Args:
        layers: the folders of the knowledge base, or the names of bases.
        rules, facts: single files beside them, or folders of files.

    Attributes:
        refused: why the folder is not used, if it is not; empty too where nothing is to be kept.
    """

    def __init__(self, layers: Sequence[str], rules: Sequence[str], facts: Sequence[str]) -> None:
        self.refused = ""
        self._began = time_ns()
        self._folder = _folder()
        self._files: list[str] = []
        self._stamp = b""
        if self._folder:
            try:
                issues: list[Issue] = []
                bases = base_folders(layers, issues)
                if issues:
                    raise KnowledgeBaseError(*issues)
                self._files = [*read_files(bases, rules, facts)]
                self._stamp = self._current_stamp()
            except (OSError, ValueError, KnowledgeBaseError):
                self._folder = ""  # loading will say what is wrong
        identity = repr((os.getcwd() if self._folder else "", layers, self._files))
        self._name = f"{crc32(identity.encode('utf-8', 'surrogateescape')):08x}.entry"

    def recall(self) -> tuple[PlannedBase, list[Issue]] | None:
        """What was kept of these files, or None."""
        try:
            with self._opened() as folder:
                entry = _decoded(_read(folder, self._name, self._stamp)) if folder is not None else None
            if entry is None or entry.registers != _states(entry.kb):
                return None
        except (OSError, ValueError, RecursionError):  # none, or a damaged one: it is made anew
            return None
        paths = {shown_name(path): path for path in self._files}
        rules = entry.kb.rules
        plans = tuple(RulePlan(rule, _shared(rule, own)) for rule, own in zip(rules, entry.variants, strict=True))
        registers = {shown_name(register.path): register.path for register in entry.kb.registers}
        digests = _Digests({**paths, **registers})
        kb = msgspec.structs.replace(entry.kb, plans=plans, texts=_Texts(paths), digests=digests)
        return kb, entry.issues

    def keep(self, kb: PlannedBase, issues: Sequence[Issue]) -> None:
        """Keep a knowledge base without errors. Where that cannot be done, the next start takes as long as this one."""
        if not self._folder:
            return
        try:
            if self._stamp != self._current_stamp() or self._is_young(kb):
                return
            bare = msgspec.structs.replace(kb, plans=(), texts={}, digests={})
            variants = [[_Variant(*_conditions(item), item.head, item.choice) for item in p.variants] for p in kb.plans]
            entry = _Entry(_states(kb), bare, variants, list(issues))
            data = msgspec.msgpack.encode(entry)
            # A text that looks like a date would come back as one.
            if len(data) > _LARGEST or _decoded(data) != entry:
                return
            with suppress(FileExistsError):
                os.makedirs(os.path.dirname(self._folder) or ".", exist_ok=True)
                os.mkdir(self._folder, 0o700)
            with self._opened() as folder:
                if folder is not None:
                    _write(folder, self._name, self._stamp, data)
                    _make_room(folder)
        except (OSError, ValueError, OverflowError, RecursionError):
            return

    @contextmanager
    def _opened(self) -> Iterator[int | None]:
        """The folder's descriptor, or None where it is not to be trusted."""
        if not self._folder:
            yield None
            return
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            state = os.fstat(folder)
            if state.st_uid != os.getuid() or state.st_mode & 0o077:
                self.refused = f"{self._folder} is not private to you, so nothing is kept there (chmod 700)"
                yield None
            else:
                yield folder
        finally:
            os.close(folder)

    def _current_stamp(self) -> bytes:
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        makers = [
            (entry.name, *_state(entry.stat()))
            for part in _MAKERS
            for entry in sorted(os.scandir(os.path.join(package, part)), key=lambda entry: entry.name)
            if entry.name.endswith(".py")
        ]
        files = [(path, *_state(os.stat(path))) for path in self._files]
        stamp = repr((sys.version, msgspec.__version__, os.getcwd(), makers, files))
        return stamp.encode("utf-8", "surrogateescape")

    def _is_young(self, kb: PlannedBase) -> bool:
        """Whether a file may have changed since it was read, or changes again without its times telling."""
        files = [*self._files, *(register.path for register in kb.registers)]
        newest = max((os.stat(path).st_mtime_ns for path in files), default=0)
        return newest > self._began - _SETTLED


# --- entries ---------------------------------------------------------------------------------------------------------


def _read(folder: int, name: str, stamp: bytes) -> bytes:
    """What an entry holds behind its stamp: magic, checksum of all that follows, stamp, data.

    Raises:
        OSError: there is none.
        ValueError: it is of other files, or not to be trusted.
    """
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with open(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        private = stat.S_ISREG(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077
        if not private or state.st_size > _LARGEST + len(stamp) + 1000:
            raise ValueError("not an entry of this user")
        head = _head(stamp)
        if file.read(len(head)) != head:
            raise ValueError("an entry of other files")
        checksum, data = file.read(4), file.read()
    if checksum != crc32(data).to_bytes(4, "big"):
        raise ValueError("a damaged entry")
    return data


def _write(folder: int, name: str, stamp: bytes, data: bytes) -> None:
    part = f"{name}.{os.getpid()}.part"
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
        with open(descriptor, "wb") as file:
            file.writelines((_head(stamp), crc32(data).to_bytes(4, "big"), data))
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise


def _head(stamp: bytes) -> bytes:
    return b"%s %d\n%s\n" % (_MAGIC, len(stamp), stamp)


def _make_room(folder: int) -> None:
    """Remove what an earlier version or a killed run left behind, and the oldest entries beyond what may be kept."""
    states = {}
    for name in os.listdir(folder):
        if re.fullmatch(_OWN, name):
            with suppress(OSError):
                states[name] = os.stat(name, dir_fd=folder, follow_symlinks=False)
    entries = sorted((name for name in states if name.endswith(".entry")), key=lambda name: -states[name].st_mtime_ns)
    gone = [name for name in states if name.endswith(".pickle")]
    gone += [n for n in states if n.endswith(".part") and states[n].st_mtime_ns < time_ns() - _ABANDONED]
    room = _ROOM
    for number, name in enumerate(entries):
        room -= states[name].st_size
        if number >= _MOST or (room < 0 and number):
            gone.append(name)
    for name in gone:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)


def _conditions(item: Conditions) -> tuple[tuple[ProgramCondition, ...], tuple[int, ...], tuple[str, ...]]:
    return item.conditions, item.order, item.variables


def _shared(rule: Rule, variants: Sequence[_Variant]) -> tuple[ProgramRule, ...]:
    return tuple(ProgramRule(*_conditions(v), rule, v.head, v.choice, at) for at, v in enumerate(variants))


def _decoded(data: bytes) -> _Entry:
    return msgspec.msgpack.Decoder(_Entry, dec_hook=_value).decode(data)


def _value(_type: type, read: object) -> Value:
    """A value: msgspec writes dates as text."""
    if isinstance(read, str):
        if len(read) == 10 and read[4] == read[7] == "-":
            with suppress(ValueError):
                return date.fromisoformat(read)
        return read
    if isinstance(read, float):
        return read
    raise ValueError("no value")


# --- files -----------------------------------------------------------------------------------------------------------


class _Texts(Mapping[str, str]):
    """File → its text, read when a line of it is to be shown."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = paths

    def __getitem__(self, name: str) -> str:
        return read_file(self._paths[name], YAML_LIMIT).text

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class _Digests(_Texts):
    """File → the digest of its bytes, computed when it is asked for."""

    def __getitem__(self, name: str) -> str:
        return digest_of_file(self._paths[name])


def _states(kb: PlannedBase) -> list[tuple[int, int, int, int]]:
    """Of the registers, which are known only when the other files were read."""
    return [_state(os.stat(register.path)) for register in kb.registers]


def _state(state: os.stat_result) -> tuple[int, int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _folder() -> str:
    """Where entries are kept; empty when nothing is to be kept."""
    chosen = os.environ.get("KZEXPERT_CACHE")
    if os.name != "posix":
        return ""  # no folder can be told to be private
    if chosen is not None:
        return chosen.rstrip("/")  # a link with a slash behind it would be followed
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "kzexpert") if os.path.isabs(base) else ""
