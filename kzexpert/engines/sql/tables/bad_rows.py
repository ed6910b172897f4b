"""Rows of tables that are no facts: what can be wrong with one, and how that is told. It decides of no row."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.atomic import check_unread, replacement
from kzexpert.engines.sql.plan.words import called, column, equal, select, typed
from kzexpert.engines.sql.store.base import FILE, ROW, Store
from kzexpert.errors import Issue, counted, without_password
from kzexpert.model import KnowledgeBase, Table

__all__ = ["PROBLEM", "VALUE", "Hint", "Problem", "issue_of", "problem_columns", "write_rows", "written"]

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


def problem_columns(problems: Sequence[Problem]) -> list[exp.Expr]:
    """The columns `PROBLEM`, the number of the first problem that a row has, and `VALUE`; null where it has none."""
    if not problems:
        return [called(typed(exp.null(), "int"), PROBLEM), called(exp.Literal.string(""), VALUE)]
    numbered = [
        exp.If(this=item.condition.copy(), true=exp.Literal.number(index)) for index, item in enumerate(problems)
    ]
    values = [exp.If(this=item.condition.copy(), true=item.value.copy()) for item in problems]
    return [called(exp.Case(ifs=numbered), PROBLEM), called(exp.Case(ifs=values), VALUE)]


def issue_of(
    database: Store, table: Table, everything: exp.Table, problems: Sequence[Problem], place: int, rows: int
) -> Issue:
    """What one problem looks like.

    Args:
        everything: the rows of the table, with what is wrong with them.
        place: the number of the problem.
        rows: how many rows have it.
    """
    problem = problems[place]
    same = equal(column(PROBLEM), exp.Literal.number(place))
    query = select([column(FILE), column(ROW), column(VALUE)], everything.copy(), where=[same])
    query.order_by(column(FILE), column(ROW), copy=False)
    examples = database.rows(query.limit(_EXAMPLES, copy=False))
    first = examples[0][2]
    says = problem.says.replace("{}", "" if first is None else _shown(first, 80), 1)
    message = f"{counted(rows, 'row')} of {without_password(table.file)}: {says}"
    where = ", ".join(str(row) for _, row, _ in examples) + (" ..." if rows > _EXAMPLES else "")
    hint = f"see row{'s' if rows > 1 else ''} {where} of {Path(examples[0][0]).name}"
    if len({value for *_, value in examples}) > 1:
        hint += ": " + ", ".join(_shown(value, 40) for *_, value in examples)
    advice = problem.hint(_values(database, everything, same, str(first))) if problem.hint and first is not None else ""
    return Issue(
        "KZ125", message, table.marks.get(problem.key, table.location), f"{hint}; {advice}" if advice else hint
    )


def _values(database: Store, everything: exp.Table, same: exp.Expr, first: str) -> list[str]:
    """Some values of a problem, that of the first row first."""
    query = select([column(VALUE)], everything.copy(), where=[same.copy()], distinct=True)
    query.order_by(column(VALUE), copy=False).limit(_LOOKED_AT, copy=False)
    return list(dict.fromkeys([first, *(str(value) for (value,) in database.rows(query) if value is not None)]))


def _shown(value: object, most: int) -> str:
    text = str(value)
    return repr(text if len(text) <= most else f"{text[: most - 3]}...")


def written(database: Store, bad: exp.Table, says: Sequence[str]) -> Iterator[tuple[str, int, str, str]]:
    """File, row, problem and value of the bad rows of a table, in order.

    Args:
        says: what each problem says, with ``{}`` for the value.
    """
    query = select([column(name) for name in (FILE, ROW, PROBLEM, VALUE)], bad.copy())
    for file, row, problem, value in database.stream(query.order_by(column(FILE), column(ROW), copy=False)):
        text = "" if value is None else str(value)
        yield str(file), int(row), says[problem].replace("{}", _shown(text, 80), 1), text


def write_rows(file: str, rows: Iterable[tuple[str, int, str, str]], kb: KnowledgeBase) -> None:
    """Write a CSV file of rows that are no facts; it is there whole, or as it was.

    Raises:
        UsageError: it cannot be written, or is read itself, alone or with its folder (KZ306).
    """
    check_unread(file, kb.files)
    with replacement(file) as path, path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "row", "problem", "value"])
        writer.writerows(rows)
