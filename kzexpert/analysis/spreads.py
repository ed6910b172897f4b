"""A certainty in each of many worlds, and what can be done with it.

A *spread* says each certainty that a statement has in some world, with the set of these worlds as the bits of one whole
number, as an assumption-based truth maintenance system labels its nodes (de Kleer, *An assumption-based TMS*,
Artificial Intelligence 28, 1986). It knows nothing of rules and facts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from kzexpert.certainty import established
from kzexpert.evidence import certainty_of

__all__ = [
    "Spread",
    "Worlds",
    "classes",
    "combined",
    "each",
    "move",
    "presence",
    "rounded",
    "signs",
    "stronger",
    "weakest",
]

#: A set of worlds, one bit each.
Worlds: TypeAlias = int
#: Certainty → the worlds in which it is that; nothing is known in the others.
Spread: TypeAlias = dict[float, Worlds]


def move(spread: Spread, world: Worlds, certainty: float | None) -> None:
    """Give a world another certainty; none where that is None."""
    for value in [value for value, where in spread.items() if where & world]:
        spread[value] &= ~world
        if not spread[value]:
            del spread[value]
    if certainty is not None:
        spread[certainty] = spread.get(certainty, 0) | world


def weakest(spread: Spread, premise: Spread | float) -> Spread:
    """The lower of two certainties, where both are established."""
    if isinstance(premise, float):
        return _rekeyed((min(value, premise), where) for value, where in spread.items())
    return _rekeyed(
        (min(value, other), where & here)
        for value, where in spread.items()
        for other, here in premise.items()
        if established(other) and where & here
    )


def stronger(one: Spread, other: Spread) -> Spread:
    """Of two certainties the one further from 0; where there is one only, that."""
    found: Spread = {}
    seen = 0
    for value, where in one.items():
        seen |= where
        left = where
        for beside, here in other.items():
            both = left & here
            if both:
                best = value if abs(value) >= abs(beside) else beside
                found[best] = found.get(best, 0) | both
                left ^= both
        if left:
            found[value] = found.get(value, 0) | left
    for beside, here in other.items():
        if here & ~seen:
            found[beside] = found.get(beside, 0) | here & ~seen
    return found


def signs(spread: Spread) -> Iterator[tuple[bool, Spread]]:
    """Where a certainty is above 0, and where it is below: whether above, and what it is there."""
    for positive in (True, False):
        found = {value: where for value, where in spread.items() if (value > 0) == positive}
        if found:
            yield positive, found


def rounded(spread: Spread) -> Spread:
    return _rekeyed((round(value, 9), where) for value, where in spread.items())


def presence(spread: Spread) -> Spread:
    """Where something is established, whatever its certainty."""
    return _rekeyed((1.0, where) for value, where in spread.items() if established(value))


def _rekeyed(items: Iterable[tuple[float, Worlds]]) -> Spread:
    found: Spread = {}
    for value, where in items:
        found[value] = found.get(value, 0) | where
    return found


def combined(lines: Sequence[Spread], everywhere: Worlds) -> Spread:
    """What some lines of evidence come to in each world in which there is one."""
    found: Spread = {}
    for where, strengths in classes(lines, everywhere):
        present = [strength for strength in strengths if strength is not None]
        if present:
            certainty = certainty_of(present, recursive=False)[0]
            found[certainty] = found.get(certainty, 0) | where
    return found


def classes(spreads: Sequence[Spread], everywhere: Worlds) -> Iterator[tuple[Worlds, list[float | None]]]:
    """The sets of worlds in which each of some spreads has one value, with these values.

    In most worlds each has its most frequent one: only what differs from that is told apart.
    """
    usual: list[float | None] = []
    deviating: list[tuple[int, float | None, Worlds]] = []
    for index, spread in enumerate(spreads):
        items: list[tuple[float | None, Worlds]] = [*spread.items()]
        absent = everywhere & ~sum(spread.values())  # the sets are disjoint
        if absent:
            items.append((None, absent))
        items.sort(key=lambda item: -item[1].bit_count())
        usual.append(items[0][0])
        deviating.extend((index, *item) for item in items[1:])
    groups: list[tuple[Worlds, dict[int, float | None]]] = [(everywhere, {})]
    for index, value, where in deviating:
        split: list[tuple[Worlds, dict[int, float | None]]] = []
        for group, values in groups:
            inside = group & where
            if not inside:
                split.append((group, values))
                continue
            if inside != group:
                split.append((group & ~where, values))
            split.append((inside, {**values, index: value}))
        groups = split
    for group, values in groups:
        yield group, [values.get(index, value) for index, value in enumerate(usual)] if values else usual


def each(where: Worlds) -> Iterator[int]:
    """The numbers of some worlds, ascending."""
    while where:
        lowest = where & -where
        yield lowest.bit_length() - 1
        where ^= lowest
