"""The engines by name. Each is imported only when it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from kzexpert.engines.base import Budget, Engine, infer_each
from kzexpert.errors import Issue, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase

__all__ = ["ENGINES", "Budget", "Engine", "engine", "for_engine", "infer_each", "table_issues"]

ENGINES = ("experta", "experta-stock", "duckdb")


def engine(name: str = "experta", budget: Budget | None = None) -> Engine:
    """The engine of that name.

    Raises:
        UsageError: there is none, or it is not installed.
    """
    if name in ("experta", "experta-stock"):
        from kzexpert.engines.experta_engine import ExpertaEngine

        return ExpertaEngine(stock=name == "experta-stock", budget=budget or Budget())
    if name == "duckdb":
        return _duckdb(budget)
    hint = did_you_mean(name, ENGINES) or f"the engines are {', '.join(ENGINES)}"
    raise UsageError(Issue("KZ402", f"unknown engine {name}", hint=hint))


def for_engine(kb: KnowledgeBase, name: str) -> KnowledgeBase:
    """A knowledge base as an engine takes it. duckdb reads tables itself; for others their rows become facts.

    Raises:
        KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
        UsageError: what reads tables is not installed.
    """
    if not kb.tables or name == "duckdb":
        return kb
    with _bulk("reading tables"):
        from kzexpert.engines.sql.reading import table_facts
    return replace(kb, facts=(*kb.facts, *table_facts(kb)), tables=())


def table_issues(kb: KnowledgeBase) -> list[Issue]:
    """All that is wrong with the tables of a checked knowledge base: those that cannot be read (KZ124), rows that are
    no facts (KZ125); a warning (KZ403) where what reads tables is not installed.
    """
    if not kb.tables:
        return []
    try:
        with _bulk("reading tables"):
            from kzexpert.engines.sql.reading import table_issues as issues
    except UsageError as error:
        place = kb.tables[0].location
        return [replace(issue, location=place, severity="warning") for issue in error.issues]
    return issues(kb)


def _duckdb(budget: Budget | None) -> Engine:
    with _bulk("the duckdb engine"):
        from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
    return DuckDBEngine(budget=budget)


@contextmanager
def _bulk(what: str) -> Iterator[None]:
    """Say which extra is missing."""
    hint = "pip install 'kzexpert[bulk]'"
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("duckdb", "sqlglot"):
            raise
        raise UsageError(Issue("KZ403", f"{what} needs {error.name}", hint=hint)) from None
    except ImportError as error:
        raise UsageError(Issue("KZ403", f"{what} needs another version: {error}", hint=hint)) from None
