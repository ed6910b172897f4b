"""Conclusions in a database → the rows that are written, in the plan: no row is asked for by itself.

Their columns and order are said in `sheet`; how files are written, by the writer of each database.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.reports import Listener
from kzexpert.engines.sql.plan.extents import AS_OF, CERTAINTY, DAY, Extent, argument, empty, kinds_of
from kzexpert.engines.sql.plan.rules import Planner
from kzexpert.engines.sql.plan.words import both, called, column, day, either, named, select, subquery, together
from kzexpert.engines.sql.results.sheet import DERIVED, ON, Part, ranked_texts, sheet
from kzexpert.engines.sql.store.base import Store
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.model import Inference, Program, ProgramRule, RelationKey, Value
from kzexpert.model.columns import Form, Layout, Row, Selection

__all__ = ["Exporter", "FileWriter"]


class FileWriter(Protocol):
    """What writes rows that lie in a database."""

    def write(
        self,
        parts: Sequence[Part],
        inferences: Sequence[Inference],
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Listener,
    ) -> Mapping[str, int] | None:
        """See `kzexpert.model.inference.Facts.export`.

        Args:
            parts: at least one.
        """
        ...


class Exporter:
    """The conclusions of one run.

    Args:
        writer: what writes them to files.
        programs: one for each as-of date, in order.
        days: the table of these dates, where there are several.
        extents: relation → where its facts and conclusions lie.
        base: relation → where its recorded facts lie, as far as there are any.
        load: loads the facts of a relation that no rule reads.
    """

    def __init__(
        self,
        store: Store,
        writer: FileWriter,
        planner: Planner,
        programs: Sequence[Program],
        days: exp.Table | None,
        extents: Mapping[RelationKey, Extent],
        base: Mapping[RelationKey, Extent],
        load: Callable[[RelationKey], Extent],
    ) -> None:
        self._store = store
        self._writer = writer
        self._planner = planner
        self._programs = programs
        self._days = days
        self._extents = extents
        self._base = base
        self._load = load
        self._rules: dict[str, list[ProgramRule]] = {}
        for rule in programs[0].rules.values():
            self._rules.setdefault(rule.head.predicate, []).append(rule)

    def write(
        self,
        inferences: Sequence[Inference],
        selection: Selection,
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Listener,
    ) -> Mapping[str, int] | None:
        """See `kzexpert.model.inference.Facts.export`."""
        parts = self._parts(inferences, selection, layout)
        return self._writer.write(parts, inferences, layout, form, path, listen)

    def conclusions(self, inferences: Sequence[Inference], selection: Selection, layout: Layout) -> Iterator[Row]:
        """See `kzexpert.model.inference.Facts.conclusions`."""
        store, days = self._store, [inference.program.as_of for inference in inferences]
        layout = replace(layout, guarded=False, folders=())
        parts = self._parts(inferences, selection, layout)
        with store.within(None), ranked_texts(store) as texts:
            for row in store.stream(sheet(parts, layout, texts, days, "plain", store.dialect)):
                yield _row(row, layout)

    # --- which rows --------------------------------------------------------------------------------------------------

    def _parts(self, inferences: Sequence[Inference], selection: Selection, layout: Layout) -> list[Part]:
        """The rows of all predicates."""
        wanted = {inference.program.as_of for inference in inferences}
        numbers = [number for number, program in enumerate(self._programs) if program.as_of in wanted]
        with self._store.within(None):
            return [
                part
                for predicate in layout.predicates
                for part in self._parts_of(predicate, selection, layout, numbers)
            ]

    def _parts_of(self, predicate: str, selection: Selection, layout: Layout, numbers: Sequence[int]) -> list[Part]:
        """The rows of a predicate: what only rules conclude, what is also recorded, what is only recorded."""
        base, rules = self._base.get(predicate), self._rules.get(predicate, [])
        extent = self._extents.get(predicate)
        if not rules and not selection.recorded:
            extent = empty(kinds_of(self._programs[0].kb, predicate), self._store.dialect.types)
        elif extent is None:
            extent = self._load(predicate)
        patterns = selection.of(predicate)
        where = [] if selection.weighed else extent.established("f")
        if patterns:
            codec = Codec(self._store.texts, extent.kinds)
            where.append(either([both(codec.agree(pattern, "f")) for pattern in patterns]))
        query = partial(self._query, extent, layout=layout, numbers=numbers, where=where)
        if base is None or not rules:
            return [Part(predicate, query([], derived=bool(rules)))]
        recorded = partial(self._joined, extent, base)
        heads, dated = self._heads(rules)
        concluded = partial(self._joined, extent, replace(extent, source=heads, dated=dated), alias="h")
        found = [query([recorded("ANTI")], derived=True), query([recorded("SEMI"), concluded("SEMI")], derived=True)]
        if selection.recorded:
            found.append(query([recorded("SEMI"), concluded("ANTI")], derived=False))
        return [Part(predicate, part) for part in found]

    def _query(
        self,
        extent: Extent,
        joins: Sequence[exp.Join],
        *,
        derived: bool,
        layout: Layout,
        numbers: Sequence[int],
        where: Sequence[exp.Expr],
    ) -> exp.Select:
        """Facts of an extent, under the alias ``f``, with their dates."""
        conditions = [condition.copy() for condition in where]
        each = list(joins)
        on: exp.Expr = day(self._programs[0].as_of)
        if self._days is not None:
            on = column(AS_OF, "days")
            same = column(DAY, "days").eq(column(DAY, "f")) if extent.dated else None
            each.append(exp.Join(this=named(self._days, "days"), kind="" if extent.dated else "CROSS", on=same))
            if len(numbers) < len(self._programs):
                chosen = [exp.Literal.number(number) for number in numbers]
                conditions.append(column(DAY, "days").isin(*chosen))
        shown = [called(on, ON), *[column(name, "f") for name in extent.columns]]
        shown.append(called(extent.certainty_of("f"), CERTAINTY))
        if layout.derived:
            shown.append(called(exp.true() if derived else exp.false(), DERIVED))
        return select(shown, extent.named("f"), each, conditions)

    def _joined(self, extent: Extent, other: Extent, kind: str, alias: str = "b") -> exp.Join:
        """Only facts that another extent has, or has not."""
        names = [*extent.columns, *([DAY] if other.dated and extent.dated else [])]
        same = [column(name, alias).eq(column(name, "f")) for name in names]
        return exp.Join(this=other.named(alias), kind=kind, on=both(same))

    def _heads(self, rules: Sequence[ProgramRule]) -> tuple[exp.Query, bool]:
        """What some rules of one predicate conclude, and whether that differs by as-of date."""
        bodies = [(rule, self._planner.body(rule)) for rule in rules]
        dated = any(body.dated for _, body in bodies)
        heads: list[exp.Query] = []
        for rule, body in bodies:
            names = [argument(place) for place in range(max(len(rule.head.terms), 1))]
            shown = [column(name, "c") for name in [*names, *([DAY] if body.dated else [])]]
            query: exp.Query = select(shown, subquery(self._planner.head(rule, body), "c"))
            if dated and not body.dated:
                query = self._planner.on_all_days(query)
            heads.append(query)
        return together(heads), dated


def _row(cells: Sequence[Any], layout: Layout) -> Row:
    """A row of a sheet with its values; those of a column of several kinds stand there as texts."""
    as_of, predicate, *rest = cells
    certainty, _evidence, _established, *derived = rest[len(layout.arguments) :]
    args = tuple(
        _value(rest[place], kind) for place, kind in zip(layout.places[predicate], layout.kinds[predicate], strict=True)
    )
    return as_of, predicate, args, certainty, not derived or derived[0]


def _value(cell: Value, kind: str) -> Value:
    if kind == "text" or not isinstance(cell, str):
        return cell
    return float(cell) if kind == "number" else date.fromisoformat(cell)
