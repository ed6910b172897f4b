"""The engines by name: a program in, an inference out. They stand in a table in `kzexpert.engines.registry`."""

from kzexpert.engines.base import Budget, Clustered, Engine, infer_each
from kzexpert.engines.registry import (
    CHOICES,
    ENGINES,
    EngineRow,
    engine,
    first_rows,
    for_engine,
    settled,
    table_issues,
    with_rows,
)
from kzexpert.engines.settings import Limits, Settings

__all__ = [
    "CHOICES",
    "ENGINES",
    "Budget",
    "Clustered",
    "Engine",
    "EngineRow",
    "Limits",
    "Settings",
    "engine",
    "first_rows",
    "for_engine",
    "infer_each",
    "settled",
    "table_issues",
    "with_rows",
]
