"""How a table of a user is opened, whatever the engine: its parts, their columns, and what needs leave to be read.

It looks at names, folders and columns, at no row; each engine says how it reads files.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.words import called, column, select, together
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError, Store
from kzexpert.engines.sql.tables.files import check_columns, plain_text, unreadable
from kzexpert.engines.sql.tables.sqlite_table import SqliteTable
from kzexpert.errors import Issue, KnowledgeBaseError, without_password
from kzexpert.model import Table

__all__ = ["Opened", "TablePart", "TableReader"]

#: What lies on another machine, or is served by another process.
_ELSEWHERE = re.compile(r"(?!sqlite:)[A-Za-z][A-Za-z0-9+.-]+://|postgres:")
_AT_ONCE = 50_000


class TablePart(msgspec.Struct, frozen=True):
    """A file, or all Parquet files of a folder, or a table of another database.

    Attributes:
        name: for messages.
        file, row: where a row stands, as expressions over the source.
        columns: its columns under their own names → as the source has them.
        types: of these columns, in words of DuckDB.
    """

    name: str
    source: exp.Expr
    file: exp.Expr
    row: exp.Expr
    columns: Mapping[str, str]
    types: Mapping[str, str]


class Opened(msgspec.Struct, frozen=True):
    """A table that can be read.

    Attributes:
        types: column → its type in words of DuckDB.
    """

    parts: tuple[TablePart, ...]
    types: Mapping[str, str]

    def query(self, columns: Sequence[str]) -> exp.Query:
        """All rows with some of their columns, as ``x0``, ``x1`` ..., and `FILE` and `ROW`."""
        read = []
        for part in self.parts:
            place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
            # A column of the table may bear any name: here they are numbered.
            shown = [called(self._shown(part, name), f"x{index}") for index, name in enumerate(columns)]
            read.append(select([*shown, *place], part.source.copy()))
        return together(read)

    def _shown(self, part: TablePart, name: str) -> exp.Expr:
        """A column of a part; as text where the parts have it in several types."""
        found = column(part.columns[name])
        return found if part.types[name] == self.types[name] else plain_text(found, part.types[name])


class TableReader(ABC):
    """Opens the tables of users for one store.

    Args:
        network: whether tables may lie elsewhere.
    """

    def __init__(self, store: Store, network: bool) -> None:
        self.store = store
        self._network = network

    def open(self, table: Table) -> Opened:
        """Find out how a table is read, and which columns it has.

        Raises:
            KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
        """
        place = table.marks.get("file", table.location)
        if _ELSEWHERE.match(table.path) and not self._network:
            message = f"{without_password(table.file)} is read over the network, which needs leave"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "add --allow-network"))
        parts = []
        types: dict[str, str] = {}
        try:
            found = [self._of_sqlite(table)] if table.is_sqlite else self.parts(table)
            for part in found:
                check_columns(table, part.name, part.columns)
                for name, kind in part.types.items():
                    types[name] = "VARCHAR" if types.get(name, kind) != kind else kind
                parts.append(part)
        except DatabaseError as error:
            raise unreadable(without_password(table.file), error, place) from None
        return Opened(tuple(parts), types)

    @abstractmethod
    def parts(self, table: Table) -> Iterator[TablePart]:
        """The parts of a table: files, or a table of another database.

        Raises:
            DatabaseError: it cannot be read.
            KnowledgeBaseError: so can one of its files, or it lacks a column that others have (KZ124).
        """

    @abstractmethod
    def open_csv(self, path: Path) -> tuple[exp.Expr, list[str]]:
        """The rows of a CSV or TSV file, all as text, in columns ``c0``, ``c1`` ...; and the names of these, or "".

        Raises:
            DatabaseError: its first line cannot be read, or names a column twice.
        """

    def _of_sqlite(self, table: Table) -> TablePart:
        """A table of an SQLite file, copied in batches: only the columns that are read, and all values as texts."""
        with SqliteTable(table) as opened:
            check_columns(table, table.file, opened.columns)
            names = list(dict.fromkeys([*table.columns.values(), *table.where]))
            stored = [f"c{index}" for index in range(len(names))]
            copies = []
            first = 1
            for batch in opened.batches(names, _AT_ONCE):
                numbers = range(first, first + len(batch))
                texts = {name: [row[place] for row in batch] for place, name in enumerate(stored)}
                copies.append(self.store.gather(texts, {ROW: numbers}))
                first += len(batch)
        source = self.store.store(together([select([exp.Star()], copy) for copy in copies]))
        for copy in copies:
            self.store.drop(copy)
        columns = dict(zip(names, stored, strict=True))
        return TablePart(table.file, source, exp.Literal.string(table.file), column(ROW), columns, opened.types)
