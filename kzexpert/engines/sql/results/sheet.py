"""Conclusions that lie in a database → one query for all of them, in the columns of a layout and in a fixed order.

It says what is written and leaves to the database how, so that every engine writes the same columns. Rows are narrow
until the end: texts are codes, which are joined with the texts and ordered by the rank of these once for all rows.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD, evidence_cutoffs
from kzexpert.engines.sql.plan.dialects import DuckDBDialect
from kzexpert.engines.sql.plan.extents import CERTAINTY, argument
from kzexpert.engines.sql.plan.words import (
    both,
    called,
    column,
    day,
    named,
    number,
    select,
    subquery,
    together,
    typed,
)
from kzexpert.model import EXACT
from kzexpert.model.columns import OWN, Layout

__all__ = ["DERIVED", "ON", "Numbers", "Part", "RankedTexts", "counts", "ranked_texts", "sheet", "table"]

#: How numbers stand in a row: as they are, as text, or as JSON, the latter two without a point where they are whole.
Numbers: TypeAlias = Literal["plain", "text", "json"]

#: The columns of a part that say as of which date a row holds, and whether a rule concluded it.
ON, DERIVED = "d", "e"
_PREDICATE, _RANK = "p", "rank"
_LARGEST = 2**62


class RankedTexts(msgspec.Struct, frozen=True):
    """All texts with their codes and ranks, which begin with 1: what `ranked_texts` says, and how many they are."""

    stored: exp.Table
    size: int


class Part(msgspec.Struct, frozen=True):
    """What is written of one predicate.

    Attributes:
        query: columns `ON`, the as-of date, ``a0`` ..., ``c`` and, where the layout has `derived`, `DERIVED`.
    """

    predicate: str
    query: exp.Query


def ranked_texts(texts: exp.Table) -> exp.Select:
    """The texts with their codes and `_RANK`, their place in order."""
    order = exp.Order(expressions=[exp.Ordered(this=column("text"), nulls_first=False)])
    rank = exp.Window(this=exp.RowNumber(), order=order)
    return select([column("text"), column("code"), called(rank, _RANK)], texts.copy())


def counts(parts: Sequence[Part], layout: Layout) -> exp.Select:
    """The number of rows by predicate: its place among the predicates of the layout, and how many."""
    counted = exp.Count(this=exp.Star())
    gathered = together(
        [
            select(
                [
                    called(exp.Literal.number(layout.predicates.index(part.predicate)), _PREDICATE),
                    called(counted.copy(), "n"),
                ],
                subquery(part.query.copy(), "f"),
            )
            for part in parts
        ]
    )
    total = exp.Sum(this=column("n", "u"))
    found = select([column(_PREDICATE, "u"), total], subquery(gathered, "u"))
    return found.group_by(column(_PREDICATE, "u"), copy=False)


def sheet(
    parts: Sequence[Part], layout: Layout, texts: RankedTexts, days: Sequence[date], numbers: Numbers
) -> exp.Select:
    """All rows in the columns of a layout, by day, predicate and arguments.

    Args:
        parts: at least one.
        days: the as-of dates.
    """
    rows = together([_placed(part, layout) for part in parts])
    joins: list[exp.Join] = []
    order = [_day_key(days), _Key(column(_PREDICATE, "u"), len(layout.predicates))]
    shown = [called(column(ON, "u"), OWN[0]), called(_named(layout), OWN[1])]
    for place, spec in enumerate(layout.arguments):
        stored = column(_slot(place), "u")
        if spec.kind != "text":
            order.append(_Key(stored))
            shown.append(called(_number(stored.copy(), numbers) if spec.kind == "number" else stored.copy(), spec.name))
            continue
        text, key = _text(stored, f"t{place}", texts, joins)
        if spec.mixed:
            text = exp.Coalesce(this=text, expressions=[column(_other(place), "u")])
            key = _Key(text.copy())
        order.append(key)
        shown.append(called(text, spec.name))
    query = select([*shown, *_own(layout.derived, numbers)], subquery(rows, "u"), joins)
    return _ordered(query, order)


def table(
    parts: Sequence[Part],
    kinds: Sequence[str],
    columns: Sequence[str],
    texts: RankedTexts,
    days: Sequence[date],
    derived: bool,
) -> exp.Select:
    """The rows of one predicate in columns of their own, by day and arguments.

    Args:
        parts: at least one.
        kinds: of the arguments.
        columns: their names.
        days: the as-of dates.
    """
    rows = together([part.query.copy() for part in parts])
    joins: list[exp.Join] = []
    order = [_day_key(days)]
    shown = [called(column(ON, "u"), OWN[0])]
    for place, (kind, name) in enumerate(zip(kinds, columns, strict=True)):
        stored = column(argument(place), "u")
        value, key = _text(stored, f"t{place}", texts, joins) if kind == "text" else (stored, _Key(stored.copy()))
        order.append(key)
        shown.append(called(value, name))
    query = select([*shown, *_own(derived, "plain")], subquery(rows, "u"), joins)
    return _ordered(query, order)


# --- order -----------------------------------------------------------------------------------------------------------


class _Key(msgspec.Struct, frozen=True):
    """What rows are ordered by.

    Attributes:
        bound: where it is a whole number from 0, a number that is larger; None elsewhere.
    """

    value: exp.Expr
    bound: int | None = None


def _day_key(days: Sequence[date]) -> _Key:
    since = exp.DateDiff(this=column(ON, "u"), expression=day(min(days)), unit=exp.var("DAY"))
    return _Key(since, (max(days) - min(days)).days + 1)


def _text(stored: exp.Expr, alias: str, texts: RankedTexts, joins: list[exp.Join]) -> tuple[exp.Expr, _Key]:
    """The text of a code, and its place in order."""
    same = column("code", alias).eq(stored)
    joins.append(exp.Join(this=named(texts.stored, alias), side="LEFT", on=same))
    rank = exp.Coalesce(this=column(_RANK, alias), expressions=[exp.Literal.number(0)])
    return column("text", alias), _Key(rank, texts.size + 1)


def _ordered(query: exp.Select, keys: Sequence[_Key]) -> exp.Select:
    packed = _packed(keys)
    return query.order_by(*packed, copy=False) if packed else query  # without: a single fact at most


def _packed(keys: Sequence[_Key]) -> list[exp.Expr]:
    """The same order by fewer keys: whole numbers that stand together are made one, as digits are.

    It takes databases several times as long to sort by many narrow keys as by one.
    """
    packed: list[exp.Expr] = []
    room = 0
    for key in keys:
        if key.bound == 1:
            continue
        if key.bound is None:
            packed.append(key.value)
            room = 0
        elif room >= key.bound:
            scaled = exp.paren(packed[-1], copy=False) * key.bound
            packed[-1] = scaled + key.value
            room //= key.bound
        else:
            packed.append(exp.Cast(this=key.value, to=exp.DataType(this=exp.DataType.Type.BIGINT)))
            room = _LARGEST // key.bound
    return packed


# --- columns ---------------------------------------------------------------------------------------------------------


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
        exp.If(this=column(_PREDICATE, "u").eq(place), true=exp.Literal.string(name))
        for place, name in enumerate(layout.predicates)
    ]
    return exp.Case(ifs=names)


def _own(derived: bool, numbers: Numbers) -> list[exp.Expr]:
    """The columns that follow the arguments."""
    certainty = column(CERTAINTY, "u")
    *words, (_, last) = evidence_cutoffs()
    evidence = exp.Case(
        ifs=[exp.If(this=certainty >= number(lowest), true=exp.Literal.string(word)) for lowest, word in words],
        default=exp.Literal.string(last),
    )
    established = certainty > number(THRESHOLD)
    values = [_number(certainty, numbers), evidence, established, *([column(DERIVED, "u")] if derived else [])]
    return [called(value, name) for value, name in zip(values, OWN[2:], strict=False)]


def _number(value: exp.Expr, numbers: Numbers) -> exp.Expr:
    """A number as it is written; as text it is that of `kzexpert.model.format_number`."""
    if numbers == "plain":
        return value
    whole = both(
        [
            value.eq(exp.Floor(this=value.copy())),
            exp.Abs(this=value.copy()) <= number(EXACT),
        ]
    )
    without_point = exp.Cast(this=value.copy(), to=exp.DataType(this=exp.DataType.Type.BIGINT))
    text = exp.Case(ifs=[exp.If(this=whole, true=typed(without_point, "text"))], default=typed(value.copy(), "text"))
    return text if numbers == "text" else exp.Cast(this=text, to=exp.DataType(this=exp.DataType.Type.JSON))
