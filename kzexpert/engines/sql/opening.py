"""Where a table lies → how DuckDB reads it, row numbers included. It looks at names, folders and columns, at no row."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.store import FILE, ROW, DatabaseError, Opened
from kzexpert.engines.sql.words import called, column, identifier, select
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.tables_file import DATABASES
from kzexpert.model import Table

if TYPE_CHECKING:
    from kzexpert.engines.sql.database import Database

__all__ = ["open_table", "read_csv"]

_SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
_FORM = (
    "a table is a .parquet, .csv or .tsv file, the latter two also with .gz, a folder of them, or of a database: "
    "sqlite:FILE#TABLE, postgres:CONNECTION#TABLE"
)


class _Part(msgspec.Struct, frozen=True):
    """A file, or all Parquet files of a folder, or a table of another database."""

    source: exp.Expr
    file: exp.Expr
    row: exp.Expr


def open_table(database: "Database", table: Table) -> Opened:
    """Find out how a table is read, and which columns it has.

    Raises:
        KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
    """
    place = table.marks.get("file", table.location)
    types: dict[str, str] = {}
    try:
        parts = tuple(_parts(database, table))
    except DatabaseError as error:
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} cannot be read: {error.says}", place)) from None
    for part in parts:
        try:
            described = database.rows(exp.Describe(this=select([exp.Star()], part.source.copy())))
        except DatabaseError as error:
            message = f"{table.file} cannot be read: {error.says}"
            raise KnowledgeBaseError(Issue("KZ124", message, place)) from None
        found = {str(name): str(kind) for name, kind, *_ in described}
        _check_columns(table, part, found)
        types.update(found)
    return Opened(partial(_rows, parts), types)


def _rows(parts: Sequence[_Part], columns: Sequence[str]) -> exp.Query:
    """See `Opened.query`."""
    query: exp.Query | None = None
    for part in parts:
        place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
        # A column of the table may bear any name: here they are numbered.
        shown = [called(column(name), f"x{index}") for index, name in enumerate(columns)]
        read = select([*shown, *place], part.source.copy())
        query = read if query is None else exp.union(query, read, distinct=False, copy=False)
    assert query is not None
    return query


def read_csv(path: Path) -> exp.Expr:
    """The rows of a CSV or TSV file, all as text.

    Raises:
        DatabaseError: its first line cannot be read, or names a column twice.
    """
    separator = next((item for ending, item in _SEPARATORS.items() if path.name.lower().endswith(ending)), ",")
    # DuckDB would look for a header that fits the lines below it, and take a later line for it.
    shape = [
        exp.PropertyEQ(this=identifier(name), expression=exp.Literal.string("VARCHAR"))
        for name in _header(path, separator)
    ]
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "columns": exp.Struct(expressions=shape),
        "delim": exp.Literal.string(separator),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
    }
    settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    return exp.Anonymous(this="read_csv", expressions=[exp.Literal.string(str(path)), *settings])


def _header(path: Path, separator: str) -> list[str]:
    """The names in the first line."""
    import csv
    import gzip

    try:
        opening = gzip.open if path.suffix.lower() == ".gz" else Path.open
        with opening(path, "rt", encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, delimiter=separator), [])
    except (OSError, UnicodeDecodeError, EOFError, csv.Error) as error:
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise DatabaseError(Issue("KZ124", reason)) from None
    if not names:
        raise DatabaseError(Issue("KZ124", "it is empty; its first line names the columns"))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DatabaseError(Issue("KZ124", f"its first line names the column {twice!r} twice"))
    return names


def _parts(database: "Database", table: Table) -> Iterable[_Part]:
    scheme = next((scheme for scheme in DATABASES if table.path.startswith(scheme)), None)
    counted = exp.Window(this=exp.RowNumber())
    if scheme:
        yield _Part(_of_database(database, table, scheme), exp.Literal.string(table.file), counted)
        return
    path = Path(table.path)
    endings = (".parquet", *_SEPARATORS)
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    files = [file for file in files if file.name.lower().endswith(endings) and not file.name.startswith(".")]
    if not files:
        what = "is no table" if path.exists() else "does not exist"
        place = table.marks.get("file", table.location)
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} {what}", place, _FORM))
    parquet = [str(file) for file in files if file.name.lower().endswith(".parquet")]
    if parquet:
        listed = exp.Array(expressions=[exp.Literal.string(file) for file in parquet])
        named = exp.PropertyEQ(this=exp.to_identifier("filename"), expression=exp.Literal.string(_PATH))
        numbered = exp.PropertyEQ(this=exp.to_identifier("file_row_number"), expression=exp.true())
        united = exp.PropertyEQ(this=exp.to_identifier("union_by_name"), expression=exp.true())
        source = exp.Anonymous(this="read_parquet", expressions=[listed, named, numbered, united])
        number = exp.Add(this=column("file_row_number"), expression=exp.Literal.number(1))
        yield _Part(source, column(_PATH), number)
    for file in files:
        if str(file) not in parquet:
            yield _Part(read_csv(file), exp.Literal.string(str(file)), counted.copy())


#: Under this name DuckDB is asked for the file of a row.
_PATH = "file of the row"


def _of_database(database: "Database", table: Table, scheme: str) -> exp.Expr:
    """The table function of a DuckDB extension, which is installed when it is first asked for."""
    connection, _, name = table.path.removeprefix(scheme).partition("#")
    place = table.marks.get("file", table.location)
    if not connection or not name:
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} names no table", place, _FORM))
    extension = scheme.removesuffix(":")
    try:
        database.extend(extension)
    except DatabaseError as error:
        message = f"{table.file} cannot be read: DuckDB's extension for {extension} cannot be loaded: {error.says}"
        raise KnowledgeBaseError(Issue("KZ124", message, place)) from None
    if extension == "sqlite":
        path = Path(table.location.file).parent / connection
        arguments = [str(path), name]
    else:
        schema, _, relation = name.rpartition(".")
        arguments = [connection, schema or "public", relation]
    return exp.Anonymous(this=f"{extension}_scan", expressions=[exp.Literal.string(item) for item in arguments])


def _check_columns(table: Table, part: _Part, found: dict[str, str]) -> None:
    wanted = {f"columns.{key}": name for key, name in table.columns.items()}
    wanted |= {f"where.{name}": name for name in table.where}
    issues = []
    for key, name in wanted.items():
        if name not in found:
            hint = did_you_mean(name, found) or f"its columns are {', '.join(found)}"
            where = part.file.name if isinstance(part.file, exp.Literal) else table.file
            place = table.marks.get(key, table.location)
            issues.append(Issue("KZ124", f"{where} has no column {name}", place, hint))
    if issues:
        raise KnowledgeBaseError(*issues)
