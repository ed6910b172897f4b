"""An inference and a question → an `Answer`: the facts and conclusions that match, each with its lines of evidence.

The values here are the JSON that ``ask --format json`` prints. Which firings count as evidence is said in `evidence`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kzexpert.certainty import established, evidence_word
from kzexpert.evidence import Line, lines
from kzexpert.model import BaseFact, Citation, GroundAtom, Inference, KnowledgeBase, Pattern, Relation, Value
from kzexpert.model.calibration import Calibration, Likelihood
from kzexpert.program.likelihood import fitting_calibrations, likelihoods, with_siblings
from kzexpert.program.snapshot import base_fact, on_record
from kzexpert.proof.build import RelationFact
from kzexpert.proof.document import Confidence, Trace
from kzexpert.proof.index import Index, graded
from kzexpert.proof.witnesses import Witnesses
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import because, citations, says

__all__ = [
    "ASSUMED",
    "Answer",
    "Conclusion",
    "Conclusions",
    "EvidenceLine",
    "answer",
    "cited",
    "conclude",
    "conclusions_of",
    "likelihoods_of",
    "once",
    "plain",
    "ranked",
    "records",
]

#: Stands in the place of a source where a fact was assumed.
ASSUMED = "assumed"


class EvidenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of evidence: a rule that fired, or a recorded fact.

    Attributes:
        rule: its id; not set for a fact.
        fact: the statement; not set for a rule.
        because: the reason as a sentence.
        strength: −1..1.
        source: source, place and grade; several are joined by semicolons; empty when none is recorded.
        facts: the sources of the recorded facts that a rule's line rests on, with place and grade; not set where no
            proof was made.
    """

    rule: str | UnsetType = UNSET
    fact: str | UnsetType = UNSET
    because: str
    strength: float
    source: str
    facts: tuple[str, ...] | UnsetType = UNSET


