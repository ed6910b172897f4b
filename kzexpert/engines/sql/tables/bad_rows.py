"""Rows of tables that are no facts: what can be wrong with one, and how that is told. It decides of no row."""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.atomic import check_unread, replacement
from kzexpert.engines.sql.plan.words import SqlType, both, called, column, named, select, subquery, typed
from kzexpert.engines.sql.store.base import FILE, ROW, Store
from kzexpert.engines.sql.tables.files import BadRow, plain_text
from kzexpert.engines.sql.tables.reader import TablePart
from kzexpert.errors import Issue, counted, without_password
from kzexpert.model import KnowledgeBase, Table, json_escapes

__all__ = [
    "PROBLEM",
    "VALUE",
    "Hint",
    "Problem",
    "bad_rows",
    "issues_of",
    "nothing_read",
    "problem_number",
    "problem_value",
    "uneven_issue",
    "write_rows",
]

#: The columns that say which problem a row has, and with which value.
PROBLEM, VALUE = "problem", "value"
_EXAMPLES = 3
#: So many values that have a problem are looked at for what to do about them.
_LOOKED_AT = 200

#: What to do about some values, at least one; may be nothing.
Hint: TypeAlias = Callable[[Sequence[str]], str]


class Problem(msgspec.Struct, frozen=True):
    """What can be wrong with a row.

    Attributes:
        key: the mark of what declares the column.
        says: with ``{}`` for the value.
    """

    condition: exp.Expr
    value: exp.Expr
    key: str
    says: str
    hint: Hint | None = None


def problem_number(problems: Sequence[Problem]) -> exp.Expr:
    """The number of the first problem that a row has; null where it has none."""
    return _first(problems, [exp.Literal.number(place) for place in range(len(problems))], "int")


def problem_value(problems: Sequence[Problem]) -> exp.Expr:
    """The value that the first problem of a row is about."""
    return _first(problems, [item.value.copy() for item in problems], "text")


def _first(problems: Sequence[Problem], values: Sequence[exp.Expr], kind: SqlType) -> exp.Expr:
    if not problems:
        return typed(exp.null(), kind)
    told = zip(problems, values, strict=True)
    return exp.Case(ifs=[exp.If(this=item.condition.copy(), true=value) for item, value in told])


def issues_of(database: Store, table: Table, bad: exp.Table, problems: Sequence[Problem]) -> Iterator[Issue]:
    """What each problem looks like that rows of a table have.

    Args:
        bad: see `bad_rows`.
    """
    counts = select([column(PROBLEM), exp.Count(this=exp.Star())], bad.copy()).group_by(column(PROBLEM), copy=False)
    for place, rows in database.rows(counts.order_by(column(PROBLEM), copy=False)):
        yield _issue(database, table, bad, problems[place], column(PROBLEM).eq(place), rows)


def _issue(database: Store, table: Table, bad: exp.Table, problem: Problem, same: exp.Expr, rows: int) -> Issue:
    """What one problem looks like.

    Args:
        same: the condition that a bad row has it.
        rows: how many rows have it.
    """
    query = select([column(FILE), column(ROW), column(VALUE)], bad.copy(), where=[same.copy()])
    query.order_by(column(FILE), column(ROW), column(VALUE), copy=False)
    examples = database.rows(query.limit(_EXAMPLES, copy=False))
    first = examples[0][2]
    says = problem.says.replace("{}", "" if first is None else _shown(first, 80), 1)
    message = f"{counted(rows, 'row')} of {without_password(table.file)}: {says}"
    hint = _see(table, [(str(file), int(row)) for file, row, _ in examples], rows)
    if len({value for *_, value in examples}) > 1:
        hint += ": " + ", ".join(_shown(value, 40) for *_, value in examples)
    advice = problem.hint(_values(database, bad, same, str(first))) if problem.hint and first is not None else ""
    return Issue(
        "KZ125", message, table.marks.get(problem.key, table.location), f"{hint}; {advice}" if advice else hint
    )


def nothing_read(table: Table) -> Issue:
    """KZ126, a warning: nobody declares a table for nothing."""
    file = without_password(table.file)
    if not table.where:
        return Issue("KZ126", f"{file} holds no rows", table.marks.get("file"), severity="warning")
    place = table.marks.get(f"where.{next(iter(table.where))}", table.location)
    hint = "compare the values with those of the table; all of the columns must have one of theirs"
    return Issue("KZ126", f"no row of {file} is chosen by where", place, hint, "warning")


