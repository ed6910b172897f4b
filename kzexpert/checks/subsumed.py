"""Check: rules that others make idle (KZ227), and rules that count one fact as two lines of evidence (KZ228).

Both are warnings. Rules are compared two at a time, those alone that conclude the same predicate.
"""

from collections.abc import Iterator
from itertools import combinations, permutations

from kzexpert.checks.implication import exclude, frozen, impossible, marks
from kzexpert.checks.subsumption import agreement, computed, subsumes
from kzexpert.errors import Issue, listed
from kzexpert.model import Constant, KnowledgeBase, Pattern, ProgramCondition, ProgramRule, Value, Variable
from kzexpert.program.order import planned

__all__ = ["evidence_counted_twice", "subsumed_rules"]


def subsumed_rules(kb: KnowledgeBase) -> list[Issue]:
    """Rules whose every firing is one of another rule as well, which counts instead or as much (KZ227)."""
    idle: dict[str, dict[str, set[int]]] = {}
    for group in _by_conclusion(kb):
        for other, rule in permutations(group, 2):
            if (
                _counts_for(other, rule)
                and subsumes(other, rule)
                and not (_later(other, rule) and subsumes(rule, other))
            ):
                idle.setdefault(rule.id, {}).setdefault(other.id, set()).add(rule.variant)
    plans = {plan.rule.id: plan for plan in planned(kb).plans}
    issues = []
    for name, others in idle.items():
        # All alternatives and conclusions must be those of one other rule.
        count = len(plans[name].variants)
        stronger = next((found for found, variants in others.items() if len(variants) == count), None)
        if stronger is not None:
            message = f"rule {name} adds nothing: wherever it fires, {stronger} fires too, and counts no less"
            hint = f"leave it out, or give it a condition that {stronger} does not have, or the greater certainty"
            related = ((plans[stronger].rule.location, f"rule {stronger}"),)
            issues.append(Issue("KZ227", message, plans[name].rule.location, hint, "warning", related))
    return issues


def _by_conclusion(kb: KnowledgeBase) -> list[list[ProgramRule]]:
    """The variants of rules that conclude one predicate, by place."""
    found: dict[str, list[ProgramRule]] = {}
    for plan in planned(kb).plans:
        for variant in plan.variants:
            found.setdefault(variant.head.predicate, []).append(variant)
    return [sorted(group, key=lambda item: (item.rule.location, item.key)) for group in found.values()]


def _later(rule: ProgramRule, other: ProgramRule) -> bool:
    return (rule.rule.location, rule.id) > (other.rule.location, other.id)


def _counts_for(rule: ProgramRule, other: ProgramRule) -> bool:
    """Whether a firing of one rule stands for a firing of another with the same conclusion."""
    one, two = rule.rule, other.rule
    if one is two or one.each or two.each or (one.certainty > 0) != (two.certainty > 0):
        return False
    if one.line == two.line:
        return abs(two.certainty) <= abs(one.certainty)
    return one.certainty == two.certainty == 1.0


def evidence_counted_twice(kb: KnowledgeBase) -> list[Issue]:
    """Rules of two families, or of none, that take one and the same fact for two lines of evidence (KZ228)."""
    found: dict[str, dict[str, tuple[ProgramRule, ProgramRule, Pattern]]] = {}
    for group in _by_conclusion(kb):
        for rule, other in combinations(group, 2):
            shared = _shared(rule, other)
            if shared is not None:
                found.setdefault(other.id, {}).setdefault(rule.id, (rule, other, shared))
    return [_twice(list(pairs.values())) for pairs in found.values()]


def _twice(pairs: list[tuple[ProgramRule, ProgramRule, Pattern]]) -> Issue:
    _, own, shared = pairs[0]
    names = listed([rule.id for rule, _, _ in pairs])
    rest = "rests" if len(pairs) == 1 else "rest"
    message = f"rule {own.id} makes a second line of evidence of what {names} {rest} on: {shared}"
    hint = "give them the same family:, so that the strongest counts, or say with intended: why they are two"
    return Issue(
        "KZ228",
        message,
        own.rule.location,
        hint,
        "warning",
        tuple((r.rule.location, f"rule {r.id}") for r, _, _ in pairs),
    )


def _shared(rule: ProgramRule, other: ProgramRule) -> Pattern | None:
    """A condition of one rule that looks at facts of what is concluded at which the other looks too."""
    one, two = rule.rule, other.rule
    alike = (one.certainty > 0) == (two.certainty > 0) and {one.certainty, two.certainty} != {1.0}
    if one is two or one.line == two.line or one.each or two.each or not alike:
        return None
    values = agreement(rule.head, other.head)
    return None if values is None else next(_common(rule, other, values), None)


def _common(rule: ProgramRule, other: ProgramRule, values: dict[str, Value]) -> Iterator[Pattern]:
    """The conditions that tell of two things in the conclusion, or of the only one, and at which both rules look."""
    given = frozen(other)
    named = {str(value) for value in marks(other.head.variables).values()}
    for pattern in rule.matches:
        wanted = pattern.instance(values)
        told = {term.value for term in wanted.terms if isinstance(term, Constant)} & named
        if not named or len(told) < min(2, len(named)):
            continue
        for fact in (condition.match for condition in given):
            if fact is not None and fact.predicate == wanted.predicate and _overlap(wanted, fact, named):
                if not _exclusive(rule, given, values, wanted, fact):
                    yield pattern
                break


def _exclusive(
    rule: ProgramRule, given: tuple[ProgramCondition, ...], values: dict[str, Value], wanted: Pattern, fact: Pattern
) -> bool:
    """Whether two rules that look at one fact can never fire on it together."""
    pairs = zip(wanted.arguments, fact.arguments, strict=True)
    bound = values | {
        one.name: two.value for one, two in pairs if isinstance(one, Variable) and isinstance(two, Constant)
    }
    bound = computed(rule, given, bound)
    own = [condition.instance(bound) for condition in rule.conditions]
    return any(impossible(condition) or any(exclude(condition, item) for item in given) for condition in own)


def _overlap(one: Pattern, two: Pattern, named: set[str]) -> bool:
    """Whether one fact can satisfy both, with the entities of the conclusion at the same places."""
    for left, right in zip(one.arguments, two.arguments, strict=True):
        pair = [term.value if isinstance(term, Constant) else None for term in (left, right)]
        if pair[0] != pair[1] and (named.intersection(map(str, pair)) or None not in pair):
            return False
    return True
