"""Who vouches for what a document concludes: what its lines of evidence share, and what hangs on whom (DESIGN §4).

It reads the document and weighs nothing anew but the lines that stand on their own; engines are not asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from kzexpert.certainty import THRESHOLD, combine
from kzexpert.errors import listed
from kzexpert.proof.document import (
    Confidence,
    FactPremise,
    Testimony,
    Trace,
    TracedConclusion,
    TracedFact,
    TracedFiring,
)
from kzexpert.proof.index import Index, graded

__all__ = ["ASSUMPTION", "Witnesses", "with_testimonies"]

#: Up to so many lines of evidence the strongest set that shares nothing is found by trying; else by strength.
_MOST_TRIED = 16
#: Products in another order may differ by this much.
_ROUGHLY = 1.0 + 1e-12
#: What a statement on a circle needs before anything below it is known: all.
_ALL = -1
#: So many origins are named in a reason.
_MOST_NAMED = 3
#: Stands for the origin of what is assumed, and for that of facts without a source.
ASSUMPTION, _UNSOURCED = "an assumption", "facts without a source"


_Named = TypeVar("_Named")


class _Reach(msgspec.Struct, frozen=True):
    """What lies at or below a statement or a line of evidence, each a set of bits.

    Attributes:
        facts: recorded facts that are no background; `uncertain` those of them that are not certain.
        rules: that fire below.
        origins: of the recorded facts.
        needs: origins without which nothing is left of it.
        cited: places in sources of the recorded facts.
    """

    facts: int = 0
    uncertain: int = 0
    rules: int = 0
    origins: int = 0
    needs: int = 0
    cited: int = 0

    def joined(self, other: "_Reach") -> "_Reach":
        """Both together, where each is needed."""
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return _Reach(*(one | two for one, two in pairs))


class _Bits(Generic[_Named]):
    """Names as bits of a whole number, in the order in which they are met."""

    def __init__(self) -> None:
        self._places: dict[_Named, int] = {}

    def bit(self, name: _Named) -> int:
        return 1 << self._places.setdefault(name, len(self._places))

    def of(self, bits: int) -> list[_Named]:
        return [name for name, place in self._places.items() if bits >> place & 1]


class _Line(msgspec.Struct, frozen=True):
    """A line of evidence with what lies below it; `own` is its rule, and `least` its strength counting things once."""

    evidence: str
    strength: float
    counts: bool
    least: float
    own: int
    below: _Reach

    @property
    def needs(self) -> int:
        """The origins without which it does not hold; all, where no line of the document establishes what it counts."""
        return self.below.origins if self.below.needs == _ALL else self.below.needs

    def shares(self, other: "_Line") -> bool:
        """Whether two lines rest on one uncertain fact, on one origin, or on a rule that fires below one of them."""
        one, two = self.below, other.below
        rules = one.rules & (two.rules | other.own) or two.rules & self.own
        return bool(one.uncertain & two.uncertain or one.origins & two.origins or rules)


class Witnesses:
    """What the statements of a document rest on; each is looked at once, what lies below it first."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._facts: _Bits[str] = _Bits()
        self._rules: _Bits[str] = _Bits()
        self._origins: _Bits[str] = _Bits()
        self._cited: _Bits[tuple[str, str]] = _Bits()
        self._reach: dict[str, _Reach] = {}
        self._least: dict[str, float] = {}
        #: Of a conclusion its lines that count, and the strongest of the winning ones that share nothing.
        self._lines: dict[str, list[_Line]] = {}
        self._apart: dict[str, tuple[list[_Line], bool]] = {}
        self._testimonies: dict[str, Testimony] = {}
        order = list(self._upwards((*index.conclusions, *index.facts)))
        self._circles = self._on_circles(order)
        for name in order:
            self._visit(name)
        before: object = None
        while self._circles and before != (self._reach, self._least):
            before = dict(self._reach), dict(self._least)
            for name in order:
                self._visit(name)

    def testimony(self, statement: str) -> Testimony:
        """How far a fact or conclusion of the document stands on its own."""
        if statement not in self._testimonies:
            item = self._index[statement]
            if isinstance(item, TracedFact):
                lines = self._recorded(item)
                self._apart[statement] = lines, True
            else:  # where the best proof counts, a line that does not count may hold without an origin
                lines = self._all_lines(item) if item.method == "best" else self._lines[statement]
            self._testimonies[statement] = self._judged(statement, item, lines)
        return self._testimonies[statement]

    def citations(self, evidence: str) -> list[str]:
        """The sources of the recorded facts below a firing, or of a recorded fact, with the places and their grades."""
        return [
            graded(f"{name}, {places}" if places else name, self._index.sources[name].reliability)
            for name, places in self.cited(evidence)
        ]

    def cited(self, evidence: str) -> list[tuple[str, str]]:
        """The sources of the recorded facts below a firing, or of a recorded fact, each with the places in it."""
        firing = self._index.firings.get(evidence)
        reach = self._below(firing) if firing else self._base(self._index.facts[evidence])
        places: dict[str, list[str]] = {}
        for name, place in self._cited.of(reach.cited):
            places.setdefault(name, []).extend([place] if place else [])
        return [(name, ", ".join(found)) for name, found in places.items()]

    # --- what lies below ----------------------------------------------------------------------------------------------

    def _upwards(self, statements: Iterable[str]) -> Iterator[str]:
        """What statements rest on and they, each once, and after what lies below it unless it lies on a circle."""
        pending = [(statement, False) for statement in reversed([*statements])]
        entered: set[str] = set()
        while pending:
            name, done = pending.pop()
            if done:
                yield name
            elif name not in entered:
                entered.add(name)
                pending.append((name, True))
                pending += [(fact, False) for fact in self._counted(name)]

    def _counted(self, statement: str) -> Iterator[str]:
        for line, firing in self._index.lines(statement):
            if line.counts:
                for premise in firing.premises:
                    yield from premise.facts

    def _on_circles(self, order: Sequence[str]) -> set[str]:
        """The statements that rest on themselves, through an aggregate over what rests on them; see `evidence`."""
        place = {name: number for number, name in enumerate(order)}
        if all(place[fact] < place[name] for name in order for fact in self._counted(name)):
            return set()
        rests, before = dict.fromkeys(order, 0), dict[str, int]()
        while rests != before:
            before = dict(rests)
            for name in order:
                for fact in self._counted(name):
                    rests[name] |= rests[fact] | 1 << place[fact]
        return {name for name in order if rests[name] >> place[name] & 1}

    def _visit(self, name: str) -> None:
        conclusion = self._index.conclusions.get(name)
        if conclusion is None:
            fact = self._index.facts[name]
            self._reach[name], self._least[name] = self._base(fact), fact.certainty
            return
        every = self._all_lines(conclusion)
        lines = self._lines[name] = [line for line in every if line.counts]
        winning = [line for line in lines if line.strength * conclusion.certainty > 0]
        # An aggregate asks no more of what lies on a circle than that it is established, by whichever line.
        established = [line for line in every if line.strength > THRESHOLD] if name in self._circles else []
        together = _Reach()
        for line in established or lines:
            together = together.joined(line.below).joined(_Reach(rules=line.own))
        needs = [line.below.needs for line in established or winning]
        shared = needs[0] if needs else 0
        for other in needs[1:]:
            shared &= other
        self._reach[name] = msgspec.structs.replace(together, needs=shared)
        self._apart[name] = _apart(winning)
        self._least[name] = _at_least(conclusion, self._apart[name][0], winning, lines)

    def _all_lines(self, conclusion: TracedConclusion) -> list[_Line]:
        found = []
        for line in conclusion.lines:
            firing = self._index.firings.get(line.evidence)
            if firing is None:
                below, least, own = self._base(self._index.facts[line.evidence]), line.strength, 0
            else:
                below, own = self._below(firing), self._rules.bit(firing.rule)
                least = self._lessened(line.strength, firing)
            found.append(_Line(line.evidence, line.strength, line.counts, least, own, below))
        return found

    def _recorded(self, fact: TracedFact) -> list[_Line]:
        return [_Line(fact.fact, fact.certainty, True, fact.certainty, 0, self._base(fact))]

    def _lessened(self, strength: float, firing: TracedFiring) -> float:
        """The strength of a firing whose premises count each thing once."""
        facts = [premise.fact for premise in firing.satisfied if isinstance(premise, FactPremise)]
        if all(self._least.get(fact, self._index[fact].certainty) == self._index[fact].certainty for fact in facts):
            return strength
        weakest = min(self._least.get(fact, self._index[fact].certainty) for fact in facts)
        return round(self._index.rules[firing.rule].certainty * max(weakest, 0.0), 9)

    def _below(self, firing: TracedFiring) -> _Reach:
        reach = _Reach()
        for premise in firing.premises:
            for fact in premise.facts:
                reach = reach.joined(self._reach.get(fact, _Reach(needs=_ALL)))
        return reach

    def _base(self, fact: TracedFact) -> _Reach:
        bit = self._facts.bit(fact.fact)
        uncertain = bit if fact.certainty < 1.0 else 0
        if fact.assumed:
            return _Reach(facts=bit, needs=self._origins.bit(ASSUMPTION))
        cited = 0
        sources = [self._index.sources.get(row.source) for row in fact.rows]
        for row, source in zip(fact.rows, sources, strict=True):
            if source is not None:
                cited |= self._cited.bit((row.source, row.at))
        if any(source is not None and source.background for source in sources):
            return _Reach(uncertain=uncertain, cited=cited)
        witnesses = {source.origin or source.id if source else _UNSOURCED for source in sources}
        bits = [self._origins.bit(witness) for witness in sorted(witnesses)]
        known = sum(self._origins.bit(witness) for witness in witnesses if witness != _UNSOURCED)
        return _Reach(bit, uncertain, 0, known, bits[0] if len(bits) == 1 else 0, cited)

    # --- what is said of a conclusion ---------------------------------------------------------------------------------

    def _judged(self, statement: str, item: TracedConclusion | TracedFact, lines: Sequence[_Line]) -> Testimony:
        counting = [line for line in lines if line.counts]
        winning = [line for line in counting if line.strength * item.certainty > 0]
        chosen, exact = self._apart[statement]
        seen = twice = 0
        for line in winning:
            twice |= line.below.facts & seen
            seen |= line.below.facts
        return Testimony(
            at_least=self._least[statement],
            independent=tuple(line.evidence for line in chosen),
            exact=exact,
            shared=tuple(sorted(self._facts.of(twice))),
            confidence=self._confidence(item, lines, winning) if abs(item.certainty) > THRESHOLD else None,
        )

    def _confidence(
        self, item: TracedConclusion | TracedFact, lines: Sequence[_Line], winning: Sequence[_Line]
    ) -> Confidence:
        """How far it rests on several witnesses; see DESIGN §4."""
        best = isinstance(item, TracedConclusion) and item.method == "best"
        weighed = lines if best else [line for line in lines if line.counts]
        needed = 0
        for line in winning:
            needed |= line.needs
        hangs = [
            name
            for name in sorted(self._origins.of(needed))
            if not _holds(item, weighed, self._origins.bit(name), best)
        ]
        seen = 0
        for line in winning:
            seen |= line.below.origins
        graded = [name for name in self._origins.of(seen) if self._grade(name) in ("A", "B")]
        if not hangs:
            if len(graded) >= 2:
                return Confidence("high", f"it hangs on no single source, and {len(graded)} are graded A or B", ())
            few = "it hangs on no single source, but fewer than two are graded A or B"
            return Confidence("moderate", few if seen else "it rests on rules and background alone", ())
        level = "moderate" if all(self._grade(name) in ("A", "B") for name in hangs) else "low"
        named = [self._told(name) for name in hangs[:_MOST_NAMED]]
        if len(hangs) > _MOST_NAMED:
            named.append(f"{len(hangs) - _MOST_NAMED} more")
        alone = len(hangs) == 1 and all(line.needs & self._origins.bit(hangs[0]) for line in winning)
        if len(hangs) == 1 and hangs[0] not in (ASSUMPTION, _UNSOURCED):
            named = [f"one source, {named[0]}"]
        reason = f"{'all of it rests' if alone else 'it hangs'} on {listed(named)}"
        return Confidence(level, reason, tuple(hangs))  # type: ignore[arg-type]

    def _grade(self, origin: str) -> str:
        """The best grade among the sources of an origin; empty where none has one."""
        grades = (item.reliability for item in self._index.sources.values() if (item.origin or item.id) == origin)
        return min(filter(None, grades), default="")

    def _told(self, origin: str) -> str:
        if origin in (ASSUMPTION, _UNSOURCED):
            return origin
        grade = self._grade(origin)
        return f"{origin} ({f'grade {grade}' if grade else 'no grade'})"


