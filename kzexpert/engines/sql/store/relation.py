"""The facts of one relation as they lie in a database: fetched whole where they are few, one by one where not."""

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp

from kzexpert.engines.sql.plan.extents import CERTAINTY, Extent, argument
from kzexpert.engines.sql.plan.slots import Slots
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import called, column, select, together
from kzexpert.engines.sql.store.base import Store
from kzexpert.engines.sql.store.codec import Args, Codec
from kzexpert.model import BaseFact, Value

__all__ = ["StoredRelation"]

#: A relation of so few facts is fetched whole when it is first read, and with it others that have as few together.
_SMALL = 2000


class StoredRelation(Mapping[Args, float]):
    """The facts of one relation with their certainties.

    Args:
        arity: the number of arguments.
        recorded: all of the facts, where they are recorded in files.
        others: of which those that are small come with this one.
    """

    def __init__(
        self,
        database: Store,
        texts: Texts,
        extent: Extent,
        arity: int,
        recorded: Mapping[Args, BaseFact] | None = None,
        others: Callable[[], Iterable["StoredRelation"]] = tuple,
    ) -> None:
        self.extent = extent
        self.codec = Codec(texts, extent.kinds, arity)
        self._database = database
        self._places = tuple(range(arity))
        self._lookups: dict[tuple[int, ...], str] = {}
        self._rows: int | None = extent.rows
        self._recorded = recorded
        self._others = others
        self._known: dict[Args, float] = {}
        self._held: dict[Args, float] | None = None

    @property
    def small(self) -> bool:
        """Whether the relation is as well kept in memory."""
        return self._rows is not None and self._rows <= _SMALL

    @property
    def _waits(self) -> bool:
        """Whether the relation is small and still to be fetched."""
        return self.small and self._held is None and self._recorded is None

    def __len__(self) -> int:
        if self._rows is None:
            count = exp.Count(this=exp.Star())
            self._rows = self._database.rows(select([count], self.extent.named("m")))[0][0]
        return self._rows

    def __iter__(self) -> Iterator[Args]:
        return (args for args, _ in self._facts())

    def __getitem__(self, args: Args) -> float:
        if self._recorded is not None:
            return self._recorded[args].certainty
        if self.small:
            return self._whole()[args]
        if args not in self._known and len(args) == len(self._places):
            self.lookup(self._places, args)
        return self._known[args]

    def items(self) -> ItemsView[Args, float]:
        """Facts and certainties, fetched once."""
        return _Facts(self)

    def lookup(self, places: tuple[int, ...], key: Sequence[Value]) -> list[tuple[Args, float]]:
        """The facts that have these values at these places."""
        parameters = self.codec.key(key, places)
        if parameters is None:
            return []
        text = self._lookups.get(places)
        if text is None:
            where = [column(argument(place), "m").eq(exp.Placeholder()) for place in places]
            text = self._lookups[places] = self._database.dialect.text(self._query(where))
        found = [self._fact(row) for row in self._database.rows(text, parameters)]
        self._known.update(found)
        return found

    def note(self, args: Args, certainty: float) -> None:
        """Keep what was found elsewhere."""
        self._known[args] = certainty

    def _facts(self) -> Iterator[tuple[Args, float]]:
        if self.small or self._recorded is not None:
            return iter(self._whole().items())
        return map(self._fact, self._database.stream(self._query()))

    def _whole(self) -> dict[Args, float]:
        if self._held is None and self._recorded is not None:
            self._held = {args: fact.certainty for args, fact in self._recorded.items()}
        elif self._held is None:
            self._fetch()
        assert self._held is not None
        return self._held

    def _fetch(self) -> None:
        """Fetch the relation whole, and others with it in the same query."""
        wanted, left = [self], _SMALL
        for other in sorted((one for one in self._others() if one._waits and one is not self), key=len):
            left -= len(other)
            if left >= 0:
                wanted.append(other)
        slots = Slots([(*one.codec.kinds, "number") for one in wanted])
        types = self._database.dialect.types
        parts = []
        for shape, one in enumerate(wanted):
            values = [*(column(name, "m") for name in one.extent.columns), one.extent.certainty_of("m")]
            parts.append(select(slots.shown(shape, values, types), one.extent.named("m")))
        found: list[dict[Args, float]] = [{} for _ in wanted]
        for shape, row in map(slots.read, self._database.rows(together(parts))):
            args, certainty = wanted[shape]._fact(row)
            found[shape][args] = certainty
        for one, held in zip(wanted, found, strict=True):
            one._held = held

    def _fact(self, row: Sequence[Any]) -> tuple[Args, float]:
        return self.codec.decode(row), row[-1]

    def _query(self, where: Sequence[exp.Expr] = ()) -> exp.Select:
        shown = [column(name, "m") for name in self.extent.columns]
        certainty = called(self.extent.certainty_of("m"), CERTAINTY)
        return select([*shown, certainty], self.extent.named("m"), where=where)


class _Facts(ItemsView[Args, float]):
    """The items of a relation, without a query for each."""

    _mapping: StoredRelation

    def __iter__(self) -> Iterator[tuple[Args, float]]:
        return self._mapping._facts()
