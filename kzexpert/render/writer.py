"""Lines that fit a terminal: widths, wrapping, and roles that a style may turn into colours.

Nothing that comes from a file reaches the terminal as a control character.
"""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

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


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


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

        A word that is longer than a line stands on one of its own.

        Args:
            first: what the first line begins with; `rest`: what the others begin with.
        """
        lines: list[list[Piece]] = [[("", first)]]
        column = display_width(first)
        gap = ""
        for role, text in pieces:
            for index, word in enumerate(map(visible, text.split(" "))):
                if index:
                    gap = " "
                if not word:
                    continue
                if gap and column + 1 + display_width(word) > self.width:
                    lines.append([("", rest)])
                    column, gap = display_width(rest), ""
                lines[-1].append((role, gap + word))
                column += len(gap) + display_width(word)
                gap = ""
        return "\n".join(_styled(line, self.style) for line in lines)


def _styled(line: Sequence[Piece], style: Style) -> str:
    """One line, each run of words of one role styled as one."""
    runs: list[Piece] = []
    for role, text in line:
        if runs and runs[-1][0] == role:
            runs[-1] = (role, runs[-1][1] + text)
        else:
            runs.append((role, text))
    return "".join(style(role, text) for role, text in runs)


#: Writes to pipes and files.
PLAIN = Writer()
