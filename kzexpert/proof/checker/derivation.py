"""Facts in force and rules → every conclusion with its certainty, its lines of evidence and its firings.

A second, naive evaluator of DESIGN §4 that shares nothing with the engines: bottom-up, group by group of predicates, as
far down as a goal reaches. It is slower than they are, and short enough to be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kzexpert.errors import BudgetError, Issue, KnowledgeBaseError
from kzexpert.model import (
    Aggregate,
    BaseFact,
    Expression,
    Firing,
    GroundAtom,
    KnowledgeBase,
    ProgramCondition,
    ProgramRule,
    RelationKey,
    Value,
    format_value,
)
from kzexpert.proof.build import Judgement, RelationFact, relation_fact
from kzexpert.proof.checker.expressions import Binding, value_of
from kzexpert.proof.checker.joins import Counted, FactStore, Statement, bindings, extended, parts
from kzexpert.proof.checker.recorded import Args, RecordedFacts
from kzexpert.proof.checker.rules import Monotone, components, monotone, ordered
from kzexpert.proof.checker.weights import THRESHOLD, Instance, Strongest, below, heights_of, weighed
from kzexpert.proof.document import Trace

__all__ = ["Derivation"]

_MOST_FIRINGS = 5_000_000


class Derivation:
    """All that follows from the facts in force, derived predicate by predicate when it is asked for.

    It is the grounds of the document that a trace should be; see `kzexpert.proof.build.Grounds`.

    Args:
        alone: where the rules and facts are those that a trace carries: that trace. What more would follow from them is
            left out, since what the trace does not carry may forbid it.
    """

    def __init__(
        self, kb: KnowledgeBase, rules: Iterable[ProgramRule], recorded: RecordedFacts, alone: Trace | None = None
    ) -> None:
        self.kb = kb
        self._stated = None if alone is None else alone.firings
        self._circles = alone.excerpt.circles if alone is not None and alone.excerpt else ()
        self._bindings: dict[str, tuple[list[str], set[tuple[str, ...]]]] = {}
        self.recorded = recorded
        self.facts = FactStore(recorded.day)
        self.rules = tuple(rules)
        self._conclusions: dict[str, dict[Args, Judgement]] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._heights: dict[Statement, int] = {}
        self._firings = 0

    def conclusions(self, predicate: str) -> Mapping[Args, Judgement]:
        """What rules conclude of a predicate, established or not."""
        if predicate not in self._conclusions:
            for group, recursive in components(self.rules, predicate, self._circles):
                if not group <= self._conclusions.keys():
                    self._derive(group, recursive)
        return self._conclusions[predicate]

    def circles(self, trace: Trace) -> Iterator[frozenset[str]]:
        """The groups of predicates that need each other, among those that a trace concludes."""
        names = {item.conclusion.partition("(")[0] for item in trace.conclusions}
        for name in sorted(names):
            group, recursive = components(self.rules, name, self._circles)[-1]
            if recursive:
                yield group

    # --- the grounds of a proof -----------------------------------------------------------------------------------

    def prepare(self, known: Sequence[RelationFact]) -> None:
        """Nothing: all that is asked for is at hand."""

    def record(self, known: RelationFact) -> BaseFact | None:
        return self.recorded.in_force(known.relation).get(known.args)

    def judgement(self, atom: GroundAtom) -> Judgement | None:
        return self.conclusions(atom.predicate).get(atom.args)

    def known_certainty(self, known: RelationFact) -> float | None:
        """How certain a fact is, or one of a window or a day; None when nothing is known of it."""
        judgement = self.judgement(known.atom) if isinstance(known.relation, str) else None
        found = judgement or self.record(known)
        return found.certainty if found else None

    def certainty(self, known: RelationFact) -> float:
        return self.known_certainty(known) or 0.0

    def counted(self, firing: Firing, aggregate: Aggregate) -> set[RelationFact]:
        found = parts(aggregate, firing.values, self.facts)
        if isinstance(aggregate, Monotone):
            statement = (firing.conclusion.predicate, firing.conclusion.args)
            counted = self._counted(firing.rule, aggregate, firing.values)
            lower = below(statement, self._heights)
            found = counted.among(lower) if counted.value(lower) is not None else found
        patterns = aggregate.body.matches
        return {
            relation_fact(pattern, args)
            for part in found
            for pattern, (_, args) in zip(patterns, part.facts, strict=True)
        }

    def value(self, expression: Expression, values: Mapping[str, Value]) -> Value | None:
        return value_of(expression, values, self.recorded.day)

    # --- one group of predicates ----------------------------------------------------------------------------------

    def _derive(self, group: frozenset[str], recursive: bool) -> None:
        rules = [monotone(rule, group) for rule in self.rules if rule.head.predicate in group]
        self._groups.update(dict.fromkeys(group, group))
        for rule in rules:
            self._look_back(rule)
        if recursive:  # else no rule of the group looks at it, and evidence against may still lower what is recorded
            for predicate in group:
                self._put_all(predicate, self.recorded.in_force(predicate))
        found = {rule.key: self._all_solutions(rule) for rule in rules}
        if recursive:
            self._close(group, rules, found)
            for rule in rules:
                self._refuse_negative(rule)
        drawn: dict[Statement, list[Instance]] = {}
        for rule in rules:
            for binding in found[rule.key]:
                instance = self._instance(rule, binding)
                drawn.setdefault(instance.statement, []).append(instance)
        known = {name: self.recorded.in_force(name) for name in group}
        recorded: dict[Statement, BaseFact] = {
            (name, args): fact for name, facts in known.items() for args, fact in facts.items()
        }
        heights = heights_of(drawn, recorded) if recursive else None
        self._heights.update(heights or {})
        judged = weighed(drawn, recorded, heights)
        for predicate in group:
            self._conclusions[predicate] = {args: item for (name, args), item in judged.items() if name == predicate}
            self._put_all(predicate, {**known[predicate], **self._conclusions[predicate]})

    def _look_back(self, rule: ProgramRule) -> None:
        """Store the events of windows and the dates on record that a rule looks at."""
        for pattern in rule.patterns:
            if not isinstance(pattern.relation, str):
                self._put_all(pattern.relation, self.recorded.in_force(pattern.relation))

    def _put_all(self, relation: RelationKey, facts: Mapping[Args, BaseFact | Judgement]) -> None:
        for args, fact in facts.items():
            if fact.certainty > THRESHOLD:
                self.facts.put(relation, args, fact.certainty)

    def _solutions(self, rule: ProgramRule, conditions: Sequence[ProgramCondition], start: Binding) -> Iterator[Args]:
        """The bindings of a rule that extend a binding, each as its values in the order of the rule's variables."""
        for binding in bindings(self.known(conditions), start, self.facts):
            self._firings += 1
            if self._firings > _MOST_FIRINGS:
                message = f"rule {rule.id} used up the checker's budget of {_MOST_FIRINGS:,} firings"
                raise BudgetError(Issue("KZ401", message, rule.rule.location))
            if self._stated is None or self._is_stated(rule, binding):
                yield tuple([binding[name] for name in rule.variables])

    def known(self, conditions: Sequence[ProgramCondition]) -> Sequence[ProgramCondition]:
        """The conditions that can be evaluated: of a trace alone none that denies what facts elsewhere may deny."""
        return conditions if self._stated is None else [item for item in conditions if not _denies_more(item)]

    def _is_stated(self, rule: ProgramRule, binding: Binding) -> bool:
        """Whether the trace has a firing of a rule with a binding, whatever a monotone aggregate comes to by now."""
        if rule.key not in self._bindings:
            grows = {item.variable for item in rule.conditions if isinstance(item, Monotone)}
            names = [name for name in rule.variables if name not in grows]
            stated = (item.binding for item in self._stated or () if item.rule == rule.id)
            told = {tuple(item[name] for name in names) for item in stated if item.keys() == {*rule.variables}}
            self._bindings[rule.key] = names, told
        names, told = self._bindings[rule.key]
        return tuple(format_value(binding[name]) for name in names) in told

    def _all_solutions(self, rule: ProgramRule) -> dict[Args, None]:
        """Every binding of a rule; what its monotone aggregates come to by now is asked last."""
        last = [item for item in rule.conditions if isinstance(item, Monotone)]
        return dict.fromkeys(self._solutions(rule, ordered(rule.conditions, last=last), {}))

    def _counted(self, rule: ProgramRule, aggregate: Monotone, values: Mapping[str, Value]) -> Counted:
        return Counted(rule, aggregate, values, self.facts, self._groups[rule.head.predicate])

    def _refuse_negative(self, rule: ProgramRule) -> None:
        """See that no sum over conclusions of its own group has met a negative value.

        Raises:
            KnowledgeBaseError: one has, so that the group has no single result (KZ406).
        """
        sums = [item for item in rule.conditions if isinstance(item, Monotone) and item.function == "sum"]
        after = {item.variable for item in rule.conditions if isinstance(item, Monotone)}
        before = [
            item
            for item in rule.conditions
            if not isinstance(item, Monotone) and after.isdisjoint((*item.needs, *item.binds))
        ]
        for binding in bindings(ordered(before), {}, self.facts) if sums else ():
            for aggregate in sums:
                for part in parts(aggregate, binding, self.facts):
                    if isinstance(part.value, float) and part.value < 0:
                        patterns = zip(aggregate.body.matches, part.facts, strict=True)
                        facts = " and ".join(str(relation_fact(pattern, args)) for pattern, (_, args) in patterns)
                        message = f"the sum of rule {rule.id} looks at its own conclusions, and meets a negative value"
                        issue = Issue("KZ406", f"{message}: {facts}", rule.rule.location)
                        raise KnowledgeBaseError(issue, texts=self.kb.texts)

    def _instance(self, rule: ProgramRule, binding: Args) -> Instance:
        values = dict(zip(rule.variables, binding, strict=True))
        options = []
        for pattern in rule.matches:
            facts = tuple(self.facts.matching(pattern, values))
            strongest = max(certainty for _, certainty in facts)
            equal = tuple(args for args, certainty in facts if certainty == strongest)
            options.append(Strongest(pattern.relation, strongest, equal))
        weakest = min((option.certainty for option in options), default=1.0)
        counted = tuple(self._counted(rule, item, values) for item in rule.conditions if isinstance(item, Monotone))
        strength = rule.rule.certainty * weakest
        return Instance(rule, binding, rule.head.row(values) or (), tuple(options), strength, counted)

    def _close(self, group: frozenset[str], rules: Sequence[ProgramRule], found: dict[str, dict[Args, None]]) -> None:
        """Add what follows from what follows, until nothing new does and no proof is better than the one before.

        A proof is never stronger than its weakest premise, so that a circle raises nothing.
        """
        best: dict[Statement, float] = {
            (predicate, args): recorded.certainty
            for predicate in group
            for args, recorded in self.recorded.in_force(predicate).items()
        }
        fresh = {rule.key: list(found[rule.key]) for rule in rules}
        while any(fresh.values()):
            raised: dict[Statement, float] = {}
            for rule in rules:
                for binding in fresh[rule.key]:
                    instance = self._instance(rule, binding)
                    key, strength = instance.statement, round(instance.strength, 9)
                    if strength > best.get(key, 0.0):
                        best[key] = strength
                        if strength > THRESHOLD:
                            raised[key] = strength
            for (predicate, args), strength in raised.items():
                self.facts.put(predicate, args, strength)
            fresh = {rule.key: list(dict.fromkeys(self._using(rule, raised))) for rule in rules} if raised else {}
            for rule in rules if raised else ():
                if _looks_at_group(rule):  # what its aggregates came to before is not the end of it
                    found[rule.key].clear()
                found[rule.key].update(dict.fromkeys(fresh[rule.key]))

    def _using(self, rule: ProgramRule, raised: Mapping[Statement, float]) -> Iterator[Args]:
        """The bindings of a rule with one of some facts as a premise; all of them where an aggregate may count it."""
        if _looks_at_group(rule):
            yield from self._all_solutions(rule)
            return
        for pattern in rule.matches:
            conditions = ordered(rule.conditions, pattern.variables)
            for (predicate, args), certainty in raised.items():
                start = extended(pattern, args, certainty, {}) if pattern.relation == predicate else None
                if start is not None:
                    yield from self._solutions(rule, conditions, start)


def _denies_more(condition: ProgramCondition) -> bool:
    """Whether it denies conditions that themselves deny or count something, so that more facts may make it hold."""
    denied = condition.denied
    return denied is not None and any(item.denied is not None or item.body is not None for item in denied.flat)


def _looks_at_group(rule: ProgramRule) -> bool:
    return any(isinstance(item, Monotone) for item in rule.conditions)
