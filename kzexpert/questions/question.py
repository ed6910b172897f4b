"""What a user types → a `Question`: a pattern, or plain words that fit a template of the vocabulary.

It never guesses: what can be read in no way, or in two, is an error that lists what would be understood. What fits no
template word by word goes to `interpretation`, which says how it read it. No context is kept, so pronouns stand for
nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import Atom, KnowledgeBase, Pattern, Relation, Within
from kzexpert.program.resolve import resolve_atom
from kzexpert.questions.templates import (
    EntityNames,
    Fit,
    Template,
    Word,
    fit,
    patterns,
    question_templates,
    statement_templates,
    stray_signs,
    with_any_interrogative,
    words,
)

if TYPE_CHECKING:
    from kzexpert.questions.refusal import Refusal

__all__ = ["Kind", "Lead", "Question", "read_asked", "read_conclusion", "read_question"]

Kind = Literal["what", "why", "why-not"]

#: The commands that a question may be answered by here, and the kind of question that they answer.
_KINDS: dict[str, Kind] = {"ask": "what", "why": "why", "why-not": "why-not"}
_PLACE = "question"
_PATTERN = re.compile(
    r"(?:(?P<why>why)(?P<negated>[\s-]+not)?\s+)?(?P<atom>(?P<name>[^\W\d][\w.-]*)(?P<gap>\s*)\(.*)", re.I | re.S
)
#: Halves of surrogate pairs that stand for no byte of a command line.
_HALVES = "[\ud800-\udc7f\udd00-\udfff]"
_MOST_WORDS = 200


class Question(msgspec.Struct, frozen=True):
    """A question that was understood.

    Attributes:
        text: as typed.
        kind: ``why`` and ``why-not`` ask for a proof, or for what it lacks.
        pattern: what is asked; the arguments that a question in plain words leaves open are variables named after them.
        within: the window of a pattern that asks for recent events only.
        read_as: how it was read, in words; empty for a pattern, and where a template fits word by word.
        as_of: the date that it names, as written; empty where it names none.
        polar: whether it asks for yes or no.
        counts: the variables whose values it wants counted.
        negated: whether a yes means that the pattern does not hold.
        by: the variable whose largest numbers come first.
    """

    text: str
    kind: Kind
    pattern: Pattern
    within: Within | None = None
    read_as: str = ""
    as_of: str = ""
    polar: bool = False
    counts: tuple[str, ...] = ()
    negated: bool = False
    by: str = ""


class Lead(msgspec.Struct, frozen=True):
    """A question that another command answers.

    Attributes:
        text: as typed.
        read_as: how it was read, in words.
        command: the command and its arguments; a range of years may be open, as in ``2000..``.
    """

    text: str
    read_as: str
    command: tuple[str, ...]


def read_question(kb: KnowledgeBase, text: str, *, dated: bool = False) -> Question:
    """Read what a command is about: a pattern such as ``member(?state, CSTO)``, or a question in plain words.

    Args:
        dated: whether it may name a date, see `Question.as_of`.

    Raises:
        UsageError: it is not understood (KZ301), can be read in two ways (KZ302), is about what the knowledge base
            does not know (KZ309), names what does not exist (KZ2xx), or is for another command, or of another date
            (KZ308).
    """
    asked = read_asked(kb, text)
    if isinstance(asked, Lead):
        command = " ".join(("kzexpert", *map(_quoted, asked.command)))
        message = f"this reads as: {asked.read_as}; another command answers that"
        raise UsageError(Issue("KZ308", message, Location(_PLACE, 1), command), texts={_PLACE: text})
    if asked.as_of and not dated:
        hint = f"leave the date out, and give --as-of {asked.as_of}"
        message = f"the question contains the date {asked.as_of}"
        raise UsageError(Issue("KZ308", message, Location(_PLACE, 1), hint), texts={_PLACE: text})
    return asked


def read_asked(kb: KnowledgeBase, text: str) -> Question | Lead:
    """Read what is asked, with its date, or what leads to another command.

    Raises:
        UsageError: see `read_question`.
    """
    text = _one_line(text)
    written = _PATTERN.fullmatch(text)
    if written and (not written["gap"] or written["name"] in kb.predicate):
        kind: Kind = "why-not" if written["negated"] else "why" if written["why"] else "what"
        atom, pattern = _read_pattern(kb, text, written.start("atom"))
        return Question(text, kind, pattern, atom.within)
    return _Words(kb, _compatible(text)).question()


def _quoted(word: str) -> str:
    from shlex import quote

    return quote(word)


def _read_pattern(kb: KnowledgeBase, text: str, start: int) -> tuple[Atom, Pattern]:
    from kzexpert.language.grammar import GrammarError, parse_atom  # plain words need no grammar

    try:
        atom = parse_atom(text[start:].rstrip(" ?."), Location(_PLACE, 1, start + 1))
    except GrammarError as error:
        raise UsageError(*error.issues, texts={_PLACE: text}) from None
    pattern, issues = resolve_atom(kb, atom)
    if pattern is None:
        raise UsageError(*issues, texts={_PLACE: text})
    return atom, pattern


def _one_line(text: str) -> str:
    """The text without line breaks around or inside, and without bytes that are no text."""
    if not text.isascii():
        text = re.sub(_HALVES, "\ufffd", text).encode(errors="surrogateescape").decode(errors="replace")
    return "".join(" " if c.isspace() else c for c in text).strip()


def _compatible(text: str) -> str:
    """The text in NFKC, so that full-width letters and other compatibility forms read like plain ones."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFKC", text)


