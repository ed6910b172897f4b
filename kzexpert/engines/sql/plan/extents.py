"""Where the facts of a relation lie, as queries see them: a table or a query, and what is known of its certainties."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD, established
from kzexpert.engines.sql.plan.words import SqlType, called, column, named, number, select, subquery, typed
from kzexpert.model import KnowledgeBase, Relation, RelationKey

__all__ = [
    "AS_OF",
    "CERTAINTY",
    "DAY",
    "Extent",
    "Kind",
    "Types",
    "argument",
    "arity_of",
    "empty",
    "kinds_of",
    "measured",
    "predicate_of",
]

#: What the values of a column are: texts and entities, numbers, dates; or whole numbers of ours, as in `DAY`.
Kind: TypeAlias = Literal["text", "number", "date", "whole"]
#: How a database stores them.
Types: TypeAlias = Mapping[Kind, SqlType]

#: The column that holds the certainty of a fact.
CERTAINTY = "c"
#: Where several as-of dates are evaluated in one pass: the column that says for which of them a row holds.
DAY = "y"
#: The column of the table of these dates that holds the date itself.
AS_OF = "day"


class Extent(msgspec.Struct, frozen=True):
    """The facts of one relation: columns ``a0``, ``a1`` ... and, unless all are equally certain, ``c``.

    Attributes:
        source: a table, or a query that stands wherever the relation is read.
        kinds: of its columns. A relation without arguments has one column, which is always 0.
        certainty: that of every fact; None when ``c`` holds it.
        lowest: no fact is less certain.
        rows: how many facts, where that is known.
        dated: whether the facts differ by as-of date, which `DAY` then holds. Others hold on all of them.
    """

    source: exp.Table | exp.Query
    kinds: tuple[Kind, ...]
    certainty: float | None = None
    lowest: float = -1.0
    rows: int | None = None
    dated: bool = False

    @property
    def columns(self) -> list[str]:
        """The names of the argument columns."""
        return [argument(place) for place in range(len(self.kinds))]

    def named(self, alias: str) -> exp.Expr:
        """The relation as a query reads it, under an alias."""
        if isinstance(self.source, exp.Query):
            return subquery(self.source.copy(), alias)
        return named(self.source, alias)

    @property
    def shown(self) -> list[str]:
        """All columns but that of the certainty."""
        return [*self.columns, *([DAY] if self.dated else [])]

    def on(self, day: int, rows: int | None = None) -> "Extent":
        """The facts of one as-of date."""
        if not self.dated:
            return self
        shown = [*self.columns, *([CERTAINTY] if self.certainty is None else [])]
        same = column(DAY, "d").eq(day)
        query = select([column(name, "d") for name in shown], self.named("d"), where=[same])
        return Extent(query, self.kinds, self.certainty, self.lowest, rows)

    def certainty_of(self, alias: str) -> exp.Expr:
        """The certainty of a fact."""
        return column(CERTAINTY, alias) if self.certainty is None else number(self.certainty)

    def established(self, alias: str) -> list[exp.Expr]:
        """The condition that a fact is established: none where that is known."""
        if self.certainty is not None:
            return [] if established(self.certainty) else [exp.false()]
        if established(self.lowest):
            return []
        return [column(CERTAINTY, alias) > number(THRESHOLD)]


def predicate_of(relation: RelationKey) -> str:
    """The predicate of a relation."""
    return relation.predicate if isinstance(relation, Relation) else relation


def arity_of(kb: KnowledgeBase, relation: RelationKey) -> int:
    """How many values a row of a relation has: those of the arguments, and the dates."""
    dates = relation.dates if isinstance(relation, Relation) else ()
    return len(kb.predicate[predicate_of(relation)].args) + len(dates)


def kinds_of(kb: KnowledgeBase, relation: RelationKey) -> tuple[Kind, ...]:
    """How the arguments of a relation are stored, and then its dates; one column stands for no arguments."""
    kinds: Mapping[str, Kind] = {"number": "number", "date": "date"}
    found: tuple[Kind, ...] = tuple(kinds.get(spec.type, "text") for spec in kb.predicate[predicate_of(relation)].args)
    dates: list[Kind] = ["date" for _ in relation.dates] if isinstance(relation, Relation) else []
    return (*found, *dates) or ("whole",)


def empty(kinds: tuple[Kind, ...], types: Types) -> Extent:
    """No facts."""
    nulls = [called(typed(exp.null(), types[kind]), argument(place)) for place, kind in enumerate(kinds)]
    return Extent(select(nulls, where=[exp.false()]), kinds, 1.0, 1.0, 0)


def measured(extent: Extent, types: Types, rows: int, lowest: float, highest: float) -> Extent:
    """A table that is filled, with what was counted in it: its rows, and the least and the greatest certainty."""
    if rows == 0:
        return empty(extent.kinds, types)
    return msgspec.structs.replace(extent, certainty=lowest if lowest == highest else None, lowest=lowest, rows=rows)


def argument(place: int) -> str:
    """The column of an argument."""
    return f"a{place}"
