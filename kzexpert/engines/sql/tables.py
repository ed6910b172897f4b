"""Tables → facts in the database: every row is checked, bad ones are counted and shown, and none goes through Python.

What may be declared is said by `language.tables_file` and the checks; which rows hold on a day, by `recorded`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.extents import CERTAINTY, argument
from kzexpert.engines.sql.store import FILE, ROW, DatabaseError, Names, Store
from kzexpert.engines.sql.words import both, called, column, equal, named, number, select, subquery, typed
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import KnowledgeBase, Table

__all__ = ["DATES", "Staged", "stage_all", "written"]

#: What a row may say of its dates → the columns for the day that decides, and for the date as written.
DATES = {"since": ("since", "since text"), "until": ("until", "until text"), "on": ("on", "on text")}

_NUMBER = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
_DATE = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
_PROBLEM, _VALUE = "problem", "value"
_EXAMPLES = 3


class Staged(msgspec.Struct, frozen=True):
    """The rows of a table that are facts.

    Attributes:
        stored: columns ``a0`` ..., the days and texts of `DATES`, ``c``, ``source``, ``at``, ``note``, as far as the
            table has them; and where the row stands.
        bad: columns `FILE`, `ROW`, ``problem`` and ``value`` of the rows that are none; None where all are.
    """

    table: Table
    stored: exp.Table
    columns: frozenset[str]
    issues: tuple[Issue, ...] = ()
    bad: exp.Table | None = None


class _Problem(msgspec.Struct, frozen=True):
    """What can be wrong with a row.

    Attributes:
        key: the mark of what declares the column.
        says: with ``{}`` for the value.
    """

    condition: exp.Expr
    value: exp.Expr
    key: str
    says: str


def stage_all(
    database: Store, dictionary: Names, kb: KnowledgeBase, tables: Sequence[Table]
) -> tuple[list[Staged], list[Issue]]:
    """Read tables whole and check every row.

    Returns:
        Those that could be read, and all that is wrong: tables that cannot be read, or lack a column (KZ124), and rows
        that are no facts (KZ125).
    """
    staged: list[Staged] = []
    issues: list[Issue] = []
    for table in tables:
        try:
            staged.append(_stage(database, dictionary, kb, table))
            issues.extend(staged[-1].issues)
        except KnowledgeBaseError as error:
            if any(issue.code != "KZ124" for issue in error.issues):
                raise  # not the table's fault
            issues.extend(error.issues)
    return staged, issues


def _stage(database: Store, dictionary: Names, kb: KnowledgeBase, declared: Table) -> Staged:
    staging = _Staging(database, dictionary, kb, declared)
    try:
        with database.in_order():
            everything = database.store(staging.query())
    except DatabaseError as error:
        place = declared.marks.get("file", declared.location)
        raise KnowledgeBaseError(Issue("KZ124", f"{declared.file} cannot be read: {error.says}", place)) from None
    problem = column(_PROBLEM)
    fine = exp.Is(this=problem, expression=exp.null())
    counted = select([problem.copy(), exp.Count(this=exp.Star())], everything.copy(), where=[exp.Not(this=fine.copy())])
    found = database.rows(counted.group_by(problem.copy(), copy=False).order_by(problem.copy(), copy=False))
    columns = frozenset(database.columns(everything))
    if not found:
        return Staged(declared, everything, columns)
    issues = tuple(staging.issue(everything, place, rows) for place, rows in found)
    shown = [column(name) for name in (FILE, ROW, _PROBLEM, _VALUE)]
    bad = database.store(select(shown, everything.copy(), where=[exp.Not(this=fine.copy())]))
    return Staged(declared, database.kept(everything, fine), columns, issues, bad)


def written(database: Store, staged: Sequence[Staged]) -> Iterator[tuple[str, int, str, str]]:
    """File, row, problem and value of every bad row."""
    for item in staged:
        if item.bad is not None:
            says = [issue.message.partition(": ")[2] for issue in item.issues]
            places = {place: index for index, (place, *_) in enumerate(database.rows(_places(item.bad)))}
            for file, row, problem, value in database.stream(select([exp.Star()], item.bad.copy())):
                yield str(file), int(row), says[places[problem]], "" if value is None else str(value)


def _places(bad: exp.Table) -> exp.Select:
    return select([column(_PROBLEM)], bad.copy(), distinct=True).order_by(column(_PROBLEM), copy=False)


class _Staging:
    """The query that turns the rows of one table into facts."""

    def __init__(self, database: Store, dictionary: Names, kb: KnowledgeBase, declared: Table) -> None:
        self.database = database
        self.declared = declared
        self.kb = kb
        self.opened = database.open(declared)
        self.used = list(dict.fromkeys([*declared.columns.values(), *declared.where]))
        self.dictionary = dictionary
        self.joins: list[exp.Join] = []
        self.shown: list[exp.Expr] = []
        self.problems: list[_Problem] = []
        for place, spec in enumerate(kb.predicate[declared.predicate].args):
            self._argument(place, spec.name, spec.type)
        if not kb.predicate[declared.predicate].args:
            self.shown.append(called(exp.Literal.number(0), argument(0)))
        for key in ("since", "until", "on"):
            if key in declared.columns:
                self._date(key)
        self._certainty()
        for key in ("source", "at", "note"):
            if key in declared.columns:
                self.shown.append(called(self._text(key), key))

    def query(self) -> exp.Select:
        """The facts, and for each row that is none the number of the first problem and the value."""
        numbered = [
            exp.If(this=item.condition.copy(), true=exp.Literal.number(index))
            for index, item in enumerate(self.problems)
        ]
        values = [exp.If(this=item.condition.copy(), true=item.value.copy()) for item in self.problems]
        place = [column(FILE, "i"), column(ROW, "i")]
        wrong = [called(exp.Case(ifs=numbered), _PROBLEM), called(exp.Case(ifs=values), _VALUE)]
        if not self.problems:
            wrong = [called(typed(exp.null(), "int"), _PROBLEM), called(exp.Literal.string(""), _VALUE)]
        rows = subquery(self._rows(), "i")
        return select([*self.shown, *place, *wrong], rows, self.joins)

    def issue(self, everything: exp.Table, place: int, rows: int) -> Issue:
        """What one problem looks like."""
        problem = self.problems[place]
        same = equal(column(_PROBLEM), exp.Literal.number(place))
        query = select([column(FILE), column(ROW), column(_VALUE)], everything.copy(), where=[same])
        query.order_by(column(FILE), column(ROW), copy=False)
        examples = self.database.rows(query.limit(_EXAMPLES, copy=False))
        says = problem.says.format("" if examples[0][2] is None else repr(str(examples[0][2])[:80]))
        counted = f"{rows:,} row{'s' if rows > 1 else ''}"
        where = ", ".join(str(row) for _, row, _ in examples) + (" ..." if rows > _EXAMPLES else "")
        declared = self.declared
        message = f"{counted} of {declared.file}: {says}"
        hint = f"see row{'s' if rows > 1 else ''} {where} of {Path(examples[0][0]).name}"
        if len(examples) > 1 and len({value for *_, value in examples}) > 1:
            hint += ": " + ", ".join(repr(str(value)[:40]) for *_, value in examples)
        return Issue("KZ125", message, declared.marks.get(problem.key, declared.location), hint)

    # --- columns -----------------------------------------------------------------------------------------------------

    def _rows(self) -> exp.Select:
        """The rows that `where` keeps; they are numbered before the others go."""
        where = [
            exp.In(this=self._text_of(name, "w"), expressions=[exp.Literal.string(value) for value in values])
            for name, values in self.declared.where.items()
        ]
        return select([exp.Star()], subquery(self.opened.query(self.used), "w"), where=where)

    def _raw(self, name: str, source: str = "i") -> exp.Column:
        """A column of the table, by its name there."""
        return column(f"x{self.used.index(name)}", source)

    def _text_of(self, name: str, source: str = "i") -> exp.Expr:
        """A column as text; null where it is empty."""
        raw: exp.Expr = self._raw(name, source)
        if self.opened.types[name].startswith("TIMESTAMP"):
            raw = typed(raw, "date")
        return exp.Nullif(this=typed(raw, "text"), expression=exp.Literal.string(""))

    def _text(self, key: str) -> exp.Expr:
        return self._text_of(self.declared.columns[key])

    def _problem(self, key: str, says: str, condition: exp.Expr) -> None:
        self.problems.append(_Problem(condition, self._text(key), f"columns.{key}", says))

    def _argument(self, place: int, key: str, kind: str) -> None:
        text = self._text(key)
        self._problem(key, f"{key} is empty", exp.Is(this=text, expression=exp.null()))
        value: exp.Expr
        if kind == "number":
            value = self._number(key)
            self._problem(key, f"{{}} is no number for {key}", exp.Is(this=value.copy(), expression=exp.null()))
        elif kind == "date":
            value = _day(text, "")
            wrong = exp.Or(
                this=exp.NEQ(this=exp.Length(this=text.copy()), expression=exp.Literal.number(10)),
                expression=exp.Is(this=value.copy(), expression=exp.null()),
            )
            self._problem(key, f"{{}} is no day for {key}, which is written 2010-01-31", wrong)
        else:
            value = self._stands_for(place, key, kind, text)
        self.shown.append(called(value, argument(place)))

    def _stands_for(self, place: int, key: str, kind: str, text: exp.Expr) -> exp.Expr:
        """What stands for the text or entity that a column holds, which is a problem where nothing does."""
        if kind == "text":
            query = select([text.copy()], subquery(self._rows(), "i"), distinct=True)
            codes = self.dictionary.extended(query)
            if codes is None:
                return text.copy()
        else:
            names = self._names(key)
            codes = self.dictionary.names(self.kb, kind, names)
            self._check_codes(key, codes, names)
        alias = f"k{place}"
        self.joins.append(exp.Join(this=named(codes, alias), side="LEFT", on=equal(column("text", alias), text.copy())))
        value = column("code", alias)
        says = f"{{}} is no known {kind}" + (" code" if key in self.declared.codes else "")
        self._problem(key, says, exp.Is(this=value.copy(), expression=exp.null()))
        return value

    def _names(self, key: str) -> exp.Table | None:
        """Codes and names of an argument's map: columns ``text`` and ``name``.

        The first column of the file holds the codes, the one called ``name``, or else the second, the names.
        """
        path = self.declared.codes.get(key)
        if path is None:
            return None
        place = self.declared.marks.get(f"map.{key}", self.declared.location)
        try:
            names, source = self.database.open_csv(Path(path))
            if len(names) < 2:
                raise KnowledgeBaseError(
                    Issue("KZ124", f"{Path(path).name} has no two columns, for codes and names", place)
                )
            code, name = column(names[0]), column("name" if "name" in names[1:] else names[1])
            return self.database.store(select([called(code, "text"), called(name, "name")], source))
        except DatabaseError as error:
            raise KnowledgeBaseError(Issue("KZ124", f"{Path(path).name} cannot be read: {error.says}", place)) from None

    def _check_codes(self, key: str, codes: exp.Table, names: exp.Table | None) -> None:
        """A code may have several names, but of one entity."""
        text = column("text")
        several = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        query = select([text], codes.copy()).group_by(text.copy(), copy=False).having(several, copy=False)
        found = self.database.rows(query.order_by(text.copy(), copy=False).limit(1, copy=False))
        if found and names is not None:
            same = equal(text.copy(), exp.Literal.string(str(found[0][0])))
            of_code = select([column("name")], names.copy(), where=[same], distinct=True)
            one, other, *_ = (str(row[0]) for row in self.database.rows(of_code.order_by(column("name"), copy=False)))
            file = Path(self.declared.codes[key]).name
            message = f"{file} has two names for {found[0][0]}: {one} and {other}"
            hint = f"make one of them an alias of the other, or take one out of {file}"
            place = self.declared.marks.get(f"map.{key}", self.declared.location)
            raise KnowledgeBaseError(Issue("KZ124", message, place, hint))

    def _number(self, key: str) -> exp.Expr:
        name = self.declared.columns[key]
        value: exp.Expr = exp.TryCast(this=self._raw(name), to=typed(exp.null(), "double").to)
        finite = exp.LTE(this=exp.Abs(this=value), expression=number(1.7976931348623157e308))
        if self.opened.types[name] == "VARCHAR":
            shaped = exp.func("regexp_full_match", self._raw(name), exp.Literal.string(_NUMBER))
            finite = both([shaped, finite])  # type: ignore[assignment]
        zero = exp.Add(this=value.copy(), expression=number(0.0))  # −0 becomes 0
        return exp.Case(ifs=[exp.If(this=finite, true=zero)])

    def _date(self, key: str) -> None:
        day, as_written = DATES[key]
        text = exp.func("regexp_replace", self._text(key), exp.Literal.string(r"\.0$"), exp.Literal.string(""))
        found = _day(text, "last" if key == "until" else "first")
        said = exp.Not(this=exp.Is(this=self._text(key), expression=exp.null()))
        wrong = both([said, exp.Is(this=found.copy(), expression=exp.null())])
        self._problem(key, f"{{}} is not a date for {key}: 2010, 2010-01 or 2010-01-31", wrong)
        if key == "on":
            self._problem(key, "on is empty", exp.Is(this=self._text(key), expression=exp.null()))
        if key == "until" and "since" in self.declared.columns:
            first = _day(
                exp.func("regexp_replace", self._text("since"), exp.Literal.string(r"\.0$"), exp.Literal.string("")),
                "first",
            )
            self._problem(key, "until {} lies before since", exp.LT(this=found.copy(), expression=first))
        self.shown += [called(found, day), called(text.copy(), as_written)]

    def _certainty(self) -> None:
        if "certainty" not in self.declared.columns:
            return
        value = exp.Coalesce(this=self._number("certainty"), expressions=[number(-1.0)])
        empty = exp.Is(this=self._text("certainty"), expression=exp.null())
        certainty = exp.Case(ifs=[exp.If(this=empty, true=number(self.declared.certainty))], default=value)
        over = exp.LTE(this=certainty.copy(), expression=number(0.0))
        above = exp.GT(this=certainty.copy(), expression=number(1.0))
        says = "{} is no certainty, which is over 0 and up to 1"
        self._problem("certainty", says, exp.Or(this=over, expression=above))
        self.shown.append(called(certainty, CERTAINTY))


def _day(text: exp.Expr, which: str) -> exp.Expr:
    """The first or the last day of a date as text; null where it is none."""

    def cast(suffix: str) -> exp.Expr:
        whole = exp.DPipe(this=text.copy(), expression=exp.Literal.string(suffix)) if suffix else text.copy()
        return exp.TryCast(this=whole, to=typed(exp.null(), "date").to)

    shapes = {10: cast("")}
    if which == "first":
        shapes |= {4: cast("-01-01"), 7: cast("-01")}
    elif which == "last":
        shapes |= {4: cast("-12-31"), 7: exp.func("last_day", cast("-01"))}
    length = exp.Length(this=text.copy())
    cases = [exp.If(this=equal(length.copy(), exp.Literal.number(size)), true=day) for size, day in shapes.items()]
    shaped = exp.func("regexp_full_match", text.copy(), exp.Literal.string(_DATE))
    after = exp.GTE(this=text.copy(), expression=exp.Literal.string("0001"))  # the first year of Python's calendar
    return exp.Case(ifs=[exp.If(this=both([shaped, after]), true=exp.Case(ifs=cases))])
