"""Lines that fit a terminal: widths, wrapping, and roles that a style may turn into colours.

Nothing that comes from a file reaches the terminal as a control character.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

__all__ = [
    "PLAIN",
    "WIDTH",
    "Piece",
    "Style",
    "Writer",
    "as_markup",
    "as_plain",
    "certainty_text",
    "display_width",
    "sentence",
    "stated",
    "visible",
]

#: Columns of a line where no terminal says otherwise.
WIDTH = 80

#: A role and a text. Roles: "" · strong · name · good · poor · bad · faint.
Piece: TypeAlias = tuple[str, str]

#: Role, text → text as it is printed.
Style: TypeAlias = Callable[[str, str], str]

_COLOURS = {"strong": "bold", "name": "cyan", "good": "green", "poor": "yellow", "bad": "bold red", "faint": "dim"}


def certainty_text(certainty: float) -> str:
    """Two decimals, and never a negative zero."""
    return f"{round(certainty, 2) + 0.0:.2f}"


def as_plain(_role: str, text: str) -> str:
    """The style of pipes and files."""
    return text


def as_markup(role: str, text: str) -> str:
    """The style of terminals: console markup of rich."""
    return f"[{_COLOURS.get(role, 'none')}]{_BRACKET.sub(_escaped, text)}[/]"


#: Where rich reads backslashes: before what looks like a tag, before another bracket, and before the tag that closes.
_BRACKET = re.compile(r"(\\*)(\[[a-z#/@][^[]*?]|\[|\Z)")


def _escaped(found: re.Match[str]) -> str:
    """Backslashes and what follows, so that rich prints both: `rich.markup.escape` minds tags alone."""
    backslashes, what = found.groups()
    if what == "[":
        return f"{backslashes}\\["
    return f"{backslashes * 2}\\{what}" if what else backslashes * 2


def visible(text: str) -> str:
    """The text with control characters, and others that do not show, as escapes; any white space is a space."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c.isspace() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def sentence(text: str) -> str:
    """The text with a capital in front, as a sentence begins."""
    return text[:1].upper() + text[1:]


def stated(says: str, atom: str) -> str:
    """A statement as a line begins with it: its sentence, or the atom as it is where there is none."""
    return says if says == atom else sentence(says)


#: Categories of characters that stand on or between others: marks, joiners.
_NO_COLUMN = ("Mn", "Me", "Cf")


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters take two, combining ones and joiners none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(0 if category(c) in _NO_COLUMN else 2 if east_asian_width(c) in "WF" else 1 for c in text)


class Writer(msgspec.Struct, frozen=True):
    """What text is written with.

    Attributes:
        style: how roles are shown.
        width: columns of a line.
    """

    style: Style = as_plain
    width: int = WIDTH

    def wrap(self, pieces: Sequence[Piece], first: str = "", rest: str = "") -> str:
        """Fill lines with the words of some pieces, which join without a space; a no-break space is printed as a space.

        The words of a name stay together, as do a word and the number behind it, as far as a third of the line takes
        them. No short word is left alone on the last line if the one before can spare another. What is longer than a
        line stands on one of its own.

        Args:
            first: what the first line begins with; `rest`: what the others begin with.
        """
        lines: list[list[_Word]] = [[]]
        column, indent = display_width(first), display_width(rest)
        for word in _units(pieces, (self.width - indent) // 3):
            if lines[-1] and column + 1 + word.width > self.width:
                lines.append([])
                column = indent
            column += word.width + bool(lines[-1])
            lines[-1].append(word)
        *_, before, last = [[], *lines]
        alone = len(last) == 1 and last[0].width < _SHORT and " " not in last[0].text and len(before) > 2
        if alone and indent + before[-1].width + 1 + last[0].width <= self.width:
            last.insert(0, before.pop())
        indents = [first, *[rest] * len(lines)]
        return "\n".join(_styled(start, line, self.style) for start, line in zip(indents, lines, strict=False))


class _Word(NamedTuple):
    """What stands between two spaces, or several of these that no line break parts; of one role or of several."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)

    @property
    def width(self) -> int:
        return display_width(self.text)


def _words(pieces: Sequence[Piece]) -> Iterator[_Word]:
    """The words, wherever the pieces begin and end; a space belongs to the piece that it stands in."""
    word: list[Piece] = []
    for role, text in pieces:
        for index, part in enumerate(map(visible, text.split(" "))):
            if index and word:
                yield _Word(tuple(word))
                word = []
            if part:
                word.append((role, part))
    if word:
        yield _Word(tuple(word))


def _units(pieces: Sequence[Piece], widest: int) -> Iterator[_Word]:
    """The words, those of a name as one where that is no wider than so many columns."""
    unit: _Word | None = None
    for word in _words(pieces):
        if unit is None:
            unit = word
        elif _TOGETHER.search(f"{unit.text.rpartition(' ')[2]} {word.text}") and unit.width + word.width < widest:
            role, text = word.pieces[0]
            unit = _Word((*unit.pieces, (role, f" {text}"), *word.pieces[1:]))
        else:
            yield unit
            unit = word
    if unit is not None:
        yield unit


#: A word of fewer columns does not stand alone on the last line.
_SHORT = 13
#: Two words that no line break parts: both begin with a capital, or a number follows a word.
_TOGETHER = re.compile(r"^[(\"]*[^\W\d_a-z]\S*[^\W_] [^\W\d_a-z]|^[(\"]*[^\W\d](\S*[^\W_])?\.? \d+(\.\d+)?\W*$")


def _styled(start: str, line: Sequence[_Word], style: Style) -> str:
    """One line, each run of words of one role styled as one."""
    runs: list[Piece] = [("", start)]
    for index, word in enumerate(line):
        for number, (role, text) in enumerate(word.pieces):
            text = f" {text}" if index and not number else text
            if runs[-1][0] == role:
                runs[-1] = (role, runs[-1][1] + text)
            else:
                runs.append((role, text))
    return "".join(style(role, text) for role, text in runs)


#: Writes to pipes and files.
PLAIN = Writer()
