"""The parts of pictures: a sheet that says what it shows, texts that fit, and marks that grey print tells apart.

A picture is one SVG element that stands alone or inside a page: no script, no style sheet, no font of its own. All text
is escaped, and what would not show is shown as an escape. Sizes are pixels of CSS, 96 to an inch.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from kzexpert.render.writer import certainty_text, display_width, visible

__all__ = [
    "AGAINST",
    "COLOURS",
    "FOR",
    "SIZE",
    "SMALL",
    "TALL",
    "WIDE",
    "apart",
    "arrow",
    "block",
    "dashed",
    "height_of",
    "label",
    "rule",
    "sheet",
    "signed",
    "text_width",
    "tint",
    "weighed",
    "wrapped",
]

#: What an A4 page, landscape, takes within margins of 10 mm.
WIDE, TALL = 1040, 710
#: Of text: 8.25 and 7.5 points.
SIZE, SMALL = 11, 10
#: Each has a contrast of at least 3:1 with both white and black paper (WCAG 2.1, 1.4.11), and those of evidence for and
#: against differ for all who see two colours. What is against is dashed as well, and has its sign.
COLOURS = ("#2f7ebc", "#c8571b", "#2b8a57", "#a05fb8", "#c0392b", "#8a7a12", "#3d8f96", "#b4567f")
FOR, AGAINST = COLOURS[:2]
_LINE = 1.25
#: Tenths of an em that the characters from the space to the tilde take in DejaVu Sans, which is as wide as sans-serif
#: gets: what fits in it fits in Arial. X stands for ten.
_TENTHS = "34586X83445834336666666666338885X7778668833769786876677X767434855665664663363X66664546686656368"
_BOLD = 1.1


def sheet(
    name: str,
    title: str,
    reading: str,
    size: tuple[float, float],
    elements: Iterable[str],
    *,
    paper: bool = True,
    fluid: bool = False,
) -> str:
    """The picture.

    Args:
        name: begins the ids of its title and its reading; another one for each picture of a page.
        title, reading: what it shows, in a line, and in words for who does not see it.
        size: width and height.
        paper: whether it lies on white paper of its own; else it takes the colours of what is around it.
        fluid: whether it is as wide as what it stands in.
    """
    width, height = (round(number) for number in size)
    wide = '"100%"' if fluid else f'"{width}"' + (f' height="{height}"' if paper else "")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width={wide} role="img" '
        f'aria-labelledby="{name}-title {name}-reading" font-family="Arial, Helvetica, sans-serif" '
        f'font-size="{SIZE if paper else 12}" fill="currentColor"{" color=" + _INK if paper else ""}>',
        f'<title id="{name}-title">{_text(title)}</title>',
        f'<desc id="{name}-reading">{_text(reading)}</desc>',
        *([f'<rect width="{width}" height="{height}" fill="#ffffff"/>'] if paper else []),
        *elements,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


_INK = '"#1f1f1f"'


# --- text ------------------------------------------------------------------------------------------------------------


def text_width(words: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Pixels that a line takes, rather more than fewer."""
    ems = 0.0
    for character in visible(words):
        if " " <= character <= "~":
            tenths = _TENTHS[ord(character) - 32]
            ems += 1.0 if tenths == "X" else int(tenths) / 10
        else:
            ems += (0.0, 0.75 if character.isalpha() else 0.9, 1.1)[display_width(character)]
    return ems * size * (_BOLD if bold else 1.0)


