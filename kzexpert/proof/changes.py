"""What changed and why, as one value: what-if, timelines, and the differences of traces and of bases are made of it.

`kzexpert.analysis.causes` fills it from two inferences, `kzexpert.proof.diff` from two traces. All that it compares
itself are statements of which one stands in the place of another.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from kzexpert.certainty import established
from kzexpert.language import parse_atom
from kzexpert.model import NOWHERE, Constant

__all__ = [
    "OPPOSITE",
    "TURNS",
    "Cause",
    "Changes",
    "Consequence",
    "LineShift",
    "Move",
    "Record",
    "RuleTurn",
    "Shift",
    "Side",
    "Turn",
    "by_cause",
    "by_effect",
    "folded",
    "merged",
    "moves",
    "replaced",
    "turn_of",
]

#: What became of a statement. The first nine are for recorded and assumed facts, of which one has lapsed where nothing
#: newer is on record, and gone out of force where its end is; "newly used" and "no longer used" for those of which no
#: more is known; "changed" where its row or one of its numbers is another; then those of conclusions,
#: of the as-of date, where a rule looks at it, of conditions that rest on no fact, and of rules.
Turn: TypeAlias = Literal[
    "assumed",
    "no longer assumed",
    "withdrawn",
    "no longer withdrawn",
    "came into force",
    "went out of force",
    "lapsed",
    "recorded",
    "not recorded",
    "newly used",
    "no longer used",
    "changed",
    "gained",
    "lost",
    "stronger",
    "weaker",
    "another date",
    "may have turned",
    "new rule",
    "rule gone",
    "rule changed",
]
#: Turn → what it is from the other side.
OPPOSITE: dict[Turn, Turn] = {
    "assumed": "no longer assumed",
    "withdrawn": "no longer withdrawn",
    "came into force": "went out of force",
    "recorded": "not recorded",
    "newly used": "no longer used",
    "gained": "lost",
    "stronger": "weaker",
    "new rule": "rule gone",
}
OPPOSITE.update({after: before for before, after in OPPOSITE.items()})
OPPOSITE["lapsed"] = "came into force"

ShiftTurn: TypeAlias = Literal["gained", "lost", "stronger", "weaker", "changed"]
#: What can become of a conclusion, in the order in which it is told.
TURNS: tuple[ShiftTurn, ...] = ("gained", "lost", "stronger", "weaker", "changed")

_WORDS = re.compile(r"\d+(?:[.:-]\d+)*|\w+|\W")


class Record(msgspec.Struct, frozen=True):
    """When a fact holds, as a row states it, and where that row is."""

    dates: str
    place: str


class Cause(msgspec.Struct, frozen=True):
    """A statement or a rule that changed, and that other statements changed by.

    Attributes:
        statement: as an atom, with its window where a rule looks at recent events only; of a rule its id.
        says: as a sentence; of a rule its title.
        before, after: its certainty; None where nothing is known of it.
        records: the rows that state it.
        was: the statement that stood in its place, where one number or date is another; else empty.
    """

    statement: str
    says: str
    turn: Turn
    before: float | None
    after: float | None
    records: tuple[Record, ...] = ()
    was: str = ""

    @property
    def name(self) -> str:
        return self.statement

    @property
    def shown(self) -> str:
        """The statement, with what stood there before: ``share(A, B, 95 → 65)``."""
        return merged(self.was, self.statement) if self.was else self.statement

    def instead_of(self, old: "Cause") -> "Cause":
        """One for both, of which the other stood in the place of this one."""
        turn = turn_of(old.before, self.after)
        return replace(
            self,
            says=merged(old.says, self.says),
            turn=turn if turn in ("stronger", "weaker") else "changed",
            before=old.before,
            records=tuple(dict.fromkeys((*old.records, *self.records))),
            was=old.statement,
        )


class LineShift(msgspec.Struct, frozen=True):
    """A line of evidence that appeared, disappeared, or changed its strength.

    Attributes:
        rule: its id; empty for what is on record about the statement itself.
        rule_turn: what happened to the rule itself; empty where it is the same.
        before, after: its strength; None where it is not there.
        causes: the statements by which it changed, sorted by text.
    """

    rule: str
    because: str
    rule_turn: Literal["", "new", "gone", "changed"]
    before: float | None
    after: float | None
    causes: tuple[Cause, ...]


class Shift(msgspec.Struct, frozen=True):
    """A statement that changed.

    Attributes:
        turn: ``gained`` and ``lost`` are for what begins or ceases to be established, ``changed`` for what has other
            evidence or another number, and is as certain as before.
        before, after: its certainty; None where nothing is known of it.
        by: what made it change, where facts, rules and the date were tried apart.
        lines: its lines of evidence that changed.
        was: the statement that stood in its place, where one number or date is another; else empty.
    """

    conclusion: str
    says: str
    turn: ShiftTurn
    before: float | None
    after: float | None
    evidence_before: str
    evidence_after: str
    established: bool
    by: tuple[Literal["facts", "rules", "date"], ...]
    lines: tuple[LineShift, ...]
    was: str = ""

    @property
    def name(self) -> str:
        return self.conclusion

    @property
    def effect(self) -> float:
        """By how much its certainty changed."""
        return abs((self.after or 0.0) - (self.before or 0.0))

    def instead_of(self, old: "Shift") -> "Shift":
        """One for both, of which the other stood in the place of this one."""
        return replace(
            self,
            says=merged(old.says, self.says),
            turn=turn_of(old.before, self.after),
            before=old.before,
            evidence_before=old.evidence_before,
            lines=tuple(_lines_of_both(old.lines, self.lines)),
            was=old.conclusion,
        )


class Move(msgspec.Struct, frozen=True):
    """One field of something that has another value; of lists only what differs. Empty where there is none."""

    field: str
    before: str
    after: str


class RuleTurn(msgspec.Struct, frozen=True):
    """A rule that only one side has, or that the sides state differently.

    Attributes:
        turn: of a rule in traces, "fires now" and "fires no longer" is all that is known where one has it.
        what: what is another in it.
    """

    rule: str
    title: str
    turn: Literal["new", "gone", "changed", "fires now", "fires no longer"]
    what: tuple[Move, ...] = ()


class Side(msgspec.Struct, frozen=True):
    """One of the two sides of a comparison."""

    as_of: date
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one side to the other.

    Attributes:
        facts: recorded and assumed facts that one side has and the other does not, or has otherwise.
        changes: by turn, then the largest first.
    """

    before: Side
    after: Side
    facts: tuple[Cause, ...]
    rules: tuple[RuleTurn, ...]
    changes: tuple[Shift, ...]


