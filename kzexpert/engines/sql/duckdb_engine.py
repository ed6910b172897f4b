"""The engine for millions of facts: plans run by DuckDB, in process and on all cores."""

from collections.abc import Sequence
from typing import Unpack

from kzexpert.engines.sql.engine import DatabaseEngine, Terms
from kzexpert.engines.sql.results.duckdb_files import DuckDBWriter
from kzexpert.engines.sql.run import Run
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.engines.sql.tables.duckdb_reader import DuckDBReader
from kzexpert.engines.sql.tables.relations import Loader
from kzexpert.model import Program

__all__ = ["DuckDBEngine"]


class DuckDBEngine(DatabaseEngine):
    """Runs programs on DuckDB, in process.

    Args:
        memory: such as ``2GB``; what does not fit goes to disk. By default DuckDB's own limit, 80 % of the machine's.
        threads: by default one for each core.
        database: a file for the tables, or ``:memory:``.
    """

    name = "duckdb"

    def __init__(
        self, memory: str | None = None, threads: int | None = None, database: str = ":memory:", **terms: Unpack[Terms]
    ) -> None:
        super().__init__(**terms)
        self._store = memory, threads, database

    def run(self, programs: Sequence[Program]) -> Run:
        """See `DatabaseEngine.run`."""
        store = DuckDBStore(*self._store, self.network)
        reader = DuckDBReader(store, self.network, self.skipped_to is not None)
        loader = Loader(reader, programs, self.skipped_to, self.listen)
        return Run(programs, loader, self.budget, self.listen, DuckDBWriter(store))
