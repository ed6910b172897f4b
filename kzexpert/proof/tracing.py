"""An inference and a question → a `Trace`: the answers, and every fact, firing and rule below them, each once.

It infers nothing and combines nothing anew: certainties come from the inference, lines of evidence from `evidence`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from kzexpert.certainty import combine, established, likelihood
from kzexpert.engines.evaluation import evaluate
from kzexpert.errors import Location
from kzexpert.evidence import Line, lines
from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    BaseFact,
    Firing,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Match,
    Test,
    Value,
    format_value,
)
from kzexpert.program.snapshot import recent
from kzexpert.proof.answers import ranked
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
    sealed,
)
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import because, says

__all__ = ["trace_of"]

#: A fact as one relation knows it: the relation of a window may know fewer rows of it.
_Known = tuple[str, GroundAtom]


def trace_of(inference: Inference, question: Question) -> Trace:
    """The trace of everything that matches a question, established or only weighed."""
    program = inference.program
    relation, events = question.pattern.relation, _events(inference, question)
    answers = [(relation, atom) for atom in ranked(inference, question)]
    if question.within:  # older rows of an event may be more certain than those of the window
        answers.sort(key=lambda known: (-events[known].certainty, str(known[1])))
    walk = _Walk(inference, events)
    walk.down_from(answers)
    firings = sorted(walk.firings, key=_firing_order)
    ids = {(firing.rule.id, firing.binding): f"f{number}" for number, firing in enumerate(firings, 1)}
    conclusions = sorted(walk.conclusions, key=str)
    place = places_of(program.kb.texts)
    facts = tuple(_fact(program.kb, *known, base, place) for known, base in sorted(walk.facts.items(), key=_text_order))
    fired = {firing.rule.id: firing.rule for firing in firings}
    rules = tuple(cited_rule(rule.rule, rule.head, rule.conditions, place) for _, rule in sorted(fired.items()))
    cited = {rule.source for rule in rules} | {row.source for fact in facts for row in fact.rows}
    return sealed(
        Trace(
            seal="",
            question=question.text,
            pattern=str(question.pattern),
            as_of=program.as_of,
            engine=inference.engine,
            assumed=program.assumed,
            withdrawn=program.withdrawn,
            answers=tuple(fact_text(*known) for known in answers),
            conclusions=tuple(_conclusion(inference, atom, walk.conclusions[atom], ids) for atom in conclusions),
            firings=tuple(_firing(firing, ids, walk) for firing in firings),
            facts=facts,
            rules=rules,
            sources=tuple(cited_source(program.kb.source[name]) for name in sorted(cited) if name in program.kb.source),
        )
    )


def _text_order(item: tuple[_Known, BaseFact]) -> str:
    return fact_text(*item[0])


def _firing_order(firing: Firing) -> tuple[str, str, tuple[str, ...]]:
    return str(firing.conclusion), firing.rule.id, firing.binding_text


def _events(inference: Inference, question: Question) -> Mapping[_Known, BaseFact]:
    """What a question with a window of its own asks for: no rule need look at that window."""
    pattern = question.pattern
    if question.within is None:
        return {}
    found = {}
    for base in inference.program.base.get(pattern.predicate, {}).values():
        rows = recent(base.rows, inference.program.as_of, question.within)
        if base.assumed or rows:
            certainty = 1.0 if base.assumed else round(rows[0].certainty, 9)
            found[pattern.relation, base.atom] = BaseFact(base.atom, certainty, rows, base.assumed)
    return found


class _Walk:
    """Everything below some facts and conclusions.

    Attributes:
        conclusions: conclusion → its lines of evidence.
        firings: those that are lines of evidence.
        facts: the recorded and assumed facts among it.
    """

    def __init__(self, inference: Inference, events: Mapping[_Known, BaseFact]) -> None:
        self.conclusions: dict[GroundAtom, Sequence[Line]] = {}
        self.firings: list[Firing] = []
        self.facts: dict[_Known, BaseFact] = {}
        self._inference = inference
        self._events = events
        self._established = inference.facts.established

    def down_from(self, start: Sequence[_Known]) -> None:
        """Visit some facts and conclusions and all they rest on."""
        pending = list(start)
        while pending:
            relation, atom = known = pending.pop()
            if known in self.facts or (relation == atom.predicate and atom in self.conclusions):
                continue
            base = self._inference.program.base.get(relation, {}).get(atom.args) or self._events.get(known)
            if base is not None:
                self.facts[known] = base
            if relation == atom.predicate and atom in self._inference.firings:
                found = self.conclusions[atom] = lines(self._inference, atom)
                firings = [line.firing for line in found if line.firing is not None]
                self.firings.extend(firings)
                pending.extend(below for firing in firings for below in self._below(firing))

    def _below(self, firing: Firing) -> Iterator[_Known]:
        premises = iter(firing.premises)
        for condition in firing.rule.conditions:
            if isinstance(condition, Match):
                yield condition.pattern.relation, next(premises)
            elif isinstance(condition, Aggregate):
                yield from self.counted(condition, firing.values)

    def counted(self, aggregate: Aggregate, values: Mapping[str, Value]) -> set[_Known]:
        """The facts that an aggregate ranged over."""
        shared = {name: values[name] for name in aggregate.shared}
        return {
            (pattern.relation, GroundAtom(pattern.predicate, args))
            for solution in self._established.solutions(aggregate.patterns, shared)
            for pattern in aggregate.patterns
            for args in self._established.rows(pattern, solution)
        }

    def premises(self, firing: Firing) -> Iterator[TracedPremise]:
        """What satisfied each condition of a firing, in the order of the rule."""
        facts = iter(firing.premises)
        values = firing.values
        for written, condition in zip(firing.rule.rule.when, firing.rule.conditions, strict=True):
            if isinstance(condition, Match):
                relation, atom = condition.pattern.relation, next(facts)
                certainty = self._inference.certainties[relation][atom.args]
                yield FactPremise(written.text, fact_text(relation, atom), certainty)
            elif isinstance(condition, Absence):
                yield AbsencePremise(written.text, str(condition.pattern.instance(values)))
            elif isinstance(condition, Aggregate):
                counted = tuple(sorted(fact_text(*known) for known in self.counted(condition, values)))
                yield AggregatePremise(written.text, format_value(values[condition.variable]), counted)
            else:
                yield _comparison(written.text, condition, values)


def _comparison(text: str, condition: Test | Assignment, values: Mapping[str, Value]) -> ComparisonPremise:
    if isinstance(condition, Assignment):
        value = format_value(values[condition.variable])
        return ComparisonPremise(text, value, "=", value)
    left, right = evaluate(condition.left, values), evaluate(condition.right, values)
    assert left is not None
    assert right is not None
    return ComparisonPremise(text, format_value(left), condition.operator, format_value(right))


def _conclusion(
    inference: Inference, atom: GroundAtom, found: Sequence[Line], ids: Mapping[tuple[str, tuple[Value, ...]], str]
) -> TracedConclusion:
    certainty = inference.certainties[atom.predicate][atom.args]
    strengths = [line.strength for line in found if line.counts]
    best = inference.program.stratum_of[atom.predicate].recursive
    return TracedConclusion(
        conclusion=str(atom),
        says=says(inference.program.kb, atom),
        certainty=certainty,
        likelihood=likelihood(certainty),
        established=established(certainty),
        conflict=atom in inference.conflicts,
        method="best" if best else "combined",
        supporting=combine(strength for strength in strengths if strength > 0),
        opposing=combine(strength for strength in strengths if strength < 0),
        lines=tuple(
            TracedLine(
                evidence=str(atom) if line.firing is None else ids[line.firing.rule.id, line.firing.binding],
                strength=line.strength,
                counts=line.counts,
                others=len(line.others),
            )
            for line in found
        ),
    )


def _firing(firing: Firing, ids: Mapping[tuple[str, tuple[Value, ...]], str], walk: _Walk) -> TracedFiring:
    return TracedFiring(
        id=ids[firing.rule.id, firing.binding],
        rule=firing.rule.id,
        conclusion=str(firing.conclusion),
        because=because(firing),
        binding={name: format_value(value) for name, value in firing.values.items()},
        premises=tuple(walk.premises(firing)),
        strength=firing.strength,
    )


def _fact(
    kb: KnowledgeBase, relation: str, atom: GroundAtom, base: BaseFact, place: Callable[[Location], str]
) -> TracedFact:
    rows = tuple(row_of(atom, row, place) for row in sorted(base.rows, key=lambda row: row.location))
    ordered = tuple(sorted(rows, key=row_order))
    return TracedFact(fact_text(relation, atom), says(kb, atom), base.certainty, base.assumed, ordered)
