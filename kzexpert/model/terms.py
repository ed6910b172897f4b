"""Values, terms, atoms and expressions: the words of facts, rules and questions. It knows no vocabulary."""

import re
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from kzexpert.errors import Location

__all__ = [
    "ANY",
    "NOWHERE",
    "Anonymous",
    "Argument",
    "Atom",
    "Constant",
    "Expression",
    "GroundAtom",
    "Operation",
    "Shape",
    "Term",
    "Value",
    "Variable",
    "Within",
    "format_number",
    "format_value",
]

#: A value of an argument: an entity's name or a text, a number (always a double), or a date.
if TYPE_CHECKING:
    Value: TypeAlias = str | float | date
else:
    # msgspec refuses a union of texts and dates, and reads a class by a hook instead: see `program.cache`.
    class _Values(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, str | float | date)

    class Value(metaclass=_Values):
        pass


#: What the arguments of a statement must be to matter; None where any value will do.
Shape: TypeAlias = tuple[Value | None, ...]


NOWHERE = Location("")


_BARE_WORD = re.compile(r"[^\W\d]\w*(?:[-.]\w+)*")


def format_number(number: float) -> str:
    """The number without a point when it is whole (1, 200000000), else its shortest exact form."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)


def format_value(value: Value) -> str:
    """The value as the atom grammar reads it back: a bare word where it can be one, else quoted."""
    if isinstance(value, str):
        if value != "_" and _BARE_WORD.fullmatch(value):
            return value
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, date) else format_number(value)


class Variable(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``?name``; the name is kept without its question mark."""

    name: str

    def __str__(self) -> str:
        return f"?{self.name}"


class Constant(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A value written in a rule or a pattern."""

    value: Value

    def __str__(self) -> str:
        return format_value(self.value)


class Anonymous(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``_``, or an argument that was left out: matches anything and binds nothing."""

    def __str__(self) -> str:
        return "_"


ANY = Anonymous()


Term: TypeAlias = Variable | Constant | Anonymous


class GroundAtom(msgspec.Struct, frozen=True, gc=False):
    """A statement without variables, such as ``member(Kazakhstan, CSTO)``: canonical names, arguments in order."""

    predicate: str
    args: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.predicate}({', '.join(map(format_value, self.args))})"


class Within(msgspec.Struct, frozen=True, array_like=True):
    """``within 2 years``: how far an event may lie behind the as-of date."""

    amount: int
    unit: Literal["day", "month", "year"]

    def __str__(self) -> str:
        return f"within {self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


class Argument(msgspec.Struct, frozen=True, array_like=True):
    """One argument as written: positional when `name` is None."""

    term: Term
    name: str | None = None
    location: Location = NOWHERE


class Atom(msgspec.Struct, frozen=True, array_like=True):
    """An atom as written; `kzexpert.program.resolve` puts its arguments in order and its names into canonical form."""

    predicate: str
    arguments: tuple[Argument, ...]
    within: Within | None = None
    location: Location = NOWHERE


class Operation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Arithmetic between two expressions."""

    operator: Literal["+", "-", "*", "/"]
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        sides = [f"({side})" if isinstance(side, Operation) else str(side) for side in (self.left, self.right)]
        return f"{sides[0]} {self.operator} {sides[1]}"


Expression: TypeAlias = Variable | Constant | Operation
