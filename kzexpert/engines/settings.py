"""What a user may say of how an engine runs, whichever it is, and which engine can use what. It starts none."""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.engines.base import Budget
from kzexpert.engines.reports import Listener, unheard
from kzexpert.errors import Issue, Location, UsageError

__all__ = ["Limits", "Settings", "check_settings", "unused"]

_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?)?B\s*", re.IGNORECASE)
_CONF_HINT = "such as spark.executor.memory=4g"
_SIZE_HINT = "a size is written 500MB, 2GB or 1.5GiB"


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
    spark_conf: tuple[str, ...] = ()
    skip_bad_rows: str | None = None
    network: bool = False
    limits: Limits = Limits()
    listen: Listener = unheard


_Given: TypeAlias = Callable[[Settings], bool]

#: Option → whether it was given, and the engines that can use it. All can use what is not named here.
_USED_BY: dict[str, tuple[_Given, tuple[str, ...]]] = {
    "--memory": (lambda settings: settings.memory is not None, ("duckdb",)),
    "--spark-master": (lambda settings: settings.spark_master is not None, ("spark",)),
    "--spark-conf": (lambda settings: bool(settings.spark_conf), ("spark",)),
}


def unused(name: str, settings: Settings) -> Sequence[str]:
    """The options that were given and that an engine cannot use."""
    return [option for option, (given, engines) in _USED_BY.items() if given(settings) and name not in engines]


def check_settings(name: str, settings: Settings) -> None:
    """Make sure that an engine can run so.

    Raises:
        UsageError: a value is none (KZ307), or the engine cannot use an option (KZ308); all of that.
    """
    issues = []
    if settings.memory is not None:
        size = _SIZE.fullmatch(settings.memory)
        if size is None or not float(size[1]):
            issues.append(Issue("KZ307", f"{settings.memory} is no size", Location("--memory"), _SIZE_HINT))
    for text in settings.spark_conf:
        if not text.partition("=")[0].strip() or "=" not in text:
            issues.append(Issue("KZ307", f"{text} is no NAME=VALUE", Location("--spark-conf"), _CONF_HINT))
    for option in unused(name, settings) if name != "auto" else ():
        engines = " or ".join(_USED_BY[option][1])
        message = f"the {name} engine cannot use {option}"
        issues.append(
            Issue("KZ308", message, Location(option.split(" ")[0]), f"leave it out, or use --engine {engines}")
        )
    if issues:
        raise UsageError(*issues)
