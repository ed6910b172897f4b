"""A DuckDB connection for one inference: statements, bulk loading, a limit of time, and what goes wrong in it.

This is the only module that imports duckdb.
"""

import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import duckdb
from sqlglot import exp

from kzexpert.engines.sql.dialects import DuckDBDialect
from kzexpert.engines.sql.dictionary import Dictionary
from kzexpert.engines.sql.extents import Kind
from kzexpert.engines.sql.opening import open_table, read_csv
from kzexpert.engines.sql.recursion import Component
from kzexpert.engines.sql.rounds import run_in_rounds
from kzexpert.engines.sql.store import DatabaseError, Opened, Row, TimeIsUp
from kzexpert.engines.sql.texts import Codes
from kzexpert.engines.sql.words import called, column, identifier, select, table
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import KnowledgeBase, Table

__all__ = ["Database"]

#: The first one whose ``USING KEY`` recurses from what a round has changed, and so ends.
_OLDEST = (2, 0)
if tuple(map(int, duckdb.__version__.split(".")[:2])) < _OLDEST:
    raise ImportError(f"duckdb is {duckdb.__version__}, and must be 2.0 or newer")

_AT_ONCE = 10_000
#: What is the fault of a file or of another database. Other errors are our own.
_OUTSIDE = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.CatalogException,
    duckdb.HTTPException,
)


