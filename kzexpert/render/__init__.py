"""Documents → what is printed: text for terminals, and one file for each format in which a trace is written."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import msgspec

__all__ = ["RENDERERS", "Renderer", "rendered"]


class Renderer(msgspec.Struct, frozen=True):
    """A format in which an answer is written to a file; another one is a module and a row.

    Attributes:
        module, function: where the function is that makes the text; imported when the format is asked for.
        shows: what it makes it of: a ``trace``, or a ``page``, which shows more than a trace holds.
        drawn: whether it is a picture, which goes so many steps down as it is told.
        carries: whether the trace is put inside, for others to check.
    """

    module: str
    function: str
    shows: str = "trace"
    drawn: bool = False
    carries: bool = False


RENDERERS = {
    "json": Renderer("kzexpert.render.json", "json_text"),
    "markdown": Renderer("kzexpert.render.proof_markdown", "proof_markdown", carries=True),
    "html": Renderer("kzexpert.render.html", "html_page", shows="page", carries=True),
    "svg": Renderer("kzexpert.render.trace_svg", "trace_svg", drawn=True),
    "dot": Renderer("kzexpert.render.dot", "dot", drawn=True),
    "mermaid": Renderer("kzexpert.render.mermaid", "mermaid", drawn=True),
}


def rendered(form: str, shown: Mapping[str, Callable[[], Any]], depth: int | None = None) -> str:
    """An answer in a format, a key of `RENDERERS`.

    Args:
        shown: what renderers show, by its name; made only where it is shown.
        depth: how many steps down a picture goes; None for as much as fits a page.
    """
    row = RENDERERS[form]
    further = (depth,) if row.drawn else ()
    text: str = getattr(import_module(row.module), row.function)(shown[row.shows](), *further)
    return text
