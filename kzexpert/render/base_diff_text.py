"""How two bases differ, as text: a summary, what is stated otherwise by kind, and conclusions under their causes."""

from collections import Counter
from collections.abc import Iterator

from kzexpert.analysis.base_diff import BaseDiff
from kzexpert.analysis.edits import Edit
from kzexpert.errors import counted
from kzexpert.proof.changes import TURNS
from kzexpert.render.abridgement import first_of, more
from kzexpert.render.changes_text import consequences_text, days_text, moves_text
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.writer import PLAIN, Piece, Writer

__all__ = ["base_diff_text"]

_PLURALS = {"entity": "entities"}
_ROLES = {"added": "good", "gone": "bad", "changed": "name"}
_ORDER = ("changed", "added", "gone")


def base_diff_text(found: BaseDiff, limit: int | None = None, out: Writer = PLAIN) -> str:
    """The difference.

    Args:
        limit: of so many edits of a kind, causes, and conclusions under a cause each is shown.
    """
    if found.same:
        return out.wrap([("", f"{found.old} and {found.new} state the same, and the same follows.")]) + "\n"
    blocks = ["\n".join([days_text(found, f", from {found.old} to {found.new}", out), *_summary(found, out)])]
    for kind in dict.fromkeys(edit.kind for edit in found.edits):
        edits = sorted((e for e in found.edits if e.kind == kind), key=lambda edit: _ORDER.index(edit.turn))
        shown, left = first_of(edits, limit)
        lines = [out.wrap(_edit(edit), first="  ", rest="    ") for edit in shown]
        title = _PLURALS.get(kind, f"{kind}s").capitalize()
        blocks.append("\n".join([out.style("strong", f"{title}:"), *lines, *more(left)]))
    groups, left = first_of(found.consequences, limit)
    blocks.extend(consequences_text(found, groups, limit, out))
    blocks.extend(more(left, "cause of changes", "causes of changes", indent=""))
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
