"""A timeline as SVG: steps of certainty along an axis of true dates, a line for each conclusion, with a legend below.

One element that stands alone or inside a page. It has no style sheet and takes the colour of the text around it, so it
reads in dark and light; every text is escaped, and what colours show, dashes and titles say too. It draws certainties
only: a likelihood is told in words, where one was measured.
"""

from collections.abc import Iterator
from datetime import date
from html import escape

from kzexpert.analysis.timeline import Point, Series, Step, Timeline
from kzexpert.certainty import THRESHOLD
from kzexpert.proof.changes import Cause
from kzexpert.render.timeline_text import LAPSED, days_looked_at, estimated
from kzexpert.render.writer import certainty_text, stated, visible

__all__ = ["timeline_svg"]

_WIDTH, _PLOT_HEIGHT = 800, 300
_LEFT, _RIGHT, _TOP, _BELOW = 44, 16, 16, 28
_LEGEND_LINE = 20
#: Years are named so far apart, in pixels.
_LABEL_WIDTH = 56
_LONGEST_LABEL = 100
#: Lines that run at one height are drawn so far apart, up to so many of them.
_APART, _MOST_APART = 3.5, 6
#: Each has a contrast of at least 3:1 with both white and black paper (WCAG 2.1, 1.4.11).
_COLOURS = ("#2f7ebc", "#c8571b", "#2b8a57", "#a05fb8", "#c0392b", "#8a7a12", "#3d8f96", "#b4567f")
_DASHES = ("", "8 3", "4 2", "14 3 3 3")
_SILENT = 'stroke-width="1.5" stroke-dasharray="1 4" stroke-linecap="round"'


def timeline_svg(found: Timeline) -> str:
    """The drawing."""
    return "\n".join(_Drawing(found).elements()) + "\n"


