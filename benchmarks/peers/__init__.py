"""Who is measured: every side by name, with what it needs. Their own modules are imported where they run."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import msgspec

__all__ = ["PEERS", "Peer"]


class Peer(msgspec.Struct, frozen=True):
    """A side.

    Attributes:
        title: as the tables show it.
        module: what must be importable.
        distribution: whose version is shown.
    """

    title: str
    module: str
    distribution: str

    @property
    def missing(self) -> str:
        """Why it cannot run here; empty when it can."""
        return "not installed" if find_spec(self.module) is None else ""

    @property
    def version(self) -> str:
        """Name and version of the package."""
        try:
            return f"{self.distribution} {version(self.distribution)}"
        except PackageNotFoundError:
            return f"{self.distribution} not installed"


PEERS = {
    "stock": Peer("stock experta", "experta", "experta"),
    "experta": Peer("kzexpert on experta", "experta", "experta"),
    "clips-python": Peer("CLIPS, facts in and out through Python", "clips", "clipspy"),
    "clips": Peer("CLIPS, tuned", "clips", "clipspy"),
    "clingo": Peer("clingo", "clingo", "clingo"),
    "nemo": Peer("Nemo", "nmo_python", "nemo-python"),
    "spark": Peer("kzexpert on Spark", "pyspark", "pyspark"),
    "duckdb": Peer("kzexpert on DuckDB", "duckdb", "duckdb"),
    "duckdb-years": Peer("kzexpert on DuckDB, each year by itself", "duckdb", "duckdb"),
    "sql": Peer("SQL by hand on DuckDB", "duckdb", "duckdb"),
    "sql-enum": Peer("SQL by hand, names turned into an ENUM", "duckdb", "duckdb"),
    "sql-loaded": Peer("SQL by hand, on numbers loaded before", "duckdb", "duckdb"),
}
