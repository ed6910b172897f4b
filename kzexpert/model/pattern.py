"""An atom with its meaning: where an engine looks for facts, and which of them it takes."""

from collections.abc import Iterator, Mapping

import msgspec

from kzexpert.model.terms import Anonymous, Constant, GroundAtom, Relation, RelationKey, Term, Value, Variable

__all__ = ["Pattern"]

_NOTHING: Mapping[str, Value] = {}


class Pattern(msgspec.Struct, frozen=True, array_like=True):
    """A resolved atom.

    Attributes:
        relation: where an engine looks: the predicate's name, or the part of its records that is meant.
        predicate: its name.
        terms: one for each declared argument, in order, and then one for each date that the relation has.
        certainty: the variable that ``@`` binds, or None.
    """

    relation: RelationKey
    predicate: str
    terms: tuple[Term, ...]
    certainty: str | None = None

    def __str__(self) -> str:
        tail = ""
        if isinstance(self.relation, Relation):
            tail = f" {self.relation.within}" if self.relation.within else ""
            tail += "".join(f" {word} {term}" for word, term in zip(self.relation.dates, self.dates, strict=True))
        tail += f" @ ?{self.certainty}" if self.certainty else ""
        return f"{self.predicate}({', '.join(map(str, self.arguments))}){tail}"

    @property
    def arity(self) -> int:
        """The number of arguments of its predicate."""
        return len(self.terms) - (len(self.relation.dates) if isinstance(self.relation, Relation) else 0)

    @property
    def arguments(self) -> tuple[Term, ...]:
        """The terms that stand for the arguments of its predicate."""
        return self.terms[: self.arity]

    @property
    def dates(self) -> tuple[Term, ...]:
        """The terms that take dates on record."""
        return self.terms[self.arity :]

    @property
    def variables(self) -> Iterator[str]:
        """Names of its variables, in order, repeated where they are; the one of ``@`` comes last."""
        for term in self.terms:
            if isinstance(term, Variable):
                yield term.name
        if self.certainty:
            yield self.certainty

    @property
    def fixed(self) -> dict[int, Value]:
        """Place → value, where it has one."""
        return {place: term.value for place, term in enumerate(self.terms) if isinstance(term, Constant)}

    def row(self, values: Mapping[str, Value] = _NOTHING) -> tuple[Value, ...] | None:
        """The one row of its relation that it matches where its variables have values; None where a term is open."""
        found = []
        for term in self.terms:
            value = term.value if isinstance(term, Constant) else None
            if isinstance(term, Variable):
                value = values.get(term.name)
            if value is None:
                return None
            found.append(value)
        return tuple(found)

    @property
    def ground(self) -> GroundAtom | None:
        """The one statement that it matches; None where a term is open."""
        row = self.row()
        return None if row is None else GroundAtom(self.predicate, row[: self.arity])

    @classmethod
    def of(cls, relation: RelationKey, row: tuple[Value, ...]) -> "Pattern":
        """The pattern that one row of a relation alone matches."""
        predicate = relation.predicate if isinstance(relation, Relation) else relation
        return cls(relation, predicate, tuple(map(Constant, row)))

    @property
    def undated(self) -> "Pattern":
        """The same arguments, whatever the window and the dates on record."""
        return Pattern(self.predicate, self.predicate, self.arguments)

    @property
    def open(self) -> bool:
        """Whether an argument may be anything, so that several statements can satisfy it under one binding."""
        return any(isinstance(term, Anonymous) for term in self.terms)

    def matches(self, args: tuple[Value, ...]) -> bool:
        """Whether a row of its relation is an instance of it."""
        return self.binding(args) is not None

    def binding(self, args: tuple[Value, ...]) -> dict[str, Value] | None:
        """What its variables are in a row of its relation; None where it does not match, or one would be two values."""
        bound: dict[str, Value] = {}
        for term, value in zip(self.terms, args, strict=True):
            if isinstance(term, Constant):
                if term.value != value:
                    return None
            elif isinstance(term, Variable) and bound.setdefault(term.name, value) != value:
                return None
        return bound

    def instance(self, values: Mapping[str, Value]) -> "Pattern":
        """The pattern with the variables that have a value replaced by it."""
        terms = tuple([term.instance(values) for term in self.terms])
        return Pattern(self.relation, self.predicate, terms, None if self.certainty in values else self.certainty)
