"""The text of a condition or an atom, whole or not → what its words are. What makes no sense is passed over.

The grammar itself (`kzexpert.language.grammar`) reads whole conditions; an editor asks while they are being written.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from kzexpert.language.tokens import TOKEN
from kzexpert.model import AGGREGATES, DATE_WORDS, FUNCTIONS

__all__ = ["Mention", "OpenAtom", "call_at", "mentions"]

_WORDS = frozenset(("not", "in", "for", "and", "within", "with", "starts", "ends", "contains", "either", *DATE_WORDS))
_UNITS = frozenset(("day", "days", "month", "months", "year", "years"))


class OpenAtom(msgspec.Struct):
    """An atom whose bracket is open.

    Attributes:
        predicate: empty where the bracket is of no atom.
        position: of the argument, from 0.
        argument: its name, where that is written.
        given: the names that were written before.
    """

    predicate: str
    position: int = 0
    argument: str = ""
    given: list[str] = []


class Mention(msgspec.Struct, frozen=True):
    """A word of a condition: the name of a predicate, of an argument, a variable, or a value.

    Attributes:
        text: as written, a variable with its question mark, a text with its quotes.
        call: the atom that it is an argument of: its predicate, position and name of the argument.
    """

    kind: Literal["predicate", "argument", "variable", "value"]
    text: str
    start: int
    call: tuple[str, int, str] = ("", 0, "")

    @property
    def value(self) -> str:
        """A value without its quotes."""
        return self.text[1:-1].replace('\\"', '"').replace("\\'", "'") if self.text[0] in "\"'" else self.text


def mentions(text: str) -> Iterator[Mention]:
    """The words of a condition that name something."""
    for part, _ in _walk(text):
        if part is not None:
            yield part


def call_at(text: str) -> tuple[OpenAtom | None, int]:
    """The atom that is open at the end of a text, None where none is; and where the last word begins."""
    calls = next((calls for _, calls in reversed([*_walk(text)])), [])
    last = len(text)
    for token in TOKEN.finditer(text):
        word = token.lastgroup not in ("space", "mark") and token.end() == len(text)
        last = token.start() if word else last
        if token.lastgroup == "unknown" and token[0] in "\"'":  # a text that is not closed yet
            last = token.start()
            break
    return (calls[-1] if calls else None), last


def _walk(text: str) -> Iterator[tuple[Mention | None, list[OpenAtom]]]:
    """Each word with the atoms that are open behind it."""
    calls: list[OpenAtom] = []
    name = ""
    for token in TOKEN.finditer(text):
        kind, written, start = token.lastgroup, token[0], token.start()
        if kind == "space":
            continue
        call = calls[-1] if calls else None
        place = (call.predicate, call.position, call.argument) if call else ("", 0, "")
        part: Mention | None = None
        if kind == "mark":
            _mark(written, calls, name)
            name = ""
        elif kind == "variable":
            part = Mention("variable", written, start, place)
        elif kind == "unknown" and written in "\"'":
            yield None, calls
            return
        elif kind == "word" and (after := text[token.end() :].lstrip())[:1] == "(":
            name = written if written not in FUNCTIONS and written not in AGGREGATES and written not in _WORDS else ""
            part = Mention("predicate", written, start) if name else None
        elif kind == "word" and call and call.predicate and after[:1] == "=" and after[:2] != "==":
            call.argument = written
            call.given.append(written)
            part = Mention("argument", written, start, (call.predicate, call.position, written))
        elif kind == "text" or (kind == "word" and written != "_" and (place[0] or written not in _WORDS | _UNITS)):
            part = Mention("value", written, start, place)
        yield part, calls


def _mark(mark: str, calls: list[OpenAtom], name: str) -> None:
    """A bracket or a comma: it opens, closes or goes on with an atom."""
    if mark == "(":
        calls.append(OpenAtom(name, given=[]))
    elif mark == ")" and calls:
        calls.pop()
    elif mark == "," and calls:
        calls[-1].position += 1
        calls[-1].argument = ""
