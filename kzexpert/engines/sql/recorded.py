"""Which recorded facts hold on a day: those of files, which the snapshot has chosen, and those of tables."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlglot import exp

from kzexpert.engines.sql.codec import Args, Codec
from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.dictionary import Dictionary
from kzexpert.engines.sql.extents import CERTAINTY, Extent, argument, empty, kinds_of, predicate_of
from kzexpert.engines.sql.opening import FILE, ROW
from kzexpert.engines.sql.stored import Relation
from kzexpert.engines.sql.tables import DATES, Staged, bad_rows, stage_all
from kzexpert.engines.sql.texts import Texts
from kzexpert.engines.sql.words import both, called, column, day, equal, named, number, select, subquery
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language import parse_atom, parse_partial_date
from kzexpert.model import (
    NOWHERE,
    BaseFact,
    Citation,
    Constant,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Program,
    Table,
    Variable,
)
from kzexpert.resolve import atoms_of, resolve_atom
from kzexpert.snapshot import base_fact, window_start

__all__ = ["Recorded", "table_facts"]


class Recorded(Mapping[str, Mapping[Args, BaseFact]]):
    """The facts in force, as `Program.base` has them; those of tables stay in the database.

    Args:
        skipped_to: a file for the rows that are no facts; without it they are an error.

    Attributes:
        skipped: what is wrong with those rows.
    """

    def __init__(self, database: Database, texts: Texts, program: Program, skipped_to: str | None = None) -> None:
        self.skipped: list[Issue] = []
        self._database = database
        self._texts = texts
        self._program = program
        self._skipped_to = skipped_to
        self._staged: list[Staged] = []
        self._dictionary: Dictionary | None = None
        self._relations: dict[str, _FromTables] = {}
        self._starts = {
            f"{atom.predicate} {atom.within}": window_start(program.as_of, atom.within)
            for rule in program.kb.rules
            for condition in rule.when
            for atom, _ in atoms_of(condition)
            if atom.within
        }
        withdrawn = (resolve_atom(program.kb, parse_atom(text, NOWHERE))[0] for text in program.withdrawn)
        self._withdrawn = [pattern for pattern in withdrawn if pattern is not None]

    def load(self, relations: Sequence[str]) -> dict[str, Extent]:
        """Put the facts of some relations into the database.

        Raises:
            KnowledgeBaseError: tables cannot be read (KZ124), or hold rows that are no facts (KZ125).
        """
        loaded = {relation: self._in_memory(relation) for relation in relations}
        predicates = {predicate_of(relation) for relation in relations}
        self._stage([table for table in self._program.kb.tables if table.predicate in predicates])
        for relation in relations:
            staged = self._tables_of(relation)
            if staged:
                loaded[relation] = self._with_tables(relation, loaded[relation], staged)
        return loaded

    # --- as a mapping ------------------------------------------------------------------------------------------------

    def __getitem__(self, relation: str) -> Mapping[Args, BaseFact]:
        found = self._relations.get(relation)
        return self._program.base[relation] if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._program.base, *self._relations]))

    def __len__(self) -> int:
        return len({*self._program.base, *self._relations})

    # --- loading -----------------------------------------------------------------------------------------------------

    def _in_memory(self, relation: str) -> Extent:
        kinds = kinds_of(self._program.kb, relation)
        facts = self._program.base.get(relation, {})
        if not facts:
            return empty(kinds)
        codec = Codec(self._texts, kinds)
        lines = (f"{codec.line(args)},{fact.certainty!r}" for args, fact in facts.items())
        columns = {argument(place): kind for place, kind in enumerate(kinds)}
        return Extent(self._database.load({**columns, CERTAINTY: "number"}, lines), kinds)

    def _stage(self, tables: Sequence[Table]) -> None:
        """Read tables that were not read yet."""
        new = [table for table in tables if all(table is not staged.table for staged in self._staged)]
        if not new:
            return
        if self._dictionary is None:
            self._dictionary = Dictionary(self._database, self._texts, self._program.kb)
        staged, issues = stage_all(self._database, self._dictionary, self._program.kb, new)
        self._staged += staged
        unread = len(staged) < len(new)  # of such a table no row can be skipped
        if issues and (unread or self._skipped_to is None):
            raise KnowledgeBaseError(*issues, texts=self._program.kb.texts)
        if self._skipped_to is not None:
            self.skipped += issues
            _write_bad_rows(self._database, self._staged, Path(self._skipped_to))

    def _tables_of(self, relation: str) -> list[Staged]:
        predicate = predicate_of(relation)
        return [staged for staged in self._staged if staged.table.predicate == predicate]

    def _with_tables(self, relation: str, memory: Extent, staged: Sequence[Staged]) -> Extent:
        """All facts of a relation; of rows that state the same the most certain counts."""
        parts: list[exp.Query] = []
        if memory.rows != 0:
            parts.append(select([*map(column, memory.columns), column(CERTAINTY)], memory.named("m")))
        for item in staged:
            certainty = number(round(item.table.certainty, 9))
            if CERTAINTY in item.columns:
                certainty = self._database.dialect.rounded(column(CERTAINTY))
            shown = [*map(column, memory.columns), called(certainty, CERTAINTY)]
            parts.append(select(shown, item.stored.copy(), where=self.in_force(item, relation)))
        query = parts[0]
        for part in parts[1:]:
            query = exp.union(query, part, distinct=False, copy=False)
        stored = self._database.store(query)
        if self._repeats(stored, memory.columns):
            keys = [column(name) for name in memory.columns]
            strongest = called(exp.Max(this=column(CERTAINTY)), CERTAINTY)
            grouped = select([*keys, strongest], stored.copy()).group_by(*[key.copy() for key in keys], copy=False)
            stored = self._database.store(grouped)
        extent = Extent(stored, memory.kinds)
        arity = len(self._program.kb.predicate[predicate_of(relation)].args)
        facts = Relation(self._database, self._texts, extent, arity)
        self._relations[relation] = _FromTables(self, relation, facts, self._program.base.get(relation, {}))
        return extent

    def _repeats(self, stored: exp.Table, columns: Sequence[str]) -> bool:
        """Whether two rows state the same. Where none do, rows stay in the order of their file, which joins faster."""
        distinct = subquery(select([column(name) for name in columns], stored.copy(), distinct=True), "d")
        count = exp.Count(this=exp.Star())
        all_ = self._database.rows(select([count], stored.copy()))[0][0]
        return bool(self._database.rows(select([count.copy()], distinct))[0][0] < all_)

    # --- rows of tables ----------------------------------------------------------------------------------------------

    def in_force(self, staged: Staged, relation: str) -> list[exp.Expr]:
        """The conditions under which a row counts on the as-of date."""
        as_of = day(self._program.as_of)
        found: list[exp.Expr] = []
        for key, early in (("since", True), ("until", False), ("on", True)):
            if key in staged.table.columns:
                name = column(DATES[key][0])
                holds = (
                    exp.LTE(this=name, expression=as_of.copy())
                    if early
                    else exp.GTE(this=name, expression=as_of.copy())
                )
                open_ = exp.Is(this=name.copy(), expression=exp.null())
                found.append(exp.paren(exp.Or(this=open_, expression=holds), copy=False))
        start = self._starts.get(relation)
        if start is not None and "on" in staged.table.columns:
            found.append(exp.GT(this=column(DATES["on"][0]), expression=day(start)))
        for pattern in self._withdrawn:
            if pattern.predicate == staged.table.predicate:
                found.append(exp.Not(this=exp.paren(both(self._agree(pattern)), copy=False)))
        return found

    def _agree(self, pattern: Pattern) -> Iterator[exp.Expr]:
        """The conditions under which a row is an instance of a pattern."""
        kinds = kinds_of(self._program.kb, pattern.predicate)
        bound: dict[str, exp.Expr] = {}
        for place, term in enumerate(pattern.terms):
            here = column(argument(place))
            if isinstance(term, Constant):
                stored = Codec(self._texts, kinds).key([term.value], [place])
                yield exp.false() if stored is None else equal(here, _plain(stored[0]))
            elif isinstance(term, Variable) and term.name in bound:
                yield equal(here, bound[term.name].copy())
            elif isinstance(term, Variable):
                bound[term.name] = here

    def rows(self, relation: str, args: Args) -> Iterator[Fact]:
        """The rows of tables that state a fact and count on the as-of date."""
        kinds = kinds_of(self._program.kb, relation)
        key = Codec(self._texts, kinds, len(args)).key(args, range(len(args)))
        for staged in self._tables_of(relation) if key is not None else ():
            names = sorted(staged.columns)
            same = [equal(column(argument(place)), _plain(value)) for place, value in enumerate(key or ())]
            shown = [column(name) for name in names]
            query = select(shown, staged.stored.copy(), where=[*same, *self.in_force(staged, relation)])
            for row in self._database.rows(query.order_by(column(FILE), column(ROW), copy=False)):
                yield _fact(staged.table, self._argument_names(relation), args, dict(zip(names, row, strict=True)))

    def prefetch(self, wanted: Mapping[str, Sequence[Args]]) -> None:
        """Fetch the rows that state some facts of each predicate."""
        for predicate, facts in self._relations.items():
            facts.fetch(wanted.get(predicate, ()))

    def rows_of_many(self, relation: str, wanted: Sequence[Args]) -> dict[Args, list[Fact]]:
        """As `rows`, for many facts at once."""
        kinds = kinds_of(self._program.kb, relation)
        codec = Codec(self._texts, kinds, len(wanted[0]))
        columns = {argument(place): kind for place, kind in enumerate(kinds)}
        heads = self._database.load(columns, map(codec.line, wanted))
        same = [equal(column(name, "h"), column(name, "t")) for name in columns]
        found: dict[Args, list[Fact]] = {args: [] for args in wanted}
        for staged in self._tables_of(relation):
            names = [*columns, *sorted(staged.columns - columns.keys())]
            rows = select([exp.Star()], staged.stored.copy(), where=self.in_force(staged, relation))
            join = exp.Join(this=named(heads, "h"), on=both(same))
            query = select([column(name, "t") for name in names], subquery(rows, "t"), [join])
            query.order_by(column(FILE, "t"), column(ROW, "t"), copy=False)
            for row in self._database.rows(query):
                args = codec.decode(row)
                found[args].append(
                    _fact(staged.table, self._argument_names(relation), args, dict(zip(names, row, strict=True)))
                )
        self._database.drop(heads)
        return found

    def _argument_names(self, relation: str) -> list[str]:
        return [spec.name for spec in self._program.kb.predicate[predicate_of(relation)].args]


class _FromTables(Mapping[Args, BaseFact]):
    """The facts of one relation of which some lie in tables, each with the rows that state it."""

    def __init__(self, recorded: Recorded, relation: str, facts: Relation, memory: Mapping[Args, BaseFact]) -> None:
        self._recorded = recorded
        self._relation = relation
        self._facts = facts
        self._memory = memory
        self._fetched: dict[Args, list[Fact]] = {}

    def fetch(self, wanted: Sequence[Args]) -> None:
        """Fetch the rows of some facts at once."""
        missing = [args for args in wanted if args not in self._fetched]
        if missing:
            self._fetched.update(self._recorded.rows_of_many(self._relation, missing))

    def __getitem__(self, args: Args) -> BaseFact:
        known = self._memory.get(args)
        if args not in self._fetched:
            self._fetched[args] = list(self._recorded.rows(self._relation, args))
        rows = [*(known.rows if known else ()), *self._fetched[args]]
        atom = GroundAtom(predicate_of(self._relation), args)
        if known is not None and known.assumed:
            return BaseFact(atom, known.certainty, tuple(rows), assumed=True)
        if not rows:
            raise KeyError(args)
        return base_fact(atom, rows)

    def __contains__(self, args: object) -> bool:
        return args in self._facts

    def __iter__(self) -> Iterator[Args]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


def table_facts(kb: KnowledgeBase, most: int = 100_000) -> list[Fact]:
    """The rows of all tables, whatever the day, for engines that keep facts in memory.

    Raises:
        KnowledgeBaseError: a table cannot be read (KZ124), holds rows that are no facts (KZ125), or all tables together
            hold more rows than `most` (KZ405).
    """
    database, texts = Database(), Texts()
    dictionary = Dictionary(database, texts, kb)
    staged, issues = stage_all(database, dictionary, kb, kb.tables)
    if issues:
        raise KnowledgeBaseError(*issues, texts=kb.texts)
    facts: list[Fact] = []
    for item in staged:
        specs = kb.predicate[item.table.predicate].args
        codec = Codec(texts, kinds_of(kb, item.table.predicate), len(specs))
        columns = [argument(place) for place in range(len(codec.kinds))]
        names = [*columns, *sorted(item.columns - {*columns})]
        query = select([column(name) for name in names], item.stored.copy())
        for row in database.stream(query.order_by(column(FILE), column(ROW), copy=False)):
            args = codec.decode(row)
            facts.append(_fact(item.table, [spec.name for spec in specs], args, dict(zip(names, row, strict=True))))
            if len(facts) > most:
                message = f"the tables hold more than {most:,} rows, too many for this engine"
                raise KnowledgeBaseError(Issue("KZ405", message, item.table.location, "use --engine duckdb"))
    database.close()
    return facts


def _plain(value: int | float | date) -> exp.Expr:
    if isinstance(value, date):
        return day(value)
    return number(value) if isinstance(value, float) else exp.Literal.number(value)


def _fact(table: Table, names: Sequence[str], args: Args, row: Mapping[str, Any]) -> Fact:
    """A row of a table as a fact of a file."""
    dates = {key: row.get(text) for key, (_, text) in DATES.items()}
    source = table.source
    if row.get("source"):
        source = Citation(row["source"], row.get("at") or "")
    elif row.get("at") and source is not None:
        source = Citation(source.source, row["at"])
    return Fact(
        predicate=table.predicate,
        arguments=dict(zip(names, args, strict=True)),
        since=parse_partial_date(dates["since"]) if dates["since"] else None,
        until=parse_partial_date(dates["until"]) if dates["until"] else None,
        on=parse_partial_date(dates["on"]) if dates["on"] else None,
        certainty=float(row.get(CERTAINTY) or table.certainty),
        source=source,
        note=row.get("note") or table.note,
        location=Location(str(row[FILE]), int(row[ROW])),
    )


def _write_bad_rows(database: Database, staged: Sequence[Staged], path: Path) -> None:
    """A CSV file of the rows that are no facts; it is there whole, or as it was."""
    import csv

    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "row", "problem", "value"])
            writer.writerows(bad_rows(database, staged))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"{path} cannot be written: {error.strerror}"
        raise KnowledgeBaseError(Issue("KZ306", message)) from None
