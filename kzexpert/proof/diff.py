"""Two traces → what changed between them: conclusions, and the facts, rules, dates and firings that are responsible.

It reads the traces and nothing else: what neither of them rests on is not known here.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from kzexpert.language import parse_atom
from kzexpert.model import NOWHERE, Anonymous, Variable
from kzexpert.proof.document import FactPremise, Row, Trace, TracedFact, TracedFiring
from kzexpert.proof.index import Index

__all__ = ["ConclusionChange", "FactChange", "HeadChange", "LineChange", "RuleChange", "TraceDiff", "trace_diff"]

How: TypeAlias = Literal["gained", "lost", "stronger", "weaker", "changed"]
_LineKey: TypeAlias = tuple[str | tuple[str, str], ...]


class HeadChange(msgspec.Struct, frozen=True):
    """What was asked otherwise: ``pattern``, ``as_of``, ``assumed`` or ``withdrawn``."""

    field: str
    before: str
    after: str


class LineChange(msgspec.Struct, frozen=True):
    """A line of evidence that came, went, or has another strength.

    Attributes:
        rule: its id; empty for a record of the same statement.
        because: the rule's sentence, or the statement.
        before, after: the strengths, None where there is no such line.
    """

    how: How
    rule: str
    because: str
    before: float | None
    after: float | None


class ConclusionChange(msgspec.Struct, frozen=True):
    """A conclusion that came, went, or is more or less certain; ``changed`` where only its evidence is other.

    Attributes:
        likelihood: the words before and after; empty where it is not concluded.
        asked: whether the question was about it.
        lines: what changed in its evidence.
        causes: the changed facts, rules and conditions at the bottom of that, each as a sentence.
    """

    how: How
    conclusion: str
    says: str
    before: float | None
    after: float | None
    likelihood: tuple[str, str]
    asked: bool
    lines: tuple[LineChange, ...]
    causes: tuple[str, ...]


class FactChange(msgspec.Struct, frozen=True):
    """A recorded fact that one of the traces does not rest on, or that is recorded otherwise.

    Attributes:
        why: what its dates and the assumptions say about it.
    """

    how: How
    fact: str
    says: str
    before: float | None
    after: float | None
    why: str

    @property
    def sentence(self) -> str:
        """The change as a cause of others."""
        how = {"gained": "now rests on", "lost": "no longer rests on"}.get(self.how, f"{self.how}:")
        return f"{how} {self.fact}" + (f" ({self.why})" if self.why else "")


class RuleChange(msgspec.Struct, frozen=True):
    """A rule that fires in one of the traces only, or that has another digest.

    Attributes:
        what: the fields that differ.
    """

    how: How
    rule: str
    before: float | None
    after: float | None
    what: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The change as a cause of others."""
        how = {"gained": "fires now", "lost": "fires no longer"}.get(self.how)
        return f"rule {self.rule} {how or 'is another'}" + (f" ({', '.join(self.what)})" if self.what else "")


