"""Conclusions in a database → a file, written by the database itself.

Which rows are written is said here, their columns and order in `sheet`; which file that is, by whoever asks.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.reports import Listener, Standing, unheard
from kzexpert.engines.sql.plan.extents import AS_OF, CERTAINTY, DAY, Extent, argument, empty, kinds_of
from kzexpert.engines.sql.plan.rules import Planner
from kzexpert.engines.sql.plan.texts import Codes
from kzexpert.engines.sql.plan.words import both, called, column, day, either, named, select, subquery, together
from kzexpert.engines.sql.plan.words import table as table_of
from kzexpert.engines.sql.results.sheet import (
    DERIVED,
    ON,
    Numbers,
    Part,
    RankedTexts,
    counts,
    ranked_texts,
    sheet,
    table,
)
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.engines.sql.store.database import Database
from kzexpert.engines.sql.store.dictionary import Dictionary
from kzexpert.errors import without_password
from kzexpert.model import Inference, Program, ProgramRule, RelationKey
from kzexpert.model.columns import RUN_TABLE, Form, Layout, Selection, table_columns, table_names

__all__ = ["DatabaseExporter", "PartsWriter"]


class _Copy(msgspec.Struct, frozen=True):
    """What the database calls a format, with its options, and how numbers stand in it."""

    format: str
    numbers: Numbers
    options: dict[str, exp.Expr] = {}


_COPY: dict[Form, _Copy] = {
    "parquet": _Copy("parquet", "plain", {"compression": exp.var("zstd")}),
    "csv": _Copy("csv", "text", {"header": exp.true()}),
    "jsonl": _Copy("json", "json"),
}


class DatabaseExporter:
    """The conclusions of one run; see `kzexpert.model.inference.Facts.export`.

    Args:
        programs: one for each as-of date, in order.
        days: the table of these dates, where there are several.
        extents: relation → where its facts and conclusions lie.
        base: relation → where its recorded facts lie, as far as there are any.
        load: loads the facts of a relation that no rule reads.
    """

    def __init__(
        self,
        database: Database,
        texts: Codes,
        planner: Planner,
        programs: Sequence[Program],
        days: exp.Table | None,
        extents: Mapping[RelationKey, Extent],
        base: Mapping[RelationKey, Extent],
        load: Callable[[RelationKey], Extent],
    ) -> None:
        self._database = database
        self._texts = texts
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
        path: Path,
        listen: Listener,
    ) -> Mapping[str, int]:
        """See `kzexpert.model.inference.Facts.export`."""
        wanted = {inference.program.as_of for inference in inferences}
        numbers = [number for number, program in enumerate(self._programs) if program.as_of in wanted]
        with self._database.within(None):
            parts = [
                part for predicate in layout.predicates for part in self._parts(predicate, selection, layout, numbers)
            ]
        return PartsWriter(self._database, self._texts, layout, inferences, listen).write(parts, form, path)

    # --- which rows --------------------------------------------------------------------------------------------------

    def _parts(self, predicate: str, selection: Selection, layout: Layout, numbers: Sequence[int]) -> list[Part]:
        """The rows of a predicate: what only rules conclude, what is also recorded, what is only recorded."""
        base, rules = self._base.get(predicate), self._rules.get(predicate, [])
        extent = self._extents.get(predicate)
        if not rules and not selection.recorded:
            extent = empty(kinds_of(self._programs[0].kb, predicate), self._database.dialect.types)
        elif extent is None:
            extent = self._load(predicate)
        patterns = selection.of(predicate)
        where = [] if selection.weighed else extent.established("f")
        if patterns:
            codec = Codec(self._texts, extent.kinds)
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


# --- writing ---------------------------------------------------------------------------------------------------------


class PartsWriter:
    """Writes rows that lie in a database to files.

    Args:
        inferences: whose they are.
        listen: hears how far it is.
    """

    def __init__(
        self,
        database: Database,
        texts: Codes,
        layout: Layout,
        inferences: Sequence[Inference],
        listen: Listener = unheard,
    ) -> None:
        self._database = database
        self._texts = texts
        self._layout = layout
        self._inferences = inferences
        self._days = [inference.program.as_of for inference in inferences]
        self._listen = listen
        self._standing = Standing(phase="writing")

    def write(self, parts: Sequence[Part], form: Form, path: Path) -> Mapping[str, int]:
        """Write a file, and count the rows of each predicate.

        Args:
            parts: at least one.

        Raises:
            OSError: it cannot be written.
        """
        self._tell()
        database, layout = self._database, self._layout
        with database.within(None, self._tell):
            stored = database.store(ranked_texts(self._stored_texts()))
            size = database.rows(select([exp.Count(this=exp.Star())], stored.copy()))[0][0]
            texts = RankedTexts(stored, size)
            found = {layout.predicates[place]: int(rows) for place, rows in database.rows(counts(parts, layout))}
            self._standing = replace(self._standing, rows=sum(found.values()))
            if form == "duckdb":
                self._write_database(parts, texts, path)
            else:
                copied = _COPY[form]
                database.write(
                    sheet(parts, layout, texts, self._days, copied.numbers), path, copied.format, copied.options
                )
            database.drop(stored)
            self._standing = replace(self._standing, spilled=database.spilled())
            self._tell(1.0)
        return {predicate: found.get(predicate, 0) for predicate in layout.predicates}

    def _tell(self, done: float | None = None) -> None:
        self._listen(replace(self._standing, done=done))

    def _stored_texts(self) -> exp.Table:
        """All texts with their codes."""
        if isinstance(self._texts.further, Dictionary):
            return self._texts.further.table
        return self._database.gather({"text": self._texts.known}, {"code": range(len(self._texts))})

    def _write_database(self, parts: Sequence[Part], texts: RankedTexts, path: Path) -> None:
        """A table for each predicate, and one that describes the run."""
        described = _description(self._inferences)
        told = {name: [row[place] for row in described] for place, name in enumerate(("what", "name", "value"))}
        database, layout = self._database, self._layout
        kb = self._inferences[0].program.kb
        with database.attached(path) as file:
            for predicate, name in table_names(layout.predicates).items():
                own = [part for part in parts if part.predicate == predicate]
                columns = table_columns(kb, predicate)
                query = table(own, layout.kinds[predicate], columns, texts, self._days, layout.derived)
                database.run_apart(exp.Create(this=table_of(name, file), kind="TABLE", expression=query))
            run = select([column(name) for name in told], database.gather(told))
            database.run(exp.Create(this=table_of(RUN_TABLE, file), kind="TABLE", expression=run))


def _description(inferences: Sequence[Inference]) -> list[tuple[str, str, str]]:
    """What a run was: what is told, of which, and its value."""
    from kzexpert import __version__

    program = inferences[0].program
    kb = program.kb
    found = [("version", "kzexpert", __version__), ("engine", "", inferences[0].engine)]
    found += [("as_of", "", inference.program.as_of.isoformat()) for inference in inferences]
    found += [("assumed", "", text) for text in program.assumed]
    found += [("withdrawn", "", text) for text in program.withdrawn]
    found += [("sha256", file, digest) for file, digest in sorted(kb.digests.items())]
    found += [("table", without_password(item.file), item.predicate) for item in kb.tables]
    return found
