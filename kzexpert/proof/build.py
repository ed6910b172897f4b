"""What some statements rest on → the one document of their proof; text, pages, graphs and JSON are functions of it.

Whoever has the grounds can have it built: an inference (`lineage`), and the checker for the document that should stand
there. Nothing is weighed here: certainties and lines of evidence come from the grounds.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

import msgspec

from kzexpert.errors import Location
from kzexpert.model import (
    Absence,
    Aggregate,
    BaseFact,
    Block,
    Condition,
    Constant,
    Expression,
    Firing,
    GroundAtom,
    KnowledgeBase,
    Line,
    Listing,
    Pattern,
    ProgramCondition,
    Relation,
    RelationKey,
    Test,
    Value,
    alternatives,
    format_value,
)
from kzexpert.proof.citation import cited_rule, cited_source, fact_text, places_of, row_of, row_order
from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    Asked,
    BlockPremise,
    ComparisonPremise,
    EitherPremise,
    FactPremise,
    ListPremise,
    Trace,
    TracedConclusion,
    TracedFact,
    TracedFiring,
    TracedLine,
    TracedPremise,
    digest_of,
)
from kzexpert.questions.sentences import because, says

__all__ = [
    "Grounds",
    "Judgement",
    "Lineage",
    "RelationFact",
    "document",
    "premise_fact",
    "relation_fact",
]


class RelationFact(NamedTuple):
    """A fact or a conclusion as one relation knows it: that of a window or a day may know fewer rows of it.

    Attributes:
        dates: those that the relation has.
    """

    relation: RelationKey
    atom: GroundAtom
    dates: tuple[date, ...] = ()

    def __str__(self) -> str:
        return fact_text(self.relation, self.atom, self.dates)

    @property
    def dated(self) -> str:
        """The statement with its dates, and without the window that it was looked for in."""
        return fact_text(Relation(self.atom.predicate, None, _words(self.relation)), self.atom, self.dates)

    @property
    def args(self) -> tuple[Value, ...]:
        """Its arguments in its relation."""
        return (*self.atom.args, *self.dates)


def _words(relation: RelationKey) -> tuple[str, ...]:
    return () if isinstance(relation, str) else relation.dates


def relation_fact(pattern: Pattern, args: Sequence[Value]) -> RelationFact:
    """The fact that a row of a pattern's relation stands for.

    Args:
        args: of the row, dates included.
    """
    dates = tuple(day for day in args[pattern.arity :] if isinstance(day, date))
    return RelationFact(pattern.relation, GroundAtom(pattern.predicate, tuple(args[: pattern.arity])), dates)


def premise_fact(pattern: Pattern, atom: GroundAtom, values: Mapping[str, Value]) -> RelationFact:
    """The premise of a firing behind a positive condition; the values of its variables tell the dates."""
    dates = tuple(term.value for term in pattern.instance(values).dates if isinstance(term, Constant))
    return relation_fact(pattern, (*atom.args, *dates))


class Judgement(msgspec.Struct, frozen=True):
    """What the lines of evidence for a conclusion come to; see `TracedConclusion`.

    Attributes:
        best: in a recursive component, where the best proof counts.
        lines: the strongest first.
    """

    certainty: float
    evidence: str
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

    def counted(self, firing: Firing, aggregate: Aggregate) -> set[RelationFact]:
        """The facts that an aggregate of a firing ranged over."""

    def value(self, expression: Expression, values: Mapping[str, Value]) -> Value | None:
        """The value of an expression."""


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
            judgement = self._grounds.judgement(known.atom) if isinstance(known.relation, str) else None
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
            if condition.match is not None:
                yield premise_fact(condition.match, next(premises), firing.values)
            elif number in firing.rule.aggregates:
                yield from self.counted(firing, number)

    def counted(self, firing: Firing, number: int) -> tuple[RelationFact, ...]:
        """The facts that an aggregate ranged over, sorted by text.

        Args:
            number: of the condition in its rule.
        """
        key = firing.rule.key, firing.binding, number
        if key not in self._counted:
            self._counted[key] = tuple(sorted(self._grounds.counted(firing, firing.rule.aggregates[number]), key=str))
        return self._counted[key]


def document(
    grounds: Grounds, asked: Asked, answers: Sequence[RelationFact], digest: Callable[[object], str] = digest_of
) -> Trace:
    """The document of a proof, without a seal.

    Args:
        answers: what is proven, by certainty, then by text.
        digest: `no_digest` where the proof is not exported.
    """
    kb, lineage = grounds.kb, Lineage(grounds, answers)
    firings = sorted(lineage.firings, key=_order)
    ids = {(firing.rule.key, firing.binding): f"f{number}" for number, firing in enumerate(firings, 1)}
    place = places_of(kb)
    facts = tuple(
        _fact(kb, *item, place, digest) for item in sorted(lineage.records.items(), key=lambda item: str(item[0]))
    )
    fired = {firing.rule.id: firing.rule.rule for firing in firings}
    rules = tuple(cited_rule(kb, rule, place, digest) for _, rule in sorted(fired.items()))
    cited = {rule.source for rule in rules} | {row.source for fact in facts for row in fact.rows}
    return Trace(
        **msgspec.structs.asdict(asked),
        answers=tuple(map(str, answers)),
        conclusions=tuple(
            _conclusion(kb, atom, lineage.judgements[atom], ids) for atom in sorted(lineage.judgements, key=str)
        ),
        firings=tuple(_firing(kb, lineage, grounds, firing, ids) for firing in firings),
        facts=facts,
        rules=rules,
        sources=tuple(cited_source(kb.source[name]) for name in sorted(cited) if name in kb.source),
    )


def _order(firing: Firing) -> tuple[str, str, tuple[str, ...], int]:
    return str(firing.conclusion), firing.rule.id, firing.binding_text, firing.rule.variant


def _conclusion(
    kb: KnowledgeBase, atom: GroundAtom, found: Judgement, ids: Mapping[tuple[str, tuple[Value, ...]], str]
) -> TracedConclusion:
    def evidence(line: Line) -> str:
        return str(atom) if line.firing is None else ids[line.firing.rule.key, line.firing.binding]

    return TracedConclusion(
        conclusion=str(atom),
        says=says(kb, atom),
        certainty=found.certainty,
        evidence=found.evidence,
        established=found.established,
        conflict=found.conflict,
        method="best" if found.best else "combined",
        supporting=found.supporting,
        opposing=found.opposing,
        lines=tuple(
            TracedLine(evidence(line), round(line.strength, 9), line.counts, len(line.others), line.family)
            for line in found.lines
        ),
        testimony=None,  # whoever has the document says it
    )


def _firing(
    kb: KnowledgeBase,
    lineage: Lineage,
    grounds: Grounds,
    firing: Firing,
    ids: Mapping[tuple[str, tuple[Value, ...]], str],
) -> TracedFiring:
    return TracedFiring(
        id=ids[firing.rule.key, firing.binding],
        rule=firing.rule.id,
        conclusion=str(firing.conclusion),
        because=because(kb, firing),
        binding={name: format_value(value) for name, value in firing.values.items()},
        premises=tuple(_Premises(lineage, grounds, firing).of(firing.rule.rule.when)),
        strength=round(firing.strength, 9),
    )


class _Premises:
    """What satisfied the conditions of a firing, told along the rule as its author wrote it."""

    def __init__(self, lineage: Lineage, grounds: Grounds, firing: Firing) -> None:
        self._lineage = lineage
        self._grounds = grounds
        self._firing = firing
        self._values = firing.values
        self._facts = iter(firing.premises)
        self._conditions = iter(enumerate(firing.rule.conditions))
        self._choice = iter(firing.rule.choice)

    def of(self, written: Sequence[Condition]) -> Iterator[TracedPremise]:
        """One for each condition or block; they are told in their order, each once."""
        for condition in written:
            if condition.choices:
                chosen = next(self._choice)
                premises = tuple(self.of(condition.choices[chosen]))
                yield EitherPremise(condition.text, chosen + 1, premises)
            elif isinstance(condition, Block):
                for _ in alternatives(condition.inner):
                    next(self._conditions)
                absent = tuple(_with_values(item.text, self._values) for item in condition.conditions)
                yield BlockPremise(condition.text, condition.keyword, absent)
            else:
                yield self._premise(condition.text, *next(self._conditions))

    def _premise(self, text: str, number: int, condition: ProgramCondition) -> TracedPremise:
        if condition.match is not None:
            known = premise_fact(condition.match, next(self._facts), self._values)
            return FactPremise(text, str(known), self._grounds.certainty(known))
        if isinstance(condition, Absence):
            return AbsencePremise(text, str(condition.pattern.instance(self._values)))
        if condition.function:
            counted = tuple(map(str, self._lineage.counted(self._firing, number)))
            return AggregatePremise(text, format_value(self._values[condition.variable]), counted)
        if isinstance(condition, Listing):
            values = tuple(map(self._shown, condition.values))
            return ListPremise(text, self._shown(condition.left), "not in" if condition.negated else "in", values)
        if condition.computes:
            value = format_value(self._values[condition.variable])
            return ComparisonPremise(text, value, "=", value)
        assert isinstance(condition, Test)
        return ComparisonPremise(text, self._shown(condition.left), condition.operator, self._shown(condition.right))

    def _shown(self, expression: Expression) -> str:
        value = self._grounds.value(expression, self._values)
        assert value is not None  # or the condition would not hold
        return format_value(value)


#: A quoted text, in which a question mark is one, or a variable.
_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|\?(\w+)')


def _with_values(text: str, values: Mapping[str, Value]) -> str:
    """A condition as written, with the values of the variables that have one."""
    return _VARIABLE.sub(lambda found: format_value(values[found[1]]) if found[1] in values else found[0], text)


def _fact(
    kb: KnowledgeBase,
    known: RelationFact,
    base: BaseFact,
    place: Callable[[Location], str],
    digest: Callable[[object], str],
) -> TracedFact:
    rows = (row_of(known.atom, row, place, digest) for row in sorted(base.rows, key=lambda row: row.location))
    certainty = round(base.certainty, 9)
    return TracedFact(str(known), says(kb, known.atom), certainty, base.assumed, tuple(sorted(rows, key=row_order)))
