"""An inference whose facts stay in the database: what is asked for is fetched, and firings are found backwards.

No firing is stored. Those of a conclusion are the bindings of its rules under which the heads are that conclusion.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from kzexpert.certainty import established
from kzexpert.engines.sql.plan.extents import Extent, arity_of, predicate_of
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.store.base import Store
from kzexpert.engines.sql.store.codec import Args
from kzexpert.engines.sql.store.relation import StoredRelation
from kzexpert.model import GroundAtom, Pattern, Program, RelationKey
from kzexpert.model.established import EstablishedFacts

__all__ = ["Certainties", "StoredFacts"]


class Certainties(Mapping[RelationKey, Mapping[Args, float]]):
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
        extents: Mapping[RelationKey, Extent],
        on_demand: Callable[[RelationKey], Extent | None],
    ) -> None:
        self._program = program
        self._on_demand = on_demand
        self._database = database
        self._texts = texts
        self._elsewhere = {*program.stratum_of, *(table.predicate for table in program.kb.tables)}
        self.relations = {name: self._open(name, extent) for name, extent in extents.items()}
        self._recorded: dict[RelationKey, dict[Args, float]] = {}

    def _open(self, relation: RelationKey, extent: Extent) -> StoredRelation:
        arity = arity_of(self._program.kb, relation)
        recorded = None if predicate_of(relation) in self._elsewhere else self._program.base.get(relation, {})
        return StoredRelation(self._database, self._texts, extent, arity, recorded, lambda: self.relations.values())

    def __iter__(self) -> Iterator[RelationKey]:
        in_tables = (table.predicate for table in self._program.kb.tables)
        return iter(dict.fromkeys([*self._program.base, *self.relations, *in_tables]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, relation: RelationKey) -> Mapping[Args, float]:
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
        relation = self.get(pattern.relation, {})
        fixed = pattern.fixed
        found: Iterable[Args] = relation
        if isinstance(relation, StoredRelation) and fixed and not relation.small:
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
        self._found: dict[tuple[RelationKey, tuple[int, ...], Args], list[Args]] = {}

    def lookup(self, relation: RelationKey, places: tuple[int, ...], key: Args) -> Sequence[Args]:
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
