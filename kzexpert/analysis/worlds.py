"""What is certain in each of many worlds that differ from one program in a few facts and rules: all worlds in one pass.

A statement has a spread (see `spreads`). Rules are joined once, over what is established in any world, and conditions
beyond the matches are evaluated once for each set of worlds in which what they look at is the same. So the cost follows
the number of firings and of differences, not that of worlds. It builds no proofs.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from msgspec.structs import replace

from kzexpert.analysis.scenario import Infer, Progress, Revision, Scenario, silent
from kzexpert.analysis.spreads import (
    Spread,
    Worlds,
    classes,
    combined,
    each,
    move,
    presence,
    rounded,
    stronger,
    weakest,
)
from kzexpert.certainty import established
from kzexpert.engines.base import Budget, Meter
from kzexpert.model import (
    Aggregate,
    Anonymous,
    BaseFact,
    Body,
    Constant,
    Exclusion,
    Fact,
    Firing,
    GroundAtom,
    Match,
    Pattern,
    Program,
    ProgramCondition,
    ProgramRule,
    Relation,
    RelationKey,
    Stratum,
    Value,
)
from kzexpert.model.established import Binding, EstablishedFacts, extend
from kzexpert.model.evaluation import Completion, rising, solutions
from kzexpert.program.relevance import starts
from kzexpert.program.snapshot import base_fact, on_record

__all__ = ["outcomes", "with_facts"]

Args: TypeAlias = tuple[Value, ...]
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
            for world in each(where):
                found[world][atom] = certainty
    return found


#: Facts of a relation: those that have these values at these places.
_Facts: TypeAlias = tuple[RelationKey, tuple[int, ...], Args]


class _Held:
    """What is known so far: the spread of each statement, and what is established in any world, for looking it up."""

    def __init__(self, program: Program, changes: Sequence[Revision]) -> None:
        self.program = program
        self.everywhere: Worlds = (1 << len(changes)) - 1
        self.possible = EstablishedFacts()
        self.spreads: dict[RelationKey, dict[Args, Spread]] = {
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

    def _differ(self, change: Revision, bit: Worlds, cited: Iterable[GroundAtom]) -> None:
        for atom in cited:
            rows = self.program.base[atom.predicate][atom.args].rows
            self._record(atom, [row for row in rows if row.source is None or row.source.source != change.source], bit)
        for atom in change.without:
            for relation, facts in self._relations(atom):
                for args in [args for args in facts if args[: len(atom.args)] == atom.args]:
                    move(self.spreads[relation][args], bit, None)
        day = self.program.as_of
        for atom in change.assume:
            self._put(atom.predicate, atom.args, bit, 1.0)
            for relation, _ in self._relations(atom):
                if isinstance(relation, Relation) and {*relation.dates} <= {"on"}:
                    self._put(relation, (*atom.args, *(day for _ in relation.dates)), bit, 1.0)
        for name, rule in self.program.rules.items():
            if change.leaves_out(rule.rule):
                move(self.strengths[name], bit, None)
            elif rule.id == change.rule and change.certainty is not None:
                move(self.strengths[name], bit, change.certainty)

    def _record(self, atom: GroundAtom, rows: Sequence[Fact], bit: Worlds) -> None:
        """Let only some of its rows state a fact, which may then have other dates."""
        for relation, facts in self._relations(atom):
            whole = relation if isinstance(relation, Relation) else Relation(relation)
            shown = on_record(rows, whole, self.program.as_of)
            known = {args: fact for args, fact in facts.items() if args[: len(atom.args)] == atom.args}
            left = {(*atom.args, *dates): base_fact(atom, found).certainty for dates, found in shown.items()}
            for args in {**known, **left}:
                if args not in known or not known[args].assumed:
                    self._put(relation, args, bit, left.get(args))

    def _relations(self, atom: GroundAtom) -> list[tuple[RelationKey, Mapping[Args, BaseFact]]]:
        """The relations that know of the facts of a predicate."""
        return [
            (relation, facts)
            for relation, facts in self.program.base.items()
            if atom.predicate == (relation.predicate if isinstance(relation, Relation) else relation)
        ]

    def _put(self, relation: RelationKey, args: Args, bit: Worlds, certainty: float | None) -> None:
        move(self.spreads.setdefault(relation, {}).setdefault(args, {}), bit, certainty)

    def establish(self, relation: RelationKey, args: Args, spread: Spread) -> bool:
        """Note where a statement is established; whether it is so for the first time."""
        first = args not in self.possible.relations.get(relation, {})
        if first and any(map(established, spread)):
            self.possible.add(relation, args, max(spread))
            return True
        return False

    def establish_all(self, relation: RelationKey) -> None:
        """Note where each statement of a relation is established."""
        for args, spread in self.spreads.get(relation, {}).items():
            self.establish(relation, args, spread)

    def strongest(self, facts: _Facts) -> Spread:
        """The highest certainty among some facts, in each world."""
        relation, places, key = facts
        known = self.spreads.get(relation, {})
        found: Spread = {}
        for args in self.possible.lookup(relation, places, key):
            found = stronger(found, known[args]) if found else known[args]
        return found


class _Firing:
    """A rule with a binding of all its variables.

    Attributes:
        line: see `kzexpert.model.Firing.line`.
        premises: for each positive condition the facts that satisfy it, or the certainty that it binds.
        where: the worlds in which its conditions beyond the premises hold.
    """

    __slots__ = ("head", "line", "premises", "rule", "waits", "where")

    def __init__(self, rule: ProgramRule, values: Args, head: Args, premises: Sequence[_Facts | float]) -> None:
        self.rule = rule
        self.line = Firing(rule, values, GroundAtom(rule.head.predicate, head), (), 0.0).line
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
        self.joined: dict[str, set[Args]] = {rule.key: set() for rule in stratum.rules}
        #: Of a recursive component: the firings that look at some of its own facts.
        self.waiting: dict[_Facts, list[_Firing]] = {}
        self.looks: dict[RelationKey, set[tuple[int, ...]]] = {name: set() for name in stratum.predicates}
        self.pending: deque[_Firing] = deque()
        self.strongest: dict[_Facts, Spread] = {}
        #: Rule by key → its aggregates over the component, which are looked at again as it grows.
        self.rising = {rule.key: rising(rule, stratum.predicates) for rule in stratum.rules}
        self.grows = [aggregate for found in self.rising.values() for aggregate in found]
        #: Such an aggregate and the values that it shares with its rule → the bindings of the matches.
        self.counting: dict[tuple[str, str, Args], list[tuple[ProgramRule, Binding, Worlds]]] = {}
        #: Conclusions that are established in other worlds since these were last looked at.
        self.turned: dict[tuple[str, Args], None] = {}
        self.starts = {rule.key: starts(rule, known.program) for rule in stratum.rules}

    def settle(self) -> None:
        """Find the spread of each statement that the stratum concludes."""
        if self.stratum.recursive:
            for predicate in self.stratum.predicates:
                self.known.establish_all(predicate)
        for rule in self.stratum.rules:
            for start in self.starts[rule.key]:
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
            if values in self.joined[rule.key]:
                return
            self.joined[rule.key].add(values)
        for aggregate in self.rising[rule.key]:
            key = tuple(binding[name] for name in aggregate.shared)
            self.counting.setdefault((rule.key, aggregate.variable, key), []).append((rule, binding, where))
        self.complete(rule, binding, where)

    def complete(self, rule: ProgramRule, binding: Binding, where: Worlds) -> None:
        """Fire in the worlds in which the conditions beyond the matches hold."""
        states = [(binding, where)]
        for index in rule.order:
            condition = rule.conditions[index]
            if not isinstance(condition, Match):
                states = [item for state in states for item in self.completed(rule, index, condition, *state)]
        for complete, here in states:
            # What an aggregate over the component comes to is told of a firing, and makes it no other one.
            values = {**complete, **{aggregate.variable: 0.0 for aggregate in self.rising[rule.key]}}
            firing = self.firing(rule, values)
            if here | firing.where != firing.where:
                firing.where |= here
                self.revise(firing)

    def completed(
        self, rule: ProgramRule, index: int, condition: ProgramCondition, binding: Binding, where: Worlds
    ) -> Iterator[tuple[Binding, Worlds]]:
        """The binding with what a condition binds, for each set of worlds in which it sees the same and holds."""
        instance = condition.instance(binding) if condition.patterns else condition
        key = (rule.key, index, *instance.patterns)
        views = self.evaluated.get(key)
        if views is None:
            views = list(self.views(condition, instance))
            if condition not in self.rising[rule.key]:
                self.evaluated[key] = views
        for here, completion in views:
            if where & here:
                complete = completion(binding)
                if complete is not None:
                    yield complete, where & here

    def views(self, condition: ProgramCondition, instance: ProgramCondition) -> Iterator[tuple[Worlds, Completion]]:
        """A condition over the facts that it looks at, for each set of worlds in which these are the same.

        Args:
            instance: the condition with what is bound put in.
        """
        program = self.known.program
        facts = {
            (relation, args): self.known.spreads[relation][args]
            for relation, args in _looked_at(instance, self.known.possible, program.as_of)
        }
        exact = any(pattern.certainty for pattern in instance.patterns)
        spreads = [spread if exact else presence(spread) for spread in facts.values()]
        for where, certainties in classes(spreads, self.known.everywhere):
            view = EstablishedFacts()
            for (relation, args), certainty in zip(facts, certainties, strict=True):
                if certainty is not None and established(certainty):
                    view.add(relation, args, certainty)
            yield where, Completion([condition], view, program.as_of, self.grows.__contains__)

    # --- firings ------------------------------------------------------------------------------------------------------

    def firing(self, rule: ProgramRule, binding: Binding) -> _Firing:
        values = tuple(binding[name] for name in rule.variables)
        known = self.firings.get((rule.key, values))
        if known is not None:
            return known
        self.meter.firing(rule.id)
        premises = [_premise(pattern, binding) for pattern in rule.matches]
        head = _premise(rule.head, binding)
        assert not isinstance(head, float)
        firing = self.firings[rule.key, values] = _Firing(rule, values, head[2], premises)
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
            found = weakest(found, premise if isinstance(premise, float) else self.premise(premise))
        products: Spread = {}
        for factor, where in self.known.strengths[firing.rule.key].items():
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
        strongest: dict[tuple[str, Args, str | Args], Spread] = {}
        for firing in self.firings.values():
            spread = self.strength(firing)
            key = firing.rule.head.predicate, firing.head, firing.line
            strongest[key] = stronger(strongest[key], spread) if key in strongest else spread
        for (predicate, args, _), spread in strongest.items():
            lines.setdefault((predicate, args), []).append(spread)
        for (predicate, args), spreads in lines.items():
            facts = self.known.spreads.setdefault(predicate, {})
            if args in facts:
                spreads.append(facts[args])
            facts[args] = combined(spreads, self.known.everywhere)
        for predicate in self.stratum.predicates:
            self.known.establish_all(predicate)

    def best_proofs(self) -> None:
        """Raise each conclusion to its best proof, until none is better and no aggregate comes to more."""
        while self.pending or self.turned:
            while self.pending:
                self.raise_best(self.pending.popleft())
            turned, self.turned = self.turned, {}
            items = [item for place in turned for item in self.counted(*place)]
            for rule, binding, where in {id(item): item for item in items}.values():
                self.complete(rule, binding, where)

    def raise_best(self, firing: _Firing) -> None:
        """Raise a conclusion to what a firing gives, where that is more."""
        firing.waits = False
        predicate, args = firing.rule.head.predicate, firing.head
        facts = self.known.spreads.setdefault(predicate, {})
        before = facts.get(args, {})
        after = stronger(before, rounded(self.strength(firing)))
        if after == before:
            return
        facts[args] = after
        if self.grows and presence(before) != presence(after):
            self.turned[predicate, args] = None
        if self.known.establish(predicate, args, after):
            self.seed(predicate, args)
        for places in self.looks[predicate]:
            for other in self.waiting.get((predicate, places, tuple(args[place] for place in places)), ()):
                self.revise(other)

    def counted(self, relation: str, args: Args) -> Iterator[tuple[ProgramRule, Binding, Worlds]]:
        """The bindings of matches whose aggregates a conclusion of the component may change."""
        for rule in self.stratum.rules:
            for aggregate in self.rising[rule.key]:
                for found in _joined(aggregate.body, relation, args, self.known.possible, self.known.program.as_of):
                    key = tuple(found[name] for name in aggregate.shared)
                    yield from self.counting.get((rule.key, aggregate.variable, key), ())

    def seed(self, relation: str, args: Args) -> None:
        """Join the rules of the component outwards from a new fact."""
        for rule in self.stratum.rules:
            for index, pattern in enumerate(rule.matches):
                rest = tuple(other for other in range(len(rule.matches)) if other != index)
                for start in self.starts[rule.key] if pattern.relation == relation else ():
                    extended = extend(pattern, args, 0.0, start)
                    if extended is not None:
                        self.join(rule, rest, extended, self.known.everywhere)


# --- rules and facts ------------------------------------------------------------------------------------------------


def _cited(program: Program) -> dict[str, list[GroundAtom]]:
    """Source → the facts with a row that cites it."""
    found: dict[str, list[GroundAtom]] = {}
    for relation, facts in program.base.items():
        for fact in facts.values() if isinstance(relation, str) else ():
            for name in {row.source.source for row in fact.rows if row.source}:
                found.setdefault(name, []).append(fact.atom)
    return found


def _looked_at(condition: ProgramCondition, facts: EstablishedFacts, as_of: date) -> Iterator[tuple[RelationKey, Args]]:
    """The facts by which a condition with nothing left to bind can come out otherwise."""
    if isinstance(condition, Aggregate | Exclusion):
        for found in _joined(condition.body, "", (), facts, as_of):
            for item in condition.body.conditions:
                yield from _looked_at(item.instance(found), facts, as_of)
        return
    for pattern in condition.patterns:
        yield from ((pattern.relation, args) for args in facts.rows(pattern, {}))


def _joined(body: Body, relation: str, args: Args, facts: EstablishedFacts, as_of: date) -> Iterator[Binding]:
    """The bindings under which the positive conditions of a body match, whatever the certainties.

    Args:
        relation, args: a fact that is to be among those that are matched; empty where any are.
    """
    patterns = [replace(pattern, certainty=None) for pattern in body.matches]
    starts: list[tuple[int, Binding | None]] = [(-1, {})]
    if relation:
        own = [(place, pattern) for place, pattern in enumerate(patterns) if pattern.relation == relation]
        starts = [(place, extend(pattern, args, 0.0, {})) for place, pattern in own]
    for seed, binding in starts:
        rest = tuple(Match(pattern) for place, pattern in enumerate(patterns) if place != seed)
        if binding is not None:
            yield from solutions(Body(rest, tuple(range(len(rest))), ()), facts, binding, as_of)


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
