"""The engine for millions of facts: plans run by DuckDB, in process and on all cores."""

from collections.abc import Sequence

from kzexpert.engines.base import BULK_BUDGET, Budget
from kzexpert.engines.reports import Listener, unheard
from kzexpert.engines.sql.results.export import DatabaseExporter
from kzexpert.engines.sql.run import Run
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.engines.sql.tables.duckdb_reader import DuckDBReader
from kzexpert.model import Inference, Program

__all__ = ["DuckDBEngine"]


class DuckDBEngine:
    """Runs programs on DuckDB, in process.

    Args:
        memory: such as ``2GB``; what does not fit goes to disk. By default DuckDB's own limit, 80 % of the machine's.
        threads: by default one for each core.
        database: a file for the tables, or ``:memory:``.
        budget: when to stop. Firings are counted where they may be too many.
        skip_bad_rows: a CSV file for the rows of tables that are no facts; without it they are an error.
        listen: hears how a run stands, partly from another thread.
        network: whether tables may lie elsewhere.
    """

    name = "duckdb"

    def __init__(
        self,
        memory: str | None = None,
        threads: int | None = None,
        database: str = ":memory:",
        budget: Budget | None = None,
        skip_bad_rows: str | None = None,
        listen: Listener = unheard,
        network: bool = False,
    ) -> None:
        self._memory = memory
        self._threads = threads
        self._path = database
        self._skipped_to = skip_bad_rows
        self.budget = budget or BULK_BUDGET
        self._listen = listen
        self._network = network

    def infer(self, program: Program) -> Inference:
        """See `kzexpert.engines.base.Engine.infer`. What the inference holds is fetched from the database when read."""
        return self.infer_each([program])[0]

    def infer_each(self, programs: Sequence[Program]) -> list[Inference]:
        """See `kzexpert.engines.base.OnePass.infer_each`. The as-of dates are a column of the relations."""
        store = DuckDBStore(self._memory, self._threads, self._path, self._network)

        def export(run: Run) -> DatabaseExporter:
            days = run.loader.days
            return DatabaseExporter(store, store.texts, run.planner, programs, days, run.extents, run.base, run.unread)

        reader = DuckDBReader(store, self._network, self._skipped_to is not None)
        return Run(programs, reader, self.budget, self._skipped_to, self._listen, export).inferences(self.name)
