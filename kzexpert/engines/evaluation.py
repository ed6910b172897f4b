"""The conditions that no join can say: comparisons, lists, assignments, aggregates, blocks, computed absences.

They are evaluated over established facts. No rule text is ever evaluated: an expression is a tree of values.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from kzexpert.model import (
    AGGREGATES,
    TEXT_OPERATORS,
    Absence,
    Aggregate,
    Assignment,
    Body,
    Call,
    Constant,
    Exclusion,
    Expression,
    Listing,
    Match,
    Operation,
    ProgramCondition,
    Test,
    Value,
    Variable,
    called,
)
from kzexpert.model.established import Binding, EstablishedFacts

__all__ = ["Completion", "combinations", "evaluate", "fold", "holds", "solutions"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    **TEXT_OPERATORS,
}


def evaluate(expression: Expression, binding: Mapping[str, Value], as_of: date) -> Value | None:
    """The value of an expression; None where it has no finite one (a division by zero, an overflow)."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return binding[expression.name]
    if isinstance(expression, Call):
        if expression.function == "as_of":
            return as_of
        return called(expression.function, [evaluate(item, binding, as_of) for item in expression.arguments])
    left, right = evaluate(expression.left, binding, as_of), evaluate(expression.right, binding, as_of)
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


def holds(test: Test | Listing, as_of: date) -> tuple[list[str], Callable[..., bool]]:
    """The variables of a test, and the test as a function of their values in that order.

    Without a finite value on either side it does not hold.
    """
    variables = list(dict.fromkeys(test.needs))
    if isinstance(test, Listing):
        listing = test

        def listed(*arguments: Value) -> bool:
            binding = dict(zip(variables, arguments, strict=True))
            value = evaluate(listing.left, binding, as_of)
            among = any(evaluate(item, binding, as_of) == value for item in listing.values)
            return value is not None and among != listing.negated

        return variables, listed
    compare = _COMPARE[test.operator]
    left, right = test.left, test.right
    if variables == [str(left)[1:], str(right)[1:]]:
        return variables, compare

    def compared(*arguments: Value) -> bool:
        binding = dict(zip(variables, arguments, strict=True))
        values = evaluate(left, binding, as_of), evaluate(right, binding, as_of)
        return None not in values and compare(*values)

    return variables, compared


def fold(aggregate: Aggregate, found: Iterable[Binding], as_of: date) -> Value | None:
    """The result of an aggregate over the bindings of its body; None where it has none, as the least of nothing."""
    values = [value for _, value in combinations(aggregate, found, as_of)]
    return AGGREGATES[aggregate.function].fold(values)


def combinations(aggregate: Aggregate, found: Iterable[Binding], as_of: date) -> Iterator[tuple[Binding, Value]]:
    """Each distinct binding of an aggregate's own variables with what it contributes; one without a value has none."""
    own = aggregate.body.variables
    seen: set[tuple[Value, ...]] = set()
    for binding in found:
        key = tuple([binding[name] for name in own])
        if key not in seen:
            seen.add(key)
            value = evaluate(aggregate.over, binding, as_of)
            if value is not None:
                yield binding, value


def solutions(body: Body, facts: EstablishedFacts, binding: Binding, as_of: date) -> Iterator[Binding]:
    """Every extension of a binding under which a body holds, with repeats where ``_`` matches several facts."""
    conditions = [body.conditions[index] for index in body.order]
    yield from _extended(_arranged(conditions, {*binding}), facts, binding, as_of)


def _arranged(conditions: Sequence[ProgramCondition], bound: set[str]) -> list[ProgramCondition]:
    """Conditions in an order of evaluation: what is ready at once, then the match of which most is known."""
    pending = list(conditions)
    found: list[ProgramCondition] = []
    while pending:
        ready = [item for item in pending if not isinstance(item, Match) and bound.issuperset(item.needs)]
        first = ready[0] if ready else max(pending, key=lambda item: _known(item, bound))
        pending.remove(first)
        found.append(first)
        bound.update(first.binds)
    return found


