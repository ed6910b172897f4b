"""What the plans need and each database says in its own words. A plan is one tree; here it becomes text."""

from collections.abc import Sequence
from itertools import accumulate, repeat
from operator import mul
from types import MappingProxyType
from typing import Protocol

from sqlglot import exp, parse_one
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.spark import Spark

from kzexpert.engines.sql.plan.extents import Types
from kzexpert.engines.sql.plan.sums import total
from kzexpert.engines.sql.plan.words import number, typed
from kzexpert.model import EXACT

__all__ = ["CASED", "CELL_TEXT", "NUMBER_TEXT", "Dialect", "DuckDBDialect", "SparkDialect", "is_harmless"]

#: The functions in Python by which Spark prints a number and changes the case of a text, as they stand in statements.
NUMBER_TEXT = "KZEXPERT_NUMBER"
CASED = {"lower": "KZEXPERT_LOWER", "upper": "KZEXPERT_UPPER"}
#: Type of a column → the function in Python by which Spark prints its cells.
CELL_TEXT = {"DOUBLE": "KZEXPERT_DOUBLE", "FLOAT": "KZEXPERT_FLOAT", "BLOB": "KZEXPERT_BLOB"}


class Dialect(Protocol):
    """The words of one database."""

    @property
    def types(self) -> Types:
        """How it stores values."""
        ...

    @property
    def recursive(self) -> bool:
        """Whether it has recursive queries that keep the best row of each key."""
        ...

    @property
    def orders(self) -> bool:
        """Whether it finds a good order of joins by itself."""
        ...

    def text(self, query: exp.Expr) -> str:
        """The statement as the database reads it. The tree must not be used again."""
        ...

    @property
    def spreads(self) -> bool:
        """Whether the rows of a group lie on many machines, and should not have to meet on one."""
        ...

    def product(
        self, factors: exp.Expr | float, where: exp.Expr, *, ascending: bool, times: exp.Expr | None = None
    ) -> exp.Expr:
        """An aggregate: the product of a group's factors, taken in order of size; 1 where no row satisfies `where`.

        Args:
            factors: 0..1; a number where all are alike, and every row satisfies `where`.
            times: how often each counts, where it `spreads`. Of a product so small that it is lost beside 1 only that
                is right.
        """
        ...

    def total(self, rows: exp.Query, keys: Sequence[str], average: bool) -> exp.Query | None:
        """The columns of groups and ``x``, the exact sum of their ``x`` or the average; not finite where it overflows.

        None where only Python can tell.
        """
        ...

    def matches(self, text: exp.Expr, pattern: str) -> exp.Expr:
        """The condition that the whole of a text matches a regular expression."""
        ...

    def number_text(self, number_: exp.Expr) -> exp.Expr:
        """A number as `kzexpert.model.format_number` prints it."""
        ...

    def cell_text(self, cell: exp.Expr, kind: str) -> exp.Expr:
        """A cell of a table as DuckDB prints it.

        Args:
            kind: the type of the column, in words of DuckDB.
        """
        ...

    def cased(self, function: str, text: exp.Expr) -> exp.Expr | None:
        """A text in lower or upper case, as Python has it; None where only Python can tell."""
        ...

    def text_test(self, operator: str, text: exp.Expr, part: exp.Expr) -> exp.Expr:
        """The condition that a text starts with, ends with or contains another one."""
        ...

    def shifted(self, when: exp.Expr, amount: exp.Expr, unit: str) -> exp.Expr:
        """A date so many days or months later; of a day that its month lacks, the last of the month."""
        ...

    def limited(self, query: exp.Query, rows: int) -> exp.Query:
        """The first rows of a query that may have too many; all where to hold them back costs more than they do."""
        ...


#: So many powers of one factor stand in a statement: to look one up takes a tenth of the time to multiply.
_POWERS = 64
#: Comparison of texts → its function, which DuckDB and Spark spell alike but for an underscore.
_TEXT_TESTS = {"starts with": "starts_with", "ends with": "ends_with", "contains": "contains"}


