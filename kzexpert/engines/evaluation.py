"""The conditions that no join can say: comparisons, assignments, aggregates, and absences of computed values.

They are evaluated over facts that are complete, since all they look at lies in lower strata. No rule text is ever
evaluated: an expression is a tree of values.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import fsum, isfinite
from typing import Any, TypeAlias

from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    Constant,
    Expression,
    Operation,
    Pattern,
    ProgramCondition,
    Test,
    Value,
    Variable,
)

__all__ = ["Binding", "Completion", "EstablishedFacts", "evaluate", "extend", "fold", "holds"]

Binding: TypeAlias = dict[str, Value]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: Expression, binding: Mapping[str, Value]) -> Value | None:
    """The value of an expression; None where it has no finite one (a division by zero, an overflow)."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return binding[expression.name]
    left, right = evaluate(expression.left, binding), evaluate(expression.right, binding)
    return None if left is None or right is None else _arithmetic(expression, left, right)


def _arithmetic(operation: Operation, left: Any, right: Any) -> float | None:
    try:
        if operation.operator == "+":
            result = left + right
        elif operation.operator == "-":
            result = left - right
        elif operation.operator == "*":
            result = left * right
        else:
            result = left / right
    except ZeroDivisionError:
        return None
    return result + 0.0 if isfinite(result) else None  # -0.0 becomes 0


def holds(test: Test) -> tuple[list[str], Callable[..., bool]]:
    """The variables of a test, and the test as a function of their values in that order.

    Without a finite value on either side it does not hold.
    """
    compare = _COMPARE[test.operator]
    left, right = test.left, test.right
    variables = list(dict.fromkeys(test.needs))
    if variables == [str(left)[1:], str(right)[1:]]:
        return variables, compare

    def compared(*arguments: Value) -> bool:
        binding = dict(zip(variables, arguments, strict=True))
        values = evaluate(left, binding), evaluate(right, binding)
        return None not in values and compare(*values)

    return variables, compared


class EstablishedFacts:
    """The established facts of the strata that are complete, with a hash index for every way they are looked up.

    Attributes:
        relations: relation → arguments → certainty.
    """

    def __init__(self) -> None:
        self.relations: dict[str, dict[tuple[Value, ...], float]] = {}
        self._indexes: dict[tuple[str, tuple[int, ...]], dict[tuple[Value, ...], list[tuple[Value, ...]]]] = {}

    def add(self, relation: str, args: tuple[Value, ...], certainty: float) -> None:
        """Take in a fact that is not there yet."""
        self.relations.setdefault(relation, {})[args] = certainty
        for (name, places), index in self._indexes.items():
            if name == relation:
                index.setdefault(tuple(args[place] for place in places), []).append(args)

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

    def lookup(self, relation: str, places: tuple[int, ...], key: tuple[Value, ...]) -> Sequence[tuple[Value, ...]]:
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

    def _indexed(self, relation: str, places: tuple[int, ...]) -> dict[tuple[Value, ...], list[tuple[Value, ...]]]:
        index = self._indexes.get((relation, places))
        if index is None:
            index = self._indexes[relation, places] = {}
            for args in self.relations[relation]:
                index.setdefault(tuple(args[place] for place in places), []).append(args)
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


def fold(aggregate: Aggregate, found: Iterator[Binding]) -> Value | None:
    """The result of an aggregate over the bindings of its atoms; None for the minimum or maximum of nothing."""
    outer = set(aggregate.shared) - {aggregate.over}
    own = {
        tuple(sorted((name, value) for name, value in binding.items() if name not in outer)): binding[aggregate.over]
        for binding in found
    }
    if aggregate.function == "count":
        return float(len(set(own.values())))
    values: list[Any] = list(own.values())
    if aggregate.function == "sum":
        try:
            return fsum(sorted(values)) + 0.0  # in one order, since whether it overflows depends on it
        except OverflowError:
            return None
    if not values:
        return None
    return min(values) if aggregate.function == "min" else max(values)  # type: ignore[no-any-return]


class Completion:
    """The conditions of one rule beyond its matches and joinable absences, in an order in which all is bound.

    Given the variables that the matches bind, it says whether the rest holds, and with which values.
    """

    def __init__(self, conditions: Sequence[Absence | Test | Assignment | Aggregate], facts: EstablishedFacts) -> None:
        self._conditions = tuple(conditions)
        self._facts = facts
        self._folded: dict[tuple[int, tuple[Value, ...]], Value | None] = {}

    def __call__(self, binding: Binding) -> Binding | None:
        """The binding with the computed variables, or None when a condition fails."""
        complete = dict(binding)
        for index, condition in enumerate(self._conditions):
            if not self._holds(index, condition, complete):
                return None
        return complete

    def _holds(self, index: int, condition: ProgramCondition, binding: Binding) -> bool:
        if isinstance(condition, Test):
            variables, function = holds(condition)
            return function(*[binding[name] for name in variables])
        if isinstance(condition, Assignment):
            return _bind(binding, condition.variable, evaluate(condition.expression, binding))
        if isinstance(condition, Aggregate):
            return _bind(binding, condition.variable, self._aggregate(index, condition, binding))
        assert isinstance(condition, Absence)
        return next(self._facts.matching(condition.pattern, binding), None) is None

    def _aggregate(self, index: int, condition: Aggregate, binding: Binding) -> Value | None:
        """Evaluated once for each binding of the shared variables."""
        key = (index, tuple(binding[name] for name in condition.shared))
        if key not in self._folded:
            start = {name: binding[name] for name in condition.shared}
            self._folded[key] = fold(condition, self._facts.solutions(condition.patterns, start))
        return self._folded[key]


def _bind(binding: Binding, variable: str, value: Value | None) -> bool:
    """Bind, or compare where the variable is bound already."""
    return value is not None and binding.setdefault(variable, value) == value
