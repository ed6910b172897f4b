"""Tables of users → how Spark reads them, row numbers included, in place and on all executors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.sql.plan.words import column
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError
from kzexpert.engines.sql.store.spark_session import DataFrame, lit
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables.files import (
    PARQUET,
    SEPARATORS,
    check_names,
    files_of,
    header,
    separator_of,
    unclosed_quote,
)
from kzexpert.engines.sql.tables.reader import TablePart, TableReader
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.tables_file import DATABASES
from kzexpert.model import FileShape, Table

__all__ = ["SparkReader"]

#: The schemas of so many Parquet files are compared; of more Spark finds one that fits all.
_COMPARED = 100
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: What would stand for several files in a path.
_WILD = re.compile(r"([*?\[\]{}\\])")
#: The lower bits of Spark's numbers count the rows of a partition. A CSV file is read as one.
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
}
_CSV: dict[str, bool | int | str] = {
    "header": True,
    "mode": "FAILFAST",
    "multiLine": True,
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

    def parts(self, table: Table) -> Iterator[TablePart]:
        """See `TableReader.parts`."""
        with self.store.reading(), self.store.guarded():
            yield from self._parts(table)

    def open_csv(self, path: Path) -> tuple[exp.Expr, list[str]]:
        """See `TableReader.open_csv`."""
        with self.store.reading(), self.store.guarded():
            rows, names = _csv_rows(self.store, str(path))
            return self.store.view(rows), names

    def _parts(self, table: Table) -> Iterator[TablePart]:
        place = table.marks.get("file", table.location)
        scheme = next((scheme for scheme in DATABASES if table.path.startswith(scheme)), None)
        if scheme:
            message = f"the spark engine reads no tables of {scheme.removesuffix(':')}"
            hint = "use --engine duckdb, or write the table to a Parquet file"
            raise KnowledgeBaseError(Issue("KZ124", message, place, hint))
        remote = bool(_REMOTE.match(table.path))
        if remote and replace(table.shape, unpivot=None, split={}) != FileShape():
            message = "the spark engine reads files that lie elsewhere as plain CSV or Parquet only"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "copy the file here, or use --engine duckdb"))
        files = [table.path] if remote else [str(file) for file in files_of(table)]
        # Elsewhere a folder is not looked into: what is no CSV file holds Parquet.
        endings = tuple(SEPARATORS)
        parquet = [
            file for file in files if file.lower().endswith(PARQUET) or (remote and not file.lower().endswith(endings))
        ]
        yield from _parquet_parts(self.store, table, parquet)
        for file in files:
            if file not in parquet:
                name = table.file if file == table.path else f"{table.file}/{Path(file).name}"
                if not remote and not self.is_plain(table, Path(file)):
                    yield self.of_records(table, name, Path(file))
                    continue
                rows, names = _csv_rows(self.store, file)
                columns = {found: f"c{index}" for index, found in enumerate(names) if found}
                part = _part(name, self.store.view(rows), columns, dict.fromkeys(columns, "VARCHAR"))
                yield part if remote else replace(part, path=Path(file))


def _part(name: str, stored: exp.Table, columns: Mapping[str, str], types: Mapping[str, str]) -> TablePart:
    return TablePart(name, stored, column(FILE), column(ROW), columns, types)


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv_rows(store: SparkStore, file: str) -> tuple[DataFrame, list[str]]:
    """A frame with the rows of a CSV file in columns ``c0``, ``c1`` ..., and `FILE` and `ROW`; and the names of these.

    Raises:
        DatabaseError: the file cannot be read.
    """
    separator = separator_of(file)
    reader = store.session.read.options(**{**_CSV, "sep": separator})
    uri = _uri(file)
    if _REMOTE.match(file):
        first = store.session.read.options(**{**_CSV, "sep": separator, "header": False}).csv(uri).head(1)
        names = [value or "" for value in first[0]] if first else []
        check_names(names if first else None)
    else:
        names = header(Path(file), separator)
    _check_text(store, uri, file, separator)
    rows = reader.csv(uri, schema=", ".join(f"c{index} STRING" for index in range(len(names))))
    number = f"CAST(monotonically_increasing_id() % {_IN_PARTITION} + 1 AS BIGINT) AS {ROW}"
    # The path is no text of a query: any name may be one.
    return rows.selectExpr("*", number).withColumn(FILE, lit(file)), names


def _check_text(store: SparkStore, uri: str, file: str, separator: str) -> None:
    """Refuse what Spark would take for rows: a text that is none, and one whose last quote takes all behind it.

    Raises:
        DatabaseError: it is such.
    """
    lines = store.session.read.text(uri)
    quotes = "sum(length(value) - length(replace(value, '\"', '')))"
    (broken, count), *_ = lines.selectExpr("count_if(NOT is_valid_utf8(value))", quotes).collect()
    if broken:
        raise DatabaseError("invalid unicode")
    if (count or 0) % 2:  # it may be that an inch stands in a cell
        if _REMOTE.match(file):
            raise DatabaseError("it has an odd number of quotes")
        line = unclosed_quote(Path(file), separator)
        if line:
            raise DatabaseError(f"CSV Error on Line: {line}\nunterminated quote")


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet_parts(store: SparkStore, table: Table, files: Sequence[str]) -> Iterator[TablePart]:
    """Parquet files, those of one schema together."""
    read = store.session.read
    if len(files) > _COMPARED:
        together = read.option("mergeSchema", "true").parquet(*map(_uri, files))
        yield _parquet_part(store, table.file, together)
        return
    alike: dict[str, list[str]] = {}
    for file in files:
        schema = read.parquet(_uri(file)).schema.json()
        alike.setdefault(schema, []).append(file)
    for group in alike.values():
        name = table.file if group[0] == table.path else f"{table.file}/{Path(group[0]).name}"
        yield _parquet_part(store, name, read.parquet(*map(_uri, group)))


def _parquet_part(store: SparkStore, name: str, rows: DataFrame) -> TablePart:
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
    numbered = rows.select(*shown).selectExpr(*columns.values(), f"{path} AS {FILE}", ROW)
    return _part(name, store.view(numbered), columns, types)


def _uri(file: str) -> str:
    """A file as Spark is to find it, whatever file system it takes paths for."""
    return file if _REMOTE.match(file) else "file://" + _WILD.sub(r"\\\1", str(Path(file).resolve()))
