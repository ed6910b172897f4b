"""Recorded facts that one process reads in a moment → a cluster, which is sent only what holds on the as-of dates."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.sql.plan.extents import AS_OF, CERTAINTY, DAY, Extent, Kind, empty, measured
from kzexpert.engines.sql.plan.words import column, select
from kzexpert.engines.sql.store.base import Row
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.engines.sql.tables.relations import Loader
from kzexpert.model import RelationKey

if TYPE_CHECKING:
    from kzexpert.engines.sql.store.spark_store import SparkStore

__all__ = ["LocalLoader"]

#: So many facts are sent in about ten seconds, and so many rows are read in as many: each is copied for each date.
_SENT, _STATED = 2_000_000, 20_000_000


class LocalLoader:
    """See `Loader`. Rows of tables stay in this process, where those behind a fact are looked up.

    Args:
        loader: reads the tables here.
        executors: gives what reads them on the cluster: a few rows may be many facts, each date having its own. None
            where the cluster does not reach them.

    Attributes:
        store: where the facts go.
        days, recorded: see `Loader`.
    """

    def __init__(self, loader: Loader, store: "SparkStore", executors: Callable[[], Loader] | None) -> None:
        self.store = store
        self._loader = loader
        self._executors = executors
        self.recorded = loader.recorded
        self.days = None
        if loader.days is not None:
            columns: dict[str, Kind] = {DAY: "whole", AS_OF: "date"}
            self.days = store.load(columns, loader.store.rows(select([*map(column, columns)], loader.days.copy())))

    def load(self, relations: Sequence[RelationKey]) -> dict[RelationKey, Extent]:
        """See `Loader.load`."""
        stated = self._loader.stated(relations, _STATED) if self._executors else 0
        if stated <= _STATED:
            here = self._loader.load(relations)
            stated = sum(extent.rows or 0 for extent in here.values())
        if self._executors and stated > _SENT:
            self.store.expects(stated)
            return self._executors().load(relations)
        rows = [extent.rows or 0 for relation, extent in here.items() if isinstance(relation, str)]
        self.store.expects(sum(rows), max(rows, default=0))
        begun = {relation: self._sent(extent, self._rows(extent)) for relation, extent in here.items()}
        return {relation: done() for relation, done in begun.items()}

    @contextmanager
    def within(self, seconds: float | None, tell: Callable[[float | None], None] | None = None) -> Iterator[None]:
        """See `Store.within`; it holds for what is read here as well."""
        with self.store.within(seconds, tell), self._loader.within(seconds):
            yield

    def close(self) -> None:
        """Give back memory and disk."""
        self._loader.close()
        self.store.close()

    def _rows(self, extent: Extent) -> list[Row]:
        """The facts of a relation, with their certainties where these differ; of dated ones, then the days of each."""
        if extent.rows == 0:
            return []
        shown = [column(name, "m") for name in _shown(extent)]
        query = select(shown, extent.named("m"))
        if extent.dated:
            day = column(DAY, "m")
            query.select(exp.ArrayAgg(this=exp.Order(this=day, expressions=[day.copy()])), copy=False)
            query.group_by(*(name.copy() for name in shown), copy=False)
            query.order_by(*(name.copy() for name in shown), copy=False)
        codec, arity = Codec(self._loader.store.texts, extent.kinds), len(extent.kinds)
        return [(*codec.decode(row), *row[arity:]) for row in self._loader.store.rows(query)]

    def _sent(self, extent: Extent, rows: Sequence[Row]) -> Callable[[], Extent]:
        """Begin to send the facts of a relation; what waits until they are there."""
        types = self.store.dialect.types
        if not rows:
            nothing = empty(extent.kinds, types)
            return lambda: nothing
        kinds: dict[str, Kind] = {**dict(zip(extent.columns, extent.kinds, strict=True)), CERTAINTY: "number"}
        columns = {name: kinds[name] for name in _shown(extent)}
        certainties = [row[len(columns) - 1] for row in rows] if extent.certainty is None else [extent.certainty]
        facts = sum(len(row[-1]) for row in rows) if extent.dated else len(rows)
        self.store.expects(facts)
        load = self.store.load_dated if extent.dated else self.store.load
        sent = self.store.later(partial(load, columns, rows))
        return lambda: measured(replace(extent, source=sent()), types, facts, min(certainties), max(certainties))


def _shown(extent: Extent) -> list[str]:
    return [*extent.columns, *([CERTAINTY] if extent.certainty is None else [])]
