"""Two knowledge bases → how they differ, and which conclusions change by which of that.

Causes are followed down the lines of evidence that changed. What holds back evidence that neither base has is not seen.
"""

from typing import TypeAlias

import msgspec

from kzexpert.analysis.causes import Divergence, Place
from kzexpert.analysis.edits import Edit, edits
from kzexpert.analysis.what_if import side_of
from kzexpert.model import Inference
from kzexpert.proof.changes import Cause, Changes, Shift, by_effect, folded

__all__ = ["BaseDiff", "Consequence", "base_diff"]

_Causes: TypeAlias = tuple[Cause, ...]


class Consequence(msgspec.Struct, frozen=True):
    """Some conclusions, and what they change by.

    Attributes:
        causes: facts, rules and dates that together bring it about; none where it is a declaration.
        conclusions: by what became of them, the largest change first.
    """

    causes: tuple[Cause, ...]
    conclusions: tuple[str, ...]


class BaseDiff(Changes, frozen=True, kw_only=True, tag_field="schema", tag="kzexpert.diff/1"):
    """How two knowledge bases differ, and what follows.

    Attributes:
        same: whether they state the same, and conclude the same.
        old, new: what was compared, as it was given.
        facts: recorded facts in force that differ and that a conclusion changes by.
        edits: what is stated otherwise; of facts each row.
        consequences: every changed conclusion once, by cause; the largest effect first.
        uncompared: tables that the engine reads, of which only the digests of their files were compared, if they are
            files.
    """

    same: bool
    old: str
    new: str
    engine: str
    edits: tuple[Edit, ...]
    consequences: tuple[Consequence, ...]
    uncompared: tuple[str, ...]


def base_diff(before: Inference, after: Inference, old: str, new: str, place: Place = str) -> BaseDiff:
    """Compare two knowledge bases, and what follows from them.

    Args:
        old, new: what they are called.
        place: how a place in a file is shown.
    """
    difference = Divergence(before, after, place)
    concluded = {name: None for side in (before, after) for name in sorted(side.program.kb.concluded)}
    changed = difference.changed(concluded)
    causes = {str(atom): tuple(folded(difference.roots(atom))) for atom in changed}
    shifts = by_effect(map(difference.shift, changed))
    roots = {
        cause.name: cause for found in causes.values() for cause in found if cause.name not in difference.rule_turns
    }
    stated = edits(before.program.kb, after.program.kb, place)
    tables = {table.file: None for side in (before, after) for table in side.program.kb.tables}
    return BaseDiff(
        same=not (stated or shifts),
        old=old,
        new=new,
        engine=after.engine,
        before=side_of(before),
        after=side_of(after),
        facts=tuple(roots[name] for name in sorted(roots)),
        rules=tuple(difference.rule_turns.values()),
        changes=shifts,
        edits=stated,
        consequences=_by_cause(shifts, causes),
        uncompared=tuple(tables),
    )


def _by_cause(shifts: tuple[Shift, ...], causes: dict[str, _Causes]) -> tuple[Consequence, ...]:
    """The shifts with the same causes together; those whose effects are largest, taken together, come first."""
    groups: dict[_Causes, list[Shift]] = {}
    for shift in shifts:
        known = {cause.name: cause for name in filter(None, (shift.was, shift.conclusion)) for cause in causes[name]}
        groups.setdefault(tuple(known[name] for name in sorted(known)), []).append(shift)
    ordered = sorted(groups.items(), key=lambda item: (-sum(shift.effect for shift in item[1]), str(item[0])))
    return tuple(Consequence(found, tuple(shift.conclusion for shift in told)) for found, told in ordered)
