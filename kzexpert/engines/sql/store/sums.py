"""Sums as Python's `math.fsum` gives them, so that engines agree to the last bit: sums are values that facts may hold.

Whole numbers the database adds up exactly itself. Others Python adds: where they lie, if the database can bring it
there, else here, and the database only groups.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, groupby
from math import fsum
from typing import Any

from sqlglot import exp

from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.plan.words import called, column, number, select
from kzexpert.engines.sql.store.base import Row, Store
from kzexpert.model import ProgramRule

__all__ = ["ExactSums"]

#: Up to here every whole number is a double.
_EXACT = float(2**53)


class ExactSums:
    """The sums of one inference, each computed once. It fits `kzexpert.engines.sql.plan.rules.Sums`."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._found: dict[tuple[str, int], exp.Query] = {}

    def __call__(self, rule: ProgramRule, index: int, rows: exp.Select, keys: Sequence[str]) -> exp.Query:
        """A query for the groups' columns and ``x``, the sum of ``x``; not a number where it overflows."""
        found = self._found.get((rule.id, index))
        if found is None:
            distinct = self._database.store(rows)
            total: exp.Expr | None = exp.Sum(this=column("x"))
            if not self._whole(distinct):
                total = self._database.dialect.total(column("x"))
            found = self._by_python(distinct, keys) if total is None else self._by_database(distinct, keys, total)
            self._found[rule.id, index] = found
            self._database.drop(distinct)
        return found.copy()

    def _whole(self, rows: exp.Table) -> bool:
        """Whether no sum of these numbers can be inexact."""
        x = column("x")
        fractions = exp.Count(this=exp.Star())
        fraction = exp.NEQ(this=x, expression=exp.Floor(this=x.copy()))
        counted = exp.Filter(this=fractions, expression=exp.Where(this=fraction))
        size = exp.Coalesce(this=exp.Sum(this=exp.Abs(this=x.copy())), expressions=[number(0.0)])
        found, total = self._database.rows(select([counted, size], rows.copy()))[0]
        return bool(found == 0 and total < _EXACT)

    def _by_database(self, rows: exp.Table, keys: Sequence[str], total: exp.Expr) -> exp.Query:
        grouped = select([*map(column, keys), called(total, "x")], rows.copy()).group_by(*map(column, keys), copy=False)
        stored = self._database.store(grouped)
        return select([*map(column, keys), column("x")], stored)

    def _by_python(self, rows: exp.Table, keys: Sequence[str]) -> exp.Query:
        ordered = select([*map(column, keys), column("x")], rows.copy())
        if keys:
            ordered.order_by(*map(column, keys), copy=False)
        found = self._database.stream(ordered)
        first = next(found)
        columns = {name: _kind(value) for name, value in zip([*keys, "x"], first, strict=True)}
        stored = self._database.load(columns, _added(chain([first], found)))
        return select([*map(column, keys), column("x")], stored)


def _added(rows: Iterable[Row]) -> Iterator[Row]:
    """Groups and their sums."""
    for key, group in groupby(rows, key=lambda row: row[:-1]):
        try:
            total = fsum(sorted(row[-1] for row in group)) + 0.0
        except OverflowError:
            total = float("nan")
        yield (*key, total)


def _kind(value: Any) -> Kind:
    return "number" if isinstance(value, float) else "date" if isinstance(value, date) else "text"
