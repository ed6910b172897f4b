"""The columns of a data file and the arguments of predicates: which looks like which, by name and by values.

It proposes and never decides: what it finds is shown to the author with the facts that would come of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kzexpert.language.guesses import date_formats, decimal_sign
from kzexpert.language.nearest import nearest
from kzexpert.language.reader import read_number
from kzexpert.model import KnowledgeBase, Predicate

__all__ = ["SampledColumn", "TableFit", "best_fits", "fit"]

_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[0-9]+")
#: What publishers call the columns that hold dates; each of them only where its values are dates.
_DATES = {
    "since": ("since", "start", "from", "begin", "entry", "joined", "accession", "valid from"),
    "until": ("until", "end", "to", "exit", "left", "valid to"),
    "on": ("on", "date", "day", "when", "event date", "year"),
}
_YEAR = ("year",)
#: Scores: a name that is the same, one that holds it, one that is spelt nearly so; values that are all known entities.
_SAME, _HOLDS, _NEAR, _KNOWN = 3.0, 2.0, 1.5, 4.0
_NUMBERS, _DAYS, _TEXTS = 1.0, 1.5, 0.2
_LEAST = 0.5
#: What an argument has to bring for a predicate with it to be better than one without.
_EXPECTED = 1.5


class SampledColumn(msgspec.Struct, frozen=True):
    """A column with what its first rows hold: texts, each once, and apart from those the words for nothing."""

    name: str
    values: tuple[str, ...]
    nothing: tuple[str, ...] = ()


class TableFit(msgspec.Struct, frozen=True):
    """How a file could be read as facts of a predicate.

    Attributes:
        columns: argument or date → name of a column.
        missing: arguments that no column looks like.
        score: higher is better; comparable between predicates.
        named: whether names of columns speak for it, or that of the file, and not their values alone.
    """

    predicate: Predicate
    columns: Mapping[str, str]
    missing: tuple[str, ...]
    score: float
    named: bool


def best_fits(kb: KnowledgeBase, columns: Sequence[SampledColumn], called: str) -> list[TableFit]:
    """The predicates that facts are recorded of and that all arguments are found for, the best first.

    Args:
        called: the name of the file, which may be that of a predicate.
    """
    fits = [fit(kb, item, columns, called=called) for item in kb.predicates if item.name not in kb.concluded]
    return sorted((item for item in fits if not item.missing), key=lambda item: (-item.score, item.predicate.name))


def fit(
    kb: KnowledgeBase,
    predicate: Predicate,
    columns: Sequence[SampledColumn],
    given: Mapping[str, str] | None = None,
    fixed: Iterable[str] = (),
    called: str = "",
) -> TableFit:
    """The columns for the arguments of a predicate and for its dates.

    Args:
        given: argument → column, as the author says.
        fixed: arguments that have one value for the whole file.
        called: see `best_fits`.
    """
    found = dict(given or {})
    types = {spec.name: spec.type for spec in predicate.args}
    wanted = [name for name in types if name not in found and name not in {*fixed}]
    scores = {
        (name, column.name): max(_name_score(column.name, (name,)), _kind_score(column.name, types[name])) + value
        for name in wanted
        for column in columns
        if (value := _value_score(kb, column, types[name])) is not None
    }
    same = {pair: score for pair, score in scores.items() if score > _SAME and _name_score(pair[1], pair[:1]) == _SAME}
    total = _assign(same, found) + _assign(scores, found)
    dated = {"interval": ("since", "until"), "event": ("on",), None: ()}[predicate.holds]
    days = {
        (name, column.name): _name_score(column.name, _DATES[name]) + _name_score(column.name, _YEAR) / 2
        for name in dated
        if name not in found
        for column in columns
        if date_formats(column.values) is not None
    }
    total += _assign({pair: score for pair, score in days.items() if score >= _NEAR / 2}, found) / 10
    missing = tuple(name for name in wanted if name not in found)
    of_file = _name_score(called, (predicate.name,))
    alike = [name for name in types if name in found and _name_score(found[name], (name, types[name]))]
    score = total - _EXPECTED * len(wanted) + of_file
    return TableFit(predicate, found, missing, score, bool(of_file) or len(alike) * 2 > len(types))


def _assign(scores: Mapping[tuple[str, str], float], found: dict[str, str]) -> float:
    """Give each name the column that fits best and is free; the sum of their scores."""
    total = 0.0
    for (name, column), score in sorted(scores.items(), key=lambda item: -item[1]):
        if name not in found and column not in found.values() and score >= _LEAST:
            found[name] = column
            total += score
    return total


def _name_score(column: str, names: Sequence[str]) -> float:
    """How much the name of a column is like one of some words."""
    words = [word.casefold() for word in _WORD.findall(column)]
    wanted = [[word.casefold() for word in _WORD.findall(name)] for name in names]
    if words in wanted:
        return _SAME
    if any({*name} <= {*words} for name in wanted):
        return _HOLDS
    return _NEAR if nearest(" ".join(words), [" ".join(name) for name in wanted]) else 0.0


def _kind_score(column: str, kind: str) -> float:
    """The same for the kind of an argument, which says less."""
    return _name_score(column, (kind,)) / 3


def _value_score(kb: KnowledgeBase, column: SampledColumn, kind: str) -> float | None:
    """How much the values of a column are of a type; None where they are not."""
    if kind == "text":
        return _TEXTS
    if not column.values:
        return 0.0
    if kind == "number":
        numbers = all(read_number(value) is not None for value in column.values) or decimal_sign(column.values)
        return (_NUMBERS / 2 if _name_score(column.name, _YEAR) else _NUMBERS) if numbers else None
    if kind == "date":
        return _DAYS if date_formats(column.values) is not None else None
    if any("://" in value for value in column.values):  # an address is nobody's name
        return None
    known = sum(1 for value in column.values if (item := kb.entity.get(value)) and item.kind == kind)
    return _KNOWN * known / len(column.values)
