"""What some statements rest on → the one document of their proof; text, pages, graphs and JSON are functions of it.

Whoever has the grounds can have it built: an inference (`lineage`), and the checker for the document that should stand
there. Nothing is weighed here: certainties and lines of evidence come from the grounds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

import msgspec

from kzexpert.errors import Location
from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    BaseFact,
    Expression,
    Firing,
    GroundAtom,
    KnowledgeBase,
    Line,
    Match,
    ProgramCondition,
    Test,
    Value,
    format_value,
)
from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    ComparisonPremise,
    FactPremise,
    Trace,
    TracedConclusion,
    TracedFact,
    TracedFiring,
    TracedLine,
    TracedPremise,
    cited_rule,
    cited_source,
    fact_text,
    places_of,
    row_of,
    row_order,
)
from kzexpert.questions.sentences import because, says

__all__ = ["Asked", "Grounds", "Judgement", "Lineage", "RelationFact", "document"]


class RelationFact(NamedTuple):
    """A fact or a conclusion as one relation knows it: the relation of a window may know fewer rows of it."""

    relation: str
    atom: GroundAtom

    def __str__(self) -> str:
        return fact_text(self.relation, self.atom)


class Judgement(msgspec.Struct, frozen=True):
    """What the lines of evidence for a conclusion come to; see `TracedConclusion`.

    Attributes:
        best: in a recursive component, where the best proof counts.
        lines: the strongest first.
    """

    certainty: float
    likelihood: str
    established: bool
    conflict: bool
    best: bool
    supporting: float
    opposing: float
    lines: tuple[Line, ...]

    @property
    def firings(self) -> Iterator[Firing]:
        """The lines of evidence that rules give."""
        return (line.firing for line in self.lines if line.firing is not None)


class Grounds(Protocol):
    """What a proof is built from."""

    kb: KnowledgeBase

    def prepare(self, known: Sequence[RelationFact]) -> None:
        """Told what is asked about next, which a database finds at once."""

    def record(self, known: RelationFact) -> BaseFact | None:
        """Where a fact is recorded or assumed."""

    def judgement(self, atom: GroundAtom) -> Judgement | None:
        """What rules make of a statement; None where none concludes it."""

    def certainty(self, known: RelationFact) -> float:
        """How certain a fact is, as its relation knows it."""

    def counted(self, aggregate: Aggregate, values: Mapping[str, Value]) -> set[RelationFact]:
        """The facts that an aggregate ranged over."""

    def value(self, expression: Expression, values: Mapping[str, Value]) -> Value | None:
        """The value of an expression."""


class Asked(msgspec.Struct, frozen=True):
    """What a document answers: the question as it was read, and the world it was asked of."""

    question: str
    pattern: str
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]


class Lineage:
    """All that some facts and conclusions rest on, themselves first, then a step below them, and so on.

    Attributes:
        judgements: the conclusions among it.
        records: the recorded and assumed facts among it.
    """

    def __init__(self, grounds: Grounds, start: Sequence[RelationFact]) -> None:
        self.judgements: dict[GroundAtom, Judgement] = {}
        self.records: dict[RelationFact, BaseFact] = {}
        self._grounds = grounds
        self._counted: dict[tuple[str, tuple[Value, ...], int], tuple[RelationFact, ...]] = {}
        level = list(dict.fromkeys(start))
        seen = set(level)
        while level:
            grounds.prepare(level)
            level = [known for known in dict.fromkeys(self._visited(level)) if known not in seen]
            seen.update(level)

    def _visited(self, level: Sequence[RelationFact]) -> Iterator[RelationFact]:
        """Visit a level; what lies a step below it."""
        for known in level:
            record = self._grounds.record(known)
            if record is not None:
                self.records[known] = record
            judgement = self._grounds.judgement(known.atom) if known.relation == known.atom.predicate else None
            if judgement is not None:
                self.judgements[known.atom] = judgement
                for firing in judgement.firings:
                    yield from self.below(firing)

    @property
    def firings(self) -> Iterator[Firing]:
        """Those that are lines of evidence."""
        for judgement in self.judgements.values():
            yield from judgement.firings

    def below(self, firing: Firing) -> Iterator[RelationFact]:
        """The premises of a firing and what its aggregates counted, in the order of the rule."""
        premises = iter(firing.premises)
        for number, condition in enumerate(firing.rule.conditions):
            if isinstance(condition, Match):
                yield RelationFact(condition.pattern.relation, next(premises))
            elif isinstance(condition, Aggregate):
                yield from self.counted(firing, number, condition)

    def counted(self, firing: Firing, number: int, aggregate: Aggregate) -> tuple[RelationFact, ...]:
        """The facts that an aggregate ranged over, sorted by text.

        Args:
            number: of the condition in its rule.
        """
        key = firing.rule.id, firing.binding, number
        if key not in self._counted:
            self._counted[key] = tuple(sorted(self._grounds.counted(aggregate, firing.values), key=str))
        return self._counted[key]


def document(grounds: Grounds, asked: Asked, answers: Sequence[RelationFact]) -> Trace:
    """The document of a proof, without a seal.

    Args:
        answers: what is proven, by certainty, then by text.
    """
    kb, lineage = grounds.kb, Lineage(grounds, answers)
    firings = sorted(lineage.firings, key=_order)
    ids = {(firing.rule.id, firing.binding): f"f{number}" for number, firing in enumerate(firings, 1)}
    place = places_of(kb.texts)
    facts = tuple(_fact(kb, *item, place) for item in sorted(lineage.records.items(), key=lambda item: str(item[0])))
    fired = {firing.rule.id: firing.rule for firing in firings}
    rules = tuple(cited_rule(rule.rule, rule.head, rule.conditions, place) for _, rule in sorted(fired.items()))
    cited = {rule.source for rule in rules} | {row.source for fact in facts for row in fact.rows}
    return Trace(
        question=asked.question,
        pattern=asked.pattern,
        as_of=asked.as_of,
        engine=asked.engine,
        assumed=asked.assumed,
        withdrawn=asked.withdrawn,
        answers=tuple(map(str, answers)),
        conclusions=tuple(
            _conclusion(kb, atom, lineage.judgements[atom], ids) for atom in sorted(lineage.judgements, key=str)
        ),
        firings=tuple(_firing(lineage, grounds, firing, ids) for firing in firings),
        facts=facts,
        rules=rules,
        sources=tuple(cited_source(kb.source[name]) for name in sorted(cited) if name in kb.source),
    )


def _order(firing: Firing) -> tuple[str, str, tuple[str, ...]]:
    return str(firing.conclusion), firing.rule.id, firing.binding_text


def _conclusion(
    kb: KnowledgeBase, atom: GroundAtom, found: Judgement, ids: Mapping[tuple[str, tuple[Value, ...]], str]
) -> TracedConclusion:
    def evidence(line: Line) -> str:
        return str(atom) if line.firing is None else ids[line.firing.rule.id, line.firing.binding]

    return TracedConclusion(
        conclusion=str(atom),
        says=says(kb, atom),
        certainty=found.certainty,
        likelihood=found.likelihood,
        established=found.established,
        conflict=found.conflict,
        method="best" if found.best else "combined",
        supporting=found.supporting,
        opposing=found.opposing,
        lines=tuple(
            TracedLine(evidence(line), round(line.strength, 9), line.counts, len(line.others)) for line in found.lines
        ),
    )


def _firing(
    lineage: Lineage, grounds: Grounds, firing: Firing, ids: Mapping[tuple[str, tuple[Value, ...]], str]
) -> TracedFiring:
    return TracedFiring(
        id=ids[firing.rule.id, firing.binding],
        rule=firing.rule.id,
        conclusion=str(firing.conclusion),
        because=because(firing),
        binding={name: format_value(value) for name, value in firing.values.items()},
        premises=tuple(_premises(lineage, grounds, firing)),
        strength=round(firing.strength, 9),
    )


def _premises(lineage: Lineage, grounds: Grounds, firing: Firing) -> Iterator[TracedPremise]:
    """What satisfied each condition of a firing, in the order of the rule."""
    facts, values = iter(firing.premises), firing.values
    for number, (written, condition) in enumerate(zip(firing.rule.rule.when, firing.rule.conditions, strict=True)):
        if isinstance(condition, Match):
            known = RelationFact(condition.pattern.relation, next(facts))
            yield FactPremise(written.text, str(known), grounds.certainty(known))
        elif isinstance(condition, Absence):
            yield AbsencePremise(written.text, str(condition.pattern.instance(values)))
        elif isinstance(condition, Aggregate):
            counted = tuple(map(str, lineage.counted(firing, number, condition)))
            yield AggregatePremise(written.text, format_value(values[condition.variable]), counted)
        else:
            yield _comparison(written.text, condition, grounds, values)


def _comparison(
    text: str, condition: ProgramCondition, grounds: Grounds, values: Mapping[str, Value]
) -> ComparisonPremise:
    if isinstance(condition, Assignment):
        value = format_value(values[condition.variable])
        return ComparisonPremise(text, value, "=", value)
    assert isinstance(condition, Test)
    left, right = grounds.value(condition.left, values), grounds.value(condition.right, values)
    assert left is not None
    assert right is not None
    return ComparisonPremise(text, format_value(left), condition.operator, format_value(right))


def _fact(kb: KnowledgeBase, known: RelationFact, base: BaseFact, place: Callable[[Location], str]) -> TracedFact:
    rows = (row_of(known.atom, row, place) for row in sorted(base.rows, key=lambda row: row.location))
    certainty = round(base.certainty, 9)
    return TracedFact(str(known), says(kb, known.atom), certainty, base.assumed, tuple(sorted(rows, key=row_order)))
