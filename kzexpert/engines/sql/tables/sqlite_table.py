"""A table of an SQLite file, read by Python's own `sqlite3`: no extension of another database is needed for it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self
from urllib.parse import quote

from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.engines.sql.tables.files import FORM
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import Table

__all__ = ["SqliteTable"]

_Cells = tuple[str | None, ...]


class SqliteTable:
    """A table or view of an SQLite file, opened for reading only.

    Attributes:
        columns: the names of its columns.
        types: of those that were read by `batches`, in words of DuckDB: a column of whole numbers, of texts, or of
            numbers, which stand in texts: whole ones without a point. SQLite's own declared types bind no value.

    Raises:
        KnowledgeBaseError: the declaration does not name a table (KZ124).
        DatabaseError: it cannot be read.
    """

    def __init__(self, table: Table) -> None:
        file, name = table.sqlite
        if not file or not name:
            place = table.marks.get("file", table.location)
            raise KnowledgeBaseError(Issue("KZ124", "sqlite: without #TABLE does not name a table", place, FORM))
        path = Path(file)
        if not path.is_file():
            raise DatabaseError("the file does not exist")
        self._name = _quoted(name)
        self.types: dict[str, str] = {}
        try:
            self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
            self._connection.execute("PRAGMA trusted_schema = OFF")
            described = self._connection.execute(f"SELECT * FROM {self._name} LIMIT 0").description
        except sqlite3.Error as error:
            raise DatabaseError(str(error)) from None
        self.columns = [name for name, *_ in described]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def count(self, most: int) -> int:
        """The number of rows, up to `most`."""
        query = f"SELECT count(*) FROM (SELECT 1 FROM {self._name} LIMIT {most})"
        return int(self._connection.execute(query).fetchone()[0])

    def batches(self, names: Sequence[str], size: int) -> Iterator[list[_Cells]]:
        """The rows in the order of the file, as texts; at least one batch, which may be empty.

        Raises:
            DatabaseError: a value is no text.
        """
        kinds: list[set[type]] = [set() for _ in names]
        try:
            with closing(self._rows(names)) as cursor:
                while True:
                    rows = cursor.fetchmany(size)
                    for place, cells in enumerate(zip(*rows, strict=True)):
                        kinds[place].update(map(type, cells))
                    yield [tuple(map(_text, row)) for row in rows]
                    if len(rows) < size:
                        break
        except sqlite3.Error as error:
            raise DatabaseError(str(error)) from None
        self.types = {name: _type(found - {type(None)}) for name, found in zip(names, kinds, strict=True)}

    def _rows(self, names: Sequence[str]) -> sqlite3.Cursor:
        query = f"SELECT {', '.join(map(_quoted, names))} FROM {self._name}"
        try:  # an index that holds all of these columns has an order of its own
            return self._connection.execute(f"{query} ORDER BY rowid")
        except sqlite3.OperationalError:  # a view, or a table without row numbers
            return self._connection.execute(query)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise DatabaseError("a cell holds bytes that are not text in UTF-8") from None
    return value if value is None or isinstance(value, str) else repr(value)


def _type(kinds: set[type]) -> str:
    if not kinds or not kinds <= {int, float}:
        return "VARCHAR"
    return "DOUBLE IN TEXT" if float in kinds else "BIGINT"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
