"""The conditions of a rule as its author wrote them. What they mean is said in `kzexpert.model.program`.

Each has `atoms`, those that it looks at, with the variable of ``@`` or None; `variables`, the names of its variables in
order of appearance, repeated where they are; `text`, how it was written; and `looks`, in which way it looks at facts.
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import product
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import msgspec

from kzexpert.errors import Location
from kzexpert.model.aggregates import AGGREGATES
from kzexpert.model.terms import FLIPPED, NOWHERE, Atom, Constant, Expression, Operator, Variable, facing

__all__ = [
    "Aggregation",
    "Block",
    "Comparison",
    "Condition",
    "Either",
    "Looks",
    "Meanings",
    "Membership",
    "Negation",
    "Premise",
    "alternatives",
]

Atoms: TypeAlias = tuple[tuple[Atom, str | None], ...]

Looks: TypeAlias = Literal["positive", "negation", "aggregate"]


class Meanings(Protocol):
    """What the names in conditions stand for."""

    def atom(self, atom: Atom, certainty: str | None = None) -> str:
        """An atom as text, with its names."""

    def expressions(self, condition: "Condition") -> tuple[Expression, ...]:
        """The expressions of a condition, with their names."""


class _Surface(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What every condition can say of itself, so that others need not know its kind."""

    looks: ClassVar[Looks] = "positive"

    #: What a message calls it.
    called: ClassVar[str] = "a comparison"

    #: Whether it takes a fact for each of its bindings, so that it binds what stands in it.
    matches: ClassVar[bool] = False

    #: The variable that takes what is folded, and what folds it; "" where nothing is.
    result: ClassVar[str] = ""
    function: ClassVar[str] = ""

    @property
    def inner(self) -> tuple["Condition", ...]:
        """The conditions inside, in order."""
        return ()

    @property
    def choices(self) -> tuple[tuple["Condition", ...], ...]:
        """What may hold instead of it, each choice a list of conditions; empty where there is nothing to choose."""
        return ()

    @property
    def flat(self) -> Iterator["Condition"]:
        """The condition itself, and then those inside of it, however deep."""
        yield self  # type: ignore[misc]
        for condition in self.inner:
            yield from condition.flat

    @property
    def own_atoms(self) -> Atoms:
        """The atoms that it looks at itself, not by a condition inside."""
        return ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions that it computes itself."""
        return ()

    @property
    def comparisons(self) -> tuple[tuple[Expression, Operator, Expression], ...]:
        """What it compares, of which one must hold, or none."""
        return ()

    @property
    def equates(self) -> tuple[tuple[Expression, Expression], ...]:
        """Both ways to read an ``=``: what takes the value, and what gives it."""
        return ()

    @property
    def readings(self) -> tuple["Condition", ...]:
        """The ways to write the same: itself, and with its sides exchanged."""
        return (self,)  # type: ignore[return-value]

    @property
    def atoms(self) -> Atoms:
        return self.own_atoms + tuple(atom for condition in self.inner for atom in condition.atoms)

    @property
    def required(self) -> Atoms:
        """The atoms without a fact for each of which it can never hold."""
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for condition in self.inner for name in condition.variables)

    def facing(self, variable: str) -> tuple[Operator, Expression] | None:
        """What a variable that stands alone on one side is compared with, and how; None where none does."""
        return None

    @property
    def written(self) -> Any:
        """As a file of rules has it: a text, or a mapping of one key."""
        return self.text  # type: ignore[attr-defined]

    @abstractmethod
    def said(self, meanings: Meanings) -> str:
        """The condition as the grammar reads it, the sides of an ``=`` sorted."""


class Premise(_Surface, frozen=True, array_like=True, tag=True):
    """A positive condition: an atom, and with ``@ ?c`` the variable that takes the matched fact's certainty."""

    called: ClassVar[str] = "a condition"

    matches: ClassVar[bool] = True

    atom: Atom
    text: str
    certainty: str | None = None
    location: Location = NOWHERE

    @property
    def own_atoms(self) -> Atoms:
        return ((self.atom, self.certainty),)

    @property
    def required(self) -> Atoms:
        return self.own_atoms

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.atom.variables, *((self.certainty,) if self.certainty else ()))

    def said(self, meanings: Meanings) -> str:
        return meanings.atom(self.atom, self.certainty)


class Negation(_Surface, frozen=True, array_like=True, tag=True):
    """``not atom``: holds when no established fact matches."""

    looks: ClassVar[Looks] = "negation"

    called: ClassVar[str] = "a negation"

    atom: Atom
    text: str
    location: Location = NOWHERE

    @property
    def own_atoms(self) -> Atoms:
        return ((self.atom, None),)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.atom.variables

    def said(self, meanings: Meanings) -> str:
        return f"not {meanings.atom(self.atom)}"


