"""Check: a sum over events binds their day (KZ222); a warning, since two events that differ in it alone are one fact.

Without the day, two payments of the same amount between the same parties count once.
"""

from collections.abc import Iterator

from kzexpert.errors import Issue
from kzexpert.model import AGGREGATES, Atom, Condition, KnowledgeBase, Rule
from kzexpert.program.resolve import flat

__all__ = ["undated_events"]


def undated_events(kb: KnowledgeBase) -> list[Issue]:
    """Sums and averages over events whose day they do not bind, and counts of such that are repeated (KZ222)."""
    repeated: set[str] | None = None
    issues: list[Issue] = []
    for rule in kb.rules:
        for condition, atom in _folded(rule):
            predicate = kb.predicate.get(atom.predicate)
            if predicate is None or predicate.holds != "event" or any(word == "on" for word, _ in atom.dates):
                continue
            if not AGGREGATES[condition.function].adds:
                repeated = _repeated(kb) if repeated is None else repeated
                if atom.predicate not in repeated:
                    continue
            message = f"{condition.function} counts events of {atom.predicate} that differ only in their day as one"
            hint = f"bind the day, {atom.predicate}(...) on ?day, or declare a number or name that tells them apart"
            issues.append(Issue("KZ222", message, atom.location, hint, "warning"))
    return issues


def _folded(rule: Rule) -> Iterator[tuple[Condition, Atom]]:
    """The atoms that sums, averages and counts range over."""
    for condition in flat(rule.when):
        if condition.function in ("sum", "avg", "count"):
            yield from ((condition, atom) for atom, _ in condition.atoms)


def _repeated(kb: KnowledgeBase) -> set[str]:
    """The predicates of which two recorded rows differ in their day alone."""
    seen: dict[tuple[str, tuple[tuple[str, object], ...]], object] = {}
    found = set()
    for fact in kb.facts:
        if fact.on is not None:
            key = fact.predicate, tuple(sorted(fact.arguments.items()))
            if seen.setdefault(key, fact.on.first) != fact.on.first:
                found.add(fact.predicate)
    return found
