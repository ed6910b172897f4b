"""An inference whose facts stay in the database: what is asked for is fetched, and firings are found backwards.

No firing is stored. Those of a conclusion are the bindings of its rules under which the heads are that conclusion.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlglot import exp

from kzexpert.certainty import established
from kzexpert.engines.sql.plan.extents import CERTAINTY, Extent, argument, predicate_of
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import called, column, equal, select
from kzexpert.engines.sql.store.base import Store
from kzexpert.engines.sql.store.codec import Args, Codec
from kzexpert.model import Constant, GroundAtom, Pattern, Program, Value
from kzexpert.model.established import EstablishedFacts

__all__ = ["Certainties", "Relation", "StoredFacts"]

#: A relation of so few facts is fetched whole when it is first read.
_SMALL = 2000


class Relation(Mapping[Args, float]):
    """The facts of one relation with their certainties.

    Args:
        arity: the number of arguments.
    """

    def __init__(self, database: Store, texts: Texts, extent: Extent, arity: int) -> None:
        self.extent = extent
        self.codec = Codec(texts, extent.kinds, arity)
        self._database = database
        self._places = tuple(range(arity))
        self._lookups: dict[tuple[int, ...], str] = {}
        self._rows: int | None = extent.rows
        self._known: dict[Args, float] = {}
        self._held: dict[Args, float] | None = None

    @property
    def small(self) -> bool:
        """Whether the relation is as well kept in memory."""
        return self._rows is not None and self._rows <= _SMALL

    def __len__(self) -> int:
        if self._rows is None:
            count = exp.Count(this=exp.Star())
            self._rows = self._database.rows(select([count], self.extent.named("m")))[0][0]
        return self._rows

    def __iter__(self) -> Iterator[Args]:
        return (args for args, _ in self._facts())

    def __getitem__(self, args: Args) -> float:
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
            where = [equal(column(argument(place), "m"), exp.Placeholder()) for place in places]
            text = self._lookups[places] = self._database.dialect.text(self._query(where))
        found = [self._fact(row) for row in self._database.rows(text, parameters)]
        self._known.update(found)
        return found

    def note(self, args: Args, certainty: float) -> None:
        """Keep what was found elsewhere."""
        self._known[args] = certainty

    def _facts(self) -> Iterator[tuple[Args, float]]:
        if self.small:
            return iter(self._whole().items())
        return map(self._fact, self._database.stream(self._query()))

    def _whole(self) -> dict[Args, float]:
        if self._held is None:
            self._held = dict(map(self._fact, self._database.rows(self._query())))
        return self._held

    def _fact(self, row: Sequence[Any]) -> tuple[Args, float]:
        return self.codec.decode(row), row[-1]

    def _query(self, where: Sequence[exp.Expr] = ()) -> exp.Select:
        shown = [column(name, "m") for name in self.extent.columns]
        certainty = called(self.extent.certainty_of("m"), CERTAINTY)
        return select([*shown, certainty], self.extent.named("m"), where=where)


class _Facts(ItemsView[Args, float]):
    """The items of a relation, without a query for each."""

    _mapping: Relation

    def __iter__(self) -> Iterator[tuple[Args, float]]:
        return self._mapping._facts()


class Certainties(Mapping[str, Mapping[Args, float]]):
    """Relation → its facts.

    Args:
        extents: of the relations that the rules read or conclude; the others are as the program has them.
        on_demand: the extent of a relation that lies in tables and is not yet loaded.
    """

    def __init__(
        self,
        database: Store,
        texts: Texts,
        program: Program,
        extents: Mapping[str, Extent],
        on_demand: Callable[[str], Extent | None],
    ) -> None:
        self._program = program
        self._on_demand = on_demand
        self._database = database
        self._texts = texts
        self.relations = {name: self._open(name, extent) for name, extent in extents.items()}
        self._recorded: dict[str, dict[Args, float]] = {}

    def _open(self, relation: str, extent: Extent) -> Relation:
        arity = len(self._program.kb.predicate[predicate_of(relation)].args)
        return Relation(self._database, self._texts, extent, arity)

    def __iter__(self) -> Iterator[str]:
        in_tables = (table.predicate for table in self._program.kb.tables)
        return iter(dict.fromkeys([*self._program.base, *self.relations, *in_tables]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, relation: str) -> Mapping[Args, float]:
        found = self.relations.get(relation)
        if found is None and relation not in self._recorded:
            extent = self._on_demand(relation)
            if extent is None:
                base = self._program.base[relation]
                self._recorded[relation] = {args: fact.certainty for args, fact in base.items()}
            else:
                found = self.relations[relation] = self._open(relation, extent)
        return self._recorded[relation] if found is None else found

    def matching(self, pattern: Pattern) -> Iterator[GroundAtom]:
        """See `Facts.matching`."""
        relation = self.get(pattern.predicate, {})
        fixed = {place: term.value for place, term in enumerate(pattern.terms) if isinstance(term, Constant)}
        found: Iterable[Args] = relation
        if isinstance(relation, Relation) and fixed and not relation.small:
            found = [args for args, _ in relation.lookup(tuple(fixed), tuple(fixed.values()))]
        for args in found:
            if pattern.matches(args):
                yield GroundAtom(pattern.predicate, args)

    @cached_property
    def established(self) -> EstablishedFacts:
        """See `Facts.established`."""
        return StoredFacts(self)


class StoredFacts(EstablishedFacts):
    """The established facts, looked up in the database; what was found is kept."""

    def __init__(self, certainties: Certainties) -> None:
        super().__init__()
        self._certainties = certainties
        self._found: dict[tuple[str, tuple[int, ...], Args], list[Args]] = {}

    def lookup(self, relation: str, places: tuple[int, ...], key: Args) -> Sequence[Args]:
        """See `EstablishedFacts.lookup`."""
        stored = self._certainties.relations.get(relation)
        if stored is None or stored.small:
            if relation not in self.relations:
                known = self._certainties.get(relation, {})
                self.relations[relation] = {
                    args: certainty for args, certainty in known.items() if established(certainty)
                }
            return super().lookup(relation, places, key)
        found = self._found.get((relation, places, key))
        if found is None:
            facts = {args: certainty for args, certainty in stored.lookup(places, key) if established(certainty)}
            self.relations.setdefault(relation, {}).update(facts)
            found = self._found[relation, places, key] = list(facts)
        return found