class Comparison(_Surface, frozen=True, array_like=True, tag=True):
    """``left op right``; with ``=`` and one lone unbound variable it binds that variable."""

    left: Expression
    operator: Operator
    right: Expression
    text: str
    location: Location = NOWHERE

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.left, self.right)

    @property
    def comparisons(self) -> tuple[tuple[Expression, Operator, Expression], ...]:
        return ((self.left, self.operator, self.right),)

    @property
    def readings(self) -> tuple["Condition", ...]:
        flipped = FLIPPED.get(self.operator)
        return (self, Comparison(self.right, flipped, self.left, self.text)) if flipped else (self,)

    @property
    def equates(self) -> tuple[tuple[Expression, Expression], ...]:
        return ((self.left, self.right), (self.right, self.left)) if self.operator == "=" else ()

    @property
    def variables(self) -> tuple[str, ...]:
        return self.left.variables + self.right.variables

    def facing(self, variable: str) -> tuple[Operator, Expression] | None:
        return facing(variable, self.left, self.operator, self.right)

    def said(self, meanings: Meanings) -> str:
        sides = list(map(str, meanings.expressions(self)))
        return f" {self.operator} ".join(sorted(sides) if self.operator in ("=", "!=") else sides)


class Membership(_Surface, frozen=True, array_like=True, tag=True):
    """``left in (value, ...)``, or ``left not in (value, ...)``."""

    called: ClassVar[str] = "a list"

    left: Expression
    values: tuple[Variable | Constant, ...]
    negated: bool
    text: str
    location: Location = NOWHERE

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.left, *self.values)

    @property
    def comparisons(self) -> tuple[tuple[Expression, Operator, Expression], ...]:
        return tuple((self.left, "=", value) for value in self.values)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.left.variables + tuple(name for value in self.values for name in value.variables)

    def said(self, meanings: Meanings) -> str:
        left, *values = map(str, meanings.expressions(self))
        return f"{left} {'not ' * self.negated}in ({', '.join(values)})"


class Aggregation(_Surface, frozen=True, array_like=True, tag=True):
    """``?result = function(over for atom and condition ...)``; its body begins with an atom."""

    looks: ClassVar[Looks] = "aggregate"

    called: ClassVar[str] = "an aggregate"

    result: str  # type: ignore[misc]
    function: str  # type: ignore[misc]
    over: Expression
    body: tuple["Condition", ...]
    text: str
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return self.body

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.over,)

    @property
    def variables(self) -> tuple[str, ...]:
        """The result comes first; what is folded over stands in the body."""
        return (self.result, *(name for condition in self.body for name in condition.variables))

    @property
    def required(self) -> Atoms:
        return self.atoms if AGGREGATES[self.function].over_nothing is None else ()

    def said(self, meanings: Meanings) -> str:
        body = " and ".join(condition.said(meanings) for condition in self.body)
        return f"?{self.result} = {self.function}({self.over} for {body})"


class Block(_Surface, frozen=True, array_like=True, tag=True):
    """``not:`` with a list of conditions, or an item of ``unless:``: they do not hold together."""

    looks: ClassVar[Looks] = "negation"

    conditions: tuple["Condition", ...]
    keyword: Literal["not", "unless"]
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return self.conditions

    @property
    def called(self) -> str:  # type: ignore[override]
        return "an exception" if self.keyword == "unless" else "a block that says not"

    @property
    def text(self) -> str:
        return f"{self.keyword}: {_listed(self.conditions)}"

    @property
    def written(self) -> dict[str, list[Any]]:
        return {self.keyword: [condition.written for condition in self.conditions]}

    def said(self, meanings: Meanings) -> str:
        return f"{self.keyword}: {_said(self.conditions, meanings)}"


class Either(_Surface, frozen=True, array_like=True, tag=True):
    """``either:`` with a list of alternatives, each a list of conditions that hold together."""

    alternatives: tuple[tuple["Condition", ...], ...]
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return tuple(condition for alternative in self.alternatives for condition in alternative)

    @property
    def choices(self) -> tuple[tuple["Condition", ...], ...]:
        return self.alternatives

    @property
    def text(self) -> str:
        return f"either: {' | '.join(map(_listed, self.alternatives))}"

    @property
    def written(self) -> dict[str, list[Any]]:
        return {"either": [[condition.written for condition in chosen] for chosen in self.alternatives]}

    def said(self, meanings: Meanings) -> str:
        return f"either: {' | '.join(_said(alternative, meanings) for alternative in self.alternatives)}"


Condition: TypeAlias = Premise | Negation | Comparison | Membership | Aggregation | Block | Either


def _listed(conditions: tuple[Condition, ...]) -> str:
    return conditions[0].text if len(conditions) == 1 else f"[{', '.join(condition.text for condition in conditions)}]"


def _said(conditions: tuple[Condition, ...], meanings: Meanings) -> str:
    return f"[{', '.join(condition.said(meanings) for condition in conditions)}]"


def alternatives(conditions: tuple[Condition, ...]) -> list[tuple[tuple[int, ...], tuple[Condition, ...]]]:
    """Every way to choose an alternative of each ``either:``, those inside of others included.

    Returns:
        For each way the numbers of the alternatives, from 0, in the order of the blocks; and the conditions that must
        hold then, in the order of the author.
    """
    choices = [_choices(condition) for condition in conditions]
    found = []
    for chosen in product(*choices):
        numbers = tuple(number for numbers, _ in chosen for number in numbers)
        found.append((numbers, tuple(item for _, items in chosen for item in items)))
    return found


def _choices(condition: Condition) -> list[tuple[tuple[int, ...], tuple[Condition, ...]]]:
    if not condition.choices:
        return [((), (condition,))]
    return [
        ((number, *numbers), items)
        for number, alternative in enumerate(condition.choices)
        for numbers, items in alternatives(alternative)
    ]
