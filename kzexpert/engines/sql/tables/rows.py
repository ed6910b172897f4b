"""Tables → facts in the database: every row is checked, bad ones are counted and shown, and none goes through Python.

What may be declared is said by `language.tables_file` and the checks; which rows hold on a day, by `recorded`.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec
from sqlglot import exp

from kzexpert.engines.reports import Listener, Skipped, Unread
from kzexpert.engines.sql.plan.extents import CERTAINTY, argument
from kzexpert.engines.sql.plan.words import called, column, named, number, select, subquery, typed
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError, Store
from kzexpert.engines.sql.tables.bad_rows import (
    PROBLEM,
    VALUE,
    Hint,
    Problem,
    bad_rows,
    issues_of,
    nothing_read,
    problem_number,
    problem_value,
    uneven_issue,
    write_rows,
)
from kzexpert.engines.sql.tables.cells import Cells, day_of, double
from kzexpert.engines.sql.tables.files import BadRow, unreadable
from kzexpert.engines.sql.tables.reader import TablePart, TableReader
from kzexpert.errors import Issue, KnowledgeBaseError, without_password
from kzexpert.language.guesses import date_hint, number_hint
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.tokens import TOO_LONG
from kzexpert.model import KnowledgeBase, Table

__all__ = ["DATES", "Staged", "set_aside", "stage_all"]

#: What a row may say of its dates → the columns for the day that decides, and for the date as written.
DATES = {"since": ("since", "since text"), "until": ("until", "until text"), "on": ("on", "on text")}


class Staged(msgspec.Struct, frozen=True):
    """The rows of a table that are facts.

    Attributes:
        stored: columns ``a0`` ..., the days and texts of `DATES`, ``c``, ``source``, ``at``, ``note``, as far as the
            table has them; and where the row stands.
        rows: how many there are.
        bad: columns `FILE`, `ROW`, `PROBLEM` and `VALUE` of the rows that are none; None where all are.
        says: what each problem says.
        parts: what the table is read from.
        warnings: that no row was read, or that no record has a path.
    """

    table: Table
    stored: exp.Table
    columns: frozenset[str]
    rows: int
    issues: tuple[Issue, ...] = ()
    bad: exp.Table | None = None
    says: tuple[str, ...] = ()
    parts: tuple[TablePart, ...] = ()
    warnings: tuple[Issue, ...] = ()


def stage_all(reader: TableReader, kb: KnowledgeBase, tables: Sequence[Table]) -> tuple[list[Staged], list[Issue]]:
    """Read tables whole and check every row.

    Returns:
        Those that could be read, and all that is wrong: tables that cannot be read, or lack a column (KZ124), and rows
        that are no facts (KZ125).
    """
    begun = [_stage(reader, kb, table) for table in tables]
    staged: list[Staged] = []
    issues: list[Issue] = []
    for done in begun:
        try:
            staged.append(done())
            issues.extend(staged[-1].issues)
        except KnowledgeBaseError as error:
            if any(issue.code != "KZ124" for issue in error.issues):
                raise  # not the table's fault
            issues.extend(error.issues)
    return staged, issues


def _stage(reader: TableReader, kb: KnowledgeBase, declared: Table) -> Callable[[], Staged]:
    """Begin to read a table; what waits until it is read, and raises what is wrong with it."""

    def done(work: Callable[[], Staged]) -> Staged:
        try:
            return work()
        except DatabaseError as error:
            raise unreadable(declared.file, error, declared.marks.get("file", declared.location)) from None

    try:
        return partial(done, reader.store.later(_Staging(reader, kb, declared).staged))
    except KnowledgeBaseError as error:
        return partial(done, partial(_raise, error))


def _raise(error: KnowledgeBaseError) -> NoReturn:
    raise error


def set_aside(
    database: Store,
    kb: KnowledgeBase,
    staged: Sequence[Staged],
    issues: Sequence[Issue],
    file: str | None,
    listen: Listener,
) -> None:
    """Write the rows that are no facts to a file, which is there even where there are none, and tell of them.

    It tells the warnings about tables as well.

    Args:
        staged: all that was read so far.
        issues: what is wrong with what was read last.
        file: None where such rows are an error.

    Raises:
        KnowledgeBaseError: there are such rows, and no file for them.
        UsageError: the file cannot be written (KZ306).
    """
    unread = tuple(warning for item in staged for warning in item.warnings)
    if unread:
        listen(Unread(unread))
    if file is None:
        if issues:
            raise KnowledgeBaseError(*issues, texts=kb.texts)
        return
    if file:
        write_rows(file, _bad_rows(database, staged), kb)
    if issues:
        listen(Skipped(tuple(issues), file))


def _bad_rows(database: Store, staged: Sequence[Staged]) -> Iterator[BadRow]:
    for item in staged:
        yield from bad_rows(database, item.bad, item.says, item.parts)


class _Staging:
    """The query that turns the rows of one table into facts."""

    def __init__(self, reader: TableReader, kb: KnowledgeBase, declared: Table) -> None:
        self.reader = reader
        self.database = reader.store
        self.declared = declared
        self.kb = kb
        self.opened = reader.open(declared)
        self.cells = Cells(self.database.dialect, declared, self.opened.types)
        self.told: dict[str, exp.Expr] = {}
        self.dictionary = self.database.dictionary(kb)
        self.joins: list[exp.Join] = []
        self.shown: list[exp.Expr] = []
        self.problems: list[Problem] = []
        self.texts: list[exp.Table] = []
        specs = kb.predicate[declared.predicate].args
        self.dates = {*DATES, *(spec.name for spec in specs if spec.type == "date")}
        numbers = ["certainty", *(spec.name for spec in specs if spec.type == "number")]
        columns = {key: declared.columns[key] for key in numbers if key in declared.columns}
        self._fractions = {key for key, name in columns.items() if self.cells.is_fraction(name)}
        for place, spec in enumerate(specs):
            self._argument(place, spec.name, spec.type)
        if not specs:
            self.shown.append(called(exp.Literal.number(0), argument(0)))
        for key in ("since", "until", "on"):
            if declared.says(key):
                self._date(key)
        self._certainty()
        self._source()
        for key in ("at", "note"):
            if key in declared.columns:
                self.shown.append(called(self._text(key), key))

    def staged(self) -> Staged:
        """The facts, once they are read; and what is wrong with rows that are none."""
        stored, rows, bad = self._read()
        found = self._bad() if bad else None
        for texts in self.texts:
            self.database.drop(texts)
        columns = frozenset(shown.alias_or_name for shown in [*self.shown, *self._place()])
        parts = self.opened.parts
        uneven = [row for part in parts for row in part.uneven]
        issues = tuple([uneven_issue(self.declared, uneven)] if uneven else [])
        warnings = tuple(warning for part in parts for warning in part.warnings)
        if found is None:
            warnings = warnings if rows or uneven else (nothing_read(self.declared),)
            return Staged(self.declared, stored, columns, rows, issues, parts=parts, warnings=warnings)
        issues += tuple(issues_of(self.database, self.declared, found, self.problems))
        stored = self.database.kept(stored, column(PROBLEM).is_(exp.null()))
        says = tuple(problem.says for problem in self.problems)
        return Staged(self.declared, stored, columns, rows - bad, issues, found, says, parts, warnings)

    def _read(self) -> tuple[exp.Table, int, int]:
        """The rows, with the number of the first problem of each; how many they are, and how many have a problem."""
        shown = [*self.shown, *self._place(), called(problem_number(self.problems), PROBLEM)]
        query = select(shown, subquery(self._rows(), "i"), [join.copy() for join in self.joins])
        counts = exp.Count(this=exp.Star()), exp.Count(this=column(PROBLEM))
        with self.database.in_order(), self.database.reading():
            stored, (rows, bad) = self.database.fill(query, counts)
        return stored, rows, bad

    def _bad(self) -> exp.Table:
        """The rows that are no facts; they are read once more, now with the values that are wrong."""
        number_, value = problem_number(self.problems), problem_value(self.problems)
        shown = [*self._place(), called(number_, PROBLEM), called(value, VALUE)]
        rows = subquery(select(shown, subquery(self._rows(), "i"), self.joins), "b")
        wrong = ~column(PROBLEM, "b").is_(exp.null())
        with self.database.in_order(), self.database.reading():
            return self.database.store(select([exp.Star()], rows, where=[wrong]))

    # --- columns -----------------------------------------------------------------------------------------------------

    def _place(self) -> list[exp.Expr]:
        return [column(FILE, "i"), column(ROW, "i")]

    def _rows(self) -> exp.Select:
        """The rows that `where` keeps, with the texts that are told; they are numbered before the others go."""
        told = [called(text.copy(), self._named(key)) for key, text in self.told.items()]
        rows = subquery(self.opened.query(self.cells.used), "w")
        return select([exp.Star(), *told], rows, where=self.cells.chosen("w"))

    def _named(self, key: str) -> str:
        return f"t{[*self.told].index(key)}"

    def _text(self, key: str) -> exp.Column:
        """What a row says of an argument or anything else, as text; dates in ISO. Null where it says nothing.

        Of `_fractions` it is the number itself.
        """
        if key not in self.told:
            self.told[key] = self._told(key)
        return column(self._named(key), "i")

    def _told(self, key: str) -> exp.Expr:
        if key in self.declared.constants:
            return typed(exp.Literal.string(self.declared.constants[key]), "text")
        if key in self.declared.parts:
            return self.cells.date_of_parts(self.declared.parts[key], "w")
        name = self.declared.columns[key]
        if key in self._fractions:
            return self.cells.numeric(name, "w")
        return self.cells.date(name, "w") if key in self.dates else self.cells.text(name, "w")

    def _problem(self, key: str, says: str, condition: exp.Expr, hint: Hint | None = None) -> None:
        text: exp.Expr = self._text(key)
        if key in self._fractions:
            text = self.cells.printed(self.declared.columns[key], text)
        self.problems.append(Problem(condition, text, f"columns.{key}", says, hint))

    def _argument(self, place: int, key: str, kind: str) -> None:
        if key in self.declared.numbered:
            self.shown.append(called(typed(column(ROW, "i"), "double"), argument(place)))
            return
        text = self._text(key)
        value: exp.Expr = self._stands_for_text(place, key, text) if kind == "text" else text
        self._problem(key, f"{key} is empty", value.is_(exp.null()))
        if kind == "number":
            value = self._number(key)
            self._problem(key, f"{{}} is not a number for {key}", value.is_(exp.null()), number_hint)
            long = self.cells.too_long(self.declared.columns.get(key), text, value, "i")
            if long is not None:
                says = f"{{}} has more digits than the number {key} holds exactly"
                self._problem(key, says, long, lambda _: TOO_LONG)
        elif kind == "date":
            value = day_of(self.database.dialect, text, "")
            wrong = exp.Length(this=text.copy()).neq(10) | value.is_(exp.null())
            self._problem(key, f"{{}} is not a day for {key}, which is written 2010-01-31", wrong, date_hint)
        elif kind != "text":
            value = self._stands_for(place, key, kind, text)
        self.shown.append(called(value, argument(place)))

    def _stands_for(self, place: int, key: str, kind: str, text: exp.Column) -> exp.Expr:
        """What stands for the entity that a column holds; one that nothing stands for is a problem."""
        codes, names = self._codes(key, kind)
        value = self._looked_up(place, codes, text)
        says = f"{{}} is not a known {kind}" + (" code" if key in self.declared.codes else "")
        self._problem(key, says, value.is_(exp.null()), partial(self._near, key, kind, names))
        return value

    def _looked_up(self, place: int, codes: exp.Table, text: exp.Column) -> exp.Column:
        """What stands for a text in a table of codes; null where nothing does."""
        alias = f"k{place}"
        same = column("text", alias).eq(text)
        self.joins.append(exp.Join(this=named(codes, alias), side="LEFT", on=same))
        return column("code", alias)

    def _stands_for_text(self, place: int, key: str, text: exp.Column) -> exp.Expr:
        """What stands for the text that a column holds; a cell of text is looked up as it is, before it is trimmed."""
        told = self.told[key].copy()
        is_text = self.opened.types.get(self.declared.columns.get(key, "")) == "VARCHAR"
        if is_text and key not in self.dates:
            (name,) = {found.name for found in told.find_all(exp.Column)}
            shown: exp.Expr = column(name, "w")
            looked_up, says = column(name, "i"), told
        else:
            name, shown = "cell", called(told, "cell")
            looked_up, says = text, column("cell", "w")
        rows = subquery(self.opened.query(self.cells.used), "w")
        cells = select([shown], rows, where=self.cells.chosen("w"), distinct=True)
        with self.database.reading():
            codes = self.dictionary.of_cells(cells, column(name, "w"), says)
        if codes is None:
            return text
        self.texts.append(codes)
        return self._looked_up(place, codes, looked_up)

    def _near(self, key: str, kind: str, names: exp.Table | None, values: Sequence[str]) -> str:
        """What an unknown name or code may be meant for."""
        value = values[0]
        known = [text for text, entity in self.kb.entity.items() if entity.kind == kind]
        if names is None:
            return did_you_mean(value, known)
        codes: dict[str, str | None] = dict(self.database.rows(select([column("text"), column("name")], names.copy())))
        if value not in codes:
            return did_you_mean(value, codes)
        file = Path(self.declared.codes[key]).name
        name = codes[value]
        if not name:
            return f"{file} gives it no name"
        meant = did_you_mean(name, known)
        return f"{file} calls it {name!r}, which is not a known {kind}" + (f": {meant}" if meant else "")

    def _codes(self, key: str, kind: str) -> tuple[exp.Table, exp.Table | None]:
        """What the texts of a column stand for, and the names of its map; once for all columns that are read alike."""
        alike = (kind, self.declared.codes.get(key, ""))
        found = self.dictionary.known.get(alike)
        if found is None:
            names = self._names(key)
            found = self.dictionary.names(self.kb, kind, names), names
            if names is not None:
                self._check_codes(key, found[0], names)
            self.dictionary.known[alike] = found
        return found

    def _names(self, key: str) -> exp.Table | None:
        """Codes and names of an argument's map; see `TableReader.codes`."""
        path = self.declared.codes.get(key)
        if path is None:
            return None
        place = self.declared.marks.get(f"map.{key}", self.declared.location)
        if "://" in path:
            message = f"{without_password(path)} is an address, and a map is a file"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "copy it to a file, and name that"))
        try:
            names = self.reader.codes(Path(path))
        except DatabaseError as error:
            raise unreadable(Path(path).name, error, place) from None
        if names is None:
            message = f"{Path(path).name} does not have two columns, for codes and names"
            raise KnowledgeBaseError(Issue("KZ124", message, place))
        return names

    def _check_codes(self, key: str, codes: exp.Table, names: exp.Table) -> None:
        """A code may have several names, but of one entity."""
        text = column("text")
        several = exp.Count(this=exp.Star()) > 1
        query = select([text], codes.copy()).group_by(text.copy(), copy=False).having(several, copy=False)
        found = self.database.rows(query.order_by(text.copy(), copy=False).limit(1, copy=False))
        if found:
            same = text.eq(exp.Literal.string(str(found[0][0])))
            of_code = select([column("name")], names.copy(), where=[same], distinct=True)
            one, other, *_ = (str(row[0]) for row in self.database.rows(of_code.order_by(column("name"), copy=False)))
            file = Path(self.declared.codes[key]).name
            message = f"{file} has two names for {found[0][0]}: {one} and {other}"
            hint = f"make one of them an alias of the other, or take one out of {file}"
            place = self.declared.marks.get(f"map.{key}", self.declared.location)
            raise KnowledgeBaseError(Issue("KZ124", message, place, hint))

    def _number(self, key: str) -> exp.Expr:
        """What a row says, as a number; null where it is none or not finite."""
        name = self.declared.columns.get(key)
        value = double(self._text(key)) if name is None else self.cells.number(name, self._text(key), "i")
        finite = exp.Abs(this=value) <= number(1.7976931348623157e308)
        return exp.Case(ifs=[exp.If(this=finite, true=value.copy() + number(0.0))])  # −0 becomes 0

    def _date(self, key: str) -> None:
        day, as_written = DATES[key]
        text = self._text(key)
        found = day_of(self.database.dialect, text, "last" if key == "until" else "first")
        wrong = ~text.is_(exp.null()) & found.is_(exp.null())
        self._problem(key, f"{{}} is not a date for {key}: 2010, 2010-01 or 2010-01-31", wrong, date_hint)
        if key == "on":
            self._problem(key, "on is empty", text.is_(exp.null()))
        if key == "until" and self.declared.says("since"):
            first = day_of(self.database.dialect, self._text("since"), "first")
            self._problem(key, "until {} lies before since", found.copy() < first)
        self.shown += [called(found, day), called(text.copy(), as_written)]

    def _source(self) -> None:
        if "source" not in self.declared.columns:
            return
        text = self._text("source")
        known = self.database.gather({"text": list(self.kb.source)})
        self.joins.append(exp.Join(this=named(known, "s"), side="LEFT", on=column("text", "s").eq(text)))
        unknown = ~text.is_(exp.null()) & column("text", "s").is_(exp.null())
        sources = self.kb.source
        says = "{} is not a known source"
        self._problem("source", says, unknown, lambda values: did_you_mean(values[0], sources))
        self.shown.append(called(text.copy(), "source"))

    def _certainty(self) -> None:
        if "certainty" not in self.declared.columns:
            return
        value = exp.Coalesce(this=self._number("certainty"), expressions=[number(-1.0)])
        empty = self._text("certainty").is_(exp.null())
        certainty = exp.Case(ifs=[exp.If(this=empty, true=number(self.declared.certainty))], default=value)
        says = "{} is not a certainty, which is over 0 and up to 1"
        self._problem("certainty", says, (certainty <= number(0.0)) | (certainty > number(1.0)))
        self.shown.append(called(certainty, CERTAINTY))
