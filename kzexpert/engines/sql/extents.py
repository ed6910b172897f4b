"""Where the facts of a relation lie, as queries see them, and the words that all plans are written in.

No name and no text of a knowledge base gets into a query: relations and variables are numbered, texts stand as codes.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Literal, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD, established
from kzexpert.model import KnowledgeBase, Value

__all__ = [
    "CERTAINTY",
    "SQL_TYPES",
    "Extent",
    "Kind",
    "argument",
    "both",
    "column",
    "empty",
    "equal",
    "identifier",
    "kinds_of",
    "least",
    "literal",
    "number",
    "predicate_of",
    "select",
    "subquery",
    "table",
]

#: How the values of an argument are stored: a text or an entity as its code, a number, a date.
Kind: TypeAlias = Literal["text", "number", "date"]
SQL_TYPES: dict[Kind, str] = {"text": "int", "number": "double", "date": "date"}

#: The column that holds the certainty of a fact.
CERTAINTY = "c"


class Extent(msgspec.Struct, frozen=True):
    """The facts of one relation: columns ``a0``, ``a1`` ... and, unless all are equally certain, ``c``.

    Attributes:
        source: a table, or a query that stands wherever the relation is read.
        kinds: of its columns. A relation without arguments has one column, which is always 0.
        certainty: that of every fact; None when ``c`` holds it.
        lowest: no fact is less certain.
        rows: how many facts, where that is known.
    """

    source: exp.Table | exp.Query
    kinds: tuple[Kind, ...]
    certainty: float | None = None
    lowest: float = -1.0
    rows: int | None = None

    @property
    def columns(self) -> list[str]:
        """The names of the argument columns."""
        return [argument(place) for place in range(len(self.kinds))]

    def named(self, alias: str) -> exp.Expr:
        """The relation as a query reads it, under an alias."""
        if isinstance(self.source, exp.Query):
            return subquery(self.source.copy(), alias)
        source = self.source.copy()
        source.set("alias", exp.TableAlias(this=identifier(alias)))
        return source

    def certainty_of(self, alias: str) -> exp.Expr:
        """The certainty of a fact."""
        return column(CERTAINTY, alias) if self.certainty is None else number(self.certainty)

    def established(self, alias: str) -> list[exp.Expr]:
        """The condition that a fact is established: none where that is known."""
        if self.certainty is not None:
            return [] if established(self.certainty) else [exp.false()]
        if established(self.lowest):
            return []
        return [exp.GT(this=column(CERTAINTY, alias), expression=number(THRESHOLD))]


def predicate_of(relation: str) -> str:
    """The predicate of a relation, which may be a window of it (``name within 1 year``)."""
    return relation.split(" ", 1)[0]


def kinds_of(kb: KnowledgeBase, relation: str) -> tuple[Kind, ...]:
    """How the arguments of a relation are stored."""
    kinds: dict[str, Kind] = {"number": "number", "date": "date"}
    return tuple(kinds.get(spec.type, "text") for spec in kb.predicate[predicate_of(relation)].args) or ("text",)


def empty(kinds: tuple[Kind, ...]) -> Extent:
    """No facts."""
    nulls = [
        exp.cast(exp.null(), SQL_TYPES[kind]).as_(argument(place), quoted=True) for place, kind in enumerate(kinds)
    ]
    return Extent(select(nulls, where=[exp.false()]), kinds, 1.0, 1.0, 0)


# --- words of a query ----------------------------------------------------------------------------------------------


def argument(place: int) -> str:
    """The column of an argument."""
    return f"a{place}"


def identifier(name: str) -> exp.Identifier:
    """A quoted name."""
    return exp.to_identifier(name, quoted=True)


def column(name: str, source: str | None = None) -> exp.Column:
    """A column of an aliased source."""
    return exp.column(name, table=source, quoted=True)


def table(name: str, schema: str | None = None) -> exp.Table:
    """A table."""
    return exp.table_(name, db=schema, quoted=True)


def subquery(query: exp.Query, alias: str) -> exp.Subquery:
    """A query in parentheses, under an alias."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(alias)))


def number(value: float) -> exp.Expr:
    """A double, exactly: a plain literal would be read as a decimal."""
    return exp.cast(exp.Literal.string(repr(value)), "double")


def day(value: date) -> exp.Expr:
    """A date."""
    return exp.cast(exp.Literal.string(value.isoformat()), "date")


def literal(value: Value, code: int | None = None) -> exp.Expr:
    """A value; a text by its code."""
    if code is not None:
        return exp.Literal.number(code)
    return day(value) if isinstance(value, date) else number(float(value))


def equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """``left = right``."""
    return exp.EQ(this=left, expression=right)


def both(conditions: Iterable[exp.Expr]) -> exp.Expr:
    """All conditions; true where there are none."""
    found = list(conditions)
    return reduce(lambda left, right: exp.And(this=left, expression=right), found) if found else exp.true()


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
