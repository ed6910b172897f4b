"""The conditions that no join can say: comparisons, assignments, aggregates, and absences of computed values.

They are evaluated over facts that are complete, since all they look at lies in lower strata. No rule text is ever
evaluated: an expression is a tree of values.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from kzexpert.model import (
    AGGREGATES,
    Absence,
    Aggregate,
    Assignment,
    Constant,
    Expression,
    Operation,
    ProgramCondition,
    Test,
    Value,
    Variable,
)
from kzexpert.model.established import Binding, EstablishedFacts

__all__ = ["Completion", "evaluate", "fold", "holds"]

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


def fold(aggregate: Aggregate, found: Iterator[Binding]) -> Value | None:
    """The result of an aggregate over the bindings of its atoms; None where it has none."""
    outer = set(aggregate.shared) - {aggregate.over}
    own = {
        tuple(sorted((name, value) for name, value in binding.items() if name not in outer)): binding[aggregate.over]
        for binding in found
    }
    return AGGREGATES[aggregate.function].fold(list(own.values()))


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
