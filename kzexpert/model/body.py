"""The conditions that engines execute: what each looks up, needs, binds and computes, and those that hold together.

What an author wrote stands in `kzexpert.model.conditions`.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Self, TypeAlias

import msgspec

from kzexpert.model.pattern import Pattern
from kzexpert.model.terms import Anonymous, Expression, Operator, Term, Value, Variable, facing

__all__ = [
    "Absence",
    "Aggregate",
    "Assignment",
    "Body",
    "Conditions",
    "Exclusion",
    "Listing",
    "Match",
    "ProgramCondition",
    "Test",
]


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

    @property
    def demands(self) -> tuple[tuple[tuple[Expression, Operator, Expression], ...], ...]:
        """The comparisons that it makes: of each of these choices one must hold. None where it is more than that."""
        return ()

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

    @property
    def demands(self) -> tuple[tuple[tuple[Expression, Operator, Expression], ...], ...]:
        return (((self.left, self.operator, self.right),),)

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
    def demands(self) -> tuple[tuple[tuple[Expression, Operator, Expression], ...], ...]:
        operator: Operator = "!=" if self.negated else "="
        found = tuple((self.left, operator, value) for value in self.values)
        return tuple((one,) for one in found) if self.negated else (found,)

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
