"""Nodes → declarations of tables: the section ``tables`` of a facts file. It opens none of the files that they name."""

import os

from kzexpert.errors import Location
from kzexpert.language.documents import ListNode, MappingNode, Node
from kzexpert.language.facts_file import read_row_keys
from kzexpert.language.reader import Reader
from kzexpert.model import Table

__all__ = ["DATABASES", "read_tables"]

#: How a table of another database is named: ``sqlite:file.db#table``, ``postgres:dbname=atlas host=...#table``.
DATABASES = ("sqlite:", "postgres:")
_KEYS = ("file", "predicate", "columns", "where", "map", "certainty", "source", "at", "note")
_FORM = "such as {file: ties.parquet, predicate: member, columns: {state: subject, org: object, since: start_year}}"


def read_tables(reader: Reader, node: Node) -> list[Table]:
    """Reads ``tables:``; one with a mistake is noted and left out."""
    tables = (_table(reader, item) for item in reader.items(node, "a list of tables", _FORM) or ())
    return [table for table in tables if table is not None]


def _table(reader: Reader, node: Node) -> Table | None:
    before = reader.failures
    fields = reader.fields(node, "a table", _KEYS, ("file", "predicate", "columns"), _FORM)
    if fields is None:
        return None
    marks = {name: reader.at(value) for name, value in fields.items()}
    file = reader.filled(fields["file"], "a file")
    predicate = reader.filled(fields["predicate"], "the name of a predicate")
    columns: dict[str, str] = {}
    numbered: list[str] = []
    for key, value in reader.entries(fields["columns"], "a mapping of arguments to columns", _FORM):
        marks[f"columns.{key.text}"] = reader.at(value)
        if isinstance(value, MappingNode):
            if _takes_row(reader, value):
                numbered.append(key.text)
        else:
            columns[key.text] = reader.filled(value, "the name of a column") or ""
    where = _where(reader, fields["where"], marks) if "where" in fields else {}
    codes: dict[str, str] = {}
    if "map" in fields:
        hint = "such as {state: states.csv}: a code and a name a line"
        for key, value in reader.entries(fields["map"], "a mapping of arguments to CSV files", hint):
            codes[key.text] = _path(reader, reader.filled(value, "a CSV file") or "")
            marks[f"map.{key.text}"] = reader.at(value)
    beside = read_row_keys(reader, {key: fields[key] for key in ("certainty", "source", "at", "note") if key in fields})
    if beside.at:
        hint = "at is a place in a source: give source too"
        reader.note("KZ109", "at without a source", beside.places["at"], hint)
    if reader.failures > before or file is None or predicate is None:
        return None
    path = file if file.startswith(DATABASES) else _path(reader, file)
    certainty = 1.0 if beside.certainty is None else beside.certainty
    return Table(
        file,
        path,
        predicate,
        columns,
        where,
        codes,
        certainty,
        beside.source,
        beside.note or "",
        reader.at(node),
        marks,
        numbered=tuple(numbered),
    )


def _takes_row(reader: Reader, node: Node) -> bool:
    """Whether a column is ``{row: true}``, the number of the row."""
    fields = reader.fields(node, "a column", ("row",), ("row",), "write {row: true} for the number of the row")
    return fields is not None and reader.flag(fields["row"], "row") is True


def _where(reader: Reader, node: Node, marks: dict[str, Location]) -> dict[str, tuple[str, ...]]:
    """Column → the values that it may have; where each column stands is added to the marks."""
    where: dict[str, tuple[str, ...]] = {}
    for key, value in reader.entries(node, "a mapping of columns to values", "such as {kind: security}"):
        items = value.items if isinstance(value, ListNode) else [value]
        where[key.text] = tuple(reader.text(item, "a value") or "" for item in items)
        if not items:
            hint = "leave the column out, and rows with any value there are read"
            reader.note("KZ110", f"no value that {key.text} may have", reader.at(value), hint)
        marks[f"where.{key.text}"] = reader.at_key(key)
    return where


def _path(reader: Reader, file: str) -> str:
    """A path as seen from the current folder; files are named from the folder of the file that names them.

    What begins as an address (``hdfs://...``) is one.
    """
    if "://" in file:
        return file
    return os.path.join(os.path.dirname(reader.file.path), file)  # noqa: PTH118, PTH120