class _Drawing:
    def __init__(self, found: Timeline) -> None:
        self.found = found
        certainties = [point.certainty for series in found.series for point in series.points]
        self.floor = 0.0 if min((value for value in certainties if value is not None), default=0.0) >= 0 else -1.0
        self.first = date(found.start.year, 1, 1)
        self.days = max(1, (found.end - self.first).days)
        self.lapses = any(change.silent for series in found.series for change in series.changes)

    def elements(self) -> Iterator[str]:
        notes = [days_looked_at(self.found), *([LAPSED] if self.lapses else [])]
        legend = _TOP + _PLOT_HEIGHT + _BELOW + 8
        height = legend + _LEGEND_LINE * (len(self.found.series) + len(notes)) + 8
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" '
            'aria-labelledby="timeline-drawing timeline-reading" font-family="sans-serif" font-size="12" '
            'fill="currentColor">'
        )
        yield f'<title id="timeline-drawing">Certainty over time: {_text(self.found.pattern)}</title>'
        reading = [*map(_reading, self.found.series), *notes]
        yield f'<desc id="timeline-reading">{_text(" ".join(reading))}</desc>'
        yield from self.axes()
        for number, series in enumerate(self.found.series):
            yield from self.line(number, series)
        for number, series in enumerate(self.found.series):
            yield from self.legend(legend + _LEGEND_LINE * number, number, series)
        for number, note in enumerate(notes, len(self.found.series)):
            yield from self.note(legend + _LEGEND_LINE * number, note)
        yield "</svg>"

    # --- places -------------------------------------------------------------------------------------------------------

    def x(self, day: date) -> float:
        return round(_LEFT + (day - self.first).days / self.days * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, certainty: float) -> float:
        return round(_TOP + (1.0 - certainty) / (1.0 - self.floor) * _PLOT_HEIGHT, 1)

    def beside(self, number: int, index: int) -> float | None:
        """The height of a point; a line that an earlier one runs at the same height as runs just below it."""
        certainty = self.found.series[number].points[index].certainty
        if certainty is None:
            return None
        equal = sum(one.points[index].certainty == certainty for one in self.found.series[:number])
        return round(self.y(certainty) + _APART * min(equal, _MOST_APART), 1)

    # --- axes ---------------------------------------------------------------------------------------------------------

    def axes(self) -> Iterator[str]:
        ticks = [-1.0, -0.5, 0.0, 0.5, 1.0] if self.floor < 0 else [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        for tick in ticks:
            if tick != THRESHOLD:
                yield self.rule(tick, 'stroke-opacity="0.25"')
            yield f'<text x="{_LEFT - 6}" y="{self.y(tick) + 4}" text-anchor="end">{tick:.1f}</text>'
        yield self.rule(THRESHOLD, 'stroke-dasharray="3 4" stroke-opacity="0.6"')
        yield (
            f'<text x="{_WIDTH - _RIGHT}" y="{self.y(THRESHOLD) - 4}" text-anchor="end" font-size="11">'
            f"established above {THRESHOLD:.1f}</text>"
        )
        yield from self.years()

    def years(self) -> Iterator[str]:
        """Each year begins at its line and is named in its middle, as far as there is room."""
        foot = _TOP + _PLOT_HEIGHT
        years = range(self.found.start.year, self.found.end.year + 1)
        every = -(-_LABEL_WIDTH * len(years) // (_WIDTH - _LEFT - _RIGHT))
        for year in years:
            begins, ends = self.x(date(year, 1, 1)), self.x(min(date(year, 12, 31), self.found.end))
            yield f'<line x1="{begins}" x2="{begins}" y1="{foot}" y2="{foot + 5}" stroke="currentColor"/>'
            if (year - years[0]) % max(1, every) == 0:
                middle = min(round((begins + ends) / 2, 1), _WIDTH - _RIGHT - 6.0)
                yield f'<text x="{middle}" y="{foot + 18}" text-anchor="middle">{year}</text>'

    def rule(self, certainty: float, attributes: str) -> str:
        y = self.y(certainty)
        return f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" {attributes}/>'

    # --- series -------------------------------------------------------------------------------------------------------

    def line(self, number: int, series: Series) -> Iterator[str]:
        """What is known runs on until a point shows that it changed; what lapsed runs on as a dotted line."""
        known: list[str] = []
        silent: list[str] = []
        dots: list[str] = []
        changes = {change.as_of: change for change in series.changes}
        last = before = None
        for index, point in enumerate(series.points):
            x, y = self.x(point.as_of), self.beside(number, index)
            lapse = point.as_of in changes and changes[point.as_of].silent
            if before is not None:
                known.append(f"H{x}")
                end = self.y(0.0) if y is None else y
                if end != before and not point.silent:
                    (silent if lapse else known).append(f"M{x} {before}V{end}" if lapse else f"V{end}")
            elif point.silent and last is not None:
                silent.append(f"M{self.x(series.points[index - 1].as_of)} {last}H{x}")
            if y is not None:
                known.append(f"M{x} {y}" if before is None or lapse else "")
                dots.append(f"M{x} {y}h0")
                last = y
            before = y
        yield f'<path d="{"".join(known)}" fill="none" {_stroke(number)}/>'
        coloured = f'fill="none" stroke="{_colour(number)}"'
        if silent:
            yield f'<path d="{"".join(silent)}" {coloured} {_SILENT}/>'
        yield f'<path d="{"".join(dots)}" {coloured} stroke-width="4.5" stroke-linecap="round"/>'
        for index, point in enumerate(series.points):
            if point.as_of in changes:
                yield from self.mark(number, index, point, changes[point.as_of])

    def mark(self, number: int, index: int, point: Point, change: Step) -> Iterator[str]:
        """A dot at a change, hollow at a lapse, whose title tells the facts behind it."""
        height = self.beside(number, index)
        if height is None:
            before = self.beside(number, index - 1)
            height = before if point.silent and before is not None else self.y(0.0)
        colour = _colour(number)
        look = f'fill="none" stroke="{colour}" stroke-width="2"' if change.silent else f'fill="{colour}"'
        yield f'<circle cx="{self.x(point.as_of)}" cy="{height}" r="4.5" {look} pointer-events="all">'
        yield f"<title>{_text(_told(self.found.series[number], point, change))}</title></circle>"

    def legend(self, top: int, number: int, series: Series) -> Iterator[str]:
        label = stated(series.says, series.conclusion)
        if len(label) > _LONGEST_LABEL:
            label = f"{label[: _LONGEST_LABEL - 1]}…"
        yield f'<line x1="{_LEFT}" x2="{_LEFT + 36}" y1="{top + 8}" y2="{top + 8}" {_stroke(number)}/>'
        yield f'<text x="{_LEFT + 44}" y="{top + 12}">{_text(label)}</text>'

    def note(self, top: int, words: str) -> Iterator[str]:
        if words == LAPSED:
            yield f'<path d="M{_LEFT} {top + 8}h36" fill="none" stroke="currentColor" {_SILENT}/>'
            yield (
                f'<circle cx="{_LEFT + 18}" cy="{top + 8}" r="4.5" fill="none" stroke="currentColor" stroke-width="2"/>'
            )
        yield f'<text x="{_LEFT + 44}" y="{top + 12}">{_text(words)}</text>'


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _stroke(number: int) -> str:
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)] or _DASHES[number % len(_DASHES)]
    return f'stroke="{_colour(number)}" stroke-width="2.5"' + (f' stroke-dasharray="{dash}"' if dash else "")


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


def _text(text: str) -> str:
    return escape(visible(text))
