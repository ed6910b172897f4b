"""Expressions and comparisons as conditions of a query: where a value is not finite, or is none, the condition fails.

The database computes in doubles as IEEE 754 says, and so as Python does; -0 becomes 0. What a function does is said in
`kzexpert.model.functions`; here are the same steps in SQL. NULL stands for no value, and no condition on it holds.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from sys import float_info
from typing import Protocol, TypeAlias

from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.plan.words import both, day, number, typed
from kzexpert.model import Call, Constant, Expression, Listing, Operation, Test, Value, Variable
from kzexpert.model.evaluation import evaluate
from kzexpert.model.functions import FUNCTIONS, TEXT_OPERATORS

__all__ = ["Scope", "comparison", "finite", "kind_of", "listed", "plain_text", "value"]

_Operator: TypeAlias = Callable[[exp.Expr, exp.Expr], exp.Expr]
_OPERATIONS: Mapping[str, _Operator] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_COMPARISONS: Mapping[str, _Operator] = {
    "=": lambda left, right: left.eq(right),
    "!=": lambda left, right: left.neq(right),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: From here on every double is whole, and up to here is exact whatever is added to it.
_WHOLE = number(2.0**52)
_NOWHEN = date(1, 1, 1)


class Scope(Protocol):
    """What expressions are written over.

    Attributes:
        values: variable → its column.
        kinds: variable → how its values are stored.
    """

    values: dict[str, exp.Expr]
    kinds: dict[str, Kind]

    @property
    def dialect(self) -> Dialect:
        """How the database says things."""
        ...

    def literal(self, value: Value) -> exp.Expr:
        """A value as it is stored."""
        ...

    def text_of(self, stored: exp.Expr) -> exp.Expr:
        """The text that something stands for."""
        ...

    def cased(self, function: str, text: exp.Expr) -> exp.Expr:
        """A text in lower or upper case, as Python has it."""
        ...

    def as_of(self) -> exp.Expr:
        """The as-of date."""
        ...


def kind_of(expression: Expression, kinds: Mapping[str, Kind]) -> Kind:
    """How the value of an expression is stored."""
    if isinstance(expression, Variable):
        return kinds[expression.name]
    if isinstance(expression, Constant):
        found = expression.value
        return "text" if isinstance(found, str) else "date" if isinstance(found, date) else "number"
    if isinstance(expression, Operation):
        return "number"
    gives = FUNCTIONS[expression.function].gives
    if gives == "same":
        return kind_of(expression.arguments[0], kinds)
    return "date" if gives == "date" else "text" if gives == "text" else "number"


def value(expression: Expression, scope: Scope) -> tuple[exp.Expr, list[exp.Expr]]:
    """The value of an expression, and what must hold for it to have one.

    A text that a function computes is a plain one; any other is as it is stored.
    """
    required: list[exp.Expr] = []
    return _value(expression, scope, required), required


def plain_text(expression: Expression, scope: Scope, required: list[exp.Expr]) -> exp.Expr:
    """The value of an expression as plain text: a number as it prints, a date as YYYY-MM-DD.

    Args:
        required: takes in what must hold for it to have one.
    """
    if isinstance(expression, Constant) and isinstance(expression.value, str):
        return exp.Literal.string(expression.value)
    found = _value(expression, scope, required)
    kind = kind_of(expression, scope.kinds)
    if kind == "text":
        return found if isinstance(expression, Call) else scope.text_of(found)
    return scope.dialect.number_text(found) if kind == "number" else typed(found, "text")


def comparison(test: Test, scope: Scope) -> list[exp.Expr]:
    """The conditions that stand for a test."""
    required: list[exp.Expr] = []
    if test.operator in TEXT_OPERATORS:
        texts = [plain_text(side, scope, required) for side in (test.left, test.right)]
        return [*required, scope.dialect.text_test(test.operator, *texts)]
    left, right = _alike((test.left, test.right), scope, required)
    return [*required, _COMPARISONS[test.operator](left, right)]


def listed(listing: Listing, scope: Scope) -> list[exp.Expr]:
    """The conditions that stand for a list."""
    required: list[exp.Expr] = []
    left, *values = _alike((listing.left, *listing.values), scope, required)
    among: exp.Expr = left.isin(*values)
    return [*required, ~among if listing.negated else among]


def finite(number_: exp.Expr) -> exp.Expr:
    """The condition that a number is neither infinite nor NaN, which databases sort above all others."""
    return exp.Abs(this=number_.copy()) <= number(float_info.max)


def _alike(sides: Sequence[Expression], scope: Scope, required: list[exp.Expr]) -> list[exp.Expr]:
    """Values to be compared: texts as they are stored, but plain ones where a function computes one of them."""
    if any(isinstance(side, Call) and kind_of(side, scope.kinds) == "text" for side in sides):
        return [plain_text(side, scope, required) for side in sides]
    return [_value(side, scope, required) for side in sides]


def _value(expression: Expression, scope: Scope, required: list[exp.Expr]) -> exp.Expr:
    if isinstance(expression, Constant):
        return scope.literal(expression.value)
    if isinstance(expression, Variable):
        return scope.values[expression.name].copy()
    if isinstance(expression, Operation):
        found = _arithmetic(expression, scope, required)
        return exp.paren(exp.paren(found, copy=False) + number(0.0), copy=False)
    if not expression.variables and "as_of()" not in str(expression):
        return _folded(expression, scope, required)
    return _call(expression, scope, required)


def _arithmetic(expression: Expression, scope: Scope, required: list[exp.Expr]) -> exp.Expr:
    if not isinstance(expression, Operation):
        return _value(expression, scope, required)
    left, right = (_arithmetic(side, scope, required) for side in (expression.left, expression.right))
    result = _OPERATIONS[expression.operator](_operand(left), _operand(right))
    required.append(finite(result))  # every intermediate result must be
    return result


def _folded(call: Call, scope: Scope, required: list[exp.Expr]) -> exp.Expr:
    """The value of a call of constants, which Python computes."""
    found = evaluate(call, {}, _NOWHEN)
    if found is None:
        required.append(exp.false())
        return typed(exp.null(), scope.dialect.types[kind_of(call, {})])
    return exp.Literal.string(found) if isinstance(found, str) else scope.literal(found)


def _operand(side: exp.Expr) -> exp.Expr:
    """An operand in parentheses where it needs some: between operators of one kind sqlglot sets none."""
    return exp.paren(side) if isinstance(side, exp.Binary) else side


# --- functions -------------------------------------------------------------------------------------------------------


def _call(call: Call, scope: Scope, required: list[exp.Expr]) -> exp.Expr:
    name = call.function
    if name == "as_of":
        return scope.as_of()
    if name in _OF_TEXTS:
        texts = [plain_text(item, scope, required) for item in call.arguments]
        return _OF_TEXTS[name](scope, *texts)
    arguments = [_value(item, scope, required) for item in call.arguments]
    found = _FUNCTIONS[name](scope.dialect, *arguments)
    if name in ("round", "mod"):
        required.append(finite(found))
    return found


def _add(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(_operand(left) + _operand(right), copy=False)


def _sub(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(_operand(left) - _operand(right), copy=False)


def _mul(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(_operand(left) * _operand(right), copy=False)


def _div(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(_operand(left) / _operand(right), copy=False)


def _case(condition: exp.Expr, true: exp.Expr, default: exp.Expr | None = None) -> exp.Expr:
    """A value under a condition; without a default there is none elsewhere."""
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=true.copy())], default=default.copy() if default else None)


def _below(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(left < right, copy=False)


def _abs(x: exp.Expr) -> exp.Expr:
    return exp.Abs(this=x.copy())


def _stepped(kind: type[exp.Func], x: exp.Expr) -> exp.Expr:
    """A number rounded down or up; large ones are whole already, and might be none of the database's whole numbers."""
    step = _add(typed(kind(this=x.copy()), "double"), number(0.0))
    return _case(_below(_abs(x), _WHOLE), step, x)


