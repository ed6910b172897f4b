"""The established facts, with a hash index for every way they are looked up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from kzexpert.model.pattern import Pattern
from kzexpert.model.terms import Constant, RelationKey, Value, Variable

__all__ = ["Binding", "EstablishedFacts", "extend"]

#: Variable name → value.
Binding: TypeAlias = dict[str, Value]


class EstablishedFacts:
    """The established facts of the strata that are complete, with a hash index for every way they are looked up.

    Attributes:
        relations: relation → arguments → certainty.
    """

    def __init__(self) -> None:
        self.relations: dict[RelationKey, dict[tuple[Value, ...], float]] = {}
        self._indexes: dict[RelationKey, dict[tuple[int, ...], dict[tuple[Value, ...], list[tuple[Value, ...]]]]] = {}

    def add(self, relation: RelationKey, args: tuple[Value, ...], certainty: float) -> None:
        """Take in a fact, or a new certainty of one."""
        known = self.relations.setdefault(relation, {})
        if args not in known:
            for places, index in self._indexes.get(relation, {}).items():
                index.setdefault(tuple([args[place] for place in places]), []).append(args)
        known[args] = certainty

    def instead(self, relation: RelationKey, rows: dict[tuple[Value, ...], float]) -> "EstablishedFacts":
        """These facts with others of one relation; what is indexed of the rest stays so."""
        found = EstablishedFacts()
        found.relations = {**self.relations, relation: rows}
        found._indexes = {key: index for key, index in self._indexes.items() if key != relation}
        return found

    def rows(self, pattern: Pattern, binding: Mapping[str, Value]) -> Sequence[tuple[Value, ...]]:
        """The arguments of the facts that agree with the pattern's constants and bound variables."""
        places: list[int] = []
        key: list[Value] = []
        for place, term in enumerate(pattern.terms):
            value = term.value if isinstance(term, Constant) else None
            if isinstance(term, Variable):
                value = binding.get(term.name)
            if value is not None:
                places.append(place)
                key.append(value)
        return self.lookup(pattern.relation, tuple(places), tuple(key))

    def lookup(
        self, relation: RelationKey, places: tuple[int, ...], key: tuple[Value, ...]
    ) -> Sequence[tuple[Value, ...]]:
        """The arguments of the facts that have these values at these places."""
        if not self.relations.get(relation):
            return ()
        return self._indexed(relation, places).get(key, ())

    def matching(self, pattern: Pattern, binding: Binding) -> Iterator[Binding]:
        """Every extension of the binding under which the pattern matches a fact, with repeats where ``_`` does."""
        for args in self.rows(pattern, binding):
            extended = extend(pattern, args, self.relations[pattern.relation][args], binding)
            if extended is not None:
                yield extended

    def _indexed(
        self, relation: RelationKey, places: tuple[int, ...]
    ) -> dict[tuple[Value, ...], list[tuple[Value, ...]]]:
        indexes = self._indexes.setdefault(relation, {})
        index = indexes.get(places)
        if index is None:
            index = indexes[places] = {}
            for args in self.relations[relation]:
                index.setdefault(tuple([args[place] for place in places]), []).append(args)
        return index

    def solutions(self, patterns: Sequence[Pattern], binding: Binding) -> Iterator[Binding]:
        """Every extension of the binding under which all patterns match, with repeats where ``_`` matches several."""
        if not patterns:
            yield binding
            return
        for extended in self.matching(patterns[0], binding):
            yield from self.solutions(patterns[1:], extended)


def extend(pattern: Pattern, args: tuple[Value, ...], certainty: float, binding: Binding) -> Binding | None:
    """The binding with the pattern's open variables bound; None when one of them would take two values."""
    extended = dict(binding)
    for term, value in zip(pattern.terms, args, strict=True):
        if isinstance(term, Variable) and extended.setdefault(term.name, value) != value:
            return None
    if pattern.certainty and extended.setdefault(pattern.certainty, certainty) != certainty:
        return None
    return extended
