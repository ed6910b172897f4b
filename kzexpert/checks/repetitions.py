"""Check: no condition stands twice in a rule (KZ211); a warning, since a repetition changes nothing.

It compares what is written, spaces and aliases apart, and draws no conclusion from it.
"""

from kzexpert.checks.contradictions import FLIPPED
from kzexpert.errors import Issue, Location
from kzexpert.model import Aggregation, Comparison, Condition, KnowledgeBase
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
    return type(condition), tuple(atom.predicate for atom, _ in condition.atoms)


def _exact_key(kb: KnowledgeBase, condition: Condition) -> object:
    if isinstance(condition, Comparison):
        left, operator, right = str(condition.left), condition.operator, str(condition.right)
        return min((left, operator, right), (right, FLIPPED[operator], left))
    folded = (condition.result, condition.function, condition.over) if isinstance(condition, Aggregation) else None
    patterns = tuple(resolve_atom(kb, atom, certainty)[0] for atom, certainty in condition.atoms)
    return (folded, patterns) if all(patterns) else condition.text
