"""What is certain in each of many worlds that differ from one program in a few facts and rules: all worlds in one pass.

A statement has a *spread*: each certainty that it has in some world, with the set of these worlds as the bits of one
whole number, as an assumption-based truth maintenance system labels its nodes (de Kleer, *An assumption-based TMS*,
Artificial Intelligence 28, 1986). Rules are joined once, over what is established in any world, and conditions beyond
the matches are evaluated once for each set of worlds in which what they look at is the same. So the cost follows the
number of firings and of differences, not that of worlds. It builds no proofs.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from kzexpert.analysis.scenario import Infer, Progress, Revision, Scenario, silent
from kzexpert.certainty import established
from kzexpert.engines.base import Budget, Meter
from kzexpert.evidence import certainty_of
from kzexpert.model import (
    Anonymous,
    BaseFact,
    Constant,
    GroundAtom,
    Match,
    Pattern,
    Program,
    ProgramCondition,
    ProgramRule,
    Stratum,
    Value,
    Variable,
)
from kzexpert.model.established import Binding, EstablishedFacts, extend
from kzexpert.model.evaluation import Completion
from kzexpert.program.snapshot import base_fact

__all__ = ["outcomes", "with_facts"]

Args: TypeAlias = tuple[Value, ...]
#: A set of worlds, one bit each.
Worlds: TypeAlias = int
#: Certainty → the worlds in which it is that; nothing is known in the others.
Spread: TypeAlias = dict[float, Worlds]


#: So many facts are taken into memory, of tables that an engine reads; so many changes are followed in one pass.
_MOST_FACTS, _AT_ONCE = 100_000, 4_096


def with_facts(scenario: Scenario, infer: Infer) -> Program | None:
    """The program of a scenario with its facts at hand, those of tables too; None where these are too many."""
    program = scenario.program()
    if scenario.kb.tables:
        program = infer(program).program
        if sum(map(len, program.base.values())) > _MOST_FACTS:
            return None
        program = replace(program, base={relation: dict(facts.items()) for relation, facts in program.base.items()})
    return program


def outcomes(
    scenario: Scenario,
    program: Program | None,
    changes: Sequence[Revision],
    pattern: Pattern,
    infer: Infer,
    progress: Progress = silent,
) -> list[dict[GroundAtom, float]]:
    """What is known that matches a pattern after each of some changes, one of which is made at a time.

    Changes that leave out a rule of a recursive component, which may then be none, are left to an engine, one after the
    other.

    Args:
        program: that of the scenario, see `with_facts`; without it, all changes are left to an engine.
        infer: runs the engine.

    Raises:
        BudgetError: there are more firings than the budget allows, or they take too long.
    """
    strata = program.strata if program else ()
    recursive = [rule.rule for stratum in strata if stratum.recursive for rule in stratum.rules]
    apart = [change for change in changes if program is None or any(change.leaves_out(rule) for rule in recursive)]
    left = set(apart)
    together = [change for change in dict.fromkeys(changes) if change not in left]
    found: dict[Revision, dict[GroundAtom, float]] = {}
    while program and len(found) < len(together):
        chunk = together[len(found) : len(found) + _AT_ONCE]
        found.update(zip(chunk, _spread(program, chunk, pattern), strict=True))
    for done, change in enumerate(apart):
        progress(str(change), done, len(apart))
        inference = infer(scenario.changed(change).program())
        found[change] = {atom: inference.certainty(atom) or 0.0 for atom in inference.facts.matching(pattern)}
    return [found[change] for change in changes]


def _spread(program: Program, changes: Sequence[Revision], pattern: Pattern) -> list[dict[GroundAtom, float]]:
    known = _Held(program, changes)
    meter = Meter(Budget(), program)
    for stratum in program.strata:
        _Component(known, stratum, meter).settle()
    found: list[dict[GroundAtom, float]] = [{} for _ in changes]
    for args, spread in known.spreads.get(pattern.relation, {}).items():
        atom = GroundAtom(pattern.predicate, args)
        for certainty, where in spread.items() if pattern.matches(args) else ():
            for world in _each(where):
                found[world][atom] = certainty
    return found


#: Facts of a relation: those that have these values at these places.
_Facts: TypeAlias = tuple[str, tuple[int, ...], Args]


class _Held:
    """What is known so far: the spread of each statement, and what is established in any world, for looking it up."""

    def __init__(self, program: Program, changes: Sequence[Revision]) -> None:
        self.program = program
        self.everywhere: Worlds = (1 << len(changes)) - 1
        self.possible = EstablishedFacts()
        self.spreads: dict[str, dict[Args, Spread]] = {
            relation: {args: {fact.certainty: self.everywhere} for args, fact in base.items()}
            for relation, base in program.base.items()
        }
        self.strengths: dict[str, Spread] = {
            name: {rule.rule.certainty: self.everywhere} for name, rule in program.rules.items()
        }
        cited = _cited(program) if any(change.source for change in changes) else {}
        for number, change in enumerate(changes):
            self._differ(change, 1 << number, cited.get(change.source, ()))
        for relation in self.spreads:
            if relation not in program.stratum_of:
                self.establish_all(relation)

    def _differ(self, change: Revision, bit: Worlds, cited: Iterable[tuple[str, BaseFact]]) -> None:
        for relation, fact in cited:
            rows = [row for row in fact.rows if row.source is None or row.source.source != change.source]
            if not fact.assumed:
                left = base_fact(fact.atom, rows).certainty if rows else None
                _move(self.spreads[relation][fact.atom.args], bit, left)
        for atoms, certainty in ((change.without, None), (change.assume, 1.0)):
            for atom in atoms:
                for relation in (atom.predicate, *(name for name in self.spreads if name.split()[0] == atom.predicate)):
                    facts = self.spreads.setdefault(relation, {})
                    if certainty is not None or atom.args in facts:
                        _move(facts.setdefault(atom.args, {}), bit, certainty)
        for name, rule in self.program.rules.items():
            if change.leaves_out(rule.rule):
                _move(self.strengths[name], bit, None)
            elif name == change.rule and change.certainty is not None:
                _move(self.strengths[name], bit, change.certainty)

    def establish(self, relation: str, args: Args, spread: Spread) -> bool:
        """Note where a statement is established; whether it is so for the first time."""
        first = args not in self.possible.relations.get(relation, {})
        if first and any(map(established, spread)):
            self.possible.add(relation, args, max(spread))
            return True
        return False

    def establish_all(self, relation: str) -> None:
        """Note where each statement of a relation is established."""
        for args, spread in self.spreads.get(relation, {}).items():
            self.establish(relation, args, spread)

    def strongest(self, facts: _Facts) -> Spread:
        """The highest certainty among some facts, in each world."""
        relation, places, key = facts
        known = self.spreads.get(relation, {})
        found: Spread = {}
        for args in self.possible.lookup(relation, places, key):
            found = _stronger(found, known[args]) if found else known[args]
        return found


class _Firing:
    """A rule with a binding of all its variables.

    Attributes:
        premises: for each positive condition the facts that satisfy it, or the certainty that it binds.
        where: the worlds in which its conditions beyond the premises hold.
    """

    __slots__ = ("head", "premises", "rule", "waits", "where")

    def __init__(self, rule: ProgramRule, head: Args, premises: Sequence[_Facts | float]) -> None:
        self.rule = rule
        self.head = head
        self.premises = premises
        self.where: Worlds = 0
        self.waits = False


class _Component:
    """The firings of one stratum, and what they come to."""

    def __init__(self, known: _Held, stratum: Stratum, meter: Meter) -> None:
        self.known = known
        self.stratum = stratum
        self.meter = meter
        self.firings: dict[tuple[str, Args], _Firing] = {}
        self.evaluated: dict[tuple[object, ...], list[tuple[Worlds, Completion]]] = {}
        self.joined: dict[str, set[Args]] = {rule.id: set() for rule in stratum.rules}
        #: Of a recursive component: the firings that look at some of its own facts.
        self.waiting: dict[_Facts, list[_Firing]] = {}
        self.looks: dict[str, set[tuple[int, ...]]] = {name: set() for name in stratum.predicates}
        self.pending: deque[_Firing] = deque()
        self.strongest: dict[_Facts, Spread] = {}
        self.starts = {rule.id: _starts(rule, known.program) for rule in stratum.rules}

    def settle(self) -> None:
        """Find the spread of each statement that the stratum concludes."""
        if self.stratum.recursive:
            for predicate in self.stratum.predicates:
                self.known.establish_all(predicate)
        for rule in self.stratum.rules:
            for start in self.starts[rule.id]:
                self.join(rule, range(len(rule.matches)), start, self.known.everywhere)
        if self.stratum.recursive:
            self.best_proofs()
        else:
            self.combine()

    # --- joins --------------------------------------------------------------------------------------------------------

    def join(self, rule: ProgramRule, left: Iterable[int], binding: Binding, where: Worlds) -> None:
        """Extend a binding by the matches that are left, the most selective first."""
        pending = tuple(left)
        if not pending:
            self.found(rule, binding, where)
            return
        rows = {index: self.known.possible.rows(rule.matches[index], binding) for index in pending}
        index = min(pending, key=lambda index: len(rows[index]))
        rest = tuple(other for other in pending if other != index)
        self.meter.candidates(rule.id, len(rows[index]))
        for args in rows[index]:
            for extended, here in self.extensions(rule.matches[index], args, binding):
                if where & here:
                    self.join(rule, rest, extended, where & here)

    def extensions(self, pattern: Pattern, args: Args, binding: Binding) -> Iterator[tuple[Binding, Worlds]]:
        """The binding with a fact matched; where a certainty is bound, once for each that the fact has."""
        if not pattern.certainty:
            extended = extend(pattern, args, 0.0, binding)
            if extended is not None:
                yield extended, self.known.everywhere
            return
        for certainty, where in self.known.spreads[pattern.relation][args].items():
            extended = extend(pattern, args, certainty, binding) if established(certainty) else None
            if extended is not None:
                yield extended, where

    def found(self, rule: ProgramRule, binding: Binding, where: Worlds) -> None:
        """All matches of a rule are bound: see in which worlds the other conditions hold."""
        if where == self.known.everywhere:
            values = tuple(binding[name] for name in rule.variables if name in binding)
            if values in self.joined[rule.id]:
                return
            self.joined[rule.id].add(values)
        states = [(binding, where)]
        for index in rule.order:
            condition = rule.conditions[index]
            if not isinstance(condition, Match):
                states = [item for state in states for item in self.completed(rule, index, condition, *state)]
        for complete, here in states:
            firing = self.firing(rule, complete)
            if here | firing.where != firing.where:
                firing.where |= here
                self.revise(firing)

    def completed(
        self, rule: ProgramRule, index: int, condition: ProgramCondition, binding: Binding, where: Worlds
    ) -> Iterator[tuple[Binding, Worlds]]:
        """The binding with what a condition binds, for each set of worlds in which it sees the same and holds."""
        seen = condition.instance(binding).patterns if condition.patterns else ()
        key = (rule.id, index, *seen)
        classes = self.evaluated.get(key)
        if classes is None:
            classes = self.evaluated[key] = list(self.views(condition, seen))
        for here, completion in classes:
            if where & here:
                complete = completion(binding)
                if complete is not None:
                    yield complete, where & here

    def views(self, condition: ProgramCondition, seen: Sequence[Pattern]) -> Iterator[tuple[Worlds, Completion]]:
        """A condition over the facts that it sees, for each set of worlds in which these are the same."""
        facts = {
            (pattern.relation, args): self.known.spreads[pattern.relation][args]
            for pattern in seen
            for args in self.known.possible.rows(pattern, {})
        }
        exact = any(pattern.certainty for pattern in seen)
        spreads = [spread if exact else _presence(spread) for spread in facts.values()]
        for where, certainties in _classes(spreads, self.known.everywhere):
            view = EstablishedFacts()
            for (relation, args), certainty in zip(facts, certainties, strict=True):
                if certainty is not None and established(certainty):
                    view.add(relation, args, certainty)
            assert not isinstance(condition, Match)
            yield where, Completion([condition], view)

    # --- firings ------------------------------------------------------------------------------------------------------

    def firing(self, rule: ProgramRule, binding: Binding) -> _Firing:
        values = tuple(binding[name] for name in rule.variables)
        known = self.firings.get((rule.id, values))
        if known is not None:
            return known
        self.meter.firing(rule.id)
        premises = [_premise(pattern, binding) for pattern in rule.matches]
        head = _premise(rule.head, binding)
        assert not isinstance(head, float)
        firing = self.firings[rule.id, values] = _Firing(rule, head[2], premises)
        for premise in premises:
            if not isinstance(premise, float) and premise[0] in self.looks:
                self.looks[premise[0]].add(premise[1])
                self.waiting.setdefault(premise, []).append(firing)
        return firing

    def revise(self, firing: _Firing) -> None:
        """Look at a firing again, which has changed or whose premises have."""
        if not firing.waits:
            firing.waits = True
            self.pending.append(firing)

    def strength(self, firing: _Firing) -> Spread:
        """The rule's certainty times the lowest of the premises, where all of them are established."""
        found: Spread = {1.0: firing.where}
        for premise in firing.premises:
            found = _weakest(found, premise if isinstance(premise, float) else self.premise(premise))
        products: Spread = {}
        for factor, where in self.known.strengths[firing.rule.id].items():
            for certainty, here in found.items():
                if where & here:
                    products[factor * certainty] = products.get(factor * certainty, 0) | where & here
        return products

    def premise(self, facts: _Facts) -> Spread:
        if facts[0] in self.looks:  # it may still change
            return self.known.strongest(facts)
        if facts not in self.strongest:
            self.strongest[facts] = self.known.strongest(facts)
        return self.strongest[facts]

    # --- certainties --------------------------------------------------------------------------------------------------

    def combine(self) -> None:
        """Add up the lines of evidence for each conclusion: those of one rule are one line, but for ``each: true``."""
        lines: dict[tuple[str, Args], list[Spread]] = {}
        strongest: dict[tuple[str, Args, str], Spread] = {}
        for firing in self.firings.values():
            head = firing.rule.head.predicate, firing.head
            spread = self.strength(firing)
            if firing.rule.rule.each:
                lines.setdefault(head, []).append(spread)
            else:
                key = (*head, firing.rule.id)
                strongest[key] = _stronger(strongest[key], spread) if key in strongest else spread
        for (predicate, args, _), spread in strongest.items():
            lines.setdefault((predicate, args), []).append(spread)
        for (predicate, args), spreads in lines.items():
            facts = self.known.spreads.setdefault(predicate, {})
            if args in facts:
                spreads.append(facts[args])
            facts[args] = _combined(spreads, self.known.everywhere)
        for predicate in self.stratum.predicates:
            self.known.establish_all(predicate)

    def best_proofs(self) -> None:
        """Raise each conclusion to its best proof, until none is better."""
        while self.pending:
            firing = self.pending.popleft()
            firing.waits = False
            predicate, args = firing.rule.head.predicate, firing.head
            facts = self.known.spreads.setdefault(predicate, {})
            before = facts.get(args, {})
            after = _stronger(before, _rounded(self.strength(firing)))
            if after != before:
                facts[args] = after
                if self.known.establish(predicate, args, after):
                    self.seed(predicate, args)
                for places in self.looks[predicate]:
                    for other in self.waiting.get((predicate, places, tuple(args[place] for place in places)), ()):
                        self.revise(other)

    def seed(self, relation: str, args: Args) -> None:
        """Join the rules of the component outwards from a new fact."""
        for rule in self.stratum.rules:
            for index, pattern in enumerate(rule.matches):
                rest = tuple(other for other in range(len(rule.matches)) if other != index)
                for start in self.starts[rule.id] if pattern.relation == relation else ():
                    extended = extend(pattern, args, 0.0, start)
                    if extended is not None:
                        self.join(rule, rest, extended, self.known.everywhere)


