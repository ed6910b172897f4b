"""How near each rule comes to a conclusion that does not follow: what holds, what fails, and how it fails.

It looks only at what is known; what might be assumed or withdrawn is for `proposals`.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from kzexpert.analysis.partials import Allowance, Known, Partial, conclusion_of, partials
from kzexpert.analysis.scenario import on_record
from kzexpert.certainty import established
from kzexpert.model import (
    Absence,
    Aggregate,
    Fact,
    GroundAtom,
    Inference,
    Match,
    Pattern,
    ProgramCondition,
    Test,
    Value,
    Variable,
    format_value,
)
from kzexpert.program.snapshot import in_force
from kzexpert.questions.sentences import dates

__all__ = ["Failure", "Held", "Miss", "NearFact", "NearMisses", "near_row", "not_in_force"]

Why: TypeAlias = Literal[
    "no such fact",
    "not concluded",
    "not in force",
    "not recent",
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
            conditions do not admit, ``blocked`` for a negation, ``no value`` for an aggregate over nothing and for an
            expression without a finite value.
        facts: those that are not in force, withdrawn, too weak or not admitted, those that block, or those that were
            counted.
        below: how near the rules come to it, where they conclude it.
    """

    condition: str
    instance: str
    why: Why
    facts: tuple[NearFact, ...] = ()
    below: tuple["Miss", ...] = ()

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
        self._rows: dict[Pattern, list[tuple[GroundAtom, Fact]]] = {}

    def of(self, pattern: Pattern) -> tuple[Miss, ...]:
        """How near the rules come to an instance of a pattern, those first that lack the least, then the strongest."""
        return self._of(pattern, self.depth, frozenset())

    def _of(self, pattern: Pattern, depth: int, above: frozenset[str]) -> tuple[Miss, ...]:
        found: list[tuple[float, Miss]] = []
        above = above | {str(pattern)}
        for rule, start in self.known.rules(pattern):
            for partial in self._nearest(partials(rule, start, self.known.facts, self.allowance)):
                miss = self._miss(partial, depth, above)
                if not any(miss.rule == other.rule and miss.instance == other.instance for _, other in found):
                    found.append((_distance(miss), miss))
        found.sort(key=lambda item: (item[0], -item[1].strength, item[1].rule, item[1].instance))
        return tuple(miss for _, miss in found)

    def _nearest(self, found: Iterator[Partial]) -> list[Partial]:
        """The nearest of a rule; none where it fires."""
        looked_at = list(islice(found, _LOOKED_AT))
        if not looked_at or not looked_at[0].failed:
            return []
        fewest = len(looked_at[0].failed)
        return [partial for partial in looked_at if len(partial.failed) == fewest][:_TOLD]

    # --- one rule -----------------------------------------------------------------------------------------------------

    def _miss(self, partial: Partial, depth: int, above: frozenset[str]) -> Miss:
        rule = partial.rule.rule
        held, failed, unseen = [], [], []
        weakest = 1.0
        for index, (condition, written) in enumerate(zip(partial.rule.conditions, rule.when, strict=True)):
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
            str(rule.location),
            str(conclusion_of(partial)),
            round(rule.certainty * weakest, 9),
            tuple(held),
            tuple(failed),
            tuple(unseen),
        )

    def _held(self, partial: Partial, condition: ProgramCondition, text: str) -> Held:
        if isinstance(condition, Match):
            pattern = condition.pattern.instance(partial.binding)
            found = self.known.facts.relations[pattern.relation]
            rows = self.known.facts.rows(pattern, {})
            best = min(rows, key=lambda args: (-found[args], str(GroundAtom(pattern.predicate, args))))
            window = pattern.relation[len(pattern.predicate) :]
            return Held(text, f"{GroundAtom(pattern.predicate, best)}{window}", found[best])
        return Held(text, _instance(condition, partial.binding) or text)

    def _failure(
        self, partial: Partial, condition: ProgramCondition, text: str, depth: int, above: frozenset[str]
    ) -> Failure:
        shown = _instance(condition, partial.binding) or text
        if isinstance(condition, Match):
            return self._unmatched(condition.pattern.instance(partial.binding), text, depth, above)
        if isinstance(condition, Absence):
            pattern = condition.pattern.instance(partial.binding)
            blocking = [GroundAtom(pattern.predicate, args) for args in self.known.facts.rows(pattern, {})]
            return Failure(text, shown, "blocked", self._near(pattern.relation, blocking))
        if isinstance(condition, Test):
            return Failure(text, shown, "comparison", self._counted(partial, condition))
        return Failure(text, shown, "no value")

    def _unmatched(self, pattern: Pattern, text: str, depth: int, above: frozenset[str]) -> Failure:
        """Why nothing matches: a fact is too weak, withdrawn, not in force or not recent; or there is none."""
        inference = self.known.inference
        day = inference.program.as_of
        instances = self.known.instances(pattern)
        weighed = [atom for atom in instances if not established(inference.certainties[pattern.relation][atom.args])]
        below: tuple[Miss, ...] = ()
        concluded = self.known.concluded(pattern.predicate) and pattern.relation == pattern.predicate
        if concluded and depth > 0 and str(pattern) not in above:
            below = self._of(pattern, depth - 1, above)[:_TOLD]
        if weighed:
            return Failure(text, str(pattern), "too weak", self._near(pattern.relation, weighed), below)
        if instances:
            return Failure(text, str(pattern), "others only", self._near(pattern.relation, instances), below)
        rows = self._recorded(pattern)
        near = tuple(near_row(atom, row) for atom, row in rows)[:_MOST_FACTS]
        if any(not in_force(row, day) for _, row in rows):
            near = tuple(near_row(atom, row) for atom, row in rows if not in_force(row, day))[:_MOST_FACTS]
            return Failure(text, str(pattern), "not in force", near, below)
        if rows:
            withdrawn = any(atom.args not in inference.program.base.get(pattern.predicate, {}) for atom, _ in rows)
            return Failure(text, str(pattern), "withdrawn" if withdrawn else "not recent", near, below)
        return Failure(text, str(pattern), "not concluded" if concluded else "no such fact", (), below)

    def _recorded(self, pattern: Pattern) -> list[tuple[GroundAtom, Fact]]:
        rows = self._rows.get(pattern)
        if rows is None:
            rows = self._rows[pattern] = list(on_record(self.known.inference, pattern))
        return rows

    def _near(self, relation: str, atoms: Iterable[GroundAtom]) -> tuple[NearFact, ...]:
        inference = self.known.inference
        found = []
        for atom in sorted(atoms, key=str):
            base = inference.program.base.get(relation, {}).get(atom.args)
            rows = base.rows if base and not base.assumed else ()
            said = (dates(rows[0]), str(rows[0].location)) if rows else ("", "")
            found.append(NearFact(str(atom), inference.certainties[relation][atom.args], *said))
        return tuple(found[:_MOST_FACTS])

    def _counted(self, partial: Partial, test: Test) -> tuple[NearFact, ...]:
        """The facts behind the values of aggregates that a test compares."""
        compared = {item.name for item in (test.left, test.right) if isinstance(item, Variable)}
        found: list[NearFact] = []
        for condition in partial.rule.conditions:
            if isinstance(condition, Aggregate) and condition.variable in compared:
                own = {name: partial.binding[name] for name in condition.shared}
                for pattern in condition.patterns:
                    rows = self.known.facts.rows(pattern.instance(own), {})
                    found.extend(self._near(pattern.relation, (GroundAtom(pattern.predicate, args) for args in rows)))
        return tuple(found[:_MOST_FACTS])


def not_in_force(inference: Inference, pattern: Pattern) -> tuple[tuple[GroundAtom, Fact], ...]:
    """The recorded rows that match the pattern but do not hold on the as-of date, in the order of the files."""
    day = inference.program.as_of
    return tuple((atom, row) for atom, row in on_record(inference, pattern) if not in_force(row, day))


def _distance(miss: Miss) -> float:
    """How much is missing: the failed conditions, and for what rules conclude all that these lack."""
    return sum(min(map(_distance, failure.below), default=1.0) for failure in miss.failed)


def near_row(atom: GroundAtom, row: Fact) -> NearFact:
    return NearFact(str(atom), None, dates(row), str(row.location))


# --- conditions with values ----------------------------------------------------------------------------------------


def _instance(condition: ProgramCondition, binding: Mapping[str, Value]) -> str:
    """The condition with values in place of bound variables; empty for an aggregate without a value."""
    text = str(condition.instance(binding))
    if not isinstance(condition, Aggregate):
        return text
    if condition.variable not in binding:
        return ""
    return format_value(binding[condition.variable]) + text.removeprefix(f"?{condition.variable}")
