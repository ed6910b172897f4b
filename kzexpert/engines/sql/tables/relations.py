"""The recorded facts in force → relations in the database, for one as-of date or for several in one pass.

Facts of files come from the programs, which the snapshot has cut to their dates; rows of tables are chosen here.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from functools import partial

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.reports import Listener, unheard
from kzexpert.engines.sql.plan.decimals import rounded
from kzexpert.engines.sql.plan.extents import (
    AS_OF,
    CERTAINTY,
    DAY,
    Extent,
    Kind,
    argument,
    empty,
    kinds_of,
    measured,
    predicate_of,
)
from kzexpert.engines.sql.plan.words import called, column, named, number, select, subquery, together, typed
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.engines.sql.tables.reader import TableReader
from kzexpert.engines.sql.tables.recorded import RowFilter, TableFacts, starts_of
from kzexpert.engines.sql.tables.rows import DATES, Staged, set_aside, stage_all
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import Fact, Program, Relation, RelationKey
from kzexpert.program.snapshot import recent

__all__ = ["Loader", "needed"]


def needed(program: Program) -> list[RelationKey]:
    """The relations that rules read or conclude."""
    read = (pattern.relation for rule in program.rules.values() for pattern in rule.patterns)
    concluded = (rule.head.predicate for rule in program.rules.values())
    return list(dict.fromkeys([*read, *concluded]))


class Loader:
    """Loads the recorded facts of some programs that differ in their as-of dates only.

    Args:
        skipped_to: a file for the rows of tables that are no facts; without it they are an error. It is "" where
            another loader writes it.
        listen: hears of such rows.

    Attributes:
        store: where they are put.
        days: a table with a row for each as-of date, in the order of the programs: its number `DAY`, and the date
            `AS_OF`; None where there is one only.
        recorded: program by program, the facts in force.
    """

    def __init__(
        self,
        reader: TableReader,
        programs: Sequence[Program],
        skipped_to: str | None = None,
        listen: Listener = unheard,
    ) -> None:
        self._listen = listen
        self._reader = reader
        self.store = database = reader.store
        self._texts = texts = database.texts
        self._programs = programs
        self._skipped_to = skipped_to
        self._staged: list[Staged] = []
        self._windows = list(starts_of(programs[0]))
        self.days = self._days() if len(programs) > 1 else None
        self.recorded = [TableFacts(database, texts, program, self._staged) for program in programs]

    def stage(self, relations: Sequence[RelationKey]) -> None:
        """Read the tables of some relations that were not read yet.

        Raises:
            KnowledgeBaseError, UsageError: see `load`.
        """
        predicates = {predicate_of(relation) for relation in relations}
        tables = [table for table in self._programs[0].kb.tables if table.predicate in predicates]
        new = [table for table in tables if all(table is not staged.table for staged in self._staged)]
        if not new:
            return
        kb = self._programs[0].kb
        staged, issues = stage_all(self._reader, kb, new)
        self._staged += staged
        unread = len(staged) < len(new)  # of such a table no row can be skipped
        set_aside(self.store, kb, self._staged, issues, None if unread else self._skipped_to, self._listen)
        idle = self.recorded[0].without_effect({table.predicate for table in new})
        if idle:  # of facts of files the snapshot says it
            message = "no fact matches {}, so nothing is withdrawn"
            raise UsageError(*(Issue("KZ304", message.format(pattern), Location("--without")) for pattern in idle))

    def load(self, relations: Sequence[RelationKey]) -> dict[RelationKey, Extent]:
        """Put the facts of some relations into the database.

        Raises:
            KnowledgeBaseError: tables cannot be read (KZ124), or hold rows that are no facts (KZ125).
            UsageError: a withdrawal withdraws nothing (KZ304).
        """
        memory = {relation: self._in_memory(relation) for relation in relations}
        self.stage(relations)
        loaded, dated, stated = {}, {}, {}
        for relation, extent in memory.items():
            staged = self.recorded[0].tables_of(relation)
            if not staged:
                loaded[relation] = extent
            elif isinstance(relation, Relation) and relation.dates:
                dated[relation] = self.store.later(partial(self._with_dates, relation, extent.kinds, staged))
            else:
                stated[relation] = self.store.later(partial(self._with_tables, relation, extent, staged))
        loaded |= {relation: done() for relation, done in dated.items()}
        loaded |= self._strongest({relation: done() for relation, done in stated.items()})
        return loaded

    def stated(self, relations: Sequence[RelationKey], enough: int) -> int:
        """How often rows of tables state facts of some relations, each counted on each date; no row is copied.

        Args:
            enough: where there cannot be more, a bound is given.

        Raises:
            KnowledgeBaseError, UsageError: see `load`.
        """
        self.stage(relations)
        days = len(self._programs)
        bound = days * sum(item.rows for relation in relations for item in self.recorded[0].tables_of(relation))
        return bound if bound <= enough else sum(self._stated(relation, days) for relation in relations)

    def _stated(self, relation: RelationKey, days: int) -> int:
        chosen = [(item, *self._in_force(relation, item)) for item in self.recorded[0].tables_of(relation)]
        other = days if any(dated for *_, dated in chosen) else 1  # these hold on all dates
        total = 0
        for item, joins, where, dated in chosen:
            count = select([exp.Count(this=exp.Star())], named(item.stored, "t"), joins, where)
            total += int(self.store.rows(count)[0][0]) * (1 if dated else other)
        return total

    def within(
        self, seconds: float | None, tell: Callable[[float | None], None] | None = None
    ) -> AbstractContextManager[None]:
        """See `Store.within`."""
        return self.store.within(seconds, tell)

    def close(self) -> None:
        """Give back memory and disk."""
        self.store.close()

    # --- days --------------------------------------------------------------------------------------------------------

    def _days(self) -> exp.Table:
        """For each as-of date its number, the date, and where the windows that end on it begin."""
        columns: dict[str, Kind] = {DAY: "whole", AS_OF: "date"}
        columns |= {f"w{place}": "date" for place in range(len(self._windows))}
        rows = [
            (number_, program.as_of, *starts_of(program).values()) for number_, program in enumerate(self._programs)
        ]
        return self.store.load(columns, rows)

    def _choice(self, relation: RelationKey) -> RowFilter:
        """What decides whether a row of a table counts."""
        if self.days is None:
            return self.recorded[0].choice(relation)
        if not isinstance(relation, Relation) or not relation.within:
            return RowFilter(column(AS_OF, "days"))
        return RowFilter(column(AS_OF, "days"), column(f"w{self._windows.index(relation)}", "days"))

    # --- facts of files ----------------------------------------------------------------------------------------------

    def _in_memory(self, relation: RelationKey) -> Extent:
        kinds = kinds_of(self._programs[0].kb, relation)
        known = [
            {args: fact.certainty for args, fact in program.base.get(relation, {}).items()}
            for program in self._programs
        ]
        if not any(known):
            return empty(kinds, self.store.dialect.types)
        codec = Codec(self._texts, kinds)
        columns: dict[str, Kind] = {argument(place): kind for place, kind in enumerate(kinds)}
        all_ = [certainty for facts in known for certainty in facts.values()]
        lowest, certainty_ = min(all_), all_[0] if min(all_) == max(all_) else None
        if all(facts == known[0] for facts in known):
            rows = ((*codec.row(args), certainty) for args, certainty in known[0].items())
            stored = self.store.load({**columns, CERTAINTY: "number"}, rows)
            return Extent(stored, kinds, certainty_, lowest, len(known[0]))
        dated = (
            (*codec.row(args), number_, certainty)
            for number_, facts in enumerate(known)
            for args, certainty in facts.items()
        )
        stored = self.store.load({**columns, DAY: "whole", CERTAINTY: "number"}, dated)
        return Extent(stored, kinds, certainty_, lowest, len(all_), dated=True)

    # --- rows of tables ----------------------------------------------------------------------------------------------

    def _with_tables(self, relation: RelationKey, memory: Extent, staged: Sequence[Staged]) -> Extent:
        """All facts of a relation, each as often as rows state it. A table of which all rows count is not copied."""
        parts: list[tuple[exp.Select, bool]] = []
        if memory.rows != 0:
            shown: list[exp.Expr] = [column(name, "m") for name in memory.shown]
            parts.append((select([*shown, column(CERTAINTY, "m")], memory.named("m")), memory.dated))
        parts += [self._rows_in_force(relation, item, [*map(column, memory.columns)]) for item in staged]
        dated = any(part_dated for _, part_dated in parts)
        constant = _constant(staged[0])
        if len(parts) == 1 and not dated and constant is not None and not parts[0][0].args.get("where"):
            return Extent(staged[0].stored, memory.kinds, constant, constant, staged[0].rows)
        whole = [
            part if part_dated or not dated else self._on_all_days(part, memory.columns) for part, part_dated in parts
        ]
        measures = exp.Count(this=exp.Star()), exp.Min(this=column(CERTAINTY)), exp.Max(this=column(CERTAINTY))
        stored, told = self.store.fill(together(whole), measures)
        return measured(Extent(stored, memory.kinds, dated=dated), self.store.dialect.types, *told)

    def _strongest(self, stated: Mapping[RelationKey, Extent]) -> dict[RelationKey, Extent]:
        """The facts of some relations, of rows that state the same on the same date only the most certain.

        One query counts for all. Where none repeats another, rows stay in the order of their file, which joins faster.
        """
        found = dict(stated)
        compared = [relation for relation, extent in stated.items() if extent.rows and not self._is_distinct(extent)]
        counted = [_different(place, stated[relation]) for place, relation in enumerate(compared)]
        for place, different in self.store.rows(together(counted)) if counted else ():
            extent = stated[compared[place]]
            if different < extent.rows:
                keys = [column(name, "m") for name in extent.shown]
                strongest = called(exp.Max(this=extent.certainty_of("m")), CERTAINTY)
                grouped = select([*keys, strongest], extent.named("m")).group_by(*[k.copy() for k in keys], copy=False)
                found[compared[place]] = replace(extent, source=self.store.store(grouped), rows=different)
        return found

    def _is_distinct(self, extent: Extent) -> bool:
        return self.store.distinct(extent.named("m"), extent.shown, extent.rows or 0)

    def _with_dates(self, relation: Relation, kinds: tuple[Kind, ...], staged: Sequence[Staged]) -> Extent:
        """All facts of a relation with dates, of rows in files and in tables; see `snapshot.on_record`.

        Args:
            kinds: of its columns.
        """
        arity = len(kinds) - len(relation.dates)
        columns = [argument(place) for place in range(arity)]
        dated = self.days is not None
        keys = [*columns, *([DAY] if dated else [])]
        parts: list[exp.Query] = [self._rows_in_memory(relation, kinds[:arity])]
        for item in staged:
            told = [_day_of(item, word) for word in relation.dates]
            part, part_dated = self._rows_in_force(relation, item, [*map(column, columns)], told)
            parts.append(part if part_dated or not dated else self._on_all_days(part, [*columns, *relation.dates]))
        names = [*keys, *relation.dates, CERTAINTY]
        rows = together([select([column(name, "p") for name in names], subquery(part, "p")) for part in parts])
        stored = subquery(rows, "d")
        strongest = called(exp.Max(this=column(CERTAINTY)), CERTAINTY)
        dates = [argument(arity + place) for place in range(len(relation.dates))]
        if relation.dates == ("on",):
            shown = [*map(column, keys), called(column("on"), dates[0]), strongest]
            known = ~column("on").is_(exp.null())
            query = select(shown, stored, where=[known]).group_by(*map(column, [*keys, "on"]), copy=False)
        else:
            extremes = [
                called((exp.Min if word == "since" else exp.Max)(this=column(word)), name)
                for word, name in zip(relation.dates, dates, strict=True)
            ]
            everywhere = [exp.Count(this=column(word)).eq(exp.Count(this=exp.Star())) for word in relation.dates]
            query = select([*map(column, keys), *extremes, strongest], stored)
            query = query.group_by(*map(column, keys), copy=False).having(*everywhere, copy=False)
        return Extent(self.store.store(query), kinds, dated=dated)

    def _rows_in_memory(self, relation: Relation, kinds: tuple[Kind, ...]) -> exp.Query:
        """The rows of files that count, with the dates of a relation."""
        codec = Codec(self._texts, kinds)
        columns: dict[str, Kind] = {argument(place): kind for place, kind in enumerate(kinds)}
        if self.days is not None:
            columns[DAY] = "whole"
        columns |= {**dict.fromkeys(relation.dates, "date"), CERTAINTY: "number"}
        rows = []
        for number_, program in enumerate(self._programs):
            days = [] if self.days is None else [number_]
            for args, fact in program.base.get(relation.predicate, {}).items():
                found = fact.rows if relation.within is None else recent(fact.rows, program.as_of, relation.within)
                stated: list[tuple[tuple[date | None, ...], float]] = [
                    (tuple(_date_of(row, word) for word in relation.dates), row.weight) for row in found
                ]
                if fact.assumed and relation.dates == ("on",):
                    stated.append(((program.as_of,), 1.0))
                rows += [(*codec.row(args), *days, *dates, certainty) for dates, certainty in stated]
        return select([exp.Star()], self.store.load(columns, rows))

    def _rows_in_force(
        self, relation: RelationKey, item: Staged, columns: Sequence[exp.Column], dates: Sequence[exp.Expr] = ()
    ) -> tuple[exp.Select, bool]:
        """The rows of a table that count, and whether that differs from date to date."""
        constant = _constant(item)
        certainty = _weight(item) if constant is None else number(constant)
        shown: list[exp.Expr] = [column(name.name, "t") for name in columns]
        shown += dates
        joins, where, dated = self._in_force(relation, item)
        if dated:
            shown.append(column(DAY, "days"))
        rows = select([*shown, called(certainty, CERTAINTY)], named(item.stored, "t"), joins, where)
        if constant is not None:
            return rows, dated
        return rounded(rows, [one.alias_or_name for one in shown], CERTAINTY), dated

    def _in_force(self, relation: RelationKey, item: Staged) -> tuple[list[exp.Join], list[exp.Expr], bool]:
        """The joins and conditions that choose the rows of a table that count, and whether these differ by date."""
        dated = self.days is not None and any(item.table.says(key) for key in ("since", "until", "on"))
        joins = [exp.Join(this=named(self.days, "days"), kind="CROSS")] if dated and self.days is not None else []
        return joins, self.recorded[0].in_force(item, self._choice(relation), "t"), dated

    def _on_all_days(self, part: exp.Query, columns: Sequence[str]) -> exp.Select:
        assert self.days is not None
        shown: list[exp.Expr] = [column(name, "e") for name in columns]
        each = exp.Join(this=named(self.days, "days"), kind="CROSS")
        return select([*shown, column(DAY, "days"), column(CERTAINTY, "e")], subquery(part, "e"), [each])


def _different(place: int, extent: Extent) -> exp.Select:
    """How many facts a relation has.

    Args:
        place: tells it from others.
    """
    shown = [column(name, "m") for name in extent.shown]
    distinct = subquery(select(shown, extent.named("m"), distinct=True), "d")
    return select([called(exp.Literal.number(place), "place"), exp.Count(this=exp.Star())], distinct)


def _constant(item: Staged) -> float | None:
    """The certainty of each row of a table; None where they differ."""
    constant = CERTAINTY not in item.columns and not item.table.factors
    return round(item.table.certainty, 9) if constant else None


def _weight(item: Staged) -> exp.Expr:
    """The certainty of a row of a table, as the grade of its source leaves it, before it is rounded."""
    table = item.table
    cited = table.source.source if table.source else ""
    written = column(CERTAINTY, "t") if CERTAINTY in item.columns else number(table.certainty)
    if "source" not in item.columns or not table.factors:
        return written * number(table.factor(cited)) if cited in table.factors else written
    source = exp.Coalesce(this=column("source", "t"), expressions=[exp.Literal.string(cited)])
    factors = [
        exp.If(this=source.eq(exp.Literal.string(name)), true=number(factor))
        for name, factor in sorted(table.factors.items())
    ]
    return written * exp.Case(ifs=factors, default=number(1.0))


def _day_of(item: Staged, word: str) -> exp.Expr:
    """The day that a row of a table has for one of `kzexpert.model.DATE_WORDS`; null where it is open."""
    if item.table.says(word):
        return called(column(DATES[word][0], "t"), word)
    return called(typed(exp.null(), "date"), word)


def _date_of(row: Fact, word: str) -> date | None:
    """As `_day_of`, of a row of a file."""
    if word == "until":
        return row.until.last if row.until else None
    found = row.since if word == "since" else row.on
    return found.first if found else None
