"""Where a table lies → how DuckDB reads it, row numbers included. It looks at names, folders and columns, at no row."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.words import called, column, select, subquery, together
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError
from kzexpert.engines.sql.store.database import Database
from kzexpert.engines.sql.tables.csv_source import literally, read_csv, reason, unreadable, without_password
from kzexpert.engines.sql.tables.sources import FORM, PARQUET, check_columns, files_of, plain_text
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.tables_file import DATABASES
from kzexpert.model import Table

__all__ = ["Opened", "count_rows", "open_table"]

#: Under these names DuckDB is asked for the file of a row, and for its number there.
_PATH, _NUMBER = "file of the row", "file_row_number"
_ADDED = (_PATH, _NUMBER)
_COUNTED = exp.Window(this=exp.RowNumber())


class _Part(msgspec.Struct, frozen=True):
    """A file, or all Parquet files of a folder, or a table of another database.

    Attributes:
        name: for messages.
        columns: its columns under their own names → as the source has them; None where these are the same.
        types: column, under its own name → its type in words of DuckDB; empty before anybody has looked.
    """

    name: str
    source: exp.Expr
    file: exp.Expr
    row: exp.Expr
    columns: dict[str, str] | None = None
    types: dict[str, str] = {}

    def column(self, name: str) -> exp.Expr:
        """A column by its own name."""
        return column(name if self.columns is None else self.columns[name])


class Opened(msgspec.Struct, frozen=True):
    """A table that can be read.

    Attributes:
        types: column → its type in words of DuckDB.
    """

    parts: tuple[_Part, ...]
    types: dict[str, str]

    def query(self, columns: Sequence[str]) -> exp.Query:
        """All rows with some of their columns, and `FILE` and `ROW`."""
        read = []
        for part in self.parts:
            place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
            # A column of the table may bear any name: here they are numbered.
            shown = [called(self._shown(part, name), f"x{index}") for index, name in enumerate(columns)]
            read.append(select([*shown, *place], part.source.copy()))
        return together(read)

    def _shown(self, part: _Part, name: str) -> exp.Expr:
        """A column of a part; as text where the parts have it in several types."""
        found = part.column(name)
        return found if part.types[name] == self.types[name] else plain_text(found, part.types[name])


def open_table(database: Database, table: Table) -> Opened:
    """Find out how a table is read, and which columns it has.

    Raises:
        KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
    """
    place = table.marks.get("file", table.location)
    parts = []
    types: dict[str, str] = {}
    for part in _parts(database, table):
        try:
            with database.reading():
                described = database.rows(exp.Describe(this=select([exp.Star()], part.source.copy())))
        except DatabaseError as error:
            raise unreadable(part.name, error, place) from None
        found = {str(name): str(kind) for name, kind, *_ in described if name not in _ADDED}
        if part.columns is not None:
            found = {name: found[stored] for name, stored in part.columns.items()}
        check_columns(table, part.name, found)
        for name, kind in found.items():
            types[name] = "VARCHAR" if types.get(name, kind) != kind else kind
        parts.append(msgspec.structs.replace(part, types=found))
    return Opened(tuple(parts), types)


def count_rows(tables: Sequence[Table], most: int) -> int:
    """The rows of some tables, whatever their `where` keeps; `most` where there are more, since counting stops there.

    Raises:
        KnowledgeBaseError: one of them cannot be read.
    """
    database = Database()
    counted = 0
    try:
        for table in tables:
            for part in open_table(database, table).parts:
                read = select([exp.Literal.number(1)], part.source.copy()).limit(most - counted, copy=False)
                count = select([exp.Count(this=exp.Star())], subquery(read, "p"))
                counted += database.count(count)
                if counted >= most:
                    return most
    finally:
        database.close()
    return counted


def _parts(database: Database, table: Table) -> Iterator[_Part]:
    scheme = next((scheme for scheme in DATABASES if table.path.startswith(scheme)), None)
    if scheme:
        name = without_password(table.file)
        yield _Part(name, _of_database(database, table, scheme), exp.Literal.string(name), _COUNTED)
        return
    path = Path(table.path)
    files = files_of(table)
    parquet = [file for file in files if file.name.lower().endswith(PARQUET)]
    if parquet:
        yield _parquet(database, table, parquet)
    for file in files:
        if file not in parquet:
            name = table.file if file == path else f"{table.file}/{file.name}"
            try:
                source, names = read_csv(file)
            except DatabaseError as error:
                raise unreadable(name, error, table.marks.get("file", table.location)) from None
            columns = {name: f"c{index}" for index, name in enumerate(names) if name}
            yield _Part(name, source, exp.Literal.string(str(file)), _COUNTED, columns)


def _parquet(database: Database, table: Table, files: Sequence[Path]) -> _Part:
    """Parquet files, which are read together.

    Raises:
        KnowledgeBaseError: one of them cannot be read, or lacks a column that others have (KZ124).
    """
    listed = exp.Array(expressions=[literally(file) for file in files])
    if len(files) > 1:
        _check_each(database, table, listed)
    options = {"filename": exp.Literal.string(_PATH), "file_row_number": exp.true(), "union_by_name": exp.true()}
    settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    number = exp.Add(this=column(_NUMBER), expression=exp.Literal.number(1))
    source = exp.Anonymous(this="read_parquet", expressions=[listed.copy(), *settings])
    return _Part(table.file, source, column(_PATH), number)


def _check_each(database: Database, table: Table, listed: exp.Array) -> None:
    """Whether every file has every column; where one has not, DuckDB would take it for empty."""
    names: dict[str, list[str]] = {}
    schema = exp.Anonymous(this="parquet_schema", expressions=[listed.copy()])
    try:
        with database.reading():
            for file, name in database.rows(select([column("file_name"), column("name")], schema)):
                names.setdefault(str(file), []).append(str(name))
    except DatabaseError as error:
        raise unreadable(table.file, error, table.marks.get("file", table.location)) from None
    for file, found in sorted(names.items()):
        # The first name is that of the whole schema.
        check_columns(table, f"{table.file}/{Path(file).name}", found[1:])


def _of_database(database: Database, table: Table, scheme: str) -> exp.Expr:
    """The table function of a DuckDB extension, which is installed when it is first asked for."""
    connection, _, name = table.path.removeprefix(scheme).partition("#")
    place = table.marks.get("file", table.location)
    if not connection or not name:
        raise KnowledgeBaseError(Issue("KZ124", f"{scheme} without #TABLE names no table", place, FORM))
    extension = scheme.removesuffix(":")
    try:
        database.extend(extension)
    except DatabaseError as error:
        why, _ = reason(error.says)
        message = f"DuckDB's extension for {extension} cannot be loaded: {why}"
        hint = "it is installed when it is first needed, for which the machine must be online"
        raise KnowledgeBaseError(Issue("KZ124", message, place, hint)) from None
    if extension == "sqlite":
        path = Path(table.location.file).parent / connection
        arguments = [str(path), name]
    else:
        schema, _, relation = name.rpartition(".")
        arguments = [connection, schema or "public", relation]
    return exp.Anonymous(this=f"{extension}_scan", expressions=[exp.Literal.string(item) for item in arguments])
