"""Reliability and ranking as SVG: what was forecast against what turned out, and the ROC curve.

They stand inside a page, and take the colour of the text around them.
"""

from collections.abc import Iterable, Iterator, Sequence

from kzexpert.analysis.measure.evaluation import Evaluation, Reliability
from kzexpert.render.svg import COLOURS, escaped, label, rule, sheet

__all__ = ["reliability_svg", "roc_svg"]

_SIDE, _LEFT, _TOP, _BELOW, _HISTOGRAM = 320, 46, 12, 40, 46
_DASHES = ("", "7 3")
_BINS = 20


def reliability_svg(item: Evaluation, number: int) -> str:
    """How often cases were right by what was forecast for them, with a histogram of the forecasts.

    Args:
        number: of the drawing on its page.
    """
    told = item.reliability if item.reliability[0].forecast != item.reliability[1].forecast else item.reliability[:1]
    reading = "; ".join(f"{one.forecast}: {_reading(one)}" for one in told)
    title = f"Reliability of {item.predicate}"
    return _drawing(f"reliability-{number}", title, reading, _reliability(told), _HISTOGRAM)


def roc_svg(item: Evaluation, number: int) -> str:
    """The share of right cases at or above each certainty, by the share of wrong ones."""
    certainty = item.forecast("certainty")
    area = certainty.auc.value if certainty and certainty.auc else 0.5
    title = f"ROC curve of {item.predicate}"
    points = [(x, y) for x, y in item.roc]
    drawn = [*_axes("share of wrong cases", "share of right cases"), _line(points, 0)]
    return _drawing(f"roc-{number}", title, f"The area below it is {area:.2f}.", drawn, 0)


def _reading(found: Reliability) -> str:
    ends = [found.steps[0], found.steps[len(found.steps) // 2], found.steps[-1]]
    return ", ".join(f"{step.forecast:.2f} forecast and {step.right:.2f} right" for step in ends)


def _reliability(told: Sequence[Reliability]) -> Iterator[str]:
    yield from _axes("forecast", "share that was right")
    for number, found in enumerate(told):
        yield _line([(step.forecast, step.right) for step in found.steps], number)
        for step in found.steps:
            where = f'cx="{_x(step.forecast)}" cy="{_y(step.right)}" r="3" fill="{COLOURS[number]}"'
            told_of = f"{found.forecast}: {step.forecast:.2f} forecast, {step.right:.2f} right, {step.cases:,} cases"
            yield f"<circle {where}><title>{escaped(told_of)}</title></circle>"
        yield from _histogram(found, number)
        at = _LEFT + 8, _TOP + 16 + 16 * number
        yield rule(at[0], at[1] - 4, at[0] + 24, at[1] - 4, _stroke(number))
        yield label(at[0] + 30, at[1], found.forecast)


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
            yield f'<rect {box} fill="{COLOURS[number]}"><title>{count:,} cases</title></rect>'


def _drawing(name: str, title: str, reading: str, elements: Iterable[str], more: int) -> str:
    size = _LEFT + _SIDE + 14, _TOP + _SIDE + _BELOW + more + 4
    return sheet(name, title, reading, size, elements, paper=False)


def _axes(across: str, up: str) -> Iterator[str]:
    thin = 'stroke="currentColor" stroke-opacity="0.25"'
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(tick), _y(tick)
        yield rule(_LEFT, y, _LEFT + _SIDE, y, thin)
        yield rule(x, _TOP, x, _TOP + _SIDE, thin)
        yield label(_LEFT - 6, y + 4, f"{tick:g}", "end")
        yield label(x, _TOP + _SIDE + 16, f"{tick:g}", "middle")
    yield rule(_x(0), _y(0), _x(1), _y(1), 'stroke="currentColor" stroke-opacity="0.6" stroke-dasharray="3 4"')
    yield label(_x(0.5), _TOP + _SIDE + 32, across, "middle")
    yield label(12, _y(0.5), up, "middle", more=f'transform="rotate(-90 12 {_y(0.5):g})"')


def _line(points: Sequence[tuple[float, float]], number: int) -> str:
    path = " ".join(f"{_x(x)},{_y(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {_stroke(number)}/>'


def _stroke(number: int) -> str:
    dash = f' stroke-dasharray="{_DASHES[number]}"' if _DASHES[number] else ""
    return f'stroke="{COLOURS[number]}" stroke-width="2.5"{dash}'


def _x(share: float) -> float:
    return round(_LEFT + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1.0 - share), 1)