# --- spreads ----------------------------------------------------------------------------------------------------------


def _move(spread: Spread, world: Worlds, certainty: float | None) -> None:
    """Give a world another certainty; none where that is None."""
    for value in [value for value, where in spread.items() if where & world]:
        spread[value] &= ~world
        if not spread[value]:
            del spread[value]
    if certainty is not None:
        spread[certainty] = spread.get(certainty, 0) | world


def _weakest(spread: Spread, premise: Spread | float) -> Spread:
    """The lower of two certainties, where both are established."""
    if isinstance(premise, float):
        return _rekeyed((min(value, premise), where) for value, where in spread.items())
    return _rekeyed(
        (min(value, other), where & here)
        for value, where in spread.items()
        for other, here in premise.items()
        if established(other) and where & here
    )


def _stronger(one: Spread, other: Spread) -> Spread:
    """Of two certainties the one further from 0; where there is one only, that."""
    found: Spread = {}
    seen = 0
    for value, where in one.items():
        seen |= where
        left = where
        for beside, here in other.items():
            both = left & here
            if both:
                best = value if abs(value) >= abs(beside) else beside
                found[best] = found.get(best, 0) | both
                left ^= both
        if left:
            found[value] = found.get(value, 0) | left
    for beside, here in other.items():
        if here & ~seen:
            found[beside] = found.get(beside, 0) | here & ~seen
    return found