class _Words:
    """One question in plain words, and the templates that it may fit."""

    def __init__(self, kb: KnowledgeBase, text: str) -> None:
        self.kb = kb
        self.text = text
        self.names = EntityNames(kb, text)
        self.asks = question_templates(kb)

    def question(self) -> Question | Lead:
        """The reading of the question.

        Raises:
            UsageError: there is none, or more than one.
        """
        spoken = words(self.text)
        stray = stray_signs(self.kb, self.text)
        if stray:
            raise self._refusal(spoken).unexplained(stray)
        if len(spoken) <= _MOST_WORDS:
            for kind, part in _kinds(spoken):
                fits = self._fits(part, self.asks) or self._spelled_with_articles(kind)
                if fits:
                    polar = spoken[0].stem in ("is", "do", "have")
                    return Question(self.text, kind, self._only(fits), polar=polar)
            return self._interpreted(spoken)
        raise self._refusal(spoken[:_MOST_WORDS]).not_understood()

    def _refusal(self, spoken: Sequence[Word]) -> "Refusal":
        from kzexpert.questions.refusal import Refusal  # most questions are understood

        parts = [part for _, part in _kinds(spoken)]
        return Refusal(self.kb, self.text, self.names, self.asks, spoken, parts)

    def _interpreted(self, spoken: Sequence[Word]) -> Question | Lead:
        """What no template fits word by word, as it is read."""
        from kzexpert.questions.interpretation import Unclear, interpretation  # most questions fit a template

        found = interpretation(self.kb, self.text)
        if isinstance(found, Unclear):
            raise self._refusal(spoken).unclear(found)
        if found.command[0] not in _KINDS:
            return Lead(self.text, found.read_as, found.command)
        _, pattern = _read_pattern(self.kb, f"{found.pattern}{found.tail}", 0)
        asked = Question(self.text, _KINDS[found.command[0]], pattern)
        within = pattern.relation.within if isinstance(pattern.relation, Relation) else None
        return replace(
            asked,
            within=within,
            read_as=found.read_as,
            as_of=found.as_of,
            polar=found.polar,
            counts=found.counts,
            negated=found.negated,
            by=found.by,
        )

    def _fits(self, part: Sequence[Word], asks: Sequence[Template], articles: bool = False) -> list[Fit]:
        """The best fits of all templates; a statement counts only where no question fits."""
        plain = [found for template in asks if (found := fit(template, part, self.names))]
        if plain:
            return plain
        turned = [found for template in asks if (found := self._fit_any_interrogative(template, part))]
        if turned:
            return turned
        statements = statement_templates(self.kb, articles)
        return [found for template in statements if (found := fit(template, part, self.names))]

    def _fit_any_interrogative(self, template: Template, part: Sequence[Word]) -> Fit | None:
        stripped = with_any_interrogative(template, part)
        return fit(*stripped, self.names) if stripped else None

    def _spelled_with_articles(self, kind: Kind) -> list[Fit]:
        """The fits when articles count as words, which they must where an entity is called A."""
        if not self.names.has_article:
            return []
        kinds = dict(_kinds(words(self.text, keep_articles=True)))
        return self._fits(kinds[kind], question_templates(self.kb, keep_articles=True), articles=True)

    def _only(self, fits: list[Fit]) -> Pattern:
        """The one pattern that the fits with the most words of their own agree on."""
        most = max(found.template.literals for found in fits)
        best = [found for found in fits if found.template.literals == most]
        meant = {str(pattern): pattern for found in best for pattern in patterns(found)}
        if len(meant) == 1:
            return next(iter(meant.values()))
        from kzexpert.questions.paraphrase import asked

        raise self._refusal(()).ambiguous({name: asked(self.kb, meant[name]) for name in sorted(meant)})


def _kinds(spoken: Sequence[Word]) -> Iterator[tuple[Kind, Sequence[Word]]]:
    """The ways to take a leading why, and a not in a question that begins with why."""
    if not spoken or spoken[0].text != "why":
        yield "what", spoken
        return
    yield "why", spoken[1:]
    negation = next((index for index, word in enumerate(spoken) if word.text == "not"), 0)
    if negation:
        yield "why-not", (*spoken[1:negation], *spoken[negation + 1 :])


def read_conclusion(kb: KnowledgeBase, text: str) -> Question:
    """Read what is to be explained.

    Raises:
        UsageError: it is not understood, or it asks for recent events or for dates, which nothing concludes.
    """
    question = read_question(kb, text)
    relation = question.pattern.relation
    if isinstance(relation, Relation):
        asked = str(relation).removeprefix(f"{relation.predicate} ")
        what = "recent events" if relation.within else "dates on record"
        message = f"'{asked}' selects {what}, which can only be asked for"
        hint = "leave it out here, or put it into a question to kzexpert ask"
        raise UsageError(Issue("KZ217", message, Location("question", 1), hint), texts={"question": text})
    return question
