# ruff: noqa: PTH119
"""A CSV file → facts: a table named after its predicate, with a column for each argument.

Its records are those of any delimited file; every problem is told with its line. Whether names exist is not asked.
"""

import io
import os
from collections.abc import Iterator, Mapping

from kzexpert.errors import Location, counted
from kzexpert.language.containers import EmptyError, RecordError
from kzexpert.language.delimited import Delimited
from kzexpert.language.documents import Node, ScalarNode
from kzexpert.language.facts_file import read_row_keys
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader, read_value
from kzexpert.language.rules_file import ROW_KEYS
from kzexpert.model import Fact, FileShape, Predicate, Value

__all__ = ["read_table"]

#: A file with more problems than this is not read to its end.
_MOST_ISSUES = 20


def read_table(reader: Reader, vocabulary: Mapping[str, Predicate]) -> list[Fact]:
    """Reads the rows of a CSV file.

    Args:
        reader: of the file, whose name without its ending is the predicate.
        vocabulary: predicate by name.
    """
    file = reader.file.name
    name = os.path.basename(file)[: -len(".csv")]
    predicate = vocabulary.get(name)
    if predicate is None:
        hint = did_you_mean(name, vocabulary) or (
            "a CSV file is named after the predicate whose facts it holds; kzexpert add declares how to read another"
        )
        reader.note("KZ114", f"no predicate is called {name}", Location(file), hint)
        return []
    records = _records(reader)
    _, header = next(records, (1, []))
    columns = [column.strip() for column in header]
    if not columns or not _check_header(reader, predicate, columns):
        return []
    table = _Table(reader, predicate, columns)
    before = reader.failures
    facts = []
    for line, cells in records:
        fact = table.fact(line, cells)
        if fact is not None:
            facts.append(fact)
        elif reader.failures >= before + _MOST_ISSUES:
            hint = "correct these first"
            reader.note(
                "KZ114", f"{_MOST_ISSUES} problems: the lines after this one were not read", Location(file, line), hint
            )
            break
    return facts


def _records(reader: Reader) -> Iterator[tuple[int, list[str]]]:
    """The records with the line on which each begins; of a file that is no CSV, those before what is wrong."""
    file = reader.file
    try:
        lines = io.StringIO(file.text, newline="")
        yield from Delimited(lines, FileShape(header=()), ",").records()
    except EmptyError:
        reader.note("KZ104", f"{file.name} is empty", Location(file.name), "its first line names the columns")
    except RecordError as error:
        reader.note("KZ114", error.message, Location(file.name, error.line), error.hint)


def _check_header(reader: Reader, predicate: Predicate, columns: list[str]) -> bool:
    """Whether the columns are those of the predicate; if not, that is noted."""
    before = reader.failures
    place = Location(reader.file.name, 1)
    arguments = [spec.name for spec in predicate.args]
    known = (*arguments, *ROW_KEYS)
    if len(columns) == 1 and len(arguments) > 1 and (";" in columns[0] or "\t" in columns[0]):
        delimiter = "tab" if "\t" in columns[0] else '";"'
        hint = f"save the table with commas, or read it as it is: under tables, with `delimiter: {delimiter}`"
        reader.note("KZ114", "columns that are not separated by commas", place, hint)
        return False
    for index, column in enumerate(columns):
        if column not in known:
            hint = did_you_mean(column, known) or f"the columns are {', '.join(known)}"
            reader.note("KZ114", f"{predicate.name} has no column {column!r}", place, hint)
        elif column in columns[:index]:
            reader.note("KZ114", f"the column {column} appears twice", place, "keep one of the two")
    for argument in arguments:
        if argument not in columns:
            reader.note("KZ114", f"no column for the argument {argument}", place, "every argument has a column")
    return reader.failures == before


class _Table:
    """Reads the rows below a header."""

    __slots__ = ("columns", "predicate", "reader", "types")

    def __init__(self, reader: Reader, predicate: Predicate, columns: list[str]) -> None:
        self.reader = reader
        self.predicate = predicate
        self.columns = columns
        self.types = {spec.name: spec.type for spec in predicate.args}

    def fact(self, line: int, cells: list[str]) -> Fact | None:
        """The fact of one row; None after an issue was noted."""
        reader = self.reader
        place = Location(reader.file.name, line)
        if len(cells) != len(self.columns):
            message = f"{counted(len(cells), 'cell')}, and the header has {len(self.columns)}"
            reader.note("KZ114", message, place, "put a cell that holds a comma in quotes; leave empty cells empty")
            return None
        before = reader.failures
        arguments: dict[str, Value] = {}
        beside: dict[str, str] = {}
        for column, cell in zip(self.columns, cells, strict=True):
            text = cell.strip()
            if column in self.types:
                self.argument(column, text, place, arguments)
            elif text:
                beside[column] = text
        fact = self.with_row_keys(arguments, beside, place)
        return fact if reader.failures == before else None

    def argument(self, column: str, text: str, place: Location, arguments: dict[str, Value]) -> None:
        kind = self.types[column]
        if not text:
            self.reader.note("KZ114", f"no value for {column}", place, "every argument of a fact has a value")
            return
        try:
            arguments[column] = read_value(text, kind)
        except ValueError as error:
            if kind == "date":
                self.reader.note("KZ112", str(error), place, f"{column} is a full day: 2010-01-31")
            else:
                self.reader.note("KZ205", str(error), place, f"{column} is a number: 3, 0.5 or 1e6")

    def with_row_keys(self, arguments: dict[str, Value], beside: dict[str, str], place: Location) -> Fact:
        """The fact with what stands beside its arguments, which is read as in a row of YAML."""
        nodes: dict[str, Node] = {
            key: ScalarNode(text, None if key == "certainty" else '"', place.line, 0, 0, 0)
            for key, text in beside.items()
        }
        own = read_row_keys(self.reader, nodes)
        if own.at:
            self.reader.note("KZ109", "at without a source", place, "at is a place in a source: give source too")
        certainty = 1.0 if own.certainty is None else own.certainty
        note = own.note or ""
        return Fact(self.predicate.name, arguments, own.since, own.until, own.on, certainty, own.source, note, place)
