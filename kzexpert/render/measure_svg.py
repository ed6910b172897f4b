"""Reliability and ranking as SVG: what was forecast against what turned out, and the ROC curve.

Elements that stand inside a page. They have no style sheet and take the colour of the text around them; a title and a
reading say in words what they show.
"""

from collections.abc import Iterator, Sequence
from html import escape

from kzexpert.analysis.measure.evaluation import Evaluation, Reliability
from kzexpert.render.writer import visible

__all__ = ["reliability_svg", "roc_svg"]

_SIDE, _LEFT, _TOP, _BELOW, _HISTOGRAM = 320, 46, 12, 40, 46
#: Each has a contrast of at least 3:1 with both white and black paper (WCAG 2.1, 1.4.11).
_COLOURS, _DASHES = ("#2f7ebc", "#c8571b"), ("", "7 3")
_BINS = 20


def reliability_svg(item: Evaluation, number: int) -> str:
    """How often cases were right by what was forecast for them, with a histogram of the forecasts.

    Args:
        number: of the drawing on its page.
    """
    told = item.reliability if item.reliability[0].forecast != item.reliability[1].forecast else item.reliability[:1]
    reading = "; ".join(f"{one.forecast}: {_reading(one)}" for one in told)
    title = f"Reliability of {item.predicate}"
    return "\n".join(_drawing(f"reliability-{number}", title, reading, _reliability(told), _HISTOGRAM)) + "\n"


def roc_svg(item: Evaluation, number: int) -> str:
    """The share of right cases at or above each certainty, by the share of wrong ones."""
    certainty = item.forecast("certainty")
    area = certainty.auc.value if certainty and certainty.auc else 0.5
    title = f"ROC curve of {item.predicate}"
    points = [(x, y) for x, y in item.roc]
    drawn = [*_axes("share of wrong cases", "share of right cases"), _line(points, 0)]
    return "\n".join(_drawing(f"roc-{number}", title, f"The area below it is {area:.2f}.", drawn, 0)) + "\n"


def _reading(found: Reliability) -> str:
    ends = [found.steps[0], found.steps[len(found.steps) // 2], found.steps[-1]]
    return ", ".join(f"{step.forecast:.2f} forecast and {step.right:.2f} right" for step in ends)


def _reliability(told: Sequence[Reliability]) -> Iterator[str]:
    yield from _axes("forecast", "share that was right")
    for number, found in enumerate(told):
        yield _line([(step.forecast, step.right) for step in found.steps], number)
        for step in found.steps:
            where = f'cx="{_x(step.forecast)}" cy="{_y(step.right)}" r="3" fill="{_COLOURS[number]}"'
            told_of = f"{found.forecast}: {step.forecast:.2f} forecast, {step.right:.2f} right, {step.cases:,} cases"
            yield f"<circle {where}><title>{escape(visible(told_of))}</title></circle>"
        yield from _histogram(found, number)
        at = _LEFT + 8, _TOP + 16 + 16 * number
        yield f'<line x1="{at[0]}" x2="{at[0] + 24}" y1="{at[1] - 4}" y2="{at[1] - 4}" {_stroke(number)}/>'
        yield f'<text x="{at[0] + 30}" y="{at[1]}">{escape(found.forecast)}</text>'


def _histogram(found: Reliability, number: int) -> Iterator[str]:
    """How many cases each twentieth of the forecasts has, below the plot."""
    counts = [0] * _BINS
    for step in found.steps:
        counts[min(int(step.forecast * _BINS), _BINS - 1)] += step.cases
    floor = _TOP + _SIDE + _BELOW + _HISTOGRAM
    width = _SIDE / _BINS / 2 - 1
    for place, count in enumerate(counts):
        if count:
            tall = round(_HISTOGRAM * count / max(counts), 1)
            x = round(_LEFT + _SIDE * place / _BINS + number * (width + 1), 1)
            box = f'x="{x}" y="{round(floor - tall, 1)}" width="{round(width, 1)}" height="{tall}"'
            yield f'<rect {box} fill="{_COLOURS[number]}"><title>{count:,} cases</title></rect>'


def _drawing(name: str, title: str, reading: str, elements: Sequence[str] | Iterator[str], more: int) -> Iterator[str]:
    width, height = _LEFT + _SIDE + 14, _TOP + _SIDE + _BELOW + more + 4
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-labelledby="{name}-title {name}-reading" font-family="sans-serif" font-size="12" fill="currentColor">'
    )
    yield f'<title id="{name}-title">{escape(visible(title))}</title>'
    yield f'<desc id="{name}-reading">{escape(visible(reading))}</desc>'
    yield from elements
    yield "</svg>"


def _axes(across: str, up: str) -> Iterator[str]:
    thin = 'stroke="currentColor" stroke-opacity="0.25"'
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(tick), _y(tick)
        yield f'<line x1="{_LEFT}" x2="{_LEFT + _SIDE}" y1="{y}" y2="{y}" {thin}/>'
        yield f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_TOP + _SIDE}" {thin}/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>'
        yield f'<text x="{x}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{tick:g}</text>'
    dashed = 'stroke="currentColor" stroke-opacity="0.6" stroke-dasharray="3 4"'
    yield f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" {dashed}/>'
    yield f'<text x="{_x(0.5)}" y="{_TOP + _SIDE + 32}" text-anchor="middle">{across}</text>'
    middle = _y(0.5)
    yield f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{up}</text>'


def _line(points: Sequence[tuple[float, float]], number: int) -> str:
    path = " ".join(f"{_x(x)},{_y(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {_stroke(number)}/>'


def _stroke(number: int) -> str:
    dash = f' stroke-dasharray="{_DASHES[number]}"' if _DASHES[number] else ""
    return f'stroke="{_COLOURS[number]}" stroke-width="2.5"{dash}'


def _x(share: float) -> float:
    return round(_LEFT + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1.0 - share), 1)
