"""What the plans of one program share: where relations lie, how the database says things, and what Python must compute.

It plans nothing itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol, TypeAlias

from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import DAY, Extent
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import column, literal, named, select, subquery
from kzexpert.model import RelationKey, Value

__all__ = ["Computation", "Context", "Place"]

#: Where a sum stands: the key of its rule, and the index of the condition, and of those inside of it. None where what
#: it adds up may change, so that it is computed anew each time.
Place: TypeAlias = tuple[str | int, ...] | None


class Computation(Protocol):
    """What is computed while a query is planned, since no query can say it."""

    def total(self, place: Place, rows: exp.Select, keys: Sequence[str], average: bool) -> exp.Query:
        """A query for the columns of groups and ``x``, the exact sum of their ``x``, or the average.

        Args:
            rows: each distinct.
        """
        ...

    def dictionary(self) -> exp.Table | None:
        """A table of the columns ``text`` and ``code``; None where texts stand for themselves."""
        ...

    def coded(self, texts: exp.Query) -> exp.Table | None:
        """The dictionary, with the texts of a query of one column in it."""
        ...

    def cased(self, function: str, texts: exp.Query) -> exp.Table:
        """A table of the columns ``text`` and ``x``, that text in lower or upper case.

        Args:
            texts: a query of the column ``text``.
        """
        ...


class Context:
    """See the module.

    Args:
        extents: relation → where its facts lie; may grow meanwhile.
        days: a table whose columns `DAY` and `AS_OF` have a row for each as-of date, where there are several.
        as_of: the as-of date; that of the rows where there are several.
    """

    def __init__(
        self,
        extents: Mapping[RelationKey, Extent],
        texts: Texts,
        dialect: Dialect,
        computation: Computation,
        as_of: date,
        days: exp.Table | None = None,
    ) -> None:
        self.extents = extents
        self.texts = texts
        self.dialect = dialect
        self.computation = computation
        self.as_of = as_of
        self.days = days

    def on_all_days(self, query: exp.Query) -> exp.Select:
        """Rows that hold on all as-of dates, each with every date."""
        assert self.days is not None
        each = exp.Join(this=named(self.days, "days"), kind="CROSS")
        everything = exp.Column(this=exp.Star(), table=exp.to_identifier("e", quoted=True))
        return select([everything, column(DAY, "days")], subquery(query, "e"), [each])

    def literal(self, value: Value) -> exp.Expr:
        """A value as it stands in a query."""
        return literal(value, self.texts.code(value) if isinstance(value, str) else None)
