"""What could be assumed or withdrawn so that something might follow: sets of changes, found backwards from the rules.

These are candidates: each satisfies the conditions that fail as they stand, and may break others. `proposals` tries
them. The search is bounded in depth, in the number of changes and by its allowance of steps, so it may miss some. It
adds to what is counted and takes away from what any aggregate ranges over, but adds nothing to sums, minima and maxima.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, product
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.candidates import groundings
from kzexpert.analysis.partials import Allowance, Known, Partial, conclusion_of, partials
from kzexpert.certainty import established
from kzexpert.evidence import lines
from kzexpert.model import (
    Absence,
    Aggregate,
    Constant,
    Firing,
    GroundAtom,
    Match,
    Pattern,
    ProgramCondition,
    ProgramRule,
    Test,
    Variable,
)
from kzexpert.model.established import Binding
from kzexpert.model.evaluation import holds
from kzexpert.proof.lineage import lineage

__all__ = ["DEPTH", "MOST_CHANGES", "Change", "Remedy", "RemedySearch"]

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
    """

    changes: frozenset[Change]
    shape: frozenset[str]
    guesses: int = 0
    strength: float = 1.0

    def joined(self, other: "Remedy") -> "Remedy":
        """Both together, for a conclusion of this one's strength."""
        shape = self.shape | other.shape
        return Remedy(self.changes | other.changes, shape, self.guesses + other.guesses, self.strength)


