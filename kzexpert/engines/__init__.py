"""The engines by name. Each is imported only when it is asked for."""

from datetime import date

from msgspec.structs import replace

from kzexpert.engines.base import Budget, Engine, infer_each
from kzexpert.engines.packages import bulk
from kzexpert.engines.reports import Chosen
from kzexpert.engines.settings import Limits, Settings, check_settings, unused
from kzexpert.errors import Issue, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase

__all__ = [
    "ENGINES",
    "Budget",
    "Engine",
    "Limits",
    "Settings",
    "engine",
    "for_engine",
    "infer_each",
    "table_issues",
    "with_rows",
]

ENGINES = ("experta", "experta-stock", "duckdb", "spark")
#: What ``--engine`` takes: ``auto`` is no engine of its own.
_CHOICES = (*ENGINES, "auto")


def engine(name: str = "experta", budget: Budget | None = None, settings: Settings | None = None) -> Engine:
    """The engine of that name.

    Args:
        budget: when to stop, instead of the engine's own budget.
        settings: how it is to run.

    Raises:
        UsageError: there is none, it is not installed, or it cannot run so.
    """
    if name not in _CHOICES:
        hint = did_you_mean(name, _CHOICES) or f"the engines are {', '.join(_CHOICES)}"
        raise UsageError(Issue("KZ402", f"unknown engine {name}", hint=hint))
    chosen = settings or Settings()
    check_settings(name, chosen)
    return _opened(name, budget, chosen)


def for_engine(kb: KnowledgeBase, name: str, settings: Settings | None = None) -> KnowledgeBase:
    """A knowledge base as an engine takes it: for those that do not read tables themselves, rows become facts.

    Raises:
        KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
        UsageError: what reads tables is not installed.
    """
    if not kb.tables or name in ("duckdb", "spark"):
        return kb
    chosen = settings or Settings()
    if name == "auto":
        from kzexpert.engines.auto import choose

        choice = choose(kb, chosen.network)
        chosen.listen(Chosen(choice.engine, choice.why, tuple(unused(choice.engine, chosen))))
        if choice.engine == "duckdb":
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
        from kzexpert.engines.sql.tables.reading import table_facts

    facts = table_facts(kb, chosen.skip_bad_rows, chosen.listen, chosen.network, as_of)
    return replace(kb, facts=(*kb.facts, *facts), tables=())


def table_issues(kb: KnowledgeBase, settings: Settings | None = None) -> list[Issue]:
    """All that is wrong with the tables of a checked knowledge base: those that cannot be read (KZ124), rows that are
    no facts (KZ125); a warning (KZ403) where what reads tables is not installed.
    """
    if not kb.tables:
        return []
    try:
        with bulk("reading tables"):
            from kzexpert.engines.sql.tables.reading import table_issues as issues
    except UsageError as error:
        place = kb.tables[0].location
        return [replace(issue, location=place, severity="warning") for issue in error.issues]
    return issues(kb, (settings or Settings()).network)


def _opened(name: str, budget: Budget | None, settings: Settings) -> Engine:
    if name == "auto":
        from kzexpert.engines.auto import AutoEngine

        return AutoEngine(
            lambda chosen: _opened(chosen, budget, settings),
            lambda chosen: tuple(unused(chosen, settings)),
            settings.listen,
        )
    if name == "duckdb":
        with bulk("the duckdb engine"):
            from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
        return DuckDBEngine(
            memory=settings.memory,
            budget=settings.limits.within(budget or DuckDBEngine.BUDGET),
            skip_bad_rows=settings.skip_bad_rows,
            listen=settings.listen,
            network=settings.network,
        )
    if name == "spark":
        with bulk("the spark engine", "spark"):
            from kzexpert.engines.sql.spark_engine import SparkEngine
        return SparkEngine(
            master=settings.spark_master,
            conf=dict(text.split("=", 1) for text in settings.spark_conf),
            budget=settings.limits.within(budget or SparkEngine.BUDGET),
            skip_bad_rows=settings.skip_bad_rows,
            listen=settings.listen,
            network=settings.network,
        )
    from kzexpert.engines.memory.experta import ExpertaEngine

    limited = settings.limits.within(budget or Budget())
    return ExpertaEngine(stock=name == "experta-stock", budget=limited, listen=settings.listen)
