"""An inference and a question → an `Answer`: the facts and conclusions that match, each with its lines of evidence.

The values here are the JSON that ``ask --format json`` prints. Which firings count as evidence is said in `evidence`.
"""

from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from kzexpert.certainty import established, evidence_word
from kzexpert.evidence import Line, lines
from kzexpert.model import BaseFact, GroundAtom, Inference, KnowledgeBase, Pattern, Relation, Value
from kzexpert.program.snapshot import base_fact, on_record
from kzexpert.proof.build import RelationFact
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import because, citations, says

__all__ = [
    "ASSUMED",
    "Answer",
    "Conclusion",
    "Conclusions",
    "EvidenceLine",
    "answer",
    "conclude",
    "conclusions_of",
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
        source: source and place; several are joined by semicolons; empty when none is recorded.
    """

    rule: str | UnsetType = UNSET
    fact: str | UnsetType = UNSET
    because: str
    strength: float
    source: str


class Conclusion(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact or conclusion that answers a question.

    Attributes:
        conclusion: the statement as an atom.
        says: as a sentence.
        bindings: variable of the pattern → value.
        evidence: how strong it is, in words; see `kzexpert.certainty.evidence_word`.
        derived: whether a rule concluded it.
        conflict: there is certain evidence for it and certain evidence against it.
    """

    conclusion: str
    says: str
    bindings: dict[str, str | int | float]
    certainty: float
    evidence: str
    established: bool
    derived: bool
    lines: tuple[EvidenceLine, ...]
    conflict: bool = False


class Answer(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.answer/1"):
    """The answer to a question; `answers` is sorted by certainty, then by text."""

    question: str
    pattern: str
    as_of: date
    engine: str
    answers: tuple[Conclusion, ...]

    @property
    def established(self) -> "Answer":
        """The answer without what was weighed and not established."""
        kept = tuple(item for item in self.answers if item.established)
        return Answer(self.question, self.pattern, self.as_of, self.engine, kept)

    def __repr__(self) -> str:
        return f"<answer to {self.question!r}: {len(self.established.answers)} established>"


class Conclusions(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.conclusions/1"):
    """What rules concluded, by predicate, then by certainty, then by text."""

    as_of: date
    engine: str
    conclusions: tuple[Conclusion, ...]


def answer(inference: Inference, question: Question) -> Answer:
    """Everything known that matches the pattern of a question, established or only weighed."""
    pattern, kb = question.pattern, inference.program.kb
    if isinstance(pattern.relation, Relation):
        found = [
            _conclusion(inference, known, pattern, base.certainty, (_fact_evidence(kb, base),))
            for known, base in records(inference, question).items()
        ]
    else:
        found = [conclude(inference, atom, pattern) for atom in inference.facts.matching(pattern)]
    found.sort(key=lambda item: (-item.certainty, item.conclusion))
    return Answer(question.text, str(pattern), inference.program.as_of, inference.engine, tuple(found))


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
        established=established(certainty),
        derived=any(line.rule is not UNSET for line in told),
        lines=told,
        conflict=atom in inference.conflicts,
    )


def _evidence(kb: KnowledgeBase, line: Line) -> EvidenceLine:
    if line.firing is not None:
        rule = line.firing.rule.rule
        source = str(rule.source) if rule.source else ""
        return EvidenceLine(rule=rule.id, because=because(line.firing), strength=round(line.strength, 9), source=source)
    assert line.base is not None
    return _fact_evidence(kb, line.base)


def _fact_evidence(kb: KnowledgeBase, base: BaseFact) -> EvidenceLine:
    sources = [ASSUMED] if base.assumed else []
    sources += map(str, citations(base))
    return EvidenceLine(
        fact=str(base.atom), because=says(kb, base.atom), strength=base.certainty, source="; ".join(sources)
    )


def _bindings(pattern: Pattern, args: tuple[Value, ...]) -> dict[str, str | int | float]:
    """Variable of the pattern → value as JSON has it: a day as text, a whole number without a point."""
    found: dict[str, str | int | float] = {}
    for name, value in (pattern.binding(args) or {}).items():
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        found[name] = value.isoformat() if isinstance(value, date) else int(value) if whole else value
    return found
