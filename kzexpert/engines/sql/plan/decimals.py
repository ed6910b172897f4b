"""Rounding to 9 decimals as double arithmetic, which every database computes alike and as Python does."""

from collections.abc import Sequence

from sqlglot import exp

from kzexpert.engines.sql.plan.words import called, column, number, select, subquery, typed

__all__ = ["rounded"]


def rounded(rows: exp.Query, columns: Sequence[str], name: str) -> exp.Select:
    """Some columns of a query, and one of numbers as Python's `round` gives them to 9 decimals, but never −0.

    The numbers are at most 1, by absolute value. Each is split into two halves of 26 bits (T. J. Dekker, *A
    floating-point technique for extending the available precision*, Numerische Mathematik 18, 1971), whose products
    with 10⁹, a number of 21 bits but for zeros, are exact. Their sum lies ``above`` the middle between two results.
    Each step is a query over the one before, so that nothing is said twice.
    """
    x, high, upper, lower, below, above = (
        column(step, "w") for step in (name, "high", "upper", "lower", "below", "above")
    )
    scale, shifted = number(1e9), x * number(134217729.0)  # 2²⁷ + 1
    odd = (exp.Abs(this=below.copy()) % number(2.0)).eq(number(1.0))
    up = exp.or_(above > number(0.0), above.eq(number(0.0)) & odd, copy=False)
    # Adding 0 turns −0 into 0.
    next_, nearest = ((below + number(more)) / scale for more in (1.0, 0.0))
    steps: list[dict[str, exp.Expr]] = [
        {name: x, "high": shifted - exp.paren(shifted - x)},
        {"upper": high * scale, "lower": (x - high) * scale},
        {"upper": upper, "lower": lower, "below": typed(exp.Floor(this=upper + lower), "double")},
        {"below": below, "above": (upper - below - number(0.5)) + lower},
        {name: exp.Case(ifs=[exp.If(this=up, true=next_)], default=nearest)},
    ]
    for step in steps:
        told = [called(value.copy(), key) for key, value in step.items()]
        rows = found = select([*(column(key, "w") for key in columns), *told], subquery(rows, "w"))
    return found
