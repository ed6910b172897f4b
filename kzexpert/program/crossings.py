"""Conditions of a rule that nothing joins, so that every fact of one meets every fact of the other."""

from kzexpert.model import ProgramRule

__all__ = ["crossing"]


def crossing(rule: ProgramRule) -> tuple[str, str] | None:
    """Two positive conditions of a rule, as text, that share no variable, not even by way of other conditions.

    Conditions without variables count for nothing: they hold or not.
    """
    links = [{*condition.needs, *condition.binds} for condition in rule.conditions]
    patterns = [pattern for pattern in rule.matches if any(pattern.variables)]
    if not patterns:
        return None
    first, *others = patterns
    joined = set(first.variables)
    while further := set().union(*(link for link in links if link & joined)) - joined:
        joined |= further
    return next(((str(first), str(other)) for other in others if joined.isdisjoint(other.variables)), None)
