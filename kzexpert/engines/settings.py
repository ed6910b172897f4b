"""What a user may say of how an engine runs, whichever it is."""

import msgspec
from msgspec.structs import replace

from kzexpert.engines.base import Budget
from kzexpert.engines.reports import Listener, unheard

__all__ = ["Limits", "Settings"]


class Limits(msgspec.Struct, frozen=True):
    """What a user changes of an engine's own budget; None leaves it as it is."""

    facts: int | None = None
    firings: int | None = None
    seconds: float | None = None

    def within(self, budget: Budget) -> Budget:
        """A budget with these changes."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return replace(budget, **{name: value for name, value in given.items() if value is not None})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine is to run.

    Attributes:
        memory: such as ``2GB``; what does not fit goes to disk. Without it the engine decides.
        spark_master: where Spark runs, as ``spark-submit --master`` takes it. Without it its configuration decides.
        spark_conf: configuration of Spark, each ``NAME=VALUE``.
        skip_bad_rows: a CSV file for the rows of tables that are no facts; without it they are an error.
        network: whether tables may be read over the network, and what reads them be installed.
        limits: changes to the engine's budget.
        listen: hears how the run stands; it may be called from another thread.
    """

    memory: str | None = None
    spark_master: str | None = None
    spark_remote: str | None = None
    spark_conf: tuple[str, ...] = ()
    skip_bad_rows: str | None = None
    network: bool = False
    limits: Limits = Limits()
    listen: Listener = unheard
