"""What a question may go on with: the words of templates, names where a template wants them, and patterns.

It looks at the vocabulary alone: what it proposes can be asked, and need not have an answer.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec

from kzexpert.model import PLACEHOLDER, Entity, KnowledgeBase, Placeholder, Predicate, format_value

__all__ = ["Continuation", "Continuations"]

_MOST = 50
_WHY = re.compile(r"\s*(?:why\s+(?:not\s+)?|what\s+if\s+(?:not\s+)?)?", re.IGNORECASE)
_ARGUMENT = re.compile(r"""([^\W\d][\w.-]*)\(((?:[^()"]|"[^"]*")*(?:"[^"]*)?)\Z""")
_ARTICLE = re.compile(r"(?:the|an?)\s+", re.IGNORECASE)
_PREDICATE = re.compile(r"(?:^|(?<=\s))[^\W\d][\w.-]*\Z")
_WORD = re.compile(r"\w+\b\.?")
_WORDS = re.compile(r"\S+")
#: Names of so many words are proposed anywhere in a question, from so many letters on.
_LONGEST_NAME, _FEWEST_LETTERS = 4, 2


class Continuation(msgspec.Struct, frozen=True):
    """What may stand in the place of the end of a text.

    Attributes:
        start: where that end begins.
        note: what it is, in a word.
    """

    text: str
    start: int
    note: str


class Continuations:
    """What questions to a knowledge base may go on with."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._by_kind: dict[str, _Spellings] = {}

    def of(self, text: str) -> list[Continuation]:
        """What a text may go on with: inside a pattern its arguments, else words and names."""
        inside = _ARGUMENT.search(text)
        if inside and inside[1] in self._kb.predicate:
            return list(self._arguments(self._kb.predicate[inside[1]], inside[2], len(text)))
        start = _WHY.match(text)
        assert start is not None
        spoken = chain.from_iterable(self._spoken(item, text, start.end()) for item in self._kb.predicates)
        found = dict.fromkeys(islice(chain(spoken, self._predicates(text, start.end())), _MOST))
        return list(found) or self.names(text)

    def names(self, text: str, kind: str = "") -> list[Continuation]:
        """The names that begin with the last words of a text, the most words first."""
        starts = [found.start() for found in _WORDS.finditer(text)][-_LONGEST_NAME:]
        for start in starts:
            if len(text) - start >= _FEWEST_LETTERS:
                found = [*self._named(kind, text, start)]
                if found:
                    return found
        return []

    def all_names(self, text: str, kind: str = "") -> list[Continuation]:
        """The names that begin with a text."""
        return [*self._named(kind, text, 0)]

    def predicates(self, text: str) -> list[Continuation]:
        """The predicates that begin with a text."""
        return [
            Continuation(item.name, 0, item.doc or item.says)
            for item in self._kb.predicates
            if item.name.startswith(text)
        ]

    def _named(self, kind: str, text: str, start: int) -> Iterator[Continuation]:
        for spelling, entity in self._names(kind).beginning(text[start:]):
            note = entity.kind if spelling == entity.name else f"{entity.kind}, {entity.name}"
            yield Continuation(spelling, start, note)

    def _names(self, kind: str) -> "_Spellings":
        if kind not in self._by_kind:
            self._by_kind[kind] = _Spellings([item for item in self._kb.entities if kind in ("", item.kind)])
        return self._by_kind[kind]

    def _predicates(self, text: str, start: int) -> Iterator[Continuation]:
        """Patterns, where one may begin."""
        begun = _PREDICATE.search(text, start)
        if begun and begun.start() == start:
            for item in self.predicates(begun[0]):
                yield Continuation(f"{item.text}(", start, item.note)

    def _arguments(self, predicate: Predicate, given: str, end: int) -> Iterator[Continuation]:
        """What may stand for the argument of a pattern that is being written."""
        *before, written = _pieces(given)
        if len(before) >= len(predicate.args):
            return
        spec = predicate.args[len(before)]
        written = written.lstrip()
        close = ")" if len(before) + 1 == len(predicate.args) else ", "
        if f"?{spec.name}".startswith(written):
            yield Continuation(f"?{spec.name}{close}", end - len(written), "open")
        for name, entity in self._names(spec.type).beginning(written.removeprefix('"')):
            if name == entity.name:
                yield Continuation(f"{format_value(name)}{close}", end - len(written), spec.type)

    def _spoken(self, predicate: Predicate, text: str, start: int) -> Iterator[Continuation]:
        kinds = {spec.name: spec.type for spec in predicate.args}
        for template in predicate.asks:
            parts = PLACEHOLDER.split(template)
            yield from self._followed(parts, kinds, text, start, predicate.name)

    def _followed(
        self, parts: Sequence[str], kinds: dict[str, str], text: str, at: int, note: str
    ) -> Iterator[Continuation]:
        """What a template goes on with where a text ends, whose words from `at` on it begins with."""
        literal, *rest = parts
        typed = text[at:].lower()
        if literal.lower().startswith(typed) and len(literal) > len(typed):
            yield Continuation(literal, at, note)
            return
        if not typed.startswith(literal.lower()) or not rest:
            return
        at += len(literal)
        article = _ARTICLE.match(text, at)
        at = article.end() if article else at
        kind = kinds.get(Placeholder.read(rest[0]).name, "")
        for spelling, entity in self._names(kind).beginning(text[at:]):
            if spelling == entity.name or text[at:]:
                yield Continuation(spelling, at, entity.kind)
        for spelling in self._names(kind).in_front(text[at:]):
            yield from self._followed(rest[1:], kinds, text, at + len(spelling), note)


def _pieces(given: str) -> list[str]:
    """The arguments that were written; a comma inside a text is a letter."""
    found, quoted = [""], False
    for letter in given:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            found.append("")
        else:
            found[-1] += letter
    return found


class _Spellings:
    """Spellings in the order of their letters, so that those with one beginning lie side by side."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        known = {spelling: entity for entity in reversed(entities) for spelling in entity.spellings}
        self._sorted = sorted((spelling.lower(), spelling, entity) for spelling, entity in known.items())

    def beginning(self, text: str) -> list[tuple[str, Entity]]:
        """The first names that begin with a text and are longer, other spellings of an entity behind its name."""
        wanted, found = text.lower(), []
        place = bisect_left(self._sorted, wanted, key=_lower)
        for lower, spelling, entity in self._sorted[place : place + _MOST]:
            if lower.startswith(wanted) and lower != wanted:
                found.append((spelling, entity))
        return sorted(found, key=lambda item: item[0] != item[1].name)

    def in_front(self, text: str) -> Iterator[str]:
        """The names that a text begins with, as whole words."""
        lower = text.lower()
        for end in (found.end() for found in _WORD.finditer(text)):
            place = bisect_left(self._sorted, lower[:end], key=_lower)
            if place < len(self._sorted) and self._sorted[place][0] == lower[:end]:
                yield self._sorted[place][1]


def _lower(item: tuple[str, str, Entity]) -> str:
    return item[0]
