"""What changes between two inferences, as text: conclusions by what became of them, and the lines that changed."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.causes import Cause, LineShift
from kzexpert.analysis.what_if import RuleTurn, Shift, WhatIf
from kzexpert.errors import counted
from kzexpert.render.text import CONVENTION, certainty_text
from kzexpert.render.writer import PLAIN, Piece, Writer, sentence, stated

__all__ = ["what_if_text"]

_TURNS = ("gained", "lost", "stronger", "weaker")
_ROLES = {"gained": "good", "stronger": "good", "lost": "bad", "weaker": "poor"}
_MOST_FACTS = 12
_DEEP, _DEEPER = " " * 8, " " * 10


def what_if_text(found: WhatIf, compared: Sequence[str] = (), out: Writer = PLAIN) -> str:
    """The comparison.

    Args:
        compared: the folders and files that only the other side has.
    """
    blocks = ["\n".join(_premise(found, compared, out))]
    for turn in _TURNS:
        shifts = [shift for shift in found.changes if shift.turn == turn]
        if shifts:
            lines = [out.style(_ROLES[turn], f"{turn.capitalize()}:")]
            lines.extend(_shift(shift, found, out) for shift in shifts)
            blocks.append("\n".join(lines))
    if not found.changes:
        about = f" of {found.pattern}" if found.pattern else ""
        blocks.append(out.wrap([("", f"Nothing{about} changes.")]))
    if found.others:
        count = counted(found.others, "other conclusion changes", "other conclusions change")
        blocks.append(f"{count}; --all shows {'it' if found.others == 1 else 'them'}.")
    blocks.append(out.wrap([("faint", CONVENTION)]))
    return "\n\n".join(blocks) + "\n"


def _premise(found: WhatIf, compared: Sequence[str], out: Writer) -> Iterator[str]:
    """What differs between the two sides: dates, knowledge bases, facts, rules."""
    before, after = found.before, found.after
    days = f"As of {before.as_of.isoformat()}"
    if before.as_of != after.as_of:
        days = f"From {before.as_of.isoformat()} to {after.as_of.isoformat()}"
    bases = f", from this knowledge base to {' and '.join(compared)}" if compared else ""
    yield out.wrap([("", f"{days}{bases}:")], rest="  ")
    for cause in found.facts[:_MOST_FACTS]:
        yield out.wrap(_fact(cause), first="  ", rest="    ")
    if len(found.facts) > _MOST_FACTS:
        yield f"  and {len(found.facts) - _MOST_FACTS} more facts that differ"
    for rule in found.rules:
        yield out.wrap(_rule(rule), first="  ", rest="    ")
    if not found.facts and not found.rules:
        yield "  no fact in force and no rule differs"


def _fact(cause: Cause) -> list[Piece]:
    rows = [", ".join(filter(None, [record.dates, record.place])) for record in cause.records]
    return [("name", f"{_turn(cause)}: "), ("", cause.statement), ("faint", f" ({'; '.join(rows)})" if rows else "")]


def _turn(cause: Cause) -> str:
    """What became of a fact; an event that is no longer recent is still an event."""
    if " within " in cause.statement:
        return {"came into force": "now recent", "went out of force": "no longer recent"}.get(cause.turn, cause.turn)
    if cause.turn in ("gained", "lost", "stronger", "weaker"):
        words = {"gained": "now established", "lost": "no longer established"}.get(cause.turn, cause.turn)
        return f"{words}, {_move(cause.before, cause.after)}"
    return cause.turn


def _rule(rule: RuleTurn) -> list[Piece]:
    words = {"new": "new rule", "gone": "rule gone", "changed": "rule changed"}
    return [("name", f"{words[rule.turn]}: "), ("", rule.rule), ("faint", f" ({rule.title})" if rule.title else "")]


def _shift(shift: Shift, found: WhatIf, out: Writer) -> str:
    word = shift.likelihood_after if shift.established else f"{shift.likelihood_after}, not established"
    if shift.after is None:
        word = "nothing supports it"
    by = f"; by {' and '.join(shift.by)}" if _respects(found) > 1 else ""
    head: list[Piece] = [("strong", stated(shift.says, shift.conclusion)), ("faint", f" ({word}{by})")]
    first = f"  {_move(shift.before, shift.after)}  "
    lines = [out.wrap(head, first=first, rest=" " * len(first))]
    for line in shift.lines:
        lines.extend(_line(line, out))
    return "\n".join(lines)


def _respects(found: WhatIf) -> int:
    """In how many respects the two sides differ, as far as the changes tell."""
    return len({respect for shift in found.changes for respect in shift.by})


def _line(line: LineShift, out: Writer) -> Iterator[str]:
    strength = _move(line.before, line.after)
    rule = {"new": "new rule ", "gone": "rule gone: ", "changed": "changed rule "}.get(line.rule_turn, "")
    pieces: list[Piece] = [("", sentence(line.because)), ("faint", f" ({rule}{line.rule or 'on record'})")]
    first = f"    {strength}  "
    yield out.wrap(pieces, first=first, rest=" " * len(first))
    by_turn: dict[str, list[str]] = {}
    for cause in line.causes if line.rule else ():
        by_turn.setdefault(_turn(cause), []).append(cause.statement)
    for turn, statements in by_turn.items():
        yield out.wrap([("faint", f"{turn}: {', '.join(statements)}")], first=_DEEP, rest=_DEEPER)


def _move(before: float | None, after: float | None) -> str:
    return f"{_certainty(before)} -> {_certainty(after)}"


def _certainty(certainty: float | None) -> str:
    return "none" if certainty is None else certainty_text(certainty)
