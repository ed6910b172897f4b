"""What could be assumed or withdrawn so that something might follow: sets of changes, found backwards from the rules.

These are candidates: each satisfies the conditions that fail as they stand, and may break others. `proposals` tries
them. The search is bounded in depth, in the number of changes and by its allowance of steps, so it may miss some. What
an aggregate ranges over is searched as a rule is: for one more combination of facts that brings the result where it is
to be, such as the share that is missing in a sum.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, product
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.candidates import groundings
from kzexpert.analysis.partials import Allowance, Known, Partial, conclusion_of, partials
from kzexpert.analysis.scenario import Scenario, records
from kzexpert.certainty import established
from kzexpert.evidence import lines
from kzexpert.model import (
    Aggregate,
    Body,
    Constant,
    Firing,
    GroundAtom,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Relation,
    Test,
    Value,
)
from kzexpert.model.established import Binding
from kzexpert.model.evaluation import evaluate, holds, solutions
from kzexpert.proof.build import premise_fact
from kzexpert.proof.lineage import lineage

__all__ = ["DEPTH", "MOST_CHANGES", "Change", "Remedy", "RemedySearch"]

_T = TypeVar("_T")

#: Assume a statement, or withdraw a fact.
Change: TypeAlias = tuple[Literal["assume", "without"], GroundAtom]

#: How many levels of rules are followed down, and how many changes a remedy has at most.
DEPTH, MOST_CHANGES = 3, 4
#: How many bindings of a rule, remedies of a condition, and facts that hold something up are followed.
_MOST_PARTIALS, _MOST_OPTIONS, _MOST_SUPPORTS = 12, 12, 6


class Remedy(msgspec.Struct, frozen=True):
    """Changes that might make a statement hold.

    Attributes:
        shape: the changes as text, with variables where values are only guessed.
        guesses: for how many arguments a value was chosen among several.
        strength: what the rule that would conclude it gives at most.
        levels: how many rules lie between the changes and the conclusion.
    """

    changes: frozenset[Change]
    shape: frozenset[str]
    guesses: int = 0
    strength: float = 1.0
    levels: int = 0

    def joined(self, other: "Remedy") -> "Remedy":
        """Both together, for a conclusion of this one's strength."""
        shape = self.shape | other.shape
        guesses, levels = self.guesses + other.guesses, max(self.levels, other.levels)
        return Remedy(self.changes | other.changes, shape, guesses, self.strength, levels)


#: A remedy, and the statement that it is for.
_Found: TypeAlias = tuple[Remedy, GroundAtom]
#: A remedy for one condition of a rule, and the values of variables with it.
_Option: TypeAlias = tuple[Remedy, Binding]


class _Level(NamedTuple):
    """Where a search stands: how many levels of rules it may go down, and the patterns that it came by."""

    left: int
    above: frozenset[str] = frozenset()

    @property
    def below(self) -> "_Level":
        return _Level(self.left - 1, self.above)


