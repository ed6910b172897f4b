"""The firings of one stratum in many worlds, and what they come to.

Rules are joined once, over what is established in any world, and conditions beyond the matches are evaluated once for
each set of worlds in which what they look at is the same.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

from msgspec.structs import replace

from kzexpert.analysis.possibilities import ALL, Facts, Possibilities
from kzexpert.analysis.spreads import (
    Spread,
    Worlds,
    classes,
    combined,
    presence,
    rounded,
    signs,
    stronger,
    weakest,
)
from kzexpert.certainty import established
from kzexpert.engines.base import Meter
from kzexpert.model import (
    Aggregate,
    Anonymous,
    Body,
    Constant,
    Firing,
    GroundAtom,
    Match,
    Pattern,
    ProgramCondition,
    ProgramRule,
    RelationKey,
    Stratum,
    Value,
)
from kzexpert.model.established import Binding, EstablishedFacts, extend
from kzexpert.model.evaluation import Completion, rising, solutions
from kzexpert.program.relevance import starts

__all__ = ["JointFirings"]

Args: TypeAlias = tuple[Value, ...]


class _Firing:
    """A rule with a binding of all its variables.

    Attributes:
        values: of the rule's variables.
        premises: for each positive condition the facts that satisfy it, or the certainty that it binds.
        where: the worlds in which its conditions beyond the premises hold.
    """

    __slots__ = ("head", "premises", "rule", "values", "waits", "where")

    def __init__(self, rule: ProgramRule, values: Args, head: Args, premises: Sequence[Facts | float]) -> None:
        self.rule = rule
        self.values = values
        self.head = head
        self.premises = premises
        self.where: Worlds = 0
        self.waits = False


class JointFirings:
    """The firings of one stratum, and what they come to."""

    def __init__(self, known: Possibilities, stratum: Stratum, meter: Meter) -> None:
        self.known = known
        self.stratum = stratum
        self.meter = meter
        self.firings: dict[tuple[str, Args], _Firing] = {}
        self.evaluated: dict[tuple[object, ...], list[tuple[Worlds, Completion]]] = {}
        self.joined: dict[str, set[Args]] = {rule.key: set() for rule in stratum.rules}
        #: Of a recursive component: the firings that look at some of its own facts.
        self.waiting: dict[Facts, list[_Firing]] = {}
        self.looks: dict[RelationKey, set[tuple[int, ...]]] = {name: set() for name in stratum.predicates}
        self.pending: deque[_Firing] = deque()
        self.strongest: dict[Facts, Spread] = {}
        #: Rule by key → its aggregates over the component, which are looked at again as it grows.
        self.rising = {rule.key: rising(rule, stratum.predicates) for rule in stratum.rules}
        self.grows = [aggregate for found in self.rising.values() for aggregate in found]
        #: Such an aggregate and the values that it shares with its rule → the bindings of the matches.
        self.counting: dict[tuple[str, str, Args], list[tuple[ProgramRule, Binding, Worlds]]] = {}
        #: Conclusions that are established in other worlds since these were last looked at.
        self.turned: dict[tuple[str, Args], None] = {}
        #: Rule by key → what finds its conclusion and its premises from a binding.
        self.plans = {rule.key: [_premise(item) for item in (rule.head, *rule.matches)] for rule in stratum.rules}
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
            key = tuple(binding[name] for name in _told_apart(aggregate))
            self.counting.setdefault((rule.key, aggregate.variable, key), []).append((rule, binding, where))
        self.complete(rule, binding, where)

    def complete(self, rule: ProgramRule, binding: Binding, where: Worlds) -> None:
        """Fire in the worlds in which the conditions beyond the matches hold."""
        states = [(binding, where)]
        for index in rule.order:
            condition = rule.conditions[index]
            if condition.match is None:
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
        head, *premises = [premise(binding) for premise in self.plans[rule.key]]
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
            spread = {premise: self.known.everywhere} if isinstance(premise, float) else self.premise(premise)
            if len(found) == 1 and spread.keys() == found.keys():  # as where all is certain
                ((certainty, where),) = found.items()
                found = {certainty: where & spread[certainty]}
            else:
                found = weakest(found, spread)
        products: Spread = {}
        for factor, where in self.known.strengths[firing.rule.key].items():
            for certainty, here in found.items():
                if where & here:
                    products[factor * certainty] = products.get(factor * certainty, 0) | where & here
        return products

    def premise(self, facts: Facts) -> Spread:
        if facts[0] in self.looks:  # it may still change
            return self.known.strongest(facts)
        if facts not in self.strongest:
            self.strongest[facts] = self.known.strongest(facts)
        return self.strongest[facts]

    # --- certainties --------------------------------------------------------------------------------------------------

    def combine(self) -> None:
        """Add up the lines of evidence for each conclusion: those of one family are one line, for or against."""
        lines: dict[tuple[str, Args], list[Spread]] = {}
        strongest: dict[tuple[str, Args, Hashable, bool], Spread] = {}
        for firing in self.firings.values():
            atom = GroundAtom(firing.rule.head.predicate, firing.head)
            line = Firing(firing.rule, firing.values, atom, (), 0.0).line
            family = firing.rule.rule.family
            own = ("", family) if family else line  # in another world the rule may speak against
            for positive, spread in signs(self.strength(firing)):
                key = atom.predicate, atom.args, own, positive
                strongest[key] = stronger(strongest[key], spread) if key in strongest else spread
        for (predicate, args, *_), spread in strongest.items():
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
        if before.get(1.0) == self.known.everywhere:
            return
        after = stronger(before, rounded(self.strength(firing)))
        if after == before:
            return
        facts[args] = after
        if self.grows and presence(before) != presence(after):
            self.turned[predicate, args] = None
        if self.known.establish(predicate, args, after):
            self.seed(predicate, args)
        for places in self.looks[predicate]:
            row = args if places == ALL else tuple([args[place] for place in places])
            for other in self.waiting.get((predicate, places, row), ()):
                self.revise(other)

    def counted(self, relation: str, args: Args) -> Iterator[tuple[ProgramRule, Binding, Worlds]]:
        """The bindings of matches whose aggregates a conclusion of the component may change."""
        for rule in self.stratum.rules:
            for aggregate in self.rising[rule.key]:
                for found in _joined(aggregate.body, relation, args, self.known.possible, self.known.program.as_of):
                    key = tuple(found[name] for name in _told_apart(aggregate))
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


def _looked_at(condition: ProgramCondition, facts: EstablishedFacts, as_of: date) -> Iterator[tuple[RelationKey, Args]]:
    """The facts by which a condition with nothing left to bind can come out otherwise."""
    if condition.body is not None:
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


def _told_apart(aggregate: Aggregate) -> list[str]:
    """The shared variables that its body matches; others it only compares with."""
    return [name for name in aggregate.shared if name in aggregate.body.matched]


def _premise(pattern: Pattern) -> Callable[[Binding], Facts | float]:
    """Finds the facts that satisfy a positive condition; the certainty that it binds, where it does."""
    terms = [term for term in pattern.terms if not isinstance(term, Anonymous)]
    places = tuple(place for place, term in enumerate(pattern.terms) if not isinstance(term, Anonymous))
    shown = places if len(terms) < len(pattern.terms) else ALL
    names = [None if isinstance(term, Constant) else term.name for term in terms]
    values = [term.value if isinstance(term, Constant) else None for term in terms]
    items = list(zip(names, values, strict=True))

    def premise(binding: Binding) -> Facts | float:
        if pattern.certainty:
            certainty = binding[pattern.certainty]
            assert isinstance(certainty, float)
            return certainty
        row = tuple([binding[name] if name is not None else value for name, value in items])
        return pattern.relation, shown, row  # type: ignore[return-value]

    return premise
