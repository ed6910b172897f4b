"""The bindings of conditions over facts, by nested loops with an index: the checker's own joins, aggregates and blocks.

In which order conditions are evaluated is said in `rules`, what expressions come to in `expressions`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import fsum
from typing import Any, TypeAlias

import msgspec

from kzexpert.model import (
    Absence,
    Aggregate,
    Constant,
    Exclusion,
    Listing,
    Pattern,
    ProgramCondition,
    ProgramRule,
    RelationKey,
    Test,
    Value,
    Variable,
)
from kzexpert.proof.checker.expressions import Binding, compared, value_of
from kzexpert.proof.checker.recorded import Args
from kzexpert.proof.checker.rules import Monotone

__all__ = [
    "Contribution",
    "Counted",
    "FactStore",
    "Statement",
    "aggregated",
    "bindings",
    "extended",
    "parts",
    "satisfied",
]

_Index: TypeAlias = dict[Args, list[Args]]
#: A relation and a row of it.
Statement: TypeAlias = tuple[RelationKey, Args]


class FactStore:
    """Established facts by relation: arguments → certainty.

    Attributes:
        day: the as-of date.
    """

    def __init__(self, day: date) -> None:
        self.day = day
        self._facts: dict[RelationKey, dict[Args, float]] = {}
        self._indexes: dict[RelationKey, dict[tuple[int, ...], _Index]] = {}

    def put(self, relation: RelationKey, args: Args, certainty: float) -> None:
        """Add a fact, or change how certain it is."""
        known = self._facts.setdefault(relation, {})
        if args not in known:
            for places, index in self._indexes.get(relation, {}).items():
                index.setdefault(tuple(args[place] for place in places), []).append(args)
        known[args] = certainty

    def matching(self, pattern: Pattern, binding: Binding) -> Iterator[tuple[Args, float]]:
        """The facts that a pattern matches under a binding, each with its certainty."""
        known = self._facts.get(pattern.relation)
        if not known:
            return
        fixed = [(place, _fixed(term, binding)) for place, term in enumerate(pattern.terms)]
        bound = [(place, value) for place, value in fixed if value is not None]
        places = tuple(place for place, _ in bound)
        indexes = self._indexes.setdefault(pattern.relation, {})
        if places not in indexes:
            index = indexes[places] = {}
            for args in known:
                index.setdefault(tuple(args[place] for place in places), []).append(args)
        wanted = binding.get(pattern.certainty) if pattern.certainty else None
        for args in tuple(indexes[places].get(tuple(value for _, value in bound), ())):
            if wanted is None or known[args] == wanted:
                yield args, known[args]


def _fixed(term: object, binding: Binding) -> Value | None:
    if isinstance(term, Constant):
        return term.value
    return binding.get(term.name) if isinstance(term, Variable) else None


def extended(pattern: Pattern, args: Args, certainty: float, binding: Binding) -> Binding | None:
    """The binding with what a fact says of the pattern's variables; None where the two disagree."""
    found = dict(binding)
    for term, value in zip(pattern.terms, args, strict=True):
        if isinstance(term, Constant) and term.value != value:
            return None
        if isinstance(term, Variable) and found.setdefault(term.name, value) != value:
            return None
    if pattern.certainty and found.setdefault(pattern.certainty, certainty) != certainty:
        return None
    return found


# --- conditions ----------------------------------------------------------------------------------------------------


def bindings(conditions: Sequence[ProgramCondition], binding: Binding, facts: FactStore) -> Iterator[Binding]:
    """Every extension of a binding under which all conditions hold, with repeats where ``_`` matches several facts.

    Args:
        conditions: in an order of `rules.ordered`.
    """
    if not conditions:
        yield binding
        return
    for found in satisfied(conditions[0], binding, facts):
        yield from bindings(conditions[1:], found, facts)


def satisfied(condition: ProgramCondition, binding: Binding, facts: FactStore) -> Iterator[Binding]:
    """Every extension of a binding under which one condition holds."""
    if condition.match is not None:
        for args, certainty in facts.matching(condition.match, binding):
            found = extended(condition.match, args, certainty, binding)
            if found is not None:
                yield found
    elif isinstance(condition, Absence):
        if next(facts.matching(condition.pattern, binding), None) is None:
            yield binding
    elif isinstance(condition, Aggregate):
        yield from _equal(binding, condition.variable, aggregated(condition, binding, facts))
    elif isinstance(condition, Exclusion):
        if next(_solutions(condition, binding, facts), None) is None:
            yield binding
    elif isinstance(condition, Listing):
        value = value_of(condition.left, binding, facts.day)
        among = any(value_of(item, binding, facts.day) == value for item in condition.values)
        if value is not None and among != condition.negated:
            yield binding
    elif isinstance(condition, Test):
        yield from _compared(condition, binding, facts)


