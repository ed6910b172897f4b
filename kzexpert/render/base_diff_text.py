"""How two bases differ, as text: a summary, what is stated otherwise by kind, and conclusions under their causes."""

from collections import Counter
from collections.abc import Iterator

from kzexpert.analysis.base_diff import BaseDiff, Consequence
from kzexpert.analysis.edits import Edit
from kzexpert.errors import counted
from kzexpert.proof.changes import TURNS, RuleTurn, Shift
from kzexpert.render.changes_text import cause_pieces, days_text, moves_text, rule_pieces, shift_head
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer

__all__ = ["base_diff_text"]

_PLURALS = {"entity": "entities"}
_ROLES = {"added": "good", "gone": "bad", "changed": "name"}
_ORDER = ("changed", "added", "gone")


def base_diff_text(found: BaseDiff, limit: int, out: Writer = PLAIN) -> str:
    """The difference.

    Args:
        limit: of so many edits of a kind, causes, and conclusions under a cause each is shown.
    """
    if found.same:
        return out.wrap([("", f"{found.old} and {found.new} state the same, and the same follows.")]) + "\n"
    blocks = ["\n".join([days_text(found, f", from {found.old} to {found.new}", out), *_summary(found, out)])]
    for kind in dict.fromkeys(edit.kind for edit in found.edits):
        edits = sorted((e for e in found.edits if e.kind == kind), key=lambda edit: _ORDER.index(edit.turn))
        lines = [out.wrap(_edit(edit), first="  ", rest="    ") for edit in edits[:limit]]
        title = _PLURALS.get(kind, f"{kind}s").capitalize()
        blocks.append("\n".join([out.style("strong", f"{title}:"), *lines, *_more(len(edits) - limit)]))
    shifts = {shift.conclusion: shift for shift in found.changes}
    rules = {turn.rule: turn for turn in found.rules}
    for group in found.consequences[:limit]:
        blocks.append("\n".join(_consequence(group, shifts, rules, limit, out)))
    blocks.extend(_more(len(found.consequences) - limit, "cause of changes", "causes of changes", indent=""))
    blocks.extend([out.wrap([("faint", UNCALIBRATED)])] if found.changes else [])
    return "\n\n".join(blocks) + "\n"


def _summary(found: BaseDiff, out: Writer) -> Iterator[str]:
    """Counts of what differs and of what follows."""
    counts = Counter((edit.kind, edit.turn) for edit in found.edits)
    parts = [
        f"{counted(number, kind, _PLURALS.get(kind, f'{kind}s'))} {turn}"
        for kind in dict.fromkeys(edit.kind for edit in found.edits)
        for turn in _ORDER
        if (number := counts[kind, turn])  # type: ignore[index]
    ]
    yield out.wrap([("", ", ".join(parts) or "nothing states anything else")], first="  ", rest="    ")
    turns = Counter(shift.turn for shift in found.changes)
    told = ", ".join(f"{turns[turn]} {turn}" for turn in TURNS if turns[turn])
    follows = counted(len(found.changes), "conclusion changes", "conclusions change")
    yield out.wrap([("", f"{follows}: {told}" if told else "no conclusion changes")], first="  ", rest="    ")
    if found.uncompared:
        files = ", ".join(found.uncompared)
        text = f"rows of {files} were compared as files, not one by one; --engine experta compares rows"
        yield out.wrap([("faint", text)], first="  ", rest="    ")


def _edit(edit: Edit) -> list[Piece]:
    what = moves_text(edit.what)
    place = edit.places[-1:] if edit.turn != "gone" else edit.places
    return [
        (_ROLES[edit.turn], f"{edit.turn}: "),
        ("", edit.shown + (f": {what}" if what else "")),
        ("faint", f" ({', '.join(place)})" if place else ""),
    ]


def _consequence(
    group: Consequence, shifts: dict[str, Shift], rules: dict[str, RuleTurn], limit: int, out: Writer
) -> Iterator[str]:
    """The causes, and below them the conclusions; those that are alike, after the first, as a number."""
    for cause in group.causes[:limit]:
        rule = rules.get(cause.statement)
        yield out.wrap(rule_pieces(rule) if rule else cause_pieces(cause), rest="    ")
    yield from _more(len(group.causes) - limit, "cause", "causes", indent="")
    if not group.causes:
        yield out.wrap([("name", "by a declaration")])
    alike: dict[tuple[object, ...], list[Shift]] = {}
    for name in group.conclusions:
        shift = shifts[name]
        predicate = shift.conclusion.partition("(")[0]
        alike.setdefault((predicate, shift.turn, shift.before, shift.after), []).append(shift)
    for first, *others in list(alike.values())[:limit]:
        yield shift_head(first, out)
        predicate = first.conclusion.partition("(")[0]
        yield from _more(len(others), f"of {predicate} by as much", indent="    ")
    yield from _more(sum(map(len, list(alike.values())[limit:])), "conclusion", "conclusions")


def _more(number: int, one: str = "", many: str = "", indent: str = "  ") -> list[str]:
    """What is not shown, if there is any."""
    return [f"{indent}and {number} more {one if number == 1 else many or one}".rstrip()] if number > 0 else []
