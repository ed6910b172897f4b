"""The engines by name. Each is imported only when it is asked for."""

from kzexpert.engines.base import Budget, Engine
from kzexpert.errors import Issue, UsageError
from kzexpert.language.nearest import did_you_mean

__all__ = ["ENGINES", "Budget", "Engine", "engine"]

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


def _duckdb(budget: Budget | None) -> Engine:
    hint = "pip install 'kzexpert[bulk]'"
    try:
        from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
    except ModuleNotFoundError as error:
        if error.name not in ("duckdb", "sqlglot"):
            raise
        raise UsageError(Issue("KZ403", f"the duckdb engine needs {error.name}", hint=hint)) from None
    except ImportError as error:
        raise UsageError(Issue("KZ403", f"the duckdb engine cannot be loaded: {error}", hint=hint)) from None
    return DuckDBEngine(budget=budget)
