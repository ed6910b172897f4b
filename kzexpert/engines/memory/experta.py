"""The default engine: every rule a real `experta.Rule` over real facts, run by a `KnowledgeEngine`, stratum by stratum.

This is the only module that imports experta. Strata are phases, as in CLIPS: each rule waits for the fact that opens
its phase, and a phase opens when all that its negations and aggregates look at is complete. experta finds the bindings;
certainties are settled when a phase is at rest, since all evidence must be in before it can be combined.
"""

import collections
import collections.abc
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from kzexpert.certainty import established
from kzexpert.engines.base import Budget, Meter, collector_at_rest
from kzexpert.engines.memory.certainties import Settling, View, view_of
from kzexpert.engines.memory.joins import Field, JoinNetwork, JoinPattern, JoinRule, JoinTest
from kzexpert.engines.reports import Listener, Standing, unheard
from kzexpert.model import (
    Constant,
    Inference,
    Pattern,
    Program,
    ProgramCondition,
    ProgramRule,
    RelationKey,
    Stratum,
    Value,
    Variable,
)
from kzexpert.model.established import EstablishedFacts
from kzexpert.model.evaluation import Completion, holds, rising
from kzexpert.program.relevance import starts

if TYPE_CHECKING:
    from kzexpert.engines.memory.growth import Growth

__all__ = ["ExpertaEngine"]


@contextmanager
def _as_experta_expects() -> Iterator[None]:
    """Let experta 1.9.4 be imported as pip installs it.

    It pins frozendict 1.2, which looks for ``collections.Mapping`` (gone since Python 3.10), and it configures the root
    logger. Both are put back as they were.
    """
    root = logging.getLogger()
    handlers, lent = list(root.handlers), not hasattr(collections, "Mapping")
    if lent:
        collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if lent:
            del collections.Mapping  # type: ignore[attr-defined]
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)


with _as_experta_expects():
    import experta
    import experta.abstract
    import experta.activation
    import experta.factlist
    import experta.matchers.rete


#: Acts on the engine and the values of a rule's variables, or of those that its matches bind.
Fire: TypeAlias = Callable[[Any, tuple[Value, ...]], None]


class Statement(experta.Fact):  # type: ignore[misc]
    """A fact of a view; `row` is its arguments as a tuple. Each view has a subclass of its own."""

    def __init__(self, *row: Any) -> None:
        dict.update(self, enumerate(row))  # without experta's freezing of values: ours are frozen
        self.row = row


class Activation(experta.activation.Activation):  # type: ignore[misc]
    """An activation that is never compared with another, so that it carries no set of facts, which costs more to build
    than all the rest of a firing."""

    facts = ()
    key = None

    def __init__(self, rule: Any, context: dict[str, Any]) -> None:
        self.rule = rule
        self.context = context


class Phase(Statement):
    """Opens the phase of a stratum. Each phase has a subclass of its own, so that rules of closed ones stay asleep."""


class FactList(experta.factlist.FactList):  # type: ignore[misc]
    """The fact list, which tells statements apart by their rows instead of by sets of all their items."""

    @staticmethod
    def _get_fact_id(fact: Any) -> Any:
        return (type(fact), fact.row) if isinstance(fact, Statement) else frozenset(fact.items())


class HashMatcher(experta.abstract.Matcher):  # type: ignore[misc]
    """The matcher that joins by hash index, put in through experta's ``__matcher__`` hook.

    It knows what `_Run` writes: patterns of literals and bindings, NOT of a pattern, TEST. Working memory only grows.
    """

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        # A Rule that was fetched through the engine is bound to it and would pass it twice.
        self.rules = [rule.new_conditions(*rule) for rule in engine.get_rules()]
        self.added: list[Any] = []
        self._fires = engine.meter.firing
        self.network = JoinNetwork([_join_rule(rule) for rule in self.rules], self._activate, engine.meter.candidates)

    def changes(self, adding: Iterable[Any] = (), deleting: Sequence[Any] = ()) -> tuple[list[Any], Sequence[Any]]:
        """The activations that new facts bring about."""
        if deleting:
            raise RuntimeError("the hash-indexed matcher keeps no matches, so that nothing can be retracted")
        if not adding:
            return [], ()
        for fact in adding:
            if isinstance(fact, Statement):
                self.network.add(fact)
        added, self.added = self.added, []
        return added, ()

    def _activate(self, number: int, row: tuple[Value, ...]) -> None:
        rule = self.rules[number]
        self._fires(rule.__name__)
        self.added.append(Activation(rule, {"row": row}))

    def reset(self) -> None:
        """Forget all facts."""
        self.network.clear()


