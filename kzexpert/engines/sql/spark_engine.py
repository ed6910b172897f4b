"""The engine for more facts than one machine holds: plans run by Spark, on a cluster or on this machine."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from math import inf
from pathlib import Path
from threading import Thread
from typing import TypeVar, Unpack

from msgspec.structs import replace

from kzexpert.engines.base import Work
from kzexpert.engines.packages import undisturbed
from kzexpert.engines.reports import Listener, Standing, unheard
from kzexpert.engines.sql.engine import DatabaseEngine, Terms
from kzexpert.engines.sql.results.spark_files import SparkWriter
from kzexpert.engines.sql.run import Run, used_up
from kzexpert.engines.sql.store.base import TimeIsUp
from kzexpert.engines.sql.store.executors import Executors
from kzexpert.engines.sql.store.spark_errors import failing
from kzexpert.engines.sql.store.spark_session import (
    SparkSession,
    check_free,
    connects,
    is_to_start,
    open_session,
    release,
    work_of,
)
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables.files import PARQUET, count_lines, is_plain
from kzexpert.engines.sql.tables.local import LocalLoader
from kzexpert.engines.sql.tables.relations import Loader, needed
from kzexpert.engines.sql.tables.spark_reader import SparkReader
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language.records import PACKED
from kzexpert.language.workbook import WORKBOOKS
from kzexpert.model import Program, Table

__all__ = ["SparkEngine"]

_Result = TypeVar("_Result")

#: So many facts of files are few; tables of so many bytes and rows are small.
_FACTS, _BYTES, _ROWS = 10_000, 32_000_000, 1_000_000
#: By so much a file of text grows when it is unpacked.
_PACKED = 10


class SparkEngine(DatabaseEngine):
    """Runs programs on Spark.

    Args:
        session: an existing session. It is left as it was, and goes on afterwards. Without one, that of this process is
            used, or else one is started, which ends with the process.
        master: where a new Spark runs, as ``spark-submit --master`` takes it: ``local[4]``, ``spark://host:7077``,
            ``yarn``. By default what the configuration of Spark says, and ``local[*]`` where it says nothing.
        conf: configuration of Spark, by name. What has no effect is told to the listener.
        checkpoint: a folder that all executors can reach, for what must outlast the loss of an executor; by default
            ``spark.checkpoint.dir`` of the configuration. What is put there goes when the facts are closed.
        remote: a server of Spark Connect, as ``sc://host:15002``; by default what ``SPARK_REMOTE`` says.
    """

    name = "spark"

    def __init__(
        self,
        session: SparkSession | None = None,
        master: str | None = None,
        conf: Mapping[str, str] | None = None,
        checkpoint: str | None = None,
        remote: str | None = None,
        **terms: Unpack[Terms],
    ) -> None:
        super().__init__(**terms)
        settings = dict(conf or {})
        # Spark would make a folder of its own in it, and leave it there.
        folder = settings.pop("spark.checkpoint.dir", None)
        self._session = session, master, settings, remote
        self._checkpoint = checkpoint or folder
        self._opened: SparkSession | None = None

    def check_free(self, address: str, programs: Sequence[Program]) -> None:
        """See `kzexpert.engines.base.Reaching.check_free`."""
        session = self._open(_facts(programs))
        try:
            with failing(reading=False):
                check_free(session, address)
        finally:
            release(session)

    def run(self, programs: Sequence[Program]) -> Run:
        """See `DatabaseEngine.run`. Small tables are read here while Spark starts."""
        facts = _facts(programs)
        tolerant = self.skipped_to is not None
        reads = facts < inf and bool(programs[0].kb.tables)
        opened: Callable[[], SparkSession] = partial(self._open, facts)
        # Spark that runs is there at once, and the session that is active is that of a thread.
        if reads and is_to_start(self._session[0], self._session[3]):
            opened = _begun(opened)
        with ExitStack() as undone:
            try:
                here = self._read(programs, tolerant) if reads else None
            except Exception:
                with suppress(Exception):
                    opened()  # a Spark that is half started leaves files behind
                raise
            if here is not None:
                undone.callback(here.close)
            self._opened = opened()
            undone.callback(release, self._opened)
            store = SparkStore(self._opened, self._checkpoint, facts)
            undone.callback(store.close)
            listen = Executors(self._opened, self.listen).hear

            def executors(skipped_to: str | None, listen: Listener = unheard) -> Loader:
                return Loader(SparkReader(store, self.network, tolerant), programs, skipped_to, listen)

            loader: Loader | LocalLoader
            if here is None:
                loader = executors(self.skipped_to, listen)
            else:
                # The paths of a server of Spark Connect are not those of this machine.
                there = None if connects(self._opened) else partial(executors, "" if tolerant else None)
                loader = LocalLoader(here, store, there)
            run = Run(programs, loader, self.budget, listen, SparkWriter(store))
            undone.pop_all()
        return run

    def work(self) -> Work | None:
        """See `kzexpert.engines.base.Clustered`."""
        return None if self._opened is None else work_of(self._opened)

    def _open(self, facts: float) -> SparkSession:
        """A session for so many facts."""
        with failing(reading=False):
            return open_session(*self._session, brief=facts <= _FACTS, listen=self.listen)

    def _read(self, programs: Sequence[Program], tolerant: bool) -> Loader:
        """The rows of tables, in a database of this process."""
        from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
        from kzexpert.engines.sql.tables.duckdb_reader import DuckDBReader

        reader = DuckDBReader(DuckDBStore(), self.network, tolerant)
        loader = Loader(reader, programs, self.skipped_to, self.listen)
        seconds, stands = self.budget.seconds, Standing(phase="loading")
        try:
            with loader.within(seconds, lambda done: self.listen(replace(stands, done=done))):
                self.listen(stands)
                loader.stage(needed(programs[0]))
        except TimeIsUp:
            loader.close()
            raise used_up(programs[0], (), f"{seconds:g} seconds") from None
        except BaseException:
            loader.close()
            raise
        return loader


def _begun(work: Callable[[], _Result]) -> Callable[[], _Result]:
    """Begin something in a thread that ends with the process; what waits for it."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result


