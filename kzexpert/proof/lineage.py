"""An inference as the grounds of proofs: what it says of a statement, and what lies below it.

It infers nothing and combines nothing anew: certainties come from the inference, lines of evidence from `evidence`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.certainty import combine, established, evidence_word
from kzexpert.evidence import enough_below, lines
from kzexpert.model import (
    Aggregate,
    BaseFact,
    Expression,
    Firing,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Value,
)
from kzexpert.model.evaluation import combinations, evaluate, solutions
from kzexpert.program.likelihood import fitting_calibrations
from kzexpert.program.strata import recursive_components
from kzexpert.proof.answers import likelihoods_of, ranked, records
from kzexpert.proof.build import Judgement, Lineage, RelationFact, document, relation_fact
from kzexpert.proof.citation import cited_bases
from kzexpert.proof.document import Asked, Trace, TracedLikelihood, no_digest, sealed
from kzexpert.proof.witnesses import with_testimonies
from kzexpert.questions.question import Question

__all__ = ["InferredGrounds", "asked", "exported", "lineage", "outline", "overview", "prove"]


def prove(inference: Inference, question: Question, most: int | None = None) -> Trace:
    """The proof of everything that matches a question, established or only weighed.

    Args:
        most: prove only so many, the most certain.
    """
    answers, own = ranked(inference, question)[:most], records(inference, question)
    found = with_testimonies(document(InferredGrounds(inference, own), Asked(*asked(inference, question)), answers))
    return _measured(found, inference, question)


def _measured(trace: Trace, inference: Inference, question: Question) -> Trace:
    """The proof with the calibration of what was asked about, and what it says of the answers."""
    known, _ = fitting_calibrations(inference.program.kb)
    if question.pattern.relation not in known:
        return trace
    told = {str(atom): item for atom, item in likelihoods_of(inference, question.pattern, known).items()}
    found = tuple(TracedLikelihood(answer, told[answer]) for answer in trace.answers if answer in told)
    return replace(trace, calibration=known[question.pattern.predicate], likelihoods=found)


def outline(inference: Inference, question: Question) -> Trace:
    """The proof as `answer` takes it: without digests, which load OpenSSL, and testimonies, which that tells."""
    answers, grounds = ranked(inference, question), InferredGrounds(inference, records(inference, question))
    return document(grounds, Asked(*asked(inference, question)), answers, no_digest)


def overview(inference: Inference, atoms: Iterable[GroundAtom]) -> Trace:
    """The proof of some facts and conclusions that no question asks for, without digests and testimonies."""
    program = inference.program
    nothing = Asked("", "", program.as_of, inference.engine, program.assumed, program.withdrawn)
    return document(
        InferredGrounds(inference), nothing, [RelationFact(atom.predicate, atom) for atom in atoms], no_digest
    )


def asked(inference: Inference, question: Question) -> tuple[str, str, date, str, tuple[str, ...], tuple[str, ...]]:
    """The fields of `Asked`, with which every document begins that answers a question."""
    program = inference.program
    return (
        question.text,
        str(question.pattern),
        program.as_of,
        inference.engine,
        program.assumed,
        program.withdrawn,
    )


def lineage(inference: Inference, atoms: Iterable[GroundAtom]) -> Lineage:
    """All that some facts and conclusions rest on."""
    return Lineage(InferredGrounds(inference), [RelationFact(atom.predicate, atom) for atom in atoms])


def exported(trace: Trace, kb: KnowledgeBase) -> Trace:
    """A proof as the trace that is written: with its bases and what it needs of them, and sealed."""
    from kzexpert.proof.excerpt import excerpt_of  # reads statements, which a question need not

    excerpt = excerpt_of(kb, trace, recursive_components(kb.rules))
    return sealed(replace(trace, bases=cited_bases(kb) or UNSET, excerpt=excerpt))


class InferredGrounds:
    """See `kzexpert.proof.build.Grounds`.

    Args:
        records: facts of a window or with dates that no rule looks at.
    """

    def __init__(self, inference: Inference, records: Mapping[RelationFact, BaseFact] | None = None) -> None:
        self.kb = inference.program.kb
        self._inference = inference
        self._records = records or {}

    def prepare(self, known: Sequence[RelationFact]) -> None:
        self._inference.facts.prefetch([item.atom for item in known if isinstance(item.relation, str)])

    def record(self, known: RelationFact) -> BaseFact | None:
        return self._inference.program.base.get(known.relation, {}).get(known.args) or self._records.get(known)

    def judgement(self, atom: GroundAtom) -> Judgement | None:
        inference = self._inference
        if atom not in inference.firings:
            return None
        found = lines(inference, atom)
        certainty = inference.certainty(atom) or 0.0
        strengths = [line.strength for line in found if line.counts]
        return Judgement(
            certainty=certainty,
            evidence=evidence_word(certainty),
            established=established(certainty),
            conflict=atom in inference.conflicts,
            best=inference.program.stratum_of[atom.predicate].recursive,
            supporting=combine(strength for strength in strengths if strength > 0),
            opposing=combine(strength for strength in strengths if strength < 0),
            lines=found,
        )

    def certainty(self, known: RelationFact) -> float:
        return self._inference.certainties[known.relation][known.args]

    def counted(self, firing: Firing, aggregate: Aggregate) -> set[RelationFact]:
        inference, values, body = self._inference, firing.values, aggregate.body.named()
        facts, as_of = inference.facts.established, inference.program.as_of
        given = {name: values[name] for name in aggregate.shared}
        named = replace(aggregate, body=body)
        found = [
            [relation_fact(pattern, pattern.row(binding) or ()) for pattern in body.matches]
            for binding, _ in combinations(named, solutions(body, facts, given, as_of), as_of)
        ]
        below = enough_below(inference, firing, aggregate)
        return {item for known in found if below is None or all(below(item.atom) for item in known) for item in known}

    def value(self, expression: Expression, values: Mapping[str, Value]) -> Value | None:
        return evaluate(expression, values, self._inference.program.as_of)
