"""What lies on the desk: the base and its reviews as their files are now.

The files are looked at before every answer. Where they changed they are read again; where they are broken, what was
good last stays, and what is wrong is told beside it.
"""

import os
from collections.abc import Callable, Iterable
from threading import RLock
from typing import TypeAlias
from zlib import crc32

import msgspec

from kzexpert.errors import KnowledgeBaseError, KzexpertError
from kzexpert.language.folders import walk
from kzexpert.review.folder import read_reviews
from kzexpert.workbench.ledger import Ledger, OpenBase
from kzexpert.workbench.opinions import Opinions

__all__ = ["Current", "Desk"]

#: What tells that a file is no longer the one that was read: its path, and its size, times and inode.
_Stamp: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]


class Current(msgspec.Struct, frozen=True):
    """What a request is answered from.

    Attributes:
        broken: what is wrong with the files that are on disk now; None where they are those of the ledger.
        differing: how many judgements the last change on disk has altered; None where there was none.
    """

    ledger: Ledger
    opinions: Opinions
    broken: KzexpertError | None = None
    differing: int | None = None


class Desk:
    """The base and its reviews, read again when their files change.

    Args:
        opened: reads and checks the base.
        files: the paths of all that is read of it, as they are now.
        reviews: the folder of its reviews, which need not be there yet.
        reviewer: in whose name acts are written.
        given: whether that reviewer chose the day.

    Raises:
        KzexpertError: something is wrong with the base at the start.
    """

    def __init__(
        self,
        opened: Callable[[], OpenBase],
        files: Callable[[], Iterable[str]],
        reviews: str,
        reviewer: str,
        given: bool = False,
    ) -> None:
        self._opened, self._files = opened, files
        self._reviews, self._reviewer, self._given = reviews, reviewer, given
        self._lock = RLock()
        self._stamps = self._now()
        ledger = Ledger(opened(), _version(self._stamps[0]))
        self._state = Current(ledger, self._opinions(ledger))

    def state(self) -> Current:
        """The base and its reviews as they are on disk now."""
        with self._lock:
            (before, _), now = self._stamps, self._now()
            if now == self._stamps:
                return self._state
            self._stamps = now
            ledger, broken, differing = self._state.ledger, self._state.broken, self._state.differing
            if now[0] != before:
                try:
                    fresh = Ledger(self._opened(), _version(now[0]))
                    ledger, broken, differing = fresh, None, fresh.differing(ledger)
                except KzexpertError as error:
                    broken = error
            self._state = Current(ledger, self._opinions(ledger), broken, differing)
            return self._state

    def _opinions(self, ledger: Ledger) -> Opinions:
        return Opinions(ledger, read_reviews(self._reviews), self._reviewer, given=self._given)

    def _now(self) -> tuple[_Stamp, _Stamp]:
        """The stamps of the files of the base, and of those of reviews."""
        return _stamp(self._files), _stamp(lambda: walk(self._reviews, ("",)))


def _stamp(files: Callable[[], Iterable[str]]) -> _Stamp:
    try:
        paths = sorted({*files()})
    except KnowledgeBaseError:  # there are none, or reading them says what is wrong
        paths = []
    return tuple((path, _state(path)) for path in paths)


def _state(path: str) -> tuple[int, ...]:
    try:
        state = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):  # gone, or no file of this machine
        return ()
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino


def _version(stamp: _Stamp) -> str:
    return f"{crc32(repr(stamp).encode('utf-8', 'surrogateescape')):08x}"
