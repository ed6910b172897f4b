"""The engines by name. Each is imported only when it is asked for."""

from kzexpert.engines.base import Budget, Engine
from kzexpert.errors import Issue, UsageError
from kzexpert.language.nearest import did_you_mean

__all__ = ["ENGINES", "Budget", "Engine", "engine"]

ENGINES = ("experta", "experta-stock")


def engine(name: str = "experta", budget: Budget | None = None) -> Engine:
    """The engine of that name.

    Raises:
        UsageError: there is none.
    """
    if name in ("experta", "experta-stock"):
        from kzexpert.engines.experta_engine import ExpertaEngine

        return ExpertaEngine(stock=name == "experta-stock", budget=budget or Budget())
    hint = did_you_mean(name, ENGINES) or f"the engines are {', '.join(ENGINES)}"
    raise UsageError(Issue("KZ402", f"unknown engine {name}", hint=hint))
