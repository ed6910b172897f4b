"""Check: no condition appears twice in a rule (KZ211); a warning, since a repetition changes nothing.

It compares what is written, spaces and aliases apart, and draws no conclusion from it.
"""

from kzexpert.errors import Issue, Location
from kzexpert.model import Atom, Condition, Expression, KnowledgeBase
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
                key = _meaning(kb, condition)
                if key in seen:
                    message = f"the condition {condition.text} appears twice in rule {rule.id}"
                    related = ((seen[key], "the other one"),)
                    hint = "leave one of them out"
                    issues.append(Issue("KZ211", message, condition.location, hint, "warning", related))
                seen.setdefault(key, condition.location)
    return issues


def _rough_key(condition: Condition) -> object:
    """Equal for equal conditions, and quick: names are resolved only where two conditions share it."""
    return type(condition), tuple(atom.predicate for atom, _ in condition.atoms)


def _meaning(kb: KnowledgeBase, condition: Condition) -> str:
    """Equal for conditions that say the same: names are resolved, and sides of a comparison may be exchanged."""
    return min(reading.said(_Resolved(kb)) for reading in condition.readings)


class _Resolved:
    """Atoms with their names resolved, where they can be; expressions as they stand."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb

    def atom(self, atom: Atom, certainty: str | None = None) -> str:
        found = resolve_atom(self._kb, atom, certainty)[0]
        written = [f"{argument.name}={argument.term}" for argument in atom.arguments]
        return str(found or (atom.predicate, written, atom.within, atom.dates, certainty))

    def expressions(self, condition: Condition) -> tuple[Expression, ...]:
        return condition.expressions
