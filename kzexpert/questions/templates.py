"""Plain words and the templates of a vocabulary: which template a question fits, and what its placeholders stand for.

It compares word by word, with the few equivalences listed here, and understands no grammar beyond them.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from math import isfinite

import msgspec

from kzexpert.model import (
    PLACEHOLDER,
    ArgumentSpec,
    Constant,
    Entity,
    KnowledgeBase,
    Pattern,
    Placeholder,
    Predicate,
    Term,
    Value,
    Variable,
)

__all__ = [
    "EntityNames",
    "Fit",
    "Span",
    "Template",
    "Word",
    "fit",
    "patterns",
    "question_templates",
    "statement_templates",
    "stray_signs",
    "with_any_interrogative",
    "words",
]

#: What is no word, no space and no punctuation, outside of quotes: signs such as < and %, and what is no text.
_STRAY = re.compile(r"""["“”][^"“”]*["“”]|([^\w\s.,;:!?()'"‘’“”‐‑–—…-])""")
ARTICLES = frozenset(("the", "a", "an"))
_TOKEN = re.compile(
    r"""["“”](?P<text>[^"“”]*)["“”]|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?!\w)|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?!\w)"""
    r"""|(?P<word>\w+(?:[.'’]\w+)*)|['’]s\b"""
)
#: Words that count as one: forms of an auxiliary, and the interrogatives that templates use for one another.
_SAME = {"are": "is", "does": "do", "did": "do", "has": "have", "whom": "who", "what": "which"}
_WITH_ES = ("ches", "shes", "sses", "xes")
_INTERROGATIVES = frozenset(("who", "which"))
_SHORT_FOR_IS = frozenset(("what", "who", "which", "where", "how", "that", "there", "it", "he", "she"))
_WITHOUT_APOSTROPHE = frozenset(("isnt", "arent", "doesnt", "dont", "didnt", "hasnt", "havent"))
#: An unknown name may have so many words.
_LONGEST_UNKNOWN = 4
_MOST_MEANINGS = 200


class Word(msgspec.Struct, frozen=True):
    """One word of a question or a template.

    Attributes:
        text: without case, and without a possessive ``'s``.
        stem: what is compared with the words of templates.
        start, end: its place in the question.
        value: what a date, a number or a quoted text stands for.
    """

    text: str
    stem: str
    start: int
    end: int
    value: Value | None = None


def words(text: str, keep_articles: bool = False) -> tuple[Word, ...]:
    """The words of a text; punctuation and, unless they are to be kept, articles are left out."""
    found: list[Word] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match["word"] is None:
            if match.lastgroup:
                found.append(Word(match[0].casefold(), match[0].casefold(), start, end, _value(match)))
            continue
        for part in _parts(match["word"].casefold().replace("’", "'")):
            if keep_articles or part not in ARTICLES:
                found.append(Word(part, _stem(part), start, end))
    return tuple(found)


def stray_signs(kb: KnowledgeBase, text: str) -> list[tuple[str, int]]:
    """The signs of a question, each with its place, that `words` would leave out and that stand in no name."""
    found = [(match[1], match.start()) for match in _STRAY.finditer(text) if match[1]]
    if not found:
        return []
    in_names = {sign for sign, _ in found if any(sign in name for item in kb.entities for name in item.spellings)}
    return [(sign, place) for sign, place in found if sign not in in_names]


def _texts(text: str, keep_articles: bool = False) -> list[str]:
    """The words of a text without their places. Most texts are letters and spaces, and need no expression."""
    if text.replace(" ", "").isalpha():
        spoken = [part for word in text.casefold().split() for part in _parts(word)]
        return spoken if keep_articles else [word for word in spoken if word not in ARTICLES]
    return [word.text for word in words(text, keep_articles)]


def _parts(word: str) -> list[str]:
    """What a word with an apostrophe is short for; the dots of an abbreviation go."""
    if word.endswith("'s"):
        word = word[:-2]
        return [word, "is"] if word in _SHORT_FOR_IS else [word.replace(".", "")]
    if word.endswith("n't"):
        return [word[:-3], "not"]
    if word in _WITHOUT_APOSTROPHE:
        return [word[:-2], "not"]
    if word == "cannot":
        return ["can", "not"]
    return [word.replace(".", "")]


