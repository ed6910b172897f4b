"""Expressions of DESIGN §3 once more, computed in other ways than the package does: an oracle for values."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import floor, isfinite
from typing import Any

from kzexpert.model import Call, Constant, Expression, Operation, Term, Value, Variable

__all__ = ["OPERATORS", "compute", "moved", "value_of"]

#: Of comparisons and of arithmetic.
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "starts with": lambda left, right: left[: len(right)] == right,
    "ends with": lambda left, right: left[len(left) - len(right) :] == right and len(left) >= len(right),
    "contains": lambda left, right: right in left,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right if right else None,
}


def compute(expression: Expression, binding: Mapping[str, Value], day: date) -> Any:
    """The value of an expression on a day; None where it has none."""
    if isinstance(expression, Operation):
        sides = [compute(side, binding, day) for side in (expression.left, expression.right)]
        return None if None in sides else _finite(OPERATORS[expression.operator](*sides))
    if not isinstance(expression, Call):
        return value_of(expression, binding)
    values = [compute(argument, binding, day) for argument in expression.arguments]
    if expression.function == "as_of":
        return day
    return None if None in values else _finite(_FUNCTIONS[expression.function](*values))


def value_of(term: Term, binding: Mapping[str, Value]) -> Value:
    """The value of a constant or of a bound variable."""
    assert isinstance(term, Constant | Variable)
    return term.value if isinstance(term, Constant) else binding[term.name]


def moved(day: date, months: float) -> date | None:
    """The day so many months later; a day that the month lacks is its last. None outside of the calendar."""
    if months != floor(months) or abs(months) > 12 * 9999:
        return None
    year, month = day.year, day.month
    for _ in range(int(abs(months))):
        month += 1 if months > 0 else -1
        if not 1 <= month <= 12:
            year, month = (year + 1, 1) if month > 12 else (year - 1, 12)
    if not 1 <= year <= 9999:
        return None
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    return None


def _finite(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return value + 0.0 if isfinite(value) else None


def _rounded(number: float, digits: float = 0.0) -> Any:
    if digits != floor(digits) or abs(digits) > 15:
        return None
    scale = 10.0 ** abs(digits)
    scaled = number * scale if digits >= 0 else number / scale
    if not isfinite(scaled):
        return None
    whole = float(floor(abs(Fraction(scaled)) + Fraction(1, 2))) * (1 if scaled >= 0 else -1)
    return whole / scale if digits >= 0 else whole * scale


def _rest(number: float, divisor: float) -> Any:
    return number % divisor if divisor else None


def _quotient(number: float, divisor: float) -> Any:
    return None if not divisor or _finite(number / divisor) is None else float(floor(Fraction(number / divisor)))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if abs(value) <= 2**53 else repr(value)
    return str(value)


def _days_later(day: date, amount: float) -> date | None:
    try:
        return day + timedelta(days=amount) if amount == floor(amount) else None
    except OverflowError:
        return None


def _age(born: date, day: date) -> float:
    """Birthdays that have passed; that of 29 February is 1 March in other years."""
    if born > day:
        return -_age(day, born)
    years = 0
    while (born.year + years + 1, born.month, born.day) <= (day.year, day.month, day.day):
        years += 1
    return float(years)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda number: -number if number < 0 else number,
    "round": _rounded,
    "floor": lambda number: float(floor(Fraction(number))),
    "ceil": lambda number: -float(floor(-Fraction(number))),
    "mod": _rest,
    "div": _quotient,
    "least": lambda *values: sorted(values)[0],
    "greatest": lambda *values: sorted(values)[-1],
    "length": lambda text: float(sum(1 for _ in text)),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "join": lambda *values: "".join(_text(value) for value in values),
    "year": lambda day: float(str(day)[:4]),
    "month": lambda day: float(str(day)[5:7]),
    "days": lambda start, end: float(end.toordinal() - start.toordinal()),
    "years": _age,
    "add_days": _days_later,
    "add_months": moved,
    "add_years": lambda day, amount: moved(day, amount * 12) if amount == floor(amount) else None,
}
