"""A text in plain words → its tokens: names found, slips of the pen mended, synonyms replaced.

It does not know what the tokens ask for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from kzexpert.language.nearest import slips_between
from kzexpert.model import KnowledgeBase, Value
from kzexpert.questions.english import (
    FUNCTION_WORDS,
    INTERROGATIVES,
    IRREGULAR,
    PREPOSITIONS,
    PRONOUNS,
    ROUNDABOUT,
    SPEAKERS,
)
from kzexpert.questions.templates import EntityNames, Word, words

__all__ = ["Lexeme", "mended", "named", "stem", "synonyms_of", "tokens_of", "with_synonyms"]

#: Words that are no names unless they are written in capitals: BY is Belarus, and by is not.
_SMALL_WORDS = FUNCTION_WORDS.union(PREPOSITIONS, INTERROGATIVES, PRONOUNS, SPEAKERS, ("not", "no", "when", "how"))
#: Shorter words resemble too many others; from `_TWO_SLIPS` letters on two slips are mended.
_SHORTEST, _TWO_SLIPS = 6, 9


class Lexeme(msgspec.Struct, frozen=True):
    """A word or a name of a question or a template.

    Attributes:
        text: without case and without a possessive ``'s``; of a name with several words, all of them.
        stem: what its forms have in common; empty for a name of several words.
        start, end: its place in the text.
        value: what a date, a number or a quoted text stands for.
        names: kind and name of each entity that it may be.
        possessive: whether it bears an ``'s``.
    """

    text: str
    stem: str
    start: int
    end: int
    value: Value | None = None
    names: tuple[tuple[str, str], ...] = ()
    possessive: bool = False


@cache
def _stemmer() -> Callable[[str], str]:
    from snowballstemmer import stemmer  # only for questions that no template fits word by word

    found: Any = stemmer("english")
    return lambda word: str(found.stemWord(word))


@cache
def stem(word: str) -> str:
    """What the forms of a word have in common: ``align`` of aligned and alignment, ``hold`` of held."""
    return _stemmer()(IRREGULAR.get(word, word))


def tokens_of(text: str) -> tuple[Lexeme, ...]:
    """The words of a text, articles left out."""
    found = []
    spoken = words(text)
    for number, word in enumerate(spoken):
        halves = any(
            other.start == word.start for other in spoken[max(number - 1, 0) : number + 2] if other is not word
        )
        written = text[word.start : word.end + 1].casefold().replace("’", "'")
        possessive = not halves and (written.rstrip().endswith("'s") or written.endswith("s'"))
        found.append(Lexeme(word.text, stem(word.text), word.start, word.end, word.value, (), possessive))
    return tuple(found)


def named(kb: KnowledgeBase, text: str, tokens: Sequence[Lexeme]) -> tuple[Lexeme, ...]:
    """The tokens with the names that they hold, the longest first; several words of one name become one token."""
    names = EntityNames(kb, " ".join(token.text for token in tokens))
    spoken = [Word(token.text, token.text, token.start, token.end, token.value) for token in tokens]
    found: list[Lexeme] = []
    start = 0
    while start < len(tokens):
        one = tokens[start]
        if one.names:
            found.append(one)
            start += 1
            continue
        small = one.text in _SMALL_WORDS and not text[one.start : one.end].isupper()
        held = [(end, meanings) for end, meanings in names.at(spoken, start) if end > start + 1 or not small]
        end, meanings = held[0] if held else (start + 1, [])
        found.append(_name(tokens[start:end], tuple(meanings)))
        start = end
    return tuple(found)


def _name(parts: Sequence[Lexeme], meanings: tuple[tuple[str, str], ...]) -> Lexeme:
    first, last = parts[0], parts[-1]
    text = " ".join(part.text for part in parts)
    stemmed = first.stem if first is last else ""
    return Lexeme(text, stemmed, first.start, last.end, first.value, meanings, last.possessive)


# --- slips of the pen ------------------------------------------------------------------------------------------------


def mended(
    kb: KnowledgeBase, tokens: Sequence[Lexeme], names: Sequence[Lexeme], known: Mapping[str, str]
) -> tuple[Lexeme, ...]:
    """The tokens with one or two slips taken back in each word that is neither known nor a name.

    A word is left alone where two that are known are as near, or where it begins with another letter.

    Args:
        names: the tokens with the names that they hold.
        known: words of the vocabulary and of English, each with its stem.
    """
    stems = frozenset(known.values())
    plain = {token.start for token in names if not token.names and token.value is None}
    strange = [token for token in tokens if token.start in plain and token.text not in known]
    strange = [token for token in strange if token.stem not in stems and len(token.text) >= _SHORTEST]
    if not strange:
        return tuple(tokens)
    spellings = {word.text for entity in kb.entities for name in entity.spellings for word in words(name)}
    found = []
    for token in tokens:
        near = _near(token.text, {*known, *spellings}) if token in strange else ""
        found.append(replace(token, text=near, stem=stem(near)) if near else token)
    return tuple(found)


def _near(word: str, known: Iterable[str]) -> str:
    """The one known word that is nearest, empty where none is near or several are as near."""
    most = 1 if len(word) < _TWO_SLIPS else 2
    like = (other for other in known if other[:1] == word[:1] and len(other) >= _SHORTEST)
    slips = {other: slips_between(word, other) for other in like if abs(len(other) - len(word)) <= most}
    least = min(slips.values(), default=most + 1)
    nearest = [other for other, number in slips.items() if number == least]
    return nearest[0] if least <= most and len(nearest) == 1 else ""


# --- synonyms --------------------------------------------------------------------------------------------------------


def synonyms_of(kb: KnowledgeBase) -> dict[tuple[str, ...], tuple[Lexeme, ...]]:
    """The stems of each phrase that people say → the words of the vocabulary that it stands for."""
    found: dict[tuple[str, ...], tuple[Lexeme, ...]] = {}
    pairs = [*ROUNDABOUT.items(), *((synonym.means, synonym.said) for synonym in kb.synonyms)]
    for words_meant, said in pairs:
        means = tokens_of(words_meant)
        for phrase in said:
            found.setdefault(tuple(token.stem for token in tokens_of(phrase)), means)
    return found


def with_synonyms(tokens: Sequence[Lexeme], table: Mapping[tuple[str, ...], Sequence[Lexeme]]) -> tuple[Lexeme, ...]:
    """The tokens with words of the vocabulary in the place of what people say, the longest phrase first.

    A name is no synonym by itself, and may be a part of one.
    """
    longest = max(map(len, table), default=0)
    found: list[Lexeme] = []
    start = 0
    while start < len(tokens):
        for end in range(min(len(tokens), start + longest), start, -1):
            part = tokens[start:end]
            means = table.get(tuple(token.stem for token in part))
            if means is not None and not (len(part) == 1 and part[0].names):
                found.extend(replace(word, start=part[0].start, end=part[-1].end) for word in means)
                start = end
                break
        else:
            found.append(tokens[start])
            start += 1
    return tuple(found)
