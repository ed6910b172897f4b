"""Where a table lies → how DuckDB reads it, row numbers included. It looks at names, folders and columns, at no row."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.database import Database, DatabaseError
from kzexpert.engines.sql.words import called, column, identifier, select
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.tables_file import DATABASES
from kzexpert.model import Table

__all__ = ["FILE", "ROW", "Opened", "open_table", "read_csv", "unreadable"]

#: The columns that say where a row stands: the file, and which of its rows it is.
FILE, ROW = "f", "r"

#: Bytes of a line of CSV, and of what is read at once.
_LONGEST, _AT_ONCE = 10_000_000, 32_000_000
_SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
_FORM = (
    "a table is a .parquet, .csv or .tsv file, the latter two also with .gz, a folder of them, or of a database: "
    "sqlite:FILE#TABLE, postgres:CONNECTION#TABLE"
)


class _Part(msgspec.Struct, frozen=True):
    """A file, or all Parquet files of a folder, or a table of another database.

    Attributes:
        name: for messages.
        columns: its columns under their own names → as the source has them; None where these are the same.
    """

    name: str
    source: exp.Expr
    file: exp.Expr
    row: exp.Expr
    columns: dict[str, str] | None = None


class Opened(msgspec.Struct, frozen=True):
    """A table that can be read.

    Attributes:
        types: column → its type in words of DuckDB.
    """

    parts: tuple[_Part, ...]
    types: dict[str, str]

    def query(self, columns: Iterable[str]) -> exp.Query:
        """All rows with some of their columns, and `FILE` and `ROW`."""
        query: exp.Query | None = None
        for part in self.parts:
            place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
            # A column of the table may bear any name: here they are numbered.
            names = part.columns or {}
            shown = [called(column(names.get(name, name)), f"x{index}") for index, name in enumerate(columns)]
            read = select([*shown, *place], part.source.copy())
            query = read if query is None else exp.union(query, read, distinct=False, copy=False)
        assert query is not None
        return query


def open_table(database: Database, table: Table) -> Opened:
    """Find out how a table is read, and which columns it has.

    Raises:
        KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
    """
    place = table.marks.get("file", table.location)
    types: dict[str, str] = {}
    try:
        parts = tuple(_parts(database, table))
    except DatabaseError as error:
        raise unreadable(table.file, error, place) from None
    for part in parts:
        try:
            described = database.rows(exp.Describe(this=select([exp.Star()], part.source.copy())))
        except DatabaseError as error:
            raise unreadable(part.name, error, place) from None
        found = {str(name): str(kind) for name, kind, *_ in described}
        if part.columns is not None:
            found = {name: found[stored] for name, stored in part.columns.items()}
        _check_columns(table, part, found)
        types.update(found)
    return Opened(parts, types)


def unreadable(name: str, error: DatabaseError, place: Location) -> KnowledgeBaseError:
    """KZ124 for a table or a map: what the database says, in words of ours where we know them."""
    reason, hint = _reason(error.says)
    return KnowledgeBaseError(Issue("KZ124", f"{name} cannot be read: {reason}", place, hint))


def _reason(says: str) -> tuple[str, str]:
    """Why a file cannot be read, and what to do about it."""
    line = re.search(r"CSV Error on Line: (\d+)", says)
    where = f"line {int(line[1]):,}" if line else "a line"
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", says)
    if cells:
        message = f"{where} has {cells[2]} cell{'s' * (cells[2] != '1')}, and the first line has {cells[1]}"
        return message, "a cell that holds the separator or a line break stands in quotes; empty cells stay empty"
    if "unterminated quote" in says:
        return (
            f"{where} has a quote that is not closed, or text behind one",
            'a quote inside quotes is doubled: "a ""b"""',
        )
    if "Maximum line size" in says:
        return f"{where} is longer than {_LONGEST:,} bytes", "is a closing quote missing?"
    if "invalid state" in says:
        return "it is not valid CSV", "a file with line ends of two kinds is none: save it again with one kind"
    return re.sub(r"^(\w+ )+Error: ", "", says.splitlines()[0]), ""


