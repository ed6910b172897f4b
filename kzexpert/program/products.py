"""Conditions of a rule that share no variable: each fact of one goes with each of the other, which soon is too much.

It knows variables only, and nothing of how many facts there are. Engines name such conditions when a budget ends.
"""

from kzexpert.errors import listed
from kzexpert.model import ProgramRule

__all__ = ["groups", "product_hint", "unconnected"]


def unconnected(rule: ProgramRule) -> tuple[tuple[str, ...], ...]:
    """The positive conditions of a rule as written, in groups that no variable connects; see `groups`."""
    return tuple(tuple(rule.when[place].text for place in places) for places in groups(rule))


def groups(rule: ProgramRule) -> list[tuple[int, ...]]:
    """The places of a rule's positive conditions, in groups that no variable connects; ground ones are left out.

    An ``=`` connects what stands on its sides; other comparisons leave most pairs standing.
    """
    found: list[tuple[frozenset[str], tuple[int, ...]]] = []
    for index, condition in enumerate(rule.conditions):
        names = frozenset(condition.connects)
        if names:
            joined = [group for group in found if not names.isdisjoint(group[0])]
            places = (place for _, places in joined for place in places)
            own = (index,) if condition.match is not None else ()
            found = [group for group in found if group not in joined]
            found.append((names.union(*(known for known, _ in joined)), tuple(sorted((*places, *own)))))
    return sorted(places for _, places in found if places)


def product_hint(rule: ProgramRule) -> str:
    """Which conditions share no variable, as a hint; "" where all are connected."""
    apart = [texts[0] for texts in unconnected(rule)]
    if len(apart) < 2:
        return ""
    told = "share no variable, so that every fact of one goes with every fact of the other: join them by one"
    return f"{listed(apart)} {told}"