class Database:
    """Tables of one inference. What does not fit into memory goes to a folder that vanishes with the database.

    Args:
        memory: such as ``2GB``; None leaves it to DuckDB.
        threads: None for all cores.
        path: a file, or ``:memory:``.
    """

    def __init__(self, memory: str | None = None, threads: int | None = None, path: str = ":memory:") -> None:
        self.dialect = DuckDBDialect()
        self.texts = Codes()
        self._folder = Path(mkdtemp(prefix="kzexpert-"))
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(self._folder),
            "preserve_insertion_order": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }
        if memory:
            config["memory_limit"] = memory
        if threads:
            config["threads"] = threads
        with _told():
            self._connection = duckdb.connect(path, config=config)
        self._names = 0
        self._late = False
        self._discard = weakref.finalize(self, _discard, self._connection, self._folder)

    def name(self) -> str:
        """A name for a new table."""
        self._names += 1
        return f"r{self._names}"

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Stop what takes longer.

        Raises:
            TimeIsUp: it did.
        """
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(seconds, done), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()
        if self._late:
            raise TimeIsUp

    def _watch(self, seconds: float, done: threading.Event) -> None:
        """Interrupt when time is up, and again: an interrupt between two statements stops neither."""
        while not done.wait(seconds):
            self._late = True
            self._connection.interrupt()
            seconds = 0.1

    def run(self, statement: exp.Expr) -> None:
        """Run a statement that returns nothing."""
        self._execute(self._connection, self.dialect.text(statement))

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        text = query if isinstance(query, str) else self.dialect.text(query)
        return self._execute(self._connection, text, parameters).fetchall()

    def stream(self, query: exp.Expr) -> Iterator[Row]:
        """The rows of a query, never all of them in memory; other statements may run meanwhile."""
        cursor = self._connection.cursor()
        try:
            self._execute(cursor, self.dialect.text(query))
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows
        finally:
            cursor.close()

    def store(self, query: exp.Query, name: str | None = None) -> exp.Table:
        """Put the rows of a query into a new table."""
        stored = table(name or self.name())
        self.run(exp.Create(this=stored.copy(), kind="TABLE", expression=query))
        return stored

    def gather(self, columns: Mapping[str, Sequence[str] | Sequence[int]]) -> exp.Table:
        """Put a few columns of texts or of whole numbers into a new table."""
        stored = table(self.name())
        shown = []
        for name, values in columns.items():
            kind = exp.DataType.Type.TEXT if values and isinstance(values[0], str) else exp.DataType.Type.INT
            if name == "text":
                kind = exp.DataType.Type.TEXT
            array = exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[exp.DataType(this=kind)], nested=True)
            values_ = exp.Anonymous(this="unnest", expressions=[exp.Cast(this=exp.Placeholder(), to=array)])
            shown.append(called(values_, name))
        create = exp.Create(this=stored.copy(), kind="TABLE", expression=select(shown))
        self.rows(self.dialect.text(create), list(columns.values()))
        return stored

    def count(self, statement: exp.Expr) -> int:
        """Run a statement that changes rows, and say how many."""
        return int(self.rows(statement)[0][0])

    def extend(self, extension: str) -> None:
        """Load an extension of DuckDB, and install it where it is not.

        Raises:
            DatabaseError: it cannot be had.
        """
        with _told():
            try:
                self._connection.load_extension(extension)
            except duckdb.IOException:
                self._connection.install_extension(extension)
                self._connection.load_extension(extension)

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Number rows as they stand in their files, which takes more memory."""
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            yield
        finally:
            self._connection.execute("SET preserve_insertion_order = false")

    def drop(self, stored: exp.Table) -> None:
        """Forget a table."""
        self.run(exp.Drop(tables=[stored.copy()], kind="TABLE"))

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """See `Store.kept`. The other rows are deleted."""
        self.run(exp.Delete(this=stored.copy(), where=exp.Where(this=exp.Not(this=condition))))
        return stored

    def columns(self, stored: exp.Expr) -> list[str]:
        """See `Store.columns`; of whatever can be read."""
        described = self.rows(exp.Describe(this=select([exp.Star()], stored.copy())))
        return [str(name) for name, *_ in described]

    def in_rounds(self, component: Component, most: int) -> tuple[exp.Table, bool]:
        """See `Store.in_rounds`."""
        return run_in_rounds(self, component, most)

    def open(self, table: Table) -> Opened:
        """See `Store.open`."""
        return open_table(self, table)

    def open_csv(self, path: Path) -> tuple[list[str], exp.Expr]:
        """See `Store.open_csv`."""
        source = read_csv(path)
        return self.columns(source), source

    def dictionary(self, kb: KnowledgeBase) -> Dictionary:
        """See `Store.dictionary`."""
        return Dictionary(self, self.texts, kb)

    def load(self, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> exp.Table:
        """See `Store.load`. The rows go through a file, the fastest way into DuckDB; no value of them needs quotes."""
        name = self.name()
        file = self._folder / f"{name}.csv"
        with file.open("w", encoding="ascii", newline="\n") as out:
            out.writelines([",".join(map(_plain, row)) + "\n" for row in rows])
        shape = exp.Struct(
            expressions=[
                exp.PropertyEQ(this=identifier(column_), expression=exp.Literal.string(self.dialect.types[kind]))
                for column_, kind in columns.items()
            ]
        )
        options = {"header": exp.false(), "auto_detect": exp.false(), "columns": shape}
        settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=item) for key, item in options.items()]
        reader = exp.func("read_csv", exp.Literal.string(str(file)), *settings)
        stored = self.store(select([column(item) for item in columns], reader), name)
        file.unlink()
        return stored

    def close(self) -> None:
        """Give back memory and disk."""
        self._discard()

    def _execute(
        self, connection: duckdb.DuckDBPyConnection, text: str, parameters: Sequence[object] = ()
    ) -> duckdb.DuckDBPyConnection:
        if self._late:
            raise TimeIsUp
        try:
            with _told():
                return connection.execute(text, parameters) if parameters else connection.execute(text)
        except duckdb.InterruptException:
            if self._late:
                raise TimeIsUp from None
            raise KeyboardInterrupt from None


def _plain(value: object) -> str:
    """A stored value as CSV holds it; −0 becomes 0."""
    if isinstance(value, int | float):
        return repr(value + 0)
    return "" if value is None else str(value)


def _discard(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.close()
    rmtree(folder, ignore_errors=True)


@contextmanager
def _told() -> Iterator[None]:
    """What a user can do something about, as an issue."""
    try:
        yield
    except (*_OUTSIDE, duckdb.OutOfMemoryException) as error:
        says = str(error).splitlines()[0].removesuffix(".")
        if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in says:
            hint = "give it more memory, or point TMPDIR to a disk with more room"
            message = f"the database ran out of memory or disk: {says}"
            raise KnowledgeBaseError(Issue("KZ404", message, hint=hint)) from None
        raise DatabaseError(Issue("KZ404", says)) from None
