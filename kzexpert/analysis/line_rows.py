"""An inference → its lines of evidence, a row each: for which conclusion, by which rule, and whom it goes back to.

A line goes back to the origins of all recorded facts below it; background sources are nobody's witness.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec

from kzexpert.model import BaseFact, GroundAtom, Inference, KnowledgeBase
from kzexpert.model.columns import Layout, Selection
from kzexpert.proof.build import Lineage, RelationFact
from kzexpert.proof.lineage import lineage

__all__ = ["ASSUMED_ORIGIN", "LineRow", "line_rows"]

#: What an assumed fact goes back to.
ASSUMED_ORIGIN = "assumed"


class LineRow(msgspec.Struct, frozen=True):
    """A line of evidence.

    Attributes:
        rule: its id; empty for a recorded fact.
        family: that of the rule; empty where it is a family of its own.
        counts: false where a better proof in a recursive component stands instead.
        origins: in order.
    """

    as_of: date
    conclusion: GroundAtom
    rule: str
    family: str
    strength: float
    counts: bool
    origins: tuple[str, ...]


def line_rows(inference: Inference, selection: Selection, layout: Layout) -> Iterator[LineRow]:
    """The lines of the conclusions that a selection keeps, by conclusion, the strongest first."""
    atoms = [
        GroundAtom(predicate, args)
        for _, predicate, args, _, derived in inference.facts.conclusions([inference], selection, layout)
        if derived
    ]
    atoms.sort(key=lambda atom: (atom.predicate, *map(str, atom.args)))
    below = lineage(inference, atoms)
    known = _origins(inference.program.kb, below)
    for atom in atoms:
        for line in below.judgements[atom].lines:
            own = _witnesses(inference.program.kb, line.base) if line.base else set()
            origins = own if line.firing is None else _gathered(known, below.below(line.firing))
            rule = line.firing.rule.rule if line.firing else None
            yield LineRow(
                inference.program.as_of,
                atom,
                rule.id if rule else "",
                rule.family if rule else "",
                round(line.strength, 9),
                line.counts,
                tuple(sorted(origins)),
            )


def _origins(kb: KnowledgeBase, below: Lineage) -> dict[RelationFact, set[str]]:
    """Fact → the origins of all that it rests on. Facts may rest on each other: passes go on until nothing changes."""
    found = {known: _witnesses(kb, record) for known, record in below.records.items()}
    steps = {
        RelationFact(atom.predicate, atom): [part for firing in judgement.firings for part in below.below(firing)]
        for atom, judgement in reversed(below.judgements.items())
    }
    changed = True
    while changed:
        changed = False
        for known, parts in steps.items():
            before = found.setdefault(known, set())
            size = len(before)
            before |= _gathered(found, parts)
            changed = changed or len(before) > size
    return found


def _gathered(found: Mapping[RelationFact, set[str]], parts: Iterable[RelationFact]) -> set[str]:
    return {origin for part in parts for origin in found.get(part, ())}


def _witnesses(kb: KnowledgeBase, record: BaseFact) -> set[str]:
    """The origins of the sources that state a fact."""
    if record.assumed and not record.rows:
        return {ASSUMED_ORIGIN}
    named = {row.source.source for row in record.rows if row.source}
    return {kb.source[name].witness for name in named if name in kb.source and not kb.source[name].background}
