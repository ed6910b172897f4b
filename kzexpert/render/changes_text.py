"""What changed and why, as text: what differs at the bottom, then conclusions by what became of them, with their lines.

The one rendering of `kzexpert.proof.changes`, for what-if and for the differences of traces and of bases.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from kzexpert.analysis.base_diff import BaseDiff
from kzexpert.analysis.what_if import WhatIf
from kzexpert.errors import counted
from kzexpert.proof.changes import TURNS, Cause, Changes, Consequence, LineShift, Move, RuleTurn, Shift
from kzexpert.proof.diff import TraceDiff
from kzexpert.render.abridgement import abridged, all_shown, first_of, likewise, more, tally
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, sentence, stated

__all__ = [
    "cause_pieces",
    "consequences_text",
    "days_text",
    "moves_text",
    "rule_pieces",
    "shift_head",
    "trace_diff_text",
    "what_if_text",
]

_ROLES = {"gained": "good", "stronger": "good", "lost": "bad", "weaker": "poor", "changed": "name"}
#: So many causes are named where changes stand under their causes, and so many of these changes told.
_MOST_NAMED = 2
_DEEP, _DEEPER = " " * 8, " " * 10


def what_if_text(found: WhatIf, compared: Sequence[str] = (), limit: int | None = None, out: Writer = PLAIN) -> str:
    """The comparison: each change with its lines of evidence, or, where these are many, changes under their causes.

    Args:
        compared: the folders and files that only the other side has.
        limit: more changes than these are folded; None shows all, each by itself.
    """
    bases = f", from this knowledge base to {' and '.join(compared)}" if compared else ""
    many = limit is not None and len(found.changes) > limit
    heads = [days_text(found, bases, out), *([_counts(found, out)] if found.changes else [])]
    if limit is not None and many and len(found.consequences) > 1:
        blocks = ["\n".join(heads), *_overview(found, limit, out)]
    else:
        blocks = ["\n".join([*heads, *_facts_and_rules(found, limit, out)])]
        blocks.extend(_by_turn(found, limit if many else None, out))
    if not found.changes:
        about = f" of {found.pattern}" if found.pattern else ""
        blocks.append(out.wrap([("", f"Nothing{about} changes.")]))
    if found.others:
        count = counted(found.others, "other conclusion changes", "other conclusions change")
        blocks.append(out.wrap([("", f"{count}; --all shows {'it' if found.others == 1 else 'them'}.")]))
    if many:
        blocks.append(all_shown(out, ", each with its lines of evidence; so does a question about some of them"))
    return "\n\n".join([*blocks, out.wrap([("faint", UNCALIBRATED)])]) + "\n"


def _overview(found: WhatIf, limit: int, out: Writer) -> Iterator[str]:
    """The causes with the largest effects, and below each the first of what changes by it."""
    shifts = {shift.conclusion: shift for shift in found.changes}
    groups, left = first_of(found.consequences, limit)
    for group in groups:
        causes, others = first_of(group.causes, _MOST_NAMED)
        head = out.wrap([("name", _caused(causes, others) or "by a declaration")], rest="    ")
        yield "\n".join([head, *_heads([shifts[name] for name in group.conclusions], _MOST_NAMED, out)])
    yield from more(left, "cause of changes", "causes of changes", indent="")


def _caused(causes: Sequence[Cause], others: int) -> str:
    """Some causes, those of which the same became together, and how many there are beside them."""
    by_turn: dict[str, list[str]] = {}
    for cause in causes:
        by_turn.setdefault(_turn(cause), []).append(cause.shown)
    told = [f"{turn}: {', '.join(statements)}" for turn, statements in by_turn.items()]
    return "; ".join([*told, *([f"and {others:,} more"] if others else [])])


def _counts(found: Changes, out: Writer) -> str:
    """How many conclusions change, and how."""
    turns = Counter(shift.turn for shift in found.changes)
    ordered: dict[str, int] = {turn: turns[turn] for turn in TURNS}
    told = tally(len(found.changes), "conclusion changes", ordered, "conclusions change")
    return out.wrap([("strong", told)], first="  ", rest="    ")


def trace_diff_text(found: TraceDiff, limit: int | None = None, out: Writer = PLAIN, *, measured: bool = False) -> str:
    """The changes, or one line when there are none.

    Args:
        limit: of so many changes of a kind each is shown; None for all, each with its lines of evidence.
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
    many = limit is not None and len(found.changes) > limit
    lines = [days_text(found, "", out), *([_counts(found, out)] if found.changes else []), *lines]
    lines += _facts_and_rules(found, limit, out)
    blocks = ["\n".join(lines), *_by_turn(found, limit if many else None, out), *([all_shown(out)] if many else [])]
    blocks += [] if measured else [out.wrap([("faint", UNCALIBRATED)])]
    return "\n\n".join(blocks) + "\n"


