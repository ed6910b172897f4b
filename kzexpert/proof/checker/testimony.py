"""Who vouches for the conclusions of a document: the checker's own reading of DESIGN §4, "At least" and "Confidence".

It walks down from each line of evidence, tries every set of lines, and shares nothing with what fills the document.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from kzexpert.errors import listed
from kzexpert.proof.checker.rules import grouped
from kzexpert.proof.checker.weights import THRESHOLD, combined
from kzexpert.proof.document import Confidence, FactPremise, Testimony, Trace, TracedConclusion, TracedFact, TracedLine

__all__ = ["testified"]

_TRIED, _NAMED = 16, 3
_ASSUMED, _NOBODY = "an assumption", "facts without a source"
#: Whom nothing can do without of which no line is known that establishes it.
_ANYBODY = (_ASSUMED, _NOBODY, "")


class _Below(Struct, frozen=True):
    """What lies below a line of evidence or a statement; `needs` are the origins without which nothing is left."""

    facts: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


def testified(trace: Trace) -> Trace:
    """The document with what is to be said of its conclusions."""
    reading = _Testimonies(trace)
    return replace(
        trace, conclusions=tuple(replace(item, testimony=reading.testimony(item)) for item in trace.conclusions)
    )


class _Testimonies:
    def __init__(self, trace: Trace) -> None:
        self._firings = {firing.id: firing for firing in trace.firings}
        self._conclusions = {item.conclusion: item for item in trace.conclusions}
        self._facts = {fact.fact: fact for fact in trace.facts}
        self._sources = {source.id: source for source in trace.sources}
        self._certainty_of = {rule.id: rule.certainty for rule in trace.rules}
        self._below: dict[str, _Below] = {}
        self._least: dict[str, float] = {}
        #: What lies below each line, and of each conclusion the lines that share nothing.
        self._of_lines: dict[str, _Below] = {}
        self._chosen: dict[str, list[TracedLine]] = {}
        needs = {name: self._premises(name) for name in (*self._conclusions, *self._facts)}
        groups = grouped({**needs, "": [*needs]}, "")[:-1]
        #: Statements that rest on themselves, through an aggregate: it asks only that they are established.
        self._circular = frozenset[str]().union(*(group for group, circular in groups if circular))
        self._unknown = _Below(needs=frozenset([*(one.origin or one.id for one in trace.sources), *_ANYBODY]))
        known: object = None
        while known is None or (self._circular and known != (self._below, self._least)):
            known = dict(self._below), dict(self._least)
            self._of_lines.clear()
            for name in (name for group, _ in groups for name in sorted(group)):
                conclusion = self._conclusions.get(name)
                if conclusion is None:
                    self._below[name], self._least[name] = self._recorded(self._facts[name]), self._certainty(name)
                else:
                    self._below[name], self._least[name] = self._concluded(conclusion), self._at_least(conclusion)

    def testimony(self, item: TracedConclusion) -> Testimony:
        """What is to be said of a conclusion."""
        winning = self._winning(item)
        seen: set[str] = set()
        twice: set[str] = set()
        for line in winning:
            facts = self._of_line(line).facts
            twice |= facts & seen
            seen |= facts
        return Testimony(
            at_least=self._least[item.conclusion],
            independent=tuple(line.evidence for line in self._chosen[item.conclusion]),
            exact=len(winning) <= _TRIED,
            shared=tuple(sorted(twice)),
            confidence=self._confidence(item, winning) if abs(item.certainty) > THRESHOLD else None,
        )

    # --- what lies below --------------------------------------------------------------------------------------------

    def _premises(self, name: str) -> list[str]:
        item = self._conclusions.get(name)
        lines = [line for line in item.lines if line.counts] if item else []
        firings = [self._firings[line.evidence] for line in lines if line.evidence in self._firings]
        return [fact for firing in firings for premise in firing.premises for fact in premise.facts]

    def _recorded(self, fact: TracedFact) -> _Below:
        name = frozenset([fact.fact])
        doubtful = name if fact.certainty < 1.0 else frozenset()
        if fact.assumed:
            return _Below(name, needs=frozenset([_ASSUMED]))
        sources = [self._sources.get(row.source) for row in fact.rows]
        if any(source is not None and source.background for source in sources):
            return _Below(doubtful=doubtful)
        told = frozenset(_NOBODY if source is None else source.origin or source.id for source in sources)
        return _Below(name, doubtful, origins=told - {_NOBODY}, needs=told if len(told) == 1 else frozenset())

    def _concluded(self, item: TracedConclusion) -> _Below:
        counting = [line for line in item.lines if line.counts]
        winning = self._winning(item)
        if item.conclusion in self._circular:
            counting = winning = [line for line in item.lines if line.strength > THRESHOLD] or counting
        lines = [self._of_line(line) for line in counting]
        rules = frozenset[str]().union(*map(self._rule_of, counting))
        needed = [self._of_line(line).needs for line in winning]
        return _Below(
            frozenset[str]().union(*(one.facts for one in lines)),
            frozenset[str]().union(*(one.doubtful for one in lines)),
            rules.union(*(one.rules for one in lines)),
            frozenset[str]().union(*(one.origins for one in lines)),
            frozenset.intersection(*needed) if needed else frozenset(),
        )

    def _of_line(self, line: TracedLine) -> _Below:
        if line.evidence not in self._of_lines:
            firing = self._firings.get(line.evidence)
            facts = [fact for premise in firing.premises for fact in premise.facts] if firing else []
            self._of_lines[line.evidence] = (
                _together(self._below.get(fact, self._unknown) for fact in facts)
                if firing
                else self._recorded(self._facts[line.evidence])
            )
        return self._of_lines[line.evidence]

    def _winning(self, item: TracedConclusion) -> list[TracedLine]:
        return [line for line in item.lines if line.counts and line.strength * item.certainty > 0]

    # --- counting each thing once -----------------------------------------------------------------------------------

    def _once(self, line: TracedLine) -> float:
        """The strength of a line whose premises count each thing once."""
        firing = self._firings.get(line.evidence)
        facts = [item.fact for item in firing.satisfied if isinstance(item, FactPremise)] if firing else []
        pairs = [(self._least.get(fact, certain), certain) for fact in facts for certain in [self._certainty(fact)]]
        if firing is None or all(least == certain for least, certain in pairs):
            return line.strength
        return round(self._certainty_of[firing.rule] * max(min(least for least, _ in pairs), 0.0), 9)

    def _certainty(self, name: str) -> float:
        return (self._conclusions.get(name) or self._facts[name]).certainty

    def _rule_of(self, line: TracedLine) -> frozenset[str]:
        firing = self._firings.get(line.evidence)
        return frozenset([firing.rule]) if firing else frozenset()

    def _share(self, one: TracedLine, other: TracedLine) -> bool:
        first, second = self._of_line(one), self._of_line(other)
        own, own_ = self._rule_of(one), self._rule_of(other)
        return bool(
            first.doubtful & second.doubtful
            or first.origins & second.origins
            or first.rules & (second.rules | own_)
            or second.rules & own
        )

    def _apart(self, lines: Sequence[TracedLine]) -> list[TracedLine]:
        """The strongest lines that share nothing, in their order: by trying all sets; of very many by strength."""
        ordered = sorted(lines, key=lambda line: -abs(self._once(line)))
        if len(ordered) > _TRIED:
            kept: list[TracedLine] = []
            for line in ordered:
                kept += [] if any(self._share(line, other) for other in kept) else [line]
        else:
            kept = self._best(ordered)
        names = {line.evidence for line in kept}
        return [line for line in lines if line.evidence in names]

    def _best(self, ordered: Sequence[TracedLine]) -> list[TracedLine]:
        pairs = combinations(range(len(ordered)), 2)
        clash = {(one, other) for one, other in pairs if self._share(ordered[one], ordered[other])}
        strengths = [abs(self._once(line)) for line in ordered]
        best: tuple[float, list[int]] = (2.0, [])
        sets: list[tuple[float, list[int]]] = [(1.0, [])]
        while sets:
            left, chosen = sets.pop()
            if left < best[0]:
                best = left, chosen
            for place in reversed(range(chosen[-1] + 1 if chosen else 0, len(ordered))):
                if not any((other, place) in clash for other in chosen):
                    sets.append((left * (1.0 - strengths[place]), [*chosen, place]))
        return [ordered[place] for place in best[1]]

    def _at_least(self, item: TracedConclusion) -> float:
        winning = self._winning(item)
        chosen = self._chosen[item.conclusion] = self._apart(winning)
        whole = len(chosen) == len(winning) and all(self._once(line) == line.strength for line in winning)
        if not winning or whole:
            return item.certainty
        own = [self._once(line) for line in chosen]
        if item.method == "best":
            return round(max(own), 9)
        return combined(
            [*own, *(line.strength for line in item.lines if line.counts and line.strength * item.certainty <= 0)]
        )

    # --- on whom it hangs -------------------------------------------------------------------------------------------

    def _confidence(self, item: TracedConclusion, winning: Sequence[TracedLine]) -> Confidence:
        best, sign = item.method == "best", 1 if item.certainty > 0 else -1
        hangs = []
        for origin in sorted(frozenset[str]().union(*(self._needed(line) for line in winning))):
            among = item.lines if best else [line for line in item.lines if line.counts]
            free = [line.strength for line in among if origin not in self._needed(line)]
            if sign * (max(free, default=0.0) if best else combined(free)) <= THRESHOLD:
                hangs.append(origin)
        seen = frozenset[str]().union(*(self._of_line(line).origins for line in winning))
        good = [origin for origin in seen if self._grade(origin) in ("A", "B")]
        if not hangs and len(good) >= 2:
            return Confidence("high", f"it hangs on no single source, and {len(good)} are graded A or B", ())
        if not hangs:
            few = "it hangs on no single source, but fewer than two are graded A or B"
            return Confidence("moderate", few if seen else "it rests on rules and background alone", ())
        named = [self._called(origin) for origin in hangs[:_NAMED]]
        named += [f"{len(hangs) - _NAMED} more"] if len(hangs) > _NAMED else []
        if len(hangs) == 1 and hangs[0] not in (_ASSUMED, _NOBODY):
            named = [f"one source, {named[0]}"]
        whole = len(hangs) == 1 and all(hangs[0] in self._needed(line) for line in winning)
        text = listed(named)
        level = "moderate" if all(self._grade(origin) in ("A", "B") for origin in hangs) else "low"
        reason = f"{'all of it rests' if whole else 'it hangs'} on {text}"
        return Confidence(level, reason, tuple(hangs))  # type: ignore[arg-type]

    def _needed(self, line: TracedLine) -> frozenset[str]:
        below = self._of_line(line)
        return below.origins if "" in below.needs else below.needs

    def _grade(self, origin: str) -> str:
        grades = [one.reliability for one in self._sources.values() if (one.origin or one.id) == origin]
        return min([grade for grade in grades if grade], default="")

    def _called(self, origin: str) -> str:
        if origin in (_ASSUMED, _NOBODY):
            return origin
        return f"{origin} (grade {self._grade(origin)})" if self._grade(origin) else f"{origin} (no grade)"


def _together(parts: Iterable[_Below]) -> _Below:
    """What lies below any of them."""
    known = [*parts]
    return _Below(
        *(frozenset[str]().union(*(getattr(part, name) for part in known)) for name in _Below.__struct_fields__)
    )
