"""Two knowledge bases → how they differ, and which conclusions change by which of that.

Causes are followed down the lines of evidence that changed. What holds back evidence that neither base has is not seen.
"""

from kzexpert.analysis.causes import Divergence, Place
from kzexpert.analysis.edits import Edit, edits
from kzexpert.analysis.what_if import side_of
from kzexpert.model import Inference
from kzexpert.proof.changes import Changes, Consequence, by_cause, by_effect, folded

__all__ = ["BaseDiff", "base_diff"]


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
        consequences=by_cause(shifts, causes),
        uncompared=tuple(tables),
    )
