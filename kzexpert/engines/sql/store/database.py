"""A DuckDB connection for one inference: statements, bulk loading, a limit of time, and what goes wrong in it.

This is the only module that imports duckdb.
"""

import errno
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain, islice
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, TypeVar

import duckdb
from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import DuckDBDialect
from kzexpert.engines.sql.plan.extents import Kind
from kzexpert.engines.sql.plan.words import called, column, identifier, select, table
from kzexpert.engines.sql.store.base import DatabaseError, Row, TimeIsUp
from kzexpert.engines.sql.store.watch import Watch, apart
from kzexpert.errors import Issue, KnowledgeBaseError

__all__ = ["Database", "remove_abandoned"]

#: The first one whose ``USING KEY`` recurses from what a round has changed, and so ends.
_OLDEST = (2, 0)
if tuple(map(int, duckdb.__version__.split(".")[:2])) < _OLDEST:
    raise ImportError(f"duckdb is {duckdb.__version__}, and must be 2.0 or newer")

_Result = TypeVar("_Result")
_AT_ONCE = 10_000
#: Up to so many rows go into a table as lists, which takes two milliseconds less than a file.
_FEW = 200
_ABANDONED: list[tuple[duckdb.DuckDBPyConnection, Path]] = []
_NO_SPACE = "No space left"
#: So that DuckDB keeps count of how far a statement is, and prints nothing; and that nothing is set from now on.
_LAST_SETTINGS = """
    SET enable_progress_bar = true;
    SET enable_progress_bar_print = false;
    SET progress_bar_time = 0;
    SET lock_configuration = true;
"""
_ROOM = "give it more memory, or point TMPDIR to a disk with more room"
#: What is the fault of a file, of another database or of the machine. Other errors are our own.
_OUTSIDE: tuple[type[duckdb.Error], ...] = (
    duckdb.OutOfMemoryException,
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.CatalogException,
    duckdb.HTTPException,
)
#: What the bindings raise when they see a signal before our watch does.
_SIGNAL_SEEN = "Query interrupted"


