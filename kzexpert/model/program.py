"""What an engine is given: positional arguments, canonical names, facts cut to the as-of date, rules in strata."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import ClassVar, Self, TypeAlias

import msgspec

from kzexpert.model.conditions import Condition, alternatives
from kzexpert.model.knowledge import Fact, KnowledgeBase, Rule
from kzexpert.model.terms import (
    Anonymous,
    Constant,
    Expression,
    GroundAtom,
    Operator,
    Relation,
    RelationKey,
    Shape,
    Term,
    Value,
    Variable,
    facing,
)

__all__ = [
    "Absence",
    "Aggregate",
    "Assignment",
    "BaseFact",
    "Body",
    "Conditions",
    "Exclusion",
    "Listing",
    "Match",
    "Pattern",
    "Program",
    "ProgramCondition",
    "ProgramRule",
    "Stratum",
    "Test",
]


class Pattern(msgspec.Struct, frozen=True, array_like=True):
    """A resolved atom.

    Attributes:
        relation: where an engine looks: the predicate's name, or the part of its records that is meant.
        predicate: its name.
        terms: one for each declared argument, in order, and then one for each date that the relation has.
        certainty: the variable that ``@`` binds, or None.
    """

    relation: RelationKey
    predicate: str
    terms: tuple[Term, ...]
    certainty: str | None = None

    def __str__(self) -> str:
        tail = ""
        if isinstance(self.relation, Relation):
            tail = f" {self.relation.within}" if self.relation.within else ""
            tail += "".join(f" {word} {term}" for word, term in zip(self.relation.dates, self.dates, strict=True))
        tail += f" @ ?{self.certainty}" if self.certainty else ""
        return f"{self.predicate}({', '.join(map(str, self.arguments))}){tail}"

    @property
    def arity(self) -> int:
        """The number of arguments of its predicate."""
        return len(self.terms) - (len(self.relation.dates) if isinstance(self.relation, Relation) else 0)

    @property
    def arguments(self) -> tuple[Term, ...]:
        """The terms that stand for the arguments of its predicate."""
        return self.terms[: self.arity]

    @property
    def dates(self) -> tuple[Term, ...]:
        """The terms that take dates on record."""
        return self.terms[self.arity :]

    @property
    def variables(self) -> Iterator[str]:
        """Names of its variables, in order, repeated where they are; the one of ``@`` comes last."""
        for term in self.terms:
            if isinstance(term, Variable):
                yield term.name
        if self.certainty:
            yield self.certainty

    @property
    def fixed(self) -> dict[int, Value]:
        """Place → value, where it has one."""
        return {place: term.value for place, term in enumerate(self.terms) if isinstance(term, Constant)}

    @property
    def row(self) -> tuple[Value, ...] | None:
        """The one row of its relation that it matches; None where a term is open."""
        args = tuple([term.value for term in self.terms if isinstance(term, Constant)])
        return args if len(args) == len(self.terms) else None

    @property
    def ground(self) -> GroundAtom | None:
        """The one statement that it matches; None where a term is open."""
        row = self.row
        return None if row is None else GroundAtom(self.predicate, row[: self.arity])

    @classmethod
    def of(cls, relation: RelationKey, row: tuple[Value, ...]) -> "Pattern":
        """The pattern that one row of a relation alone matches."""
        predicate = relation.predicate if isinstance(relation, Relation) else relation
        return cls(relation, predicate, tuple(map(Constant, row)))

    @property
    def undated(self) -> "Pattern":
        """The same arguments, whatever the window and the dates on record."""
        return Pattern(self.predicate, self.predicate, self.arguments)

    @property
    def open(self) -> bool:
        """Whether an argument may be anything, so that several statements can satisfy it under one binding."""
        return any(isinstance(term, Anonymous) for term in self.terms)

    def matches(self, args: tuple[Value, ...]) -> bool:
        """Whether a statement of its predicate is an instance of it; a repeated variable must take one value."""
        bound: dict[str, Value] = {}
        for term, value in zip(self.terms, args, strict=True):
            if isinstance(term, Constant):
                if term.value != value:
                    return False
            elif isinstance(term, Variable) and bound.setdefault(term.name, value) != value:
                return False
        return True

    def instance(self, values: Mapping[str, Value]) -> "Pattern":
        """The pattern with the variables that have a value replaced by it."""
        terms = tuple([term.instance(values) for term in self.terms])
        return Pattern(self.relation, self.predicate, terms, None if self.certainty in values else self.certainty)


class _Condition(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What every condition can say of itself, so that others need not know its kind.

    Attributes:
        patterns: what it looks facts up by.
        expressions: what it computes itself, not by a condition inside.
        needs: variables that must be bound before it can be evaluated.
        binds: variables that it binds; those among them that have a value already must take the same.
        variable: what takes the value that it computes or folds; "" where it does neither.
        body: the conditions inside, which have variables of their own; None where there are none.
        function: what it folds with; "" where it folds nothing.
    """

    body: ClassVar["Body | None"] = None
    variable: ClassVar[str] = ""
    function: ClassVar[str] = ""

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()

    @property
    def match(self) -> Pattern | None:
        """The pattern that a fact must match for it to hold; None where it holds otherwise."""
        return None

    @property
    def denied(self) -> "Body | None":
        """What must not hold together for it to hold; None where it holds otherwise."""
        return None

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def binds(self) -> tuple[str, ...]:
        return ()

    @property
    def compares(self) -> bool:
        """Whether it is a matter of bound values alone."""
        return not self.patterns and not self.binds

    @property
    def computes(self) -> bool:
        """Whether it makes a value that stands in no fact."""
        return bool(self.binds) and not self.patterns

    @property
    def joinable(self) -> bool:
        """Whether a join can say it: it has nothing inside and computes nothing."""
        return self.body is None and not self.computes

    @property
    def connects(self) -> tuple[str, ...]:
        """Variables of which it lets few combinations stand, as an ``=`` does, and no other comparison."""
        return (*self.needs, *self.binds) if self.binds and self.body is None else ()

    @property
    def orders(self) -> tuple[Expression, Expression] | None:
        """The two sides of which one must be greater; None where nothing is."""
        return None

    def facing(self, variable: str) -> tuple[Operator, Expression] | None:
        """What a variable that stands alone on one side is compared with, and how; None where none does."""
        return None

    @abstractmethod
    def instance(self, values: Mapping[str, Value]) -> Self:
        """The condition with the variables that have a value replaced by it; what binds a variable still names it."""

    @abstractmethod
    def __str__(self) -> str:
        """The condition as the grammar reads it."""