class Conclusion(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact or conclusion that answers a question.

    Attributes:
        conclusion: the statement as an atom.
        says: as a sentence.
        bindings: variable of the pattern → value.
        evidence: how strong it is, in words; see `kzexpert.certainty.evidence_word`.
        status: ``established``; ``against``, where the evidence against it is as strong; else ``weighed``.
        likelihood: how often such judgements were right, where that was measured; None where it was not.
        derived: whether a rule concluded it.
        conflict: there is certain evidence for it and certain evidence against it.
        at_least: the certainty counting each thing once; not set where no proof was made.
        exact: whether no stronger set of lines that share nothing was left untried.
        shared: recorded facts on which several lines rest.
        confidence: how far it rests on several witnesses; None where nothing is established.
        mirror: the statement with its arguments in the other order, where its predicate is symmetric.
    """

    conclusion: str
    says: str
    bindings: dict[str, str | int | float]
    certainty: float
    evidence: str
    status: Literal["established", "weighed", "against"]
    established: bool
    derived: bool
    lines: tuple[EvidenceLine, ...]
    likelihood: Likelihood | None
    conflict: bool = False
    at_least: float | UnsetType = UNSET
    exact: bool = True
    shared: tuple[str, ...] = ()
    confidence: Confidence | UnsetType | None = UNSET
    mirror: str = ""


def once(items: Iterable[Conclusion]) -> Iterator[Conclusion]:
    """Each of some conclusions but those that say in the other order what was said before, just as certainly."""
    told: dict[str, float] = {}
    for item in items:
        told[item.conclusion] = item.certainty
        if item.mirror == item.conclusion or told.get(item.mirror) != item.certainty:
            yield item


class Answer(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.answer/1"):
    """The answer to a question; `answers` is sorted by certainty, then by text, or the largest number first.

    Attributes:
        status: of the first answer, whether or not it is shown; ``unknown`` where there is none.
        read_as: how the question was read, in words; not set for a pattern, and where a template fits word by word.
        command: the command line that asks the same by a pattern; set with `read_as` by the command line.
        count: how many different values the question wants counted; set where it asks how many.
    """

    question: str
    pattern: str
    as_of: date
    engine: str
    status: Literal["established", "weighed", "against", "unknown"]
    answers: tuple[Conclusion, ...]
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET
    count: int | UnsetType = UNSET

    @property
    def established(self) -> "Answer":
        """The answer without what was weighed and not established."""
        return replace(self, answers=tuple(item for item in self.answers if item.established))

    def __repr__(self) -> str:
        return f"<answer to {self.question!r}: {len(self.established.answers)} established>"


class Conclusions(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.conclusions/1"):
    """What rules concluded, by predicate, then by certainty, then by text."""

    as_of: date
    engine: str
    conclusions: tuple[Conclusion, ...]


def answer(inference: Inference, question: Question, proof: Trace | None = None) -> Answer:
    """Everything known that matches the pattern of a question, established or only weighed.

    Args:
        proof: of all of it; without one nothing is said of confidence, and lines cite no sources of their facts.
    """
    pattern, kb = question.pattern, inference.program.kb
    found: dict[str, Conclusion] = {}
    atoms: dict[str, GroundAtom] = {}
    if isinstance(pattern.relation, Relation):
        for known, base in records(inference, question).items():
            told = (_fact_evidence(kb, base),)
            found[str(known)] = _conclusion(inference, known, pattern, base.certainty, told)
    else:
        atoms = {str(atom): atom for atom in inference.facts.matching(pattern)}
        found = {name: conclude(inference, atom, pattern) for name, atom in atoms.items()}
    if proof is not None:
        index = Index(proof)
        witnesses = Witnesses(index)
        found = {name: _vouched(item, name, index, witnesses) for name, item in found.items()}
    measured = likelihoods_of(inference, pattern, fitting_calibrations(kb)[0])
    for name, atom in atoms.items() if measured else ():
        found[name] = replace(found[name], likelihood=measured.get(atom))
    ordered = sorted(found.values(), key=lambda item: (-item.certainty, item.conclusion))
    if question.by:
        ordered.sort(key=lambda item: (not item.established, -float(item.bindings[question.by])))
    status = ordered[0].status if ordered else "unknown"
    values = {tuple(item.bindings[name] for name in question.counts) for item in ordered if item.established}
    return Answer(
        question.text,
        str(pattern),
        inference.program.as_of,
        inference.engine,
        status,
        tuple(ordered),
        read_as=question.read_as or UNSET,
        count=len(values) if question.counts else UNSET,
    )


def _status(certainty: float) -> Literal["established", "weighed", "against"]:
    return "established" if established(certainty) else "against" if established(-certainty) else "weighed"


def likelihoods_of(
    inference: Inference, pattern: Pattern, known: Mapping[str, Calibration]
) -> dict[GroundAtom, Likelihood]:
    """How often judgements such as those that match a pattern were right, as far as that was measured.

    Args:
        known: the calibrations that fit the whole knowledge base.
    """
    if pattern.predicate not in known:
        return {}
    kb = inference.program.kb
    siblings = inference.facts.matching(with_siblings(kb, pattern))
    return likelihoods(kb, known, {atom: inference.certainty(atom) or 0.0 for atom in siblings})


def _vouched(item: Conclusion, statement: str, index: Index, witnesses: Witnesses) -> Conclusion:
    """What is known of a statement, and who vouches for it."""
    testimony = witnesses.testimony(statement)
    told = item.lines
    if statement in index.conclusions:
        counted = [line for line in index.conclusions[statement].lines if line.counts]
        told = tuple(
            replace(line, facts=tuple(witnesses.citations(below.evidence))) if line.rule else line
            for line, below in zip(item.lines, counted, strict=True)
        )
    return replace(
        item,
        lines=told,
        at_least=testimony.at_least,
        exact=testimony.exact,
        shared=testimony.shared,
        confidence=testimony.confidence,
    )


def ranked(inference: Inference, question: Question) -> list[RelationFact]:
    """What the answers are about, in their order."""
    pattern = question.pattern
    if isinstance(pattern.relation, Relation):
        certainties = {known: base.certainty for known, base in records(inference, question).items()}
    else:
        certainties = {
            RelationFact(pattern.relation, atom): inference.certainty(atom) or 0.0
            for atom in inference.facts.matching(pattern)
        }
    return sorted(certainties, key=lambda known: (-certainties[known], str(known)))


def records(inference: Inference, question: Question) -> dict[RelationFact, BaseFact]:
    """What a question with a window or with dates asks for: the recorded and assumed facts that have them.

    Rules conclude no dates, so their conclusions are not among them.
    """
    pattern, program, found = question.pattern, inference.program, {}
    relation = pattern.relation
    for base in program.base.get(pattern.predicate, {}).values() if isinstance(relation, Relation) else ():
        assert isinstance(relation, Relation)
        told = {
            dates: base_fact(base.atom, rows) for dates, rows in on_record(base.rows, relation, program.as_of).items()
        }
        if base.assumed and {*relation.dates} <= {"on"}:
            today = tuple(program.as_of for _ in relation.dates)
            rows = told[today].rows if today in told else ()
            told[today] = BaseFact(base.atom, 1.0, rows, True)
        for dates, fact in told.items():
            known = RelationFact(relation, base.atom, dates)
            if pattern.matches(known.args):
                found[known] = fact
    return found


def conclusions_of(inference: Inference, pattern: Pattern | None = None, *, weighed: bool = False) -> Conclusions:
    """What rules concluded.

    Args:
        pattern: only what matches it.
        weighed: also what was weighed and not established.
    """
    if pattern is None:
        atoms = list(inference.firings)
    else:
        atoms = [atom for atom in inference.facts.matching(pattern) if atom in inference.firings]
    if not weighed:
        atoms = [atom for atom in atoms if established(inference.certainty(atom) or 0.0)]
    inference.facts.prefetch(atoms)
    atoms.sort(key=lambda atom: (atom.predicate, -(inference.certainty(atom) or 0.0), str(atom)))
    found = tuple(conclude(inference, atom, pattern) for atom in atoms)
    return Conclusions(inference.program.as_of, inference.engine, found)


def conclude(inference: Inference, atom: GroundAtom, pattern: Pattern | None = None) -> Conclusion:
    """What is known of a fact or conclusion, with its evidence.

    Args:
        pattern: whose variables to bind; none are bound without it.
    """
    told = tuple(_evidence(inference.program.kb, line) for line in lines(inference, atom) if line.counts)
    known = RelationFact(atom.predicate, atom)
    return _conclusion(inference, known, pattern, inference.certainty(atom) or 0.0, told)


def _conclusion(
    inference: Inference, known: RelationFact, pattern: Pattern | None, certainty: float, told: tuple[EvidenceLine, ...]
) -> Conclusion:
    atom = known.atom
    return Conclusion(
        conclusion=known.dated,
        says=says(inference.program.kb, atom),
        bindings=_bindings(pattern, known.args) if pattern else {},
        certainty=certainty,
        evidence=evidence_word(certainty),
        status=_status(certainty),
        established=established(certainty),
        derived=any(line.rule is not UNSET for line in told),
        lines=told,
        likelihood=None,
        conflict=atom in inference.conflicts,
        mirror=_mirror(inference.program.kb, known),
    )


def _mirror(kb: KnowledgeBase, known: RelationFact) -> str:
    predicate = kb.predicate.get(known.atom.predicate)
    if predicate is None or not predicate.symmetric or known.dated != str(known.atom):
        return ""
    return str(GroundAtom(predicate.name, known.atom.args[::-1]))


def _evidence(kb: KnowledgeBase, line: Line) -> EvidenceLine:
    if line.firing is not None:
        rule = line.firing.rule.rule
        source = cited(kb, rule.source) if rule.source else ""
        return EvidenceLine(
            rule=rule.id, because=because(kb, line.firing), strength=round(line.strength, 9), source=source
        )
    assert line.base is not None
    return _fact_evidence(kb, line.base)


def _fact_evidence(kb: KnowledgeBase, base: BaseFact) -> EvidenceLine:
    sources = [ASSUMED] if base.assumed else []
    sources += (cited(kb, citation) for citation in citations(base))
    return EvidenceLine(
        fact=str(base.atom), because=says(kb, base.atom), strength=base.certainty, source="; ".join(sources)
    )


def cited(kb: KnowledgeBase, citation: Citation) -> str:
    """A source and the place in it, with its grade where it has one."""
    source = kb.source.get(citation.source)
    return graded(str(citation), source.reliability if source else "")


def _bindings(pattern: Pattern, args: tuple[Value, ...]) -> dict[str, str | int | float]:
    return plain(pattern.binding(args) or {})


def plain(values: Mapping[str, Value]) -> dict[str, str | int | float]:
    """Values by name as JSON has them: a day as text, a whole number without a point."""
    found: dict[str, str | int | float] = {}
    for name, value in values.items():
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        found[name] = value.isoformat() if isinstance(value, date) else int(value) if whole else value
    return found
