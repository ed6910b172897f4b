"""The parts of a proof document by name, and what rests on what: how renderers and differences walk it."""

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.proof.document import CitedRule, Row, Trace, TracedConclusion, TracedFact, TracedFiring, TracedLine

__all__ = ["Index", "graded", "loose_end", "merged"]


def graded(citation: str, grade: str) -> str:
    """A citation with the grade of its source beside it, where it has one."""
    return f"{citation} (grade\u00a0{grade})" if grade else citation


def loose_end(trace: Trace) -> str:
    """What a trace refers to and does not state, so that it cannot be told; empty where it states all."""
    index = Index(trace)
    stated = {*index.conclusions, *index.facts}
    needed = [*trace.answers, *(firing.conclusion for firing in trace.firings)]
    needed += (fact for firing in trace.firings for premise in firing.premises for fact in premise.facts)
    lines = (line.evidence for item in trace.conclusions for line in item.lines)
    missing = [name for name in needed if name not in stated]
    missing += [name for name in lines if name not in index.firings and name not in index.facts]
    missing += [firing.rule for firing in trace.firings if firing.rule not in index.rules]
    return missing[0] if missing else ""


class Index:
    """The parts of a document by name, and what rests on what.

    Attributes:
        conclusions, facts, likelihoods: by statement; `firings`, `rules` and `sources`: by id.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.conclusions = {item.conclusion: item for item in trace.conclusions}
        self.facts = {item.fact: item for item in trace.facts}
        self.likelihoods = {item.answer: item.likelihood for item in trace.likelihoods or ()}
        self.firings = {item.id: item for item in trace.firings}
        self.rules = {item.id: item for item in trace.rules}
        self.sources = {item.id: item for item in trace.sources}

    def __getitem__(self, statement: str) -> TracedConclusion | TracedFact:
        """What is known of a statement, and what rules make of it where they conclude it."""
        return self.conclusions.get(statement) or self.facts[statement]

    @property
    def measured(self) -> bool:
        """Whether there are answers, and how often such judgements are right was measured of each."""
        return bool(self.trace.answers) and self.likelihoods.keys() >= {*self.trace.answers}

    def cited(self, item: Row | CitedRule) -> str:
        """The source of a row or of a rule, the place in it, and its grade; empty where there is none."""
        source = self.sources.get(item.source)
        return graded(item.citation, source.reliability if source else "")

    def lines(self, statement: str) -> list[tuple[TracedLine, TracedFiring]]:
        """The lines of evidence that rules give for a statement, the strongest first."""
        item = self.conclusions.get(statement)
        return (
            [(line, self.firings[line.evidence]) for line in item.lines if line.evidence in self.firings]
            if item
            else []
        )

    def strengths(self, statement: str) -> list[float]:
        """The strengths of the lines that count, of a recorded fact its own."""
        item = self.conclusions.get(statement)
        return [line.strength for line in item.lines if line.counts] if item else [self.facts[statement].certainty]

    def below(self, statement: str) -> list[str]:
        """The statements that lie one step below, in the order of lines and rules, with repeats."""
        return [fact for _, firing in self.lines(statement) for premise in firing.premises for fact in premise.facts]

    def reading_order(self, start: Sequence[str]) -> list[str]:
        """Some statements and all below, each before what it rests on, and all below one before the next."""
        met: dict[str, None] = {}
        pending = list(reversed(start))
        while pending:
            current = pending.pop()
            if current not in met:
                met[current] = None
                pending.extend(reversed(self.below(current)))
        return list(met)


def merged(traces: Sequence[Trace]) -> Trace:
    """What several traces of one base on one day prove, as one proof that has each statement once and no seal."""
    conclusions: dict[str, TracedConclusion] = {}
    firings: list[TracedFiring] = []
    for trace in traces:
        of = {firing.id: firing for firing in trace.firings}
        for item in trace.conclusions:
            if item.conclusion not in conclusions:
                fired = [line.evidence for line in item.lines if line.evidence in of]
                named = {name: f"f{len(firings) + place}" for place, name in enumerate(fired, 1)}
                firings += [replace(of[name], id=named[name]) for name in fired]
                lines = (replace(line, evidence=named.get(line.evidence, line.evidence)) for line in item.lines)
                conclusions[item.conclusion] = replace(item, lines=tuple(lines), testimony=None)
    return replace(
        traces[0],
        seal=UNSET,
        answers=tuple(dict.fromkeys(answer for trace in traces for answer in trace.answers)),
        conclusions=tuple(conclusions.values()),
        firings=tuple(firings),
        facts=tuple({item.fact: item for trace in traces for item in trace.facts}.values()),
        rules=tuple({item.id: item for trace in traces for item in trace.rules}.values()),
        sources=tuple({item.id: item for trace in traces for item in trace.sources}.values()),
        likelihoods=tuple(item for trace in traces for item in trace.likelihoods or ()),
    )