class Consequence(msgspec.Struct, frozen=True):
    """Some conclusions, and what they change by.

    Attributes:
        causes: facts, rules and dates that together bring it about; none where it is a declaration.
        conclusions: by what became of them, the largest change first.
    """

    causes: tuple[Cause, ...]
    conclusions: tuple[str, ...]


def turn_of(before: float | None, after: float | None) -> ShiftTurn:
    """What became of a statement with these certainties."""
    held, holds = established(before or 0.0), established(after or 0.0)
    if held != holds:
        return "gained" if holds else "lost"
    if before == after:
        return "changed"
    return "stronger" if (after or 0.0) > (before or 0.0) else "weaker"


def by_effect(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """The shifts by turn, the largest first; what differs in a number only is one."""
    found = folded(shifts)
    return tuple(sorted(found, key=lambda item: (TURNS.index(item.turn), -item.effect, item.conclusion)))


def by_cause(shifts: Iterable[Shift], causes: Mapping[str, tuple[Cause, ...]]) -> tuple[Consequence, ...]:
    """The shifts with the same causes together; those whose effects are largest, taken together, come first.

    Args:
        causes: of each statement that changed.
    """
    groups: dict[tuple[Cause, ...], list[Shift]] = {}
    for shift in shifts:
        known = {cause.name: cause for name in filter(None, (shift.was, shift.conclusion)) for cause in causes[name]}
        groups.setdefault(tuple(known[name] for name in sorted(known)), []).append(shift)
    ordered = sorted(groups.items(), key=lambda item: (-sum(shift.effect for shift in item[1]), str(item[0])))
    return tuple(Consequence(found, tuple(shift.conclusion for shift in told)) for found, told in ordered)


def moves(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Move, ...]:
    """The fields that differ, in their order; lists are told by the items that differ, if it is not the order alone."""
    found = []
    for field in dict.fromkeys((*before, *after)):
        one, other = (_texts(side.get(field, "")) for side in (before, after))
        if one != other:
            if set(one) != set(other):
                one, other = [item for item in one if item not in other], [item for item in other if item not in one]
            found.append(Move(field, "; ".join(one), "; ".join(other)))
    return tuple(found)


def _texts(value: object) -> list[str]:
    """A value as text, or the items of a list."""
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)]


