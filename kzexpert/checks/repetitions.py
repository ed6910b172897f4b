"""Check: no condition stands twice in a rule (KZ211); a warning, since a repetition changes nothing.

It compares what is written, spaces and aliases apart, and draws no conclusion from it.
"""

from kzexpert.checks.contradictions import FLIPPED
from kzexpert.errors import Issue, Location
from kzexpert.model import Aggregation, Comparison, Condition, KnowledgeBase, Negation, Premise
from kzexpert.program.resolve import resolve_atom

__all__ = ["repeated_conditions"]


def repeated_conditions(kb: KnowledgeBase) -> list[Issue]:
    """Conditions that stand twice in a rule (KZ211), however they are spaced, and whichever alias they use."""
    issues: list[Issue] = []
    for rule in kb.rules:
        alike: dict[object, list[Condition]] = {}
        for condition in rule.when:
            alike.setdefault(_rough_key(condition), []).append(condition)
        for group in alike.values():
            seen: dict[object, Location] = {}
            for condition in group if len(group) > 1 else ():
                key = _exact_key(kb, condition)
                if key in seen:
                    message = f"the condition {condition.text} stands twice in rule {rule.id}"
                    related = ((seen[key], "the other one"),)
                    hint = "leave one of them out"
                    issues.append(Issue("KZ211", message, condition.location, hint, "warning", related))
                seen.setdefault(key, condition.location)
    return issues


def _rough_key(condition: Condition) -> object:
    """Equal for equal conditions, and quick: names are resolved only where two conditions share it."""
    if isinstance(condition, Comparison):
        return Comparison
    if isinstance(condition, Aggregation):
        return Aggregation, condition.result
    return type(condition), condition.atom.predicate


def _exact_key(kb: KnowledgeBase, condition: Condition) -> object:
    if isinstance(condition, Comparison):
        left, operator, right = str(condition.left), condition.operator, str(condition.right)
        return min((left, operator, right), (right, FLIPPED[operator], left))
    if isinstance(condition, Aggregation):
        return condition.function, condition.over, tuple(_atom_key(kb, item) for item in condition.premises)
    return _atom_key(kb, condition)


def _atom_key(kb: KnowledgeBase, condition: Premise | Negation) -> object:
    certainty = condition.certainty if isinstance(condition, Premise) else None
    return resolve_atom(kb, condition.atom, certainty)[0] or condition.text
