"""What an engine is given: positional arguments, canonical names, facts cut to the as-of date, rules in strata."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Literal, Self, TypeAlias

import msgspec

from kzexpert.model.knowledge import Fact, KnowledgeBase, Rule
from kzexpert.model.terms import Anonymous, Constant, Expression, GroundAtom, Shape, Term, Value, Variable

__all__ = [
    "Absence",
    "Aggregate",
    "Assignment",
    "BaseFact",
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
        relation: where an engine looks: the predicate's name, or ``name within 1 year`` for the facts of that window.
        predicate: its name.
        terms: one for each declared argument, in order.
        certainty: the variable that ``@`` binds, or None.
    """

    relation: str
    predicate: str
    terms: tuple[Term, ...]
    certainty: str | None = None

    def __str__(self) -> str:
        window = self.relation[len(self.predicate) :]
        tail = f" @ ?{self.certainty}" if self.certainty else ""
        return f"{self.predicate}({', '.join(map(str, self.terms))}){window}{tail}"

    @property
    def variables(self) -> Iterator[str]:
        """Names of its variables, in order, repeated where they are; the one of ``@`` comes last."""
        for term in self.terms:
            if isinstance(term, Variable):
                yield term.name
        if self.certainty:
            yield self.certainty

    @property
    def ground(self) -> GroundAtom | None:
        """The one statement that it matches; None where an argument is open."""
        args = tuple([term.value for term in self.terms if isinstance(term, Constant)])
        return GroundAtom(self.predicate, args) if len(args) == len(self.terms) else None

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
        needs: variables that must be bound before it can be evaluated.
        binds: variables that it binds; those among them that have a value already must take the same.
    """

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def binds(self) -> tuple[str, ...]:
        return ()

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
    def needs(self) -> tuple[str, ...]:
        return tuple(self.pattern.variables)


class Test(_Condition, frozen=True):
    """A comparison of bound values. One without a finite value (a division by zero) is false."""

    left: Expression
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.left.variables + self.right.variables

    def instance(self, values: Mapping[str, Value]) -> Self:
        return type(self)(self.left.instance(values), self.operator, self.right.instance(values))


class Assignment(_Condition, frozen=True):
    """Binds a variable to the value of an expression; fails when there is no finite value."""

    variable: str
    expression: Expression

    def __str__(self) -> str:
        return f"?{self.variable} = {self.expression}"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.expression.variables

    @property
    def binds(self) -> tuple[str, ...]:
        return (self.variable,)

    def instance(self, values: Mapping[str, Value]) -> Self:
        return type(self)(self.variable, self.expression.instance(values))


class Aggregate(_Condition, frozen=True):
    """Counts or folds over the bindings of its local variables.

    Attributes:
        variable: what the result binds, or is compared with where it is `bound` before.
        shared: variables that also stand elsewhere in the rule; bound before the aggregate is evaluated.
    """

    variable: str
    function: str
    over: str
    patterns: tuple[Pattern, ...]
    shared: tuple[str, ...]
    bound: bool = False

    def __str__(self) -> str:
        atoms = " and ".join(map(str, self.patterns))
        return f"?{self.variable} = {self.function}(?{self.over} for {atoms})"

    @property
    def needs(self) -> tuple[str, ...]:
        return (*self.shared, self.variable) if self.bound else self.shared

    @property
    def binds(self) -> tuple[str, ...]:
        return () if self.bound else (self.variable,)

    def instance(self, values: Mapping[str, Value]) -> Self:
        """Its own variables keep their names, whatever else is called so."""
        outer = {name: values[name] for name in self.shared if name in values}
        patterns = tuple(pattern.instance(outer) for pattern in self.patterns)
        shared = tuple(name for name in self.shared if name not in outer)
        return msgspec.structs.replace(self, patterns=patterns, shared=shared)


ProgramCondition: TypeAlias = Match | Absence | Test | Assignment | Aggregate


class ProgramRule(msgspec.Struct, frozen=True, dict=True, array_like=True):
    """A resolved rule.

    Attributes:
        rule: as written.
        head: its conclusion; every variable of it is bound.
        conditions: in the order of the author.
        order: indices of `conditions` in an order in which every variable is bound before it is used: the matches as
            written, then the others as soon as what they need is bound.
        variables: every variable of the rule that is not local to an aggregate, in order of first appearance.
    """

    rule: Rule
    head: Pattern
    conditions: tuple[ProgramCondition, ...]
    order: tuple[int, ...]
    variables: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.rule.id

    @cached_property
    def matches(self) -> tuple[Pattern, ...]:
        """The patterns of its positive conditions, in the order of the author."""
        return tuple(condition.pattern for condition in self.conditions if isinstance(condition, Match))


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
        strata: in an order in which each needs only those before it.
        base: relation → arguments → fact in force. A window of an event predicate is a relation of its own.
        assumed, withdrawn: what was added and removed, as text.
        shapes: predicate → what its statements must look like to matter; those that look like none of these may be
            missing. None where everything matters.
    """

    kb: KnowledgeBase
    as_of: date
    strata: tuple[Stratum, ...]
    base: Mapping[str, Mapping[tuple[Value, ...], BaseFact]]
    assumed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[Shape, ...]] | None = None

    @cached_property
    def rules(self) -> Mapping[str, ProgramRule]:
        """Rule by id."""
        return {rule.id: rule for stratum in self.strata for rule in stratum.rules}

    @cached_property
    def stratum_of(self) -> Mapping[str, Stratum]:
        """Concluded predicate → its stratum."""
        return {rule.head.predicate: stratum for stratum in self.strata for rule in stratum.rules}
