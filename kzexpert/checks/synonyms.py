"""Check: synonyms that questions can use. It does not judge whether two phrases mean the same.

A synonym of words that the vocabulary lacks leads nowhere (KZ225); a phrase that stands for two things, or is a name,
has two meanings (KZ119).
"""

import re
from collections.abc import Iterator

from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import PLACEHOLDER, KnowledgeBase

__all__ = ["synonyms"]

_WORD = re.compile(r"\w+")
#: Shorter words are of, with and the like.
_SHORTEST = 5


def synonyms(kb: KnowledgeBase) -> list[Issue]:
    """Synonyms of nothing (KZ225), and phrases with two meanings (KZ119)."""
    return [*_idle(kb), *_contested(kb)] if kb.synonyms else []


def _idle(kb: KnowledgeBase) -> Iterator[Issue]:
    known = {word for text in _texts(kb) for word in _words(text)}
    for synonym in kb.synonyms:
        for word in _words(synonym.means):
            if len(word) >= _SHORTEST and word not in known:
                message = f"no template, argument, kind or name has the word {word} of {synonym.means}"
                hint = (
                    did_you_mean(word, known) or "a synonym stands for words that says, asks, args, kinds or names have"
                )
                yield Issue("KZ225", message, synonym.location, hint, severity="warning")


def _texts(kb: KnowledgeBase) -> Iterator[str]:
    yield from kb.kinds
    yield from (spelling for entity in kb.entities if entity.location.row == 0 for spelling in entity.spellings)
    for predicate in kb.predicates:
        for text in (predicate.says, *predicate.asks):
            yield PLACEHOLDER.sub(" ", text)
        for spec in predicate.args:
            yield f"{spec.name} {spec.type}"


def _contested(kb: KnowledgeBase) -> Iterator[Issue]:
    names = {spelling.casefold(): item for item in kb.entities for spelling in item.spellings}
    first: dict[str, tuple[str, Location]] = {}
    for synonym in kb.synonyms:
        for number, phrase in enumerate(synonym.said):
            place, folded = synonym.marks.get(number, synonym.location), " ".join(_words(phrase))
            if folded in names:
                message = f"{phrase} is a name of {names[folded].name}, so questions never read it as {synonym.means}"
                yield Issue("KZ119", message, place, "leave one of the two out")
            means, before = first.setdefault(folded, (synonym.means, place))
            if means != synonym.means:
                message = f"{phrase} stands for {synonym.means} here, but for {means} elsewhere"
                hint = "leave it out of one of the two"
                yield Issue("KZ119", message, place, hint, related=((before, f"here it stands for {means}"),))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
