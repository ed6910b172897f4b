"""The engine for more facts than one machine holds: plans run by Spark, on a cluster or on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from kzexpert.engines.base import Work
from kzexpert.engines.sql.engine import DatabaseEngine, Terms
from kzexpert.engines.sql.results.spark_files import SparkWriter
from kzexpert.engines.sql.run import Run
from kzexpert.engines.sql.store.executors import Executors
from kzexpert.engines.sql.store.spark_errors import check_free
from kzexpert.engines.sql.store.spark_session import SparkSession, open_session, work_of
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables.spark_reader import SparkReader
from kzexpert.model import Program

__all__ = ["SparkEngine"]

#: So many facts of files, and bytes of tables, are few.
_FACTS, _BYTES = 10_000, 32_000_000


class SparkEngine(DatabaseEngine):
    """Runs programs on Spark.

    Args:
        session: an existing session. It is left as it was, and goes on afterwards. Without one, that of this process is
            used, or else one is started, which ends with the process.
        master: where a new Spark runs, as ``spark-submit --master`` takes it: ``local[4]``, ``spark://host:7077``,
            ``yarn``. By default what the configuration of Spark says, and ``local[*]`` where it says nothing.
        conf: configuration of Spark, by name.
        checkpoint: a folder that all executors can reach, for what must outlast the loss of an executor.
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
        self._session = session, master, dict(conf or {}), remote
        self._checkpoint = checkpoint
        self._opened: SparkSession | None = None

    def check_free(self, address: str) -> None:
        """See `kzexpert.engines.base.Reaching.check_free`."""
        check_free(open_session(*self._session), address)

    def run(self, programs: Sequence[Program]) -> Run:
        """See `DatabaseEngine.run`."""
        few = _are_few(programs)
        self._opened = open_session(*self._session, brief=few and not programs[0].kb.tables)
        store = SparkStore(self._opened, self._checkpoint, few)
        reader = SparkReader(store, self.network, self.skipped_to is not None, programs[0].kb.tables)
        listen = Executors(self._opened, self.listen).hear
        return Run(programs, reader, self.budget, self.skipped_to, listen, SparkWriter(store))

    def work(self) -> Work | None:
        """See `kzexpert.engines.base.Clustered`."""
        return None if self._opened is None else work_of(self._opened)


def _are_few(programs: Sequence[Program]) -> bool:
    """Whether there are few facts, as far as can be told before tables are read."""
    if sum(len(rows) for program in programs for rows in program.base.values()) > _FACTS:
        return False
    paths = {table.path for table in programs[0].kb.tables}
    if any("://" in path for path in paths):
        return False
    try:
        files = [file for path in map(Path, paths) for file in (path.rglob("*") if path.is_dir() else [path])]
        return len(programs) * sum(file.stat().st_size for file in files) <= _BYTES
    except (OSError, ValueError):  # what reads it says what is wrong
        return False