def days_text(found: Changes, bases: str, out: Writer) -> str:
    """The line that opens a comparison: dates, and what is compared."""
    before, after = found.before.as_of.isoformat(), found.after.as_of.isoformat()
    days = f"As of {before}" if before == after else f"From {before} to {after}"
    return out.wrap([("", f"{days}{bases}:")], rest="  ")


def _facts_and_rules(found: Changes, limit: int | None, out: Writer) -> Iterator[str]:
    """What differs between the two sides: facts and rules."""
    told = (("fact", [*map(cause_pieces, found.facts)]), ("rule", [*map(rule_pieces, found.rules)]))
    for what, items in told:
        shown, left = first_of(items, limit)
        yield from (out.wrap(pieces, first="  ", rest="    ") for pieces in shown)
        yield from more(left, f"{what} that differs", f"{what}s that differ")
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


def _by_turn(found: Changes, limit: int | None, out: Writer) -> Iterator[str]:
    """The conclusions that changed, those of which the same became together.

    Args:
        limit: so many of these, without their lines of evidence; None for all, with them.
    """
    tried = len({respect for shift in found.changes for respect in shift.by}) > 1
    for turn in TURNS:
        shifts = [shift for shift in found.changes if shift.turn == turn]
        if shifts:
            yield "\n".join([out.style(_ROLES[turn], f"{turn.capitalize()}:"), *_shifts(shifts, limit, tried, out)])


def _shifts(shifts: Sequence[Shift], limit: int | None, tried: bool, out: Writer) -> Iterator[str]:
    """Some changes; with a limit what is alike is one, and no line of evidence is shown."""
    groups, left = abridged(shifts, limit, lambda shift: shift.conclusion, lambda shift: (shift.before, shift.after))
    for group in groups:
        yield shift_head(group.first, out, tried)
        yield from likewise(group, limit, out, indent="    ")
        if limit is None:
            yield from _lines(group.first, out)
    yield from more(left)


def consequences_text(found: BaseDiff, groups: Sequence[Consequence], limit: int | None, out: Writer) -> Iterator[str]:
    """Some consequences, a block each: the causes, and below them what changes by these."""
    shifts = {shift.conclusion: shift for shift in found.changes}
    rules = {turn.rule: turn for turn in found.rules}
    for group in groups:
        causes, left = first_of(group.causes, limit)
        lines = [
            out.wrap(rule_pieces(rule) if rule else cause_pieces(cause), rest="    ")
            for cause in causes
            for rule in [rules.get(cause.statement)]
        ]
        lines += more(left, "cause", "causes", indent="") if lines else [out.wrap([("name", "by a declaration")])]
        changed = [shifts[name] for name in group.conclusions]
        yield "\n".join([*lines, *_heads(changed, limit, out)])


def _heads(shifts: Sequence[Shift], limit: int | None, out: Writer) -> Iterator[str]:
    """The heads of some changes."""
    groups, left = abridged(shifts, limit, lambda shift: shift.conclusion, lambda shift: (shift.before, shift.after))
    for group in groups:
        yield shift_head(group.first, out)
        yield from likewise(group, limit, out, indent="    ")
    yield from more(left, "conclusion", "conclusions")


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
