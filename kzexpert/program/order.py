"""A rule as written → rules that engines can run: names resolved, variables typed, an order in which all is bound.

One rule becomes one for each of its conclusions and each choice of alternatives. It decides nothing about how to join:
that is each engine's own. A rule that cannot be planned comes back as issues.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    AGGREGATES,
    Absence,
    Aggregate,
    Aggregation,
    Anonymous,
    Assignment,
    Atom,
    Block,
    Body,
    Comparison,
    Condition,
    Exclusion,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Listing,
    Match,
    Membership,
    Negation,
    Pattern,
    Premise,
    ProgramCondition,
    ProgramRule,
    Rule,
    Test,
    Variable,
    alternatives,
)
from kzexpert.program.resolve import Types, resolve_atom, resolve_fact
from kzexpert.program.values import Values

__all__ = ["PlannedBase", "RulePlan", "plan_rule", "planned"]

#: So many choices of alternatives a rule may have.
_MOST_CHOICES = 64


class RulePlan(msgspec.Struct, frozen=True, array_like=True):
    """What engines run of a rule.

    Attributes:
        variants: one for each conclusion and choice of alternatives; none where something is wrong.
        issues: all that is wrong with its names, types and variables.
    """

    rule: Rule
    variants: tuple[ProgramRule, ...] = ()
    issues: tuple[Issue, ...] = ()


class PlannedBase(KnowledgeBase, frozen=True, dict=True, array_like=True):
    """A knowledge base whose rules are planned: loading makes it once, and the checks and every snapshot use it.

    Attributes:
        plans: those of its rules in their order. Where the rules are replaced, `planned` makes the plans that are
            lacking; where its predicates or entities are to be others, begin with a `KnowledgeBase`.
    """

    plans: tuple[RulePlan, ...] = ()

    __repr__ = KnowledgeBase.__repr__

    @cached_property
    def stated(self) -> Mapping[GroundAtom, Sequence[Fact]]:
        """What is recorded, and the rows that state it.

        Raises:
            KnowledgeBaseError: a row that states nothing, had the checks been left out.
        """
        rows: dict[GroundAtom, list[Fact]] = {}
        for fact in self.facts:
            atom, issues = resolve_fact(self, fact)
            if atom is None:
                raise KnowledgeBaseError(*issues, texts=self.texts)
            rows.setdefault(atom, []).append(fact)
        return rows


def planned(kb: KnowledgeBase) -> PlannedBase:
    """A knowledge base with the plans of all its rules; one that has them is given back as it is."""
    known = {id(plan.rule): plan for plan in kb.plans} if isinstance(kb, PlannedBase) else {}
    plans = tuple(known.get(id(rule)) or plan_rule(kb, rule) for rule in kb.rules)
    if isinstance(kb, PlannedBase) and plans == kb.plans:
        return kb
    fields = {name: getattr(kb, name) for name in KnowledgeBase.__struct_fields__}
    return PlannedBase(**fields, plans=plans)


def plan_rule(kb: KnowledgeBase, rule: Rule) -> RulePlan:
    """Resolve a rule and order its conditions."""
    names = _Names(kb, rule)
    issues = names.issues
    heads = [names.pattern(atom) for atom in rule.then]
    for atom, head in zip(rule.then, heads, strict=True):
        if head is not None:
            issues.extend(_open_arguments(kb, atom, head))
    many = _choices(rule.when)
    if many > _MOST_CHOICES:
        message = f"the alternatives of the rule can be chosen in {many:,} ways; the most is {_MOST_CHOICES}"
        issues.append(
            Issue("KZ221", message, rule.location, "split the rule, or give some alternatives a rule of their own")
        )
        return RulePlan(rule, issues=tuple(issues))
    outer = _variables_of(rule.then)
    plans = [(choice, _Sequence(names, chosen, outer)) for choice, chosen in alternatives(rule.when)]
    issues.extend(_issues_of(plans))
    if issues:
        return RulePlan(rule, issues=tuple(issues))
    found: list[ProgramRule] = []
    for choice, plan in plans:
        program = plan.conditions()
        for head in heads:
            assert head is not None
            found.append(ProgramRule(*program, tuple(plan.variables), rule, head, choice, len(found)))
    return RulePlan(rule, tuple(found))


def _issues_of(plans: Sequence[tuple[tuple[int, ...], "_Sequence"]]) -> Iterator[Issue]:
    """What is wrong with the conditions, each thing once; with the alternative where it is wrong there only."""
    found: dict[Issue, list[tuple[int, ...]]] = {}
    for choice, plan in plans:
        for issue in dict.fromkeys(plan.issues):
            found.setdefault(issue, []).append(choice)
    for issue, choices in found.items():
        if len(choices) < len(plans):
            chosen = " and ".join(str(number + 1) for number in choices[0])
            issue = msgspec.structs.replace(issue, message=f"{issue.message} in alternative {chosen}")
        yield issue


def _open_arguments(kb: KnowledgeBase, atom: Atom, head: Pattern) -> Iterator[Issue]:
    specs = kb.predicate[head.predicate].args
    for spec, term in zip(specs, head.terms, strict=True):
        if isinstance(term, Anonymous):
            message = f"the conclusion leaves {spec.name} of {head.predicate} open"
            yield Issue("KZ207", message, atom.location, "give it a value or a variable that a condition binds")


def _variables_of(atoms: Iterable[Atom]) -> set[str]:
    return {name for atom in atoms for name in atom.variables}


def _choices(conditions: Sequence[Condition]) -> int:
    """How many choices of alternatives there are; those inside of blocks that say no count as well."""
    many = 1
    for condition in conditions:
        if condition.choices:
            many *= sum(map(_choices, condition.choices))
        else:
            many = max(many, _choices(condition.inner))
    return many


class _Names:
    """The atoms and expressions of one rule with their meaning, each resolved once."""

    def __init__(self, kb: KnowledgeBase, rule: Rule) -> None:
        self.issues: list[Issue] = []
        self.rule = rule
        self._kb = kb
        self._patterns: dict[tuple[Atom, str | None], Pattern | None] = {}
        for condition in rule.when:
            for atom, certainty in condition.atoms:
                self.pattern(atom, certainty)
        for atom in rule.then:
            self.pattern(atom)
        types = Types(kb, rule)
        self.issues.extend(types.issues)
        self.values = Values(kb, types, rule, self.issues)

    def pattern(self, atom: Atom, certainty: str | None = None) -> Pattern | None:
        """None where something is wrong with the atom."""
        key = atom, certainty
        if key not in self._patterns:
            self._patterns[key], found = resolve_atom(self._kb, atom, certainty)
            self.issues.extend(found)
        return self._patterns[key]


class _Sequence:
    """The conditions of a rule, or those inside of one of its conditions: their order, and what cannot be bound.

    Matches bind first. Then, in the order of the author and again until nothing moves, every other condition is taken
    whose variables are bound; ``=`` with one lone unbound variable binds it.

    Args:
        outer: variables that stand outside as well: in the conclusions, or in the rest of the rule.
        inside: what the conditions stand inside of, for messages; None for those of the rule itself.

    Attributes:
        variables: those of the rule, or of this part of it alone, that are not local to one of its conditions.
    """

    def __init__(
        self,
        names: _Names,
        conditions: tuple[Condition, ...],
        outer: set[str],
        inside: Condition | None = None,
    ) -> None:
        self.issues: list[Issue] = []
        self._names = names
        self._conditions = conditions
        self._outer = outer
        self._inside = inside
        self._order: list[int] = []
        self._binds: dict[int, str] = {}
        self._shared: dict[int, tuple[str, ...]] = {}
        stands = Counter(name for condition in conditions for name in {*condition.variables})
        stands.update(outer)
        given = outer if inside is not None else set()
        self._positive = given | {name for condition in conditions if condition.matches for name in condition.variables}
        found: list[str] = []
        for index, condition in enumerate(conditions):
            listed = list(dict.fromkeys(condition.variables))
            if condition.inner:
                shared = [name for name in listed if stands[name] > 1 and name != condition.result]
                self._shared[index] = tuple(shared)
                if condition.result:
                    self._check_aggregation(condition, shared)
                listed = [name for name in listed if name in shared or name == condition.result]
            found.extend(listed)
        self.variables = [name for name in dict.fromkeys(found) if name not in given]
        self._arrange()
        for index, condition in enumerate(conditions):
            if condition.inner:
                for part in self._bodies(index, condition):
                    self.issues.extend(part.issues)

    def _check_aggregation(self, condition: Condition, shared: list[str]) -> None:
        inner = {name for item in condition.inner for name in item.variables}
        folded = [name for expression in condition.expressions for name in expression.variables]
        if condition.result in inner or condition.result in folded:
            message = f"?{condition.result} is the result of the aggregate and appears inside it"
            self.issues.append(Issue("KZ218", message, condition.location, "give the result a name of its own"))
        for name in dict.fromkeys(folded):
            if name not in inner:
                message = f"?{name} does not occur in the conditions of the aggregate"
                self.issues.append(Issue("KZ218", message, condition.location, did_you_mean(name, sorted(inner))))
        for name in shared:
            if name not in self._positive:
                message = f"?{name} appears inside the aggregate and elsewhere, but no positive condition binds it"
                hint = f"bind ?{name} by a condition of its own, or rename the one inside"
                self.issues.append(Issue("KZ206", message, condition.location, hint))

    def _arrange(self) -> None:
        bound = set(self._positive)
        pending: list[int] = []
        for index, condition in enumerate(self._conditions):
            (self._order if condition.matches else pending).append(index)
        moved = True
        while pending and moved:
            moved = False
            for index in list(pending):
                if self._ready(index, bound):
                    pending.remove(index)
                    self._order.append(index)
                    moved = True
        self._report_unbound(pending, bound)

    def _ready(self, index: int, bound: set[str]) -> bool:
        condition = self._conditions[index]
        if condition.result:
            if condition.result not in bound:
                self._binds[index] = condition.result
                bound.add(condition.result)
            return True
        open_names = {*self._shared.get(index, condition.variables)} - bound
        if not open_names:
            return True
        if len(open_names) == 1:
            (name,) = open_names
            for side, other in condition.equates:
                if side == Variable(name) and name not in other.variables:
                    self._binds[index] = name
                    bound.add(name)
                    return True
        return False

    def _report_unbound(self, pending: list[int], bound: set[str]) -> None:
        reported = set()
        for index in pending:
            condition = self._conditions[index]
            for name in dict.fromkeys(self._shared.get(index, condition.variables)):
                if name not in bound and name not in reported:
                    reported.add(name)
                    message = f"?{name} appears in {condition.called}, but no positive condition binds it"
                    hint = self._binding_hint(name, bound, condition)
                    self.issues.append(Issue("KZ206", message, condition.location, hint))
        if self._inside is not None:
            return
        for atom in self._names.rule.then:
            for argument in atom.arguments:
                name = argument.term.name if isinstance(argument.term, Variable) else ""
                if name and name not in bound and name not in reported:
                    reported.add(name)
                    message = f"?{name} appears in the conclusion, but no condition binds it"
                    location = argument.location if argument.location.file else atom.location
                    hint = self._binding_hint(name, bound, None)
                    self.issues.append(Issue("KZ206", message, location, hint))

    @staticmethod
    def _binding_hint(name: str, bound: set[str], condition: Condition | None) -> str:
        hint = did_you_mean(f"?{name}", [f"?{known}" for known in sorted(bound)])
        if hint:
            return hint
        if condition is not None and condition.looks == "negation" and not condition.inner:
            if [*condition.variables].count(name) > 1:
                inner = condition.text.removeprefix("not").strip()
                return f"a block keeps ?{name} to itself: not: [{inner!r}]; with _ it would say something else"
            return f"add a condition that binds ?{name}, or write _ where it may be anything"
        if condition is not None and condition.inner:
            return f"bind ?{name} by a condition outside, or rename it where it is meant to be another one"
        return f"add a condition that binds ?{name}"

    # --- what engines get ---------------------------------------------------------------------------------------------

    def conditions(self) -> tuple[tuple[ProgramCondition, ...], tuple[int, ...]]:
        """The conditions for engines, and their order; once there are no issues."""
        found: list[ProgramCondition] = []
        places: list[list[int]] = []
        for index, condition in enumerate(self._conditions):
            made = list(self._made(index, condition))
            places.append([len(found) + offset for offset in range(len(made))])
            found.extend(made)
        order = tuple(place for index in self._order for place in places[index])
        return tuple(found), order

    def _made(self, index: int, condition: Condition) -> Iterator[ProgramCondition]:
        values = self._names.values
        if isinstance(condition, Premise):
            yield Match(self._pattern(condition.atom, condition.certainty))
        elif isinstance(condition, Negation):
            yield Absence(self._pattern(condition.atom))
        elif isinstance(condition, Membership):
            left, *listed = values.expressions(condition)
            yield Listing(left, tuple(listed), condition.negated)
        elif isinstance(condition, Comparison):
            left, right = values.expressions(condition)
            name = self._binds.get(index)
            if name is None:
                yield Test(left, condition.operator, right)
            else:
                yield Assignment(name, right if left == Variable(name) else left)
        elif isinstance(condition, Aggregation):
            (part,) = self._bodies(index, condition)
            body = part.body()
            yield Aggregate(
                body=body.named() if AGGREGATES[condition.function].adds else body,
                shared=self._shared[index],
                variable=condition.result,
                function=condition.function,
                over=condition.over,
                bound=index not in self._binds,
            )
        else:
            assert isinstance(condition, Block)  # alternatives were chosen before
            for part in self._bodies(index, condition):
                body, shared = part.body(), self._shared[index]
                simple = _single(body, shared)
                yield Exclusion(body, shared) if simple is None else Absence(simple)

    def _bodies(self, index: int, condition: Condition) -> list["_Sequence"]:
        """The conditions inside, for each choice of their alternatives."""
        outer = {*self._shared[index]}
        return [_Sequence(self._names, conditions, outer, condition) for _, conditions in alternatives(condition.inner)]

    def body(self) -> Body:
        """The conditions as those inside of another one."""
        return Body(*self.conditions(), tuple(self.variables))

    def _pattern(self, atom: Atom, certainty: str | None = None) -> Pattern:
        pattern = self._names.pattern(atom, certainty)
        assert pattern is not None
        return pattern


def _single(body: Body, shared: Sequence[str]) -> Pattern | None:
    """The pattern that nothing may match, where the body is one atom whose own variables stand there once."""
    pattern = body.conditions[0].match
    if len(body.conditions) > 1 or pattern is None or pattern.certainty:
        return None
    own = Counter(name for name in pattern.variables if name not in shared)
    if any(times > 1 for times in own.values()):
        return None
    terms = tuple(Anonymous() if isinstance(term, Variable) and term.name in own else term for term in pattern.terms)
    return msgspec.structs.replace(pattern, terms=terms)
