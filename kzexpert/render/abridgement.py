"""What is shown of much: what is alike as one, the first of a kind, and how many more there are."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from kzexpert.errors import counted, listed
from kzexpert.model import NOWHERE, Constant, Value, format_value
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["Alike", "abridged", "alike", "all_shown", "first_of", "likewise", "more", "parts", "tally"]

_Item = TypeVar("_Item")

#: So many are folded at least: two that are alike are sooner read than told apart.
_FEWEST = 3
#: So many names of what is alike are told for each thing of a kind that may be.
_NAMES = 2


class Alike(NamedTuple, Generic[_Item]):
    """Some things that are the same but for one name.

    Attributes:
        first: the one that is shown.
        instead: the name in it that others have another in place of; empty where it stands alone.
        names: those others.
    """

    first: _Item
    instead: str = ""
    names: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many things these are."""
        return 1 + len(self.names)


def alike(
    items: Iterable[_Item], atom_of: Callable[[_Item], str], kind_of: Callable[[_Item], Hashable]
) -> list[Alike[_Item]]:
    """The items in their order; those of one kind whose statements differ in one and the same argument are one.

    Args:
        atom_of: the statement of an item, as the atom grammar writes it; what stands behind the atom is of its kind.
        kind_of: what else must be the same.
    """
    known = [(item, *parts(atom_of(item)), kind_of(item)) for item in items]
    places = [[(kind, name, i, *args[:i], *args[i + 1 :]) for i in range(len(args))] for _, name, args, kind in known]
    sizes = Counter(place for found in places for place in found)
    best = [max(found, key=sizes.__getitem__, default=None) for found in places]
    groups: dict[object, list[int]] = {}
    for index, place in enumerate(best):
        groups.setdefault(place, []).append(index)
    shown = []
    for index, (item, _, args, _) in enumerate(known):
        place = best[index]
        group = groups[place]
        if place is None or len(group) < _FEWEST:
            shown.append(Alike(item))
        elif index == group[0]:
            differing = int(str(place[2]))
            shown.append(Alike(item, args[differing], tuple(known[other][2][differing] for other in group[1:])))
    return shown


def parts(text: str) -> tuple[str, tuple[str, ...]]:
    """The predicate with the dates behind the atom, and the arguments as they are read."""
    from kzexpert.language import GrammarError, parse_atom  # which few answers need

    end = text.rfind(")") + 1
    try:
        atom = parse_atom(text[:end], NOWHERE)
    except GrammarError:  # of a document that was changed
        return text, ()
    values = [item.term.value if isinstance(item.term, Constant) else "" for item in atom.arguments]
    return atom.predicate + text[end:], tuple(map(_name, values))


def _name(value: Value) -> str:
    return value if isinstance(value, str) else format_value(value)


def abridged(
    items: Sequence[_Item], limit: int | None, atom_of: Callable[[_Item], str], kind_of: Callable[[_Item], Hashable]
) -> tuple[Sequence[Alike[_Item]], int]:
    """What is shown of some items, and how many there are besides: all where these are few enough, else groups.

    Args:
        limit: at most so many groups are shown; None for every item by itself.
        atom_of, kind_of: see `alike`.
    """
    if limit is None or len(items) <= limit:
        return [Alike(item) for item in items], 0
    groups = alike(items, atom_of, kind_of)
    return groups[:limit], sum(group.size for group in groups[limit:])


def likewise(group: Alike[_Item], limit: int | None, out: Writer = PLAIN, indent: str = "") -> list[str]:
    """What is the same as the first of a group, in words; nothing where that stands alone."""
    if not group.names:
        return []
    names, left = first_of(group.names, limit and limit * _NAMES)
    named = listed([*names, f"{left:,} more"] if left else names)
    text = f"and the same with {named} in place of {group.instead}"
    return [out.wrap([("faint", text)], first=indent, rest=f"{indent}  ")]


def first_of(items: Sequence[_Item], limit: int | None) -> tuple[Sequence[_Item], int]:
    """The first, and how many there are behind them.

    Args:
        limit: at most so many; None for all.
    """
    shown = items if limit is None else items[:limit]
    return shown, len(items) - len(shown)


def more(number: int, one: str = "", many: str = "", indent: str = "  ") -> list[str]:
    """The line that counts what is not shown, if there is any.

    Args:
        one, many: what it is.
    """
    return [f"{indent}and {number:,} more {one if number == 1 else many or one}".rstrip()] if number > 0 else []


def tally(total: int, thing: str, parts: Mapping[str, int], things: str = "") -> str:
    """How many there are, and of which: ``47 conclusions: 9 on strong evidence, 38 on a hint``."""
    told = ", ".join(f"{number:,} {part}" for part, number in parts.items() if number)
    return counted(total, thing, things) + (f": {told}" if told else "")


def all_shown(out: Writer, how: str = "") -> str:
    """How to see what was left off.

    Args:
        how: what else shows some of it.
    """
    return out.wrap([("faint", f"--limit all shows all of them{how}.")])
