"""The parts of pictures: a sheet that says what it shows, texts that fit, and marks that grey print tells apart.

A picture is one SVG element that stands alone or inside a page: no script, no style sheet, no font of its own. All text
is escaped, and what would not show is shown as an escape. Sizes are pixels of CSS, 96 to an inch.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from math import ceil

from kzexpert.errors import counted
from kzexpert.render.writer import certainty_text, display_width, sentence, visible

__all__ = [
    "AGAINST",
    "COLOURS",
    "FOR",
    "HALO",
    "INK",
    "LINE_KEY",
    "QUIET",
    "SIZE",
    "SMALL",
    "TALL",
    "WIDE",
    "apart",
    "arrow",
    "block",
    "dashed",
    "escaped",
    "figure",
    "heading",
    "height_of",
    "label",
    "left_out",
    "line_key",
    "rule",
    "sheet",
    "signed",
    "supposed",
    "text_width",
    "tint",
    "weighed",
    "wrapped",
]

#: What a picture may take of an A4 page, landscape, within margins of 10 mm, with the title and notes around it.
WIDE, TALL = 1030, 600
#: Of text: 8.25 and 7.5 points.
SIZE, SMALL = 11, 10
#: Each has a contrast of at least 3:1 with both white and black paper (WCAG 2.1, 1.4.11), and those of evidence for and
#: against differ for all who see two colours. What is against is dashed as well, and has its sign.
COLOURS = ("#2f7ebc", "#c8571b", "#2b8a57", "#a05fb8", "#c0392b", "#8a7a12", "#3d8f96", "#b4567f")
FOR, AGAINST = COLOURS[:2]
#: The relative luminance of a ground on which black and white read equally well (WCAG 2.1, 1.4.3).
_MIDDLE = 0.179
INK, QUIET = "#1f1f1f", "#8a8a8a"
#: Keeps a text on white paper apart from lines behind it.
HALO = 'stroke="#ffffff" stroke-width="3" paint-order="stroke"'
_LINE = 1.25
_MARGIN, _HEAD, _TITLE, _ABOVE_NOTES, _NARROWEST = 4, 32, 15, 8, 640
_ATOM = re.compile(r"\w\(")
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
    notes: Sequence[str] = (),
    *,
    paper: bool = True,
    nothing: str = "Nothing is established.",
) -> str:
    """The picture: its title, what is drawn, and notes below it.

    Args:
        name: begins the ids of its title and its reading; another one for each picture of a page.
        title, reading: what it shows, in a line, and in words for who does not see it; the notes are read out after it.
        size: width and height of what is drawn; `elements` have their origin at its left upper corner.
        paper: whether it stands alone, with a margin and its title on white paper. Else it takes the colours of what is
            around it, where the title stands.
        nothing: what is said where there is nothing to read out.
    """
    notes = notes if reading or not nothing else [nothing, *notes]
    reading = " ".join(filter(None, [reading, *notes]))
    margin, head = (_MARGIN, _HEAD) if paper else (0, 0)
    room = max(size[0], _NARROWEST if paper else 0)
    told = [line for note in notes for line in wrapped(note, room, SMALL)]
    below = _ABOVE_NOTES + height_of(told, SMALL) if told else 0
    width, height = ceil(room + 2 * margin), ceil(head + size[1] + below + margin)
    alone = f' height="{height}" color="{INK}"' if paper else ""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"{alone} role="img" '
        f'aria-labelledby="{name}-title {name}-reading" font-family="Arial, Helvetica, sans-serif" '
        f'font-size="{SIZE}" fill="currentColor">',
        f'<title id="{name}-title">{escaped(title)}</title>',
        f'<desc id="{name}-reading">{escaped(reading)}</desc>',
    ]
    if paper:
        lines.append(f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
        heading = wrapped(title, room, _TITLE, bold=True, most=1)
        lines += block(margin, margin, heading, size=_TITLE, more='font-weight="bold"')
    lines += [f'<g transform="translate({margin} {head})">', *elements]
    lines += block(0, size[1] + _ABOVE_NOTES, told, size=SMALL)
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def heading(question: str, instead: str) -> str:
    """What stands over a picture: the question, unless it is a pattern, which is code."""
    return sentence(instead if _ATOM.search(question) else question)


def left_out(*counts: tuple[int, str]) -> list[str]:
    """The note that says how many of some things are not drawn, if there are any."""
    told = [counted(number, f"more {thing}") for number, thing in counts if number]
    return [f"Not drawn: {' and '.join(told)}; --limit all draws all."] if told else []


def supposed(as_of: date, assumed: Sequence[str], withdrawn: Sequence[str]) -> str:
    """As of when a picture holds, and under how many assumptions."""
    given = ((len(assumed), "assumed"), (len(withdrawn), "withdrawn"))
    told = " and ".join(f"{counted(number, 'fact')} {word}" for number, word in given if number)
    return f"As of {as_of.isoformat()}{f', with {told}' if told else ''}."


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
    where += f' font-size="{size:g}"' if size not in (0, SIZE) else ""
    return f'<text x="{x:g}" y="{y:g}"{where}{more and " " + more}>{escaped(words)}</text>'


def block(
    x: float, y: float, lines: Sequence[str], anchor: str = "start", size: float = SIZE, more: str = ""
) -> Iterator[str]:
    """Lines of text below each other, the head of the first at y."""
    for number, line in enumerate(lines):
        yield label(round(x, 1), round(y + size * (0.95 + _LINE * number), 1), line, anchor, size, more)


def height_of(lines: Sequence[str], size: float = SIZE) -> float:
    """What `block` takes."""
    return len(lines) * size * _LINE


def escaped(words: str) -> str:
    """Text as it stands in an element."""
    return escape(visible(words))


# --- marks -----------------------------------------------------------------------------------------------------------


def figure(certainty: float) -> str:
    """A certainty, with a minus that is as wide as a plus and is read out as one."""
    return certainty_text(certainty).replace("-", "−")


def signed(certainty: float) -> str:
    """A certainty with its sign."""
    text = figure(certainty)
    return text if text.startswith("−") else f"+{text}"


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
    """The colour of a cell, from white at 0 to full at 1 and −1, and that of the text on it, at a contrast of 4.5:1."""
    ends = (0x1F, 0x5F, 0x93) if certainty > 0 else (0xA8, 0x43, 0x0F)
    share = min(1.0, abs(certainty))
    parts = [round(255 + (end - 255) * share) for end in ends]
    light = sum(weight * (part / 255) ** 2.2 for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts), "#000000" if light > _MIDDLE else "#ffffff"


def arrow(x: float, y: float, colour: str) -> str:
    """The head of an arrow that ends at a place, from the left."""
    return f'<path d="M{x:g} {y:g}l-7 -3.5v7z" fill="{colour}"/>'


def line_key(y: float) -> Iterator[str]:
    """What the lines mean, from the left; `LINE_KEY` is how far it reaches."""
    x = 0.0
    for strength, words in _SIDES.items():
        yield f'<path d="M{x:g} {y + 8:g}h26" fill="none" stroke-width="3" {dashed(strength)}/>'
        yield label(x + 32, y + 12, words, size=SMALL)
        x += 32 + text_width(words, SMALL) + 20


_SIDES = {0.5: "evidence for; the wider, the stronger", -0.5: "evidence against (dashed)"}
LINE_KEY = sum(52 + text_width(words, SMALL) for words in _SIDES.values())


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
