"""What plans are run on: the tables of one inference, and what a database must be able to do with them.

It says nothing of how: `duckdb_store` does it with DuckDB, in process, and `spark_store` with Spark.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import column, named, select
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import KnowledgeBase

if TYPE_CHECKING:
    from kzexpert.engines.sql.plan.recursion import Component

__all__ = ["FILE", "ROW", "DatabaseError", "Names", "Row", "Store", "TimeIsUp", "names_of", "resolved"]

Row: TypeAlias = tuple[Any, ...]
_Result = TypeVar("_Result")

#: The columns that say where a row of a table stands: the file, and which of its rows it is.
FILE, ROW = "f", "r"


class DatabaseError(KnowledgeBaseError):
    """What the database says of something outside of it: a file, an extension, another database.

    Attributes:
        says: its own words, which may be many lines.
    """

    def __init__(self, says: str) -> None:
        super().__init__(Issue("KZ404", says.splitlines()[0].removesuffix(".")))
        self.says = says


class TimeIsUp(Exception):
    """A statement was stopped since it took longer than the budget allows."""


class Names(Protocol):
    """What stands for the texts and entities of tables, in the database."""

    @property
    def known(self) -> dict[tuple[str, str], tuple[exp.Table, exp.Table | None]]:
        """Kind and file of a map, or "" → what texts stand for there, as `names` gives it, and the map."""
        ...

    @property
    def table(self) -> exp.Table | None:
        """All texts so far: columns ``text`` and ``code``; None where a text stands for itself."""
        ...

    def extended(self, query: exp.Query) -> exp.Table | None:
        """A new table of the columns ``text`` and ``code`` that has all texts of a query of one column.

        None where a text stands for itself.
        """
        ...

    def of_cells(self, cells: exp.Query, cell: exp.Column, text: exp.Expr) -> exp.Table | None:
        """A new table of what stands for cells and for what they say: columns ``text``, one or the other, and ``code``.

        None where a text stands for itself.

        Args:
            cells: each once; read as ``w``.
            cell, text: a cell and what it says, which says itself; null where it says nothing.
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

    @property
    def parallel(self) -> bool:
        """Whether what is begun by `later` runs beside other work."""
        ...

    def within(
        self, seconds: float | None, tell: Callable[[float | None], None] | None = None
    ) -> AbstractContextManager[None]:
        """Stop what takes longer, and at Ctrl-C what runs.

        Args:
            tell: called now and then, from another thread, with the part of the statement that is done.

        Raises:
            TimeIsUp: it took longer.
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

    def fill(self, query: exp.Query, measures: Sequence[exp.Expr]) -> tuple[exp.Table, Row]:
        """As `store`, with aggregates over all rows of the new table, which name its columns without an alias."""
        ...

    def expects(self, facts: float, largest: float | None = None) -> None:
        """Take note that so many facts are loaded, from which conclusions are drawn from now on.

        Args:
            largest: how many the largest relation has; all of them unless given.
        """
        ...

    def later(self, work: Callable[[], _Result]) -> Callable[[], _Result]:
        """Begin some work on tables, beside what else is at work where that is faster.

        Returns:
            What waits for its result, and raises what has gone wrong.
        """
        ...

    def load(self, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> exp.Table:
        """Put rows of values into a new table: numbers, dates, texts as `texts` keeps them, None for none."""
        ...

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """The rows of a table that fulfil a condition; the table is used up."""
        ...

    def distinct(self, stored: exp.Expr, columns: Sequence[str], rows: int) -> bool:
        """Whether it shows at a glance that no two rows of a table have the same values; False where it does not.

        Args:
            columns: which are compared; they hold numbers and dates, and no nulls.
            rows: how many there are.
        """
        ...

    def drop(self, stored: exp.Table) -> None:
        """Forget a table."""
        ...

    def columns(self, stored: exp.Table) -> list[str]:
        """The names of a table's columns."""
        ...

    def in_rounds(self, component: "Component", most: int, told: Callable[[int, int], None]) -> tuple[exp.Table, bool]:
        """Run a recursive component round by round, until one brings nothing new or better.

        Args:
            most: stop when there are more rows than these.
            told: is told the number of each round, and how many rows there are.

        Returns:
            The table of the component, and whether it is complete.
        """
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Whatever goes wrong in here is the fault of the files that are read.

        Raises:
            DatabaseError: something did.
        """
        ...

    def gather(
        self, texts: Mapping[str, Sequence[str | None]], numbers: Mapping[str, Sequence[int]] | None = None
    ) -> exp.Table:
        """Put a few columns of texts, of which some may be missing, and of whole numbers into a new table."""
        ...

    def in_order(self) -> AbstractContextManager[None]:
        """Number rows as they stand in their files."""
        ...

    def dictionary(self, kb: KnowledgeBase) -> Names:
        """What stands for texts and entities, always the same. No text of the base can be added to `texts` any more."""
        ...

    def close(self) -> None:
        """Give back memory and disk."""
        ...


def names_of(kb: KnowledgeBase, kind: str) -> list[tuple[str, str]]:
    """Every name and alias of the entities of a kind, each with the name."""
    return [(text, entity.name) for text, entity in kb.entity.items() if entity.kind == kind]


def resolved(entities: exp.Table, codes: exp.Table) -> exp.Select:
    """What the codes of a map stand for.

    Args:
        entities: columns ``text``, a name or alias, and ``code``, what stands for the entity.
        codes: columns ``text``, the code, and ``name``.
    """
    same = exp.Join(this=named(entities, "e"), on=column("text", "e").eq(column("name", "m")))
    return select([column("text", "m"), column("code", "e")], named(codes, "m"), [same], distinct=True)
