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
    """Equal for conditions that say the same: names are resolved, and sides of a comparison may be exchanged."""
    if isinstance(condition, Comparison):
        written = (str(condition.left), condition.operator, str(condition.right))
        operator = FLIPPED.get(condition.operator)
        return min(written, (written[2], operator, written[0])) if operator else written
    if condition.own_atoms:
        ((atom, certainty),) = condition.atoms
        return type(condition), resolve_atom(kb, atom, certainty)[0] or condition.text
    if isinstance(condition, Aggregation):
        inner = tuple(_exact_key(kb, item) for item in condition.inner)
        return condition.result, condition.function, condition.over, inner
    return condition.text
