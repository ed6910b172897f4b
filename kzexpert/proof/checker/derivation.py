"""Facts in force and rules → every conclusion with its certainty, its lines of evidence and its firings.

A second, naive evaluator of DESIGN §4 that shares nothing with the engines: bottom-up, group by group of predicates, as
far down as a goal reaches. It is slower than they are, and short enough to be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kzexpert.errors import BudgetError, Issue
from kzexpert.model import (
    Aggregate,
    BaseFact,
    Constant,
    Expression,
    GroundAtom,
    KnowledgeBase,
    Match,
    Pattern,
    Value,
    Variable,
)
from kzexpert.proof.build import Judgement, RelationFact
from kzexpert.proof.checker.joins import Binding, FactStore, bindings, extended, ordered, value_of
from kzexpert.proof.checker.recorded import Args, RecordedFacts
from kzexpert.proof.checker.rules import CheckedCondition, CheckedRule, components
from kzexpert.proof.checker.weights import THRESHOLD, Instance, Statement, Strongest, weighed

__all__ = ["Derivation"]

_MOST_FIRINGS = 5_000_000


class Derivation:
    """All that follows from the facts in force, derived predicate by predicate when it is asked for.

    It is the grounds of the document that a trace should be; see `kzexpert.proof.build.Grounds`.

    Attributes:
        windows: relation → the window it stands for.
    """

    def __init__(self, kb: KnowledgeBase, rules: Iterable[CheckedRule], recorded: RecordedFacts) -> None:
        self.kb = kb
        self.recorded = recorded
        self.facts = FactStore()
        self.rules = tuple(rules)
        self.windows = {relation: within for rule in self.rules for relation, within in rule.windows.items()}
        self._conclusions: dict[str, dict[Args, Judgement]] = {}
        self._firings = 0

    def conclusions(self, predicate: str) -> Mapping[Args, Judgement]:
        """What rules conclude of a predicate, established or not."""
        if predicate not in self._conclusions:
            for group, recursive in components(self.rules, predicate):
                if not group <= self._conclusions.keys():
                    self._derive(group, recursive)
        return self._conclusions[predicate]

    # --- the grounds of a proof -----------------------------------------------------------------------------------

    def prepare(self, known: Sequence[RelationFact]) -> None:
        """Nothing: all that is asked for is at hand."""

    def record(self, known: RelationFact) -> BaseFact | None:
        return self.recorded.in_force(known.atom.predicate, self.windows.get(known.relation)).get(known.atom.args)

    def judgement(self, atom: GroundAtom) -> Judgement | None:
        return self.conclusions(atom.predicate).get(atom.args)

    def known_certainty(self, known: RelationFact) -> float | None:
        """How certain a fact is, or an event of a window; None when nothing is known of it."""
        judgement = self.judgement(known.atom) if self.windows.get(known.relation) is None else None
        found = judgement or self.record(known)
        return found.certainty if found else None

    def certainty(self, known: RelationFact) -> float:
        return self.known_certainty(known) or 0.0

    def counted(self, aggregate: Aggregate, values: Mapping[str, Value]) -> set[RelationFact]:
        shared = {name: values[name] for name in aggregate.shared}
        return {
            RelationFact(pattern.relation, GroundAtom(pattern.predicate, args))
            for solution in bindings([Match(pattern) for pattern in aggregate.patterns], shared, self.facts)
            for pattern in aggregate.patterns
            for args, _ in self.facts.matching(pattern, solution)
        }

    def value(self, expression: Expression, values: Mapping[str, Value]) -> Value | None:
        return value_of(expression, values)

    # --- one group of predicates ----------------------------------------------------------------------------------

    def _derive(self, group: frozenset[str], recursive: bool) -> None:
        rules = [rule for rule in self.rules if rule.head.predicate in group]
        for rule in rules:
            self._look_back(rule)
        if recursive:  # else no rule of the group looks at it, and evidence against may still lower what is recorded
            for predicate in group:
                self._put_all(predicate, self.recorded.in_force(predicate))
        found = {rule.id: dict.fromkeys(self._solutions(rule, ordered(rule), {})) for rule in rules}
        if recursive:
            self._close(group, rules, found)
        drawn: dict[Statement, list[Instance]] = {}
        for rule in rules:
            for binding in found[rule.id]:
                instance = self._instance(rule, binding)
                drawn.setdefault((rule.head.predicate, instance.conclusion), []).append(instance)
        known = {name: self.recorded.in_force(name) for name in group}
        recorded = {(name, args): fact for name, facts in known.items() for args, fact in facts.items()}
        for predicate in group:
            self._conclusions[predicate] = {}
        for (predicate, args), conclusion in weighed(drawn, recorded, recursive).items():
            self._conclusions[predicate][args] = conclusion
        for predicate in group:
            self._put_all(predicate, {**known[predicate], **self._conclusions[predicate]})

    def _look_back(self, rule: CheckedRule) -> None:
        """Store the events of the windows that a rule looks at."""
        for pattern in rule.patterns:
            within = rule.windows[pattern.relation]
            if within is not None:
                self._put_all(pattern.relation, self.recorded.in_force(pattern.predicate, within))

    def _put_all(self, relation: str, facts: Mapping[Args, BaseFact | Judgement]) -> None:
        for args, fact in facts.items():
            if fact.certainty > THRESHOLD:
                self.facts.put(relation, args, fact.certainty)

    def _solutions(self, rule: CheckedRule, conditions: Sequence[CheckedCondition], start: Binding) -> Iterator[Args]:
        """The bindings of a rule that extend a binding, each as its values in the order of the rule's variables."""
        for binding in bindings(conditions, start, self.facts):
            self._firings += 1
            if self._firings > _MOST_FIRINGS:
                message = f"rule {rule.id} used up the checker's budget of {_MOST_FIRINGS:,} firings"
                raise BudgetError(Issue("KZ401", message, rule.rule.location))
            yield tuple([binding[name] for name in rule.variables])

    def _instance(self, rule: CheckedRule, binding: Args) -> Instance:
        values = dict(zip(rule.variables, binding, strict=True))
        options = []
        for condition in rule.conditions:
            if isinstance(condition, Match):
                facts = tuple(self.facts.matching(condition.pattern, values))
                strongest = max(certainty for _, certainty in facts)
                equal = tuple(args for args, certainty in facts if certainty == strongest)
                options.append(Strongest(condition.pattern.relation, strongest, equal))
        weakest = min((option.certainty for option in options), default=1.0)
        return Instance(rule, binding, _args(rule.head, values), tuple(options), rule.rule.certainty * weakest)

    def _close(self, group: frozenset[str], rules: Sequence[CheckedRule], found: dict[str, dict[Args, None]]) -> None:
        """Add what follows from what follows, until nothing new does and no proof is better than the one before.

        A proof is never stronger than its weakest premise, so that a circle raises nothing.
        """
        best: dict[Statement, float] = {
            (predicate, args): recorded.certainty
            for predicate in group
            for args, recorded in self.recorded.in_force(predicate).items()
        }
        fresh = {rule.id: list(found[rule.id]) for rule in rules}
        while any(fresh.values()):
            raised: dict[Statement, float] = {}
            for rule in rules:
                for binding in fresh[rule.id]:
                    instance = self._instance(rule, binding)
                    key, strength = (rule.head.predicate, instance.conclusion), round(instance.strength, 9)
                    if strength > best.get(key, 0.0):
                        best[key] = strength
                        if strength > THRESHOLD:
                            raised[key] = strength
            for (predicate, args), strength in raised.items():
                self.facts.put(predicate, args, strength)
            fresh = {rule.id: list(dict.fromkeys(self._using(rule, raised))) for rule in rules}
            for name, solutions in fresh.items():
                found[name].update(dict.fromkeys(solutions))

    def _using(self, rule: CheckedRule, raised: Mapping[Statement, float]) -> Iterator[Args]:
        """The bindings of a rule with one of some facts as a premise."""
        for condition in rule.conditions:
            if isinstance(condition, Match):
                conditions = ordered(rule, condition.pattern.variables)
                for (predicate, args), certainty in raised.items():
                    if condition.pattern.relation == predicate:
                        start = extended(condition.pattern, args, certainty, {})
                        if start is not None:
                            yield from self._solutions(rule, conditions, start)


def _args(head: Pattern, values: Mapping[str, Value]) -> Args:
    return tuple(
        values[term.name] if isinstance(term, Variable) else term.value
        for term in head.terms
        if isinstance(term, Variable | Constant)
    )