class DuckDBDialect:
    """DuckDB 2. Texts stand as codes."""

    recursive = True
    orders = True
    spreads = False
    types: Types = MappingProxyType({"text": "int", "number": "double", "date": "date", "whole": "int"})

    def text(self, query: exp.Expr) -> str:
        """See `Dialect.text`."""
        return query.sql(dialect=DuckDB, copy=False)

    def product(
        self, factors: exp.Expr | float, where: exp.Expr, *, ascending: bool, times: exp.Expr | None = None
    ) -> exp.Expr:
        """See `Dialect.product`. DuckDB multiplies the elements of a list one after the other."""
        if isinstance(factors, float):
            powers = list(accumulate(repeat(factors, _POWERS), mul))
            count = exp.Count(this=exp.Star())
            known = exp.func("list_extract", exp.cast(exp.Literal.string(str(powers)), "DOUBLE[]"), count)
            none = exp.cast(exp.Array(expressions=[]), "DOUBLE[]")
            product = exp.func("list_product", exp.func("list_resize", none, count.copy(), number(factors)))
            return exp.Case(ifs=[exp.If(this=count.copy() <= _POWERS, true=known)], default=product)
        gathered = exp.Filter(this=exp.func("list", factors), expression=exp.Where(this=where))
        ordered = exp.func("list_sort" if ascending else "list_reverse_sort", gathered)
        return exp.Coalesce(this=exp.func("list_product", ordered), expressions=[number(1.0)])

    def total(self, rows: exp.Query, keys: Sequence[str], average: bool) -> None:
        """See `Dialect.total`."""

    def matches(self, text: exp.Expr, pattern: str) -> exp.Expr:
        """See `Dialect.matches`."""
        return exp.func("regexp_full_match", text, exp.Literal.string(pattern))

    def number_text(self, number_: exp.Expr) -> exp.Expr:
        """See `Dialect.number_text`. DuckDB prints the same digits as Python, but for a point where it is whole."""
        whole = number_.eq(exp.Floor(this=number_.copy()))
        small = exp.Abs(this=number_.copy()) <= number(EXACT)
        without_point = exp.Cast(this=number_.copy(), to=exp.DataType(this=exp.DataType.Type.BIGINT))
        case = exp.If(this=whole & small, true=typed(without_point, "text"))
        return exp.Case(ifs=[case], default=typed(number_.copy(), "text"))

    def cell_text(self, cell: exp.Expr, kind: str) -> exp.Expr:
        """See `Dialect.cell_text`."""
        return typed(cell, "text")

    def cased(self, function: str, text: exp.Expr) -> None:
        """See `Dialect.cased`."""

    def text_test(self, operator: str, text: exp.Expr, part: exp.Expr) -> exp.Expr:
        """See `Dialect.text_test`."""
        return exp.Anonymous(this=_TEXT_TESTS[operator], expressions=[text, part])

    def shifted(self, when: exp.Expr, amount: exp.Expr, unit: str) -> exp.Expr:
        """See `Dialect.shifted`."""
        interval = exp.Anonymous(this=f"to_{unit}s", expressions=[amount])
        return typed(when + interval, "date")

    def limited(self, query: exp.Query, rows: int) -> exp.Query:
        """See `Dialect.limited`."""
        return query.limit(rows, copy=False)


#: So many rows may go through one task.
_LIMITED = 10_000_000
_PRODUCT = "AGGREGATE(SORT_ARRAY(COLLECT_LIST(:factor) FILTER (WHERE :met), :ascending), 1D, (p, f) -> p * f)"
#: What is below e⁻⁴⁰, which is less than 2⁻⁵⁴, is lost beside 1: no factor f is taken more than 40 / (1 − f) times,
#: since ln f ≤ f − 1.
_PRODUCT_OF_POWERS = """AGGREGATE(
    SORT_ARRAY(COLLECT_LIST(STRUCT(:factor AS factor, :times AS times)) FILTER (WHERE :met), :ascending), 1D,
    (product, f) -> AGGREGATE(
        SEQUENCE(1L, LEAST(f.times, CEIL(40 / GREATEST(1 - f.factor, 1e-16D)))), product, (p, n) -> p * f.factor))"""


