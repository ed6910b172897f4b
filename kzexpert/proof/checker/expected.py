"""What a trace should say: the checker's derivation, written down as a trace of its own for the comparison.

It is given the question and nothing else of the trace that is checked.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from kzexpert.model import (
    Absence,
    Aggregate,
    GroundAtom,
    KnowledgeBase,
    Match,
    Pattern,
    Test,
    Within,
    format_value,
)
from kzexpert.proof.checker.derivation import Derivation
from kzexpert.proof.checker.joins import bindings, value_of
from kzexpert.proof.checker.recorded import Args, Recorded
from kzexpert.proof.checker.weighing import LIKELIHOODS, THRESHOLD, CheckedFiring, CheckedLine, combined
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
)
from kzexpert.questions.sentences import fill, says

__all__ = ["Asked", "expected_trace"]


class Asked(msgspec.Struct, frozen=True):
    """What a trace answers: its question as it was read, and the world it was asked of."""

    question: str
    pattern: Pattern
    within: Within | None
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]


class _Known(msgspec.Struct, frozen=True):
    """A fact or a conclusion as a relation knows it."""

    atom: GroundAtom
    relation: str
    within: Within | None

    def __str__(self) -> str:
        return fact_text(self.relation, self.atom)


def expected_trace(kb: KnowledgeBase, derivation: Derivation, asked: Asked) -> Trace:
    """The trace that the rules and facts on disk call for, without a seal."""
    answers = _answers(derivation, asked)
    found = _Walk(derivation)
    found.down_from(answers)
    firings = sorted(found.firings, key=_firing_order)
    ids = {(firing.rule.rule.id, firing.binding): f"f{number}" for number, firing in enumerate(firings, 1)}
    fired = {firing.rule.rule.id: firing.rule for firing in firings}
    place = places_of(kb.texts)
    rules = tuple(cited_rule(rule.rule, rule.head, rule.conditions, place) for _, rule in sorted(fired.items()))
    facts = tuple(
        TracedFact(
            fact=str(known),
            says=says(kb, known.atom),
            certainty=recorded.certainty,
            assumed=recorded.assumed,
            rows=derivation.recorded.rows_of(known.atom, recorded),
        )
        for known, recorded in sorted(found.facts.items(), key=lambda item: str(item[0]))
    )
    cited = {rule.source for rule in rules} | {row.source for fact in facts for row in fact.rows}
    return Trace(
        seal="",
        question=asked.question,
        pattern=str(asked.pattern),
        as_of=asked.as_of,
        engine=asked.engine,
        assumed=asked.assumed,
        withdrawn=asked.withdrawn,
        answers=tuple(map(str, answers)),
        conclusions=tuple(
            _conclusion(kb, derivation, atom, ids) for atom in sorted(found.conclusions, key=lambda atom: str(atom))
        ),
        firings=tuple(_firing(derivation, firing, ids) for firing in firings),
        facts=facts,
        rules=rules,
        sources=tuple(cited_source(kb.source[name]) for name in sorted(cited) if name in kb.source),
    )


def _answers(derivation: Derivation, asked: Asked) -> list[_Known]:
    """What matches the question, the most certain first."""
    pattern, within = asked.pattern, asked.within
    every = {*derivation.recorded.in_force(pattern.predicate, within)}
    if within is None:
        every.update(derivation.conclusions(pattern.predicate))
    certainties = {
        _Known(GroundAtom(pattern.predicate, args), pattern.relation, within): derivation.certainty(
            pattern.predicate, args, within
        )
        for args in every
        if pattern.matches(args)
    }
    return sorted(certainties, key=lambda known: (-(certainties[known] or 0.0), str(known.atom)))


def _firing_order(firing: CheckedFiring) -> tuple[str, str, tuple[str, ...]]:
    conclusion = GroundAtom(firing.rule.head.predicate, firing.conclusion)
    return str(conclusion), firing.rule.rule.id, firing.texts


class _Walk:
    """What lies below some answers: the conclusions, the firings that are lines of evidence, the recorded facts."""

    def __init__(self, derivation: Derivation) -> None:
        self.conclusions: set[GroundAtom] = set()
        self.firings: list[CheckedFiring] = []
        self.facts: dict[_Known, Recorded] = {}
        self._derivation = derivation

    def down_from(self, start: Sequence[_Known]) -> None:
        pending = list(start)
        while pending:
            known = pending.pop()
            if known in self.facts or (known.within is None and known.atom in self.conclusions):
                continue
            predicate, args = known.atom.predicate, known.atom.args
            recorded = self._derivation.recorded.in_force(predicate, known.within).get(args)
            if recorded is not None:
                self.facts[known] = recorded
            concluded = self._derivation.conclusions(predicate).get(args)
            if known.within is None and concluded is not None:
                self.conclusions.add(known.atom)
                firings = [line.firing for line in concluded.lines if line.firing is not None]
                self.firings.extend(firings)
                pending.extend(below for firing in firings for below in _below(self._derivation, firing))


def _below(derivation: Derivation, firing: CheckedFiring) -> Iterator[_Known]:
    """The facts that a firing rests on, and those that its aggregates counted."""
    premises = iter(firing.premises)
    for condition in firing.rule.conditions:
        if isinstance(condition, Match):
            _, args, _ = next(premises)
            yield _known(firing, condition.pattern, args)
        elif isinstance(condition, Aggregate):
            yield from _counted(derivation, firing, condition)


def _known(firing: CheckedFiring, pattern: Pattern, args: Args) -> _Known:
    return _Known(GroundAtom(pattern.predicate, args), pattern.relation, firing.rule.windows[pattern.relation])


def _counted(derivation: Derivation, firing: CheckedFiring, aggregate: Aggregate) -> set[_Known]:
    """The facts that an aggregate ranged over."""
    values = firing.values
    shared = {name: values[name] for name in aggregate.shared}
    return {
        _known(firing, pattern, args)
        for solution in bindings([Match(pattern) for pattern in aggregate.patterns], shared, derivation.facts)
        for pattern in aggregate.patterns
        for args, _ in derivation.facts.matching(pattern, solution)
    }


def _conclusion(
    kb: KnowledgeBase, derivation: Derivation, atom: GroundAtom, ids: dict[tuple[str, Args], str]
) -> TracedConclusion:
    found = derivation.conclusions(atom.predicate)[atom.args]
    percent = round((1.0 + found.certainty) * 50.0, 7)
    strengths = [line.strength for line in found.lines if line.counts]

    def evidence(line: CheckedLine) -> str:
        return str(atom) if line.firing is None else ids[line.firing.rule.rule.id, line.firing.binding]

    return TracedConclusion(
        conclusion=str(atom),
        says=says(kb, atom),
        certainty=found.certainty,
        likelihood=next(word for edge, word in LIKELIHOODS if percent >= edge),
        established=found.certainty > THRESHOLD,
        conflict=found.conflict,
        method="best" if found.best else "combined",
        supporting=combined(strength for strength in strengths if strength > 0),
        opposing=combined(strength for strength in strengths if strength < 0),
        lines=tuple(TracedLine(evidence(line), line.strength, line.counts, line.others) for line in found.lines),
    )


def _firing(derivation: Derivation, firing: CheckedFiring, ids: dict[tuple[str, Args], str]) -> TracedFiring:
    rule = firing.rule.rule
    return TracedFiring(
        id=ids[rule.id, firing.binding],
        rule=rule.id,
        conclusion=str(GroundAtom(firing.rule.head.predicate, firing.conclusion)),
        because=fill(rule.because, firing.values) if rule.because else rule.title or f"rule {rule.id}",
        binding={name: format_value(value) for name, value in firing.values.items()},
        premises=tuple(_premises(derivation, firing)),
        strength=firing.strength,
    )


def _premises(derivation: Derivation, firing: CheckedFiring) -> Iterator[TracedPremise]:
    values = firing.values
    facts = iter(firing.premises)
    for written, condition in zip(firing.rule.rule.when, firing.rule.conditions, strict=True):
        if isinstance(condition, Match):
            _, args, certainty = next(facts)
            yield FactPremise(written.text, str(_known(firing, condition.pattern, args)), certainty)
        elif isinstance(condition, Absence):
            yield AbsencePremise(written.text, str(condition.pattern.instance(values)))
        elif isinstance(condition, Aggregate):
            counted = tuple(sorted(map(str, _counted(derivation, firing, condition))))
            yield AggregatePremise(written.text, format_value(values[condition.variable]), counted)
        else:
            yield _comparison(written.text, condition, firing)


def _comparison(text: str, test: Test, firing: CheckedFiring) -> ComparisonPremise:
    left, right = value_of(test.left, firing.values), value_of(test.right, firing.values)
    assert left is not None
    assert right is not None
    return ComparisonPremise(text, format_value(left), test.operator, format_value(right))
