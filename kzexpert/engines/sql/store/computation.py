"""What Python computes for plans: sums as `math.fsum` gives them, and texts in lower or upper case as it has them.

So engines agree to the last bit: sums are values that facts may hold. A database that cannot add up exactly does so
with whole numbers; others Python adds here, and the database only groups.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, groupby
from typing import Any

from sqlglot import exp

from kzexpert.engines.sql.plan.context import Place
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.plan.words import called, column, number, select, typed
from kzexpert.engines.sql.store.base import Names, Row, Store
from kzexpert.model import AGGREGATES, EXACT

__all__ = ["StoredComputation"]


class StoredComputation:
    """See `kzexpert.engines.sql.plan.context.Computation`. Each sum is computed once, but for those that may change.

    Where the database can add up exactly, a sum is a part of the query that first reads it, and stored for others.

    Args:
        names: gives what stands for texts and entities.
    """

    def __init__(self, database: Store, names: Callable[[], Names]) -> None:
        self._database = database
        self._names = names
        self._found: dict[Place, exp.Query] = {}
        self._asked: set[Place] = set()
        self._passing: list[exp.Table] = []

    def total(self, place: Place, rows: exp.Select, keys: Sequence[str], average: bool) -> exp.Query:
        """See `Computation.total`. A sum that overflows is not a number."""
        if place in self._found:
            return self._found[place].copy()
        total = self._database.dialect.total(rows, keys, average)
        if total is not None and (place is None or place not in self._asked):
            self._asked.add(place)
            return total
        stored = self._stored(rows, keys, average) if total is None else self._database.store(total)
        found = select([*map(column, keys), column("x")], stored)
        if place is None:
            self._passing.append(stored)
        else:
            self._found[place] = found
        return found.copy()

    def forget(self) -> None:
        """Drop the sums that may have changed since."""
        for stored in self._passing:
            self._database.drop(stored)
        self._passing.clear()

    def dictionary(self) -> exp.Table | None:
        """See `Computation.dictionary`."""
        return self._names().table

    def coded(self, texts: exp.Query) -> exp.Table | None:
        """See `Computation.coded`."""
        return self._names().extended(texts)

    def cased(self, function: str, texts: exp.Query) -> exp.Table:
        """See `Computation.cased`."""
        change = str.lower if function == "lower" else str.upper
        found = [str(text) for (text,) in self._database.rows(texts) if text is not None and not str(text).isascii()]
        return self._database.gather({"text": found, "x": list(map(change, found))})

    def _whole(self, rows: exp.Table) -> bool:
        """Whether no sum of these numbers can be inexact."""
        x = column("x")
        fractions = exp.Count(this=exp.Star())
        fraction = x.neq(exp.Floor(this=x.copy()))
        counted = exp.Filter(this=fractions, expression=exp.Where(this=fraction))
        size = exp.Coalesce(this=exp.Sum(this=exp.Abs(this=x.copy())), expressions=[number(0.0)])
        found, total = self._database.rows(select([counted, size], rows.copy()))[0]
        return bool(found == 0 and total < EXACT)

    def _stored(self, rows: exp.Select, keys: Sequence[str], average: bool) -> exp.Table:
        distinct = self._database.store(rows)
        if self._whole(distinct):
            total: exp.Expr = exp.Sum(this=column("x"))
            if average:
                total = total / typed(exp.Count(this=exp.Star()), "double")
            grouped = select([*map(column, keys), called(total, "x")], distinct.copy())
            stored = self._database.store(grouped.group_by(*map(column, keys), copy=False))
        else:
            stored = self._by_python(distinct, keys, AGGREGATES["avg" if average else "sum"].fold)
        self._database.drop(distinct)
        return stored

    def _by_python(self, rows: exp.Table, keys: Sequence[str], fold: Callable[[Sequence[float]], Any]) -> exp.Table:
        ordered = select([*map(column, keys), column("x")], rows.copy())
        if keys:
            ordered.order_by(*map(column, keys), copy=False)
        found = self._database.stream(ordered)
        first = next(found)
        columns = {name: _kind(value) for name, value in zip([*keys, "x"], first, strict=True)}
        return self._database.load(columns, _folded(chain([first], found), fold))


def _folded(rows: Iterable[Row], fold: Callable[[Sequence[float]], Any]) -> Iterator[Row]:
    """Groups and their sums or averages."""
    for key, group in groupby(rows, key=lambda row: row[:-1]):
        result = fold([row[-1] for row in group])
        yield (*key, float("nan") if result is None else result)


def _kind(value: Any) -> Kind:
    return "number" if isinstance(value, float) else "date" if isinstance(value, date) else "text"