def _facts(programs: Sequence[Program]) -> float:
    """How many facts of files there are, if tables are small."""
    few = _are_small(programs[0].kb.tables)
    return sum(len(rows) for program in programs for rows in program.base.values()) if few else inf


def _are_small(tables: Sequence[Table]) -> bool:
    """Whether there are no tables, or files only that DuckDB reads here before a cluster is told of them."""
    each = {Path(table.path): table for table in tables}
    try:
        files = {path: list(path.rglob("*")) if path.is_dir() else [path] for path in each}
        if sum(_size(file) for found in files.values() for file in found) > _BYTES:
            return False
        if not tables:
            return True
        with undisturbed():
            from kzexpert.engines.sql.tables.duckdb_reader import count_rows
        # A few bytes may be many rows: lines are counted, and Parquet says how many it holds.
        plain = [file for path, found in files.items() for file in found if is_plain(file, each[path].shape)]
        if sum(count_lines(file, _ROWS + 1) for file in plain) > _ROWS:
            return False
        parquet = [
            each[path] for path, found in files.items() if any(file.name.lower().endswith(PARQUET) for file in found)
        ]
        return count_rows(parquet, _ROWS + 1, network=False) <= _ROWS
    except (ImportError, OSError, ValueError):  # executors can do it, and they know other places
        return False
    except KnowledgeBaseError:  # what reads it says all that is wrong
        return True


def _size(file: Path) -> int:
    """The bytes of a file, or about as many as it is packed from."""
    return file.stat().st_size * (_PACKED if file.suffix.lower() in (*PACKED, *WORKBOOKS) else 1)
