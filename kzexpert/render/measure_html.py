"""Evaluations as one HTML file: coverage, forecasts, pictures of reliability and ranking, words, and rules.

Like the page of a judgement it loads nothing, and all that comes from files goes through jinja2's escaping.
"""

from pathlib import Path

from kzexpert.analysis.measure.evaluation import Evaluations
from kzexpert.render.html import content_digest, environment
from kzexpert.render.measure_svg import reliability_svg, roc_svg
from kzexpert.render.measure_text import FORECASTS, LEGEND, change, interval, percent, share, span

__all__ = ["evaluations_html"]

_PAGE = Path(__file__).with_name("page")


def evaluations_html(found: Evaluations) -> str:
    """The page."""
    from markupsafe import Markup

    style = "".join((_PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "evaluation.css"))
    drawings = [
        (Markup(reliability_svg(item, number)), Markup(roc_svg(item, number)))
        for number, item in enumerate(found.evaluations, 1)
    ]
    return (
        environment()
        .get_template("evaluation.html")
        .render(
            evaluations=found.evaluations,
            drawings=drawings,
            forecasts=FORECASTS,
            legend=LEGEND,
            interval=interval,
            percent=percent,
            share=share,
            change=change,
            span=span,
            style=Markup(style),
            style_hash=content_digest(style),
        )
    )
