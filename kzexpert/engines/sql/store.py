"""What plans are run on: the tables of one inference, and what a database must be able to do with them.

It says nothing of how: `database` does it with DuckDB, in process.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.dialects import Dialect
from kzexpert.engines.sql.extents import Kind
from kzexpert.engines.sql.texts import Texts
from kzexpert.errors import KnowledgeBaseError
from kzexpert.model import KnowledgeBase, Table

if TYPE_CHECKING:
    from kzexpert.engines.sql.recursion import Component

__all__ = ["FILE", "ROW", "DatabaseError", "Names", "Opened", "Row", "Store", "TimeIsUp"]

Row: TypeAlias = tuple[Any, ...]

#: The columns that say where a row of a table stands: the file, and which of its rows it is.
FILE, ROW = "f", "r"


class DatabaseError(KnowledgeBaseError):
    """What the database says of something outside of it: a file, an extension, another database."""

    @property
    def says(self) -> str:
        """Its own words."""
        return self.issues[0].message


class TimeIsUp(Exception):
    """A statement was stopped since it took longer than the budget allows."""


class Opened(msgspec.Struct, frozen=True):
    """A table of a user that can be read.

    Attributes:
        query: all rows; given names of columns it shows them as ``x0``, ``x1`` ..., and `FILE` and `ROW`.
        types: column → its type in words of DuckDB.
    """

    query: Callable[[Sequence[str]], exp.Query]
    types: Mapping[str, str]


class Names(Protocol):
    """What stands for the texts and entities of tables, in the database."""

    def extended(self, query: exp.Query) -> exp.Table | None:
        """A table of the columns ``text`` and ``code`` that has all texts of a query of one column.

        None where a text stands for itself.
        """
        ...

    def names(self, kb: KnowledgeBase, kind: str, codes: exp.Table | None) -> exp.Table:
        """A table of what stands for an entity of a kind: its names and aliases, or the codes of a map.

        A code whose names are those of two entities stands there twice.

        Args:
            codes: columns ``text``, the code, and ``name``.
        """
        ...


class Store(Protocol):
    """The tables of one inference."""

    @property
    def texts(self) -> Texts:
        """How it keeps texts."""
        ...

    @property
    def dialect(self) -> Dialect:
        """How it says things."""
        ...

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Stop what takes longer.

        Raises:
            TimeIsUp: it did.
        """
        ...

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        ...

    def stream(self, query: exp.Expr) -> Iterator[Row]:
        """The rows of a query, never all of them in memory; other statements may run meanwhile."""
        ...

    def store(self, query: exp.Query) -> exp.Table:
        """Put the rows of a query into a new table."""
        ...

    def load(self, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> exp.Table:
        """Put rows of values into a new table: numbers, dates, texts as `texts` keeps them, None for none."""
        ...

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """The rows of a table that fulfil a condition; the table is used up."""
        ...

    def drop(self, stored: exp.Table) -> None:
        """Forget a table."""
        ...

    def columns(self, stored: exp.Table) -> list[str]:
        """The names of a table's columns."""
        ...

    def in_rounds(self, component: "Component", most: int) -> tuple[exp.Table, bool]:
        """Run a recursive component round by round, until one brings nothing new or better.

        Args:
            most: stop when there are more rows than these.

        Returns:
            The table of the component, and whether it is complete.
        """
        ...

    def open(self, table: Table) -> Opened:
        """Find out how a table of a user is read, and which columns it has.

        Raises:
            KnowledgeBaseError: it cannot be read, or lacks a column (KZ124).
        """
        ...

    def open_csv(self, path: Path) -> tuple[list[str], exp.Expr]:
        """The columns of a CSV file, and what reads its rows, all as text.

        Raises:
            DatabaseError: it cannot be read.
        """
        ...

    def in_order(self) -> AbstractContextManager[None]:
        """Number rows as they stand in their files."""
        ...

    def dictionary(self, kb: KnowledgeBase) -> Names:
        """What stands for texts and entities. No text of the knowledge base can be added to `texts` from now on."""
        ...

    def close(self) -> None:
        """Give back memory and disk."""
        ...