def _equal(binding: Binding, name: str, value: Value | None) -> Iterator[Binding]:
    """The binding with a value for a variable, unless there is none or the variable has another."""
    if value is not None and binding.get(name, value) == value:
        yield {**binding, name: value}


def _compared(test: Test, binding: Binding, facts: FactStore) -> Iterator[Binding]:
    for side, other in ((test.left, test.right), (test.right, test.left)):
        if isinstance(side, Variable) and side.name not in binding:  # only an = is evaluated with an open side
            yield from _equal(binding, side.name, value_of(other, binding, facts.day))
            return
    left, right = (value_of(side, binding, facts.day) for side in (test.left, test.right))
    if compared(test.operator, left, right):
        yield binding


def _solutions(condition: Aggregate | Exclusion, binding: Binding, facts: FactStore) -> Iterator[Binding]:
    """What satisfies the conditions inside of another one, given what it shares with those outside."""
    body = condition.body
    given = {name: binding[name] for name in condition.shared}
    return bindings([body.conditions[place] for place in body.order], given, facts)


# --- aggregates ----------------------------------------------------------------------------------------------------


def aggregated(aggregate: Aggregate, binding: Binding, facts: FactStore) -> Value | None:
    """What an aggregate comes to over the distinct bindings of its own variables; None when it fails."""
    found = {
        tuple([solution[name] for name in aggregate.body.variables]): value_of(aggregate.over, solution, facts.day)
        for solution in _solutions(aggregate, binding, facts)
    }
    return _folded(aggregate, [value for value in found.values() if value is not None])


def _total(values: list[float]) -> float:
    """The exact sum, rounded once.

    Raises:
        OverflowError: it is too large for a number.
    """
    try:
        return fsum(values) + 0.0
    except OverflowError:  # maybe only on the way
        return float(sum(map(Fraction, values)))


def _folded(aggregate: Aggregate, values: list[Any]) -> Value | None:
    if aggregate.function == "count":
        return float(len(set(values)))
    ascending = sorted(values)
    if aggregate.function in ("sum", "avg"):
        if isinstance(aggregate, Monotone):  # it must not fall; a negative value is an error once all is derived
            ascending = [max(value, 0.0) for value in ascending]
        try:
            total = _total(ascending)
        except OverflowError:
            return None
        if aggregate.function == "sum":
            return total
        return total / len(ascending) if ascending else None
    if not ascending:
        return None
    return ascending[0] if aggregate.function == "min" else ascending[-1]  # type: ignore[no-any-return]


class Contribution(msgspec.Struct, frozen=True):
    """A combination of facts that an aggregate counts, and what it contributes."""

    value: Value
    facts: tuple[Statement, ...]


def parts(aggregate: Aggregate, binding: Binding, facts: FactStore) -> list[Contribution]:
    """The combinations of facts that an aggregate ranges over."""
    named = msgspec.structs.replace(aggregate, body=aggregate.body.named())
    found: dict[Args, Contribution] = {}
    for solution in _solutions(named, binding, facts):
        value = value_of(aggregate.over, solution, facts.day)
        if value is not None:
            key = tuple([solution[name] for name in named.body.variables])
            found[key] = Contribution(
                value, tuple((pattern.relation, pattern.row(solution) or ()) for pattern in named.body.matches)
            )
    return list(found.values())


class Counted:
    """A monotone aggregate as one firing sees it: what it counts, and whether some of it is enough.

    Args:
        binding: of the firing.
        group: the predicates of its component.
    """

    def __init__(
        self, rule: ProgramRule, aggregate: Monotone, binding: Binding, facts: FactStore, group: frozenset[str]
    ) -> None:
        self.aggregate = aggregate
        self._binding = binding
        self._facts = facts
        self._group = group
        self._tests = rule.tests_of(aggregate.variable)

    @cached_property
    def parts(self) -> list[Contribution]:
        """All that it counts."""
        return parts(self.aggregate, self._binding, self._facts)

    def inside(self, part: Contribution) -> list[Statement]:
        """The facts of a part that lie in the component."""
        return [fact for fact in part.facts if fact[0] in self._group]

    def among(self, known: Callable[[Statement], bool]) -> list[Contribution]:
        """The parts of which all facts of the component are known."""
        return [part for part in self.parts if all(map(known, self.inside(part)))]

    def value(self, known: Callable[[Statement], bool]) -> Value | None:
        """What these parts come to; None where that is not what the rule wants."""
        value = _folded(self.aggregate, [part.value for part in self.among(known)])
        if value is None:
            return None
        binding = {**self._binding, self.aggregate.variable: value}
        enough = all(next(satisfied(test, binding, self._facts), None) is not None for test in self._tests)
        return value if enough else None