def _rounded(spread: Spread) -> Spread:
    return _rekeyed((round(value, 9), where) for value, where in spread.items())


def _presence(spread: Spread) -> Spread:
    """Where something is established, whatever its certainty."""
    return _rekeyed((1.0, where) for value, where in spread.items() if established(value))


def _rekeyed(items: Iterable[tuple[float, Worlds]]) -> Spread:
    found: Spread = {}
    for value, where in items:
        found[value] = found.get(value, 0) | where
    return found


def _combined(lines: Sequence[Spread], everywhere: Worlds) -> Spread:
    """What some lines of evidence come to in each world in which there is one."""
    found: Spread = {}
    for where, strengths in _classes(lines, everywhere):
        present = [strength for strength in strengths if strength is not None]
        if present:
            certainty = certainty_of(present, recursive=False)[0]
            found[certainty] = found.get(certainty, 0) | where
    return found


def _classes(spreads: Sequence[Spread], everywhere: Worlds) -> Iterator[tuple[Worlds, list[float | None]]]:
    """The sets of worlds in which each of some spreads has one value, with these values.

    In most worlds each has its most frequent one: only what differs from that is told apart.
    """
    usual: list[float | None] = []
    deviating: list[tuple[int, float | None, Worlds]] = []
    for index, spread in enumerate(spreads):
        items: list[tuple[float | None, Worlds]] = [*spread.items()]
        absent = everywhere & ~sum(spread.values())  # the sets are disjoint
        if absent:
            items.append((None, absent))
        items.sort(key=lambda item: -item[1].bit_count())
        usual.append(items[0][0])
        deviating.extend((index, *item) for item in items[1:])
    groups: list[tuple[Worlds, dict[int, float | None]]] = [(everywhere, {})]
    for index, value, where in deviating:
        split: list[tuple[Worlds, dict[int, float | None]]] = []
        for group, values in groups:
            inside = group & where
            if not inside:
                split.append((group, values))
                continue
            if inside != group:
                split.append((group & ~where, values))
            split.append((inside, {**values, index: value}))
        groups = split
    for group, values in groups:
        yield group, [values.get(index, value) for index, value in enumerate(usual)] if values else usual


