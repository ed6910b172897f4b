"""Check: no condition follows from the others of its rule (KZ226); a warning, since such a condition changes nothing.

It compares two conditions at a time, as they are written.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from kzexpert.checks.implication import always, follows, frozen, marks, text_of
from kzexpert.errors import Issue, Location
from kzexpert.model import (
    ANY,
    Condition,
    KnowledgeBase,
    Match,
    ProgramCondition,
    ProgramRule,
    Variable,
)
from kzexpert.program.order import planned

__all__ = ["implied_conditions"]


def implied_conditions(kb: KnowledgeBase) -> list[Issue]:
    """Conditions that hold wherever others of their rule do (KZ226), whichever alternatives are chosen."""
    issues = []
    for plan in planned(kb).plans:
        found: dict[Location, list[tuple[Condition, str, Location | None]]] = {}
        for variant in plan.variants:
            whole = frozen(variant)
            for place, condition in enumerate(variant.when):
                found.setdefault(condition.location, []).extend(_reasons(variant, whole, place))
        times = Counter(condition.location for variant in plan.variants for condition in variant.when)
        for location, reasons in found.items():
            if reasons and len(reasons) == times[location]:
                condition, why, other = reasons[0]
                message = f"the condition {condition.text} of rule {plan.rule.id} changes nothing: {why}"
                related = ((other, "the other condition"),) if other else ()
                hint = "leave it out, or correct what was meant to be something else"
                issues.append(Issue("KZ226", message, location, hint, "warning", related))
    return issues


def _reasons(
    variant: ProgramRule, whole: tuple[ProgramCondition, ...], place: int
) -> Iterator[tuple[Condition, str, Location | None]]:
    """Why a condition holds in any case, where it does, and the place of the one from which it follows."""
    condition, written = variant.conditions[place], variant.when[place]
    if condition.match is not None and condition.match.certainty:
        return  # it is there for the certainty of its fact
    demands = condition.demands
    if demands and all(any(always(*choice) for choice in choices) for choices in demands):
        yield written, "it always holds", None
        return
    for number, other in enumerate(variant.when):
        if number == place or not follows(_loose(variant, place), whole[number : number + 1]):
            continue
        both = follows(_loose(variant, number), whole[place : place + 1])
        twice = text_of(whole[number]) == text_of(whole[place]) or _is_turned(written, other)  # which KZ211 tells
        if not both or (number < place and not twice):
            yield written, f"it holds wherever {other.text} does", other.location
            return


def _is_turned(condition: Condition, other: Condition) -> bool:
    """Whether they are one comparison, its sides exchanged in one of them."""
    return any(reading.comparisons == other.comparisons for reading in condition.readings[1:])


def _loose(variant: ProgramRule, place: int) -> ProgramCondition:
    """A condition of the general instance; a variable that stands in it alone may be anything."""
    condition, rule = variant.conditions[place], variant.rule
    times = Counter(name for item in (*rule.when, *rule.then) for name in item.variables)
    own = {name for name in condition.binds if times[name] == 1 and f"{{{name}" not in rule.because and not rule.each}
    found = condition.instance(marks(name for name in variant.variables if name not in own))
    if found.match is None:
        return found
    terms = tuple(ANY if isinstance(term, Variable) else term for term in found.match.terms)
    return Match(replace(found.match, terms=terms))