def uneven_issue(table: Table, rows: Sequence[BadRow]) -> Issue:
    """What rows with too many or too few cells look like; there is at least one."""
    first = rows[0]
    message = f"{counted(len(rows), 'row')} of {without_password(table.file)}: {first.problem}"
    hint = _see(table, [(row.file, row.row) for row in rows[:_EXAMPLES]], len(rows))
    return Issue("KZ125", message, table.marks.get("file", table.location), hint)


def _see(table: Table, places: Sequence[tuple[str, int]], rows: int) -> str:
    """Where to look for bad rows, file by file.

    Args:
        places: the file and number of some of them, at least one.
        rows: how many there are.
    """
    numbers: dict[str, dict[str, None]] = {}
    for file, row in places:
        numbers.setdefault(_within(table, file), {})[str(row)] = None
    more = " ..." if rows > len(places) else ""
    if len(numbers) > 1:
        return "see " + ", ".join(f"{_rows(found)} of {file}" for file, found in numbers.items()) + more
    ((file, found),) = numbers.items()
    return f"see {_rows(found, more)} of {file}"


def _rows(numbers: Collection[str], more: str = "") -> str:
    return f"row{'s' if len(numbers) > 1 or more else ''} {', '.join(numbers)}{more}"


def _within(table: Table, file: str) -> str:
    """What messages call a file of a table: its path within the folder, else its name."""
    path = Path(file)
    folder = Path(table.path)
    # Spark names files as they are found behind links.
    above = next((item for item in (folder, folder.resolve()) if item != path and item in path.parents), path.parent)
    return str(path.relative_to(above))


def _values(database: Store, bad: exp.Table, same: exp.Expr, first: str) -> list[str]:
    """Some values of a problem, that of the first row first."""
    query = select([column(VALUE)], bad.copy(), where=[same.copy()], distinct=True)
    query.order_by(column(VALUE), copy=False).limit(_LOOKED_AT, copy=False)
    return list(dict.fromkeys([first, *(str(value) for (value,) in database.rows(query) if value is not None)]))


def _shown(value: object, most: int) -> str:
    text = str(value)
    return repr(text if len(text) <= most else f"{text[: most - 3]}...")


def bad_rows(
    database: Store, bad: exp.Table | None, says: Sequence[str], parts: Iterable[TablePart]
) -> Iterator[BadRow]:
    """The bad rows of a table, part by part and in order. They are read once more, now with all their cells.

    Args:
        bad: None where only rows with too many or too few cells are; columns `FILE`, `ROW`, `PROBLEM` and `VALUE`.
        says: what each problem says, with ``{}`` for the value.
    """
    told = [FILE, ROW, PROBLEM, VALUE]
    for part in parts:
        yield from part.uneven
        if bad is None:
            continue
        names = list(part.columns)
        stored = [f"x{index}" for index in range(len(names))]
        texts = [plain_text(database.dialect, column(part.columns[name]), part.types[name]) for name in names]
        shown = [called(text, name) for text, name in zip(texts, stored, strict=True)]
        place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
        whole = subquery(select([*shown, *place], part.source.copy()), "p")
        same = both([column(name, "b").eq(column(name, "p")) for name in (FILE, ROW)])
        columns = [*(column(name, "b") for name in told), *(column(name, "p") for name in stored)]
        with database.in_order(), database.reading():
            found = database.store(select(columns, whole, [exp.Join(this=named(bad, "b"), on=same)]))
        query = select([column(name) for name in (*told, *stored)], found.copy())
        last: object = None
        for row in database.stream(query.order_by(*map(column, told), copy=False)):
            file, number, problem, value, *cells = row
            if last == (last := (file, number, problem, value)):  # of a record that makes several rows
                continue
            text = "" if value is None else str(value)
            message = says[problem].replace("{}", _shown(text, 80), 1)
            yield BadRow(str(file), int(number), message, text, dict(zip(names, cells, strict=True)))
        database.drop(found)


def write_rows(file: str, rows: Iterable[BadRow], kb: KnowledgeBase) -> None:
    """Write a file of rows that are no facts: JSON lines by its ending, else CSV. It is there whole, or as it was.

    Raises:
        UsageError: it cannot be written, or is read itself, alone or with its folder (KZ306).
    """
    check_unread(file, kb.files)
    with replacement(file) as path, path.open("w", encoding="utf-8", newline="") as out:
        if file.lower().endswith(".jsonl"):
            out.writelines(f"{_json(row)}\n" for row in rows)
            return
        writer = csv.writer(out)
        writer.writerow(BadRow.__struct_fields__)
        writer.writerows((row.file, row.row, row.problem, row.value, _json(row.cells)) for row in rows)


def _json(value: object) -> str:
    return json_escapes(msgspec.json.encode(value).decode())