class TraceDiff(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.trace-diff/1"):
    """What changed from an old trace to a new one; places in files and names of engines do not count."""

    same: bool
    head: tuple[HeadChange, ...]
    conclusions: tuple[ConclusionChange, ...]
    facts: tuple[FactChange, ...]
    rules: tuple[RuleChange, ...]
    sources: tuple[str, ...]


def trace_diff(old: Trace, new: Trace) -> TraceDiff:
    """What changed from one trace to another."""
    head = tuple(_head(old, new))
    comparison = _Comparison(old, new)
    conclusions = tuple(comparison.conclusions())
    facts = tuple(comparison.facts.values())
    rules = tuple(comparison.rules.values())
    one, other = ({source.id: source for source in trace.sources} for trace in (old, new))
    sources = tuple(sorted(name for name in one.keys() & other.keys() if one[name] != other[name]))
    same = not (head or conclusions or facts or rules or sources)
    return TraceDiff(same, head, conclusions, facts, rules, sources)


def _head(old: Trace, new: Trace) -> Iterator[HeadChange]:
    for field in ("pattern", "as_of", "assumed", "withdrawn"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield HeadChange(field, _text(before), _text(after))


def _text(value: str | date | tuple[str, ...]) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _how(before: float | None, after: float | None) -> How:
    if before is None:
        return "gained"
    if after is None:
        return "lost"
    return "changed" if before == after else "stronger" if after > before else "weaker"


def _counting(index: Index, conclusion: str) -> dict[_LineKey, tuple[float, TracedFiring | None]]:
    """The lines of evidence that count: strength and firing by rule and binding; () is the record itself."""
    item = index.conclusions.get(conclusion)
    lines = [(line, index.firings.get(line.evidence)) for line in item.lines if line.counts] if item else []
    return {_line_key(firing): (line.strength, firing) for line, firing in lines}


def _line_key(firing: TracedFiring | None) -> _LineKey:
    return () if firing is None else (firing.rule, *sorted(firing.binding.items()))


class _Comparison:
    """Two traces side by side.

    Attributes:
        facts, rules: what changed of them, by name.
    """

    def __init__(self, old: Trace, new: Trace) -> None:
        self.old, self.new = Index(old), Index(new)
        facts = (self._fact(name) for name in sorted({*self.old.facts, *self.new.facts}))
        self.facts = {change.fact: change for change in facts if change is not None}
        rules = (self._rule(name) for name in sorted({*self.old.rules, *self.new.rules}))
        self.rules = {change.rule: change for change in rules if change is not None}

    # --- conclusions ---

    def conclusions(self) -> Iterator[ConclusionChange]:
        """The conclusions that changed, those that were asked about first."""
        asked = dict.fromkeys((*self.new.trace.answers, *self.old.trace.answers))
        known = {**self.old.conclusions, **self.new.conclusions}
        for name in dict.fromkeys((*(answer for answer in asked if answer in known), *sorted(known))):
            before, after = self._certainties(name)
            lines = tuple(change for change, _ in self._changed_lines(name))
            if lines or before != after:
                one, other = self.old.conclusions.get(name), self.new.conclusions.get(name)
                yield ConclusionChange(
                    how=_how(before, after),
                    conclusion=name,
                    says=known[name].says,
                    before=before,
                    after=after,
                    likelihood=(one.likelihood if one else "", other.likelihood if other else ""),
                    asked=name in asked,
                    lines=lines,
                    causes=tuple(self._causes(name)),
                )

    def _certainties(self, conclusion: str) -> tuple[float | None, float | None]:
        one, other = self.old.conclusions.get(conclusion), self.new.conclusions.get(conclusion)
        return one.certainty if one else None, other.certainty if other else None

    def _changed_lines(self, conclusion: str) -> Iterator[tuple[LineChange, TracedFiring | None]]:
        one, other = _counting(self.old, conclusion), _counting(self.new, conclusion)
        for key in dict.fromkeys((*other, *one)):
            before, after = (side[key][0] if key in side else None for side in (one, other))
            if before != after:
                firing = (other.get(key) or one[key])[1]
                rule, because = (firing.rule, firing.because) if firing else ("", conclusion)
                yield LineChange(_how(before, after), rule, because, before, after), firing

    def _causes(self, conclusion: str) -> list[str]:
        """The changes of facts, rules and conditions at the bottom of the lines of evidence that changed."""
        found: dict[str, None] = {}
        pending = [conclusion]
        seen = {conclusion}
        while pending:
            name = pending.pop()
            for change, firing in self._changed_lines(name):
                rests_on = [name] if firing is None else [fact for premise in firing.premises for fact in premise.facts]
                facts = [self.facts[fact] for fact in rests_on if fact in self.facts]
                below = [fact for fact in rests_on if fact != name and len({*self._certainties(fact)}) > 1]
                sentences = [fact.sentence for fact in facts if fact.why]
                rule = self.rules.get(change.rule)
                if rule is not None and rule.what:
                    sentences.append(rule.sentence)
                if firing is not None and not sentences and not below:  # the traces do not tell which of these it was
                    sentences = [*(fact.sentence for fact in facts), _sentence_of_conditions(change, firing)]
                found.update(dict.fromkeys(sentences))
                pending += [fact for fact in below if fact not in seen]
                seen.update(below)
        return sorted(found)

    # --- facts and rules ---

    def _fact(self, name: str) -> FactChange | None:
        one, other = self.old.facts.get(name), self.new.facts.get(name)
        if one is not None and other is not None:
            if _stated(one) == _stated(other):
                return None
            why = "it is assumed" if other.assumed and not one.assumed else "it is recorded otherwise"
            return FactChange(
                _how(one.certainty, other.certainty), name, other.says, one.certainty, other.certainty, why
            )
        if other is not None:
            why = _why_absent(other, self.new.trace, self.old.trace)
            return FactChange("gained", name, other.says, None, other.certainty, why)
        assert one is not None
        why = _why_absent(one, self.old.trace, self.new.trace)
        return FactChange("lost", name, one.says, one.certainty, None, why)

    def _rule(self, name: str) -> RuleChange | None:
        one, other = self.old.rules.get(name), self.new.rules.get(name)
        if one is not None and other is not None:
            if one.digest == other.digest:
                return None
            fields = [field for field in one.__struct_fields__ if field not in ("digest", "place")]
            what = tuple(field for field in fields if getattr(one, field) != getattr(other, field))
            return RuleChange(_how(one.certainty, other.certainty), name, one.certainty, other.certainty, what)
        before, after = (item.certainty if item else None for item in (one, other))
        return RuleChange(_how(before, after), name, before, after, ())


def _sentence_of_conditions(change: LineChange, firing: TracedFiring) -> str:
    """What is left to say of a firing whose facts are the same in both traces."""
    others = [premise.condition for premise in firing.satisfied if not isinstance(premise, FactPremise)]
    when = {"gained": "fires now", "lost": "fires no longer"}.get(change.how, "weighs otherwise")
    return f"rule {firing.rule} {when} for {firing.conclusion}" + (f": {'; '.join(others)}" if others else "")


def _stated(fact: TracedFact) -> object:
    return fact.certainty, fact.assumed, [row.digest for row in fact.rows]


def _why_absent(fact: TracedFact, side: Trace, away: Trace) -> str:
    """Why the other trace does not rest on a fact, as far as its dates and the assumptions tell."""
    if fact.assumed:
        return "an assumption"
    if any(_covers(pattern, fact.fact) for pattern in away.withdrawn):
        return "it is left out"
    outside = {_out_of_force(row, away.as_of) for row in fact.rows}
    if outside and "" not in outside:
        return "; ".join(sorted(outside))
    if away.as_of != side.as_of and ") within " in fact.fact:
        return f"it lies outside of the window on {away.as_of.isoformat()}"
    return ""


def _covers(pattern: str, fact: str) -> bool:
    """Whether a pattern of facts that were left out matches a fact."""
    one, other = parse_atom(pattern, NOWHERE), parse_atom(fact[: fact.rindex(")") + 1], NOWHERE)
    return one.predicate == other.predicate and all(
        isinstance(left.term, Anonymous | Variable) or left.term == right.term
        for left, right in zip(one.arguments, other.arguments, strict=False)
    )


def _out_of_force(row: Row, day: date) -> str:
    """Why a row does not hold on a day; empty when its dates do not say so. A month or a year compares as text."""
    shown = day.isoformat()
    for word, bound in (("since", row.since), ("on", row.on)):
        if bound > shown[: len(bound)]:
            return f"it holds {word} {bound}"
    return f"it holds until {row.until}" if row.until and row.until < shown[: len(row.until)] else ""