class _Lookup(_Condition, frozen=True):
    """A condition on the facts that match one pattern."""

    pattern: Pattern

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return (self.pattern,)

    def instance(self, values: Mapping[str, Value]) -> Self:
        return type(self)(self.pattern.instance(values))


class Match(_Lookup, frozen=True):
    """Some established fact matches the pattern."""

    @property
    def match(self) -> Pattern:
        return self.pattern

    def __str__(self) -> str:
        return str(self.pattern)

    @property
    def binds(self) -> tuple[str, ...]:
        return tuple(self.pattern.variables)


class Absence(_Lookup, frozen=True):
    """No established fact matches the pattern."""

    def __str__(self) -> str:
        return f"not {self.pattern}"

    @property
    def denied(self) -> "Body":
        return Body((Match(self.pattern),), (0,), ())

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(self.pattern.variables)


class Test(_Condition, frozen=True):
    """A comparison of bound values. One without a finite value (a division by zero) is false."""

    left: Expression
    operator: Operator
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return self.left, self.right

    @property
    def needs(self) -> tuple[str, ...]:
        return self.left.variables + self.right.variables

    @property
    def connects(self) -> tuple[str, ...]:
        return self.needs if self.operator == "=" else ()

    @property
    def orders(self) -> tuple[Expression, Expression] | None:
        return (self.left, self.right) if self.operator in ("<", "<=", ">", ">=") else None

    def facing(self, variable: str) -> tuple[Operator, Expression] | None:
        return facing(variable, self.left, self.operator, self.right)

    def instance(self, values: Mapping[str, Value]) -> Self:
        return type(self)(self.left.instance(values), self.operator, self.right.instance(values))


class Assignment(_Condition, frozen=True):
    """Binds a variable to the value of an expression; fails when there is no finite value."""

    variable: str  # type: ignore[misc]
    expression: Expression

    def __str__(self) -> str:
        return f"?{self.variable} = {self.expression}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.expression,)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.expression.variables

    @property
    def binds(self) -> tuple[str, ...]:
        return (self.variable,)

    def instance(self, values: Mapping[str, Value]) -> Self:
        return type(self)(self.variable, self.expression.instance(values))


