"""Conclusions that lie in a database → one query for all of them, in the columns of a layout and in a fixed order.

It says what is written and leaves to the database how, so that every engine writes the same columns. Rows are narrow
until the end: texts are codes, which are joined with the texts and ordered by the rank of these once for all rows.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD, likelihood_cutoffs
from kzexpert.columns import OWN, Layout
from kzexpert.engines.sql.dialects import DuckDBDialect
from kzexpert.engines.sql.extents import CERTAINTY, argument
from kzexpert.engines.sql.words import both, called, column, equal, named, number, select, subquery, typed

__all__ = ["DERIVED", "ON", "RANK", "Numbers", "Part", "counts", "ranked_texts", "sheet", "table"]

#: How numbers stand in a row: as they are, as text, or as JSON, the latter two without a point where they are whole.
Numbers: TypeAlias = Literal["plain", "text", "json"]

#: The columns of a part that say as of which date a row holds, and whether a rule concluded it; and that of the texts
#: which says in which order they come.
ON, DERIVED, RANK = "d", "e", "rank"
_PREDICATE = "p"
_WHOLE = 1e16


class Part(msgspec.Struct, frozen=True):
    """What is written of one predicate.

    Attributes:
        query: columns `ON`, the as-of date, ``a0`` ..., ``c`` and, where the layout has `derived`, `DERIVED`.
    """

    predicate: str
    query: exp.Query


def ranked_texts(texts: exp.Table) -> exp.Select:
    """The texts with their codes and `RANK`, their place in order."""
    order = exp.Order(expressions=[exp.Ordered(this=column("text"), nulls_first=False)])
    rank = exp.Window(this=exp.RowNumber(), order=order)
    return select([column("text"), column("code"), called(rank, RANK)], texts.copy())


def counts(parts: Sequence[Part], layout: Layout) -> exp.Select:
    """The number of rows by predicate: its place among the predicates of the layout, and how many."""
    gathered: exp.Query | None = None
    for part in parts:
        shown = [called(exp.Literal.number(layout.predicates.index(part.predicate)), _PREDICATE)]
        query = select([*shown, called(exp.Count(this=exp.Star()), "n")], subquery(part.query.copy(), "f"))
        gathered = query if gathered is None else exp.union(gathered, query, distinct=False, copy=False)
    assert gathered is not None
    total = exp.Sum(this=column("n", "u"))
    found = select([column(_PREDICATE, "u"), total], subquery(gathered, "u"))
    return found.group_by(column(_PREDICATE, "u"), copy=False)


def sheet(parts: Sequence[Part], layout: Layout, texts: exp.Table, numbers: Numbers) -> exp.Select:
    """All rows in the columns of a layout, by day, predicate and arguments.

    Args:
        parts: at least one.
        texts: what `ranked_texts` says.
    """
    rows: exp.Query | None = None
    for part in parts:
        query = _placed(part, layout)
        rows = query if rows is None else exp.union(rows, query, distinct=False, copy=False)
    assert rows is not None
    joins, order = [], [column(ON, "u"), column(_PREDICATE, "u")]
    shown = [called(column(ON, "u"), OWN[0]), called(_named(layout), OWN[1])]
    for place, spec in enumerate(layout.arguments):
        stored = column(_slot(place), "u")
        if spec.kind != "text":
            order.append(stored)
            shown.append(called(_number(stored.copy(), numbers) if spec.kind == "number" else stored.copy(), spec.name))
            continue
        alias = f"t{place}"
        joins.append(exp.Join(this=named(texts, alias), side="LEFT", on=equal(column("code", alias), stored)))
        text: exp.Expr = column("text", alias)
        if spec.mixed:
            text = exp.Coalesce(this=text, expressions=[column(_other(place), "u")])
        order.append(text.copy() if spec.mixed else column(RANK, alias))  # type: ignore[arg-type]
        shown.append(called(text, spec.name))
    query = select([*shown, *_own(layout.derived, "u", numbers)], subquery(rows, "u"), joins)
    return query.order_by(*order, copy=False)


def table(
    parts: Sequence[Part], kinds: Sequence[str], columns: Sequence[str], texts: exp.Table, derived: bool
) -> exp.Select:
    """The rows of one predicate in columns of their own, by day and arguments.

    Args:
        parts: at least one.
        kinds: of the arguments.
        columns: their names.
    """
    rows: exp.Query | None = None
    for part in parts:
        query = part.query.copy()
        rows = query if rows is None else exp.union(rows, query, distinct=False, copy=False)
    assert rows is not None
    joins, order = [], [column(ON, "u")]
    shown = [called(column(ON, "u"), OWN[0])]
    for place, (kind, name) in enumerate(zip(kinds, columns, strict=True)):
        stored, alias = column(argument(place), "u"), f"t{place}"
        if kind == "text":
            joins.append(exp.Join(this=named(texts, alias), side="LEFT", on=equal(column("code", alias), stored)))
        order.append(column(RANK, alias) if kind == "text" else stored)
        shown.append(called(column("text", alias) if kind == "text" else stored.copy(), name))
    query_ = select([*shown, *_own(derived, "u", "plain")], subquery(rows, "u"), joins)
    return query_.order_by(*order, copy=False)


def _placed(part: Part, layout: Layout) -> exp.Query:
    """A part in the columns that all share: one for each of the layout, and a second one where its kinds are mixed."""
    places = layout.places[part.predicate]
    kinds = layout.kinds[part.predicate]
    shown = [
        column(ON, "f"),
        called(exp.Literal.number(layout.predicates.index(part.predicate)), _PREDICATE),
    ]
    for place, spec in enumerate(layout.arguments):
        own = places.index(place) if place in places else None
        value: exp.Expr = typed(exp.null(), DuckDBDialect.types[spec.kind])
        other: exp.Expr = typed(exp.null(), "text")
        if own is not None and spec.mixed and kinds[own] != "text":
            stored = column(argument(own), "f")
            other = _number(stored, "text") if kinds[own] == "number" else typed(stored, "text")
        elif own is not None:
            value = column(argument(own), "f")
        shown.append(called(value, _slot(place)))
        if spec.mixed:
            shown.append(called(other, _other(place)))
    shown += [column(name, "f") for name in (CERTAINTY, *([DERIVED] if layout.derived else []))]
    return select(shown, subquery(part.query.copy(), "f"))


def _slot(place: int) -> str:
    return f"x{place}"


def _other(place: int) -> str:
    return f"y{place}"


def _named(layout: Layout) -> exp.Expr:
    """The name of the predicate."""
    names = [
        exp.If(this=equal(column(_PREDICATE, "u"), exp.Literal.number(place)), true=exp.Literal.string(name))
        for place, name in enumerate(layout.predicates)
    ]
    return exp.Case(ifs=names)


def _own(derived: bool, source: str, numbers: Numbers) -> list[exp.Expr]:
    """The columns that follow the arguments."""
    certainty = column(CERTAINTY, source)
    *words, (_, last) = likelihood_cutoffs()
    likelihood = exp.Case(
        ifs=[
            exp.If(this=exp.GTE(this=certainty.copy(), expression=number(lowest)), true=exp.Literal.string(word))
            for lowest, word in words
        ],
        default=exp.Literal.string(last),
    )
    established = exp.GT(this=certainty.copy(), expression=number(THRESHOLD))
    values = [_number(certainty, numbers), likelihood, established, *([column(DERIVED, source)] if derived else [])]
    return [called(value, name) for value, name in zip(values, OWN[2:], strict=False)]


def _number(value: exp.Expr, numbers: Numbers) -> exp.Expr:
    """A number as it is written; as text it is that of `kzexpert.model.format_number`."""
    if numbers == "plain":
        return value
    whole = both(
        [
            equal(value.copy(), exp.Floor(this=value.copy())),
            exp.LT(this=exp.Abs(this=value.copy()), expression=number(_WHOLE)),
        ]
    )
    without_point = exp.Cast(this=value.copy(), to=exp.DataType(this=exp.DataType.Type.BIGINT))
    text = exp.Case(ifs=[exp.If(this=whole, true=typed(without_point, "text"))], default=typed(value.copy(), "text"))
    return text if numbers == "text" else exp.Cast(this=text, to=exp.DataType(this=exp.DataType.Type.JSON))
