"""Tables of users, as DuckDB reads them: CSV and Parquet files where they lie, and tables of PostgreSQL."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.sql.plan.words import called, column, identifier, named, select, subquery, typed
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.engines.sql.tables.cells import Cells
from kzexpert.engines.sql.tables.files import (
    AT_ONCE,
    FORM,
    LONGEST,
    PARQUET,
    check_columns,
    files_of,
    folders_of,
    header,
    name_of,
    no_records,
    plain_text,
    separator_of,
    unreadable,
)
from kzexpert.engines.sql.tables.reader import TablePart, TableReader
from kzexpert.engines.sql.tables.sqlite_table import SqliteTable
from kzexpert.errors import Issue, KnowledgeBaseError, Location, without_password
from kzexpert.language.records import RecordError
from kzexpert.model import Table

__all__ = ["DuckDBReader", "count_rows", "first_rows"]

_POSTGRES = "postgres:"
#: Under these names DuckDB is asked for the file of a row, and for its number there.
_PATH, _NUMBER = "file of the row", "file_row_number"
_ADDED = (_PATH, _NUMBER)
_COUNTED = exp.Window(this=exp.RowNumber())


class DuckDBReader(TableReader):
    """See `TableReader`."""

    store: DuckDBStore

    def parts(self, table: Table) -> Iterator[TablePart]:
        """See `TableReader.parts`."""
        if table.path.startswith(_POSTGRES):
            name = without_password(table.file)
            yield self._part(name, self._of_postgres(table), exp.Literal.string(name), _COUNTED)
            return
        files = files_of(table)
        # A text for each row would take more room than all else: the files of the table are a type.
        kind = _one_of(files)
        parquet = [file for file in files if file.name.lower().endswith(PARQUET)]
        if parquet:
            yield _in_files(self._parquet(table, self._asked_for(table, parquet)), kind)
        for file in files:
            if file not in parquet:
                name = name_of(table, file)
                try:
                    plain = self.is_plain(table, file)
                    yield _in_files(self._csv(name, file) if plain else self.of_records(table, name, file), kind)
                except DatabaseError as error:
                    place = table.marks.get("file", table.location)
                    raise unreadable(name, error, place, file, list(table.read)) from None
                except RecordError as error:
                    raise no_records(table, name, error) from None

    def _csv(self, name: str, file: Path) -> TablePart:
        """A CSV file that is as it should be, read where it lies."""
        source, names = self.open_csv(file)
        columns = {name: f"c{index}" for index, name in enumerate(names) if name}
        types = dict.fromkeys(columns, "VARCHAR")
        return TablePart(name, source, exp.Literal.string(str(file)), _COUNTED, columns, types, path=file)

    def open_csv(self, path: Path) -> tuple[exp.Expr, list[str]]:
        """See `TableReader.open_csv`."""
        separator = separator_of(path.name)
        # DuckDB would look for a header that fits the lines below it, and take a later line for it.
        names = header(path, separator)
        shape = [
            exp.PropertyEQ(this=identifier(f"c{index}"), expression=exp.Literal.string("VARCHAR"))
            for index in range(len(names))
        ]
        options = {
            "auto_detect": exp.false(),
            "header": exp.true(),
            "columns": exp.Struct(expressions=shape),
            "delim": exp.Literal.string(separator),
            "quote": exp.Literal.string('"'),
            "escape": exp.Literal.string('"'),
            "max_line_size": exp.Literal.number(LONGEST),
            "buffer_size": exp.Literal.number(AT_ONCE),
        }
        return _function("read_csv", _literally(path), options), names

    def _part(self, name: str, source: exp.Expr, file: exp.Expr, row: exp.Expr) -> TablePart:
        """A part with the types of its columns."""
        with self.store.reading():
            described = self.store.rows(exp.Describe(this=select([exp.Star()], source.copy())))
        types = {str(stored): str(kind) for stored, kind, *_ in described if stored not in _ADDED}
        return TablePart(name, source, file, row, {stored: stored for stored in types}, types)

    def _asked_for(self, table: Table, files: Sequence[Path]) -> list[Path]:
        """The files of which `where` may keep a row, as far as their folders say; one of them where there is none."""
        said = [folders_of(table, file) for file in files]
        where = {name: choice for name, choice in table.where.items() if all(name in values for values in said)}
        if not where or table.shape.is_reshaped:
            return [*files]
        cells = Cells(self.store.dialect, replace(table, where=where), dict.fromkeys(where, "VARCHAR"))
        texts = {f"x{cells.used.index(name)}": [values[name] for values in said] for name in where}
        stored = self.store.gather(texts, {"place": range(len(files))})
        found = self.store.rows(select([column("place", "w")], named(stored, "w"), where=cells.chosen("w")))
        self.store.drop(stored)
        return [files[place] for (place,) in sorted(found)] or [*files[:1]]

    def _parquet(self, table: Table, files: Sequence[Path]) -> TablePart:
        """Parquet files, which are read together.

        Raises:
            KnowledgeBaseError: one of them lacks a column that others have (KZ124).
        """
        listed = exp.Array(expressions=[_literally(file) for file in files])
        said = {file: folders_of(table, file) for file in files}
        if len(files) > 1:
            self._check_each(table, listed, said)
        options = {"filename": exp.Literal.string(_PATH), "file_row_number": exp.true(), "union_by_name": exp.true()}
        # DuckDB would take what folders above the table say for columns too, in whatever case.
        options["hive_partitioning"] = exp.false()
        file = exp.Literal.string(str(files[0])) if len(files) == 1 else column(_PATH)
        found = self._part(table.file, _function("read_parquet", listed, options), file, column(_NUMBER) + 1)
        return _with_folders(found, said) if said[files[0]] else found

    def _check_each(self, table: Table, listed: exp.Array, said: Mapping[Path, Collection[str]]) -> None:
        """Whether every file has every column; where one has not, DuckDB would take it for empty.

        Args:
            said: file → the columns that its folders are.
        """
        names: dict[Path, list[str]] = {}
        schema = exp.Anonymous(this="parquet_schema", expressions=[listed.copy()])
        with self.store.reading():
            for file, name in self.store.rows(select([column("file_name"), column("name")], schema)):
                names.setdefault(Path(file), []).append(str(name))
        for path, found in sorted(names.items()):
            # The first name is that of the whole schema.
            check_columns(table, name_of(table, path), [*found[1:], *said[path]])

    def _of_postgres(self, table: Table) -> exp.Expr:
        """The table function of a DuckDB extension, which is installed when it is first asked for."""
        connection, _, name = table.path.removeprefix(_POSTGRES).partition("#")
        place = table.marks.get("file", table.location)
        if not connection or not name:
            raise KnowledgeBaseError(Issue("KZ124", f"{_POSTGRES} without #TABLE does not name a table", place, FORM))
        try:
            self.store.extend("postgres")
        except DatabaseError as error:
            message = f"DuckDB's extension for postgres cannot be loaded: {error.issues[0].message}"
            hint = "it is installed when it is first needed, for which the machine must be online"
            raise KnowledgeBaseError(Issue("KZ124", message, place, hint)) from None
        schema, _, relation = name.rpartition(".")
        arguments = [exp.Literal.string(item) for item in (connection, schema or "public", relation)]
        return exp.Anonymous(this="postgres_scan", expressions=arguments)


def count_rows(tables: Sequence[Table], most: int, network: bool) -> int:
    """The rows of some tables, whatever their `where` keeps; `most` where there are more, since counting stops there.

    Raises:
        KnowledgeBaseError: one of them cannot be read.
    """
    counted = 0
    with closing(DuckDBStore(network=network)) as store:
        reader = DuckDBReader(store, network)
        for table in tables:
            if table.is_sqlite:
                with SqliteTable(table) as opened:
                    counted += opened.count(most - counted)
            else:
                for part in reader.open(table).parts:
                    read = select([exp.Literal.number(1)], part.source.copy()).limit(most - counted, copy=False)
                    counted += int(store.rows(select([exp.Count(this=exp.Star())], subquery(read, "p")))[0][0])
            if counted >= most:
                return most
    return counted


def first_rows(path: str, most: int) -> tuple[list[str], list[tuple[str | None, ...]]]:
    """See `kzexpert.engines.registry.first_rows`."""
    table = Table(path, path, "", {}, location=Location(path))
    with closing(DuckDBStore(network=False)) as store:
        opened = DuckDBReader(store, network=False).open(table)
        names = list(opened.types)
        shown = [plain_text(store.dialect, column(f"x{place}"), opened.types[name]) for place, name in enumerate(names)]
        query = select(shown, subquery(opened.query(names), "r")).limit(most, copy=False)
        return names, [tuple(row) for row in store.rows(query)]


def _function(name: str, first: exp.Expr, options: Mapping[str, exp.Expr]) -> exp.Expr:
    """A table function of DuckDB with named options."""
    settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    return exp.Anonymous(this=name, expressions=[first, *settings])


def _with_folders(part: TablePart, said: Mapping[Path, Mapping[str, str | None]]) -> TablePart:
    """Parquet files with the columns that their folders are, which go before columns of the files, as on Spark.

    Args:
        said: file → what its folders say: column → value.
    """
    files = sorted(said, key=str)
    which = typed(exp.Anonymous(this="enum_code", expressions=[exp.Cast(this=column(_PATH), to=_one_of(files))]), "int")
    values: dict[str, exp.Expr] = {name: column(stored) for name, stored in part.columns.items()}
    for name in said[files[0]]:
        texts = [exp.null() if (text := said[file][name]) is None else exp.Literal.string(text) for file in files]
        found = exp.Anonymous(this="list_extract", expressions=[exp.Array(expressions=texts), which.copy() + 1])
        values[name] = typed(found, "text")
    columns = {name: f"c{index}" for index, name in enumerate(values)}
    shown = [*(called(value, columns[name]) for name, value in values.items()), *map(column, _ADDED)]
    types = {**part.types, **dict.fromkeys(said[files[0]], "VARCHAR")}
    return replace(part, source=subquery(select(shown, part.source), "p"), columns=columns, types=types)


def _one_of(files: Sequence[Path]) -> exp.DataType:
    """The type of some files, in the order of their names as texts."""
    names = [exp.Literal.string(name) for name in sorted(map(str, files))]
    return exp.DataType(this=exp.DataType.Type.ENUM, expressions=names)


def _in_files(part: TablePart, kind: exp.DataType) -> TablePart:
    """A part whose rows say where they stand by a type of the files of its table."""
    return replace(part, file=exp.Cast(this=part.file, to=kind))


def _literally(path: Path) -> exp.Expr:
    """A path in a query, where ``*``, ``?`` and ``[`` would stand for several."""
    return exp.Literal.string(re.sub(r"([*?\[])", r"[\1]", str(path)))
