"""What stands for texts and entities on Spark: they themselves, so that no dictionary has to be known everywhere."""

from sqlglot import exp

from kzexpert.engines.sql.plan.words import column, select
from kzexpert.engines.sql.store.base import Store, names_of, resolved
from kzexpert.engines.sql.store.spark_values import VALUES
from kzexpert.model import KnowledgeBase

__all__ = ["SparkNames"]


class SparkNames:
    """See `kzexpert.engines.sql.store.base.Names`. Texts and names stand for themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known: dict[tuple[str, str], tuple[exp.Table, exp.Table | None]] = {}

    @property
    def table(self) -> None:
        """See `Names.table`."""

    def extended(self, query: exp.Query) -> None:
        """See `Names.extended`."""

    def of_cells(self, cells: exp.Query, cell: exp.Column, text: exp.Expr) -> None:
        """See `Names.of_cells`."""

    def names(self, kb: KnowledgeBase, kind: str, codes: exp.Table | None) -> exp.Table:
        """See `Names.names`. What few codes stand for is found by the driver."""
        known = names_of(kb, kind)
        if codes is None:
            return self._store.load({"text": "text", "code": "text"}, known)
        told = self._store.rows(select([column("text"), column("name")], codes.copy()).limit(VALUES + 1, copy=False))
        if len(told) > VALUES:
            return self._store.store(resolved(self.names(kb, kind, None), codes))
        meant = dict(known)
        pairs = dict.fromkeys((code, meant[name]) for code, name in told if name in meant)
        return self._store.load({"text": "text", "code": "text"}, pairs)
