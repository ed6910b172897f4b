"""Rounding to 9 decimals as double arithmetic, which every database computes alike and as Python does."""

from sqlglot import exp

from kzexpert.engines.sql.plan.words import both, equal, number, typed

__all__ = ["rounded"]


def rounded(x: exp.Column) -> exp.Expr:
    """A number of at most 1, by absolute value, rounded to 9 decimals exactly as Python's `round` does.

    The number is split into two halves of 26 bits (T. J. Dekker, *A floating-point technique for extending the
    available precision*, Numerische Mathematik 18, 1971), whose products with 10⁹, a number of 21 bits but for zeros,
    are exact. Their sum lies ``above`` the middle between two results.
    """
    scale = number(1e9)
    shifted = _product(number(134217729.0), x)  # 2²⁷ + 1
    high = _difference(shifted, _difference(shifted, x))
    upper, lower = _product(high, scale), _product(_difference(x, high), scale)
    below = typed(exp.Floor(this=_sum(upper, lower)), "double")
    above = _sum(_difference(_difference(upper, below), number(0.5)), lower)
    odd = equal(exp.Mod(this=exp.Abs(this=below.copy()), expression=number(2.0)), number(1.0))
    tie = exp.paren(both([equal(above.copy(), number(0.0)), odd]), copy=False)
    up = exp.Or(this=exp.GT(this=above, expression=number(0.0)), expression=tie)
    nearest = exp.Case(ifs=[exp.If(this=up, true=_sum(below, number(1.0)))], default=below)
    return exp.Div(this=nearest, expression=scale)


def _sum(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Add(this=left.copy(), expression=right.copy()), copy=False)


def _difference(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Sub(this=left.copy(), expression=right.copy()), copy=False)


def _product(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Mul(this=left.copy(), expression=right.copy()), copy=False)
