"""The values of expressions and what comparisons of them say: the checker's own arithmetic on numbers, texts and days.

Every function is written here a second time, and in another way where there is one, so that a mistake in the table of
functions shows as a difference. No text is evaluated.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import floor, isfinite
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from typing import Any, TypeAlias

from kzexpert.model import Call, Constant, Expression, Value, Variable, format_number

__all__ = ["Binding", "compared", "shifted", "value_of"]

Binding: TypeAlias = Mapping[str, Value]

_ARITHMETIC: Mapping[str, Callable[[Any, Any], float]] = {"+": add, "-": sub, "*": mul, "/": truediv}


def value_of(expression: Expression, binding: Binding, day: date) -> Value | None:
    """The value of an expression; None where there is no finite one.

    Args:
        day: the as-of date.
    """
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return binding[expression.name]
    if isinstance(expression, Call):
        if expression.function == "as_of":
            return day
        values = [value_of(argument, binding, day) for argument in expression.arguments]
        return None if any(value is None for value in values) else _FUNCTIONS[expression.function](*values)
    left: Any = value_of(expression.left, binding, day)
    right: Any = value_of(expression.right, binding, day)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    return _finite(_ARITHMETIC[expression.operator](left, right))


def compared(operator: str, left: Any, right: Any) -> bool:
    """Whether a comparison holds; without a value on a side it does not."""
    return left is not None and right is not None and _COMPARISONS[operator](left, right)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "starts with": lambda text, part: text[: len(part)] == part,
    "ends with": lambda text, part: text[len(text) - len(part) :] == part if len(part) <= len(text) else False,
    "contains": lambda text, part: text.find(part) >= 0,
}


def _finite(number: float) -> float | None:
    return number + 0.0 if isfinite(number) else None  # there is no negative zero


def _nearest(number: Fraction) -> int:
    """The nearest whole number; of two equally near ones the one further from 0."""
    size = floor(abs(number) + Fraction(1, 2))
    return size if number > 0 else -size


def _round(number: float, digits: float = 0.0) -> float | None:
    if digits != floor(digits) or not -15 <= digits <= 15:
        return None
    scale = float(10 ** abs(int(digits)))
    scaled = number * scale if digits >= 0 else number / scale
    if not isfinite(scaled):
        return None
    whole = float(_nearest(Fraction(scaled)))
    return _finite(whole / scale if digits >= 0 else whole * scale)


def _mod(number: float, divisor: float) -> float | None:
    if divisor == 0:
        return None
    return _finite(float(Fraction(number) - floor(Fraction(number) / Fraction(divisor)) * Fraction(divisor)))


def _div(number: float, divisor: float) -> float | None:
    quotient = number / divisor if divisor != 0 else None
    return None if quotient is None or not isfinite(quotient) else _finite(float(floor(quotient)))


def _join(*values: Value) -> str:
    return "".join(
        value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else format_number(value)
        for value in values
    )


def _years(start: date, end: date) -> float:
    """Completed years. Who was born on 29 February completes one on 1 March where there is no such day."""
    if end < start:
        return -_years(end, start) + 0.0
    leap = start.month == 2 and start.day == 29
    this_year = end.year % 4 == 0 and (end.year % 100 != 0 or end.year % 400 == 0)
    completed = date(end.year, 3, 1) if leap and not this_year else date(end.year, start.month, start.day)
    return float(end.year - start.year - (1 if end < completed else 0))


def shifted(day: date, months: float) -> date | None:
    """The same day of another month, or its last one where it is shorter; None outside of the calendar."""
    if months != floor(months) or abs(months) > 12 * 10_000:
        return None
    years, month = divmod(day.month - 1 + int(months), 12)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        return None
    for number in (day.day, 30, 29):
        try:
            return date(year, month + 1, number)
        except ValueError:  # a shorter month
            continue
    return date(year, month + 1, 28)


def _add_days(day: date, days: float) -> date | None:
    if days != floor(days):
        return None
    try:
        return day + timedelta(days=int(days))
    except OverflowError:
        return None


_FUNCTIONS: Mapping[str, Callable[..., Value | None]] = {
    "abs": lambda number: -number if number < 0 else number,
    "round": _round,
    "floor": lambda number: _finite(float(floor(Fraction(number)))),
    "ceil": lambda number: _finite(-float(floor(-Fraction(number)))),
    "mod": _mod,
    "div": _div,
    "least": lambda *values: sorted(values)[0],
    "greatest": lambda *values: sorted(values)[-1],
    "length": lambda text: float(len(text)),
    "lower": str.lower,
    "upper": str.upper,
    "join": _join,
    "year": lambda day: float(day.year),
    "month": lambda day: float(day.month),
    "days": lambda start, end: float(end.toordinal() - start.toordinal()),
    "years": _years,
    "add_days": _add_days,
    "add_months": shifted,
    "add_years": lambda day, years: shifted(day, years * 12) if years == floor(years) else None,
}
