# ruff: noqa: PTH100, PTH103, PTH105, PTH109, PTH111, PTH116, PTH117, PTH118, PTH120, PTH123
"""A knowledge base that was loaded, checked and planned, kept for the next start: reading it takes 2 ms instead of 40.

As with Python's own ``.pyc`` files, an entry holds while every file it was made from, and every module that made it, is
the same file with the same size and times. What is kept has no errors; a start that finds no entry, or one that does
not fit, does all the work again. ``KZEXPERT_CACHE`` names another folder, and when it is empty nothing is kept.
"""

import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import time_ns
from zlib import crc32

from msgspec.structs import replace

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.files import YAML_LIMIT, read_file, shown_name
from kzexpert.language.folders import layer_files
from kzexpert.model import KnowledgeBase
from kzexpert.program.order import keep_plans, planned

__all__ = ["Cache"]

Checked = tuple[KnowledgeBase, list[Issue]]
#: The parts of the package that make what is kept.
_MAKERS = ("", "model", "language", "program", "checks")
#: A file this young may change again without its times telling.
_SETTLED = 2_000_000_000


class Cache:
    """The entry for one choice of files.

    Args:
        layers: the folders of the knowledge base.
        files: the single files beside them.
    """

    def __init__(self, layers: Iterable[str], files: Iterable[str]) -> None:
        self._folder = _folder()
        self._files: list[str] = []
        self._stamp: object = None
        if self._folder:
            try:
                self._files = [*(file for layer in layers for file in layer_files(layer)), *files]
                self._stamp = self._current_stamp()
            except (OSError, KnowledgeBaseError):
                self._folder = ""  # loading will say what is wrong
        identity = repr((os.getcwd() if self._folder else "", self._files))
        self._path = os.path.join(self._folder, f"{crc32(identity.encode('utf-8', 'surrogateescape')):08x}.pickle")

    def recall(self) -> Checked | None:
        """What was kept of these files, or None."""
        if not self._folder:
            return None
        try:
            with open(self._path, "rb") as file:
                state = os.fstat(file.fileno())
                if state.st_uid != os.getuid() or state.st_mode & 0o022:
                    return None  # somebody else may have written it
                stamp = pickle.load(file)
                if stamp != self._stamp:
                    return None
                kb, plans, issues = pickle.load(file)
        except FileNotFoundError:
            return None
        except Exception:  # whatever a damaged entry leads to: it is made anew
            return None
        kb = _with_texts(kb, {shown_name(path): path for path in self._files})
        keep_plans(kb, plans)
        return kb, issues

    def keep(self, kb: KnowledgeBase, issues: Sequence[Issue]) -> None:
        """Keep a knowledge base without errors. Where that cannot be done, the next start takes as long as this one."""
        if not self._folder:
            return
        try:
            if self._stamp != self._current_stamp() or self._is_young():
                return
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            bare = replace(kb, texts={}, digests={})
            part = f"{self._path}.{os.getpid()}"
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                pickle.dump(self._stamp, file, protocol=5)
                pickle.dump((bare, planned(kb), list(issues)), file, protocol=5)
            os.replace(part, self._path)
        except OSError:
            return

    def _current_stamp(self) -> object:
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        makers = [
            (entry.name, *_state(entry.stat()))
            for part in _MAKERS
            for entry in sorted(os.scandir(os.path.join(package, part)), key=lambda entry: entry.name)
            if entry.name.endswith(".py")
        ]
        return (sys.version, os.getcwd(), makers, [(path, *_state(os.stat(path))) for path in self._files])

    def _is_young(self) -> bool:
        newest = max((os.stat(path).st_mtime_ns for path in self._files), default=0)
        return newest > time_ns() - _SETTLED


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
        from hashlib import sha256

        with open(self._paths[name], "rb") as file:
            return sha256(file.read()).hexdigest()


def _with_texts(kb: KnowledgeBase, paths: Mapping[str, str]) -> KnowledgeBase:
    return replace(kb, texts=_Texts(paths), digests=_Digests(paths))


def _state(state: os.stat_result) -> tuple[int, int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _folder() -> str:
    """Where entries are kept; empty when nothing is to be kept."""
    chosen = os.environ.get("KZEXPERT_CACHE")
    if chosen is not None:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "kzexpert") if os.path.isabs(base) else ""
