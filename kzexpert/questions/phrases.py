"""What a question wants, and of which years: the phrases and dates around what it is about.

It takes them out of the tokens, so that whatever is left has to be read by something else.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from kzexpert.questions.english import (
    DECISIVE,
    FUNCTION_WORDS,
    INTENTS,
    POLITENESS,
    SUPERLATIVES,
    TODAY,
    Intent,
    Phrase,
)
from kzexpert.questions.spoken import Lexeme

__all__ = ["Wish", "dates_joined", "polite", "wish_of"]

#: Words before which "how" asks for a manner or a number, and not for a degree.
_AFTER_HOW = FUNCTION_WORDS | DECISIVE
_YEAR = re.compile(r"[12]\d{3}(-\d\d(-\d\d)?)?")


class Wish(msgspec.Struct, frozen=True):
    """What is wanted.

    Attributes:
        intent: what it leads to.
        tokens: what it is about.
        rest: these without not, and without words for the strongest and for today.
        as_of: a date as written; empty where there is none.
        years: the first and the last year of a range, either empty where it is open; None where there is none.
        during: whether the date stands behind ``in``, so that of an event it may be the year in which it took place.
        negated: how many times ``not`` stood there.
        strongest: whether it asks for the strongest only.
        today: whether it speaks of today.
    """

    intent: Intent
    tokens: tuple[Lexeme, ...]
    rest: tuple[Lexeme, ...]
    as_of: str = ""
    years: tuple[str, str] | None = None
    during: bool = False
    negated: int = 0
    strongest: bool = False
    today: bool = False


def wish_of(tokens: Sequence[Lexeme]) -> Wish | None:
    """What a question wants; None where its phrases want two things at once."""
    rest = polite(tuple(tokens))
    intents: list[Intent] = []
    while found := _longest(rest):
        intent, rest = found
        intents.append(intent)
        rest = polite(rest)
    wanted: set[Intent] = {*intents} - {"what"}
    rest, as_of, years, during = _dates(rest)
    if years is not None:
        wanted.add("timeline")
    if len(wanted) > 1:
        return None
    rest = _plain(rest)
    negated = sum(token.text == "not" for token in rest)
    return Wish(
        next(iter(wanted), "what"),
        rest,
        tuple(token for token in rest if token.text not in ("not", *SUPERLATIVES, *TODAY)),
        as_of,
        years,
        during,
        negated,
        any(token.text in SUPERLATIVES for token in rest),
        any(token.text in TODAY for token in rest),
    )


def _plain(tokens: tuple[Lexeme, ...]) -> tuple[Lexeme, ...]:
    """The tokens without "how" before an adjective, and without "its" or "its own" behind the name that it means."""
    names = [number for number, token in enumerate(tokens) if token.names]
    found = list(tokens)
    if len(tokens) > 1 and tokens[0].text == "how" and not tokens[1].names and tokens[1].text not in _AFTER_HOW:
        del found[0]
    owning = [False, *(token.text in ("its", "their") for token in found)]
    found = [token for token, owned in zip(found, owning, strict=False) if not (owned and token.text == "own")]
    if names:
        found = [token for token in found if token.text not in ("its", "their") or token.start < tokens[names[0]].start]
    return tuple(found)


def polite(tokens: tuple[Lexeme, ...]) -> tuple[Lexeme, ...]:
    """The tokens without what is only polite, before and after the question."""
    for phrase in POLITENESS:
        (run,) = phrase
        if _begins(tokens, run):
            return polite(tokens[len(run) :])
        if len(tokens) > len(run) and _begins(tokens[-len(run) :], run):
            return polite(tokens[: -len(run)])
    return tokens


def _longest(tokens: tuple[Lexeme, ...]) -> tuple[Intent, tuple[Lexeme, ...]] | None:
    """The longest phrase that the tokens hold: its intent, and the tokens without it."""
    best: tuple[int, Intent, tuple[Lexeme, ...]] | None = None
    for intent, phrases in INTENTS.items():
        for phrase in phrases:
            length = sum(map(len, phrase))
            rest = _without(tokens, phrase)
            if rest is not None and (best is None or length > best[0]):
                best = (length, intent, rest)
    return best and best[1:]


def _without(tokens: tuple[Lexeme, ...], phrase: Phrase) -> tuple[Lexeme, ...] | None:
    """The tokens without a phrase; None where they do not hold it."""
    first, *others = phrase
    if not _begins(tokens, first):
        return None
    rest: list[Lexeme] = []
    place = len(first)
    for run in others:
        found = next((at for at in range(place, len(tokens)) if _begins(tokens[at:], run)), None)
        if found is None:
            return None
        rest.extend(tokens[place:found])
        place = found + len(run)
    return (*rest, *tokens[place:])


def _begins(tokens: Sequence[Lexeme], run: Sequence[str]) -> bool:
    return len(tokens) >= len(run) and all(token.text == word for token, word in zip(tokens, run, strict=False))


# --- dates -----------------------------------------------------------------------------------------------------------


def _dates(tokens: tuple[Lexeme, ...]) -> tuple[tuple[Lexeme, ...], str, tuple[str, str] | None, bool]:
    """The tokens without their dates: a day or a year, or a range of years, and whether it stands behind ``in``."""
    at = [number for number, token in enumerate(tokens) if _is_date(token)]
    texts = [token.text for token in tokens]

    def before(number: int, *words: str) -> bool:
        return tuple(texts[max(number - len(words), 0) : number]) == words

    if len(at) == 2 and at[1] == at[0] + 2:
        first, last = at
        for opening, middle in (("from", "to"), ("between", "and"), ("from", "until"), ("since", "until")):
            if before(first, opening) and texts[first + 1] == middle:
                return _cut(tokens, first - 1, last + 1), "", (texts[first], texts[last]), False
    if len(at) != 1:
        return tokens, "", None, False
    (place,) = at
    if before(place, "since") or before(place, "from"):
        return _cut(tokens, place - 1, place + 1), "", (texts[place], ""), False
    for words in (
        ("in", "year"),
        ("as", "of"),
        ("at", "end", "of"),
        ("in",),
        ("by",),
        ("on",),
        ("during",),
        ("for",),
        (),
    ):
        if before(place, *words):
            return _cut(tokens, place - len(words), place + 1), texts[place], None, words[:1] in (("in",), ("during",))
    return tokens, "", None, False


def _cut(tokens: tuple[Lexeme, ...], start: int, end: int) -> tuple[Lexeme, ...]:
    return (*tokens[:start], *tokens[end:])


def _is_date(token: Lexeme) -> bool:
    return token.value is not None and _YEAR.fullmatch(token.text) is not None


def dates_joined(tokens: Iterable[Lexeme]) -> tuple[Lexeme, ...]:
    """The tokens with a year and a month behind it, which words take for two numbers, as one."""
    found: list[Lexeme] = []
    for token in tokens:
        last = found[-1] if found else None
        if (
            last
            and last.end == token.start
            and re.fullmatch(r"[12]\d{3}", last.text)
            and re.fullmatch(r"-\d\d", token.text)
        ):
            found[-1] = Lexeme(last.text + token.text, "", last.start, token.end, last.text + token.text)
        else:
            found.append(token)
    return tuple(found)
