"""Mutants that are the same rule: where that can be shown from the rule alone, and why. Nothing is guessed.

Whether any facts tell two rules apart cannot be decided in general (Shmueli, *Decidability and expressiveness aspects
of logic queries*, PODS 1987); three reasons are looked for that occur among changes of one place.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

from kzexpert.authoring.mutation.mutants import WRITTEN, Mutant
from kzexpert.model import Constant, KnowledgeBase, Pattern, Rule, Term
from kzexpert.model.evaluation import COMPARE
from kzexpert.program.order import plan_rule
from kzexpert.program.resolve import Types

__all__ = ["same_because"]

#: So many ways to exchange variables are tried.
_MOST_EXCHANGES = 2_000
_VARIABLE = re.compile(r"\?(\w+)")
_EITHER_WAY = re.compile(r"(.+) (!?=) (.+)")


def same_because(kb: KnowledgeBase, mutant: Mutant) -> str:
    """Why a mutant concludes the same as its rule from whatever facts; "" where nothing shows it."""
    if mutant.mutated is None:
        return ""
    reasons = (
        _renamed(kb, mutant.rule, mutant.mutated),
        *_implied(kb, mutant),
        *_blocked(mutant),
        *_same_numbers(mutant.rule, mutant.mutated),
    )
    return next(filter(None, reasons), "")


def _renamed(kb: KnowledgeBase, rule: Rule, other: Rule) -> str:
    """The two are one but for the names of their variables."""
    types = Types(kb, rule).of
    if _said(rule, {}) == _said(other, {}):
        return "it says the same"
    for names in islice(_exchanges(sorted(types), types), _MOST_EXCHANGES):
        if names and _said(rule, {}) == _said(other, names):
            pairs = [f"?{one} and ?{two}" for one, two in names.items() if one < two]
            return f"it is the same rule with {', '.join(pairs)} in each other's place"
    return ""


def _exchanges(names: Sequence[str], types: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Every way to exchange some variables of one type with each other in pairs."""
    if not names:
        yield {}
        return
    first, *rest = names
    for found in _exchanges(rest, types):
        yield found
        for other in rest:
            if types[other] == types[first] and other not in found:
                yield {**found, first: other, other: first}


def _said(rule: Rule, names: Mapping[str, str]) -> tuple[list[str], list[str], float]:
    """All that matters of a rule, with other names for some variables."""

    def renamed(text: str) -> str:
        text = _VARIABLE.sub(lambda found: f"?{names.get(found[1], found[1])}", text)
        sides = _EITHER_WAY.fullmatch(text)
        return f"{min(sides[1], sides[3])} {sides[2]} {max(sides[1], sides[3])}" if sides else text

    heads = map(WRITTEN.atom, rule.then)
    return sorted(renamed(item.said(WRITTEN)) for item in rule.when), sorted(map(renamed, heads)), rule.certainty


def _implied(kb: KnowledgeBase, mutant: Mutant) -> Iterator[str]:
    """What is left out holds wherever another condition does, and is as certain."""
    assert mutant.mutated is not None
    left_out = [item for item in mutant.rule.when if item not in mutant.mutated.when]
    if len(mutant.mutated.when) != len(mutant.rule.when) - 1 or len(left_out) != 1 or not left_out[0].matches:
        return
    for whole, rest in zip(plan_rule(kb, mutant.rule).variants, plan_rule(kb, mutant.mutated).variants, strict=True):
        gone = [item for item in whole.matches if item not in rest.matches]
        used = {*rest.variables, *rest.head.variables}
        for pattern in gone:
            other = next((item for item in rest.matches if _covers(pattern, item, used)), None)
            if other is None:
                return
            yield f"`{pattern}` holds wherever `{other}` does"


def _blocked(mutant: Mutant) -> Iterator[str]:
    """Two variables must differ, and where they are one the rule denies what it asks for."""
    assert mutant.mutated is not None
    for item in mutant.rule.when:
        for left, operator, right in item.comparisons if item not in mutant.mutated.when else ():
            names = {*left.variables, *right.variables}
            if operator != "!=" or len(names) != 2 or len(mutant.mutated.when) == len(mutant.rule.when):
                continue
            one, two = sorted(names)
            said = _said(mutant.mutated, {two: one})[0]
            plain = [text.partition(" @ ")[0] for text in said]
            asked = next((text for text in plain if {f"not {text}", f"unless: [{text}]"}.intersection(said)), "")
            if asked:
                yield f"where ?{one} is ?{two} the rule denies the `{asked}` that it asks for"


def _covers(pattern: Pattern, other: Pattern, used: set[str]) -> bool:
    """Whether a pattern matches each fact that another matches, its variables that stand nowhere else aside."""

    def open_(term: Term) -> bool:
        return not isinstance(term, Constant) and used.isdisjoint(term.variables)

    alike = pattern.relation in (other.relation, other.predicate) and pattern.certainty is None
    lone = [name for name in pattern.variables if name not in used]
    pairs = zip(pattern.terms, other.terms, strict=False)
    return alike and len(lone) == len(set(lone)) and all(one == two or open_(one) for one, two in pairs)


def _same_numbers(rule: Rule, other: Rule) -> Iterator[str]:
    """What is compared differently lets the same numbers pass."""
    changed = [item for item in (*rule.when, *other.when) if (item in rule.when) != (item in other.when)]
    names = {name for item in changed for name in item.variables}
    if len(names) != 1:
        return
    (name,) = names
    if any(_bound(item, name) is None for item in changed):
        return
    counts = any(item.result == name and item.function == "count" for item in rule.when)
    before, after = ([bound for item in each.when if (bound := _bound(item, name))] for each in (rule, other))
    numbers = sorted({number for _, number in (*before, *after)})
    between = [(one + two) / 2 for one, two in pairwise(numbers)]
    points = [*numbers, *between, numbers[0] - 1, numbers[-1] + 1]
    if counts:
        points = [float(number) for number in range(int(max(numbers[-1], 0)) + 3)]
    if all(_passes(before, point) == _passes(after, point) for point in points):
        yield f"no {'count' if counts else 'number'} passes the one and not the other"


def _bound(condition: Any, name: str) -> tuple[Callable[[Any, Any], bool], float] | None:
    operator, bound = condition.facing(name) or ("", None)
    if isinstance(bound, Constant) and isinstance(bound.value, float) and operator in COMPARE:
        return COMPARE[operator], bound.value
    return None


def _passes(bounds: list[tuple[Callable[[Any, Any], bool], float]], number: float) -> bool:
    return all(compare(number, bound) for compare, bound in bounds)
