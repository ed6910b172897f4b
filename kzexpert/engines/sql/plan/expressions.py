"""Arithmetic and comparisons as conditions of a query: where a value is not finite, the condition fails.

The database computes in doubles as IEEE 754 says, and so as Python does; -0 becomes 0.
"""

from collections.abc import Callable
from sys import float_info

from sqlglot import exp

from kzexpert.engines.sql.plan.words import number
from kzexpert.model import Constant, Expression, Operation, Test, Value, Variable

__all__ = ["Encode", "comparison", "finite", "value"]

#: A value as a literal of the query.
Encode = Callable[[Value], exp.Expr]

_OPERATIONS: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def value(expression: Expression, values: dict[str, exp.Expr], encode: Encode) -> tuple[exp.Expr, list[exp.Expr]]:
    """The value of an expression, and what must hold for it to have one.

    Args:
        values: variable → its column.
    """
    required: list[exp.Expr] = []
    found = _raw(expression, values, encode, required)
    if isinstance(expression, Operation):
        found = exp.Add(this=exp.paren(found, copy=False), expression=number(0.0))
    return found, required


def _raw(expression: Expression, values: dict[str, exp.Expr], encode: Encode, required: list[exp.Expr]) -> exp.Expr:
    if isinstance(expression, Constant):
        return encode(expression.value)
    if isinstance(expression, Variable):
        return values[expression.name].copy()
    left, right = (_raw(side, values, encode, required) for side in (expression.left, expression.right))
    result = _OPERATIONS[expression.operator](this=_operand(left), expression=_operand(right))
    required.append(finite(result))  # every intermediate result must be
    return result


def finite(number_: exp.Expr) -> exp.Expr:
    """The condition that a number is neither infinite nor NaN, which databases sort above all others."""
    return exp.LTE(this=exp.Abs(this=number_.copy()), expression=number(float_info.max))


def _operand(side: exp.Expr) -> exp.Expr:
    return exp.paren(side, copy=False) if isinstance(side, exp.Binary) else side


def comparison(test: Test, values: dict[str, exp.Expr], encode: Encode) -> list[exp.Expr]:
    """The conditions that stand for a test."""
    left, left_finite = value(test.left, values, encode)
    right, right_finite = value(test.right, values, encode)
    return [*left_finite, *right_finite, _COMPARISONS[test.operator](this=left, expression=right)]
