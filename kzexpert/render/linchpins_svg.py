"""How a certainty is built up, line by line, as a waterfall; and what is left of it without each thing it hangs on."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kzexpert.analysis.linchpins import Effect, Hanging, Linchpins
from kzexpert.certainty import THRESHOLD, combine
from kzexpert.model import Inference
from kzexpert.proof.answers import EvidenceLine, conclude, ranked
from kzexpert.questions.question import Question
from kzexpert.render.abridgement import first_of
from kzexpert.render.svg import (
    AGAINST,
    FOR,
    HALO,
    QUIET,
    SIZE,
    SMALL,
    block,
    dashed,
    figure,
    heading,
    height_of,
    label,
    left_out,
    rule,
    sheet,
    signed,
    supposed,
    wrapped,
)
from kzexpert.render.writer import sentence, stated

__all__ = ["linchpins_svg"]

#: As wide, and as high, as an A4 page is upright; where the scale begins and ends.
_WIDTH, _PAGE, _LEFT, _RIGHT = 716, 960, 280, 545
_BAR, _GAP = 12, 6
#: So many things that a conclusion hangs on are drawn.
_MOST = 10
_BOLD = 'font-weight="bold"'


def linchpins_svg(inference: Inference, question: Question, found: Linchpins, limit: int | None = 0) -> str:
    """The picture.

    Args:
        limit: at most so many of what each conclusion hangs on, and all conclusions; 0 for what a page takes, None for
            all.
    """
    atoms = {str(known.atom): known.atom for known in ranked(inference, question)}
    elements: list[str] = []
    told: list[str] = []
    y, drawn = 0.0, 0
    for hanging in found.conclusions:
        lines = conclude(inference, atoms[hanging.conclusion]).lines
        rows = [*_built(hanging, lines), *_without(hanging, _MOST if limit == 0 else limit)]
        section = _Waterfall(hanging, rows, named=len(found.conclusions) > 1)
        if limit == 0 and drawn and y + section.height > _PAGE:
            break
        elements += section.elements(y)
        told.append(section.reading())
        y += section.height
        drawn += 1
    notes = left_out((len(found.conclusions) - drawn, "conclusion"))
    notes += [
        f"Dashed: taken away. Dotted: established above {THRESHOLD:.1f}.",
        supposed(found.as_of, found.assumed, found.withdrawn),
    ]
    says = found.conclusions[0].says if len(found.conclusions) == 1 else "What the conclusions hang on"
    title = heading(found.question, says)
    return sheet("linchpins", title, " ".join(told), (_WIDTH, y), elements, notes)


class _Row(NamedTuple):
    """A bar: what it is about, from where to where it reaches, and what is said of it; or words alone.

    Attributes:
        kept: how far a grey bar reaches from 0, where this one tells what is taken away.
    """

    words: str
    number: str = ""
    start: float = 0.0
    end: float = 0.0
    bold: bool = False
    kept: float | None = None


def _built(hanging: Hanging, lines: Sequence[EvidenceLine]) -> Iterator[_Row]:
    """The lines of evidence, each from what those before come to to what they come to with it."""
    yield _Row("How it is built up", bold=True)
    ordered = sorted(lines, key=lambda line: (line.strength < 0, -abs(line.strength)))
    before = 0.0
    for count, line in enumerate(ordered, 1):
        after = combine(line.strength for line in ordered[:count])
        yield _Row(sentence(line.because), signed(line.strength), before, after)
        before = after
    total = f"{figure(hanging.certainty)} {hanging.evidence}"
    yield _Row("Certainty", total, 0.0, hanging.certainty, bold=True)


def _without(hanging: Hanging, limit: int | None) -> Iterator[_Row]:
    """What is left without each fact, source and rule, the largest effect first."""
    effects = [effect for effect in (*hanging.facts, *hanging.sources, *hanging.rules) if effect.change]
    effects.sort(key=lambda effect: (-abs(effect.change), effect.kind, effect.name))
    shown, left = first_of(effects, limit)
    if shown:
        yield _Row("")
        yield _Row("What is left without each", bold=True)
    for effect in shown:
        ends = "; not established" if effect.falls else ""
        number = f"{figure(effect.certainty)} ({signed(effect.change)}){ends}"
        yield _Row(_named(effect), number, effect.certainty, hanging.certainty, kept=effect.certainty)
    if left:
        yield _Row(f"and {left:,} more of less effect")


def _named(effect: Effect) -> str:
    if effect.kind == "fact":
        return stated(effect.says, effect.name)
    return f"The {effect.kind}: {effect.says or effect.name}"


class _Waterfall:
    """One conclusion."""

    def __init__(self, hanging: Hanging, rows: Sequence[_Row], *, named: bool) -> None:
        self.hanging = hanging
        self.rows = rows
        self.head = wrapped(stated(hanging.says, hanging.conclusion), _WIDTH, SIZE + 2, bold=True) if named else []
        self.low = min(0.0, *(end for row in rows for end in (row.start, row.end)))
        self.lines = [wrapped(row.words, _LEFT - 12, bold=row.bold) for row in rows]
        self.heights = [max(height_of(lines), _BAR) + _GAP for lines in self.lines]
        self.top = height_of(self.head, SIZE + 2) + (_GAP if named else 0)
        self.height = self.top + sum(self.heights) + 24

    def x(self, certainty: float) -> float:
        return round(_LEFT + (certainty - self.low) / (1.0 - self.low) * (_RIGHT - _LEFT), 1)

    def elements(self, y: float) -> Iterator[str]:
        yield from block(0, y, self.head, size=SIZE + 2, more=_BOLD)
        y += self.top
        foot = round(y + sum(self.heights), 1)
        for tick in (0.0, 0.5, 1.0):
            yield rule(self.x(tick), round(y, 1), self.x(tick), foot, 'stroke="currentColor" stroke-opacity="0.3"')
            yield label(self.x(tick), foot + 12, f"{tick:g}", "middle", SMALL)
        yield rule(self.x(THRESHOLD), round(y, 1), self.x(THRESHOLD), foot, f'stroke="{QUIET}" stroke-dasharray="1 4"')
        for row, lines, height in zip(self.rows, self.lines, self.heights, strict=True):
            middle = round(y + height / 2, 1)
            yield from block(0, middle - height_of(lines) / 2, lines, more=_BOLD if row.bold else "")
            if row.number:
                yield from self.bar(row, middle)
            y += height

    def bar(self, row: _Row, middle: float) -> Iterator[str]:
        """What stays is grey, what is added full, and what is taken away dashed."""
        top = round(middle - _BAR / 2, 1)
        if row.kept is not None:
            yield self.box(0.0, row.kept, top, f'fill="{QUIET}" fill-opacity="0.55"')
        if (row.end < row.start) is (row.kept is None):
            yield self.box(row.start, row.end, top, f'fill="{AGAINST}" fill-opacity="0.15" {dashed(-1)}')
        else:
            yield self.box(row.start, row.end, top, f'fill="{FOR}"')
        right = self.x(max(row.start, row.end, 0.0)) + 6
        yield label(right, middle + 4, row.number, more=f"{HALO} {_BOLD}" if row.bold else HALO)

    def box(self, start: float, end: float, top: float, look: str) -> str:
        left, right = sorted((self.x(start), self.x(end)))
        return f'<rect x="{left:g}" y="{top:g}" width="{max(right - left, 1):.1f}" height="{_BAR}" {look}/>'

    def reading(self) -> str:
        said = (f"{row.words}: {row.number}".rstrip(": ") for row in self.rows if row.words)
        return f"{stated(self.hanging.says, self.hanging.conclusion)}. {'; '.join(said)}."