class RemedySearch:
    """Looks for remedies.

    Args:
        known: what holds.
        allowance: how many steps the whole search may take.
    """

    def __init__(self, known: Known, allowance: Allowance) -> None:
        self.known = known
        self.inference = known.inference
        self.program = known.inference.program
        self.allowance = allowance
        self._supports: dict[GroundAtom, list[GroundAtom]] = {}
        recorded = {fact.predicate for fact in self.program.kb.facts}
        self.assumable = {
            name
            for name, predicate in self.program.kb.predicate.items()
            if predicate.assumable and (predicate.holds or name in recorded or not known.concluded(name))
        }
        self._idle: dict[str, list[GroundAtom]] = {}

    def remedies(self, pattern: Pattern) -> Iterator[Remedy]:
        """Remedies for an instance of a pattern, in no particular order, some of them more than once."""
        for remedy, _ in self._for(pattern, _Level(DEPTH)):
            yield remedy

    def _for(self, pattern: Pattern, level: _Level) -> Iterator[_Found]:
        """Remedies that give a statement of the pattern, or give it more certainty."""
        yield from self._assumptions(pattern)
        if level.left == 0 or str(pattern) in level.above:
            return
        level = _Level(level.left, level.above | {str(pattern)})
        for row in self.known.rows(pattern):
            if self.inference.certainties[pattern.relation][row] < 1.0:
                atom = Pattern.of(pattern.relation, row).ground
                assert atom is not None
                yield from ((remedy, atom) for remedy in self._lifting(atom, level))
        if pattern.relation != pattern.predicate:
            return
        for rule, start in self.known.rules(pattern):
            found = partials(rule, start, self.known, self.allowance)
            for partial in islice(found, _MOST_PARTIALS):
                if 0 < len(partial.failed) <= MOST_CHANGES and self._adds(partial):
                    yield from islice(self._mended(partial, level), _MOST_PARTIALS * _MOST_OPTIONS)

    def _adds(self, partial: Partial) -> bool:
        """Whether the rule could say more of its conclusion than is said: of a family the strongest firing counts."""
        rule, head = partial.rule, conclusion_of(partial)
        if rule.rule.each or head.ground is None:
            return True
        spoken = self.inference.firings.get(head.ground, ())
        strongest = max((firing.strength for firing in spoken if firing.line == rule.rule.line), default=0.0)
        return self._strength(partial) > strongest

    def _assumptions(
        self,
        pattern: Pattern,
        tests: Sequence[ProgramCondition] = (),
        binding: Binding | None = None,
        shape: Pattern | None = None,
    ) -> Iterator[_Found]:
        """Assumptions of instances of a pattern; `shape` is the pattern as it was before anything was guessed."""
        if pattern.predicate not in self.assumable:
            return
        if isinstance(pattern.relation, Relation) and not {*pattern.relation.dates} <= {"on"}:
            return  # nobody says since when, or until when, what is assumed holds
        known = self.program.base.get(pattern.relation, {})
        days = (self.known.as_of,) * len(pattern.dates)
        shapes = frozenset([f"assume {shape or pattern}"])
        for grounding in groundings(self.program, pattern, tests, binding, recorded=self.idle(pattern.predicate)):
            fact = known.get((*grounding.atom.args, *days))
            if fact is None or fact.certainty < 1.0:
                yield Remedy(frozenset([("assume", grounding.atom)]), shapes, grounding.guesses), grounding.atom

    def idle(self, predicate: str) -> list[GroundAtom]:
        """What is on record and does not hold: it is withdrawn, or not in force."""
        found = self._idle.get(predicate)
        if found is None:
            known = self.program.base.get(predicate, {})
            rows = [atom for atom, _ in records(self.program.kb, GroundAtom(predicate, ()))]
            withdrawn = (item for item in Scenario.of(self.program).withdrawn if item.predicate == predicate)
            found = self._idle[predicate] = [
                atom for atom in dict.fromkeys((*withdrawn, *rows)) if atom.args not in known
            ]
        return found

    # --- one rule -----------------------------------------------------------------------------------------------------

    def _mended(self, partial: Partial, level: _Level) -> Iterator[_Found]:
        """Remedies by which the failed conditions of a rule hold, and what it then concludes."""
        strength = self._strength(partial)
        for remedy, values in self._ways(partial, level):
            conclusion = partial.rule.head.instance(values).ground
            if conclusion is not None:
                yield replace(remedy, strength=strength, levels=remedy.levels + 1), conclusion

    def _ways(self, partial: Partial, level: _Level) -> Iterator[_Option]:
        """Remedies for all failed conditions, and the values of variables with them."""
        conditions = partial.rule.conditions
        pending = sorted(partial.failed, key=lambda index: (self._rank(partial.rule, conditions[index]), index))
        nothing = Remedy(frozenset(), frozenset())
        yield from self._all_mended(partial, pending, dict(partial.binding), nothing, level)

    def _rank(self, rule: ProgramRule, condition: ProgramCondition) -> int:
        """What an aggregate lacks goes first, as it may be all that others lack; then what is concluded: it binds
        variables to what can be had, not to what might be assumed."""
        if condition.compares and any(item.variable in condition.needs for item in rule.aggregates.values()):
            return 0
        if condition.match is None:
            return 3
        return 1 if self.known.concluded(condition.match.predicate) else 2

    def _strength(self, partial: Partial) -> float:
        weakest = 1.0
        for index, match in zip(partial.rule.places, partial.rule.matches, strict=True):
            if index not in partial.failed:
                pattern = match.instance(partial.binding)
                found = self.known.facts.relations[pattern.relation]
                weakest = min(weakest, max(found[args] for args in self.known.facts.rows(pattern, {})))
        return partial.rule.rule.certainty * weakest

    def _all_mended(
        self, partial: Partial, pending: Sequence[int], binding: Binding, so_far: Remedy, level: _Level
    ) -> Iterator[_Option]:
        if len(so_far.changes) > MOST_CHANGES or not self.allowance.spend():
            return
        if not pending:
            if all(self._holds(test, binding) for test in _lasting_tests(partial.rule)):
                yield so_far, binding
            return
        for option, values in islice(self._options(partial, pending[0], so_far, binding, level), _MOST_OPTIONS):
            yield from self._all_mended(partial, pending[1:], values, so_far.joined(option), level)

    def _options(
        self, partial: Partial, index: int, so_far: Remedy, binding: Binding, level: _Level
    ) -> Iterator[_Option]:
        rule, condition = partial.rule, partial.rule.conditions[index]
        denied = condition.instance(binding).denied
        if condition.match is not None:
            yield from self._matched(partial, condition.match, so_far, binding, level)
        elif denied is not None:
            yield from ((remedy, binding) for remedy in self._unblocked(rule, denied.named(), level))
        elif condition.compares:
            yield from ((remedy, binding) for remedy in self._compared(rule, condition, binding, level))
        elif index in rule.aggregates:
            yield from self._folded(rule, rule.aggregates[index], binding, level)

    def _matched(
        self, partial: Partial, pattern: Pattern, so_far: Remedy, binding: Binding, level: _Level
    ) -> Iterator[_Option]:
        wanted = pattern.instance(binding)
        days = (self.known.as_of,) * len(pattern.dates)
        assumed = [atom for what, atom in so_far.changes if what == "assume" and atom.predicate == pattern.predicate]
        met = [atom for atom in sorted(assumed, key=str) if wanted.matches((*atom.args, *days))]
        if met:
            found: Iterator[_Found] = ((Remedy(frozenset(), frozenset()), atom) for atom in met)
        elif pattern.relation != pattern.predicate or not self.known.concluded(pattern.predicate):
            shape = pattern.instance(partial.binding)
            found = self._assumptions(wanted, _lasting_tests(partial.rule), binding, shape)
        else:
            found = self._for(wanted, level.below)
        for remedy, atom in found:
            yield remedy, {**binding, **(wanted.binding((*atom.args, *days)) or {})}

    def _facts(self, patterns: Iterable[Pattern]) -> list[GroundAtom]:
        """The established facts that match some patterns, each once."""
        found = (
            Pattern.of(pattern.relation, row).ground
            for pattern in patterns
            for row in self.known.facts.rows(pattern, {})
        )
        return list(dict.fromkeys(atom for atom in found if atom is not None))

    # --- conditions inside of others ----------------------------------------------------------------------------------

    def _inside(
        self, rule: ProgramRule, body: Body, tests: Sequence[ProgramCondition], start: Binding, level: _Level
    ) -> Iterator[tuple[Remedy, Binding, Partial]]:
        """Remedies by which a body has one more solution that passes some tests: it is searched as a rule is."""
        places = range(len(body.conditions), len(body.conditions) + len(tests))
        inner = ProgramRule(
            (*body.conditions, *tests), (*body.order, *places), (*start, *body.variables), rule.rule, rule.head
        )
        found = list(islice(partials(inner, start, self.known, self.allowance, anew=True), _MOST_PARTIALS))
        mendable = [partial for partial in found if 0 < len(partial.failed) <= MOST_CHANGES]
        ways = [islice(self._ways(partial, level), _MOST_OPTIONS) for partial in mendable]
        for place, (remedy, values) in _in_turn(ways):
            partial = mendable[place]
            yield replace(remedy, shape=self._shape(partial, start, remedy)), values, partial

    def _shape(self, partial: Partial, start: Binding, remedy: Remedy) -> frozenset[str]:
        """A remedy as text, whichever facts it goes along with."""
        failed = [partial.rule.conditions[index] for index in partial.failed]
        if any(item.match is None or self.known.concluded(item.match.predicate) for item in failed):
            return remedy.shape
        return frozenset(f"assume {item.instance(start)}" for item in failed)

    def _unblocked(self, rule: ProgramRule, body: Body, level: _Level) -> Iterator[Remedy]:
        """Remedies by which the conditions of a block do not hold together: each solution is broken at one of them."""
        found = list(islice(solutions(body, self.known.facts, {}, self.known.as_of), MOST_CHANGES + 1))
        if len(found) > MOST_CHANGES:
            return
        choices = [
            list(islice(self._broken(rule, [item.instance(values) for item in body.conditions], level), _MOST_OPTIONS))
            for values in found
        ]
        for chosen in islice(product(*choices), _MOST_OPTIONS):
            remedy = chosen[0]
            for other in chosen[1:]:
                remedy = remedy.joined(other)
            yield remedy

    def _broken(self, rule: ProgramRule, conditions: Sequence[ProgramCondition], level: _Level) -> Iterator[Remedy]:
        """Remedies by which one of some conditions, with their values put in, no longer holds."""
        for condition in conditions:
            if condition.match is not None:
                yield from self._without_all(self._facts([condition.match]))
            elif condition.denied is not None and condition.body is None:
                for pattern in condition.patterns:
                    yield from (remedy for remedy, _ in self._for(pattern, level.below))
            elif condition.denied is not None:
                inside = self._inside(rule, condition.denied, (), {}, level.below)
                yield from (remedy for remedy, _, _ in inside)

    # --- comparisons and aggregates -----------------------------------------------------------------------------------

    def _compared(self, rule: ProgramRule, test: ProgramCondition, binding: Binding, level: _Level) -> Iterator[Remedy]:
        """Remedies for a comparison: of what an aggregate comes to, or of the certainty of a fact."""
        for place, condition in enumerate(rule.conditions):
            if place in rule.aggregates and condition.variable in test.needs:
                aggregate = rule.aggregates[place]
                more = self._more(rule, aggregate, test, binding, level)
                yield from (remedy for _, remedy in _in_turn([more, self._fewer(aggregate, test, binding)]))
            elif condition.match is not None and condition.match.certainty in test.needs:
                wanted = condition.match.instance(binding)
                plain = Pattern(wanted.relation, wanted.predicate, wanted.terms)
                yield from (remedy for remedy, _ in self._for(plain, level.below))

    def _folded(self, rule: ProgramRule, aggregate: Aggregate, binding: Binding, level: _Level) -> Iterator[_Option]:
        """Remedies for an aggregate over nothing: one combination of facts, whose value is then the result."""
        own = {name: binding[name] for name in aggregate.shared}
        compared = rule.tests_of(aggregate.variable)
        goals = [goal for goal in (self._goal(aggregate, test, binding, None) for test in compared) if goal]
        for remedy, values, _ in self._inside(rule, aggregate.body, goals, own, level):
            value = evaluate(aggregate.over, values, self.known.as_of)
            if value is not None:
                yield remedy, {**binding, aggregate.variable: value}

    def _more(
        self, rule: ProgramRule, aggregate: Aggregate, test: ProgramCondition, binding: Binding, level: _Level
    ) -> Iterator[Remedy]:
        """One more combination of facts, or as many as a count lacks."""
        own = {name: binding[name] for name in aggregate.shared}
        if aggregate.function == "count":
            yield from self._counted(aggregate, test, binding)
            if self._passes(aggregate, test, binding, 1):
                yield from (remedy for remedy, _, _ in self._inside(rule, aggregate.body, (), own, level))
            return
        goal = self._goal(aggregate, test, binding, binding[aggregate.variable])
        found = self._inside(rule, aggregate.body, [goal] if goal else [], own, level)
        yield from (remedy for remedy, _, _ in found)
        if goal:  # facts that there are, and that do not suffice alone, may do so together
            for remedy, _, partial in self._inside(rule, aggregate.body, (), own, level):
                if partial.binding.keys() >= {*aggregate.over.variables}:
                    yield replace(remedy, guesses=remedy.guesses + 2)

    def _goal(
        self, aggregate: Aggregate, test: ProgramCondition, binding: Binding, result: Value | None
    ) -> Test | None:
        """What one more value must be for a comparison to hold; None where only a trial can tell.

        Args:
            result: of the aggregate now.
        """
        faced = test.facing(aggregate.variable)
        if faced is None or not binding.keys() >= {*faced[1].variables}:
            return None
        bound = evaluate(faced[1], binding, self.known.as_of)
        if aggregate.function == "sum" and isinstance(bound, float) and isinstance(result, float):
            bound = round(bound - result, 9)
        return None if bound is None else Test(aggregate.over, faced[0], Constant(bound))

    def _passes(self, aggregate: Aggregate, test: ProgramCondition, binding: Binding, more: int) -> bool:
        """Whether a comparison holds with so many more; of what is no count only a trial can tell."""
        result = binding[aggregate.variable]
        if not isinstance(result, float) or aggregate.function != "count":
            return True
        return self._holds(test, {**binding, aggregate.variable: result + more})

    def _counted(self, aggregate: Aggregate, test: ProgramCondition, binding: Binding) -> Iterator[Remedy]:
        """As many new facts as a count lacks, where it counts those of one predicate."""
        (pattern, *others) = aggregate.patterns
        if others or pattern.predicate not in self.assumable:
            return
        pattern = pattern.instance({name: binding[name] for name in aggregate.shared})
        fresh = self._fresh(pattern)
        for size in range(1, min(MOST_CHANGES, len(fresh)) + 1):
            if self._passes(aggregate, test, binding, size):
                changes: frozenset[Change] = frozenset(("assume", atom) for atom in fresh[:size])
                yield Remedy(changes, frozenset([f"assume {pattern}"]), size)
                break

    def _fewer(self, aggregate: Aggregate, test: ProgramCondition, binding: Binding) -> Iterator[Remedy]:
        """Withdrawals of some of the facts that an aggregate ranges over."""
        facts = self._facts(pattern for _, found in self.known.counted(aggregate, binding) for pattern in found)
        for size in range(1, min(MOST_CHANGES, len(facts)) + 1):
            if self._passes(aggregate, test, binding, -size):
                for chosen in islice(combinations(sorted(facts, key=str), size), _MOST_OPTIONS):
                    yield from self._without_all(chosen)
                break

    def _fresh(self, pattern: Pattern) -> list[GroundAtom]:
        """Statements of a pattern that are not known yet."""
        known = self.program.base.get(pattern.predicate, {})
        found: dict[GroundAtom, None] = {}
        for number in range(MOST_CHANGES):
            for grounding in groundings(self.program, pattern, number=number):
                if grounding.atom.args not in known:
                    found[grounding.atom] = None
        return list(found)

    def _holds(self, test: ProgramCondition, binding: Binding) -> bool:
        """Whether a comparison holds, or cannot be told yet."""
        variables, function = holds(test, self.known.as_of)
        return any(name not in binding for name in variables) or function(*[binding[name] for name in variables])

    # --- against ------------------------------------------------------------------------------------------------------

    def _lifting(self, atom: GroundAtom, level: _Level) -> Iterator[Remedy]:
        """Remedies for a statement that is known, and not certain enough."""
        for line in lines(self.inference, atom):
            if line.firing is None:
                continue
            if line.strength < 0:
                yield from self._breaking(line.firing)
                continue
            for place, premise in zip(line.firing.rule.matches, line.firing.premises, strict=True):
                known = premise_fact(place, premise, line.firing.values)
                if self.inference.certainties[known.relation][known.args] < 1.0:
                    wanted = Pattern.of(known.relation, known.args)
                    yield from (remedy for remedy, _ in self._for(wanted, level.below))

    def _breaking(self, firing: Firing) -> Iterator[Remedy]:
        """Withdrawals of one fact by which a firing might fail."""
        facts = dict.fromkeys(fact for premise in firing.premises for fact in self._support(premise))
        for fact in islice(facts, _MOST_SUPPORTS):
            yield _withdrawal([fact])

    def _without_all(self, atoms: Sequence[GroundAtom]) -> Iterator[Remedy]:
        """Withdrawals by which none of some statements might hold."""
        if not 0 < len(atoms) <= MOST_CHANGES:
            return
        choices = [self._support(atom) for atom in sorted(atoms, key=str)]
        for chosen in islice(product(*choices), _MOST_OPTIONS):
            yield _withdrawal(chosen)

    def _support(self, atom: GroundAtom) -> list[GroundAtom]:
        """Some facts of the proof of a statement, in the order of the proof."""
        found = self._supports.get(atom)
        if found is None:
            records = lineage(self.inference, [atom]).records
            facts = (known.atom for known, fact in records.items() if established(fact.certainty))
            found = self._supports[atom] = list(islice(facts, _MOST_SUPPORTS))
        return found


def _withdrawal(facts: Iterable[GroundAtom]) -> Remedy:
    changes: frozenset[Change] = frozenset(("without", fact) for fact in facts)
    return Remedy(changes, frozenset(f"without {fact}" for _, fact in changes))


def _in_turn(found: Sequence[Iterator[_T]]) -> Iterator[tuple[int, _T]]:
    """One item of each iterator after the other, with its place, so that none keeps others from being looked at."""
    pending = list(enumerate(found))
    while pending:
        left = []
        for place, items in pending:
            for item in items:
                yield place, item
                left.append((place, items))
                break
        pending = left


def _lasting_tests(rule: ProgramRule) -> list[ProgramCondition]:
    """The comparisons but those of aggregates and certainties, which a remedy may change."""
    moved = {aggregate.variable for aggregate in rule.aggregates.values()}
    moved |= {pattern.certainty for pattern in rule.matches if pattern.certainty}
    return [item for item in rule.conditions if item.compares and moved.isdisjoint(item.needs)]