def with_testimonies(trace: Trace) -> Trace:
    """The document, whose conclusions say how far they stand on their own."""
    witnesses = Witnesses(Index(trace))
    told = [msgspec.structs.replace(item, testimony=witnesses.testimony(item.conclusion)) for item in trace.conclusions]
    return msgspec.structs.replace(trace, conclusions=tuple(told))


def _holds(item: TracedConclusion | TracedFact, lines: Iterable[_Line], origin: int, best: bool) -> bool:
    """Whether the lines that do not need an origin still establish a statement, or speak against it as clearly."""
    free = [line.strength for line in lines if not line.needs & origin]
    certainty = max(free, default=0.0) if best else combine(free)
    return (certainty if item.certainty > 0 else -certainty) > THRESHOLD


def _apart(lines: Sequence[_Line]) -> tuple[list[_Line], bool]:
    """The strongest lines of which no two share anything, in their order, and whether no other set is stronger."""
    ordered = sorted(lines, key=lambda line: -abs(line.least))
    if len(ordered) > _MOST_TRIED:
        greedy: list[_Line] = []
        for line in ordered:
            if not any(line.shares(other) for other in greedy):
                greedy.append(line)
        names = {line.evidence for line in greedy}
        return [line for line in lines if line.evidence in names], False
    apart = [{other for other in range(place) if not ordered[other].shares(line)} for place, line in enumerate(ordered)]
    best: tuple[float, tuple[int, ...]] = (2.0, ())

    def extend(place: int, chosen: tuple[int, ...], left: float) -> None:
        nonlocal best
        if left < best[0]:
            best = left, chosen
        for number in range(place, len(ordered)):
            rest = 1.0
            for line in ordered[number:]:
                rest *= 1.0 - abs(line.least)
            if left * rest > best[0] * _ROUGHLY:
                return
            if apart[number].issuperset(chosen):
                extend(number + 1, (*chosen, number), left * (1.0 - abs(ordered[number].least)))

    extend(0, (), 1.0)
    kept = [ordered[number] for number in best[1]]
    return [line for line in lines if line in kept], True


def _at_least(
    conclusion: TracedConclusion, chosen: Sequence[_Line], winning: Sequence[_Line], lines: Sequence[_Line]
) -> float:
    """The certainty counting each thing once."""
    if not winning or conclusion.certainty == 0.0:
        return conclusion.certainty
    if len(chosen) == len(winning) and all(line.least == line.strength for line in winning):
        return conclusion.certainty
    if conclusion.method == "best":
        return round(max(line.least for line in chosen), 9)
    return combine([*(line.least for line in chosen), *(line.strength for line in lines if line not in winning)])
