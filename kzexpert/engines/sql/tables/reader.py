"""How a table of a user is opened, whatever the engine: its parts, their columns, and what needs leave to be read.

It looks at names, folders and columns, at no row; each engine says how it reads files.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.words import called, column, select, subquery, together
from kzexpert.engines.sql.store.base import FILE, ROW, DatabaseError, Store
from kzexpert.engines.sql.tables.files import (
    BadRow,
    check_columns,
    check_paths,
    even_rows,
    header,
    is_plain,
    is_small_file,
    is_uneven,
    no_records,
    plain_text,
    separator_of,
    unreadable,
)
from kzexpert.engines.sql.tables.sqlite_table import SqliteTable
from kzexpert.errors import Issue, KnowledgeBaseError, without_password
from kzexpert.language.delimited import Uneven
from kzexpert.language.records import Record, RecordError, Reshaped, open_records
from kzexpert.model import Table

__all__ = ["Opened", "TablePart", "TableReader"]

#: What lies on another machine, or is served by another process.
_ELSEWHERE = re.compile(r"(?!sqlite:)[A-Za-z][A-Za-z0-9+.-]+://|postgres:")
_AT_ONCE = 50_000
#: The name of no column of a file: what stands there is the file itself.
_FILE_OF_ROW = "\0file"
#: The column that says which file, where rows are gathered from several.
_WHICH = "w"

#: A row that is gathered: its file, its number there, and its cells.
_Placed: TypeAlias = tuple[str, int, Sequence[str | None]]


class TablePart(msgspec.Struct, frozen=True):
    """A file, or all Parquet files of a folder, or a table of another database.

    Attributes:
        name: for messages.
        file, row: where a row stands, as expressions over the source.
        columns: its columns under their own names → as the source has them.
        types: of these columns, in words of DuckDB.
        reshaped: whether rows that become several have done so.
        path: of a file of text that the database reads itself.
        uneven: rows with more or fewer cells than there are columns, which are in no source.
        warnings: that no record has a path.
    """

    name: str
    source: exp.Expr
    file: exp.Expr
    row: exp.Expr
    columns: Mapping[str, str]
    types: Mapping[str, str]
    reshaped: bool = False
    path: Path | None = None
    uneven: tuple[BadRow, ...] = ()
    warnings: tuple[Issue, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """A table that can be read.

    Attributes:
        dialect: of the database that reads it.
        types: column → its type in words of DuckDB.
    """

    dialect: Dialect
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
        same = part.types[name] == self.types[name]
        return found if same else plain_text(self.dialect, found, part.types[name])


class TableReader(ABC):
    """Opens the tables of users for one store.

    Args:
        network: whether tables may lie elsewhere.
        tolerant: whether rows that are no facts are set aside, those with too many or too few cells among them.
    """

    def __init__(self, store: Store, network: bool, tolerant: bool = False) -> None:
        self.store = store
        self.tolerant = tolerant
        self._network = network

    def open(self, table: Table) -> Opened:
        """Find out how a table is read, and which columns it has.

        Raises:
            KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
        """
        place = table.marks.get("file", table.location)
        if _ELSEWHERE.match(table.path) and not self._network:
            message = f"{without_password(table.file)} is read over the network, which needs permission"
            raise KnowledgeBaseError(Issue("KZ124", message, place, "add --allow-network"))
        parts = []
        types: dict[str, str] = {}
        try:
            found = [self._of_sqlite(table)] if table.is_sqlite else self.parts(table)
            for part in found:
                if table.shape.is_reshaped and not table.is_sqlite and not part.reshaped:
                    part = self._of_part(table, part)
                check_columns(table, part.name, part.columns, part.path)
                for name, kind in part.types.items():
                    types[name] = "VARCHAR" if types.get(name, kind) != kind else kind
                parts.append(part)
        except RecordError as error:
            raise no_records(table, without_password(table.file), error) from None
        except DatabaseError as error:
            raise unreadable(without_password(table.file), error, place) from None
        return Opened(self.store.dialect, tuple(parts), types)

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

    def codes(self, path: Path) -> exp.Table | None:
        """The codes and names of a map: columns ``text`` and ``name``; None where its file has one column.

        The first column of the file holds the codes, the one called ``name``, or else the second, the names.

        Raises:
            DatabaseError: it cannot be read.
        """
        separator = separator_of(path.name)
        names = header(path, separator)
        if len(names) < 2:
            return None
        place = names.index("name", 1) if "name" in names[1:] else 1
        if is_small_file(path):
            rows = list(even_rows(path, separator))
            return self.store.gather({"text": [cells[0] for cells in rows], "name": [cells[place] for cells in rows]})
        source, _ = self.open_csv(path)
        with self.store.reading():
            return self.store.store(select([called(column("c0"), "text"), called(column(f"c{place}"), "name")], source))

    def is_plain(self, table: Table, file: Path) -> bool:
        """Whether the database reads a file itself; one with rows to be set aside is read record by record."""
        return is_plain(file, table.shape) and (not self.tolerant or self._is_even(file))

    def _is_even(self, path: Path) -> bool:
        """Whether all rows of a CSV or TSV file have as many cells as it has columns, so that a database can read it.

        What else may be wrong with the file shows when it is read.
        """
        try:
            source, _ = self.open_csv(path)
            with self.store.reading():
                self.store.rows(select([exp.Count(this=exp.Star())], subquery(select([exp.Star()], source), "p")))
        except DatabaseError as error:
            return not is_uneven(error)
        return True

    def of_records(self, table: Table, name: str, file: Path) -> TablePart:
        """A file that is read record by record, only with the columns that are read.

        Args:
            name: for messages.

        Raises:
            RecordError: it cannot be read.
            KnowledgeBaseError: it lacks a column (KZ124).
        """
        uneven: list[Uneven] | None = [] if self.tolerant else None
        with open_records(str(file), table.shape, uneven) as records:
            if records.columns is not None:
                check_columns(table, name, records.columns, file)
            wanted = list(table.read)
            part = self._gathered(
                name, wanted, ((str(file), number, cells) for number, _, cells in records.rows(wanted))
            )
            of_paths = records.columns is None
            warnings = check_paths(table, name, records.absent, records.paths) if of_paths else ()
        bad = tuple(BadRow(str(file), row, says, "", cells) for row, says, cells in uneven or ())
        return replace(part, uneven=bad, warnings=warnings)

    def _of_sqlite(self, table: Table) -> TablePart:
        """A table of an SQLite file, read row by row."""
        with SqliteTable(table) as opened:
            wanted = opened.columns if table.shape.is_reshaped else list(table.read)
            if not table.shape.is_reshaped:
                check_columns(table, table.file, opened.columns)
            cells = chain.from_iterable(opened.batches(wanted, _AT_ONCE))
            place = "#".join(table.sqlite)
            rows = ((place, number, row) for number, row in enumerate(cells, 1))
            if table.shape.is_reshaped:
                return self._reshaped(table, table.file, wanted, rows)
            return replace(self._gathered(table.file, wanted, rows), types=opened.types)

    def _of_part(self, table: Table, part: TablePart) -> TablePart:
        """Rows that the database reads itself, of which each becomes several."""
        names = list(part.columns)
        shown = [plain_text(self.store.dialect, column(part.columns[name]), part.types[name]) for name in names]
        place = [called(part.file.copy(), FILE), called(part.row.copy(), ROW)]
        query = select([*(called(text, f"x{index}") for index, text in enumerate(shown)), *place], part.source.copy())
        with self.store.in_order(), self.store.reading():
            rows = ((file, number, cells) for *cells, file, number in self.store.stream(query))
            return self._reshaped(table, part.name, names, rows)

    def _reshaped(self, table: Table, name: str, names: Sequence[str], rows: Iterable[_Placed]) -> TablePart:
        """Rows of which each becomes several; each keeps its file and number."""
        opened = Reshaped(_Stream(names, rows), table.shape)
        check_columns(table, name, opened.columns or ())
        wanted = list(table.read)
        told = ((str(cells[-1]), number, cells[:-1]) for number, _, cells in opened.rows([*wanted, _FILE_OF_ROW]))
        return self._gathered(name, wanted, told)

    def _gathered(self, name: str, names: Sequence[str], rows: Iterable[_Placed]) -> TablePart:
        """Rows of texts, copied into the store in batches."""
        stored = [f"c{index}" for index in range(len(names))]
        copies: list[exp.Table] = []
        left = iter(rows)
        files: dict[str, int] = {}
        while (batch := list(islice(left, _AT_ONCE))) or not copies:
            texts = {name: [cells[place] for _, _, cells in batch] for place, name in enumerate(stored)}
            numbers = [number for _, number, _ in batch]
            which = [files.setdefault(file, len(files)) for file, _, _ in batch]
            copies.append(self.store.gather(texts, {ROW: numbers, _WHICH: which}))
        source = self.store.store(together([select([exp.Star()], copy) for copy in copies]))
        for copy in copies:
            self.store.drop(copy)
        cases = [exp.If(this=column(_WHICH).eq(place), true=exp.Literal.string(file)) for file, place in files.items()]
        shown = exp.Case(ifs=cases) if cases else exp.Literal.string(name)
        columns = dict(zip(names, stored, strict=True))
        return TablePart(name, source, shown, column(ROW), columns, dict.fromkeys(names, "VARCHAR"), True)


class _Stream:
    """Rows of a database as records; see `kzexpert.language.records.Records`."""

    absent: Collection[str] = ()
    paths: Mapping[str, Collection[str]] = MappingProxyType({})

    def __init__(self, columns: Sequence[str], rows: Iterable[_Placed]) -> None:
        self.columns = tuple(columns)
        self._rows = rows

    def rows(self, names: Sequence[str]) -> Iterator[Record]:
        places = [-1 if name == _FILE_OF_ROW else self.columns.index(name) for name in names]
        for file, number, cells in self._rows:
            yield number, 0, [file if place < 0 else cells[place] for place in places]
