"""Whether the lines that a trace names as independent are so, and what they come to: read from the trace alone.

The checker's own reading of DESIGN §4, "At least"; it shares nothing with what fills the document.
"""

from collections.abc import Iterator

from kzexpert.proof.checker.comparison import Difference
from kzexpert.proof.checker.weights import combined
from kzexpert.proof.document import FactPremise, Trace, TracedConclusion

__all__ = ["unfounded_standings"]


def unfounded_standings(trace: Trace) -> Iterator[Difference]:
    """What is wrong with the sets of lines that a trace names, and with what it says that they come to."""
    reading = _Reading(trace)
    for number, conclusion in enumerate(trace.conclusions):
        standing = conclusion.standing
        if standing is None:
            continue
        place = f"$.conclusions[{number}].standing"
        lines = {line.evidence: line for line in conclusion.lines if line.counts}
        named = [lines[name] for name in standing.independent if name in lines]
        if len(named) < len(standing.independent) or any(line.strength * conclusion.certainty <= 0 for line in named):
            yield Difference("KZ506", f"{place}.independent", "names what is no line of the winning side")
            continue
        for place_, one in enumerate(named):
            for other in named[:place_]:
                if reading.shared(one.evidence, other.evidence):
                    message = f"has {one.evidence} and {other.evidence}, which share a fact, an origin or a rule"
                    yield Difference("KZ506", f"{place}.independent", message)
        found = reading.at_least(conclusion)
        if found != standing.at_least:
            yield Difference("KZ506", f"{place}.at_least", f"is {standing.at_least!r}, and its lines come to {found!r}")


class _Reading:
    """What lies below the lines of a trace: sets of texts, found by walking down from each."""

    def __init__(self, trace: Trace) -> None:
        self._firings = {firing.id: firing for firing in trace.firings}
        self._conclusions = {item.conclusion: item for item in trace.conclusions}
        self._facts = {fact.fact: fact for fact in trace.facts}
        self._sources = {source.id: source for source in trace.sources}
        self._rules = {rule.id: rule for rule in trace.rules}
        self._known: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def shared(self, one: str, other: str) -> bool:
        """Whether two lines share a fact that is uncertain, an origin, or a rule below one of them."""
        (things, rules), (things_, rules_) = self._below(one), self._below(other)
        own, own_ = self._own(one), self._own(other)
        return bool(things & things_ or rules & (rules_ | own_) or rules_ & own)

    def at_least(self, conclusion: TracedConclusion) -> float:
        """What the lines that a conclusion names come to, with all that speaks for the other side."""
        standing = conclusion.standing
        if standing is None or not standing.independent:
            return conclusion.certainty
        own = [self._strength(conclusion, name) for name in standing.independent]
        if conclusion.method == "best":
            return max(own)
        other = [line.strength for line in conclusion.lines if line.strength * conclusion.certainty < 0]
        return combined([*own, *other])

    def _strength(self, conclusion: TracedConclusion, name: str) -> float:
        line = next(line for line in conclusion.lines if line.evidence == name)
        firing = self._firings.get(name)
        facts = [item.fact for item in firing.satisfied if isinstance(item, FactPremise)] if firing else []
        if firing is None or all(self._least(fact) == self._certainty(fact) for fact in facts):
            return line.strength
        return round(self._rules[firing.rule].certainty * max(0.0, min(map(self._least, facts))), 9)

    def _certainty(self, fact: str) -> float:
        return (self._conclusions.get(fact) or self._facts[fact]).certainty

    def _least(self, fact: str) -> float:
        conclusion = self._conclusions.get(fact)
        standing = conclusion.standing if conclusion else None
        return standing.at_least if standing else self._certainty(fact)

    def _own(self, line: str) -> frozenset[str]:
        return frozenset([self._firings[line].rule]) if line in self._firings else frozenset()

    def _below(self, line: str) -> tuple[frozenset[str], frozenset[str]]:
        """The uncertain facts and the origins below a line of evidence, and the rules."""
        if line in self._known:
            return self._known[line]
        things: set[str] = set()
        rules: set[str] = set()
        pending, met = [line], {line}
        while pending:
            current = pending.pop()
            firing = self._firings.get(current)
            if firing is None:
                things |= self._things(current)
                continue
            rules |= {firing.rule} if current != line else set()
            for fact in [fact for premise in firing.premises for fact in premise.facts]:
                item = self._conclusions.get(fact)
                below = [one.evidence for one in item.lines if one.counts] if item else [fact]
                pending += [name for name in below if name not in met]
                met.update(below)
        self._known[line] = frozenset(things), frozenset(rules)
        return self._known[line]

    def _things(self, name: str) -> set[str]:
        fact = self._facts.get(name)
        if fact is None or fact.assumed:
            return set()
        found = {f"fact {name}"} if fact.certainty < 1.0 else set()
        sources = [self._sources[row.source] for row in fact.rows if row.source in self._sources]
        if any(source.background for source in sources):
            return found
        return found | {f"origin {source.origin or source.id}" for source in sources}
