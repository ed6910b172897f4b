"""Conclusions that lie in a database → one query for all of them, in the columns of a layout and in a fixed order.

It says what is written and leaves to the database how, so that every engine writes the same columns. Where texts are
codes, rows are narrow until the end: codes are joined with texts, and ordered by the rank of these, once for all rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD, evidence_cutoffs
from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import CERTAINTY, argument
from kzexpert.engines.sql.plan.texts import Codes
from kzexpert.engines.sql.plan.words import (
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
from kzexpert.engines.sql.store.base import Store
from kzexpert.model.columns import FORMULA, NUMBER, OWN, Layout

__all__ = ["DERIVED", "ON", "Numbers", "Part", "RankedTexts", "counts", "ranked_texts", "sheet", "table"]

#: How numbers stand in a row: as they are, as text, or as JSON, the latter two without a point where they are whole.
Numbers: TypeAlias = Literal["plain", "text", "json"]

#: The columns of a part that say as of which date a row holds, and whether a rule concluded it.
ON, DERIVED = "d", "e"
_PREDICATE, _RANK = "p", "rank"
_LARGEST = 2**62


class RankedTexts(msgspec.Struct, frozen=True):
    """All texts with their codes and ranks, which begin with 1, and how many they are."""

    stored: exp.Table
    size: int


class Part(msgspec.Struct, frozen=True):
    """What is written of one predicate.

    Attributes:
        query: columns `ON`, the as-of date, ``a0`` ..., ``c`` and, where the layout has `derived`, `DERIVED`.
    """

    predicate: str
    query: exp.Query


@contextmanager
def ranked_texts(store: Store) -> Iterator[RankedTexts | None]:
    """The texts of a store, as long as the block lasts; None where they stand for themselves."""
    if not isinstance(store.texts, Codes):
        yield None
        return
    further, known = store.texts.further, store.texts.known
    texts = store.gather({"text": known}, {"code": range(len(known))}) if further is None else further.table
    order = exp.Order(expressions=[exp.Ordered(this=column("text"), nulls_first=False)])
    rank = exp.Window(this=exp.RowNumber(), order=order)
    stored = store.store(select([column("text"), column("code"), called(rank, _RANK)], texts.copy()))
    yield RankedTexts(stored, store.rows(select([exp.Count(this=exp.Star())], stored.copy()))[0][0])
    store.drop(stored)


def counts(parts: Sequence[Part], layout: Layout, *, by_day: bool) -> exp.Select:
    """The number of rows: the place of the predicate among those of the layout, how many, and of which day."""
    size = exp.Count(this=exp.Star())
    day_ = [column(ON, "f")] if by_day else []
    counted = []
    for part in parts:
        place = called(exp.Literal.number(layout.predicates.index(part.predicate)), _PREDICATE)
        query = select([place, called(size.copy(), "n"), *day_], subquery(part.query.copy(), "f"))
        counted.append(query.group_by(*day_) if by_day else query)
    keys = [column(name, "u") for name in (_PREDICATE, ON)[: 1 + by_day]]
    found = select([keys[0], exp.Sum(this=column("n", "u")), *keys[1:]], subquery(together(counted), "u"))
    return found.group_by(*keys, copy=False)


def sheet(
    parts: Sequence[Part],
    layout: Layout,
    texts: RankedTexts | None,
    days: Sequence[date],
    numbers: Numbers,
    dialect: Dialect,
    *,
    spread: bool = False,
) -> exp.Select:
    """All rows in the columns of a layout, by day, predicate and arguments.

    Args:
        parts: at least one.
        days: the as-of dates.
        spread: put the rows of one folder together, and in order, but not all rows in one order.
    """
    rows: exp.Query = together([_placed(part, layout, dialect, named=texts is None) for part in parts])
    joins: list[exp.Join] = []
    predicate = column(_PREDICATE, "u")
    order = [_day_key(days, texts), _Key(predicate, None if texts is None else len(layout.predicates))]
    shown = [called(column(ON, "u"), OWN[0]), called(_named(layout) if texts else predicate.copy(), OWN[1])]
    for place, spec in enumerate(layout.arguments):
        stored = column(_slot(place), "u")
        if spec.kind != "text":
            order.append(_Key(stored))
            number_ = spec.kind == "number"
            shown.append(called(_number(stored.copy(), numbers, dialect) if number_ else stored.copy(), spec.name))
            continue
        text, key = _text(stored, f"t{place}", texts, joins)
        if spec.mixed:
            text = exp.Coalesce(this=text, expressions=[column(_other(place), "u")])
            key = _Key(text.copy())
        order.append(key)
        shown.append(called(_guarded(text, dialect) if layout.guarded else text, spec.name))
    shown += _own(layout.derived, numbers, dialect)
    if spread:
        alike = exp.Anonymous(this="REBALANCE", expressions=[column(ON), column(_PREDICATE)])
        rows = select([exp.Star()], subquery(rows, "r"))
        rows.set("hint", exp.Hint(expressions=[alike]))
    query = select([item for item in shown if spread or item.alias not in layout.folders], subquery(rows, "u"), joins)
    return query.sort_by(*_packed(order), copy=False) if spread else _ordered(query, order)


def table(
    parts: Sequence[Part],
    kinds: Sequence[str],
    columns: Sequence[str],
    texts: RankedTexts | None,
    days: Sequence[date],
    derived: bool,
    dialect: Dialect,
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
    order = [_day_key(days, texts)]
    shown = [called(column(ON, "u"), OWN[0])]
    for place, (kind, name) in enumerate(zip(kinds, columns, strict=True)):
        stored = column(argument(place), "u")
        value, key = _text(stored, f"t{place}", texts, joins) if kind == "text" else (stored, _Key(stored.copy()))
        order.append(key)
        shown.append(called(value, name))
    query = select([*shown, *_own(derived, "plain", dialect)], subquery(rows, "u"), joins)
    return _ordered(query, order)


# --- order -----------------------------------------------------------------------------------------------------------


class _Key(msgspec.Struct, frozen=True):
    """What rows are ordered by.

    Attributes:
        bound: where it is a whole number from 0, a number that is larger; None elsewhere.
    """

    value: exp.Expr
    bound: int | None = None


def _day_key(days: Sequence[date], texts: RankedTexts | None) -> _Key:
    if texts is None:
        return _Key(column(ON, "u"), 1 if len(days) == 1 else None)
    since = exp.DateDiff(this=column(ON, "u"), expression=day(min(days)), unit=exp.var("DAY"))
    return _Key(since, (max(days) - min(days)).days + 1)


def _text(stored: exp.Expr, alias: str, texts: RankedTexts | None, joins: list[exp.Join]) -> tuple[exp.Expr, _Key]:
    """The text of a code, and its place in order."""
    if texts is None:
        return stored, _Key(stored.copy())
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


def _placed(part: Part, layout: Layout, dialect: Dialect, *, named: bool) -> exp.Query:
    """A part in the columns that all share: one for each of the layout, and a second one where its kinds are mixed.

    Args:
        named: whether predicates stand by their names, and not by their places.
    """
    places = layout.places[part.predicate]
    kinds = layout.kinds[part.predicate]
    place_ = exp.Literal.number(layout.predicates.index(part.predicate))
    shown = [column(ON, "f"), called(exp.Literal.string(part.predicate) if named else place_, _PREDICATE)]
    for place, spec in enumerate(layout.arguments):
        own = places.index(place) if place in places else None
        value: exp.Expr = typed(exp.null(), dialect.types[spec.kind])
        other: exp.Expr = typed(exp.null(), "text")
        if own is not None and spec.mixed and kinds[own] != "text":
            stored = column(argument(own), "f")
            other = _number(stored, "text", dialect) if kinds[own] == "number" else typed(stored, "text")
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


def _own(derived: bool, numbers: Numbers, dialect: Dialect) -> list[exp.Expr]:
    """The columns that follow the arguments."""
    certainty = column(CERTAINTY, "u")
    *words, (_, last) = evidence_cutoffs()
    evidence = exp.Case(
        ifs=[exp.If(this=certainty >= number(lowest), true=exp.Literal.string(word)) for lowest, word in words],
        default=exp.Literal.string(last),
    )
    established = certainty > number(THRESHOLD)
    values = [_number(certainty, numbers, dialect), evidence, established, *([column(DERIVED, "u")] if derived else [])]
    return [called(value, name) for value, name in zip(values, OWN[2:], strict=False)]


def _number(value: exp.Expr, numbers: Numbers, dialect: Dialect) -> exp.Expr:
    """A number as it is written; as text it is that of `kzexpert.model.format_number`."""
    if numbers == "plain":
        return value
    text = dialect.number_text(value)
    return text if numbers == "text" else exp.Cast(this=text, to=exp.DataType(this=exp.DataType.Type.JSON))


def _guarded(text: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A text that no spreadsheet takes for a formula."""
    formula = dialect.matches(text.copy(), FORMULA) & ~dialect.matches(text.copy(), NUMBER)
    apostrophe = exp.DPipe(this=exp.Literal.string("'"), expression=text.copy())
    return exp.Case(ifs=[exp.If(this=formula, true=apostrophe)], default=text)
