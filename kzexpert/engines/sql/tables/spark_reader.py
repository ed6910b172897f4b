"""Tables of users → how Spark reads them, row numbers included, in place and on all executors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.sql.plan.words import column
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError
from kzexpert.engines.sql.store.spark_session import DataFrame, DataFrameReader, StructType, places_rows
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.store.spark_values import escaped, literal
from kzexpert.engines.sql.tables.files import (
    PARQUET,
    SEPARATORS,
    check_names,
    even_rows,
    files_of,
    header,
    is_small_file,
    name_of,
    separator_of,
    text_rows,
)
from kzexpert.engines.sql.tables.reader import TablePart, TableReader
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.tables_file import DATABASES
from kzexpert.model import FileShape, Table

__all__ = ["SparkReader"]

#: The schemas of so many Parquet files are compared; of more Spark finds one that fits all.
_COMPARED = 100
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: The lower bits of Spark's numbers count the rows of a partition.
_IN_PARTITION = 2**33
_TYPES = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "binary": "BLOB",
}
_CSV: dict[str, bool | int | str] = {
    "header": True,
    "mode": "FAILFAST",
    "quote": '"',
    "escape": '"',
    "encoding": "UTF-8",
    "unescapedQuoteHandling": "RAISE_ERROR",
    "maxCharsPerColumn": -1,
    "maxColumns": 100_000,
    "emptyValue": "",
}


class SparkReader(TableReader):
    """See `TableReader`."""

    store: SparkStore

    def __init__(self, store: SparkStore, network: bool, tolerant: bool = False) -> None:
        super().__init__(store, network, tolerant)
        self._schemas: dict[tuple[str, ...], StructType] = {}

    @cached_property
    def _places(self) -> bool:
        return places_rows(self.store.session)

    def parts(self, table: Table) -> Iterator[TablePart]:
        """See `TableReader.parts`."""
        with self.store.reading(), self.store.guarded():
            yield from self._parts(table)

    def open_csv(self, path: Path) -> tuple[exp.Expr, list[str]]:
        """See `TableReader.open_csv`."""
        with self.store.reading(), self.store.guarded():
            part, names = self._csv(path.name, str(path))
            return part.source, names

    def _parts(self, table: Table) -> Iterator[TablePart]:
        place = table.marks.get("file", table.location)
        scheme = next((scheme for scheme in DATABASES if table.path.startswith(scheme)), None)
        if scheme:
            message = f"the spark engine cannot read {scheme.removesuffix(':')} tables"
            hint = "use --engine duckdb, or write the table to a Parquet file"
            raise KnowledgeBaseError(Issue("KZ124", message, place, hint))
        remote = bool(_REMOTE.match(table.path))
        if remote and replace(table.shape, unpivot=None, split={}) != FileShape():
            message = "the spark engine reads files that lie elsewhere as plain CSV or Parquet only"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "copy the file here, or use --engine duckdb"))
        files = {table.path: table.file} if remote else {str(file): name_of(table, file) for file in files_of(table)}
        # Elsewhere a folder is not looked into: what is no CSV file holds Parquet.
        endings = tuple(SEPARATORS)
        parquet = [
            file for file in files if file.lower().endswith(PARQUET) or (remote and not file.lower().endswith(endings))
        ]
        if (parquet or remote) and not self._places:
            message = "this server of Spark Connect does not say in which row of a file a fact stands"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "use a server of Spark itself, or --engine duckdb"))
        yield from self._parquet(table, {file: files[file] for file in parquet})
        for file, name in files.items():
            if file not in parquet:
                if remote:
                    yield self._csv(name, file)[0]
                elif self.is_plain(table, Path(file)):
                    yield replace(self._csv(name, file)[0], path=Path(file))
                else:
                    yield self.of_records(table, name, Path(file))

    # --- CSV ---------------------------------------------------------------------------------------------------------

    def _csv(self, name: str, file: str) -> tuple[TablePart, list[str]]:
        """A CSV file, and the names of its columns, of which some may have none.

        Raises:
            DatabaseError: it cannot be read.
        """
        separator = separator_of(file)
        names = _header(self.store, file, separator)
        stored = [f"c{index}" for index in range(len(names))]
        columns = {found: stored[index] for index, found in enumerate(names) if found}
        types = dict.fromkeys(columns, "VARCHAR")
        if not _REMOTE.match(file) and (is_small_file(Path(file)) or not self._places):
            rows = list(even_rows(Path(file), separator))
            texts = {name: [cells[place] for cells in rows] for place, name in enumerate(stored)}
            held = self.store.gather(texts, {ROW: range(1, len(rows) + 1)})
            return TablePart(name, held, exp.Literal.string(file), column(ROW), columns, types), names
        before = _rows_before(self.store, file, separator)
        options = {**_CSV, "sep": separator, "multiLine": before is None}
        shape = ", ".join(f"{name} STRING" for name in stored)
        read = self.store.session.read.options(**options).csv(_uri(file), schema=shape)
        placed = read.selectExpr("*", "monotonically_increasing_id() AS place")
        listed = ", ".join(f"{count}L" for count in before or [0])
        number = f"element_at(array({listed}), CAST(place DIV {_IN_PARTITION} AS INT) + 1) + place % {_IN_PARTITION}"
        view = self.store.source(placed.selectExpr(*stored, f"{number} + 1 AS {ROW}"))
        return TablePart(name, view, exp.Literal.string(file), column(ROW), columns, types), names

    # --- Parquet -----------------------------------------------------------------------------------------------------

    def _parquet(self, table: Table, names: Mapping[str, str]) -> Iterator[TablePart]:
        """Parquet files, those of one schema together.

        Args:
            names: what messages call each.
        """
        files = list(names)
        alike: dict[StructType, list[str]] = {}
        for some in [files] if len(files) > _COMPARED else [[file] for file in files]:
            alike.setdefault(self._schema(table, some), []).extend(some)
        for schema, group in alike.items():
            name = names[group[0]] if len(alike) > 1 else table.file
            read = self._read(table).schema(schema).parquet(*(_uri_in(table, file) for file in group))
            rows, columns, types = _numbered(read, _cited(table, group[0]))
            yield TablePart(name, self.store.source(rows), column(FILE), column(ROW), columns, types)

    def _schema(self, table: Table, files: Sequence[str]) -> StructType:
        """The columns of some Parquet files, which Spark is asked for once."""
        key = (table.path, *files)
        if key not in self._schemas:
            read = self._read(table).option("mergeSchema", len(files) > 1)
            self._schemas[key] = read.parquet(*(_uri_in(table, file) for file in files)).schema
        return self._schemas[key]

    def _read(self, table: Table) -> DataFrameReader:
        """What reads the Parquet files of a table, with the columns that folders in its own stand for."""
        read = self.store.session.read
        return read.option("basePath", f"file://{Path(table.path).resolve()}") if Path(table.path).is_dir() else read


# --- CSV -------------------------------------------------------------------------------------------------------------


def _header(store: SparkStore, file: str, separator: str) -> list[str]:
    """The names in the first line of a CSV file; see `kzexpert.engines.sql.tables.files.header`."""
    if not _REMOTE.match(file):
        return header(Path(file), separator)
    options = {**_CSV, "sep": separator, "header": False, "multiLine": True}
    first = store.session.read.options(**options).csv(file).head(1)
    names = [value or "" for value in first[0]] if first else []
    check_names(names if first else None)
    return names


def _rows_before(store: SparkStore, file: str, separator: str) -> list[int] | None:
    """How many rows lie before each partition of a CSV file; None where it cannot be split, and is read as one.

    It is split where every line is a row, or empty: no line ends within quotes, or by a carriage return alone.

    Raises:
        DatabaseError: it is not text in UTF-8, mixes kinds of line ends, or has a quote that is not closed.
    """
    # What is left of a line without the cells in quotes. A cell may hold quotes, where these are doubled.
    bare = f"""regexp_replace(replace(value, '""', ''), '(?<![^{separator}])"[^"]*"(?![^{separator}\r])', '')"""
    returns = "instr(value, '\r') NOT IN (0, length(value))"
    is_row = r"value RLIKE '[^\\x00-\\x20]'"
    measures = [
        f"count_if({is_row})",
        "count_if(NOT is_valid_utf8(value))",
        "sum(length(value) - length(replace(value, '\"', '')))",
        f"count_if(contains(value, '\"') AND contains({bare}, '\"'))",
        f"count_if(NOT ({is_row}) AND value NOT IN ('', '\r'))",  # blank in one way of reading only
        f"count_if({returns})",
        f"count_if({returns} AND {returns.replace('value', bare)})",
        "count(1)",
    ]
    lines = store.view(
        store.session.read.text(_uri(file), lineSep="\n").selectExpr("spark_partition_id() AS p", "value")
    )
    found = {
        part: counts for part, *counts in store.rows(f"SELECT p, {', '.join(measures)} FROM {lines.name} GROUP BY p")
    }
    store.drop(lines)
    _, broken, quotes, open_, blank, within, outside, all_ = map(sum, zip(*found.values(), strict=True))
    if broken:
        raise DatabaseError("invalid unicode")
    if quotes % 2:  # it may be that an inch stands in a cell
        if _REMOTE.match(file):
            raise DatabaseError("it has an odd number of quotes")
        for _ in text_rows(Path(file), separator):
            pass
    if outside and all_ > 1 and not open_:
        raise DatabaseError("invalid state")
    if open_ or blank or within:
        return None
    held = [found[part][0] if part in found else 0 for part in range(max(found) + 1)]
    return [max(rows - 1, 0) for rows in accumulate(held, initial=0)][:-1]  # the first line is no row


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _numbered(rows: DataFrame, cited: tuple[str, str]) -> tuple[DataFrame, dict[str, str], dict[str, str]]:
    """The rows of Parquet files with `FILE` and `ROW`; and their columns and types, as a `TablePart` has them.

    Args:
        cited: how the paths of all files begin, and what is cited in place of that.
    """
    columns: dict[str, str] = {}
    types: dict[str, str] = {}
    shown = []
    for index, field in enumerate(rows.schema.fields):
        stored, kind = f"c{index}", field.dataType.simpleString()
        value = rows[f"`{field.name.replace('`', '``')}`"]
        if kind.startswith("timestamp"):  # of a moment the day counts
            value = value.cast("date").cast("string")
        elif kind not in _TYPES and not kind.startswith("decimal"):
            value = value.cast("string")
        columns[field.name] = stored
        types[field.name] = "DECIMAL" if kind.startswith("decimal") else _TYPES.get(kind, "VARCHAR")
        shown.append(value.alias(stored))
    metadata = rows.metadataColumn("_metadata")
    shown += [metadata["file_path"].alias("uri"), (metadata["row_index"] + 1).alias(ROW)]
    # A path is given back as it was, not as a part of an address.
    path = "regexp_replace(url_decode(replace(uri, '+', '%2B')), '^file:/+', '/')"
    begins, given = cited
    if begins != given:
        path = f"concat({literal(given, 'string')}, substr({path}, {len(begins) + 1}))"
    return rows.select(*shown).selectExpr(*columns.values(), f"{path} AS {FILE}", ROW), columns, types


def _uri_in(table: Table, file: str) -> str:
    """As `_uri`, of a file of a table. Links in the folder are not followed: they may bear the names of columns."""
    if _REMOTE.match(file):
        return file
    real, within = _placed(table, file)
    return "file://" + escaped(str(real / within))


def _cited(table: Table, file: str) -> tuple[str, str]:
    """How Spark has the paths of a table's files begin, and how they are given."""
    if _REMOTE.match(file):
        return "", ""
    real, within = _placed(table, file)
    return str(real / within).removesuffix(str(within)), file.removesuffix(str(within))


def _placed(table: Table, file: str) -> tuple[Path, Path]:
    """The folder in which all files of a table lie, whatever links lead there; and the place of one of them in it."""
    folder = Path(table.path) if Path(table.path).is_dir() else Path(table.path).parent
    return folder.resolve(), Path(file).relative_to(folder)


def _uri(file: str) -> str:
    """A file as Spark is to find it, whatever file system it takes paths for."""
    return file if _REMOTE.match(file) else "file://" + escaped(str(Path(file).resolve()))
