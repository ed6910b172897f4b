"""Text → values: the atom grammar, YAML and CSV documents with their places, and the assembled `KnowledgeBase`.

It says whether files can be read; whether what they say makes sense is for `kzexpert.checks`.
"""

from kzexpert.language.dates import parse_partial_date
from kzexpert.language.folders import find_knowledge_base, packed_knowledge_base
from kzexpert.language.grammar import GrammarError, parse_atom, parse_condition
from kzexpert.language.loading import load_knowledge_base, read_knowledge_base
from kzexpert.language.nearest import did_you_mean, nearest

__all__ = [
    "GrammarError",
    "did_you_mean",
    "find_knowledge_base",
    "load_knowledge_base",
    "nearest",
    "packed_knowledge_base",
    "parse_atom",
    "parse_condition",
    "parse_partial_date",
    "read_knowledge_base",
]
