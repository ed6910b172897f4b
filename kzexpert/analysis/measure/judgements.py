"""Outcomes and inferences → judged cases: what was concluded of each, by which lines of evidence, and what turned out.

A case is one row of outcomes. Its certainty is the highest among the conclusions that match it, as an argument without
a column matches anything; where nothing is concluded it is 0.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import date
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.measure.yardstick import Outcome, Yard
from kzexpert.engines.base import Engine, infer_each
from kzexpert.evidence import certainty_of, line_strengths
from kzexpert.model import ANY, Firing, GroundAtom, Inference, KnowledgeBase, Pattern, Value
from kzexpert.program.relevance import opened, relevance
from kzexpert.program.snapshot import snapshot

__all__ = ["Judged", "Key", "Progress", "Runs", "Supported", "reweighed"]

#: What a case is about: the arguments that have a column, and the day that its row names.
Key: TypeAlias = tuple[tuple[Value, ...], date | None]
Progress: TypeAlias = Callable[[date, int, int], None]

#: Conclusions whose firings are looked up at once.
_BATCH = 1000


class Supported(msgspec.Struct, frozen=True):
    """A conclusion that matches a case.

    Attributes:
        base: the certainty of the base fact of the same statement; None where there is none.
        recursive: whether only its best proof counts.
    """

    certainty: float
    firings: tuple[Firing, ...]
    base: float | None
    recursive: bool

    @property
    def counting(self) -> Iterable[Firing]:
        """The strongest firing of each line of evidence."""
        found: dict[Hashable, Firing] = {}
        for firing in self.firings:
            best = found.setdefault(firing.line, firing)
            if abs(firing.strength) > abs(best.strength):
                found[firing.line] = firing
        return found.values()

    @property
    def balance(self) -> int:
        """Lines for minus lines against."""
        return sum((strength > 0) - (strength < 0) for strength in line_strengths(self.firings, self.base))


class Judged(msgspec.Struct, frozen=True):
    """A case.

    Attributes:
        certainty: 0 where nothing is concluded.
        statements: the conclusions that match it.
    """

    outcome: Outcome
    certainty: float
    statements: tuple[Supported, ...]

    @property
    def right(self) -> bool:
        return self.outcome.right

    @property
    def balance(self) -> int:
        """Lines for minus lines against, of the conclusion that has most of them."""
        return max((statement.balance for statement in self.statements), default=0)

    def rules(self) -> dict[str, float]:
        """Rule → how certain the premises of its strongest firing are: its strength over the rule's certainty."""
        return _factors(firing for statement in self.statements for firing in statement.firings)

    def counting(self) -> dict[str, float]:
        """The same for the firings that count, which are the strongest of their lines."""
        return _factors(firing for statement in self.statements for firing in statement.counting)


def _factors(firings: Iterable[Firing]) -> dict[str, float]:
    found: dict[str, float] = {}
    for firing in firings:
        rule = firing.rule.rule
        found[rule.id] = max(found.get(rule.id, 0.0), firing.strength / rule.certainty)
    return found


