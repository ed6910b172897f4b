"""What refers to the question before: ``and in energy?``, ``why?``, ``what if not member(...)``, ``it`` and ``there``.

A follow-up becomes a command with a question that stands alone, so that whatever reads questions reads it. Nothing is
guessed: what may mean several things is told with all of them.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TypeAlias

import msgspec

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language import GrammarError, parse_atom
from kzexpert.model import Constant, Entity, KnowledgeBase, Pattern, Variable
from kzexpert.program.resolve import resolve_atom
from kzexpert.questions.english import TODAY
from kzexpert.questions.paraphrase import ENDS, among, asked, stated
from kzexpert.questions.templates import EntityNames, Word, words

__all__ = ["Before", "FollowUp", "asked_before", "follow_up"]

_PLACE = "question"
_WHAT_IF = re.compile(
    r"(?:and\s+|but\s+)?what\s+if\s+(?P<negated>not\s+)?(?P<atom>[^\W\d][\w.-]*\(.*\))\s*\??", re.I | re.S
)
_WHY = re.compile(
    r"(?:and\s+|but\s+)?why(?P<negated>[\s-]+not)?\b(?:\s+(?:is\s+that|so|that))?(?P<rest>.*)", re.I | re.S
)
_AND = re.compile(r"(?:and|but|what\s+about|how\s+about)\b(?P<rest>.*)", re.I | re.S)
_COMPARE = re.compile(
    r"(?:and\s+|but\s+)?compare\b(?:\s+(?:it|that|this|them)\b)?(?:\s+(?:with|to|and)\b)?(?P<rest>.*)", re.I | re.S
)
#: Questions about the answer before → the command that answers them.
_ABOUT_ANSWER = (
    (
        re.compile(
            r"(?:and\s+)?(?:since\s+when|when|over\s+(?:the\s+years|time)|how\s+did\s+(?:it|that)\s+change)", re.I
        ),
        "timeline",
    ),
    (re.compile(r"(?:and\s+)?what\s+does\s+(?:it|that)\s+(?:hang|rest|depend)\s+on", re.I), "linchpins"),
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|he|she|him|his|her)\b|\b(?<!is )(?<!are )there\b(?! (?:is|are|any|an?)\b)", re.I
)
_POSSESSIVE = frozenset(("its", "their", "his"))
#: Words before a name that do not change what it means.
_SMALL = frozenset(("and", "in", "for", "with", "of", "to", "by", "from", "about", "on", "then", "as", "is", "towards"))
_YEARS = range(1000, 3000)
#: What speaks of a day of its own.
_DATED = re.compile(rf"\b(?:[0-9]{{4}}|{'|'.join(sorted(TODAY))})\b", re.I)


#: A text, and whether it must be understood word by word.
IsQuestion: TypeAlias = Callable[[str, bool], bool]


class Before(msgspec.Struct, frozen=True):
    """What was asked before.

    Attributes:
        pattern: None where the last answer was about no pattern.
        about: the names of entities that the question gave.
        answers: those that answered it, the most certain first.
        as_of: the day that it was asked for; empty where that is the day of all questions.
    """

    pattern: Pattern | None = None
    about: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    as_of: str = ""


class FollowUp(msgspec.Struct, frozen=True):
    """A command that stands alone.

    Attributes:
        words: the command and its arguments.
        read_as: what it asks, for saying so.
        as_of: a day for this command only; empty where there is none.
    """

    words: tuple[str, ...]
    read_as: str
    as_of: str = ""


def asked_before(text: str, before: Before) -> Pattern:
    """What was asked before.

    Raises:
        UsageError: nothing was (KZ301).
    """
    if before.pattern is None:
        hint = f"ask one about {before.about[0]} first" if before.about else "ask one first"
        raise _error(text, "KZ301", f"no question was asked before that '{text}' could be about", hint)
    return before.pattern


def follow_up(kb: KnowledgeBase, text: str, before: Before, is_question: IsQuestion) -> FollowUp | None:
    """What a text asks about the answer before.

    Args:
        is_question: whether a text that stands alone is understood; and whether word by word, if that is wanted.

    Returns:
        None where it does not refer to it.

    Raises:
        UsageError: there was no answer before (KZ301), or it may mean several things (KZ302).
    """
    text = text.strip()
    found = _of_answer(kb, text, before) or _compared(kb, text, before, is_question)
    if found is not None:
        return found
    more = _AND.fullmatch(text)
    if more and is_question(rest := more["rest"].strip(), False):
        return FollowUp(("ask", rest), rest)
    pronoun = _PRONOUN.search(text)
    return _with_name(kb, text, pronoun, before, is_question) if pronoun and not is_question(text, False) else None


def _of_answer(kb: KnowledgeBase, text: str, before: Before) -> FollowUp | None:
    """What asks more about the answer: with another condition, for the reasons, with another name in the question."""
    bare = text.rstrip(" ?.!")
    supposed = _WHAT_IF.fullmatch(text)
    if supposed:
        return _supposed(kb, supposed, before)
    for written, command in _ABOUT_ANSWER:
        if written.fullmatch(bare):
            pattern = asked_before(text, before)
            return _command(kb, command, pattern, before.as_of if command != "timeline" else "")
    why, more = _WHY.fullmatch(bare), _AND.fullmatch(bare)
    if why:
        change = _changes(kb, why["rest"])
        if change is not None:
            return _changed_command(kb, text, "why-not" if why["negated"] else "why", before, change)
    elif more:
        change = _changes(kb, more["rest"])
        if change is not None and (change.entities or change.as_of):
            return _changed_command(kb, text, "ask", before, change)
    return None


def _changed_command(kb: KnowledgeBase, text: str, name: str, before: Before, change: "_Change") -> FollowUp:
    """A command about the question before with other names, on its day or on another one."""
    day = change.as_of or before.as_of

    def said(pattern: str) -> str:
        options = ["--as-of", day] if day else []
        return shlex.join([name, pattern, *options]) if day or name != "ask" else pattern

    pattern = _changed(kb, text, asked_before(text, before), change, said, opened_first=name != "ask")
    return _command(kb, name, pattern, day)


def _supposed(kb: KnowledgeBase, found: re.Match[str], before: Before) -> FollowUp:
    """What changes of the answer if a statement held, or did not."""
    about = "" if before.pattern is None else f" in '{asked(kb, before.pattern)}'"
    negated = bool(found["negated"])
    try:
        pattern, _ = resolve_atom(kb, parse_atom(found["atom"], Location(_PLACE)))
    except GrammarError:  # the command tells what is wrong with it
        pattern = None
    says = stated(kb, pattern) if pattern else found["atom"]
    limit = "--all" if before.pattern is None else str(before.pattern)
    line = ("what-if", limit, "--without" if negated else "--assume", found["atom"])
    read_as = f"what changes{about} if it were {'not ' * negated}so that {says}"
    return FollowUp(line, f"{read_as}{_day(before.as_of)}", before.as_of)


def _compared(kb: KnowledgeBase, text: str, before: Before, is_question: IsQuestion) -> FollowUp | None:
    """What sets the answer against others by the evidence; more than one name may be a question that stands alone."""
    compare = _COMPARE.fullmatch(text.rstrip(" ?.!"))
    change = _changes(kb, compare["rest"]) if compare else None
    if change is None or (len(change.entities) > 1 and is_question(text, False)):
        return None
    pattern = asked_before(text, before)
    predicate = kb.predicate[pattern.predicate]
    kinds = {spec.name: spec.type for spec in predicate.args}
    if not predicate.compares:
        hint = "ask a question whose predicate has compares in the vocabulary"
        raise _error(text, "KZ301", f"the answers to '{asked(kb, pattern)}' cannot be compared", hint)
    place = [*kinds].index(predicate.compares)
    own = pattern.terms[place]
    rivals = [own.value] if isinstance(own, Constant) else []
    others: list[tuple[tuple[str, str], ...]] = []
    for meanings in change.entities:
        names = [name for kind, name in meanings if kind == kinds[predicate.compares]]
        rivals += names[:1]
        others += [] if names else [meanings]
    pattern = _changed(kb, text, pattern, _Change(tuple(others), change.as_of))
    terms = list(pattern.terms)
    terms[place] = Variable(predicate.compares)
    pattern, as_of = msgspec.structs.replace(pattern, terms=tuple(terms)), change.as_of or before.as_of
    return FollowUp(
        ("matrix", str(pattern)), f"{asked(kb, pattern)}{among(dict.fromkeys(map(str, rivals)))}{_day(as_of)}", as_of
    )


def _command(kb: KnowledgeBase, name: str, pattern: Pattern, as_of: str = "") -> FollowUp:
    return FollowUp((name, str(pattern)), f"{asked(kb, pattern)}{ENDS.get(name, '')}{_day(as_of)}", as_of)


def _day(as_of: str) -> str:
    return f", as of {as_of}" if as_of else ""


# --- another name in the question before ---


class _Change(msgspec.Struct, frozen=True):
    """Names and a year that a text consists of; for each name the entities that are called so."""

    entities: tuple[tuple[tuple[str, str], ...], ...] = ()
    as_of: str = ""


def _changes(kb: KnowledgeBase, text: str) -> _Change | None:
    """What a text names; None where it says more than that."""
    spoken, names = words(text), EntityNames(kb, text)
    entities: list[tuple[tuple[str, str], ...]] = []
    as_of, at = "", 0
    while at < len(spoken):
        end, meanings = next(iter(names.at(spoken, at)), (at, []))
        if meanings:
            entities.append(tuple(meanings))
            at = end
            continue
        year = _year(spoken[at])
        if (year and as_of) or (not year and spoken[at].text not in _SMALL):
            return None
        as_of, at = year or as_of, at + 1
    return _Change(tuple(entities), as_of)


def _year(word: Word) -> str:
    return f"{word.value:.0f}" if isinstance(word.value, float) and word.value in _YEARS else ""


def _changed(
    kb: KnowledgeBase,
    text: str,
    pattern: Pattern,
    change: _Change,
    said: Callable[[str], str] = str,
    opened_first: bool = False,
) -> Pattern:
    """The pattern with other names.

    Args:
        said: what is typed for a pattern, for the hint where there are several.
        opened_first: whether a name stands for what the pattern leaves open, rather than for what it gives.
    """
    _refuse_several(text, change)
    for meanings in change.entities:
        found = {str(other): other for kind, name in meanings for other in _with(kb, pattern, kind, name, opened_first)}
        if not found:
            name = meanings[0][1]
            raise _error(text, "KZ301", f"{pattern} has no place for {name}", "ask a whole question")
        if len(found) > 1:
            hint = "\n".join(["ask one of them:", *map(said, found)])
            raise _error(text, "KZ302", f"'{text}' can be read in {len(found)} ways", hint)
        (pattern,) = found.values()
    return pattern


def _refuse_several(text: str, change: _Change) -> None:
    """Two names of a kind would have to stand in one place."""
    for one, other in combinations(change.entities, 2):
        if {kind for kind, _ in one} & {kind for kind, _ in other}:
            message = f"{one[0][1]} and {other[0][1]} cannot both stand in the question before"
            raise _error(text, "KZ301", message, "name one of them, and ask again with the other")


def _with(kb: KnowledgeBase, pattern: Pattern, kind: str, name: str, opened_first: bool) -> Iterator[Pattern]:
    """The pattern with a name in each place where it may stand: those that are given, or those that are open."""
    places = [place for place, spec in enumerate(kb.predicate[pattern.predicate].args) if spec.type == kind]
    given = [place for place in places if isinstance(pattern.terms[place], Constant)]
    left = [place for place in places if place not in given]
    for place in (left or given) if opened_first else (given or left):
        terms = list(pattern.terms)
        terms[place] = Constant(name)
        yield msgspec.structs.replace(pattern, terms=tuple(terms))


# --- it and there ---


def _with_name(
    kb: KnowledgeBase, text: str, pronoun: re.Match[str], before: Before, is_question: IsQuestion
) -> FollowUp | None:
    """The question with the name that a pronoun stands for: one that the question before gave, else its answer."""
    if not before.about and not before.answers:
        raise _error(
            text, "KZ301", f"nothing was asked before that '{pronoun[0]}' could stand for", "name what you mean"
        )
    said = {found[0].lower() for found in _PRONOUN.finditer(text)}
    if "there" in said and len(said) > 1:
        both = " and ".join(f"'{word}'" for word in sorted(said))
        raise _error(text, "KZ302", f"{both} may stand for several things", "name one of them")
    alone = [found[0].lower() for found in _PRONOUN.finditer(text) if found[0].lower() not in _POSSESSIVE]
    if len(alone) > 1:
        message = f"'{alone[0]}' and '{alone[1]}' may stand for different things"
        raise _error(text, "KZ302", message, "name one of them")
    for literal in (True, False):
        for names in (before.about, before.answers):
            found = [put for name in dict.fromkeys(names) if is_question(put := _named(kb, text, name), literal)]
            if len(found) > 1 and names is before.answers:
                hint = "\n".join(["ask one of them:", *found])
                raise _error(text, "KZ302", f"'{pronoun[0]}' may stand for several things", hint)
            if found:
                day = "" if _DATED.search(text) else before.as_of
                return FollowUp(("ask", found[0]), f"{found[0].rstrip(' ?')}{_day(day)}" if day else found[0], day)
    return None


def _named(kb: KnowledgeBase, text: str, name: str) -> str:
    entity = kb.inflected.get(name) or Entity(name, "")

    def put(found: re.Match[str]) -> str:
        said = found[0].lower()
        spoken = entity.form("possessive" if said in _POSSESSIVE else "")
        return f"in {spoken}" if said == "there" else spoken

    return _PRONOUN.sub(put, text)


def _error(text: str, code: str, message: str, hint: str) -> UsageError:
    return UsageError(Issue(code, message, Location(_PLACE, 1, 1), hint), texts={_PLACE: text})
