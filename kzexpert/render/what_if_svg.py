"""What changes as slopes: the certainty of each conclusion before, and after, in order of effect."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.what_if import WhatIf
from kzexpert.certainty import THRESHOLD
from kzexpert.errors import counted
from kzexpert.proof.changes import Shift, Side
from kzexpert.render.abridgement import first_of
from kzexpert.render.svg import (
    QUIET,
    SIZE,
    SMALL,
    apart,
    block,
    dashed,
    figure,
    heading,
    height_of,
    label,
    rule,
    sheet,
    supposed,
    wrapped,
)
from kzexpert.render.writer import stated

__all__ = ["what_if_svg"]

#: As wide as an A4 page is upright; where the two axes stand; what is between an axis and its labels.
_WIDTH, _BEFORE, _AFTER, _LEADER = 716, 130, 320, 22
_HEAD, _LEAST, _GAP = 34, 160, 8
#: So many conclusions, and so many causes, a page takes.
_MOST, _MOST_CAUSES = 14, 5


def what_if_svg(found: WhatIf, limit: int | None = 0) -> str:
    """The picture.

    Args:
        limit: at most so many conclusions; 0 for as many as a page takes, None for all.
    """
    ordered = sorted(found.changes, key=lambda shift: (-abs(shift.effect), shift.conclusion))
    shown, left = first_of(ordered, _MOST if limit == 0 else limit)
    title = heading(found.question, "What changes") if found.question else "What changes"
    causes, more = first_of([f"{cause.says}: {cause.turn}" for cause in found.facts], _MOST_CAUSES)
    causes = [
        *causes,
        *([f"{more:,} more"] if more else []),
        *(f"rule {turn.rule}: {turn.turn}" for turn in found.rules),
    ]
    notes = [f"What is changed: {'; '.join(causes)}."] if causes else []
    omitted = left + found.others
    changing = f"{counted(omitted, 'more conclusion')} that change{'s' if omitted == 1 else ''}"
    notes += [f"Not drawn: {changing}."] if omitted else []
    notes.append(f"Dotted: established above {THRESHOLD:.1f}.")
    slopes = _Slopes(shown)
    drawn = slopes.elements(found.before, found.after)
    reading = " ".join(map(_reading, shown))
    nothing = "Nothing that was asked about changes." if found.others else "Nothing changes."
    return sheet("changes", title, reading, (_WIDTH, slopes.foot), drawn, notes, nothing=nothing)


def _reading(shift: Shift) -> str:
    return f"{stated(shift.says, shift.conclusion)}: {_move(shift)}, {shift.turn}."


def _move(shift: Shift) -> str:
    return f"{_number(shift.before)} → {_number(shift.after)}"


def _number(certainty: float | None) -> str:
    return "unknown" if certainty is None else figure(certainty)


class _Slopes:
    """The lines from one axis to the other, and beside the second all that ends at one place.

    What is unknown lies at 0, with a hollow mark.
    """

    def __init__(self, shown: Sequence[Shift]) -> None:
        self.shown = shown
        values = [value or 0.0 for shift in shown for value in (shift.before, shift.after)]
        self.floor = -1.0 if min(values, default=0.0) < 0 else 0.0
        self.before = sorted({shift.before for shift in shown}, key=_descending)
        self.after = sorted({shift.after for shift in shown}, key=_descending)
        self.lines = [self.told(after) for after in self.after]
        heights = [height_of(lines) for lines in self.lines]
        self.tall = max(_LEAST, sum(heights) + _GAP * len(heights))
        self.foot = _HEAD + self.tall + 10
        self.left = self.spread(self.before, [height_of([""])] * len(self.before), 0)
        self.right = self.spread(self.after, heights, _GAP)

    def told(self, after: float | None) -> list[str]:
        room = _WIDTH - _AFTER - _LEADER - 4
        found = (shift for shift in self.shown if shift.after == after)
        return [
            line
            for shift in found
            for line in wrapped(f"{_move(shift)} {stated(shift.says, shift.conclusion)} ({shift.turn})", room, most=3)
        ]

    def spread(self, values: Sequence[float | None], sizes: Sequence[float], gap: float) -> list[float]:
        """The middles of labels, near the ends of their lines."""
        return apart([self.y(value) for value in values], sizes, gap, _HEAD - 8, _HEAD + self.tall + 8)

    def y(self, certainty: float | None) -> float:
        return round(_HEAD + (1.0 - (certainty or 0.0)) / (1.0 - self.floor) * self.tall, 1)

    def elements(self, before: Side, after: Side) -> Iterator[str]:
        for x, anchor, name, side in ((_BEFORE, "end", "before", before), (_AFTER, "start", "after", after)):
            yield label(x, SIZE, name, anchor, more='font-weight="bold"')
            yield label(x, SIZE + 13, supposed(side.as_of, side.assumed, side.withdrawn), anchor, SMALL)
            yield rule(x, _HEAD, x, _HEAD + self.tall, 'stroke="currentColor" stroke-opacity="0.4"')
        yield rule(_BEFORE, self.y(THRESHOLD), _AFTER, self.y(THRESHOLD), f'stroke="{QUIET}" stroke-dasharray="1 4"')
        for start, end in dict.fromkeys((shift.before, shift.after) for shift in self.shown):
            change = (end or 0.0) - (start or 0.0)
            yield rule(_BEFORE, self.y(start), _AFTER, self.y(end), f'stroke-width="2.5" {dashed(change)}')
        for start, middle in zip(self.before, self.left, strict=True):
            yield from self.mark(_BEFORE, -1, start, middle)
            yield label(_BEFORE - _LEADER, middle + 4, _number(start), "end")
        for end, middle, lines in zip(self.after, self.right, self.lines, strict=True):
            yield from self.mark(_AFTER, 1, end, middle)
            yield from block(_AFTER + _LEADER, middle - height_of(lines) / 2, lines)

    def mark(self, x: float, side: int, certainty: float | None, middle: float) -> Iterator[str]:
        """Where a line ends, joined with its label."""
        y = self.y(certainty)
        way = f"M{x + side * 4:g} {y:g}L{x + side * (_LEADER - 4):g} {middle:g}"
        yield f'<path d="{way}" fill="none" stroke="{QUIET}"/>'
        look = 'fill="#ffffff"' if certainty is None else 'fill="currentColor"'
        yield f'<circle cx="{x:g}" cy="{y:g}" r="3.5" stroke="currentColor" {look}/>'


def _descending(certainty: float | None) -> tuple[float, bool]:
    return -(certainty or 0.0), certainty is None
