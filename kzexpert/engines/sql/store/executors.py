"""Whether a cluster has executors for us: one that is full, or has none, says nothing and lets a job wait for ever."""

from time import monotonic

from kzexpert.engines.reports import Listener, Report, Waiting
from kzexpert.engines.sql.store.spark_session import SparkSession, idle_stages

__all__ = ["Executors"]

#: Seconds: how often we look, and how long a stage may wait before we say so.
_EVERY, _AFTER = 2.0, 15.0


class Executors:
    """Stands before the listener of a run, which is told every tenth of a second how that stands.

    Args:
        listen: hears all that this hears, and `Waiting` once a stage has waited for long.
    """

    def __init__(self, session: SparkSession, listen: Listener) -> None:
        self._session = session
        self._listen = listen
        self._next = 0.0
        self._idle: dict[int, float] = {}

    def hear(self, report: Report) -> None:
        """Pass a report on, and look now and then at what waits, and since when."""
        self._listen(report)
        now = monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        self._idle = {stage: self._idle.get(stage, now) for stage in idle_stages(self._session)}
        if any(now - since >= _AFTER for since in self._idle.values()):
            self._listen(Waiting(round(_AFTER)))
