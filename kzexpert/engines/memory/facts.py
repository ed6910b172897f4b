"""The facts and firings of an inference that lie in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from kzexpert.certainty import established
from kzexpert.evidence import Heights
from kzexpert.model import Fact, Firing, GroundAtom, Inference, Pattern, RelationKey, Value
from kzexpert.model.columns import Form, Layout, Row, Selection
from kzexpert.model.established import EstablishedFacts

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MemoryFacts"]


class MemoryFacts:
    """See `kzexpert.model.inference.Facts`. Rows of tables are among the facts of the knowledge base."""

    def __init__(
        self,
        certainties: Mapping[RelationKey, Mapping[tuple[Value, ...], float]],
        firings: Mapping[GroundAtom, tuple[Firing, ...]],
        established: EstablishedFacts,
        heights: Heights,
    ) -> None:
        self.certainties = certainties
        self.firings = firings
        self.established = established
        self.height = heights.height

    def matching(self, pattern: Pattern) -> Iterator[GroundAtom]:
        """See `Facts.matching`."""
        for args in self.certainties.get(pattern.predicate, {}):
            if pattern.matches(args):
                yield GroundAtom(pattern.predicate, args)

    def rows(self, pattern: Pattern, most: int) -> Iterator[tuple[GroundAtom, Fact]]:
        """See `Facts.rows`."""
        return iter(())

    def first_day(self, predicate: str) -> date | None:
        """See `Facts.first_day`."""
        return None

    def last_day(self, predicate: str) -> date | None:
        """See `Facts.last_day`."""
        return None

    def prefetch(self, atoms: Sequence[GroundAtom]) -> None:
        """See `Facts.prefetch`."""

    def firing_count(self) -> int | None:
        """See `Facts.firing_count`."""
        return sum(map(len, self.firings.values()))

    def close(self) -> None:
        """See `Facts.close`."""

    def conclusions(self, inferences: Sequence[Inference], selection: Selection, layout: Layout) -> Iterator[Row]:
        """See `Facts.conclusions`."""
        for inference in inferences:
            for predicate in layout.predicates:
                found = _kept(inference, selection, predicate)
                yield from sorted(found, key=lambda row: layout.cells(row[1], row[2]))

    def export(
        self,
        inferences: Sequence[Inference],
        selection: Selection,
        layout: Layout,
        form: Form,
        path: "Path | str",
        listen: Callable[[Any], None],
    ) -> None:
        """See `Facts.export`."""


def _kept(inference: Inference, selection: Selection, predicate: str) -> Iterator[Row]:
    """The facts of a predicate that a selection keeps, in no order."""
    patterns = selection.of(predicate)
    for args, certainty in inference.certainties.get(predicate, {}).items():
        if not (selection.weighed or established(certainty)):
            continue
        if patterns and not any(pattern.matches(args) for pattern in patterns):
            continue
        derived = GroundAtom(predicate, args) in inference.firings
        if derived or selection.recorded:
            yield inference.program.as_of, predicate, args, certainty, derived