class StockMatcher(experta.matchers.rete.ReteMatcher):  # type: ignore[misc]
    """experta's own matcher, whose matches are counted as they are found."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        for node in self._get_conflict_set_nodes():
            node._activate = self._counted(node, node._activate)

    def _counted(self, node: Any, activate: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(token: Any) -> None:
            before = len(node.memory)
            activate(token)
            if len(node.memory) > before:
                self.engine.meter.firing(node.rule.__name__)

        return counted


class LastInFirstOut(experta.abstract.Strategy):  # type: ignore[misc]
    """An agenda without priorities: rules have no salience, and no order of firing changes what is concluded."""

    def update_agenda(self, agenda: Any, added: Sequence[Any], removed: Sequence[Any]) -> None:
        """Called before every firing, mostly with nothing new."""
        if added or removed:
            super().update_agenda(agenda, added, removed)

    def _update_agenda(self, agenda: Any, added: Iterable[Any], removed: Iterable[Any]) -> None:
        agenda.activations.extend(added)


def _join_rule(rule: Any) -> JoinRule:
    """An experta rule in the terms of the join network."""
    return JoinRule(
        name=rule.__name__,
        patterns=tuple(_join_pattern(item) for item in rule if isinstance(item, experta.Fact)),
        absences=tuple(_join_pattern(item[0]) for item in rule if isinstance(item, experta.NOT)),
        tests=tuple(
            JoinTest(tuple(item[0].__signature__.parameters), item[0].__wrapped__)
            for item in rule
            if isinstance(item, experta.TEST)
        ),
    )


def _join_pattern(pattern: Any) -> JoinPattern:
    fields = []
    for place, field in enumerate(pattern.row):
        if isinstance(field, experta.W):
            fields.append(Field(place, variable=field.__bind__))
        else:
            fields.append(Field(place, literal=field.value if isinstance(field, experta.L) else field))
    return JoinPattern(type(pattern), tuple(fields))


class ExpertaEngine:
    """Runs programs on experta.

    Args:
        stock: match with experta's own Rete network, which compares every pair, instead of the hash-indexed matcher.
            Slow; the oracle of the tests.
        budget: when to stop.
        listen: hears how a run stands.
    """

    def __init__(self, stock: bool = False, budget: Budget | None = None, listen: Listener = unheard) -> None:
        self.name = "experta-stock" if stock else "experta"
        self.budget = budget or Budget()
        self._listen = listen

    def infer(self, program: Program) -> Inference:
        """See `kzexpert.engines.base.Engine.infer`."""
        meter = Meter(self.budget, program)
        try:
            with collector_at_rest():
                return _Run(program, self.name == "experta-stock", meter).inference(self.name, self._listen)
        except MemoryError:
            raise meter.out_of_memory() from None


class _Run:
    """One inference: the working memory of experta beside the certainties that experta knows nothing of."""

    def __init__(self, program: Program, stock: bool, meter: Meter) -> None:
        self.program = program
        self.bindings: dict[str, list[tuple[Value, ...]]] = {name: [] for name in program.rules}
        self.meter = meter
        self.facts = EstablishedFacts()
        self.settling = Settling(program, self.facts, self.bindings, self.meter)
        self.fact_classes: dict[View, type] = {}
        namespace: dict[str, Any] = {"meter": self.meter, "__matcher__": StockMatcher}
        if not stock:
            namespace |= {"__matcher__": HashMatcher, "__strategy__": LastInFirstOut}
        self.phases = [type(f"Phase{number}", (Phase,), {}) for number in range(len(program.strata))]
        self.growths: dict[int, list[tuple[Growth, Fire]]] = {}
        self.counted: dict[RelationKey, int] = {}
        for phase, stratum in zip(self.phases, program.strata, strict=True):
            for rule in stratum.rules:
                namespace[f"rule_{len(namespace)}"] = self._experta_rule(rule, phase, stratum)
        self.views: dict[RelationKey, list[tuple[View, type]]] = {}
        for view, fact_class in self.fact_classes.items():
            self.views.setdefault(view.relation, []).append((view, fact_class))
        self.engine = type("Rules", (experta.KnowledgeEngine,), namespace)()

    def inference(self, name: str, listen: Listener) -> Inference:
        """Run all phases and gather what came out."""
        listen(Standing(phase="loading"))
        self.engine.reset()
        if isinstance(self.engine.matcher, HashMatcher):
            self.engine.facts.__class__ = FactList  # reset() has made one of experta's own
        self._declare_established(relation for relation in self.program.base if relation not in self.program.stratum_of)
        base = sum(len(self.program.base.get(spec.name, {})) for spec in self.program.kb.predicates)
        for number, (phase, stratum) in enumerate(zip(self.phases, self.program.strata, strict=True), 1):
            listen(_standing(number, len(self.phases), stratum, base, self.settling.concluded))
            if stratum.recursive:
                self._declare_established(stratum.predicates, settled=False)
            self.engine.declare(phase())
            self._run(number - 1, stratum)
            # In a recursive phase a better proof can lift over the threshold what the first one left below it.
            while self._declare_established(stratum.predicates, settled=not stratum.recursive) and stratum.recursive:
                self._run(number - 1, stratum)
            if stratum.recursive:
                for growth, _ in self.growths.get(number - 1, ()):
                    growth.check()
                self.settling.close(stratum)
                self._declare_certainties(stratum.predicates)
        return self.settling.inference(name)

    def _run(self, number: int, stratum: Stratum) -> None:
        """Run a phase until it is at rest, and settle its conclusions."""
        self.engine.run()
        growths = self.growths.get(number, ())
        while growths and self._grow(growths, stratum):
            self.engine.run()
        for growth, _ in growths:
            self.bindings[growth.rule.key][:] = growth.bindings()
        self.settling.settle(stratum)

    def _grow(self, growths: "Sequence[tuple[Growth, Fire]]", stratum: Stratum) -> bool:
        """Fire the rules whose aggregates have enough by now, and say whether any did."""
        new: dict[RelationKey, list[tuple[Value, ...]]] = {}
        for relation in stratum.predicates:
            known = self.facts.relations.get(relation, {})
            new[relation] = list(islice(known, self.counted.get(relation, 0), None))
            self.counted[relation] = len(known)
        found = [(fire, binding) for growth, fire in growths for binding in growth.ready(new)]
        for fire, binding in found:
            fire(self.engine, binding)
        return bool(found)

    def _declare_established(self, relations: Iterable[RelationKey], settled: bool = True) -> bool:
        """Put what is established into working memory, and say whether any of it was new.

        Args:
            settled: whether the certainties are final; those of a recursive phase may still rise while it runs.
        """
        new: list[Any] = []
        for relation in relations:
            known = self.facts.relations.setdefault(relation, {})
            looked_at = relation in self.views
            for args, certainty in self.settling.certainties.get(relation, {}).items():
                held = known.get(args)
                if held != certainty and established(certainty):
                    if looked_at and held is None:
                        new.extend(self._statements(relation, args, certainty, settled))
                    self.settling.establish(relation, args, certainty)
        if new:
            self.engine.declare(*new)
        return bool(new)

    def _declare_certainties(self, relations: Iterable[RelationKey]) -> None:
        """Put what rules of later phases read by ``@`` into working memory, once a recursive phase is settled."""
        new = [
            fact_class(*view.row(args, certainty))
            for relation in relations
            for view, fact_class in self.views.get(relation, ())
            if view.certainty
            for args, certainty in self.facts.relations.get(relation, {}).items()
        ]
        if new:
            self.engine.declare(*new)

    def _statements(
        self, relation: RelationKey, args: tuple[Value, ...], certainty: float, settled: bool = True
    ) -> list[Any]:
        """The experta facts that stand for one fact: one for each way in which rules look at its relation."""
        return [
            fact_class(*view.row(args, certainty))
            for view, fact_class in self.views.get(relation, ())
            if settled or not view.certainty
        ]

    def _experta_rule(self, rule: ProgramRule, phase: type, stratum: Stratum) -> Any:
        """The rule as experta knows it: its phase, its matches, its absences, its tests; then the action."""
        names = {variable: f"v{index}" for index, variable in enumerate(rule.variables)}
        matched = {*rule.matched}
        conditions = [phase(), *(self._pattern(pattern, names) for pattern in rule.matches)]
        computed: list[ProgramCondition] = []
        matters = _matters(starts(rule, self.program))
        if matters is not None and matched.issuperset(matters[0]):
            conditions.append(_test(*matters, names))
        for index in rule.order:
            condition = rule.conditions[index]
            if condition.match is not None:
                continue
            if not condition.joinable or not matched.issuperset(condition.needs):
                computed.append(condition)
            elif condition.compares:
                conditions.append(_test(*holds(condition, self.program.as_of), names))
            else:
                conditions.extend(experta.NOT(self._pattern(pattern, names)) for pattern in condition.patterns)
        known = list(rule.matched)
        grows = rising(rule, stratum.predicates)
        completion = Completion(computed, self.facts, self.program.as_of, grows.__contains__) if computed else None
        if completion is not None and not grows:
            conditions.append(
                _test(known, lambda *values: completion(dict(zip(known, values, strict=True))) is not None, names)
            )
        if completion is not None and grows:
            from kzexpert.engines.memory.growth import Growth  # few questions meet such a sum

            growth = Growth(self.program, rule, known, completion, self.facts, stratum.predicates)
            fire = self._fire(rule, stratum.recursive)
            self.growths.setdefault(self.program.strata.index(stratum), []).append((growth, fire))
            action = self._action(known, names, lambda engine, row: growth.wait(row))
        else:
            binding_of, fire = _binding(rule, known, completion), self._fire(rule, stratum.recursive)
            action = self._action(known, names, lambda engine, row: fire(engine, binding_of(row)))
        action.__name__ = rule.id
        return experta.Rule(*conditions)(action)

    def _pattern(self, pattern: Pattern, names: dict[str, str]) -> Any:
        """The experta pattern; ``_`` is no field of it, since it looks at a view that leaves those places out."""
        view = view_of(pattern)
        fact_class = self.fact_classes.get(view)
        if fact_class is None:
            fact_class = self.fact_classes[view] = type(str(pattern.relation), (Statement,), {})
        fields: list[Any] = []
        for place in view.places:
            term = pattern.terms[place]
            if isinstance(term, Variable):
                fields.append(names[term.name] << experta.W())
            elif isinstance(term, Constant):
                fields.append(experta.L(term.value))
        if pattern.certainty:
            fields.append(names[pattern.certainty] << experta.W())
        return fact_class(*fields)

    @staticmethod
    def _action(known: Sequence[str], names: dict[str, str], act: Fire) -> Callable[..., None]:
        """What experta calls when a rule fires, with the values of what the matches bind.

        Our matcher hands over a row of them; experta's own hands over each by its name.
        """
        keys = tuple(names[name] for name in known)

        def action(engine: Any, row: tuple[Value, ...] | None = None, **context: Any) -> None:
            act(engine, tuple([context[key] for key in keys]) if row is None else row)

        return action

    def _fire(self, rule: ProgramRule, recursive: bool) -> Fire:
        """What a firing does: record its binding, and in a recursive phase put a new conclusion into working memory."""
        bindings, meter, predicate = self.bindings[rule.key], self.meter, rule.head.predicate
        concluded = self.settling.provisional(rule) if recursive else None
        facts = self.facts.relations.setdefault(predicate, {})

        def fire(engine: Any, binding: tuple[Value, ...]) -> None:
            bindings.append(binding)
            if concluded is not None:
                args, certainty = concluded(binding)
                if args not in facts and established(certainty):
                    meter.conclusion(rule.id)
                    self.settling.establish(predicate, args, certainty)
                    for statement in self._statements(predicate, args, certainty, settled=False):
                        engine.facts.declare(statement)

        return fire


def _matters(wanted: Sequence[Mapping[str, Value]]) -> tuple[list[str], Callable[..., bool]] | None:
    """The test of what the variables of a head must be for its conclusion to matter; None where any will do."""
    if {} in wanted:
        return None
    names = list(dict.fromkeys(name for binding in wanted for name in binding))
    places = [[(names.index(name), value) for name, value in binding.items()] for binding in wanted]

    def matter(*values: Value) -> bool:
        return any(all(values[place] == value for place, value in binding) for binding in places)

    return names, matter


def _standing(number: int, strata: int, stratum: Stratum, facts: int, rows: int) -> Standing:
    return Standing(
        phase="inferring", component=number, components=strata, predicates=stratum.predicates, facts=facts, rows=rows
    )


def _binding(
    rule: ProgramRule, known: list[str], completion: Completion | None
) -> Callable[[tuple[Value, ...]], tuple[Value, ...]]:
    """From the values of what the matches bind to those of all variables of the rule, in their order."""
    if completion is None:
        if known == list(rule.variables):
            return lambda row: row
        places = [known.index(name) for name in rule.variables]
        return lambda row: tuple([row[place] for place in places])

    def completed(row: tuple[Value, ...]) -> tuple[Value, ...]:
        complete = completion(dict(zip(known, row, strict=True)))
        assert complete is not None  # the rule's last test
        return tuple([complete[name] for name in rule.variables])

    return completed


def _test(variables: Sequence[str], function: Callable[..., bool], names: dict[str, str]) -> Any:
    """An experta TEST over the values of variables.

    experta calls it by keyword and reads from its signature which variables it needs; the join network calls the
    function behind it with the values in order.
    """
    keys = [names[variable] for variable in variables]

    def test(**context: Any) -> bool:
        return function(*[context[key] for key in keys])

    parameters = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY) for key in keys]
    test.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    test.__wrapped__ = function  # type: ignore[attr-defined]
    return experta.TEST(test)
