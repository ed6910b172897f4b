"""Sums for a cluster: a query that adds numbers up exactly, wherever they lie, and rounds each sum once.

It gives the doubles of `math.fsum`, and needs no order and no Python: a number is cut into three whole digits to base
2²⁸, digits of one place are added up as whole numbers, and only these few sums of a group meet on one executor (a small
superaccumulator: R. M. Neal, *Fast exact summation using small and large superaccumulators*, 2015). It is in the words
of Spark.
"""

from collections.abc import Sequence

from sqlglot import exp, parse_one

from kzexpert.engines.sql.plan.words import called, column, select, subquery

__all__ = ["total"]

#: The place of the first digit of ``x``, and ``x`` with two digits before the point. A logarithm that is off by an ulp
#: may give the place beside it: three digits hold the 53 bits from there as well. A power of two may lie out of range,
#: its root does not.
_CUT = {
    "place": "CAST(COALESCE(FLOOR(LOG2(ABS(x)) / 28), 0) AS INT)",
    "scaled": "x * POW(2D, -14 * place) * POW(2D, -14 * place) * 268435456D",
}
#: The first digit bears the sign. Up to 2³³ digits of a place add up.
_ADDED = {
    "a": "SUM(SHIFTRIGHT(FLOOR(scaled), 28))",
    "b": "SUM(FLOOR(scaled) & 268435455L)",
    "c": "SUM(FLOOR((scaled - FLOOR(scaled)) * 268435456D))",
    "n": "COUNT(*)",
}
_GATHERED = {
    "sums": "COLLECT_LIST(STRUCT(place, a, b, c))",
    "lowest": "MIN(place) - 2",
    "highest": "MAX(place)",
    "n": "SUM(n)",
}
#: From the lowest place up, what is above a digit is carried; the highest keeps it all, and bears the sign. From there
#: down, digits are taken in while a decimal holds them, which is more than a double does; of the others it only matters
#: whether any is not 0: then the sum is above what was taken in, by less than 1.
_ROUNDED = {
    "carried": """AGGREGATE(
        SEQUENCE(lowest, highest), STRUCT(CAST(ARRAY() AS ARRAY<BIGINT>) AS digits, 0L AS top),
        (t, place) -> STRUCT(
            CONCAT(ARRAY(t.top & 268435455L), t.digits) AS digits,
            SHIFTRIGHT(t.top, 28) + AGGREGATE(sums, 0L, (top, s) -> top + CASE s.place
                WHEN place THEN s.a WHEN place + 1 THEN s.b WHEN place + 2 THEN s.c ELSE 0L END) AS top))""",
    "taken": """AGGREGATE(
        carried.digits, STRUCT(CAST(carried.top AS DECIMAL(38, 0)) AS whole, lowest - 1 AS place, 0L AS others),
        (t, digit) -> CASE WHEN ABS(t.whole) < 144115188075855872L
            THEN STRUCT(CAST(t.whole * 268435456L + digit AS DECIMAL(38, 0)) AS whole, t.place AS place, 0L AS others)
            ELSE STRUCT(t.whole AS whole, t.place + 1 AS place, GREATEST(t.others, digit) AS others) END)""",
    "x": """CAST(taken.whole * 2 + LEAST(taken.others, 1) AS DOUBLE)
        * 0.5D * POW(2D, 14 * taken.place) * POW(2D, 14 * taken.place)""",
}


def total(rows: exp.Query, keys: Sequence[str], average: bool) -> exp.Select:
    """The columns of groups and ``x``, the sum of their ``x``, or the average; infinite where it overflows."""
    for name, text in _CUT.items():
        rows = select([exp.Star(), _said(name, text)], subquery(rows, "t"))
    added = _grouped(rows, [*keys, "place"], _ADDED)
    sums: exp.Query = _grouped(added, keys, _GATHERED)
    for name, text in _ROUNDED.items():
        sums = select([exp.Star(), _said(name, text)], subquery(sums, "t"))
    x = called(column("x") / column("n"), "x") if average else column("x")
    return select([*map(column, keys), x], subquery(sums, "t"))


def _grouped(rows: exp.Query, keys: Sequence[str], shown: dict[str, str]) -> exp.Select:
    said = [_said(name, text) for name, text in shown.items()]
    query = select([*map(column, keys), *said], subquery(rows, "t"))
    return query.group_by(*map(column, keys), copy=False) if keys else query


def _said(name: str, text: str) -> exp.Expr:
    return called(parse_one(text, dialect="spark"), name)
