"""What changed and why, as text: what differs at the bottom, then conclusions by what became of them, with their lines.

The one rendering of `kzexpert.proof.changes`, for what-if and for the differences of traces and of bases.
"""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.what_if import WhatIf
from kzexpert.errors import counted
from kzexpert.proof.changes import TURNS, Cause, Changes, LineShift, Move, RuleTurn, Shift
from kzexpert.proof.diff import TraceDiff
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, sentence, stated

__all__ = [
    "cause_pieces",
    "days_text",
    "moves_text",
    "rule_pieces",
    "shift_head",
    "trace_diff_text",
    "what_if_text",
]

_ROLES = {"gained": "good", "stronger": "good", "lost": "bad", "weaker": "poor", "changed": "name"}
_MOST_FACTS = 12
_DEEP, _DEEPER = " " * 8, " " * 10


def what_if_text(found: WhatIf, compared: Sequence[str] = (), out: Writer = PLAIN) -> str:
    """The comparison.

    Args:
        compared: the folders and files that only the other side has.
    """
    bases = f", from this knowledge base to {' and '.join(compared)}" if compared else ""
    blocks = ["\n".join([days_text(found, bases, out), *_facts_and_rules(found, out)])]
    blocks.extend(_by_turn(found, out))
    if not found.changes:
        about = f" of {found.pattern}" if found.pattern else ""
        blocks.append(out.wrap([("", f"Nothing{about} changes.")]))
    if found.others:
        count = counted(found.others, "other conclusion changes", "other conclusions change")
        blocks.append(f"{count}; --all shows {'it' if found.others == 1 else 'them'}.")
    return "\n\n".join([*blocks, out.wrap([("faint", UNCALIBRATED)])]) + "\n"


def trace_diff_text(found: TraceDiff, out: Writer = PLAIN, *, measured: bool = False) -> str:
    """The changes, or one line when there are none.

    Args:
        measured: whether both traces say how often such judgements were right.
    """
    if found.same:
        return "the two traces say the same\n"
    before, after = found.before, found.after
    lists = (("assumed", before.assumed, after.assumed), ("left out", before.withdrawn, after.withdrawn))
    asked = [("asked", *found.patterns), *((name, ", ".join(one), ", ".join(other)) for name, one, other in lists)]
    heads = [(name, f"{one or 'nothing'} → {other or 'nothing'}") for name, one, other in asked if one != other]
    heads += [("source changed", source) for source in found.sources]
    lines = [out.wrap([("name", f"{name}: "), ("", text)], first="  ", rest="    ") for name, text in heads]
    blocks = ["\n".join([days_text(found, "", out), *lines, *_facts_and_rules(found, out)]), *_by_turn(found, out)]
    blocks += [] if measured else [out.wrap([("faint", UNCALIBRATED)])]
    return "\n\n".join(blocks) + "\n"


def days_text(found: Changes, bases: str, out: Writer) -> str:
    """The line that opens a comparison: dates, and what is compared."""
    before, after = found.before.as_of.isoformat(), found.after.as_of.isoformat()
    days = f"As of {before}" if before == after else f"From {before} to {after}"
    return out.wrap([("", f"{days}{bases}:")], rest="  ")


def _facts_and_rules(found: Changes, out: Writer) -> Iterator[str]:
    """What differs between the two sides: facts and rules."""
    for cause in found.facts[:_MOST_FACTS]:
        yield out.wrap(cause_pieces(cause), first="  ", rest="    ")
    if len(found.facts) > _MOST_FACTS:
        yield f"  and {len(found.facts) - _MOST_FACTS} more facts that differ"
    for rule in found.rules:
        yield out.wrap(rule_pieces(rule), first="  ", rest="    ")
    if not found.facts and not found.rules:
        yield "  no fact in force and no rule differs"


def cause_pieces(cause: Cause) -> list[Piece]:
    """What became of a fact, and where it stands."""
    rows = [", ".join(filter(None, [record.dates, record.place])) for record in cause.records]
    return [("name", f"{_turn(cause)}: "), ("", cause.shown), ("faint", f" ({'; '.join(rows)})" if rows else "")]


def _turn(cause: Cause) -> str:
    """What became of a fact; an event that is no longer recent is still an event."""
    if " within " in cause.statement:
        return {"came into force": "now recent", "lapsed": "no longer recent"}.get(cause.turn, cause.turn)
    if cause.turn in ("gained", "lost", "stronger", "weaker"):
        words = {"gained": "now established", "lost": "no longer established"}.get(cause.turn, cause.turn)
        return f"{words}, {move_text(cause.before, cause.after)}"
    return cause.turn


def rule_pieces(rule: RuleTurn) -> list[Piece]:
    """What became of a rule."""
    words = {"new": "new rule", "gone": "rule gone"}.get(rule.turn, f"rule {rule.turn}")
    told = moves_text(rule.what) or rule.title
    return [("name", f"{words}: "), ("", rule.rule), ("faint", f" ({told})" if told else "")]


def moves_text(moves: Sequence[Move]) -> str:
    """The fields that have another value, each with both."""
    return "; ".join(f"{move.field} {move.before or 'none'} → {move.after or 'none'}" for move in moves)


def _by_turn(found: Changes, out: Writer) -> Iterator[str]:
    """The conclusions that changed, those of which the same became together."""
    tried = len({respect for shift in found.changes for respect in shift.by}) > 1
    for turn in TURNS:
        shifts = [shift for shift in found.changes if shift.turn == turn]
        if shifts:
            lines = [line for shift in shifts for line in (shift_head(shift, out, tried), *_lines(shift, out))]
            yield "\n".join([out.style(_ROLES[turn], f"{turn.capitalize()}:"), *lines])


def shift_head(shift: Shift, out: Writer, tried: bool = False) -> str:
    """The line of a conclusion that changed.

    Args:
        tried: whether to tell which of facts, rules and date it was.
    """
    word = shift.evidence_after
    if shift.after is None:
        word = "nothing supports it" if (shift.before or 0.0) >= 0 else "no longer opposed"
    by = f"; by {' and '.join(shift.by)}" if tried else ""
    head: list[Piece] = [("strong", stated(shift.says, shift.conclusion)), ("faint", f" ({word}{by})")]
    first = f"  {move_text(shift.before, shift.after)}  "
    return out.wrap(head, first=first, rest=" " * len(first))


def _lines(shift: Shift, out: Writer) -> Iterator[str]:
    for line in shift.lines:
        yield from _line(line, out)


def _line(line: LineShift, out: Writer) -> Iterator[str]:
    rule = {"new": "new rule ", "gone": "rule gone: ", "changed": "changed rule "}.get(line.rule_turn, "")
    pieces: list[Piece] = [("", sentence(line.because)), ("faint", f" ({rule}{line.rule or 'on record'})")]
    first = f"    {move_text(line.before, line.after)}  "
    yield out.wrap(pieces, first=first, rest=" " * len(first))
    by_turn: dict[str, list[str]] = {}
    for cause in line.causes if line.rule else ():
        by_turn.setdefault(_turn(cause), []).append(cause.shown)
    for turn, statements in by_turn.items():
        yield out.wrap([("faint", f"{turn}: {', '.join(statements)}")], first=_DEEP, rest=_DEEPER)


def move_text(before: float | None, after: float | None) -> str:
    """A certainty before and after; one where it is the same."""
    one, other = ("none" if number is None else certainty_text(number) for number in (before, after))
    return one if before == after else f"{one} → {other}"
