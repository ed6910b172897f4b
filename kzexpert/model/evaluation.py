"""The conditions that no join can say: comparisons, lists, assignments, aggregates, blocks, computed absences.

They are evaluated over established facts. No rule text is ever evaluated: an expression is a tree of values.
"""

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Any

from msgspec.structs import replace

from kzexpert.model.aggregates import AGGREGATES
from kzexpert.model.body import (
    Absence,
    Aggregate,
    Assignment,
    Body,
    Exclusion,
    Listing,
    ProgramCondition,
    Test,
)
from kzexpert.model.established import Binding, EstablishedFacts
from kzexpert.model.functions import TEXT_OPERATORS, called
from kzexpert.model.program import ProgramRule
from kzexpert.model.terms import Call, Constant, Expression, GroundAtom, Operation, RelationKey, Value, Variable

__all__ = ["COMPARE", "Completion", "Rising", "combinations", "evaluate", "fold", "holds", "rising", "solutions"]

#: Operator → whether two values pass it.
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
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


def holds(test: ProgramCondition, as_of: date) -> tuple[list[str], Callable[..., bool]]:
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
    assert isinstance(test, Test)
    compare = COMPARE[test.operator]
    left, right = test.left, test.right
    if variables == [str(left)[1:], str(right)[1:]]:
        return variables, compare

    def compared(*arguments: Value) -> bool:
        binding = dict(zip(variables, arguments, strict=True))
        values = evaluate(left, binding, as_of), evaluate(right, binding, as_of)
        return None not in values and compare(*values)

    return variables, compared


def fold(aggregate: Aggregate, found: Iterable[Binding], as_of: date, growing: bool = False) -> Value | None:
    """The result of an aggregate over the bindings of its body; None where it has none, as the least of nothing.

    Args:
        growing: it looks at a component that still grows; a negative value then counts as 0, so that a sum can only
            rise. Whoever closes the component tells of such values.
    """
    values = [value for _, value in combinations(aggregate, found, as_of)]
    return _folded(aggregate, values, growing)


def _folded(aggregate: Aggregate, values: list[Value], growing: bool) -> Value | None:
    if growing and aggregate.function == "sum":
        values = [max(value, 0.0) if isinstance(value, float) else value for value in values]
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
    yield from _extended(_arranged(body, frozenset(binding)), facts, binding, as_of)


@lru_cache(maxsize=1024)  # the same bodies are evaluated for very many bindings
def _arranged(body: Body, known: frozenset[str]) -> Sequence[ProgramCondition]:
    """Conditions in an order of evaluation: what is ready at once, then the match of which most is known."""
    bound = {*known}
    pending = [body.conditions[index] for index in body.order]
    found: list[ProgramCondition] = []
    while pending:
        ready = [item for item in pending if item.match is None and bound.issuperset(item.needs)]
        first = ready[0] if ready else max(pending, key=lambda item: _known(item, bound))
        pending.remove(first)
        found.append(first)
        bound.update(first.binds)
    return found


def _known(condition: ProgramCondition, bound: set[str]) -> int:
    """How many places of a match have a value; -1 for what is no match."""
    if condition.match is None:
        return -1
    return sum(isinstance(term, Constant) or not bound.isdisjoint(term.variables) for term in condition.match.terms)


def _extended(
    conditions: Sequence[ProgramCondition], facts: EstablishedFacts, binding: Binding, as_of: date
) -> Iterator[Binding]:
    if not conditions:
        yield binding
        return
    first, rest = conditions[0], conditions[1:]
    if first.match is not None:
        for extended in facts.matching(first.match, binding):
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
        return _bind(binding, condition, evaluate(condition.expression, binding, as_of))
    if isinstance(condition, Aggregate | Exclusion):
        return _bind(binding, condition, _outcome(condition, facts, binding, as_of))
    assert isinstance(condition, Absence)
    return next(facts.matching(condition.pattern, binding), None) is None


def _outcome(
    condition: Aggregate | Exclusion, facts: EstablishedFacts, binding: Binding, as_of: date, growing: bool = False
) -> Value | None:
    """What a condition with others inside comes to; None where it fails."""
    found = solutions(condition.body, facts, {name: binding[name] for name in condition.shared}, as_of)
    if isinstance(condition, Aggregate):
        return fold(condition, found, as_of, growing)
    return 1.0 if next(found, None) is None else None


def _bind(binding: Binding, condition: Assignment | Aggregate | Exclusion, value: Value | None) -> bool:
    """Bind the variable of a condition, or compare where it is bound already."""
    name = condition.variable
    return value is not None and (not name or binding.setdefault(name, value) == value)


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
        self._growing = tuple(map(growing, self._conditions))
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
        if not isinstance(condition, Aggregate | Exclusion):
            return _satisfies(condition, self._facts, binding, self._as_of)
        if self._growing[index]:
            return _bind(binding, condition, _outcome(condition, self._facts, binding, self._as_of, growing=True))
        key = (index, tuple([binding[name] for name in condition.shared]))
        if key not in self._known:
            self._known[key] = _outcome(condition, self._facts, binding, self._as_of)
        return _bind(binding, condition, self._known[key])


class Rising:
    """An aggregate over its own recursive component, as one firing sees it: what it counts, and when that is enough.

    Args:
        rule: its rule.
        aggregate: one of `rising(rule, ...)`.
        values: of the rule's variables.
        inside: the predicates of the component.

    Attributes:
        counted: each combination of facts with what it contributes, and those of its facts that lie in the component.
    """

    def __init__(
        self,
        rule: ProgramRule,
        aggregate: Aggregate,
        values: Mapping[str, Value],
        facts: EstablishedFacts,
        inside: Collection[RelationKey],
        as_of: date,
    ) -> None:
        self.aggregate = aggregate
        self._values = values
        self._as_of = as_of
        self._tests = rule.tests_of(aggregate.variable)
        named = aggregate.body.named()
        given = {name: values[name] for name in aggregate.shared}
        full = replace(aggregate, body=named)
        self.counted: list[tuple[Value, tuple[GroundAtom, ...], tuple[GroundAtom, ...]]] = []
        for binding, value in combinations(full, solutions(named, facts, given, as_of), as_of):
            atoms = [(pattern, pattern.instance(binding).ground) for pattern in named.matches]
            every = tuple(atom for _, atom in atoms if atom is not None)
            own = tuple(atom for pattern, atom in atoms if atom is not None and pattern.relation in inside)
            self.counted.append((value, every, own))

    def value(self, known: Callable[[GroundAtom], bool]) -> Value | None:
        """The result over the combinations whose facts of the component are known; None while that is not enough."""
        values = [value for value, _, own in self.counted if all(map(known, own))]
        result = _folded(self.aggregate, values, growing=True)
        if result is None:
            return None
        binding = {**self._values, self.aggregate.variable: result}
        for test in self._tests:
            variables, function = holds(test, self._as_of)
            if not function(*[binding[name] for name in variables]):
                return None
        return result


def rising(rule: ProgramRule, inside: Collection[RelationKey]) -> tuple[Aggregate, ...]:
    """The aggregates of a rule that look at conclusions of its own component."""
    found = rule.aggregates.values()
    return tuple(item for item in found if any(pattern.relation in inside for pattern in item.patterns))
