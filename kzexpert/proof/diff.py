"""Two traces → what changed between them: conclusions, and the facts, rules, dates and firings that are responsible.

It reads the traces and nothing else: what neither of them rests on is not known here.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeAlias

from msgspec import UNSET

from kzexpert.language import parse_atom
from kzexpert.language.grammar import parse_value
from kzexpert.model import NOWHERE, Anonymous, Variable
from kzexpert.proof.changes import (
    OPPOSITE,
    Cause,
    Changes,
    LineShift,
    Record,
    RuleTurn,
    Shift,
    Side,
    Turn,
    by_effect,
    folded,
    merged,
    moves,
    turn_of,
)
from kzexpert.proof.document import CitedRule, FactPremise, Row, Trace, TracedFact, TracedFiring, atom_of
from kzexpert.proof.index import Index

__all__ = ["TraceDiff", "trace_diff"]

_LineKey: TypeAlias = tuple[str | tuple[str, str], ...]


class TraceDiff(Changes, frozen=True, kw_only=True, tag_field="schema", tag="kzexpert.trace-diff/2"):
    """What changed from an old trace to a new one; places in files and names of engines do not count.

    Attributes:
        same: whether nothing did.
        patterns: how the question of each was read.
        sources: ids of those that are described otherwise.
    """

    same: bool
    patterns: tuple[str, str]
    sources: tuple[str, ...]


def trace_diff(old: Trace, new: Trace) -> TraceDiff:
    """What changed from one trace to another."""
    comparison = _Comparison(old, new)
    before, after = (Side(trace.as_of, trace.assumed, trace.withdrawn) for trace in (old, new))
    facts, rules, changes = tuple(comparison.facts.values()), tuple(comparison.rules.values()), comparison.shifts()
    one, other = comparison.old.sources, comparison.new.sources
    sources = tuple(sorted(name for name in one.keys() & other.keys() if one[name] != other[name]))
    return TraceDiff(
        same=not (before != after or old.pattern != new.pattern or changes or facts or rules or sources),
        patterns=(old.pattern, new.pattern),
        before=before,
        after=after,
        facts=tuple(folded(facts)),
        rules=rules,
        changes=by_effect(changes),
        sources=sources,
    )


def _counting(index: Index, conclusion: str) -> dict[_LineKey, tuple[float, TracedFiring | None]]:
    """The lines of evidence that count: strength and firing by rule and binding; () is the record itself."""
    item = index.conclusions.get(conclusion)
    lines = [(line, index.firings.get(line.evidence)) for line in item.lines if line.counts] if item else []
    return {_line_key(firing): (line.strength, firing) for line, firing in lines}


def _instead(gone: Iterable[_LineKey], new: Iterable[_LineKey]) -> dict[_LineKey, _LineKey]:
    """New line → the line of the same rule that it stands in the place of: one whose numbers and dates alone differ.

    Only where either can be paired with no other.
    """
    places: dict[tuple[object, ...], tuple[list[_LineKey], list[_LineKey]]] = {}
    for side, keys in enumerate((gone, new)):
        for key in keys:
            shape = tuple(item if isinstance(item, str) else (item[0], _word(item[1])) for item in key)
            places.setdefault(shape, ([], []))[side].append(key)
    return {news[0]: olds[0] for olds, news in places.values() if len(olds) == len(news) == 1}


def _word(text: str) -> str:
    """A value; empty where it is a number or a date."""
    value = parse_value(text)
    return value if isinstance(value, str) else ""


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
        self.facts = {cause.statement: cause for cause in facts if cause is not None}
        rules = (self._rule(name) for name in sorted({*self.old.rules, *self.new.rules}))
        self.rules = {turn.rule: turn for turn in rules if turn is not None}

    # --- conclusions ---

    def shifts(self) -> list[Shift]:
        """The conclusions that changed."""
        known = {**self.old.conclusions, **self.new.conclusions}
        found = []
        for name, item in sorted(known.items()):
            before, after = self._certainties(name)
            lines = tuple(self._lines(name, item.says))
            if lines or before != after:
                one, other = self.old.conclusions.get(name), self.new.conclusions.get(name)
                words = one.evidence if one else "", other.evidence if other else ""
                holds = other is not None and other.established
                turn = turn_of(before, after)
                found.append(Shift(name, item.says, turn, before, after, *words, holds, (), lines))
        return found

    def _certainties(self, conclusion: str) -> tuple[float | None, float | None]:
        one, other = self.old.conclusions.get(conclusion), self.new.conclusions.get(conclusion)
        return one.certainty if one else None, other.certainty if other else None

    def _lines(self, conclusion: str, says: str) -> Iterator[LineShift]:
        """The lines of evidence that came, went, or have another strength."""
        one, other = _counting(self.old, conclusion), _counting(self.new, conclusion)
        instead = _instead([*one.keys() - other.keys()], [*other.keys() - one.keys()])
        for key in dict.fromkeys((*other, *one)):
            was = instead.get(key, key)
            before, after = one[was][0] if was in one else None, other[key][0] if key in other else None
            if key not in instead.values() and (was != key or before != after):
                firing = (other.get(key) or one[key])[1]
                rule, because = (firing.rule, firing.because) if firing else ("", says)
                differs = rule in self.rules and self.rules[rule].turn == "changed"
                causes = self._causes(conclusion, firing, told=differs)
                former = one[was][1] if was != key else None
                if former is not None and firing is not None:
                    because = merged(former.because, because)
                    below = sorted({fact for item in (former, firing) for part in item.premises for fact in part.facts})
                    causes = [self.facts[name] for name in below if name in self.facts] or causes
                yield LineShift(rule, because, "changed" if differs else "", before, after, tuple(folded(causes)))

    def _causes(self, conclusion: str, firing: TracedFiring | None, told: bool) -> list[Cause]:
        """The facts and conclusions that a line rests on and that changed; else its conditions that rest on none.

        Args:
            told: whether the change of the rule itself is enough of a cause.
        """
        if firing is None:
            return [self.facts[conclusion]] if conclusion in self.facts else []
        found = {}
        for name in sorted({fact for premise in firing.premises for fact in premise.facts}):
            before, after = self._certainties(name)
            if name in self.facts:
                found[name] = self.facts[name]
            elif before != after:
                says = (self.old.conclusions.get(name) or self.new.conclusions[name]).says
                found[name] = Cause(name, says, turn_of(before, after), before, after)
        known = [cause for cause in found.values() if cause.turn not in ("newly used", "no longer used")]
        if known or told:
            return known
        # The traces do not tell which of these it was.
        others = [item.condition for item in firing.satisfied if not isinstance(item, FactPremise)]
        found.update({text: Cause(text, text, "may have turned", None, None) for text in others})
        return list(found.values())

    # --- facts and rules ---

    def _fact(self, name: str) -> Cause | None:
        one, other = self.old.facts.get(name), self.new.facts.get(name)
        known = other or one
        assert known is not None
        if one is not None and other is not None:
            if _stated(one) == _stated(other):
                return None
            turn: Turn = "changed"
            if one.assumed != other.assumed:
                turn = "assumed" if other.assumed else "no longer assumed"
            elif one.certainty != other.certainty:
                turn = "stronger" if other.certainty > one.certainty else "weaker"
        elif other is not None:
            turn = _arrival(other, self.new.trace, self.old.trace)
        else:
            turn = OPPOSITE[_arrival(known, self.old.trace, self.new.trace)]
        rows = dict.fromkeys(row for fact in (one, other) if fact for row in fact.rows)
        records = tuple(dict.fromkeys(Record(row.dates, row.place) for row in rows))
        certainties = one.certainty if one else None, other.certainty if other else None
        return Cause(name, known.says, turn, *certainties, records)

    def _rule(self, name: str) -> RuleTurn | None:
        one, other = self.old.rules.get(name), self.new.rules.get(name)
        if one is None or other is None:
            known = one or other
            return RuleTurn(name, known.title if known else "", "fires no longer" if one else "fires now")
        if one.digest == other.digest or self._reordered(one, other):
            return None
        before, after = self._becauses(name)
        texts = next(((text, after[key]) for key, text in before.items() if after.get(key, text) != text), ("", ""))
        said = ({**_says(rule), "because": text} for rule, text in zip((one, other), texts, strict=True))
        return RuleTurn(name, other.title, "changed", moves(*said))

    def _reordered(self, one: CitedRule, other: CitedRule) -> bool:
        """Whether a rule says the same with its conditions in another order, as far as it fires on both sides."""
        if moves(*map(_unordered, (one, other))):
            return False
        before, after = self._becauses(one.id)
        return before.keys() & after.keys() != set() and all(
            after.get(key, text) == text for key, text in before.items()
        )

    def _becauses(self, rule: str) -> list[dict[_LineKey, str]]:
        """The sentences of the firings of a rule, of either side."""
        sides = (self.old, self.new)
        return [
            {_line_key(item): item.because for item in side.firings.values() if item.rule == rule} for side in sides
        ]


def _unordered(rule: CitedRule) -> dict[str, object]:
    return {key: sorted(value) if isinstance(value, tuple) else value for key, value in _says(rule).items()}


def _says(rule: CitedRule) -> dict[str, object]:
    """What a rule says, field by field."""
    fields = {field: getattr(rule, field) for field in rule.__struct_fields__ if field not in ("digest", "place")}
    return {field: value for field, value in fields.items() if value is not UNSET}


def _stated(fact: TracedFact) -> object:
    return fact.certainty, fact.assumed, [*dict.fromkeys(row.digest for row in fact.rows)]


def _arrival(fact: TracedFact, side: Trace, away: Trace) -> Turn:
    """Why the other trace does not rest on a fact, as far as its dates and the assumptions tell."""
    if fact.assumed:
        return "assumed"
    if any(_covers(pattern, fact.fact) for pattern in away.withdrawn):
        return "no longer withdrawn"
    lapsed = bool(fact.rows) and all(_out_of_force(row, away.as_of) for row in fact.rows)
    outside = away.as_of != side.as_of and ") within " in fact.fact
    return "came into force" if lapsed or outside else "newly used"


def _covers(pattern: str, fact: str) -> bool:
    """Whether a pattern of facts that were left out matches a fact."""
    one, other = parse_atom(pattern, NOWHERE), parse_atom(atom_of(fact), NOWHERE)
    return one.predicate == other.predicate and all(
        isinstance(left.term, Anonymous | Variable) or left.term == right.term
        for left, right in zip(one.arguments, other.arguments, strict=False)
    )


def _out_of_force(row: Row, day: date) -> bool:
    """Whether its dates say that a row does not hold on a day. A month or a year compares as text."""
    shown = day.isoformat()
    begins = max(bound > shown[: len(bound)] for bound in (row.since, row.on))
    return begins or bool(row.until and row.until < shown[: len(row.until)])
