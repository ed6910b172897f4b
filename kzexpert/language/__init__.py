"""Text → values: the atom grammar, YAML and CSV documents with their places, and the assembled `KnowledgeBase`.

It says whether files can be read; whether what they say makes sense is for `kzexpert.checks`. Names are imported when
they are first used: a start from the cache reads no file and parses no rule.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kzexpert.language.dates import parse_partial_date
    from kzexpert.language.folders import find_knowledge_base, packed_knowledge_base
    from kzexpert.language.grammar import GrammarError, parse_atom, parse_condition
    from kzexpert.language.loader import load_knowledge_base, read_knowledge_base
    from kzexpert.language.nearest import did_you_mean

__all__ = [
    "GrammarError",
    "did_you_mean",
    "find_knowledge_base",
    "load_knowledge_base",
    "packed_knowledge_base",
    "parse_atom",
    "parse_condition",
    "parse_partial_date",
    "read_knowledge_base",
]

_HOMES = {
    "dates": ("parse_partial_date",),
    "folders": ("find_knowledge_base", "packed_knowledge_base"),
    "grammar": ("GrammarError", "parse_atom", "parse_condition"),
    "loader": ("load_knowledge_base", "read_knowledge_base"),
    "nearest": ("did_you_mean",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
