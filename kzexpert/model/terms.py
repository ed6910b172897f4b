"""Values, terms, atoms and expressions: the words of facts, rules and questions. It knows no vocabulary."""

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from kzexpert.errors import Location

__all__ = [
    "ANY",
    "DATE_WORDS",
    "EXACT",
    "FLIPPED",
    "NOWHERE",
    "Anonymous",
    "Argument",
    "Atom",
    "Call",
    "Constant",
    "DateBinding",
    "Expression",
    "GroundAtom",
    "Operation",
    "Operator",
    "Relation",
    "RelationKey",
    "Shape",
    "Term",
    "Value",
    "Variable",
    "Within",
    "facing",
    "format_number",
    "format_value",
    "json_escapes",
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


#: Up to here every whole number is a double.
EXACT = 2.0**53

_BARE_WORD = re.compile(r"[^\W\d]\w*(?:[-.]\w+)*")


def format_number(number: float) -> str:
    """The number without a point when it is whole (1, 200000000), else its shortest exact form.

    A whole number beyond `EXACT` has a point or an exponent: the grammar refuses its digits alone, since doubles leave
    numbers out there.
    """
    return str(int(number)) if number.is_integer() and abs(number) <= EXACT else repr(number)


def format_value(value: Value) -> str:
    """The value as the atom grammar reads it back: a bare word where it can be one, else quoted."""
    if isinstance(value, str):
        if value != "_" and _BARE_WORD.fullmatch(value):
            return value
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, date) else format_number(value)


#: What a terminal would obey, or what reorders the text around it: DEL and C1 controls, line ends, marks of direction.
_HIDDEN = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"


def json_escapes(text: str) -> str:
    """A JSON text with what does not show in it as escapes. JSON itself asks for that only below U+0020."""
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_HIDDEN, lambda found: f"\\u{ord(found[0]):04X}", text)


class Variable(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``?name``; the name is kept without its question mark. A ``_`` that tells facts apart has a name with ``#``."""

    name: str

    def __str__(self) -> str:
        return "_" if self.name.startswith("#") else f"?{self.name}"

    @property
    def variables(self) -> tuple[str, ...]:
        """Its own name; of every term and expression, the names of its variables in order, repeated where they are."""
        return (self.name,)

    def instance(self, values: Mapping[str, Value]) -> "Variable | Constant":
        """The term or expression with a constant for each variable that has a value."""
        return Constant(values[self.name]) if self.name in values else self


class Constant(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A value written in a rule or a pattern."""

    value: Value

    def __str__(self) -> str:
        return format_value(self.value)

    @property
    def variables(self) -> tuple[str, ...]:
        """None; see `Variable.variables`."""
        return ()

    def instance(self, values: Mapping[str, Value]) -> "Constant":
        """Itself; see `Variable.instance`."""
        return self


class Anonymous(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """``_``, or an argument that was left out: matches anything and binds nothing."""

    def __str__(self) -> str:
        return "_"

    @property
    def variables(self) -> tuple[str, ...]:
        """None; see `Variable.variables`."""
        return ()

    def instance(self, values: Mapping[str, Value]) -> "Anonymous":
        """Itself; see `Variable.instance`."""
        return self


ANY = Anonymous()


Term: TypeAlias = Variable | Constant | Anonymous


class GroundAtom(msgspec.Struct, frozen=True, gc=False):
    """A statement without variables, such as ``member(Kazakhstan, CSTO)``: canonical names, arguments in order."""

    predicate: str
    args: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.predicate}({', '.join(map(format_value, self.args))})"


class Within(msgspec.Struct, frozen=True, array_like=True, order=True):
    """``within 2 years``: how far an event may lie behind the as-of date."""

    amount: int
    unit: Literal["day", "month", "year"]

    def __str__(self) -> str:
        return f"within {self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


#: What a date on record can be bound by, in the order in which a pattern has them.
DATE_WORDS = ("since", "until", "on")
#: One of `DATE_WORDS`, and the name of the variable that takes the date.
DateBinding: TypeAlias = tuple[str, str]


class Relation(msgspec.Struct, frozen=True, array_like=True, cache_hash=True):
    """The recorded facts of a predicate as some conditions look at them. Conclusions have no dates, and are none of it.

    Attributes:
        within: only events in a window that ends on the as-of date.
        dates: which of `DATE_WORDS` are further columns, in their order; facts without such a date are left out.
    """

    predicate: str
    within: Within | None = None
    dates: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [self.predicate, *([str(self.within)] if self.within else []), *self.dates]
        return " ".join(parts)

    def __lt__(self, other: "Relation | str") -> bool:
        return str(self) < str(other)

    def __gt__(self, other: "Relation | str") -> bool:
        return str(self) > str(other)


#: Where facts are looked up: all of a predicate by its name, or a relation.
RelationKey: TypeAlias = str | Relation


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
    dates: tuple[DateBinding, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of its variables, in order, repeated where they are; those of dates come last."""
        names = [name for argument in self.arguments for name in argument.term.variables]
        return (*names, *(name for _, name in self.dates))


class Operation(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Arithmetic between two expressions."""

    operator: Literal["+", "-", "*", "/"]
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        sides = [f"({side})" if isinstance(side, Operation) else str(side) for side in (self.left, self.right)]
        return f"{sides[0]} {self.operator} {sides[1]}"

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Variable.variables`."""
        return self.left.variables + self.right.variables

    def instance(self, values: Mapping[str, Value]) -> "Operation":
        """See `Variable.instance`."""
        return Operation(self.operator, self.left.instance(values), self.right.instance(values))


class Call(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A function of the table `kzexpert.model.functions.FUNCTIONS` with its arguments.

    ``?day + 30 days`` is a call of ``add_days``, and prints as it was written.
    """

    function: str
    arguments: tuple["Expression", ...]

    def __str__(self) -> str:
        unit = _UNITS.get(self.function)
        if unit is None:
            return f"{self.function}({', '.join(map(str, self.arguments))})"
        day, amount = self.arguments
        sign, shown = "+", str(amount)
        if isinstance(amount, Constant) and shown.startswith("-"):
            sign, shown = "-", shown[1:]
        elif isinstance(amount, Operation):
            shown = f"({shown})"
        return f"{day} {sign} {shown} {unit}{'' if shown == '1' else 's'}"

    @property
    def variables(self) -> tuple[str, ...]:
        """See `Variable.variables`."""
        return tuple(name for argument in self.arguments for name in argument.variables)

    def instance(self, values: Mapping[str, Value]) -> "Call":
        """See `Variable.instance`."""
        return Call(self.function, tuple(argument.instance(values) for argument in self.arguments))


_UNITS = {"add_days": "day", "add_months": "month", "add_years": "year"}
Expression: TypeAlias = Variable | Constant | Operation | Call

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "starts with", "ends with", "contains"]
#: An operator as it reads from right to left, where it can.
FLIPPED: Mapping[str, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def facing(
    variable: str, left: Expression, operator: Operator, right: Expression
) -> tuple[Operator, Expression] | None:
    """How a variable that stands alone on one side is compared, and with what; None where it stands so on neither."""
    if left == Variable(variable):
        return operator, right
    return (FLIPPED[operator], left) if right == Variable(variable) and operator in FLIPPED else None