def wrapped(words: str, width: float, size: float = SIZE, *, bold: bool = False, most: int = 0) -> list[str]:
    """The lines of a text; a word that is wider than a line is broken.

    Args:
        width: of a line, in pixels.
        most: at most so many lines, of which the last then ends in an ellipsis; 0 for all.
    """

    def fits(line: str) -> bool:
        return text_width(line, size, bold=bold) <= width

    lines = [""]
    for word in visible(words).split():
        joined = f"{lines[-1]} {word}".lstrip()
        if fits(joined):
            lines[-1] = joined
            continue
        lines += [word] if lines[-1] else []
        lines[-1] = word
        while not fits(lines[-1]):
            line = lines.pop()
            cut = next((end for end in range(len(line) - 1, 1, -1) if fits(line[:end])), 1)
            lines += [line[:cut], line[cut:]]
            if len(line) < 2:
                break
    if most and len(lines) > most:
        last = lines[most - 1]
        while last and not fits(f"{last}…"):
            last = last[:-1]
        lines = [*lines[: most - 1], f"{last.rstrip()}…"]
    return lines


def label(x: float, y: float, words: str, anchor: str = "start", size: float = 0, more: str = "") -> str:
    """One line of text, whose foot is at y.

    Args:
        size: of the text; 0 for that of the sheet.
        more: further attributes.
    """
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    where += f' font-size="{size:g}"' if size else ""
    return f'<text x="{x:g}" y="{y:g}"{where}{more and " " + more}>{_text(words)}</text>'


def block(
    x: float, y: float, lines: Sequence[str], anchor: str = "start", size: float = SIZE, more: str = ""
) -> Iterator[str]:
    """Lines of text below each other, the head of the first at y."""
    for number, line in enumerate(lines):
        yield label(round(x, 1), round(y + size * (0.95 + _LINE * number), 1), line, anchor, size, more)


def height_of(lines: Sequence[str], size: float = SIZE) -> float:
    """What `block` takes."""
    return len(lines) * size * _LINE


def _text(words: str) -> str:
    return escape(visible(words))


# --- marks -----------------------------------------------------------------------------------------------------------


def signed(certainty: float) -> str:
    """A number with its sign, which is as wide as a plus."""
    text = certainty_text(certainty)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def weighed(strength: float) -> str:
    """How strong a line of evidence is, and on which side."""
    return f"{signed(strength)} {'against' if strength < 0 else 'for'}"


def rule(x1: float, y1: float, x2: float, y2: float, more: str) -> str:
    """A line from one place to another."""
    return f'<line x1="{x1:g}" x2="{x2:g}" y1="{y1:g}" y2="{y2:g}" {more}/>'


def dashed(certainty: float) -> str:
    """The stroke of what speaks for or against: colour, and a dash for the latter."""
    return f'stroke="{AGAINST}" stroke-dasharray="6 3"' if certainty < 0 else f'stroke="{FOR}"'


def tint(certainty: float) -> tuple[str, str]:
    """The colour of a cell, from white at 0 to full at 1 and −1, and that of the text on it."""
    ends = (0x1F, 0x5F, 0x93) if certainty > 0 else (0xA8, 0x43, 0x0F)
    share = min(1.0, abs(certainty))
    colour = "".join(f"{round(255 + (end - 255) * share):02x}" for end in ends)
    return f"#{colour}", "#ffffff" if share > 0.6 else "#1f1f1f"


def arrow(x: float, y: float, colour: str) -> str:
    """The head of an arrow that ends at a place, from the left."""
    return f'<path d="M{x:g} {y:g}l-7 -3.5v7z" fill="{colour}"/>'


# --- places ----------------------------------------------------------------------------------------------------------


def apart(wanted: Sequence[float], sizes: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Middles near those that are wanted, in the same order and so far apart that nothing overlaps.

    Args:
        sizes: how much each takes.
        low, high: between which all lie, as far as there is room.
    """
    places: list[float] = []
    foot = low - gap
    for middle, size in zip(wanted, sizes, strict=True):
        places.append(max(middle, foot + gap + size / 2))
        foot = places[-1] + size / 2
    head = high + gap
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], head - gap - sizes[number] / 2)
        head = places[number] - sizes[number] / 2
    sunk = low - head if places else 0.0
    return [round(place + max(0.0, sunk), 1) for place in places]
