"""The functions of expressions: one row each, with their types and what they compute. It knows no engine.

Numbers are doubles, and every function is computed from exact steps, so that databases can take the same steps and come
to the same last bit. A function that has no value for its arguments gives None, and the condition then fails.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias

import msgspec

from kzexpert.model.terms import Value, format_number

__all__ = [
    "FORMAT",
    "FUNCTIONS",
    "SHIFTS",
    "TEXT_OPERATORS",
    "Function",
    "ValueType",
    "called",
    "shifted_months",
    "shown",
]

#: What an argument may be. ``text`` takes texts and names of entities, ``same`` numbers or dates, all of one type.
ValueType: TypeAlias = Literal["number", "date", "text", "same", "any"]


class Function(msgspec.Struct, frozen=True):
    """One row of the table.

    Attributes:
        takes: the type of each argument.
        gives: the type of the value; ``same`` is that of the arguments.
        compute: from the values of the arguments to the value; None where there is none.
        optional: how many of the last arguments may be left out.
        repeats: whether the last argument may be repeated.
    """

    takes: tuple[ValueType, ...]
    gives: ValueType
    compute: Callable[..., Value | None]
    optional: int = 0
    repeats: bool = False

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        least, most = len(self.takes) - self.optional, len(self.takes)
        if self.repeats:
            return f"{least} or more arguments"
        if least != most:
            return f"{least} or {most} arguments"
        return f"{most} argument{'' if most == 1 else 's'}" if most else "no arguments"

    def accepts(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        most = math.inf if self.repeats else len(self.takes)
        return len(self.takes) - self.optional <= count <= most

    def type_of(self, index: int) -> ValueType:
        """The type of the argument at a place."""
        return self.takes[min(index, len(self.takes) - 1)]


def _finite(number: float) -> float | None:
    return number + 0.0 if math.isfinite(number) else None  # -0.0 becomes 0


def _whole(number: float) -> float:
    """The nearest whole number; halves go away from zero. The fraction is exact, unlike that of ``number + 0.5``."""
    size = abs(number)
    below = float(math.floor(size)) if size < 2.0**52 else size
    return math.copysign(below + 1.0 if size - below >= 0.5 else below, number)


def _round(number: float, digits: float = 0.0) -> float | None:
    if not digits.is_integer() or abs(digits) > 15:
        return None
    scale = 10.0 ** abs(digits)
    scaled = number * scale if digits >= 0 else number / scale
    if not math.isfinite(scaled):
        return None
    return _finite(_whole(scaled) / scale if digits >= 0 else _whole(scaled) * scale)


def _mod(number: float, divisor: float) -> float | None:
    """What is left of a division, with the sign of the divisor."""
    if divisor == 0.0:
        return None
    rest = math.fmod(number, divisor)
    return _finite(rest + divisor if rest and (rest < 0.0) != (divisor < 0.0) else rest)


def _div(number: float, divisor: float) -> float | None:
    """The whole part of a division, rounded down."""
    if divisor == 0.0 or not math.isfinite(number / divisor):
        return None
    return _floor(number / divisor)


def _floor(number: float) -> float:
    return float(math.floor(number)) + 0.0 if abs(number) < 2.0**52 else number


def _ceil(number: float) -> float:
    return float(math.ceil(number)) + 0.0 if abs(number) < 2.0**52 else number


def _least(*values: Any) -> Any:
    return min(values)


def _greatest(*values: Any) -> Any:
    return max(values)


#: How a template may show a number: with commas between thousands, to so many decimals, as a percentage.
FORMAT = re.compile(r",?(?:\.[0-9]{1,2}[f%])?")


def shown(value: Value) -> str:
    """A value as plain text: a number as it prints, a date as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else format_number(value)


def _days(start: date, end: date) -> float:
    return float((end - start).days)


def _years(start: date, end: date) -> float:
    """Whole years gone by; who was born on 29 February is a year older on 1 March where that day is missing."""
    if start > end:
        return 0.0 - _years(end, start)
    return float(end.year - start.year - ((end.month, end.day) < (start.month, start.day)))


def _shifted_days(day: date, amount: float) -> date | None:
    if not amount.is_integer():
        return None
    ordinal = day.toordinal() + amount
    return date.fromordinal(int(ordinal)) if 1 <= ordinal <= date.max.toordinal() else None


def shifted_months(day: date, amount: float) -> date | None:
    """The same day of another month, or its last day where it has no such day; None before year 1 and after 9999."""
    months = day.year * 12 + day.month - 1 + amount
    if not amount.is_integer() or not 12 <= months < 120_000:
        return None
    year, month = divmod(int(months), 12)
    last = 31 if month == 11 else (date(year, month + 2, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _shifted_years(day: date, amount: float) -> date | None:
    return shifted_months(day, amount * 12.0) if amount.is_integer() else None


#: ``?d + 30 days`` is a call of the function of its unit; with a minus the amount is negated.
SHIFTS = {"day": "add_days", "month": "add_months", "year": "add_years"}

#: By name. ``as_of`` is the one whose value depends on the run: engines put the as-of date in its place.
FUNCTIONS: dict[str, Function] = {
    "abs": Function(("number",), "number", lambda x: abs(x)),
    "round": Function(("number", "number"), "number", _round, optional=1),
    "floor": Function(("number",), "number", _floor),
    "ceil": Function(("number",), "number", _ceil),
    "mod": Function(("number", "number"), "number", _mod),
    "div": Function(("number", "number"), "number", _div),
    "least": Function(("same", "same"), "same", _least, repeats=True),
    "greatest": Function(("same", "same"), "same", _greatest, repeats=True),
    "length": Function(("text",), "number", lambda text: float(len(text))),
    "lower": Function(("text",), "text", lambda text: text.lower()),
    "upper": Function(("text",), "text", lambda text: text.upper()),
    "join": Function(("any",), "text", lambda *values: "".join(map(shown, values)), repeats=True),
    "year": Function(("date",), "number", lambda day: float(day.year)),
    "month": Function(("date",), "number", lambda day: float(day.month)),
    "days": Function(("date", "date"), "number", _days),
    "years": Function(("date", "date"), "number", _years),
    "as_of": Function((), "date", lambda: None),
    "add_days": Function(("date", "number"), "date", _shifted_days),
    "add_months": Function(("date", "number"), "date", shifted_months),
    "add_years": Function(("date", "number"), "date", _shifted_years),
}

#: Comparisons of texts: the left one, and what is looked for in it.
TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "starts with": str.startswith,
    "ends with": str.endswith,
    "contains": str.__contains__,
}


def called(function: str, values: Sequence[Value | None]) -> Value | None:
    """The value of a function; None where it has none, or where an argument has none."""
    return None if None in values else FUNCTIONS[function].compute(*values)
