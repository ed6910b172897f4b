"""The conditions of a rule as its author wrote them. What they mean is said in `kzexpert.model.program`.

Each has `atoms`, those that it looks at, with the variable of ``@`` or None; `variables`, the names of its variables in
order of appearance, repeated where they are; `text`, how it was written; and `looks`, in which way it looks at facts.
"""

from itertools import product
from typing import ClassVar, Literal, TypeAlias

import msgspec

from kzexpert.errors import Location
from kzexpert.model.terms import NOWHERE, Atom, Constant, Expression, Operator, Variable

__all__ = [
    "Aggregation",
    "Block",
    "Comparison",
    "Condition",
    "Either",
    "Looks",
    "Membership",
    "Negation",
    "Premise",
    "alternatives",
]

Atoms: TypeAlias = tuple[tuple[Atom, str | None], ...]

Looks: TypeAlias = Literal["positive", "negation", "aggregate"]


class Premise(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A positive condition: an atom, and with ``@ ?c`` the variable that takes the matched fact's certainty."""

    looks: ClassVar[Looks] = "positive"

    atom: Atom
    text: str
    certainty: str | None = None
    location: Location = NOWHERE

    @property
    def atoms(self) -> Atoms:
        return ((self.atom, self.certainty),)

    @property
    def variables(self) -> tuple[str, ...]:
        return (*self.atom.variables, *((self.certainty,) if self.certainty else ()))


class Negation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``not atom``: holds when no established fact matches."""

    looks: ClassVar[Looks] = "negation"

    atom: Atom
    text: str
    location: Location = NOWHERE

    @property
    def atoms(self) -> Atoms:
        return ((self.atom, None),)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.atom.variables


class Comparison(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``left op right``; with ``=`` and one lone unbound variable it binds that variable."""

    looks: ClassVar[Looks] = "positive"

    left: Expression
    operator: Operator
    right: Expression
    text: str
    location: Location = NOWHERE

    @property
    def atoms(self) -> Atoms:
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        return self.left.variables + self.right.variables


class Membership(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``left in (value, ...)``, or ``left not in (value, ...)``."""

    looks: ClassVar[Looks] = "positive"

    left: Expression
    values: tuple[Variable | Constant, ...]
    negated: bool
    text: str
    location: Location = NOWHERE

    @property
    def atoms(self) -> Atoms:
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        return self.left.variables + tuple(name for value in self.values for name in value.variables)


class _Nested(msgspec.Struct, frozen=True, array_like=True):
    """A condition with others inside."""

    @property
    def inner(self) -> tuple["Condition", ...]:
        """The conditions inside, in order."""
        return ()

    @property
    def atoms(self) -> Atoms:
        return tuple(atom for condition in self.inner for atom in condition.atoms)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(name for condition in self.inner for name in condition.variables)


class Aggregation(_Nested, frozen=True, array_like=True, tag=True):
    """``?result = function(over for atom and condition ...)``; its body begins with an atom."""

    looks: ClassVar[Looks] = "aggregate"

    result: str
    function: str
    over: Expression
    body: tuple["Condition", ...]
    text: str
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return self.body

    @property
    def variables(self) -> tuple[str, ...]:
        """The result comes first; what is folded over stands in the body."""
        return (self.result, *(name for condition in self.body for name in condition.variables))


class Block(_Nested, frozen=True, array_like=True, tag=True):
    """``not:`` with a list of conditions, or an item of ``unless:``: they do not hold together."""

    looks: ClassVar[Looks] = "negation"

    conditions: tuple["Condition", ...]
    keyword: Literal["not", "unless"]
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return self.conditions

    @property
    def text(self) -> str:
        return f"{self.keyword}: {_listed(self.conditions)}"


class Either(_Nested, frozen=True, array_like=True, tag=True):
    """``either:`` with a list of alternatives, each a list of conditions that hold together."""

    looks: ClassVar[Looks] = "positive"

    alternatives: tuple[tuple["Condition", ...], ...]
    location: Location = NOWHERE

    @property
    def inner(self) -> tuple["Condition", ...]:
        return tuple(condition for alternative in self.alternatives for condition in alternative)

    @property
    def text(self) -> str:
        return f"either: {' | '.join(map(_listed, self.alternatives))}"


Condition: TypeAlias = Premise | Negation | Comparison | Membership | Aggregation | Block | Either


def _listed(conditions: tuple[Condition, ...]) -> str:
    return conditions[0].text if len(conditions) == 1 else f"[{', '.join(condition.text for condition in conditions)}]"


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
    if not isinstance(condition, Either):
        return [((), (condition,))]
    return [
        ((number, *numbers), items)
        for number, alternative in enumerate(condition.alternatives)
        for numbers, items in alternatives(alternative)
    ]