#: A remedy, and the statement that it is for.
_Found: TypeAlias = tuple[Remedy, GroundAtom]
#: A remedy for one condition of a rule, and the values of variables with it.
_Option: TypeAlias = tuple[Remedy, Binding]


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
            if predicate.holds or name in recorded or not known.concluded(name)
        }

    def remedies(self, pattern: Pattern) -> Iterator[Remedy]:
        """Remedies for an instance of a pattern, in no particular order, some of them more than once."""
        for remedy, _ in self._for(pattern, DEPTH, frozenset()):
            yield remedy

    def _for(self, pattern: Pattern, depth: int, above: frozenset[str]) -> Iterator[_Found]:
        """Remedies that give a statement of the pattern, or give it more certainty."""
        if pattern.predicate in self.assumable:
            yield from self._assumptions(pattern)
        if depth == 0 or str(pattern) in above:
            return
        above = above | {str(pattern)}
        for atom in self.known.instances(pattern):
            if self.inference.certainties[pattern.relation][atom.args] < 1.0:
                yield from ((remedy, atom) for remedy in self._lifting(atom, depth, above))
        if pattern.relation != pattern.predicate:
            return
        for rule, start in self.known.rules(pattern):
            found = partials(rule, start, self.known.facts, self.allowance)
            for partial in islice(found, _MOST_PARTIALS):
                if 0 < len(partial.failed) <= MOST_CHANGES and self._adds(partial):
                    yield from islice(self._mended(partial, depth, above), _MOST_PARTIALS * _MOST_OPTIONS)

    def _adds(self, partial: Partial) -> bool:
        """Whether the rule could say more of its conclusion than it does already: its strongest firing counts alone."""
        rule, head = partial.rule, conclusion_of(partial)
        if rule.rule.each or head.ground is None:
            return True
        spoken = self.inference.firings.get(head.ground, ())
        strongest = max((firing.strength for firing in spoken if firing.rule.id == rule.id), default=0.0)
        return self._strength(partial) > strongest

    def _assumptions(
        self, pattern: Pattern, tests: Sequence[Test] = (), binding: Binding | None = None, shape: Pattern | None = None
    ) -> Iterator[_Found]:
        """Assumptions of instances of a pattern; `shape` is the pattern as it was before anything was guessed."""
        known = self.program.base.get(pattern.relation, {})
        shapes = frozenset([f"assume {shape or pattern}"])
        for grounding in groundings(self.program, pattern, tests, binding):
            fact = known.get(grounding.atom.args)
            if fact is None or fact.certainty < 1.0:
                yield Remedy(frozenset([("assume", grounding.atom)]), shapes, grounding.guesses), grounding.atom

    # --- one rule -----------------------------------------------------------------------------------------------------

    def _mended(self, partial: Partial, depth: int, above: frozenset[str]) -> Iterator[_Found]:
        """Remedies by which the failed conditions of a rule hold, and what it then concludes."""
        conditions = partial.rule.conditions
        # What is concluded goes first: it binds variables to what can be had, not to what might be assumed.
        pending = sorted(partial.failed, key=lambda index: (self._rank(conditions[index]), index))
        strength = self._strength(partial)
        nothing = Remedy(frozenset(), frozenset())
        for remedy, values in self._all_mended(partial, pending, dict(partial.binding), nothing, depth, above):
            conclusion = partial.rule.head.instance(values).ground
            if conclusion is not None:
                yield replace(remedy, strength=strength), conclusion

    def _rank(self, condition: ProgramCondition) -> int:
        if not isinstance(condition, Match):
            return 2
        return 0 if self.known.concluded(condition.pattern.predicate) else 1

    def _strength(self, partial: Partial) -> float:
        weakest = 1.0
        for index, condition in enumerate(partial.rule.conditions):
            if isinstance(condition, Match) and index not in partial.failed:
                pattern = condition.pattern.instance(partial.binding)
                found = self.known.facts.relations[pattern.relation]
                weakest = min(weakest, max(found[args] for args in self.known.facts.rows(pattern, {})))
        return partial.rule.rule.certainty * weakest

    def _all_mended(
        self,
        partial: Partial,
        pending: Sequence[int],
        binding: Binding,
        so_far: Remedy,
        depth: int,
        above: frozenset[str],
    ) -> Iterator[_Option]:
        if len(so_far.changes) > MOST_CHANGES or not self.allowance.spend():
            return
        if not pending:
            if all(_holds(test, binding) for test in _lasting_tests(partial.rule)):
                yield so_far, binding
            return
        for option, values in islice(self._options(partial, pending[0], binding, depth, above), _MOST_OPTIONS):
            yield from self._all_mended(partial, pending[1:], values, so_far.joined(option), depth, above)

    def _options(
        self, partial: Partial, index: int, binding: Binding, depth: int, above: frozenset[str]
    ) -> Iterator[_Option]:
        condition = partial.rule.conditions[index]
        if isinstance(condition, Match):
            yield from self._matched(partial, condition.pattern, binding, depth, above)
        elif isinstance(condition, Absence):
            pattern = condition.pattern.instance(binding)
            blocking = [GroundAtom(pattern.predicate, args) for args in self.known.facts.rows(pattern, {})]
            yield from ((remedy, binding) for remedy in self._without_all(blocking))
        elif isinstance(condition, Test):
            yield from ((remedy, binding) for remedy in self._compared(partial.rule, condition, binding, depth, above))
        elif isinstance(condition, Aggregate) and len(condition.patterns) == 1:
            yield from ((remedy, binding) for remedy in self._folded(partial.rule, condition, binding))

    def _matched(
        self, partial: Partial, pattern: Pattern, binding: Binding, depth: int, above: frozenset[str]
    ) -> Iterator[_Option]:
        wanted = pattern.instance(binding)
        if pattern.relation != pattern.predicate or not self.known.concluded(pattern.predicate):
            shape = pattern.instance(partial.binding)
            found = self._assumptions(wanted, _lasting_tests(partial.rule), binding, shape)
        else:
            found = self._for(wanted, depth - 1, above)
        for remedy, atom in found:
            values = dict(binding)
            for term, value in zip(wanted.terms, atom.args, strict=True):
                if isinstance(term, Variable):
                    values[term.name] = value
            yield remedy, values

    # --- comparisons --------------------------------------------------------------------------------------------------

    def _compared(
        self, rule: ProgramRule, test: Test, binding: Binding, depth: int, above: frozenset[str]
    ) -> Iterator[Remedy]:
        """Remedies for a comparison: of what was counted, or of the certainty of a fact."""
        for condition in rule.conditions:
            if isinstance(condition, Aggregate) and condition.variable in test.needs:
                yield from self._counted(condition, test, binding)
            elif isinstance(condition, Match) and condition.pattern.certainty in test.needs:
                wanted = condition.pattern.instance(binding)
                plain = Pattern(wanted.relation, wanted.predicate, wanted.terms)
                yield from (remedy for remedy, _ in self._for(plain, depth - 1, above))

    def _folded(self, rule: ProgramRule, aggregate: Aggregate, binding: Binding) -> Iterator[Remedy]:
        """Remedies for an aggregate over nothing: one fact, whose value is then the result."""
        (pattern,) = aggregate.patterns
        if pattern.predicate not in self.assumable:
            return
        wanted = pattern.instance({name: binding[name] for name in aggregate.shared})
        result = Variable(aggregate.variable)
        terms = tuple(result if term == Variable(aggregate.over) else term for term in wanted.terms)
        tests = [condition for condition in rule.conditions if isinstance(condition, Test)]
        found = self._assumptions(Pattern(wanted.relation, wanted.predicate, terms), tests, binding, wanted)
        yield from (remedy for remedy, _ in found)

    def _counted(self, aggregate: Aggregate, test: Test, binding: Binding) -> Iterator[Remedy]:
        own = {name: binding[name] for name in aggregate.shared}
        count = binding[aggregate.variable]
        counts = aggregate.function == "count"

        def passes(more: int) -> bool:
            """Whether the comparison holds with so many more; of what is no count only a trial can tell."""
            return (
                not isinstance(count, float)
                or not counts
                or _holds(test, {**binding, aggregate.variable: count + more})
            )

        if counts and len(aggregate.patterns) == 1 and aggregate.patterns[0].predicate in self.assumable:
            pattern = aggregate.patterns[0].instance(own)
            fresh = self._fresh(pattern)
            for size in range(1, min(MOST_CHANGES, len(fresh)) + 1):
                if passes(size):
                    changes: frozenset[Change] = frozenset(("assume", atom) for atom in fresh[:size])
                    yield Remedy(changes, frozenset([f"assume {pattern}"]), size)
                    break
        facts = [
            GroundAtom(pattern.predicate, args)
            for pattern in aggregate.patterns
            for args in self.known.facts.rows(pattern.instance(own), {})
        ]
        for size in range(1, min(MOST_CHANGES, len(facts)) + 1):
            if passes(-size):
                for chosen in islice(combinations(sorted(facts, key=str), size), _MOST_OPTIONS):
                    yield from self._without_all(chosen)
                break

    def _fresh(self, pattern: Pattern) -> list[GroundAtom]:
        """Statements of a pattern that are not known yet."""
        known = self.program.base.get(pattern.relation, {})
        found: dict[GroundAtom, None] = {}
        for number in range(MOST_CHANGES):
            for grounding in groundings(self.program, pattern, number=number):
                if grounding.atom.args not in known:
                    found[grounding.atom] = None
        return list(found)

    # --- against ------------------------------------------------------------------------------------------------------

    def _lifting(self, atom: GroundAtom, depth: int, above: frozenset[str]) -> Iterator[Remedy]:
        """Remedies for a statement that is known, and not certain enough."""
        for line in lines(self.inference, atom):
            if line.firing is None:
                continue
            if line.strength < 0:
                yield from self._breaking(line.firing)
                continue
            for place, premise in zip(line.firing.rule.matches, line.firing.premises, strict=True):
                if (self.inference.certainties[place.relation][premise.args]) < 1.0:
                    terms = tuple(Constant(value) for value in premise.args)
                    wanted = Pattern(place.relation, place.predicate, terms)
                    yield from (remedy for remedy, _ in self._for(wanted, depth - 1, above))

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


def _lasting_tests(rule: ProgramRule) -> list[Test]:
    """The comparisons but those of aggregates and certainties, which a remedy may change."""
    moved = {condition.variable for condition in rule.conditions if isinstance(condition, Aggregate)}
    moved |= {pattern.certainty for pattern in rule.matches if pattern.certainty}
    tests = [condition for condition in rule.conditions if isinstance(condition, Test)]
    return [test for test in tests if moved.isdisjoint(test.needs)]


def _holds(test: Test, binding: Binding) -> bool:
    """Whether a comparison holds, or cannot be told yet."""
    variables, function = holds(test)
    return any(name not in binding for name in variables) or function(*[binding[name] for name in variables])
