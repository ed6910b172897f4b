"""What the plans need and each database says in its own words. A plan is one tree; here it becomes text."""

from typing import Protocol

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from kzexpert.engines.sql.words import number, typed

__all__ = ["Dialect", "DuckDBDialect"]


class Dialect(Protocol):
    """The words of one database."""

    def text(self, query: exp.Expr) -> str:
        """The statement as the database reads it. The tree must not be used again."""
        ...

    def product(self, factors: exp.Expr, where: exp.Expr, *, ascending: bool) -> exp.Expr:
        """An aggregate: the product of a group's factors, taken in order of size; 1 where no row satisfies `where`."""
        ...

    def rounded(self, number: exp.Expr) -> exp.Expr:
        """A number of at most 1, by absolute value, rounded to 9 decimals exactly as Python does."""
        ...


class DuckDBDialect:
    """DuckDB 2."""

    def text(self, query: exp.Expr) -> str:
        """See `Dialect.text`."""
        return query.sql(dialect=DuckDB, copy=False)

    def product(self, factors: exp.Expr, where: exp.Expr, *, ascending: bool) -> exp.Expr:
        """See `Dialect.product`. DuckDB multiplies the elements of a list one after the other."""
        gathered = exp.Filter(this=exp.func("list", factors), expression=exp.Where(this=where))
        ordered = exp.func("list_sort" if ascending else "list_reverse_sort", gathered)
        return exp.Coalesce(this=exp.func("list_product", ordered), expressions=[number(1.0)])

    def rounded(self, number_: exp.Expr) -> exp.Expr:
        """See `Dialect.rounded`.

        The scaled number is off by less than 1e-7, so that only close to the middle between two results the exact
        decimal digits must decide.
        """
        scale = number(1e9)
        scaled = exp.Mul(this=number_.copy(), expression=scale.copy())
        middle = exp.Sub(
            this=exp.Sub(this=scaled.copy(), expression=exp.Floor(this=scaled.copy())), expression=number(0.5)
        )
        digits = typed(exp.func("format", exp.Literal.string("{:.9f}"), number_.copy()), "double")
        nearest = exp.Floor(this=exp.Add(this=scaled, expression=number(0.5)))
        return exp.Case(
            ifs=[exp.If(this=exp.LT(this=exp.Abs(this=middle), expression=number(1e-6)), true=digits)],
            default=exp.Div(this=nearest, expression=scale),
        )
