"""The engines by name: a program in, an inference out. They stand in a table in `kzexpert.engines.registry`."""

from kzexpert.engines.base import Budget, Engine, infer_each
from kzexpert.engines.registry import CHOICES, ENGINES, engine, for_engine, table_issues, with_rows
from kzexpert.engines.settings import Limits, Settings

__all__ = [
    "CHOICES",
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
