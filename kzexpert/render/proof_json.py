"""Proofs as JSON: ``kzexpert.proof/1``, what is asked, what is proven, and every step below it, each once."""

from collections.abc import Sequence
from datetime import date

import msgspec

from kzexpert.analysis.near_misses import Miss
from kzexpert.certainty import likelihood
from kzexpert.model import Fact, GroundAtom, Inference, format_value
from kzexpert.proof.build import Node, Proof, Step
from kzexpert.questions.question import Question

__all__ = ["ProofDocument", "proof_document"]


class Record(msgspec.Struct, frozen=True):
    """One row that states a fact; what it leaves out is empty."""

    source: str
    since: str
    until: str
    on: str
    certainty: float
    note: str
    place: str


class Condition(msgspec.Struct, frozen=True):
    """One condition of a rule, and what satisfied it."""

    condition: str
    kind: str
    holds: str
    facts: tuple[str, ...]


class Firing(msgspec.Struct, frozen=True):
    """One line of evidence that a rule gives. `binding`: variable → value as the atom grammar writes it."""

    rule: str
    title: str
    because: str
    source: str
    place: str
    strength: float
    counts: bool
    binding: dict[str, str]
    conditions: tuple[Condition, ...]
    others: int


class Statement(msgspec.Struct, frozen=True):
    """A fact or a conclusion."""

    atom: str
    says: str
    certainty: float
    likelihood: str
    established: bool
    conflict: bool
    assumed: bool
    records: tuple[Record, ...]
    firings: tuple[Firing, ...]


class ProofDocument(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.proof/1"):
    """The answer to why.

    Attributes:
        proven: the conclusions that were asked about; empty when nothing follows.
        statements: they and all that they rest on.
        missing: where nothing follows, what the rules lack, the least first.
    """

    question: str
    pattern: str
    as_of: date
    engine: str
    proven: tuple[str, ...]
    statements: tuple[Statement, ...]
    missing: tuple[Miss, ...]


def proof_document(
    inference: Inference, question: Question, proofs: Sequence[Proof], lacks: Sequence[Miss] = ()
) -> ProofDocument:
    """Some proofs as one document."""
    nodes: dict[GroundAtom, Node] = {}
    for proof in proofs:
        nodes |= proof.nodes
    return ProofDocument(
        question.text,
        str(question.pattern),
        inference.program.as_of,
        inference.engine,
        tuple(str(proof.conclusion) for proof in proofs if proof.root.established),
        tuple(map(_statement, nodes.values())),
        tuple(lacks),
    )


def _statement(node: Node) -> Statement:
    base = node.base
    return Statement(
        atom=str(node.atom),
        says=node.says,
        certainty=node.certainty,
        likelihood=likelihood(node.certainty),
        established=node.established,
        conflict=node.conflict,
        assumed=base is not None and base.assumed,
        records=tuple(map(_record, base.rows)) if base else (),
        firings=tuple(map(_firing, node.steps)),
    )


def _record(fact: Fact) -> Record:
    return Record(
        source=str(fact.source or ""),
        since=str(fact.since or ""),
        until=str(fact.until or ""),
        on=str(fact.on or ""),
        certainty=fact.certainty,
        note=fact.note,
        place=str(fact.location),
    )


def _firing(step: Step) -> Firing:
    rule = step.firing.rule.rule
    return Firing(
        rule=rule.id,
        title=rule.title,
        because=step.because,
        source=str(rule.source or ""),
        place=str(rule.location),
        strength=step.strength,
        counts=step.counts,
        binding={name: format_value(value) for name, value in step.firing.values.items()},
        conditions=tuple(
            Condition(support.condition, support.kind, support.holds, tuple(map(str, support.facts)))
            for support in step.supports
        ),
        others=len(step.others),
    )