class Database:
    """Tables of one inference. What does not fit into memory goes to a folder that vanishes with the database.

    Args:
        memory: such as ``2GB``; None leaves it to DuckDB.
        threads: None for all cores.
        path: a file, or ``:memory:``.
        network: whether extensions may be installed, and those of the user loaded.
    """

    parallel = False

    def __init__(
        self,
        memory: str | None = None,
        threads: int | None = None,
        path: str = ":memory:",
        network: bool = False,
    ) -> None:
        self.dialect = DuckDBDialect()
        with _on_disk():
            self._folder = Path(mkdtemp(prefix="kzexpert-"))
        unfinished = weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(self._folder),
            "preserve_insertion_order": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "allowed_configs": ["preserve_insertion_order"],
        }
        if not network:  # nothing is read from the folder of the user
            config |= {"home_directory": str(self._folder), "extension_directory": str(self._folder)}
        if memory:
            config["memory_limit"] = memory
        if threads:
            config["threads"] = threads
        with _told():
            self._connection = duckdb.connect(path, config=config)
            self._connection.execute(_LAST_SETTINGS)
        self._names = 0
        self._abandoned = False
        self._watch: Watch | None = None
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._reads = False
        unfinished.detach()
        self._discard = weakref.finalize(self, _discard, self._connection, self._folder)

    def name(self) -> str:
        """A name for a new table."""
        self._names += 1
        return f"r{self._names}"

    @contextmanager
    def within(self, seconds: float | None, tell: Callable[[float | None], None] | None = None) -> Iterator[None]:
        """Stop what takes longer, and at Ctrl-C what runs.

        Args:
            tell: called every tenth of a second, from another thread, with the part of the statement that is done.

        Raises:
            TimeIsUp: it took longer.
        """
        heard = tell

        def tell_progress() -> None:
            percent = self._connection.query_progress()
            assert heard is not None
            heard(percent / 100.0 if percent >= 0.0 else None)

        self._watch = Watch(self._interrupt, seconds, tell_progress if tell is not None else None)
        with self._watch as watch:
            yield
        if watch.late:
            raise TimeIsUp

    def _interrupt(self) -> None:
        for connection in [self._connection, *self._cursors]:
            with suppress(duckdb.ConnectionException):  # a cursor that was closed just now has nothing to stop
                connection.interrupt()

    @property
    def _late(self) -> bool:
        return self._watch is not None and self._watch.late

    def spilled(self) -> int:
        """The bytes that went to disk for want of memory."""
        size = exp.Coalesce(this=exp.Sum(this=column("size")), expressions=[exp.Literal.number(0)])
        return int(self.rows(select([size], exp.Anonymous(this="duckdb_temporary_files")))[0][0])

    def write(self, query: exp.Query, path: Path, form: str, options: Mapping[str, exp.Expr]) -> None:
        """Write the rows of a query to a file, in one of DuckDB's formats, with its options.

        Raises:
            OSError: that cannot be done.
        """
        parameters = [exp.CopyParameter(this=exp.var("format"), expression=exp.var(form))]
        parameters += [
            exp.CopyParameter(this=exp.var(name), expression=value.copy()) for name, value in options.items()
        ]
        target = exp.Literal.string(str(path))
        copy = exp.Copy(this=exp.paren(query, copy=False), kind=False, files=[target], params=parameters)
        with _outward(path):
            self.run_apart(copy)

    @contextmanager
    def attached(self, path: Path) -> Iterator[str]:
        """A new database file to put tables into, under the name that is given here.

        Raises:
            OSError: it cannot be written.
        """
        name = self.name()
        with _outward(path):
            self.run(exp.Attach(this=exp.alias_(exp.Literal.string(str(path)), name, quoted=True)))
            try:
                yield name
                # Detaching would write what is still to be written too, but not say what went wrong.
                self.run(exp.Command(this="CHECKPOINT", expression=exp.Literal(this=name, is_string=False)))
            finally:
                if not self._abandoned:
                    self.run(exp.Detach(this=identifier(name)))

    def run(self, statement: exp.Expr) -> None:
        """Run a statement that returns nothing."""
        with self._guarded():
            self._execute(self._connection, self.dialect.text(statement))

    def run_apart(self, statement: exp.Expr) -> None:
        """As `run`, for a statement that may go on for long when it is told to stop: one that writes a file, or recurs.

        It runs in another thread. If it does not stop at Ctrl-C or when time is up, it is left to itself, and the
        database with it: the process should come to its end, but not wait for it.
        """
        try:
            apart(lambda: self.run(statement), self._interrupt, self._abandon, lambda: self._late)
        except TimeoutError:
            raise TimeIsUp from None

    def _abandon(self) -> None:
        """Leave the connection open for ever: to close it is to wait for the statement."""
        self._abandoned = True
        _ABANDONED.append((self._connection, self._folder))
        self._discard.detach()

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[Row]:
        """All rows of a query."""
        text = query if isinstance(query, str) else self.dialect.text(query)
        with self._guarded():  # what is wrong with a file may show only when rows are fetched
            return self._execute(self._connection, text, parameters).fetchall()

    def stream(self, query: exp.Expr) -> Iterator[Row]:
        """The rows of a query, never all of them in memory; other statements may run meanwhile."""
        cursor = self._connection.cursor()
        self._cursors.add(cursor)
        try:
            with self._guarded():
                self._execute(cursor, self.dialect.text(query))
            while True:
                with self._guarded():
                    rows = cursor.fetchmany(_AT_ONCE)
                if not rows:
                    return
                yield from rows
        finally:
            self._cursors.discard(cursor)
            cursor.close()

    def store(self, query: exp.Query, name: str | None = None) -> exp.Table:
        """Put the rows of a query into a new table."""
        stored = table(name or self.name())
        self.run_apart(exp.Create(this=stored.copy(), kind="TABLE", expression=query))
        return stored

    def fill(self, query: exp.Query, measures: Sequence[exp.Expr]) -> tuple[exp.Table, Row]:
        """See `kzexpert.engines.sql.store.base.Store.fill`."""
        stored = self.store(query)
        return stored, self.rows(select(measures, stored.copy()))[0]

    def expects(self, facts: float, largest: float | None = None) -> None:
        """See `kzexpert.engines.sql.store.base.Store.expects`. It plans each statement by the tables that it reads."""

    def later(self, work: Callable[[], _Result]) -> Callable[[], _Result]:
        """See `kzexpert.engines.sql.store.base.Store.later`. One statement takes all cores: it is done at once."""
        result = work()
        return lambda: result

    def gather(
        self, texts: Mapping[str, Sequence[str | None]], numbers: Mapping[str, Sequence[int]] | None = None
    ) -> exp.Table:
        """See `kzexpert.engines.sql.store.base.Store.gather`."""
        columns: dict[str, tuple[str, list[Any]]] = {name: ("TEXT", list(values)) for name, values in texts.items()}
        columns |= {name: ("INT", list(values)) for name, values in (numbers or {}).items()}
        return self._listed(columns)

    def _listed(self, columns: Mapping[str, tuple[str, list[Any]]]) -> exp.Table:
        """Put a few columns, each of a type, into a new table."""
        stored = table(self.name())
        lists = {name: exp.cast(exp.Placeholder(), _list_of(kind)) for name, (kind, _) in columns.items()}
        shown = [called(exp.func("unnest", values), name) for name, values in lists.items()]
        create = exp.Create(this=stored.copy(), kind="TABLE", expression=select(shown))
        self.rows(self.dialect.text(create), [values for _, values in columns.values()])
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

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Whatever goes wrong in here is the fault of the files that are read.

        Raises:
            DatabaseError: something did.
        """
        self._reads = True
        try:
            yield
        finally:
            self._reads = False

    def drop(self, stored: exp.Table) -> None:
        """Forget a table."""
        self.run(exp.Drop(tables=[stored.copy()], kind="TABLE"))

    def columns(self, stored: exp.Expr) -> list[str]:
        """The names of a table's columns, or of whatever else can be read."""
        described = self.rows(exp.Describe(this=select([exp.Star()], stored.copy())))
        return [str(name) for name, *_ in described]

    def load(self, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> exp.Table:
        """Put rows of values into a new table: numbers, dates, texts by their codes, None for none.

        Many go through a file, the fastest way into DuckDB.
        """
        rows = iter(rows)
        few = list(islice(rows, _FEW + 1))
        if len(few) <= _FEW:
            lists = [[_positive(row[place]) for row in few] for place in range(len(columns))]
            typed = zip(columns.items(), lists, strict=True)
            return self._listed({name: (self.dialect.types[kind], values) for (name, kind), values in typed})
        name = self.name()
        file = self._folder / f"{name}.csv"
        with _on_disk(), file.open("w", encoding="ascii", newline="\n") as out:
            out.writelines(",".join(map(_plain, row)) + "\n" for row in chain(few, rows))
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
        return connection.execute(text, parameters) if parameters else connection.execute(text)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What goes wrong in the database, as what it means here.

        Raises:
            TimeIsUp: the budget of time is used up.
            KnowledgeBaseError: what a user can do something about.
        """
        if self._late:
            raise TimeIsUp
        try:
            with _told((duckdb.Error,) if self._reads else _OUTSIDE):
                yield
        except (duckdb.InterruptException, RuntimeError) as error:
            if isinstance(error, RuntimeError) and str(error) != _SIGNAL_SEEN:
                raise
            if self._late:
                raise TimeIsUp from None
            raise KeyboardInterrupt from None


def _plain(value: object) -> str:
    """A stored value as CSV holds it, none of which needs quotes."""
    if isinstance(value, int | float):
        return repr(_positive(value))
    return "" if value is None else str(value)


def _positive(value: Any) -> Any:
    """A stored value; −0 becomes 0."""
    return value + 0 if isinstance(value, float) else value


@cache
def _list_of(kind: str) -> exp.DataType:
    """The type of lists of a type."""
    return exp.DataType.build(f"{kind}[]")


def remove_abandoned() -> bool:
    """Remove the files of databases that were left to themselves, and say whether there are any such.

    Then the process must end without the usual steps of its end, which would wait for them.
    """
    for _, folder in _ABANDONED:
        rmtree(folder, ignore_errors=True)
    return bool(_ABANDONED)


def _discard(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.close()
    rmtree(folder, ignore_errors=True)


@contextmanager
def _outward(path: Path) -> Iterator[None]:
    """What goes wrong with a file to be written, as an error of the operating system."""
    try:
        yield
    except KnowledgeBaseError as error:
        says = error.issues[0].message
        if str(path) not in says:
            raise
        if _NO_SPACE in says:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise OSError(None, says.rpartition(": ")[2]) from None


@contextmanager
def _told(outside: tuple[type[duckdb.Error], ...] = _OUTSIDE) -> Iterator[None]:
    """What a user can do something about, as an issue."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except outside as error:
        says = str(error).splitlines()[0].removesuffix(".")
        if isinstance(error, duckdb.OutOfMemoryException) or _NO_SPACE in says:
            message = f"the database ran out of memory or disk: {says}"
            raise KnowledgeBaseError(Issue("KZ404", message, hint=_ROOM)) from None
        raise DatabaseError(str(error)) from None


@contextmanager
def _on_disk() -> Iterator[None]:
    """What goes wrong in the folder for temporary files, as an issue."""
    try:
        yield
    except OSError as error:
        message = f"the folder for temporary files cannot be written: {error.strerror}"
        raise KnowledgeBaseError(Issue("KZ404", message, hint=_ROOM)) from None