class Runs:
    """Runs of an engine on the days of some outcomes.

    Args:
        default: the day of outcomes without one.

    Attributes:
        cases: what was judged, in the order of the outcomes.
        bearing: ids of the rules that can bear on the predicate; fired: those of them that fired on any day.
        recursive: whether only the best proof of a conclusion counts.
    """

    def __init__(
        self, kb: KnowledgeBase, yard: Yard, engine: Engine, default: date, progress: Progress | None = None
    ) -> None:
        self._yard, self._engine = yard, engine
        self._default = default
        arity = len(kb.predicate[yard.predicate].args)
        self._goal = opened(Pattern(yard.predicate, yard.predicate, (ANY,) * arity))
        self.bearing = {key.partition(" ")[0] for key in relevance(kb, self._goal).rules}
        self.fired: set[str] = set()
        found: dict[Key, Judged] = {}
        with self._inferences(kb, progress) as inferences:
            stratum = inferences[0].program.stratum_of.get(yard.predicate)
            self.recursive = stratum is not None and stratum.recursive
            for inference, outcomes in zip(inferences, self._days().values(), strict=True):
                for case in self._on_day(inference, outcomes):
                    found[case.outcome.args, case.outcome.day] = case
            for inference in inferences:
                self.fired |= _firing(inference, self.bearing - self.fired)
        self.cases = tuple(found[outcome.args, outcome.day] for outcome in yard.outcomes)

    def certainties(self, kb: KnowledgeBase) -> dict[Key, float]:
        """The certainty of each case that anything is concluded of, by another knowledge base."""
        found: dict[Key, float] = {}
        with self._inferences(kb) as inferences:
            for inference, outcomes in zip(inferences, self._days().values(), strict=True):
                matching = self._matching(inference)
                for outcome in outcomes:
                    known = [inference.certainty(atom) or 0.0 for atom in matching.get(outcome.args, ())]
                    if known:
                        found[outcome.args, outcome.day] = max(known)
        return found

    def _days(self) -> dict[date, list[Outcome]]:
        found: dict[date, list[Outcome]] = {}
        for outcome in sorted(self._yard.outcomes, key=lambda item: item.day or self._default):
            found.setdefault(outcome.day or self._default, []).append(outcome)
        return found

    @contextmanager
    def _inferences(self, kb: KnowledgeBase, progress: Progress | None = None) -> Iterator[Sequence[Inference]]:
        inferences = infer_each(self._engine, [snapshot(kb, day, goals=[self._goal]) for day in self._days()], progress)
        try:
            yield inferences
        finally:
            inferences[0].facts.close()

    def _matching(self, inference: Inference) -> Mapping[tuple[Value, ...], list[GroundAtom]]:
        """The arguments that outcomes have → the conclusions with them."""
        found: dict[tuple[Value, ...], list[GroundAtom]] = {}
        for args in sorted(inference.certainties.get(self._yard.predicate, {}), key=str):
            own = tuple(args[place] for place in self._yard.places)
            found.setdefault(own, []).append(GroundAtom(self._yard.predicate, args))
        return found

    def _on_day(self, inference: Inference, outcomes: Sequence[Outcome]) -> Iterator[Judged]:
        matching = self._matching(inference)
        inference.facts.prefetch([atom for outcome in outcomes for atom in matching.get(outcome.args, ())])
        for outcome in outcomes:
            statements = tuple(self._statement(inference, atom) for atom in matching.get(outcome.args, ()))
            yield Judged(outcome, max((item.certainty for item in statements), default=0.0), statements)

    def _statement(self, inference: Inference, atom: GroundAtom) -> Supported:
        base = inference.program.base.get(atom.predicate, {}).get(atom.args)
        firings = sorted(inference.firings.get(atom, ()), key=lambda item: (item.rule.key, item.binding_text))
        self.fired.update(firing.rule.id for firing in firings)
        certainty = inference.certainty(atom) or 0.0
        return Supported(certainty, tuple(firings), None if base is None else base.certainty, self.recursive)


def _firing(inference: Inference, wanted: Set[str]) -> set[str]:
    """The rules that fire, of some; each conclusion is looked at once, and none when all of them are found."""
    rules = [rule for rule in inference.program.rules.values() if rule.id in wanted]
    found: set[str] = set()
    for predicate in sorted({rule.head.predicate for rule in rules}):
        own = {rule.id for rule in rules if rule.head.predicate == predicate}
        atoms = [GroundAtom(predicate, args) for args in inference.certainties.get(predicate, {})]
        for start in range(0, len(atoms), _BATCH):
            if own <= found:
                break
            batch = atoms[start : start + _BATCH]
            inference.facts.prefetch(batch)
            firings = (firing for atom in batch for firing in inference.firings.get(atom, ()))
            found.update(firing.rule.id for firing in firings if firing.rule.id in own)
    return found


def reweighed(case: Judged, weights: Mapping[str, float]) -> float:
    """The certainty of a case with other certainties of the rules that conclude it.

    Args:
        weights: rule → its certainty; 0 leaves the rule out. Other rules keep theirs.

    Returns:
        What an inference would give, unless a rule below these rests on what they conclude.
    """
    found = []
    for statement in case.statements:
        firings = [_weighed(firing, weights) for firing in statement.firings]
        strengths = line_strengths([firing for firing in firings if firing.strength], statement.base)
        if strengths:
            found.append(certainty_of(strengths, statement.recursive)[0])
    return max(found, default=0.0)


def _weighed(firing: Firing, weights: Mapping[str, float]) -> Firing:
    own = firing.rule.rule.certainty
    weight = weights.get(firing.rule.id, own)
    return firing if weight == own else replace(firing, strength=firing.strength / own * weight)