def _known(condition: ProgramCondition, bound: set[str]) -> int:
    """How many places of a match have a value; -1 for what is no match."""
    if not isinstance(condition, Match):
        return -1
    return sum(isinstance(term, Constant) or not bound.isdisjoint(term.variables) for term in condition.pattern.terms)


def _extended(
    conditions: Sequence[ProgramCondition], facts: EstablishedFacts, binding: Binding, as_of: date
) -> Iterator[Binding]:
    if not conditions:
        yield binding
        return
    first, rest = conditions[0], conditions[1:]
    if isinstance(first, Match):
        for extended in facts.matching(first.pattern, binding):
            yield from _extended(rest, facts, extended, as_of)
    else:
        extended = dict(binding)
        if _satisfies(first, facts, extended, as_of):
            yield from _extended(rest, facts, extended, as_of)


def _satisfies(condition: ProgramCondition, facts: EstablishedFacts, binding: Binding, as_of: date) -> bool:
    """Whether a condition other than a match holds; an assignment or aggregate binds its variable."""
    if isinstance(condition, Test | Listing):
        variables, function = holds(condition, as_of)
        return function(*[binding[name] for name in variables])
    if isinstance(condition, Assignment):
        return _bind(binding, condition.variable, evaluate(condition.expression, binding, as_of))
    if isinstance(condition, Aggregate):
        found = solutions(condition.body, facts, _given(condition, binding), as_of)
        return _bind(binding, condition.variable, fold(condition, found, as_of))
    if isinstance(condition, Exclusion):
        return next(solutions(condition.body, facts, _given(condition, binding), as_of), None) is None
    assert isinstance(condition, Absence)
    return next(facts.matching(condition.pattern, binding), None) is None


def _given(condition: Aggregate | Exclusion, binding: Mapping[str, Value]) -> Binding:
    return {name: binding[name] for name in condition.shared}


def _bind(binding: Binding, variable: str, value: Value | None) -> bool:
    """Bind, or compare where the variable is bound already."""
    return value is not None and binding.setdefault(variable, value) == value


class Completion:
    """The conditions of one rule beyond its matches and joinable absences, in an order in which all is bound.

    Given the variables that the matches bind, it says whether the rest holds, and with which values. Aggregates and
    blocks are evaluated once for each binding of the variables that they share with the rule, but for those that look
    at a component which still grows.
    """

    def __init__(
        self,
        conditions: Sequence[ProgramCondition],
        facts: EstablishedFacts,
        as_of: date,
        growing: Callable[[ProgramCondition], bool] = lambda condition: False,
    ) -> None:
        self._conditions = tuple(conditions)
        self._kept = tuple(isinstance(item, Aggregate | Exclusion) and not growing(item) for item in self._conditions)
        self._facts = facts
        self._as_of = as_of
        self._known: dict[tuple[int, tuple[Value, ...]], Value | None] = {}

    def __call__(self, binding: Binding) -> Binding | None:
        """The binding with the computed variables, or None when a condition fails."""
        complete = dict(binding)
        for index, condition in enumerate(self._conditions):
            if not self._holds(index, condition, complete):
                return None
        return complete

    def _holds(self, index: int, condition: ProgramCondition, binding: Binding) -> bool:
        if not self._kept[index]:
            return _satisfies(condition, self._facts, binding, self._as_of)
        assert isinstance(condition, Aggregate | Exclusion)
        key = (index, tuple([binding[name] for name in condition.shared]))
        if key not in self._known:
            found = solutions(condition.body, self._facts, _given(condition, binding), self._as_of)
            if isinstance(condition, Exclusion):
                self._known[key] = 1.0 if next(found, None) is None else None
            else:
                self._known[key] = fold(condition, found, self._as_of)
        value = self._known[key]
        return value is not None if isinstance(condition, Exclusion) else _bind(binding, condition.variable, value)
