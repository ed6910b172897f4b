"""Nodes → declarations of tables: the section ``tables`` of a facts file. It opens none of the files that they name."""

import msgspec

from kzexpert.errors import Location
from kzexpert.language.documents import MappingNode, Node
from kzexpert.language.facts_file import read_row_keys
from kzexpert.language.files import path_beside
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader
from kzexpert.language.records import split_part
from kzexpert.language.table_options import NOTATION, SHAPE, read_choice, read_notation, read_shape
from kzexpert.model import RowChoice, Table

__all__ = ["DATABASES", "TABLE_KEYS", "read_tables"]

#: How a table of another database is named: ``sqlite:file.db#table``, ``postgres:dbname=atlas host=...#table``.
_SQLITE = "sqlite:"
DATABASES = (_SQLITE, "postgres:")
_BESIDE = ("certainty", "source", "at", "note")
TABLE_KEYS = ("file", "predicate", "columns", "where", "map", *_BESIDE, *SHAPE, *NOTATION)
_FORM = "such as {file: ties.parquet, predicate: member, columns: {state: subject, org: object, since: start_year}}"
#: What a column may be instead of the name of one.
_MADE = ("row", "value", "year", "month", "day")
_MADE_FORM = "write {row: true} for the number of the row, {value: NATO} for a constant, {year: y, month: m} for a date"


class _Columns(msgspec.Struct):
    """What the columns of a declaration are, by argument or date."""

    named: dict[str, str] = {}
    numbered: list[str] = []
    constants: dict[str, str] = {}
    parts: dict[str, tuple[str, str, str]] = {}


def read_tables(reader: Reader, node: Node) -> list[Table]:
    """Reads ``tables:``; one with a mistake is noted and left out."""
    tables = (_table(reader, item) for item in reader.items(node, "a list of tables", _FORM) or ())
    return [table for table in tables if table is not None]


def _table(reader: Reader, node: Node) -> Table | None:
    before = reader.failures
    fields = reader.fields(node, "a table", TABLE_KEYS, ("file", "predicate", "columns"), _FORM)
    if fields is None:
        return None
    marks = {name: reader.at(value) for name, value in fields.items()}
    file = reader.filled(fields["file"], "a file")
    predicate = reader.filled(fields["predicate"], "the name of a predicate")
    columns = _columns(reader, fields["columns"], marks)
    where = _where(reader, fields["where"], marks) if "where" in fields else {}
    codes = _codes(reader, fields["map"], marks) if "map" in fields else {}
    beside = read_row_keys(reader, {key: fields[key] for key in _BESIDE if key in fields})
    if beside.at:
        hint = "at is a place in a source: give source too"
        reader.note("KZ109", "at without a source", beside.places["at"], hint)
    path, part = _place(reader, file or "")
    shape = read_shape(reader, fields, path, part)
    notation = read_notation(reader, fields)
    if reader.failures > before or file is None or predicate is None:
        return None
    table = Table(
        file,
        path,
        predicate,
        columns.named,
        where,
        codes,
        1.0 if beside.certainty is None else beside.certainty,
        beside.source,
        beside.note or "",
        reader.at(node),
        marks,
        numbered=tuple(columns.numbered),
        constants=columns.constants,
        parts=columns.parts,
        shape=shape,
        notation=notation,
    )
    return table if _names_what_is_read(reader, table) else None


def _columns(reader: Reader, node: Node, marks: dict[str, Location]) -> _Columns:
    """The columns, constants and parts of dates; where each stands is added to the marks."""
    found = _Columns()
    for key, value in reader.entries(node, "a mapping of arguments to columns", _FORM):
        marks[f"columns.{key.text}"] = reader.at(value)
        if not isinstance(value, MappingNode):
            found.named[key.text] = reader.filled(value, "the name of a column") or ""
            continue
        fields = reader.fields(value, "a column", _MADE, (), _MADE_FORM)
        if fields is None:
            continue
        if "year" in fields and fields.keys() <= {"year", "month", "day"}:
            names = (
                reader.filled(fields[part], "the name of a column") if part in fields else "" for part in _MADE[2:]
            )
            year, month, day = (name or "" for name in names)
            found.parts[key.text] = (year, month, day)
            if day and not month:
                reader.note("KZ110", "a day without a month", reader.at(value), "name the column of the month, too")
        elif [*fields] == ["value"]:
            found.constants[key.text] = _constant(reader, key.text, fields["value"])
        elif [*fields] == ["row"]:
            if reader.flag(fields["row"], "row") is True:
                found.numbered.append(key.text)
        else:
            reader.note(
                "KZ110", "a column is one of these: a number, a constant or a date", reader.at(value), _MADE_FORM
            )
    return found


def _constant(reader: Reader, key: str, node: Node) -> str:
    """What an argument or a date is in all rows."""
    if key in _BESIDE:
        hint = f"{key} goes beside columns, for rows that do not say it themselves"
        reader.note("KZ110", f"a constant for {key}", reader.at(node), hint)
    elif key in ("since", "until", "on"):
        found = reader.date(node, "a date")
        return found.text if found else ""
    return reader.filled(node, "a value") or ""


def _where(reader: Reader, node: Node, marks: dict[str, Location]) -> dict[str, RowChoice]:
    """Column → what its rows must have there; where each column stands is added to the marks."""
    where: dict[str, RowChoice] = {}
    for key, value in reader.entries(node, "a mapping of columns to values", "such as {kind: security}"):
        where[key.text] = read_choice(reader, key, value)
        marks[f"where.{key.text}"] = reader.at_key(key)
    return where


def _codes(reader: Reader, node: Node, marks: dict[str, Location]) -> dict[str, str]:
    """Argument → the file of its codes; where each stands is added to the marks."""
    codes: dict[str, str] = {}
    hint = "such as {state: states.csv}: a code and a name a line"
    for key, value in reader.entries(node, "a mapping of arguments to CSV files", hint):
        codes[key.text] = _path(reader, reader.filled(value, "a CSV file") or "")
        marks[f"map.{key.text}"] = reader.at(value)
    return codes


def _names_what_is_read(reader: Reader, table: Table) -> bool:
    """Whether columns that options name are read at all; if not, that is noted."""
    before = reader.failures
    named = {
        "null": table.notation.nothing,
        "strip": table.notation.strip,
        "dates": table.notation.dates,
        "split": table.shape.split,
    }
    for key, columns in named.items():
        for name in columns:
            if name and name not in table.read:
                hint = did_you_mean(name, table.read) or f"the columns that are read are {', '.join(table.read)}"
                place = table.marks.get(key, table.location)
                reader.note("KZ110", f"{key} is about the column {name}, which is not read", place, hint)
    return reader.failures == before


def _place(reader: Reader, file: str) -> tuple[str, str]:
    """The path of a file as seen from the current folder, and which sheet or file in it is meant."""
    if file.startswith(DATABASES):
        return _path(reader, file), ""
    name, part = split_part(file)
    return _path(reader, name), part


def _path(reader: Reader, file: str) -> str:
    """A path as seen from the current folder; files are named from the folder of the file that names them.

    What begins as an address (``hdfs://...``) is one.
    """
    if file.startswith(_SQLITE):
        path, mark, name = file.removeprefix(_SQLITE).partition("#")
        return f"{_SQLITE}{path and path_beside(reader.file.path, path)}{mark}{name}"
    if "://" in file or file.startswith(DATABASES):
        return file
    return path_beside(reader.file.path, file)
