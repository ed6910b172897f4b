"""What a reviewer signs: one conclusion with its evidence, confidence and likelihood, and all that it rests on.

Where something is written, how it is laid out, and what else a base says is no part of it.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.certainty import evidence_word
from kzexpert.model import GroundAtom, Inference, Pattern
from kzexpert.program.likelihood import fitting_calibrations
from kzexpert.proof.answers import likelihoods_of
from kzexpert.proof.build import RelationFact, document
from kzexpert.proof.changes import Move, moves
from kzexpert.proof.diff import TraceDiff
from kzexpert.proof.document import Asked, Trace, TracedLikelihood
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import InferredGrounds
from kzexpert.proof.witnesses import Witnesses, with_testimonies
from kzexpert.review.document import PartKind

__all__ = ["Gist", "changed", "concluded", "gist", "judgement", "reworded", "said_otherwise", "touched"]


def judgement(index: Index, conclusion: str) -> Trace:
    """The part of a trace that one of its answers rests on; the answer alone is asked for."""
    below = {*index.reading_order([conclusion])}
    conclusions = tuple(item for item in index.trace.conclusions if item.conclusion in below)
    firings = tuple(item for item in index.trace.firings if item.conclusion in below)
    facts = tuple(item for item in index.trace.facts if item.fact in below)
    fired = {item.rule for item in firings}
    rules = tuple(item for item in index.trace.rules if item.id in fired)
    cited = {rule.source for rule in rules} | {row.source for fact in facts for row in fact.rows}
    return replace(
        index.trace,
        question=conclusion,
        pattern=conclusion,
        answers=(conclusion,),
        conclusions=conclusions,
        firings=firings,
        facts=facts,
        rules=rules,
        sources=tuple(item for item in index.trace.sources if item.id in cited),
        likelihoods=tuple(item for item in index.trace.likelihoods or () if item.answer == conclusion),
        calibration=UNSET,
    )


def concluded(inference: Inference, atoms: Sequence[GroundAtom]) -> Trace:
    """One proof of some statements, of those that anything is known of."""
    known = [atom for atom in dict.fromkeys(atoms) if inference.certainty(atom) is not None]
    asked = Asked("", "", inference.program.as_of, inference.engine, inference.program.assumed, ())
    found = document(InferredGrounds(inference), asked, [RelationFact(atom.predicate, atom) for atom in known])
    return replace(with_testimonies(found), likelihoods=tuple(_likelihoods(inference, known)))


def _likelihoods(inference: Inference, atoms: Iterable[GroundAtom]) -> Iterable[TracedLikelihood]:
    measured, _ = fitting_calibrations(inference.program.kb)
    for atom in atoms:
        told = likelihoods_of(inference, Pattern.of(atom.predicate, atom.args), measured)
        if atom in told:
            yield TracedLikelihood(str(atom), told[atom])


class Gist(msgspec.Struct, frozen=True):
    """What is said of the one conclusion of a judgement.

    Attributes:
        at_least: the certainty counting each witness once.
        confidence: high, moderate or low; empty where nothing is established.
        hangs_on: the origins without which nothing is.
        likelihood: in words, with a percentage and what that was measured on; empty where it was not.
    """

    evidence: str
    certainty: float
    at_least: float
    confidence: str
    hangs_on: tuple[str, ...]
    likelihood: str

    @property
    def texts(self) -> dict[str, object]:
        """Its fields, with numbers to the last decimal."""
        numbers = {"certainty": str(self.certainty), "at_least": str(self.at_least)}
        return {**msgspec.structs.asdict(self), **numbers}


def gist(trace: Trace) -> Gist | None:
    """What is said of the answer of a judgement; None where nothing is known of it."""
    index, (statement,) = Index(trace), trace.answers
    if statement not in index.conclusions and statement not in index.facts:
        return None
    certainty, testimony = index[statement].certainty, Witnesses(index).testimony(statement)
    confidence, likely = testimony.confidence, index.likelihoods.get(statement)
    return Gist(
        evidence=evidence_word(certainty),
        certainty=certainty,
        at_least=testimony.at_least,
        confidence=confidence.level if confidence else "",
        hangs_on=confidence.hangs_on if confidence else (),
        likelihood=f"{likely.word} ({likely.percent:g} percent, {likely.measured})" if likely else "",
    )


def said_otherwise(before: Gist | None, now: Gist | None) -> tuple[Move, ...]:
    """What is said of a conclusion, and was said otherwise."""
    return moves(*(side.texts if side else {} for side in (before, now)))


def reworded(before: Trace, now: Trace) -> tuple[Move, ...]:
    """The statements of both whose sentence is another: a vocabulary may turn what one says into its contrary."""
    one, other = (
        {name: side[name].says for name in (*side.conclusions, *side.facts)} for side in (Index(before), Index(now))
    )
    both = sorted(one.keys() & other.keys())
    return moves(*({name: side[name] for name in both} for side in (one, other)))


def changed(diff: TraceDiff, said: Sequence[Move]) -> bool:
    """Whether a judgement is another. That it is of another day is no change as long as nothing follows from that."""
    return bool(said or diff.facts or diff.rules or diff.sources or diff.changes)


def touched(trace: Trace) -> dict[PartKind, set[str]]:
    """The premises, rules and sources of a judgement, by name."""
    return {
        "premise": {item.conclusion for item in trace.conclusions} | {item.fact for item in trace.facts},
        "rule": {item.id for item in trace.rules},
        "source": {item.id for item in trace.sources},
    }
