"""The conditions of a rule as its author wrote them. What they mean is said in `kzexpert.model.program`.

Each has `atoms`, those that it looks at, with the variable of ``@`` or None; and `variables`, the names of its
variables in order of appearance, repeated where they are. `looks` says in which way it looks at facts.
"""

from typing import ClassVar, Literal, TypeAlias

import msgspec

from kzexpert.errors import Location
from kzexpert.model.terms import NOWHERE, Atom, Expression

__all__ = ["Aggregation", "Comparison", "Condition", "Looks", "Negation", "Premise"]


Looks: TypeAlias = Literal["positive", "negation", "aggregate"]


class Premise(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A positive condition: an atom, and with ``@ ?c`` the variable that takes the matched fact's certainty."""

    looks: ClassVar[Looks] = "positive"

    atom: Atom
    text: str
    certainty: str | None = None
    location: Location = NOWHERE

    @property
    def atoms(self) -> tuple[tuple[Atom, str | None], ...]:
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
    def atoms(self) -> tuple[tuple[Atom, str | None], ...]:
        return ((self.atom, None),)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.atom.variables


class Comparison(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``left op right``; with ``=`` and one lone unbound variable it binds that variable."""

    looks: ClassVar[Looks] = "positive"

    left: Expression
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    right: Expression
    text: str
    location: Location = NOWHERE

    @property
    def atoms(self) -> tuple[tuple[Atom, str | None], ...]:
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        return self.left.variables + self.right.variables


class Aggregation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``?result = function(?over for atom and atom ...)``; the function is one of `AGGREGATES`."""

    looks: ClassVar[Looks] = "aggregate"

    result: str
    function: str
    over: str
    premises: tuple[Premise, ...]
    text: str
    location: Location = NOWHERE

    @property
    def atoms(self) -> tuple[tuple[Atom, str | None], ...]:
        return tuple((premise.atom, premise.certainty) for premise in self.premises)

    @property
    def variables(self) -> tuple[str, ...]:
        """The result comes first; what is folded over stands in the premises."""
        return (self.result, *(name for premise in self.premises for name in premise.variables))


Condition: TypeAlias = Premise | Negation | Comparison | Aggregation
