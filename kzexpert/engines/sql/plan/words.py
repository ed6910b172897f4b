"""The words that all plans are written in: sqlglot expressions with quoted names and exact numbers.

No name and no text of a knowledge base gets into a query: relations and variables are numbered, texts stand as codes
or, where a database has none, as literals that its dialect makes safe.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Literal, TypeAlias

from sqlglot import exp

from kzexpert.model import Value

__all__ = [
    "SqlType",
    "both",
    "called",
    "column",
    "day",
    "either",
    "identifier",
    "least",
    "literal",
    "named",
    "number",
    "select",
    "subquery",
    "table",
    "together",
    "typed",
]

SqlType: TypeAlias = Literal["int", "bigint", "double", "date", "text"]


def identifier(name: str) -> exp.Identifier:
    """A quoted name."""
    return exp.to_identifier(name, quoted=True)


def column(name: str, source: str | None = None) -> exp.Column:
    """A column of an aliased source."""
    return exp.column(name, table=source, quoted=True)


def table(name: str, schema: str | None = None) -> exp.Table:
    """A table."""
    return exp.table_(name, db=schema, quoted=True)


def named(stored: exp.Table, alias: str) -> exp.Table:
    """A table under an alias."""
    aliased = stored.copy()
    aliased.set("alias", exp.TableAlias(this=identifier(alias)))
    return aliased


def subquery(query: exp.Query, alias: str) -> exp.Subquery:
    """A query in parentheses, under an alias."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(alias)))


def called(expression: exp.Expr, name: str) -> exp.Expr:
    """A column of a result, by name."""
    return exp.alias_(expression, name, quoted=True, copy=False)


def typed(expression: exp.Expr, sql_type: SqlType) -> exp.Cast:
    """An expression cast to a type."""
    return exp.Cast(this=expression, to=exp.DataType(this=exp.DataType.Type[sql_type.upper()]))


def number(value: float) -> exp.Expr:
    """A double, exactly: a plain literal would be read as a decimal."""
    return typed(exp.Literal.string(repr(value)), "double")


def day(value: date) -> exp.Expr:
    """A date."""
    return typed(exp.Literal.string(value.isoformat()), "date")


def literal(value: Value, code: int | str | None = None) -> exp.Expr:
    """A value; a text by what stands for it."""
    if code is not None:
        return exp.Literal.number(code) if isinstance(code, int) else exp.Literal.string(code)
    return day(value) if isinstance(value, date) else number(float(value))


def both(conditions: Iterable[exp.Expr]) -> exp.Expr:
    """All conditions; true where there are none."""
    found = list(conditions)
    return exp.and_(*found, copy=False) if found else exp.true()


def either(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """Any of some conditions, at least one."""
    return exp.paren(exp.or_(*conditions, copy=False), copy=False)


def least(numbers: Sequence[exp.Expr]) -> exp.Expr:
    """The least of some numbers, none of which is null."""
    return exp.Least(this=numbers[0], expressions=[*numbers[1:]], ignore_nulls=True)


def select(
    columns: Sequence[exp.Expr],
    source: exp.Expr | None = None,
    joins: Sequence[exp.Join] = (),
    where: Sequence[exp.Expr] = (),
    distinct: bool = False,
) -> exp.Select:
    """``SELECT columns FROM source joins WHERE where``."""
    query = exp.Select().select(*columns, copy=False)
    if source is not None:
        query.from_(source, copy=False)
    for join in joins:
        query.append("joins", join)
    if where:
        query.where(both(where), copy=False)
    if distinct:
        query.distinct(copy=False)
    return query


def together(queries: Iterable[exp.Query]) -> exp.Query:
    """The rows of some queries of the same columns, at least one query; rows that are alike stay several."""
    return reduce(lambda rows, more: exp.union(rows, more, distinct=False, copy=False), queries)
