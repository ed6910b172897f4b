"""The facts and firings of an inference that lie in a database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from kzexpert.engines.sql.plan.rules import Planner
from kzexpert.engines.sql.results.export import Exporter
from kzexpert.engines.sql.results.firings import Firings
from kzexpert.engines.sql.results.stored import Certainties
from kzexpert.engines.sql.store.codec import Args
from kzexpert.engines.sql.tables.recorded import TableFacts
from kzexpert.model import Fact, GroundAtom, Inference, Pattern
from kzexpert.model.columns import Form, Layout, Row, Selection
from kzexpert.model.established import EstablishedFacts

__all__ = ["DatabaseFacts", "There"]


class There(NamedTuple):
    """What lies in the database of one as-of date, and the planner of what is asked of it."""

    planner: Planner
    certainties: Certainties
    firings: Firings


class DatabaseFacts:
    """See `kzexpert.model.inference.Facts`. What is asked for is fetched.

    Args:
        there: is called once something is asked that the exporter cannot tell.
        recorded: the rows of tables.
        exporter, close: the same for all inferences that lie in one database.
    """

    def __init__(
        self, there: Callable[[], There], recorded: TableFacts, exporter: Exporter, close: Callable[[], object]
    ) -> None:
        self._there = there
        self._recorded = recorded
        self._exporter = exporter
        self._close = close

    @property
    def certainties(self) -> Certainties:
        """See `Facts.certainties`."""
        return self._there().certainties

    @property
    def firings(self) -> Firings:
        """See `Facts.firings`."""
        return self._there().firings

    @property
    def established(self) -> EstablishedFacts:
        """See `Facts.established`."""
        return self.certainties.established

    def height(self, atom: GroundAtom) -> int:
        """See `Facts.height`."""
        return self.firings.heights.height(atom)

    def matching(self, pattern: Pattern) -> Iterator[GroundAtom]:
        """See `Facts.matching`."""
        return self.certainties.matching(pattern)

    def rows(self, pattern: Pattern, most: int) -> Iterator[tuple[GroundAtom, Fact]]:
        """See `Facts.rows`."""
        self.certainties.get(pattern.predicate)  # which reads the tables, if nothing has
        return self._recorded.matching(pattern, most)

    def first_day(self, predicate: str) -> date | None:
        """See `Facts.first_day`."""
        self.certainties.get(predicate)  # which reads its tables, if nothing has
        return self._recorded.first_day()

    def last_day(self, predicate: str) -> date | None:
        """See `Facts.last_day`."""
        self.certainties.get(predicate)
        return self._recorded.last_day(predicate)

    def prefetch(self, atoms: Sequence[GroundAtom]) -> None:
        """See `Facts.prefetch`."""
        wanted: dict[str, list[Args]] = {}
        for atom in atoms:
            wanted.setdefault(atom.predicate, []).append(atom.args)
        self._recorded.prefetch(wanted)
        self.firings.prefetch(atoms)

    def firing_count(self) -> int | None:
        """See `Facts.firing_count`."""
        return None

    def close(self) -> None:
        """See `Facts.close`."""
        self._close()

    def conclusions(self, inferences: Sequence[Inference], selection: Selection, layout: Layout) -> Iterator[Row]:
        """See `Facts.conclusions`."""
        return self._exporter.conclusions(inferences, selection, layout)

    def export(
        self,
        inferences: Sequence[Inference],
        selection: Selection,
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Callable[[Any], None],
    ) -> Mapping[str, int] | None:
        """See `Facts.export`."""
        return self._exporter.write(inferences, selection, layout, form, path, listen)
