"""The bindings of a rule over facts, by nested loops with an index: the checker's own joins, tests and aggregates.

Conditions are ordered by what is bound when they are reached. No text is evaluated.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import fsum, isfinite
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from typing import Any, TypeAlias

from kzexpert.model import Absence, Aggregate, Constant, Expression, Match, Pattern, Test, Value, Variable
from kzexpert.proof.checker.recorded import Args
from kzexpert.proof.checker.rules import CheckedCondition, CheckedRule

__all__ = ["Binding", "FactStore", "aggregated", "bindings", "extended", "ordered", "satisfied", "value_of"]

Binding: TypeAlias = Mapping[str, Value]
_Index: TypeAlias = dict[Args, list[Args]]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


class FactStore:
    """Established facts by relation: arguments → certainty."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[Args, float]] = {}
        self._indexes: dict[str, dict[tuple[int, ...], _Index]] = {}

    def put(self, relation: str, args: Args, certainty: float) -> None:
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


# --- in which order ------------------------------------------------------------------------------------------------


def ordered(rule: CheckedRule, known: Iterable[str] = ()) -> list[CheckedCondition]:
    """The conditions of a rule, each as soon as it can be evaluated; of several atoms the one with the most bound.

    Args:
        known: variables that have a value from the start.
    """
    bound = set(known)
    pending = list(rule.conditions)
    found: list[CheckedCondition] = []
    while pending:
        chosen = next((item for item in pending if _ready(item, bound)), None) or max(
            (item for item in pending if isinstance(item, Match)), key=lambda item: _bound_terms(item, bound)
        )
        pending.remove(chosen)
        found.append(chosen)
        bound.update(_binds(chosen))
    return found


def _ready(condition: CheckedCondition, bound: set[str]) -> bool:
    if isinstance(condition, Match):
        return False
    if bound.issuperset(condition.needs):
        return True
    return (
        isinstance(condition, Test)
        and condition.operator == "="
        and any(
            isinstance(side, Variable) and bound.issuperset(other.variables)
            for side, other in ((condition.left, condition.right), (condition.right, condition.left))
        )
    )


def _bound_terms(condition: Match, bound: set[str]) -> int:
    terms = condition.pattern.terms
    return sum(isinstance(term, Constant) or (isinstance(term, Variable) and term.name in bound) for term in terms)


def _binds(condition: CheckedCondition) -> tuple[str, ...]:
    """What has a value once the condition holds."""
    return (*condition.binds, *condition.needs)


# --- with which values ---------------------------------------------------------------------------------------------


def bindings(conditions: Sequence[CheckedCondition], binding: Binding, facts: FactStore) -> Iterator[Binding]:
    """Every extension of a binding under which all conditions hold, with repeats where ``_`` matches several facts.

    Args:
        conditions: in an order of `ordered`.
    """
    if not conditions:
        yield binding
        return
    for found in satisfied(conditions[0], binding, facts):
        yield from bindings(conditions[1:], found, facts)


def satisfied(condition: CheckedCondition, binding: Binding, facts: FactStore) -> Iterator[Binding]:
    """Every extension of a binding under which one condition holds."""
    if isinstance(condition, Match):
        for args, certainty in facts.matching(condition.pattern, binding):
            found = extended(condition.pattern, args, certainty, binding)
            if found is not None:
                yield found
    elif isinstance(condition, Absence):
        if next(satisfied(Match(condition.pattern), binding, facts), None) is None:
            yield binding
    elif isinstance(condition, Aggregate):
        yield from _equal(binding, condition.variable, aggregated(condition, binding, facts))
    elif isinstance(condition, Test):
        yield from _compared(condition, binding)


def _equal(binding: Binding, name: str, value: Value | None) -> Iterator[Binding]:
    """The binding with a value for a variable, unless there is none or the variable has another."""
    if value is not None and binding.get(name, value) == value:
        yield {**binding, name: value}


def _compared(test: Test, binding: Binding) -> Iterator[Binding]:
    for side, other in ((test.left, test.right), (test.right, test.left)):
        if isinstance(side, Variable) and side.name not in binding:  # only an = is evaluated with an open side
            yield from _equal(binding, side.name, value_of(other, binding))
            return
    left: Any = value_of(test.left, binding)
    right: Any = value_of(test.right, binding)
    if left is None or right is None:
        return
    if _COMPARISONS[test.operator](left, right):
        yield binding


def value_of(expression: Expression, binding: Binding) -> Value | None:
    """The value of an expression; None where there is no finite one."""
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return binding[expression.name]
    left: Any = value_of(expression.left, binding)
    right: Any = value_of(expression.right, binding)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    result = _ARITHMETIC[expression.operator](left, right)
    return result + 0.0 if isfinite(result) else None  # there is no negative zero


def aggregated(aggregate: Aggregate, binding: Binding, facts: FactStore) -> Value | None:
    """What an aggregate comes to over the distinct bindings of its own variables; None when it fails."""
    start = {name: binding[name] for name in aggregate.shared}
    own = sorted({name for pattern in aggregate.patterns for name in pattern.variables} - start.keys())
    found = {
        tuple(solution[name] for name in own): solution[aggregate.over]
        for solution in bindings([Match(pattern) for pattern in aggregate.patterns], start, facts)
    }
    values: list[Any] = list(found.values())
    if aggregate.function == "count":
        return float(len(set(values)))
    if aggregate.function == "sum":
        try:
            return fsum(values) + 0.0
        except OverflowError:
            return None
    if not values:
        return None
    smallest_first = sorted(values)
    return smallest_first[0] if aggregate.function == "min" else smallest_first[-1]  # type: ignore[no-any-return]