def _floor(x: exp.Expr) -> exp.Expr:
    return _stepped(exp.Floor, x)


def _nearest(x: exp.Expr) -> exp.Expr:
    """The nearest whole number; halves go away from zero."""
    size = _abs(x)
    below = _floor(size)
    half = _sub(size, below) >= number(0.5)
    found = _case(half, _add(below, number(1.0)), below)
    return _case(_below(x, number(0.0)), -exp.paren(found, copy=False), found)


def _rounded(_: Dialect, x: exp.Expr, digits: exp.Expr | None = None) -> exp.Expr:
    if digits is None:
        return _add(_nearest(x), number(0.0))
    size = _abs(digits)
    scale = exp.Case(ifs=[exp.If(this=size.eq(number(float(n))), true=number(10.0**n)) for n in range(16)])
    up = _nearest(_mul(x, scale))
    down = _nearest(_div(x, scale))
    up, down = _div(up, scale), _mul(down, scale)
    negative = _below(digits, number(0.0))
    return _case(finite(_mul(x, scale)), _add(_case(negative, down, up), number(0.0)), _case(negative, down))


def _mod(_: Dialect, x: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    rest = exp.paren(_operand(x) % _operand(divisor), copy=False)
    zero = number(0.0)
    other_side = _below(rest, zero).neq(_below(divisor, zero))
    shifted = both([rest.neq(zero), other_side])
    found = _add(_case(shifted, _add(rest, divisor), rest), zero)
    return _case(divisor.neq(zero), found)


def _quotient(_: Dialect, x: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    quotient = _div(x, divisor)
    possible = both([divisor.neq(number(0.0)), finite(quotient)])
    return _case(possible, _floor(quotient))


def _part(name: str, when: exp.Expr) -> exp.Expr:
    return typed(exp.Anonymous(this=name, expressions=[when.copy()]), "double")


def _years_between(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """The years between two days of which the first is no later."""
    earlier, later = (_add(_mul(_part("month", when), number(100.0)), _part("day", when)) for when in (start, end))
    open_ = _case(_below(later, earlier), number(1.0), number(0.0))
    return _sub(_sub(_part("year", end), _part("year", start)), exp.paren(open_, copy=False))


def _years(_: Dialect, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    backwards = start > end
    return _case(backwards, _sub(number(0.0), _years_between(end, start)), _years_between(start, end))


def _days(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return typed(exp.DateDiff(this=end.copy(), expression=start.copy(), unit=exp.var("DAY")), "double")


def _within(amount: exp.Expr, least: exp.Expr, most: exp.Expr) -> exp.Expr:
    """Whether a whole number lies between two bounds, both included."""
    whole = exp.Floor(this=amount.copy()).eq(amount)
    return both([whole, amount.between(least, most)])


def _shifted_days(dialect: Dialect, when: exp.Expr, amount: exp.Expr) -> exp.Expr:
    before, after = _sub(number(0.0), _days(day(date.min), when)), _days(when, day(date.max))
    return _case(_within(amount, before, after), dialect.shifted(when, typed(amount.copy(), "int"), "day"))


def _shifted_months(dialect: Dialect, when: exp.Expr, amount: exp.Expr) -> exp.Expr:
    months = _add(_mul(_part("year", when), number(12.0)), _sub(_part("month", when), number(1.0)))
    before, after = _sub(number(12.0), months), _sub(number(119_999.0), months)
    return _case(_within(amount, before, after), dialect.shifted(when, typed(amount.copy(), "int"), "month"))


def _shifted_years(dialect: Dialect, when: exp.Expr, amount: exp.Expr) -> exp.Expr:
    whole = exp.Floor(this=amount.copy()).eq(amount)
    return _case(whole, _shifted_months(dialect, when, _mul(amount, number(12.0))))


def _extreme(kind: type[exp.Func]) -> Callable[..., exp.Expr]:
    def found(_: Dialect, first: exp.Expr, *others: exp.Expr) -> exp.Expr:
        extreme = kind(this=first.copy(), expressions=[item.copy() for item in others], ignore_nulls=True)
        missing = [item.is_(exp.null()) for item in (first, *others)]
        known = both([~item for item in missing])
        return _case(known, extreme)

    return found


_FUNCTIONS: Mapping[str, Callable[..., exp.Expr]] = {
    "abs": lambda _, x: _abs(x),
    "round": _rounded,
    "floor": lambda _, x: _floor(x),
    "ceil": lambda _, x: _stepped(exp.Ceil, x),
    "mod": _mod,
    "div": _quotient,
    "least": _extreme(exp.Least),
    "greatest": _extreme(exp.Greatest),
    "year": lambda _, when: _part("year", when),
    "month": lambda _, when: _part("month", when),
    "days": lambda _, start, end: _days(start, end),
    "years": _years,
    "add_days": _shifted_days,
    "add_months": _shifted_months,
    "add_years": _shifted_years,
}

_OF_TEXTS: Mapping[str, Callable[..., exp.Expr]] = {
    "length": lambda _, text: typed(exp.Length(this=text), "double"),
    "lower": lambda scope, text: scope.cased("lower", text),
    "upper": lambda scope, text: scope.cased("upper", text),
    "join": lambda _, *texts: reduce(lambda left, right: exp.DPipe(this=left, expression=right), texts),
}
