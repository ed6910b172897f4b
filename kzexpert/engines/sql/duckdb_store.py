"""DuckDB as what plans are run on: a `Database` that reads tables of users, keeps texts as codes and runs rounds."""

from collections.abc import Callable
from pathlib import Path

from sqlglot import exp

from kzexpert.engines.sql.csv_source import read_csv
from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.dictionary import Dictionary
from kzexpert.engines.sql.opening import Opened, open_table
from kzexpert.engines.sql.recursion import Component
from kzexpert.engines.sql.rounds import run_in_rounds
from kzexpert.engines.sql.texts import Codes
from kzexpert.model import KnowledgeBase, Table

__all__ = ["DuckDBStore"]


class DuckDBStore(Database):
    """See `kzexpert.engines.sql.store.Store`; the arguments are those of `Database`.

    Attributes:
        texts: codes for the texts of one inference.
    """

    def __init__(self, memory: str | None = None, threads: int | None = None, path: str = ":memory:") -> None:
        super().__init__(memory, threads, path)
        self.texts = Codes()

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """See `Store.kept`. The other rows are deleted."""
        self.run(exp.Delete(this=stored.copy(), where=exp.Where(this=exp.Not(this=condition))))
        return stored

    def in_rounds(self, component: Component, most: int, told: Callable[[int, int], None]) -> tuple[exp.Table, bool]:
        """See `Store.in_rounds`."""
        return run_in_rounds(self, component, most, told)

    def open(self, table: Table) -> Opened:
        """See `Store.open`."""
        return open_table(self, table)

    def open_csv(self, path: Path) -> tuple[exp.Expr, list[str]]:
        """See `Store.open_csv`."""
        return read_csv(path)

    def dictionary(self, kb: KnowledgeBase) -> Dictionary:
        """See `Store.dictionary`."""
        return Dictionary(self, self.texts, kb)
