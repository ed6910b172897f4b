"""What is measured: a workload has sizes, and sides that compute the same from the same input.

It holds values only; `measuring` runs them, `tables` shows them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

__all__ = ["Bound", "Details", "Outcome", "Side", "Target", "Timed", "Workload", "digest", "nothing_more"]

Counts: TypeAlias = dict[str, int]
Digests: TypeAlias = dict[str, str]
#: What is told once the clock has stopped: further counts, and digests of whole results.
Details: TypeAlias = Callable[[], tuple[Counts, Digests]]


class Outcome(msgspec.Struct, frozen=True):
    """What one run of a side gave.

    Attributes:
        counts: what was counted while the clock ran.
        details: what can be counted and compared afterwards.
    """

    counts: Counts
    details: Details


#: What the clock runs for.
Timed: TypeAlias = Callable[[], Outcome]
#: Size and folder of the input → what to time. Imports and all that is said to be loaded before happen here.
Side: TypeAlias = Callable[[int, Path], Timed]


class Bound(msgspec.Struct, frozen=True):
    """Why a side is not run above a size.

    Attributes:
        most: the largest size at which it is; none at all where this is 0.
        reason: in a few words.
    """

    most: int
    reason: str


class Target(msgspec.Struct, frozen=True):
    """A figure that the run must show: the time of one side as a multiple of that of another.

    Attributes:
        against: the other side; empty where the figure is the time itself, in seconds.
        at_most: whether the figure is to be at most the bound, or at least.
        against_size: the size of the other side, where it is another one.
    """

    size: int
    side: str
    against: str
    bound: float
    at_most: bool
    against_size: int | None = None


class Workload(msgspec.Struct, frozen=True):
    """One thing to compute.

    Attributes:
        prepare: writes the input of a size into a folder, for all sides; no clock runs.
        sides: name of a peer → how it computes this.
        says: name of a peer → what it does differently from the others.
        bounds: name of a peer → why it is not run above a size.
        quick: the sizes of a short run.
        expected: size → counts that every side must give.
        unit: what a size counts.
        across: whether the sizes are the rows of the table, and not its columns.
    """

    name: str
    title: str
    unit: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    prepare: Callable[[int, Path], None]
    sides: Mapping[str, Side]
    says: Mapping[str, str] = {}
    bounds: Mapping[str, Bound] = {}
    expected: Mapping[int, Mapping[str, int]] = {}
    targets: Sequence[Target] = ()
    across: bool = False

    def of(self, size: int) -> str:
        """A size in words."""
        return f"{size:,} {self.unit[:-1] if size == 1 else self.unit}"


def digest(rows: Iterable[Sequence[Any]]) -> str:
    """One text for a set of rows, whatever their order. Numbers have nine decimals: all sides write them alike."""
    lines = sorted("\t".join(f"{item:.9f}" if isinstance(item, float) else str(item) for item in row) for row in rows)
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def nothing_more() -> tuple[Counts, Digests]:
    """There are no further counts, and no digests."""
    return {}, {}