# --- one statement in the place of another ------------------------------------------------------------------------


_Changed = TypeVar("_Changed", Cause, Shift)


def folded(items: Iterable[_Changed]) -> list[_Changed]:
    """Causes or shifts in their order; one that came for one that went, with another number or date alone, is one.

    So ``share(A, B, 95)`` and ``share(A, B, 65)`` become ``share(A, B, 95 → 65)``.
    """
    known = list(items)
    gone = {item.name: item for item in known if item.after is None and item.before is not None}
    new = {item.name: item for item in known if item.before is None and item.after is not None}
    pairs: dict[str, str] = replaced(gone, new)
    old = {*pairs.values()}
    return [
        item.instead_of(gone[pairs[item.name]]) if new.get(item.name) is item and item.name in pairs else item
        for item in known
        if not (gone.get(item.name) is item and item.name in old)
    ]


def replaced(gone: Iterable[str], new: Iterable[str]) -> dict[str, str]:
    """New statement → the one that it stands in the place of; only where either can be paired with no other."""
    places: dict[tuple[object, ...], tuple[list[str], list[str]]] = {}
    for side, texts in enumerate((gone, new)):
        for text in texts:
            for place in _places(text):
                places.setdefault(place, ([], []))[side].append(text)
    was: dict[str, set[str]] = {}
    became: dict[str, set[str]] = {}
    for olds, news in places.values():
        for own, others, partners in ((news, olds, was), (olds, news, became)):
            for text in own:
                partners.setdefault(text, set()).update(others[:2])  # two are too many, however many more there are
    return {text: old for text, olds in was.items() if len(olds) == 1 for old in olds if became[old] == {text}}


def _places(text: str) -> Iterator[tuple[object, ...]]:
    """A statement without one of its numbers and dates, for each of them."""
    if not any(letter.isdigit() for letter in text):
        return
    end = text.rindex(")") + 1
    atom = parse_atom(text[:end], NOWHERE)
    values = [item.term.value if isinstance(item.term, Constant) else None for item in atom.arguments]
    for index, value in enumerate(values):
        if isinstance(value, float | int | date):
            yield atom.predicate, text[end:], index, *values[:index], type(value), *values[index + 1 :]


def _lines_of_both(old: Sequence[LineShift], new: Sequence[LineShift]) -> Iterator[LineShift]:
    """The lines of both; those of one rule are one where each has one, and none where nothing is left to tell."""
    count = Counter(line.rule for line in (*old, *new))
    gone = {line.rule: line for line in old}
    for line in (*new, *old):
        other = gone.get(line.rule)
        if other is None or count[line.rule] != 2:
            yield line
        elif line is not other:
            causes = folded(sorted({*other.causes, *line.causes}, key=lambda cause: cause.statement))
            because = merged(other.because, line.because)
            yield replace(line, because=because, before=other.before, causes=tuple(causes))


def merged(old: str, new: str) -> str:
    """A text with what stood in its place before: ``from 95 → 65 percent``."""
    one, other = _WORDS.findall(old), _WORDS.findall(new)
    start = len([*takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))])
    rest = zip(reversed(one[start:]), reversed(other[start:]), strict=False)
    end = len([*takewhile(lambda pair: pair[0] == pair[1], rest)])
    before, after = (words[start : len(words) - end] for words in (one, other))
    return "".join([*other[:start], *before, " → ", *after, *other[len(other) - end :]]) if before != after else new