def _each(where: Worlds) -> Iterator[int]:
    """The numbers of some worlds, ascending."""
    while where:
        lowest = where & -where
        yield lowest.bit_length() - 1
        where ^= lowest


# --- rules and facts ------------------------------------------------------------------------------------------------


def _cited(program: Program) -> dict[str, list[tuple[str, BaseFact]]]:
    """Source → the facts with a row that cites it."""
    found: dict[str, list[tuple[str, BaseFact]]] = {}
    for relation, facts in program.base.items():
        for fact in facts.values():
            for name in {row.source.source for row in fact.rows if row.source}:
                found.setdefault(name, []).append((relation, fact))
    return found


def _starts(rule: ProgramRule, program: Program) -> list[Binding]:
    """What the variables of a rule's head must be for its conclusion to matter."""
    if program.shapes is None:
        return [{}]
    found: list[Binding] = []
    for shape in program.shapes.get(rule.head.predicate, ()):
        binding: Binding = {}
        if all(
            value is None
            or (
                binding.setdefault(term.name, value) == value if isinstance(term, Variable) else term == Constant(value)
            )
            for term, value in zip(rule.head.terms, shape, strict=True)
        ):
            found.append(binding)
    return found


def _premise(pattern: Pattern, binding: Binding) -> _Facts | float:
    """The facts that satisfy a positive condition; the certainty that it binds, where it does."""
    if pattern.certainty:
        certainty = binding[pattern.certainty]
        assert isinstance(certainty, float)
        return certainty
    places, key = [], []
    for place, term in enumerate(pattern.terms):
        if not isinstance(term, Anonymous):
            places.append(place)
            key.append(term.value if isinstance(term, Constant) else binding[term.name])
    return pattern.relation, tuple(places), tuple(key)
