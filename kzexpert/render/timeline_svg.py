"""A timeline as small multiples: for each conclusion its certainty over true dates, all to one scale.

Those with one value of the pattern's first variable stand together, under that value. It draws certainties only: a
likelihood is told in words, where one was measured.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from kzexpert.analysis.timeline import Point, Series, Step, Timeline
from kzexpert.certainty import THRESHOLD
from kzexpert.language import parse_atom
from kzexpert.model import NOWHERE, Variable
from kzexpert.proof.changes import Cause
from kzexpert.render.abridgement import first_of, parts
from kzexpert.render.svg import (
    FOR,
    SIZE,
    SMALL,
    block,
    escaped,
    figure,
    heading,
    height_of,
    label,
    left_out,
    rule,
    sheet,
    text_width,
    wrapped,
)
from kzexpert.render.timeline_text import LAPSED, days_looked_at, estimated
from kzexpert.render.writer import certainty_text, stated

__all__ = ["timeline_svg"]

#: All of it, as wide as an A4 page is upright; and a plot alone, and one among others.
_WIDTH, _ALONE, _AMONG, _BETWEEN = 716, 200, 74, 26
_LEFT, _RIGHT, _BELOW = 30, 34, 26
#: So many conclusions a page takes.
_MOST = 10
#: A lapse is dotted, with a hollow mark.
_SILENT = 'stroke-width="1.5" stroke-dasharray="1 4" stroke-linecap="round"'


def timeline_svg(found: Timeline, limit: int | None = 0, *, paper: bool = True) -> str:
    """The picture.

    Args:
        limit: at most so many conclusions; 0 for as many as a page takes, None for all.
        paper: whether it stands alone; see `sheet`.
    """
    shown, left = first_of(found.series, _MOST if limit == 0 else limit)
    series = found.series[:1]
    title = heading(found.question, series[0].says if len(found.series) == 1 else "Certainty over the years")
    elements, foot = _plots(found, shown)
    reading, notes = " ".join(map(_reading, shown)), [*_notes(found, shown, left)]
    return sheet("drawn-timeline", title, reading, (_WIDTH, foot), elements, notes, paper=paper)


def _notes(found: Timeline, shown: Sequence[Series], left: int) -> Iterator[str]:
    yield from left_out((left, "conclusion"))
    yield f"{days_looked_at(found)} Dashed: established above {THRESHOLD:.1f}."
    if any(change.silent for series in shown for change in series.changes):
        yield f"Dotted, with a hollow mark: {LAPSED[0].lower()}{LAPSED[1:]}"


def _plots(found: Timeline, shown: Sequence[Series]) -> tuple[list[str], float]:
    """All plots, two in a row, each group below its name; and where they end."""
    values = [point.certainty for series in shown for point in series.points if point.certainty is not None]
    floor = -1.0 if min(values, default=0.0) < 0 else 0.0
    columns = 1 if len(shown) == 1 else 2
    wide = (_WIDTH - _BETWEEN * (columns - 1)) / columns
    elements: list[str] = []
    y = 0.0
    groups = _groups(found, shown)
    for name, group in groups.items():
        if len(groups) > 1 and name:
            elements += block(0, y, wrapped(name, _WIDTH, SIZE + 2, bold=True, most=1), size=SIZE + 2, more=_STRONG)
            y += height_of([name], SIZE + 2) + 4
        for start in range(0, len(group), columns):
            row = group[start : start + columns]
            heads = [wrapped(stated(one.says, one.conclusion), wide, most=3) if len(shown) > 1 else [] for one in row]
            head = max(map(height_of, heads)) + (8 if len(shown) > 1 else 0)
            tall = _AMONG if len(shown) > 1 else _ALONE
            for number, (series, lines) in enumerate(zip(row, heads, strict=True)):
                x = number * (wide + _BETWEEN)
                elements += block(x, y + head - 8 - height_of(lines), lines)
                elements += _Plot(found, series, floor, (x, y + head, wide, tall)).elements()
            y += head + tall + _BELOW
        y += 6
    return elements, y


_STRONG = 'font-weight="bold"'


def _groups(found: Timeline, shown: Sequence[Series]) -> dict[str, list[Series]]:
    """The conclusions by their value of the first variable that tells some apart, where that gathers them."""
    terms = parse_atom(found.pattern[: found.pattern.rindex(")") + 1], NOWHERE).arguments
    args = [parts(series.conclusion)[1] for series in shown]
    open_places = [place for place, item in enumerate(terms) if isinstance(item.term, Variable)]
    telling = [place for place in open_places if len({arg[place] for arg in args}) > 1]
    groups: dict[str, list[Series]] = {}
    for series, arg in zip(shown, args, strict=True):
        groups.setdefault(arg[telling[0]] if telling else "", []).append(series)
    return groups if 2 * len(groups) <= len(shown) else {"": list(shown)}


class _Plot:
    """One conclusion over time, with the scales around it."""

    def __init__(self, found: Timeline, series: Series, floor: float, place: tuple[float, float, float, float]) -> None:
        self.found = found
        self.series = series
        self.floor = floor
        x, self.top, wide, self.tall = place
        self.left, self.right = x + _LEFT, x + wide - _RIGHT
        self.first = date(found.start.year, 1, 1)
        self.days = max(1, (found.end - self.first).days)

    def x(self, day: date) -> float:
        return round(self.left + (day - self.first).days / self.days * (self.right - self.left), 1)

    def y(self, certainty: float) -> float:
        return round(self.top + (1.0 - certainty) / (1.0 - self.floor) * self.tall, 1)

    def elements(self) -> Iterator[str]:
        yield from self.scales()
        yield from self.line()

    def scales(self) -> Iterator[str]:
        ticks = [-1.0, 0.0, 1.0] if self.floor < 0 else [0.0, 0.5, 1.0]
        for tick in ticks:
            yield rule(self.left, self.y(tick), self.right, self.y(tick), 'stroke="currentColor" stroke-opacity="0.25"')
            yield label(self.left - 5, self.y(tick) + 3.5, f"{tick:g}".replace("-", "−"), "end", SMALL)
        height = self.y(THRESHOLD)
        dashes = 'stroke="currentColor" stroke-dasharray="3 4" stroke-opacity="0.6"'
        yield rule(self.left, height, self.right, height, dashes)
        yield from self.years()

    def years(self) -> Iterator[str]:
        """Each year begins at its mark and is named in its middle; of many only round ones."""
        foot = self.top + self.tall
        years = range(self.found.start.year, self.found.end.year + 1)
        room = text_width("0000", SMALL) + 8
        least = room * len(years) / (self.right - self.left)
        every = next((step for step in (1, 2, 5, 10, 20, 50, 100) if step >= least), len(years))
        free = self.left - room
        for year in [year for year in years if every < 10 or year % every == 0]:
            begins, ends = self.x(date(year, 1, 1)), self.x(min(date(year, 12, 31), self.found.end))
            yield rule(begins, foot, begins, foot + 4, 'stroke="currentColor"')
            middle = min(round((begins + ends) / 2, 1), self.right)
            if year % every == 0 and middle - room / 2 >= free:
                yield label(middle, foot + 15, str(year), "middle", SMALL)
                free = middle + room / 2

    def line(self) -> Iterator[str]:
        """What is known runs on until a point shows that it changed; what lapsed runs on as a dotted line."""
        known: list[str] = []
        silent: list[str] = []
        dots: list[str] = []
        changes = {change.as_of: change for change in self.series.changes}
        last = before = None
        points = self.series.points
        for index, point in enumerate(points):
            x, y = self.x(point.as_of), None if point.certainty is None else self.y(point.certainty)
            lapse = point.as_of in changes and changes[point.as_of].silent
            if before is not None:
                known.append(f"H{x}")
                end = self.y(0.0) if y is None else y
                if end != before and not point.silent:
                    (silent if lapse else known).append(f"M{x} {before}V{end}" if lapse else f"V{end}")
            elif point.silent and last is not None:
                silent.append(f"M{self.x(points[index - 1].as_of)} {last}H{x}")
            if y is not None:
                known.append(f"M{x} {y}" if before is None or lapse else "")
                dots.append(f"M{x} {y}h0")
                last = y
            before = y
        yield f'<path d="{"".join(known)}" fill="none" stroke="{FOR}" stroke-width="2.5"/>'
        if silent:
            yield f'<path d="{"".join(silent)}" fill="none" stroke="{FOR}" {_SILENT}/>'
        yield f'<path d="{"".join(dots)}" fill="none" stroke="{FOR}" stroke-width="4.5" stroke-linecap="round"/>'
        for index, point in enumerate(points):
            if point.as_of in changes:
                before = points[index - 1].certainty
                yield from self.mark(point, changes[point.as_of], before)
        if points[-1].certainty is not None:
            words = figure(points[-1].certainty)
            yield label(self.right + 5, self.y(points[-1].certainty) + 3.5, words, size=SMALL, more=_STRONG)

    def mark(self, point: Point, change: Step, before: float | None) -> Iterator[str]:
        """A dot at a change, hollow at a lapse, whose title tells the facts behind it."""
        certainty = point.certainty
        if certainty is None:
            certainty = before if point.silent and before is not None else 0.0
        look = f'fill="none" stroke="{FOR}" stroke-width="2"' if change.silent else f'fill="{FOR}"'
        yield f'<circle cx="{self.x(point.as_of)}" cy="{self.y(certainty)}" r="4" {look} pointer-events="all">'
        yield f"<title>{escaped(_told(self.series, point, change))}</title></circle>"


def _reading(series: Series) -> str:
    """A conclusion over time in words, for who does not see the drawing."""
    points = {point.as_of: point for point in series.points}
    parts = [f"{estimated(series.points[0])} as of {series.points[0].as_of}"]
    parts += [f"{estimated(points[change.as_of])} as of {change.as_of}" for change in series.changes]
    return f"{stated(series.says, series.conclusion)}: {', '.join(parts)}."


def _told(series: Series, point: Point, change: Step) -> str:
    before = "unknown" if change.before is None else certainty_text(change.before)
    head = f"{change.as_of}: {series.says}, {before} to {estimated(point)}"
    return "; ".join([head, *map(_cause, change.causes)])


def _cause(cause: Cause) -> str:
    return f"{cause.says} {cause.turn}"
