"""How near each rule comes to a conclusion that does not follow: what holds, what fails, and how it fails.

It looks only at what is known; what might be assumed or withdrawn is for `proposals`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from kzexpert.analysis.partials import Allowance, Known, Partial, Row, conclusion_of, partials
from kzexpert.analysis.scenario import on_record
from kzexpert.certainty import established
from kzexpert.errors import Location
from kzexpert.model import (
    Body,
    Fact,
    GroundAtom,
    Inference,
    Pattern,
    ProgramCondition,
    RelationKey,
    Value,
    Variable,
    format_value,
)
from kzexpert.model.evaluation import evaluate, solutions
from kzexpert.program.snapshot import in_force
from kzexpert.proof.citation import places_of
from kzexpert.questions.sentences import dates

__all__ = ["Failure", "Held", "Miss", "NearFact", "NearMisses", "near_row", "not_in_force"]

Why: TypeAlias = Literal[
    "no such fact",
    "not concluded",
    "not in force",
    "not recent",
    "no such date",
    "withdrawn",
    "too weak",
    "others only",
    "blocked",
    "comparison",
    "no value",
]

#: How many bindings are looked at for each rule, and how many are told.
_LOOKED_AT, _TOLD = 12, 2
#: How many facts are told of a failed condition.
_MOST_FACTS = 5


class NearFact(msgspec.Struct, frozen=True):
    """A fact that a failed condition met.

    Attributes:
        certainty: None where the fact is not in force.
        dates: when it holds, as recorded.
        place: file and line; empty for a conclusion.
    """

    fact: str
    certainty: float | None
    dates: str = ""
    place: str = ""


class Held(msgspec.Struct, frozen=True):
    """A condition that is met.

    Attributes:
        condition: as written.
        holds: what meets it, in atoms and values.
        certainty: of the fact; None for other kinds of conditions.
    """

    condition: str
    holds: str
    certainty: float | None = None


class Failure(msgspec.Struct, frozen=True):
    """A condition that is not met.

    Attributes:
        condition: as written.
        instance: with the values that are known.
        why: ``not concluded`` is for what only rules conclude, ``others only`` for what facts satisfy that other
            conditions do not admit, ``no such date`` for a fact without the date that is asked for, ``blocked`` for a
            negation, ``no value`` for an aggregate over nothing and for an expression without a finite value.
        facts: those that are not in force, withdrawn, too weak or not admitted, those that block, or those that were
            counted.
        below: how near the rules come to it, where they conclude it.
        missing: how far the result of an aggregate lies from what it is compared with; 0 where it must lie beyond.
    """

    condition: str
    instance: str
    why: Why
    facts: tuple[NearFact, ...] = ()
    below: tuple["Miss", ...] = ()
    missing: float | None = None

    @property
    def needs(self) -> str:
        """What would have to hold, in one line."""
        if self.why == "blocked" and self.facts:
            return f"no {self.instance.removeprefix('not ')}, but {self.facts[0].fact} holds"
        return self.instance


class Miss(msgspec.Struct, frozen=True):
    """A rule that could conclude something, and what it lacks under one binding.

    Attributes:
        conclusion: what it would conclude; variables stand for what is open.
        strength: what it would give if that which fails held with certainty.
        chosen: the conditions of the alternatives that were looked at, where the rule has such.
        failed: at least one.
        open: conditions that cannot be looked at before others hold.
    """

    rule: str
    title: str
    place: str
    conclusion: str
    strength: float
    held: tuple[Held, ...]
    failed: tuple[Failure, ...]
    open: tuple[str, ...]
    chosen: tuple[str, ...] = ()

    @property
    def instance(self) -> str:
        """What it lacks, in one line."""
        return "; ".join(failure.needs for failure in self.failed)


class NearMisses:
    """Looks up why rules do not fire.

    Args:
        known: what holds.
        allowance: how many steps all searches together may take.
        depth: how many levels of rules below a condition are told.
    """

    def __init__(self, known: Known, allowance: Allowance, depth: int = 2) -> None:
        self.known = known
        self.allowance = allowance
        self.depth = depth
        self._place = places_of(known.inference.program.kb)
        self._rows: dict[Pattern, list[tuple[GroundAtom, Fact]]] = {}

    def of(self, pattern: Pattern) -> tuple[Miss, ...]:
        """How near the rules come to an instance of a pattern, those first that lack the least, then the strongest."""
        return self._of(pattern, self.depth, frozenset())

    def _of(self, pattern: Pattern, depth: int, above: frozenset[str]) -> tuple[Miss, ...]:
        found: list[tuple[float, Miss]] = []
        above = above | {str(pattern)}
        nearest: dict[str, list[Partial]] = {}
        fires: set[str] = set()
        for rule, start in self.known.rules(pattern):
            near = self._nearest(partials(rule, start, self.known, self.allowance))
            nearest.setdefault(rule.id, []).extend(near or ())
            if near is None:
                fires.add(rule.id)
        for partial in (partial for name, near in nearest.items() if name not in fires for partial in near):
            miss = self._miss(partial, depth, above)
            if not any(miss.rule == other.rule and miss.instance == other.instance for _, other in found):
                found.append((_distance(miss), miss))
        found.sort(key=lambda item: (item[0], -item[1].strength, item[1].rule, item[1].instance))
        return tuple(miss for _, miss in found)

    def _nearest(self, found: Iterator[Partial]) -> list[Partial] | None:
        """The nearest of a rule; None where it fires."""
        looked_at = list(islice(found, _LOOKED_AT))
        if not looked_at:
            return []
        if not looked_at[0].failed:
            return None
        fewest = len(looked_at[0].failed)
        return [partial for partial in looked_at if len(partial.failed) == fewest][:_TOLD]

    # --- one rule -----------------------------------------------------------------------------------------------------

    def _miss(self, partial: Partial, depth: int, above: frozenset[str]) -> Miss:
        rule = partial.rule.rule
        held, failed, unseen = [], [], []
        weakest = 1.0
        for index, (condition, written) in enumerate(zip(partial.rule.conditions, partial.rule.when, strict=True)):
            if index in partial.failed:
                failed.append(self._failure(partial, condition, written.text, depth, above))
            elif index in partial.open:
                unseen.append(written.text)
            else:
                held.append(self._held(partial, condition, written.text))
                weakest = min(weakest, 1.0 if held[-1].certainty is None else held[-1].certainty)
        return Miss(
            rule.id,
            rule.title,
            self._place(rule.location),
            str(conclusion_of(partial)),
            round(rule.certainty * weakest, 9),
            tuple(held),
            tuple(failed),
            tuple(unseen),
            tuple(item.text for item in partial.rule.when if item not in rule.when),
        )

    def _held(self, partial: Partial, condition: ProgramCondition, text: str) -> Held:
        if condition.match is not None:
            pattern = condition.match.instance(partial.binding)
            found = self.known.facts.relations[pattern.relation]
            rows = self.known.facts.rows(pattern, {})
            best = min(rows, key=lambda row: (-found[row], str(Pattern.of(pattern.relation, row))))
            return Held(text, str(Pattern.of(pattern.relation, best)), found[best])
        return Held(text, _instance(condition, partial.binding) or text)

    def _failure(
        self, partial: Partial, condition: ProgramCondition, text: str, depth: int, above: frozenset[str]
    ) -> Failure:
        shown, instance = _instance(condition, partial.binding) or text, condition.instance(partial.binding)
        if instance.match is not None:
            return self._unmatched(instance.match, text, depth, above)
        if instance.denied is not None:
            return self._blocked(instance, instance.denied, text)
        if instance.compares:
            counted, missing = self._counted(partial, condition), self._missing(partial, condition)
            return Failure(text, shown, "comparison", counted, missing=missing)
        return Failure(text, shown, "no value")

    def _blocked(self, condition: ProgramCondition, denied: Body, text: str) -> Failure:
        """The facts that are not to be: all that match an atom, or one for each condition of a block."""
        most = None if condition.body is None else 1
        body = denied.instance(next(solutions(denied, self.known.facts, {}, self.known.as_of)))
        rows = [(item.relation, row) for item in body.matches for row in self.known.facts.rows(item, {})[:most]]
        shown = str(condition) if condition.body is None else f"not ({body})"
        return Failure(text, shown, "blocked", self._near(rows))

    def _unmatched(self, pattern: Pattern, text: str, depth: int, above: frozenset[str]) -> Failure:
        """Why nothing matches: a fact is too weak, withdrawn, not in force or not recent; or there is none."""
        inference = self.known.inference
        day = inference.program.as_of
        instances = [(pattern.relation, row) for row in self.known.rows(pattern)]
        weighed = [place for place in instances if not established(inference.certainties[place[0]][place[1]])]
        below: tuple[Miss, ...] = ()
        concluded = self.known.concluded(pattern.predicate) and pattern.relation == pattern.predicate
        if concluded and depth > 0 and str(pattern) not in above:
            below = self._of(pattern, depth - 1, above)[:_TOLD]
        if weighed:
            return Failure(text, str(pattern), "too weak", self._near(weighed), below)
        if instances:
            return Failure(text, str(pattern), "others only", self._near(instances), below)
        rows = self._recorded(pattern)
        near = tuple(near_row(atom, row, self._place) for atom, row in rows)[:_MOST_FACTS]
        if any(not in_force(row, day) for _, row in rows):
            near = tuple(near_row(atom, row, self._place) for atom, row in rows if not in_force(row, day))[:_MOST_FACTS]
            return Failure(text, str(pattern), "not in force", near, below)
        if rows:
            withdrawn = any(atom.args not in inference.program.base.get(pattern.predicate, {}) for atom, _ in rows)
            why: Why = "withdrawn" if withdrawn else "no such date" if pattern.dates else "not recent"
            return Failure(text, str(pattern), why, near, below)
        return Failure(text, str(pattern), "not concluded" if concluded else "no such fact", (), below)

    def _recorded(self, pattern: Pattern) -> list[tuple[GroundAtom, Fact]]:
        rows = self._rows.get(pattern)
        if rows is None:
            rows = self._rows[pattern] = list(on_record(self.known.inference, pattern))
        return rows

    def _near(self, places: Iterable[tuple[RelationKey, Row]]) -> tuple[NearFact, ...]:
        inference = self.known.inference
        found = {}
        for relation, row in places:
            base = inference.program.base.get(relation, {}).get(row)
            rows = base.rows if base and not base.assumed else ()
            said = (dates(rows[0]), self._place(rows[0].location)) if rows else ("", "")
            shown = Pattern.of(relation, row).ground
            found[str(shown)] = NearFact(str(shown), inference.certainties[relation][row], *said)
        return tuple(found[text] for text in sorted(found)[:_MOST_FACTS])

    def _counted(self, partial: Partial, test: ProgramCondition) -> tuple[NearFact, ...]:
        """The facts behind the values of aggregates that a comparison takes."""
        found: list[tuple[RelationKey, Row]] = []
        for aggregate in partial.rule.aggregates.values():
            if aggregate.variable in test.needs:
                for _, facts in self.known.counted(aggregate, dict(partial.binding)):
                    for pattern in facts:
                        found.extend((pattern.relation, row) for row in self.known.facts.rows(pattern, {}))
        return self._near(found)

    def _missing(self, partial: Partial, test: ProgramCondition) -> float | None:
        """How far the result of an aggregate lies from the number that it is compared with."""
        results = {Variable(item.variable) for item in partial.rule.aggregates.values()}
        if test.orders is None or results.isdisjoint(test.orders):
            return None
        left, right = (evaluate(side, partial.binding, self.known.as_of) for side in test.orders)
        if not isinstance(left, float) or not isinstance(right, float):
            return None
        return round(abs(left - right), 9)


def not_in_force(inference: Inference, pattern: Pattern) -> tuple[tuple[GroundAtom, Fact], ...]:
    """The recorded rows that match the pattern but do not hold on the as-of date, in the order of the files."""
    day = inference.program.as_of
    return tuple((atom, row) for atom, row in on_record(inference, pattern) if not in_force(row, day))


def _distance(miss: Miss) -> float:
    """How much is missing: the failed conditions, and for what rules conclude all that these lack."""
    return sum(min(map(_distance, failure.below), default=1.0) for failure in miss.failed)


def near_row(atom: GroundAtom, row: Fact, place: Callable[[Location], str]) -> NearFact:
    return NearFact(str(atom), None, dates(row), place(row.location))


# --- conditions with values ----------------------------------------------------------------------------------------


def _instance(condition: ProgramCondition, binding: Mapping[str, Value]) -> str:
    """The condition with values in place of bound variables; empty for an aggregate without a value."""
    text = str(condition.instance(binding))
    if not condition.function:
        return text
    if condition.variable not in binding:
        return ""
    return format_value(binding[condition.variable]) + text.removeprefix(f"?{condition.variable}")
