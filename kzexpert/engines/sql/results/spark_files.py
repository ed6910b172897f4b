"""Conclusions in Spark → files that its executors write, in folders by day and predicate.

A single file it leaves to Python, since the disks of executors are not that of the driver.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kzexpert.engines.reports import Listener
from kzexpert.engines.sql.results.sheet import Part
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.model import Inference
from kzexpert.model.columns import Form, Layout

__all__ = ["SparkWriter"]


class SparkWriter:
    """See `kzexpert.engines.sql.results.export.FileWriter`.

    Args:
        store: where the rows lie.
    """

    def __init__(self, store: SparkStore) -> None:
        self._store = store

    def write(
        self,
        parts: Sequence[Part],
        inferences: Sequence[Inference],
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Listener,
    ) -> Mapping[str, int] | None:
        """See `kzexpert.engines.sql.results.export.FileWriter.write`."""
        return None