def _stem(word: str) -> str:
    """One form for ``is`` and ``are``, ``do`` and ``does`` ..., and for words with and without an s at their end."""
    if word in _SAME:
        return _SAME[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith(_WITH_ES):
        return word[:-2]
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


def _value(match: re.Match[str]) -> Value | None:
    if match["text"] is not None:
        return match["text"]
    if match["number"] is not None:
        number = float(match["number"])
        return number if isfinite(number) else None
    try:
        return date.fromisoformat(match["date"])
    except ValueError:
        return None


class Template(msgspec.Struct, frozen=True):
    """One way to ask about a predicate, or to state it: words, and arguments in the place of placeholders."""

    predicate: Predicate
    text: str
    elements: tuple[str | ArgumentSpec, ...]

    @property
    def literals(self) -> int:
        """How many of its elements are words."""
        return sum(isinstance(element, str) for element in self.elements)

    @property
    def asked(self) -> frozenset[str]:
        """Words for what it asks: the names and kinds of the arguments that it leaves open."""
        given = {element.name for element in self.elements if not isinstance(element, str)}
        open_specs = [spec for spec in self.predicate.args if spec.name not in given]
        return frozenset(_stem(word) for spec in open_specs for word in (spec.name, spec.type))


def question_templates(kb: KnowledgeBase, keep_articles: bool = False) -> list[Template]:
    """The `asks` of all predicates."""
    found = (_template(predicate, text, keep_articles) for predicate in kb.predicates for text in predicate.asks)
    return [template for template in found if template]


def statement_templates(kb: KnowledgeBase, keep_articles: bool = False, *, asked: bool = True) -> list[Template]:
    """The `says` of all predicates, as statements and turned into questions: with is in front, or with do.

    Args:
        asked: whether questions are wanted too.
    """
    found = []
    for predicate in kb.predicates:
        template = _template(predicate, predicate.says, keep_articles) if predicate.says else None
        if template:
            found.append(template)
        if template and asked:
            rest = list(template.elements)
            auxiliary = "is" if "is" in rest else "do"
            if auxiliary in rest:
                rest.remove(auxiliary)
            found.append(Template(predicate, template.text, (auxiliary, *rest)))
    return found


def _template(predicate: Predicate, text: str, keep_articles: bool) -> Template | None:
    """The template of a text; None where it names an argument that the predicate lacks, which the checks report."""
    specs = {spec.name: spec for spec in predicate.args}
    elements: list[str | ArgumentSpec] = []
    for index, part in enumerate(PLACEHOLDER.split(text)):
        if index % 2 == 0:
            elements.extend(map(_stem, _texts(part, keep_articles)))
            continue
        wanted = Placeholder.read(part)
        if wanted.name not in specs:
            return None
        if wanted.words:  # a verb: the question has it in either number
            elements.extend(map(_stem, _texts(wanted.words[0], keep_articles)))
        else:
            elements.append(specs[wanted.name])
    return Template(predicate, text, tuple(elements)) if elements else None


def with_any_interrogative(template: Template, question: Sequence[Word]) -> tuple[Template, Sequence[Word]] | None:
    """Template and question without their who or which, and without the noun after it if that names what is asked.

    So that ``which power is ...`` and ``who is ...`` count as one. None where either begins otherwise.
    """
    elements = template.elements
    if elements[0] not in _INTERROGATIVES or not question or question[0].stem not in _INTERROGATIVES:
        return None
    asked = template.asked
    skip = 2 if len(elements) > 1 and elements[1] in asked else 1
    skip_words = 2 if len(question) > 1 and question[1].stem in asked else 1
    return Template(template.predicate, template.text, elements[skip:]), question[skip_words:]


def _spellings(kb: KnowledgeBase, text: str) -> Iterator[tuple[str, Entity]]:
    """The names, aliases and forms that begin with a word of a text, or with what is no word, or with an article.

    Most of a hundred thousand names have nothing to do with a question. To take each of them apart would take seconds;
    to look for the beginnings of lines in one long text takes hundredths.
    """
    known = [(spelling, entity) for entity in kb.entities for spelling in entity.spellings]
    spellings = [spelling.replace("\n", " ") for spelling, _ in known]
    lines = "\n".join(["", *spellings]).casefold().replace(".", "").replace("’", "'")
    quoted = (word.value for word in words(text) if isinstance(word.value, str))
    spoken = {word.text.replace(".", "") for part in (text, *quoted) for word in words(part)}
    beginnings = "|".join(map(re.escape, sorted({*spoken, *ARTICLES})))
    place = end = 0
    for match in re.finditer(rf"\n(?:\W|(?:{beginnings})(?:n'?t|not)?\b)", lines):
        place += lines.count("\n", end, match.end())
        end = match.end()
        yield spellings[place - 1], known[place - 1][1]


class EntityNames:
    """The names and aliases that a text may hold, as the words they consist of."""

    def __init__(self, kb: KnowledgeBase, text: str) -> None:
        self._known: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        self.longest = 1
        for name, entity in _spellings(kb, text):
            key = tuple(_texts(name) or _texts(name, keep_articles=True))
            meanings = self._known.setdefault(key, [])
            if (entity.kind, entity.name) not in meanings:
                meanings.append((entity.kind, entity.name))
            self.longest = max(self.longest, len(key))

    @property
    def has_article(self) -> bool:
        """Whether an entity is called A, say: then articles cannot be left out of a question."""
        return any((article,) in self._known for article in ARTICLES)

    def meanings(self, part: Sequence[Word]) -> list[tuple[str, str]]:
        """What the words name: kind and name of each entity; a quoted name is read like any other."""
        if len(part) == 1 and isinstance(part[0].value, str):
            part = words(part[0].value)
        return self._known.get(tuple(word.text for word in part), [])

    def at(self, question: Sequence[Word], start: int) -> Iterable[tuple[int, list[tuple[str, str]]]]:
        """The names that begin at a word, longest first: the end of each, and its meanings."""
        for end in range(min(len(question), start + self.longest), start, -1):
            meanings = self.meanings(question[start:end])
            if meanings:
                yield end, meanings


class Span(msgspec.Struct, frozen=True):
    """The words of a question that stand for an argument, and the values they may mean: none when they are unknown."""

    spec: ArgumentSpec
    start: int
    end: int
    values: tuple[Value, ...]


class Fit(msgspec.Struct, frozen=True):
    """A template that covers a whole question."""

    template: Template
    spans: tuple[Span, ...]

    @property
    def unknown(self) -> tuple[Span, ...]:
        """The arguments whose words mean nothing."""
        return tuple(span for span in self.spans if not span.values)

    @property
    def unknown_words(self) -> int:
        """How many words mean nothing."""
        return sum(span.end - span.start for span in self.unknown)


def patterns(found: Fit) -> Iterator[Pattern]:
    """What a fit asks or states: one pattern for each meaning of its names, with variables for what it leaves open."""
    predicate = found.template.predicate
    for values in itertools.islice(itertools.product(*(span.values for span in found.spans)), _MOST_MEANINGS):
        given = {span.spec.name: value for span, value in zip(found.spans, values, strict=True)}
        terms: list[Term] = [
            Constant(given[spec.name]) if spec.name in given else Variable(spec.name) for spec in predicate.args
        ]
        yield Pattern(predicate.name, predicate.name, tuple(terms))


def fit(template: Template, question: Sequence[Word], names: EntityNames, tolerant: bool = False) -> Fit | None:
    """Lay a template over a question.

    Args:
        tolerant: let a placeholder stand for a few unknown words, as few as possible.

    Returns:
        The fit whose names are longest, or None. For each place in the question that can be reached only the best way
        there is kept, so that the work grows with the length of the question and no faster.
    """
    reached: dict[int, Fit] = {0: Fit(template, ())}
    for element in template.elements:
        following: dict[int, Fit] = {}
        for start, so_far in reached.items():
            if isinstance(element, str):
                if start < len(question) and question[start].stem == element:
                    following.setdefault(start + 1, so_far)
                continue
            for span in _spans(element, question, start, names, tolerant):
                if any(other.spec == span.spec and other.values != span.values for other in so_far.spans):
                    continue  # a placeholder that stands twice takes one value
                longer = Fit(template, (*so_far.spans, span))
                known = following.get(span.end)
                if known is None or longer.unknown_words < known.unknown_words:
                    following[span.end] = longer
        reached = following
        if not reached:
            return None
    return reached.get(len(question))


def _spans(
    spec: ArgumentSpec, question: Sequence[Word], start: int, names: EntityNames, tolerant: bool
) -> Iterable[Span]:
    if start >= len(question):
        return
    if spec.type in _BUILT_IN:
        value = question[start].value
        if value is not None and isinstance(value, _BUILT_IN[spec.type]):
            yield Span(spec, start, start + 1, (value,))
    else:
        for end, meanings in names.at(question, start):
            values = tuple(name for kind, name in meanings if kind == spec.type)
            if values:
                yield Span(spec, start, end, values)
    if tolerant:
        for end in range(start + 1, min(len(question), start + _LONGEST_UNKNOWN) + 1):
            yield Span(spec, start, end, ())


_BUILT_IN: dict[str, type] = {"text": str, "number": float, "date": date}
