"""Which conditions follow from others, and which exclude each other, as far as what is written tells.

It looks at no fact and reports nothing itself. Of numbers it takes it that there is one between any two.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias

from kzexpert.model import (
    ANY,
    Constant,
    Expression,
    Operator,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Relation,
    Value,
    Within,
)

__all__ = [
    "ORDERS",
    "always",
    "covers",
    "disjoint",
    "exclude",
    "follows",
    "frozen",
    "marks",
    "order_of",
    "reaches",
    "text_of",
]

#: An operator as the set of orders it allows between left and right: 1 less, 2 equal, 4 greater.
ORDERS: Mapping[str, int] = {"<": 1, "=": 2, "<=": 3, ">": 4, "!=": 5, ">=": 6}
_ALL = 7
#: Where a value can lie in respect of a lower and of a higher constant.
_REGIONS = ((1, 1), (2, 1), (4, 1), (4, 2), (4, 4))
#: What a variable is in the general instance of its rule; no bare word begins so.
_MARK = "·"
_LOCAL = re.compile(r"\?\w+")
#: An expression, the orders in which it may stand to another, and that one.
Bound: TypeAlias = tuple[Expression, int, Expression]


# --- values and their orders ------------------------------------------------------------------------------------------


def order_of(value: Value, other: Value) -> int:
    """1, 2 or 4: less, equal, greater; values of two types are merely unequal, and pass for less."""
    if value == other:
        return 2
    if isinstance(value, str) and isinstance(other, str):
        return 1 if value < other else 4
    if isinstance(value, date) and isinstance(other, date):
        return 1 if value < other else 4
    if isinstance(value, float) and isinstance(other, float):
        return 1 if value < other else 4
    return 1


def disjoint(orders: int, value: Value, other_orders: int, other_value: Value) -> bool:
    """Whether no value stands in these orders to these two constants, as if there were a value between any two."""
    if type(value) is not type(other_value):
        return False
    order = order_of(value, other_value)
    if order == 2:
        return not orders & other_orders
    low, high = (orders, other_orders) if order == 1 else (other_orders, orders)
    return not any(below & low and above & high for below, above in _REGIONS)


def always(left: Expression, operator: Operator, right: Expression) -> bool:
    """Whether a comparison holds whatever the facts: ``?x = ?x``, ``1 < 2``."""
    if operator not in ORDERS:
        return False
    if isinstance(left, Constant) and isinstance(right, Constant):
        return bool(order_of(left.value, right.value) & ORDERS[operator])
    return left == right and bool(ORDERS[operator] & 2)


def covers(wider: Pattern, pattern: Pattern) -> bool:
    """Whether each fact that one pattern matches, under one binding, is matched by the wider one."""
    if not reaches(wider, pattern):
        return False  # behind the arguments may stand dates, which only the same relation has as well
    return all(term in (ANY, other) for term, other in zip(wider.terms, pattern.terms, strict=False))


def reaches(wider: Pattern, pattern: Pattern) -> bool:
    """Whether it looks at no fewer facts: at all of a predicate, or at a window that is no shorter."""
    if wider.relation in (pattern.predicate, pattern.relation):
        return True
    one, other = wider.relation, pattern.relation
    if not isinstance(one, Relation) or not isinstance(other, Relation):
        return False
    if (one.predicate, one.dates) != (other.predicate, other.dates) or not one.within or not other.within:
        return False
    return _shortest(one.within) >= _longest(other.within)


def _shortest(window: Within) -> int:
    """The days that a window has at least; `_longest` those that it has at most."""
    return window.amount * {"day": 1, "month": 28, "year": 365}[window.unit]


def _longest(window: Within) -> int:
    return window.amount * {"day": 1, "month": 31, "year": 366}[window.unit]


# --- conditions -------------------------------------------------------------------------------------------------------


def frozen(rule: ProgramRule) -> tuple[ProgramCondition, ...]:
    """The conditions of a rule with a value of its own for each variable: what all its firings have in common.

    What follows from these follows in every firing (Plotkin, *A note on inductive generalization*, 1970).
    """
    return tuple(condition.instance(marks(rule.variables)) for condition in rule.conditions)


def marks(variables: Iterable[str]) -> dict[str, Value]:
    """The value that each variable has in a general instance."""
    return {name: f"{_MARK}{name}" for name in variables}


def text_of(condition: ProgramCondition) -> str:
    """The condition without what it binds, and the same for all names of variables that it has for itself."""
    names: dict[str, str] = {}
    text = str(condition)
    if condition.binds and condition.match is None:
        text = text.partition(" = ")[2]
    return _LOCAL.sub(lambda found: names.setdefault(found[0], f"?{len(names)}"), text)


def follows(condition: ProgramCondition, others: Iterable[ProgramCondition]) -> ProgramCondition | None:
    """One of several conditions from which another follows, all of them frozen; None where there is none."""
    return next((other for other in others if _follows(condition, other)), None)


def _follows(condition: ProgramCondition, other: ProgramCondition) -> bool:
    if condition.match is not None:
        return other.match is not None and not condition.match.certainty and covers(condition.match, other.match)
    if condition.binds or other.binds:
        return False
    narrow, wide = _denied(condition), _denied(other)
    if narrow is not None and wide is not None:
        return covers(wide, narrow)
    demands, given = _demands(condition), _demands(other)
    if demands and given:
        return all(any(_entails(one, wanted) for one in given) for wanted in demands)
    return text_of(condition) == text_of(other)


def exclude(condition: ProgramCondition, other: ProgramCondition) -> bool:
    """Whether two frozen conditions can never hold together: bounds without a value, or a negation of a fact."""
    for one, two in ((condition, other), (other, condition)):
        denied = _denied(one)
        if denied is not None and two.match is not None and covers(denied, two.match):
            return True
    pairs = [(one, two) for one in _demands(condition) for two in _demands(other)]
    return any(all(_apart(a, b) for a in one for b in two) for one, two in pairs)


def impossible(condition: ProgramCondition) -> bool:
    """Whether a condition compares values that an author wrote, and in vain."""
    return any(all(_fails(*choice) for choice in choices) for choices in _demands(condition))


def _fails(left: Expression, orders: int, right: Expression) -> bool:
    values = [side.value for side in (left, right) if isinstance(side, Constant) and _known(side)]
    return len(values) == 2 and not order_of(*values) & orders


def _apart(one: Bound, two: Bound) -> bool:
    (left, orders, right), (own, allowed, limit) = one, two
    if left != own:
        return False
    if right == limit:
        return not orders & allowed
    if isinstance(right, Constant) and isinstance(limit, Constant) and _known(right) and _known(limit):
        return disjoint(orders, right.value, allowed, limit.value)
    return False


def _denied(condition: ProgramCondition) -> Pattern | None:
    """The one pattern that nothing may match."""
    return condition.denied.conditions[0].match if condition.denied and len(condition.denied.conditions) == 1 else None


def _demands(condition: ProgramCondition) -> list[list[Bound]]:
    """The comparisons of a condition, turned alike; none where one is of a kind of its own, such as ``contains``."""
    if any(operator not in ORDERS for choices in condition.demands for _, operator, _ in choices):
        return []
    return [[_turned(left, ORDERS[operator], right) for left, operator, right in item] for item in condition.demands]


def _turned(left: Expression, orders: int, right: Expression) -> Bound:
    """A comparison with what is known on the right, else with its sides sorted."""
    if _known(left) > _known(right) or (_known(left) == _known(right) and str(right) < str(left)):
        flipped = (orders & 2) | (4 if orders & 1 else 0) | (1 if orders & 4 else 0)
        return right, flipped, left
    return left, orders, right


def _known(expression: Expression) -> bool:
    """Whether it is a value that an author wrote."""
    value = expression.value if isinstance(expression, Constant) else _MARK
    return not (isinstance(value, str) and value.startswith(_MARK))


def _entails(given: list[Bound], wanted: list[Bound]) -> bool:
    return all(any(_within(one, choice) for choice in wanted) for one in given)


def _within(given: Bound, wanted: Bound) -> bool:
    """Whether one comparison says no less than another."""
    (left, orders, right), (own, allowed, limit) = given, wanted
    if left != own:
        return False
    if right == limit:
        return not orders & ~allowed
    if isinstance(right, Constant) and isinstance(limit, Constant) and _known(right) and _known(limit):
        return disjoint(_ALL & ~allowed, limit.value, orders, right.value)
    return False