def read_csv(path: Path) -> tuple[exp.Expr, dict[str, str]]:
    """The rows of a CSV or TSV file, all as text; and its columns by name, which are numbered there.

    Raises:
        DatabaseError: its first line cannot be read, or names a column twice.
    """
    separator = next((item for ending, item in _SEPARATORS.items() if path.name.lower().endswith(ending)), ",")
    # DuckDB would look for a header that fits the lines below it, and take a later line for it.
    names = _header(path, separator)
    stored = [f"c{index}" for index in range(len(names))]
    shape = [exp.PropertyEQ(this=identifier(name), expression=exp.Literal.string("VARCHAR")) for name in stored]
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "columns": exp.Struct(expressions=shape),
        "delim": exp.Literal.string(separator),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
        "max_line_size": exp.Literal.number(_LONGEST),
        "buffer_size": exp.Literal.number(_AT_ONCE),
    }
    settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    source = exp.Anonymous(this="read_csv", expressions=[exp.Literal.string(str(path)), *settings])
    return source, {name: own for name, own in zip(names, stored, strict=True) if name}


def _header(path: Path, separator: str) -> list[str]:
    """The names in the first line; a column may have none."""
    import csv
    import gzip
    import zlib

    try:
        opening = gzip.open if path.suffix.lower() == ".gz" else Path.open
        with opening(path, "rt", encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, delimiter=separator), None)
    except (OSError, UnicodeDecodeError, EOFError, csv.Error, zlib.error) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not text in UTF-8"
        raise DatabaseError(reason) from None
    if not names:
        says = "it is empty" if names is None else "its first line is empty"
        raise DatabaseError(f"{says}; the first line names the columns")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise DatabaseError(f"its first line names the column {twice!r} twice")
    return names


def _parts(database: Database, table: Table) -> Iterable[_Part]:
    scheme = next((scheme for scheme in DATABASES if table.path.startswith(scheme)), None)
    counted = exp.Window(this=exp.RowNumber())
    if scheme:
        yield _Part(table.file, _of_database(database, table, scheme), exp.Literal.string(table.file), counted)
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
        read = exp.Anonymous(this="read_parquet", expressions=[listed, named, numbered, united])
        number = exp.Add(this=column("file_row_number"), expression=exp.Literal.number(1))
        yield _Part(table.file, read, column(_PATH), number)
    for file in files:
        if str(file) not in parquet:
            name = table.file if file == path else f"{table.file}/{file.name}"
            try:
                source, columns = read_csv(file)
            except DatabaseError as error:
                raise unreadable(name, error, table.marks.get("file", table.location)) from None
            yield _Part(name, source, exp.Literal.string(str(file)), counted.copy(), columns)


#: Under this name DuckDB is asked for the file of a row.
_PATH = "file of the row"


def _of_database(database: Database, table: Table, scheme: str) -> exp.Expr:
    """The table function of a DuckDB extension, which is installed when it is first asked for."""
    connection, _, name = table.path.removeprefix(scheme).partition("#")
    place = table.marks.get("file", table.location)
    if not connection or not name:
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} names no table", place, _FORM))
    extension = scheme.removesuffix(":")
    try:
        database.extend(extension)
    except DatabaseError as error:
        reason, _ = _reason(error.says)
        message = f"{table.file} cannot be read: DuckDB's extension for {extension} cannot be loaded: {reason}"
        hint = "it is installed when it is first needed, for which the machine must be online"
        raise KnowledgeBaseError(Issue("KZ124", message, place, hint)) from None
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
            place = table.marks.get(key, table.location)
            issues.append(Issue("KZ124", f"{part.name} has no column {name}", place, hint))
    if issues:
        raise KnowledgeBaseError(*issues)