class Listing(_Condition, frozen=True):
    """The value of an expression is one of some values, or none of them. Without a finite value it does not hold."""

    left: Expression
    values: tuple[Expression, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.left} {'not ' * self.negated}in ({', '.join(map(str, self.values))})"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return self.left, *self.values

    @property
    def needs(self) -> tuple[str, ...]:
        return self.left.variables + tuple(name for value in self.values for name in value.variables)

    def instance(self, values: Mapping[str, Value]) -> Self:
        found = tuple(value.instance(values) for value in self.values)
        return type(self)(self.left.instance(values), found, self.negated)


class Conditions(msgspec.Struct, frozen=True, dict=True, array_like=True):
    """Conditions that hold together: those of a rule, or those inside of another condition.

    Attributes:
        conditions: in the order of the author.
        order: indices of `conditions` in an order in which every variable is bound before it is used: the matches as
            written, then the others as soon as what they need is bound.
        variables: every variable that is not local to one of the conditions, in order of first appearance.
    """

    conditions: tuple["ProgramCondition", ...]
    order: tuple[int, ...]
    variables: tuple[str, ...]

    @cached_property
    def matches(self) -> tuple[Pattern, ...]:
        """The patterns of its positive conditions, in the order of the author."""
        return tuple(found for condition in self.conditions if (found := condition.match) is not None)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The indices of its positive conditions."""
        return tuple(place for place, condition in enumerate(self.conditions) if condition.match is not None)

    @cached_property
    def matched(self) -> tuple[str, ...]:
        """The variables that its positive conditions bind, each once."""
        return tuple(dict.fromkeys(name for pattern in self.matches for name in pattern.variables))

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """What its conditions look facts up by, inner ones included."""
        return tuple(pattern for condition in self.conditions for pattern in condition.patterns)

    @cached_property
    def aggregates(self) -> "Mapping[int, Aggregate]":
        """Its aggregates by their indices."""
        return {place: item for place, item in enumerate(self.conditions) if isinstance(item, Aggregate)}

    @property
    def flat(self) -> "Iterator[ProgramCondition]":
        """Its conditions, each followed by those inside of it."""
        for condition in self.conditions:
            yield condition
            if condition.body is not None:
                yield from condition.body.flat

    def tests_of(self, variable: str) -> "tuple[ProgramCondition, ...]":
        """Its comparisons of a variable."""
        return tuple(item for item in self.conditions if item.compares and variable in item.needs)


class Body(Conditions, frozen=True, dict=True, array_like=True):
    """Conditions inside of another one; what that one shares is bound before, and the variables are its own ones."""

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))

    def named(self) -> "Body":
        """The body with a variable of its own for each ``_`` of its matches, so that it tells facts apart."""
        names: list[str] = []
        found: list[ProgramCondition] = []
        for condition in self.conditions:
            pattern = condition.match
            if pattern is not None and pattern.open:
                terms: list[Term] = []
                for term in pattern.terms:
                    if isinstance(term, Anonymous):
                        names.append(f"#{len(names)}")
                        term = Variable(names[-1])
                    terms.append(term)
                condition = Match(msgspec.structs.replace(pattern, terms=tuple(terms)))
            found.append(condition)
        return Body(tuple(found), self.order, (*self.variables, *names))

    def instance(self, values: Mapping[str, Value]) -> "Body":
        return Body(tuple(condition.instance(values) for condition in self.conditions), self.order, self.variables)


class _Bodied(_Condition, frozen=True):
    """A condition with others inside; `shared` are the variables of the rule that stand in them."""

    body: Body  # type: ignore[misc]
    shared: tuple[str, ...]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return self.body.patterns

    @property
    def needs(self) -> tuple[str, ...]:
        return self.shared

    def instance(self, values: Mapping[str, Value]) -> Self:
        """Its own variables keep their names, whatever else is called so."""
        outer = {name: values[name] for name in self.shared if name in values}
        shared = tuple(name for name in self.shared if name not in outer)
        return msgspec.structs.replace(self, body=self.body.instance(outer), shared=shared)


class Exclusion(_Bodied, frozen=True):
    """No binding of its own variables satisfies all conditions of the body."""

    def __str__(self) -> str:
        return f"not ({self.body})"

    @property
    def denied(self) -> Body:
        return self.body


class Aggregate(_Bodied, frozen=True, kw_only=True):
    """Folds the value of an expression over the bindings of its body.

    Attributes:
        variable: what the result binds, or is compared with where it is `bound` before.
        shared: variables that also stand elsewhere in the rule; bound before the aggregate is evaluated.
    """

    variable: str  # type: ignore[misc]
    function: str  # type: ignore[misc]
    over: Expression
    bound: bool = False

    def __str__(self) -> str:
        return f"?{self.variable} = {self.function}({self.over} for {self.body})"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.over,)

    @property
    def needs(self) -> tuple[str, ...]:
        return (*self.shared, self.variable) if self.bound else self.shared

    @property
    def binds(self) -> tuple[str, ...]:
        return () if self.bound else (self.variable,)

    def instance(self, values: Mapping[str, Value]) -> Self:
        outer = {name: values[name] for name in self.shared if name in values}
        return msgspec.structs.replace(super().instance(values), over=self.over.instance(outer))


ProgramCondition: TypeAlias = Match | Absence | Test | Listing | Assignment | Exclusion | Aggregate


class ProgramRule(Conditions, frozen=True, dict=True, array_like=True):
    """A resolved rule.

    Attributes:
        rule: as written.
        head: its conclusion; every variable of it is bound.
        choice: the number of the alternative of each ``either:``, from 0.
        variant: which of the rule's conclusions and choices this is, from 0.
    """

    rule: Rule
    head: Pattern
    choice: tuple[int, ...] = ()
    variant: int = 0

    @property
    def id(self) -> str:
        """Of the rule; variants share it, since they are one line of evidence."""
        return self.rule.id

    @cached_property
    def when(self) -> tuple[Condition, ...]:
        """The condition of the rule behind each of `conditions`, in the same order.

        They are those of the alternatives that were chosen; a block that denies alternatives stands once for each.
        """
        chosen = dict(alternatives(self.rule.when))[self.choice]
        return tuple(
            item
            for item in chosen
            for _ in (alternatives(item.inner) if item.inner and item.looks == "negation" else range(1))
        )

    @cached_property
    def instance_places(self) -> tuple[int, ...]:
        """The places in a binding of the variables that stand outside of alternatives, in the order of their names.

        Variants that agree there are one instance of a rule with ``each: true``: alternatives never add up.
        """
        outside = {name for atom in self.rule.then for name in atom.variables}
        outside.update(name for item in self.rule.when if not item.choices for name in item.variables)
        return tuple(self.variables.index(name) for name in sorted(outside.intersection(self.variables)))

    @cached_property
    def key(self) -> str:
        """Tells the variants of all rules apart: no id holds a space."""
        return f"{self.rule.id} {self.variant}" if self.variant else self.rule.id


class Stratum(msgspec.Struct, frozen=True):
    """One strongly connected component of the dependency graph with the rules that conclude its predicates.

    Attributes:
        recursive: whether a rule of it uses a predicate of it; then the best proof counts.
    """

    predicates: tuple[str, ...]
    rules: tuple[ProgramRule, ...]
    recursive: bool


class BaseFact(msgspec.Struct, frozen=True):
    """A recorded or assumed fact in force, with every row that states it, the most certain first."""

    atom: GroundAtom
    certainty: float
    rows: tuple[Fact, ...]
    assumed: bool = False


class Program(msgspec.Struct, frozen=True, dict=True):
    """What an engine is given: a snapshot of the facts and the rules in strata.

    Attributes:
        as_of_reason: where the day comes from, in words; empty where it was given.
        strata: in an order in which each needs only those before it.
        base: relation → arguments, and dates where it has them → fact in force.
        assumed, withdrawn: what was added and removed, as text.
        shapes: predicate → what its statements must look like to matter; those that look like none of these may be
            missing. None where everything matters.
    """

    kb: KnowledgeBase
    as_of: date
    strata: tuple[Stratum, ...]
    base: Mapping[RelationKey, Mapping[tuple[Value, ...], BaseFact]]
    assumed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[Shape, ...]] | None = None
    as_of_reason: str = ""

    @cached_property
    def rules(self) -> Mapping[str, ProgramRule]:
        """Rule by key."""
        return {rule.key: rule for stratum in self.strata for rule in stratum.rules}

    @cached_property
    def tells_time(self) -> bool:
        """Whether a rule looks at the as-of date itself."""
        return any("as_of()" in str(item) for rule in self.rules.values() for item in rule.conditions)

    @cached_property
    def stratum_of(self) -> Mapping[str, Stratum]:
        """Concluded predicate → its stratum."""
        return {rule.head.predicate: stratum for stratum in self.strata for rule in stratum.rules}
