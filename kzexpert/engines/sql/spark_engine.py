"""The engine for more facts than one machine holds: plans run by Spark, on a cluster or on this machine."""

from collections.abc import Mapping, Sequence
from typing import Unpack

from kzexpert.engines.base import Work
from kzexpert.engines.sql.engine import DatabaseEngine, Terms
from kzexpert.engines.sql.results.spark_files import SparkWriter
from kzexpert.engines.sql.run import Run
from kzexpert.engines.sql.store.executors import Executors
from kzexpert.engines.sql.store.spark_session import SparkSession, check_free, open_session, work_of
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables.spark_reader import SparkReader
from kzexpert.model import Program

__all__ = ["SparkEngine"]

#: So many facts are few.
_FEW = 10_000


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
        facts = sum(len(rows) for program in programs for rows in program.base.values())
        few = facts <= _FEW and not programs[0].kb.tables
        self._opened = open_session(*self._session)
        store = SparkStore(self._opened, self._checkpoint, few)
        reader = SparkReader(store, self.network, self.skipped_to is not None)
        listen = Executors(self._opened, self.listen).hear
        return Run(programs, reader, self.budget, self.skipped_to, listen, SparkWriter(store))

    def work(self) -> Work | None:
        """See `kzexpert.engines.base.Clustered`."""
        return None if self._opened is None else work_of(self._opened)