class SparkDialect:
    """Spark 4. Texts stand for themselves."""

    recursive = False
    orders = False
    spreads = True
    types: Types = MappingProxyType({"text": "text", "number": "double", "date": "date", "whole": "int"})

    def text(self, query: exp.Expr) -> str:
        """See `Dialect.text`. Texts stand in it by their bytes, so that none can mean anything to the parser."""
        for literal in list(query.find_all(exp.Literal)):
            if literal.is_string and not is_harmless(literal.name):
                literal.replace(typed(exp.HexString(this=literal.name.encode().hex()), "text"))
        return query.sql(dialect=Spark, copy=False)

    def product(
        self, factors: exp.Expr | float, where: exp.Expr, *, ascending: bool, times: exp.Expr | None = None
    ) -> exp.Expr:
        """See `Dialect.product`."""
        found = parse_one(_PRODUCT if times is None else _PRODUCT_OF_POWERS, dialect=Spark)
        factor = number(factors) if isinstance(factors, float) else factors
        given = {"factor": factor, "times": times, "met": where, "ascending": exp.true() if ascending else exp.false()}
        return exp.replace_placeholders(found, **given)

    def total(self, rows: exp.Query, keys: Sequence[str], average: bool) -> exp.Query:
        """See `Dialect.total`."""
        return total(rows, keys, average)

    def matches(self, text: exp.Expr, pattern: str) -> exp.Expr:
        """See `Dialect.matches`."""
        return exp.RegexpLike(this=text, expression=exp.Literal.string(rf"\A(?:{pattern})\z"))

    def number_text(self, number_: exp.Expr) -> exp.Expr:
        """See `Dialect.number_text`."""
        return exp.Anonymous(this=NUMBER_TEXT, expressions=[number_])

    def cell_text(self, cell: exp.Expr, kind: str) -> exp.Expr:
        """See `Dialect.cell_text`. Of small decimals and all other fractions a cast would have digits of its own."""
        if kind in CELL_TEXT:
            return exp.Anonymous(this=CELL_TEXT[kind], expressions=[cell])
        if kind.startswith("DECIMAL"):
            return _decimal_text(cell)
        return typed(cell, "text")

    def cased(self, function: str, text: exp.Expr) -> exp.Expr:
        """See `Dialect.cased`. Java's cases are not Python's."""
        return exp.Anonymous(this=CASED[function], expressions=[text])

    def text_test(self, operator: str, text: exp.Expr, part: exp.Expr) -> exp.Expr:
        """See `Dialect.text_test`."""
        return exp.Anonymous(this=_TEXT_TESTS[operator].replace("_", ""), expressions=[text, part])

    def shifted(self, when: exp.Expr, amount: exp.Expr, unit: str) -> exp.Expr:
        """See `Dialect.shifted`."""
        return exp.Anonymous(this="date_add" if unit == "day" else "add_months", expressions=[when.copy(), amount])

    def limited(self, query: exp.Query, rows: int) -> exp.Query:
        """See `Dialect.limited`. A limit draws the rows of all tasks into one, and takes no more than 2³¹."""
        return query.limit(rows, copy=False) if rows <= _LIMITED else query


def _decimal_text(cell: exp.Expr) -> exp.Expr:
    """A decimal with all its decimals on Spark; one of a type that holds nothing before the point begins with it."""
    text = exp.TryCast(this=cell, to=typed(exp.null(), "text").to, safe=True)  # CAST would give it an exponent
    kind = exp.Anonymous(this="TYPEOF", expressions=[cell.copy()])
    fraction = exp.RegexpLike(this=kind, expression=exp.Literal.string(r"[(]([0-9]+),\1[)]"))
    short = exp.func("replace", text.copy(), exp.Literal.string("0."), exp.Literal.string("."))
    return exp.Case(ifs=[exp.If(this=fraction, true=short)], default=text)


def is_harmless(text: str) -> bool:
    """Whether a literal can stand in a query as it is: a number, a date, a name of ours."""
    return text.isascii() and text.replace(".", "").replace("-", "").replace("+", "").replace("_", "").isalnum()
