"""Check: rules that differ in the bounds of one number alone leave no gap between them, and do not overlap (KZ230).

A warning: a gap may be meant. Bounds that are whole numbers next to each other are taken to be of whole numbers.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise
from math import inf

import msgspec

from kzexpert.checks.implication import ORDERS, frozen, marks
from kzexpert.checks.subsumption import embedding
from kzexpert.errors import Issue
from kzexpert.model import (
    Constant,
    KnowledgeBase,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Value,
    Variable,
    format_number,
)
from kzexpert.program.order import planned

__all__ = ["bounds_side_by_side"]


class _Range(msgspec.Struct, frozen=True):
    """The values of one variable with which a rule fires, and the conditions that do not bound it."""

    rule: ProgramRule
    variable: str
    low: float
    high: float
    with_low: bool
    with_high: bool
    rest: tuple[ProgramCondition, ...]

    @property
    def order(self) -> tuple[float, bool, float, str]:
        return self.low, not self.with_low, self.high, self.rule.key


def bounds_side_by_side(kb: KnowledgeBase) -> list[Issue]:
    """Gaps and overlaps between the bounds of rules that are alike otherwise (KZ230)."""
    by_head: dict[str, list[_Range]] = {}
    for plan in planned(kb).plans:
        for variant in plan.variants:
            by_head.setdefault(variant.head.predicate, []).extend(_ranges(variant))
    issues = []
    for ranges in by_head.values():
        for alike in _grouped(ranges):
            issues += [*_gaps(alike), *_overlaps(alike)]
    return issues


def _ranges(variant: ProgramRule) -> Iterator[_Range]:
    """One for each variable that the rule compares with numbers."""
    limits: dict[str, list[tuple[int, str, float]]] = {}
    for place, condition in enumerate(variant.conditions):
        for name in dict.fromkeys(condition.needs) if condition.compares else ():
            found = condition.facing(name)
            if found is not None and isinstance(found[1], Constant) and isinstance(found[1].value, float):
                limits.setdefault(name, []).append((place, found[0], found[1].value))
    for name, bounds in limits.items():
        low, high, with_low, with_high = -inf, inf, False, False
        for _, operator, value in bounds:
            orders = ORDERS.get(operator, 5)
            if not orders & 1 and (value, not orders & 2) > (low, not with_low):
                low, with_low = value, bool(orders & 2)
            if not orders & 4 and (-value, not orders & 2) > (-high, not with_high):
                high, with_high = value, bool(orders & 2)
        places = {place for place, _, _ in bounds}
        rest = tuple(condition for place, condition in enumerate(variant.conditions) if place not in places)
        if all(ORDERS.get(operator, 5) != 5 for _, operator, _ in bounds) and low <= high:
            yield _Range(variant, name, low, high, with_low, with_high, rest)


def _grouped(ranges: list[_Range]) -> list[list[_Range]]:
    """The ranges of rules that are alike otherwise, from low to high; those alone that stand beside others."""
    groups: list[list[_Range]] = []
    for one in sorted(ranges, key=lambda item: item.order):
        for group in groups:
            if one.rule.rule is not group[0].rule.rule and _alike(one, group[0]) and _alike(group[0], one):
                group.append(one)
                break
        else:
            groups.append([one])
    return [group for group in groups if len(group) > 1]


def _alike(one: _Range, other: _Range) -> bool:
    """Whether the rest of one rule follows from the rest of the other, with the numbers in each other's places."""
    values = _corresponding(one.rule.head, other.rule.head)
    if values is None:
        return False
    conditions, names = frozen(other.rule), {str(condition) for condition in other.rest}
    given = tuple(item for item, own in zip(conditions, other.rule.conditions, strict=True) if str(own) in names)
    found = embedding(one.rule, one.rest, given, values)
    return found is not None and found.get(one.variable) == marks([other.variable])[other.variable]


def _corresponding(head: Pattern, other: Pattern) -> dict[str, Value] | None:
    """What the variables of one conclusion are in another, which may name other things."""
    values: dict[str, Value] = {}
    for term, its in zip(head.terms, other.terms, strict=True):
        if isinstance(term, Variable) != isinstance(its, Variable):
            return None
        if isinstance(term, Variable) and isinstance(its, Variable):
            mark = marks([its.name])[its.name]
            if values.setdefault(term.name, mark) != mark:
                return None
    return values


def _gaps(alike: list[_Range]) -> Iterator[Issue]:
    for sign in (True, False):
        group = [item for item in alike if (item.rule.rule.certainty > 0) == sign]
        reached = group[0] if group else None
        for before, after in pairwise(group):
            reached = max(reached or before, before, key=lambda item: (item.high, item.with_high))
            low, high = reached.high, after.low
            apart = high > low or (high == low and not (after.with_low or reached.with_high))
            steps = reached.with_high and after.with_low and low.is_integer() and high == low + 1
            if apart and not steps:
                values = (
                    f"at {format_number(low)}"
                    if low == high
                    else f"between {format_number(low)} and {format_number(high)}"
                )
                both = f"rules {reached.rule.id} and {after.rule.id}"
                message = f"{both} leave a gap: neither fires for ?{after.variable} {values}"
                yield _issue(
                    after, reached, message, "move one of the bounds, or say with intended: why nothing follows there"
                )


def _overlaps(alike: list[_Range]) -> Iterator[Issue]:
    """Told only of what is not the same conclusion with the same sign: that is a matter of families.

    What speaks against where a wider range speaks for is an exception, and no slip.
    """
    for one, other in combinations(alike, 2):
        same = one.rule.head.fixed == other.rule.head.fixed
        opposed = (one.rule.rule.certainty > 0) != (other.rule.rule.certainty > 0)
        low, high = other.low, min(one.high, other.high)
        meet = low < high or (low == high and other.with_low and one.with_high)
        nested = opposed and (other.high, other.with_high) <= (one.high, one.with_high)
        if meet and same == opposed and not nested:
            what = "speak for and against the same thing" if same else "conclude two things"
            where = (
                f"from {format_number(low)}"
                if high == inf
                else f"at {format_number(low)}"
                if low == high
                else (f"between {format_number(low)} and {format_number(high)}")
            )
            message = f"rules {one.rule.id} and {other.rule.id} overlap: for ?{other.variable} {where} they {what}"
            yield _issue(other, one, message, "move one of the bounds, or say with intended: why both hold there")


def _issue(item: _Range, other: _Range, message: str, hint: str) -> Issue:
    related = ((other.rule.rule.location, f"rule {other.rule.id}"),)
    return Issue("KZ230", message, item.rule.rule.location, hint, "warning", related)
