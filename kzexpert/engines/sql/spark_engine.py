"""The engine for more facts than one machine holds: plans run by Spark, on a cluster or on this machine."""

from collections.abc import Mapping, Sequence

from kzexpert.engines.base import BULK_BUDGET, Budget
from kzexpert.engines.reports import Listener, unheard
from kzexpert.engines.sql.run import Run
from kzexpert.engines.sql.store.spark_session import SparkSession, open_session
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables.spark_reader import SparkReader
from kzexpert.model import Inference, Program

__all__ = ["SparkEngine"]


class SparkEngine:
    """Runs programs on Spark.

    Args:
        session: an existing session. It is left as it was, and goes on afterwards. Without one, that of this process is
            used, or else one is started, which ends with the process.
        master: where a new Spark runs, as ``spark-submit --master`` takes it: ``local[4]``, ``spark://host:7077``,
            ``yarn``. By default what the configuration of Spark says, and ``local[*]`` where it says nothing.
        conf: configuration of Spark, by name.
        checkpoint: a folder that all executors can reach, for what must outlast the loss of an executor.
        budget: when to stop. Firings are counted where they may be too many.
        skip_bad_rows: a CSV file for the rows of tables that are no facts; without it they are an error.
        listen: hears how a run stands, partly from another thread.
        network: whether tables may lie elsewhere.
    """

    name = "spark"

    def __init__(
        self,
        session: SparkSession | None = None,
        master: str | None = None,
        conf: Mapping[str, str] | None = None,
        checkpoint: str | None = None,
        budget: Budget | None = None,
        skip_bad_rows: str | None = None,
        listen: Listener = unheard,
        network: bool = False,
    ) -> None:
        self._session = session
        self._master = master
        self._conf = dict(conf or {})
        self._checkpoint = checkpoint
        self._skipped_to = skip_bad_rows
        self.budget = budget or BULK_BUDGET
        self._listen = listen
        self._network = network

    def infer(self, program: Program) -> Inference:
        """See `kzexpert.engines.base.Engine.infer`. What the inference holds is fetched from Spark when read."""
        return self.infer_each([program])[0]

    def infer_each(self, programs: Sequence[Program]) -> list[Inference]:
        """See `kzexpert.engines.base.OnePass.infer_each`. The as-of dates are a column of the relations."""
        store = SparkStore(open_session(self._session, self._master, self._conf), self._checkpoint)
        reader = SparkReader(store, self._network, self._skipped_to is not None)
        return Run(programs, reader, self.budget, self._skipped_to, self._listen).inferences(self.name)
