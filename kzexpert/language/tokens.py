"""Text → tokens: the lexical half of the atom grammar, and the error that both halves raise.

It knows which characters make a word, a number or a text, and nothing of what may follow what.
"""

import re
from collections.abc import Callable

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location, Repair
from kzexpert.language.dates import parse_day
from kzexpert.language.habits import FOREIGN_MARKS, MEANT
from kzexpert.model import EXACT

__all__ = [
    "TOKEN",
    "TOO_LONG",
    "GrammarError",
    "Locator",
    "Token",
    "is_name",
    "is_too_long",
    "locator",
    "meant",
    "tokenize",
    "unquoted",
]

#: Offset of a character in a text → its place in the file.
Locator = Callable[[int], Location]

_WORD = r"[^\W\d]\w*(?:[-.]\w+)*"
#: One token; its groups are their kinds, of which `tokenize` refuses some.
TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<variable>\?[^\W\d]\w*(?:-[^\W\d]\w*)*)
    |(?P<word>{_WORD})
    |(?P<date>[0-9]+(?:-[0-9]+)+(?!\w))
    |(?P<other_day>[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}})
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<foreign>==|=~|<>|=<|=>|->|:=|:-|&&|\|\||\*\*|//|\\\+|\.\.\.?|\.(?![0-9])|!(?!=)|[≠≤≥∧∨¬~&|;:$%^\[\]{{}}“”„‘’«»−–—，（）])
    |(?P<mark>!=|<=|>=|[=<>+\-*/(),@])
    |(?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(_WORD)
_HALF = re.compile("[\ud800-\udfff]")
#: How many tokens beyond the last one a parser may look at.
_LOOKAHEAD = 5
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t"}


class GrammarError(KnowledgeBaseError):
    """A condition, an atom or a pattern that cannot be read: one issue, with the exact column."""

    @property
    def issue(self) -> Issue:
        """What is wrong."""
        return self.issues[0]


class Token(msgspec.Struct, frozen=True):
    """One token. `kind` is the name of its group in the expression above, or ``end``."""

    kind: str
    text: str
    offset: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return self.text if self.kind in ("variable", "text") else f"'{self.text}'"


def meant(text: str, place: Location) -> Repair | None:
    """What a mark or a word of another language is here; None where that is not certain."""
    return Repair(place, text, MEANT[text]) if text in MEANT else None


def is_name(text: str) -> bool:
    """Whether the text can name a predicate or an argument: a bare word, and not ``_`` or ``not``."""
    return _NAME.fullmatch(text) is not None and text not in ("_", "not")


#: What to do about a whole number that a double does not hold.
TOO_LONG = "whole numbers are exact up to 2^53, 9007199254740992; declare the argument as text"


def is_too_long(text: str) -> bool:
    """Whether a whole number, written out, lies beyond 2^53, from where on doubles leave numbers out."""
    digits = text.lstrip("+-")
    return digits.isdigit() and int(digits) > EXACT


def locator(location: Location) -> Locator:
    """Counts columns on from the place of a text's first character; on a place without a column it stays there."""
    file, line, column = location.file, location.line, location.column
    if not column:
        return lambda offset: location
    return lambda offset: Location(file, line, column + offset)


def tokenize(text: str, locate: Locator) -> list[Token]:
    """Splits a text into tokens, followed by some of kind ``end``, so that looking ahead needs no care.

    Raises:
        GrammarError: a character or a word that the grammar does not have (KZ201), a day that no calendar has (KZ112).
    """
    if not text.isascii() and (half := _HALF.search(text)):
        hint = "the text is not UTF-8, or an escape was cut in two"
        raise GrammarError(Issue("KZ201", "half of a surrogate pair is not a character", locate(half.start()), hint))
    tokens = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "space":
            continue
        found, offset = match[0], match.start()
        if kind == "foreign":
            message = f"'{found}' is not part of a condition"
            raise GrammarError(
                Issue("KZ201", message, locate(offset), FOREIGN_MARKS[found], fix=meant(found, locate(offset)))
            )
        if kind == "other_day":
            hint = "a day is written YYYY-MM-DD"
            raise GrammarError(Issue("KZ112", f"{found} is not a day", locate(offset), hint))
        if kind == "unknown":
            raise _unreadable(text, offset, locate)
        if kind == "date":
            _check_day(found, offset, locate)
        tokens.append(Token(kind, found, offset))
    tokens.extend([Token("end", "", len(text.rstrip()))] * _LOOKAHEAD)
    return tokens


def unquoted(token: Token, locate: Locator) -> str:
    """The text between the quotes, its escapes undone.

    Raises:
        GrammarError: an escape other than ``\\"  \\'  \\\\  \\n  \\t``.
    """
    inner = token.text[1:-1]
    if "\\" not in inner:
        return inner
    for escape in _ESCAPE.finditer(inner):
        if escape[1] not in _ESCAPES:
            place = locate(token.offset + 1 + escape.start())
            hint = r"the escapes are \" \' \\ \n \t; a backslash itself is written \\"
            raise GrammarError(Issue("KZ201", f"unknown escape {escape[0]!s} in a text", place, hint))
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], inner)


def _check_day(text: str, offset: int, locate: Locator) -> None:
    try:
        parse_day(text)
    except ValueError as error:
        hint = "a date in a condition is a full day, YYYY-MM-DD; a minus sign takes spaces around it"
        raise GrammarError(Issue("KZ112", str(error), locate(offset), hint)) from None


def _unreadable(text: str, offset: int, locate: Locator) -> GrammarError:
    character = text[offset]
    if character == "?":
        message, hint = "a variable without a name", "a variable is ? and a name that starts with a letter: ?state"
        before = re.search(r"\w+$", text[:offset])
        if before:
            hint = f"the ? stands before the name: ?{before[0]}"
    elif character in "\"'":
        message, hint = "a text whose closing quote is missing", f"close the text with {character}"
        if character == "'" and text[offset - 1 : offset].isalnum():
            hint = 'put a text that holds an apostrophe in double quotes: "Cap d\'Or"'
    elif character.isdigit() or character == ".":
        word = re.compile(r"[\w.\-]+").match(text, offset)
        shown = word[0] if word else character
        message = f"{shown!r} is neither a number nor a word"
        hint = f'a word starts with a letter; put the text in quotes: "{shown}"'
    else:
        shown = character if character.isprintable() else f"U+{ord(character):04X}"
        message, hint = (
            f"the character {shown} is not part of a condition",
            'put a text with such characters in "quotes"',
        )
    return GrammarError(Issue("KZ201", message, locate(offset), hint))
