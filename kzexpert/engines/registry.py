"""The table of engines, and all that depends on which one is meant. Each is imported only when it is asked for.

Another engine is a module with a class, and a row here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from importlib import import_module
from typing import Any

import msgspec
from msgspec.structs import replace

from kzexpert.engines.auto import choose
from kzexpert.engines.base import BULK_BUDGET, Budget, Engine
from kzexpert.engines.packages import bulk
from kzexpert.engines.reports import Chosen
from kzexpert.engines.settings import Settings
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase

__all__ = [
    "CHOICES",
    "ENGINES",
    "EngineRow",
    "engine",
    "first_rows",
    "for_engine",
    "settled",
    "table_issues",
    "with_rows",
]


class EngineRow(msgspec.Struct, frozen=True):
    """An engine that can be asked for.

    Attributes:
        module, type: where its class is.
        arguments: what the class takes beside a budget and a listener.
        options: those that not every engine can use, as the user writes them.
        budget: what it may spend, unless the user says otherwise.
        extra: what must be installed for it.
        reads_tables: whether it takes tables as they are, and not as facts.
    """

    name: str
    module: str
    type: str
    arguments: Callable[[Settings], Mapping[str, Any]]
    options: tuple[str, ...] = ()
    budget: Budget = Budget()
    extra: str = ""
    reads_tables: bool = False

    def opened(self, settings: Settings, budget: Budget | None = None) -> Engine:
        """The engine.

        Raises:
            UsageError: it is not installed (KZ403).
        """
        with bulk(f"the {self.name} engine", self.extra) if self.extra else nullcontext():
            found = getattr(import_module(self.module), self.type)
        limited = settings.limits.within(budget or self.budget)
        engine: Engine = found(budget=limited, listen=settings.listen, **self.arguments(settings))
        return engine


def _tables(settings: Settings) -> dict[str, Any]:
    return {"skip_bad_rows": settings.skip_bad_rows, "network": settings.network}


def _cluster(settings: Settings) -> dict[str, Any]:
    conf = dict(text.split("=", 1) for text in settings.spark_conf)
    return {"master": settings.spark_master, "remote": settings.spark_remote, "conf": conf, **_tables(settings)}


_ROWS = (
    EngineRow("experta", "kzexpert.engines.memory.experta", "ExpertaEngine", lambda _: {}),
    EngineRow("experta-stock", "kzexpert.engines.memory.experta", "ExpertaEngine", lambda _: {"stock": True}),
    EngineRow(
        "duckdb",
        "kzexpert.engines.sql.duckdb_engine",
        "DuckDBEngine",
        lambda settings: {"memory": settings.memory, **_tables(settings)},
        ("--memory",),
        BULK_BUDGET,
        extra="bulk",
        reads_tables=True,
    ),
    EngineRow(
        "spark",
        "kzexpert.engines.sql.spark_engine",
        "SparkEngine",
        _cluster,
        ("--spark-master", "--spark-remote", "--spark-conf"),
        BULK_BUDGET,
        extra="spark",
        reads_tables=True,
    ),
)
ENGINES = {row.name: row for row in _ROWS}
#: What ``--engine`` takes: ``auto`` is no engine of its own.
CHOICES = (*ENGINES, "auto")

#: Option that not every engine can use → whether it was given.
_GIVEN: dict[str, Callable[[Settings], bool]] = {
    "--memory": lambda settings: settings.memory is not None,
    "--spark-master": lambda settings: settings.spark_master is not None,
    "--spark-remote": lambda settings: settings.spark_remote is not None,
    "--spark-conf": lambda settings: bool(settings.spark_conf),
}
_SIZE = r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?)?B\s*"
_CONF_HINT = "such as spark.executor.memory=4g"
_REMOTE_HINT = "it is written sc://host:15002; what a server asks for follows, as in sc://host:443/;token=..."
_SIZE_HINT = "a size is written 500MB, 2GB or 1.5GiB"


def engine(name: str = "experta", budget: Budget | None = None, settings: Settings | None = None) -> Engine:
    """The engine of that name.

    Args:
        name: one of the table; for ``auto`` ask `settled` first.
        budget: when to stop, instead of the engine's own budget.
        settings: how it is to run.

    Raises:
        UsageError: there is none, it is not installed, or it cannot run so.
    """
    chosen = settings or Settings()
    if name not in ENGINES:
        raise _unknown(name, [*ENGINES])
    check_settings(name, chosen)
    return ENGINES[name].opened(chosen, budget)


def settled(name: str, kb: KnowledgeBase, settings: Settings | None = None) -> EngineRow:
    """The engine to run: for ``auto`` the one that suits a knowledge base, of which the listener hears.

    Raises:
        UsageError: there is no such engine, or it cannot run so.
    """
    if name not in CHOICES:
        raise _unknown(name, CHOICES)
    chosen = settings or Settings()
    check_settings(name, chosen)
    if name == "auto":
        choice = choose(kb, chosen.network)
        chosen.listen(Chosen(choice.engine, choice.why, tuple(unused(choice.engine, chosen))))
        name = choice.engine
    return ENGINES[name]


def _unknown(name: str, known: Sequence[str]) -> UsageError:
    hint = did_you_mean(name, known) or f"the engines are {', '.join(known)}"
    return UsageError(Issue("KZ402", f"there is no engine {name}", hint=hint))


def for_engine(kb: KnowledgeBase, name: str, settings: Settings | None = None) -> KnowledgeBase:
    """A knowledge base as an engine takes it: for those that do not read tables themselves, rows become facts.

    Raises:
        KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
        UsageError: what reads tables is not installed.
    """
    if not kb.tables or (name in ENGINES and ENGINES[name].reads_tables):
        return kb
    return with_rows(kb, settings)


def with_rows(kb: KnowledgeBase, settings: Settings | None = None, as_of: date | None = None) -> KnowledgeBase:
    """A knowledge base whose rows of tables are facts.

    Args:
        as_of: leave out rows that are not in force on this day.

    Raises:
        KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
        UsageError: what reads tables is not installed.
    """
    if not kb.tables:
        return kb
    chosen = settings or Settings()
    with bulk("reading tables"):
        from kzexpert.engines.sql.tables.memory_rows import table_facts

    facts = table_facts(kb, chosen.skip_bad_rows, chosen.listen, chosen.network, as_of)
    return replace(kb, facts=(*kb.facts, *facts), tables=())


def first_rows(path: str, most: int) -> tuple[list[str], list[tuple[str | None, ...]]]:
    """The columns of a Parquet file, and some of its rows as texts.

    Raises:
        KnowledgeBaseError: it cannot be read (KZ124).
        UsageError: what reads it is not installed.
    """
    with bulk("reading Parquet"):
        from kzexpert.engines.sql.tables import duckdb_reader

    return duckdb_reader.first_rows(path, most)


def table_issues(kb: KnowledgeBase, settings: Settings | None = None) -> list[Issue]:
    """All that is wrong with the tables of a checked knowledge base: those that cannot be read (KZ124), rows that are
    no facts (KZ125); a warning (KZ403) where what reads tables is not installed.
    """
    if not kb.tables:
        return []
    try:
        with bulk("reading tables"):
            from kzexpert.engines.sql.tables.memory_rows import table_issues as issues
    except UsageError as error:
        place = kb.tables[0].location
        return [replace(issue, location=place, severity="warning") for issue in error.issues]
    return issues(kb, (settings or Settings()).network)


def unused(name: str, settings: Settings) -> Sequence[str]:
    """The options that were given and that an engine cannot use."""
    return [option for option, given in _GIVEN.items() if given(settings) and option not in ENGINES[name].options]


def check_settings(name: str, settings: Settings) -> None:
    """Make sure that an engine can run so.

    Raises:
        UsageError: a value is none (KZ307), or the engine cannot use an option (KZ308); all of that.
    """
    issues = []
    if settings.memory is not None:
        size = re.fullmatch(_SIZE, settings.memory, re.IGNORECASE)
        if size is None or not float(size[1]):
            issues.append(Issue("KZ307", f"{settings.memory} is not a size", Location("--memory"), _SIZE_HINT))
    for text in settings.spark_conf:
        if not text.partition("=")[0].strip() or "=" not in text:
            issues.append(Issue("KZ307", f"{text} is not NAME=VALUE", Location("--spark-conf"), _CONF_HINT))
    if settings.spark_remote is not None:
        if not re.match(r"sc://[^/:;]", settings.spark_remote):
            message = f"{settings.spark_remote} is not the address of a server of Spark Connect"
            issues.append(Issue("KZ307", message, Location("--spark-remote"), _REMOTE_HINT))
        if settings.spark_master is not None:
            message = "--spark-remote and --spark-master are two places for Spark to run"
            issues.append(Issue("KZ308", message, Location("--spark-remote"), "leave out one of them"))
    for option in unused(name, settings) if name != "auto" else ():
        engines = " or ".join(name for name, row in ENGINES.items() if option in row.options)
        message = f"the {name} engine cannot use {option}"
        issues.append(
            Issue("KZ308", message, Location(option.split(" ")[0]), f"leave it out, or use --engine {engines}")
        )
    if issues:
        raise UsageError(*issues)
