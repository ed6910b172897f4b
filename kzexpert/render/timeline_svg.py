"""A timeline as SVG: steps of certainty over the years, one line for each conclusion, with a legend below.

One element that stands alone or inside a page. It has no style sheet and takes the colour of the text around it, so it
reads in dark and light; every text is escaped, and what colours show, dashes and titles say too.
"""

from collections.abc import Iterator, Sequence
from html import escape

from kzexpert.analysis.timeline import Series, Step, Timeline
from kzexpert.certainty import THRESHOLD
from kzexpert.proof.changes import Cause
from kzexpert.render.writer import certainty_text, stated, visible

__all__ = ["timeline_svg"]

_WIDTH, _PLOT_HEIGHT = 800, 300
_LEFT, _RIGHT, _TOP = 44, 16, 16
_LEGEND_LINE = 20
_MOST_LABELS = 12
_LONGEST_LABEL = 100
#: Lines of equal series are drawn so far apart, up to so many of them.
_APART, _MOST_APART = 3.5, 6
#: Each has a contrast of at least 3:1 with both white and black paper (WCAG 2.1, 1.4.11).
_COLOURS = ("#2f7ebc", "#c8571b", "#2b8a57", "#a05fb8", "#c0392b", "#8a7a12", "#3d8f96", "#b4567f")
_DASHES = ("", "7 3", "2 3", "9 3 2 3")


def timeline_svg(found: Timeline) -> str:
    """The drawing."""
    return "\n".join(_Drawing(found).elements()) + "\n"


class _Drawing:
    def __init__(self, found: Timeline) -> None:
        self.found = found
        certainties = [point.certainty for series in found.series for point in series.points]
        lowest = min((value for value in certainties if value is not None), default=0.0)
        self.floor = 0.0 if lowest >= 0 else -1.0
        self.years = [point.period for point in found.series[0].points] if found.series else []
        self.equals = [_equals_before(found.series, number) for number in range(len(found.series))]
        self.step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(self.years))

    def elements(self) -> Iterator[str]:
        height = _TOP + _PLOT_HEIGHT + 28 + _LEGEND_LINE * len(self.found.series) + 8
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" '
            'aria-labelledby="timeline-drawing timeline-reading" font-family="sans-serif" font-size="12" '
            'fill="currentColor">'
        )
        yield f'<title id="timeline-drawing">Certainty over time: {_text(self.found.pattern)}</title>'
        yield f'<desc id="timeline-reading">{_text(" ".join(map(_reading, self.found.series)))}</desc>'
        yield from self.axes()
        for number, series in enumerate(self.found.series):
            yield from self.line(number, series)
        for number, series in enumerate(self.found.series):
            yield from self.legend(number, series)
        yield "</svg>"

    # --- places -------------------------------------------------------------------------------------------------------

    def x(self, index: int) -> float:
        """The left edge of a year."""
        return round(_LEFT + index * self.step, 1)

    def y(self, certainty: float) -> float:
        return round(_TOP + (1.0 - certainty) / (1.0 - self.floor) * _PLOT_HEIGHT, 1)

    def beside(self, number: int, certainty: float) -> float:
        """The height of a certainty; the line of a series that equals an earlier one runs just below it."""
        return round(self.y(certainty) + _APART * self.equals[number], 1)

    # --- axes ---------------------------------------------------------------------------------------------------------

    def axes(self) -> Iterator[str]:
        ticks = [-1.0, -0.5, 0.0, 0.5, 1.0] if self.floor < 0 else [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        for tick in ticks:
            yield self.rule(tick, 'stroke-opacity="0.25"')
            yield f'<text x="{_LEFT - 6}" y="{self.y(tick) + 4}" text-anchor="end">{tick:.1f}</text>'
        yield self.rule(THRESHOLD, 'stroke-dasharray="3 4" stroke-opacity="0.6"')
        yield (
            f'<text x="{_WIDTH - _RIGHT}" y="{self.y(THRESHOLD) - 4}" text-anchor="end" font-size="11">'
            f"established above {THRESHOLD:.1f}</text>"
        )
        every = -(-len(self.years) // _MOST_LABELS)
        for index, year in enumerate(self.years):
            if index % max(1, every) == 0:
                middle = round(self.x(index) + self.step / 2, 1)
                yield f'<text x="{middle}" y="{_TOP + _PLOT_HEIGHT + 18}" text-anchor="middle">{_text(year)}</text>'

    def rule(self, certainty: float, attributes: str) -> str:
        y = self.y(certainty)
        return f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="currentColor" {attributes}/>'

    # --- series -------------------------------------------------------------------------------------------------------

    def line(self, number: int, series: Series) -> Iterator[str]:
        path: list[str] = []
        last: float | None = None
        for index, point in enumerate(series.points):
            if point.certainty != last:
                path.extend([f"H{self.x(index)}"] if last is not None else [])
                if point.certainty is not None:
                    y = self.beside(number, point.certainty)
                    path.append(f"M{self.x(index)} {y}" if last is None else f"V{y}")
            last = point.certainty
        path.extend([f"H{self.x(len(series.points))}"] if last is not None else [])
        yield f'<path d="{"".join(path)}" fill="none" {_stroke(number)}/>'
        places = {point.period: index for index, point in enumerate(series.points)}
        for change in series.changes:
            yield from self.mark(number, places[change.period], change, series)

    def mark(self, number: int, index: int, change: Step, series: Series) -> Iterator[str]:
        """A dot at a change, whose title tells the facts behind it."""
        certainty = series.points[index].certainty
        y = self.beside(number, certainty if certainty is not None else max(0.0, self.floor))
        yield f'<circle cx="{self.x(index)}" cy="{y}" r="4" fill="{_COLOURS[number % len(_COLOURS)]}">'
        yield f"<title>{_text(_told(series, change))}</title></circle>"

    def legend(self, number: int, series: Series) -> Iterator[str]:
        y = _TOP + _PLOT_HEIGHT + 28 + _LEGEND_LINE * number + 12
        label = stated(series.says, series.conclusion)
        if len(label) > _LONGEST_LABEL:
            label = f"{label[: _LONGEST_LABEL - 1]}…"
        yield f'<line x1="{_LEFT}" x2="{_LEFT + 36}" y1="{y - 4}" y2="{y - 4}" {_stroke(number)}/>'
        yield f'<text x="{_LEFT + 44}" y="{y}">{_text(label)}</text>'


def _equals_before(series: Sequence[Series], number: int) -> int:
    """How many earlier conclusions have the same certainty in every year."""
    told = [point.certainty for point in series[number].points]
    equal = sum([point.certainty for point in one.points] == told for one in series[:number])
    return min(equal, _MOST_APART)


def _stroke(number: int) -> str:
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)] or _DASHES[number % len(_DASHES)]
    return f'stroke="{colour}" stroke-width="2.5"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _reading(series: Series) -> str:
    """A conclusion over time in words, for who does not see the drawing."""
    first = series.points[0]
    parts = [f"{_certainty(first.certainty)} in {first.period}"]
    parts += [f"{_certainty(change.after)} from {change.period}" for change in series.changes]
    return f"{stated(series.says, series.conclusion)}: {', '.join(parts)}."


def _told(series: Series, change: Step) -> str:
    head = f"{change.period}: {series.says}, {_certainty(change.before)} to {_certainty(change.after)}"
    return "; ".join([head, *map(_cause, change.causes)])


def _cause(cause: Cause) -> str:
    return f"{cause.says} {cause.turn}"


def _certainty(certainty: float | None) -> str:
    return "unknown" if certainty is None else certainty_text(certainty)


def _text(text: str) -> str:
    return escape(visible(text))
