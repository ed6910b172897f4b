"""Rounding to 9 decimals as double arithmetic, which every database computes alike and as Python does."""

from sqlglot import exp

from kzexpert.engines.sql.plan.words import both, number, typed

__all__ = ["rounded"]


def rounded(x: exp.Column) -> exp.Expr:
    """A number of at most 1, by absolute value, rounded to 9 decimals as Python's `round` does, but never to −0.

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
    odd = (exp.Abs(this=below.copy()) % number(2.0)).eq(number(1.0))
    tie = exp.paren(both([above.eq(number(0.0)), odd]), copy=False)
    up = exp.or_(above > number(0.0), tie, copy=False)
    # Adding 0 turns −0 into 0.
    next_, nearest = (_sum(below, number(more)) / scale for more in (1.0, 0.0))
    return exp.Case(ifs=[exp.If(this=up, true=next_)], default=nearest)


def _sum(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(left + right, copy=False)


def _difference(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(left - right, copy=False)


def _product(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.paren(left * right, copy=False)
