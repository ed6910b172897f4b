"""The conditions of a rule as its author wrote them. What they mean is said in `kzexpert.model.program`."""

from typing import Literal, TypeAlias

import msgspec

from kzexpert.errors import Location
from kzexpert.model.terms import NOWHERE, Atom, Expression

__all__ = ["Aggregation", "Comparison", "Condition", "Negation", "Premise"]


class Premise(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A positive condition: an atom, and with ``@ ?c`` the variable that takes the matched fact's certainty."""

    atom: Atom
    text: str
    certainty: str | None = None
    location: Location = NOWHERE


class Negation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``not atom``: holds when no established fact matches."""

    atom: Atom
    text: str
    location: Location = NOWHERE


class Comparison(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``left op right``; with ``=`` and one lone unbound variable it binds that variable."""

    left: Expression
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    right: Expression
    text: str
    location: Location = NOWHERE


class Aggregation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``?result = function(?over for atom and atom ...)``."""

    result: str
    function: Literal["count", "sum", "min", "max"]
    over: str
    premises: tuple[Premise, ...]
    text: str
    location: Location = NOWHERE


Condition: TypeAlias = Premise | Negation | Comparison | Aggregation
