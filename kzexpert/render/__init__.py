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
    """

    module: str
    function: str
    shows: str = "trace"


RENDERERS = {
    "json": Renderer("kzexpert.render.json", "json_text"),
    "markdown": Renderer("kzexpert.render.proof_markdown", "proof_markdown"),
    "html": Renderer("kzexpert.render.html", "html_page", shows="page"),
    "dot": Renderer("kzexpert.render.dot", "dot"),
    "mermaid": Renderer("kzexpert.render.mermaid", "mermaid"),
}


def rendered(form: str, shown: Mapping[str, Callable[[], Any]]) -> str:
    """An answer in a format, a key of `RENDERERS`.

    Args:
        shown: what renderers show, by its name; made only where it is shown.
    """
    row = RENDERERS[form]
    text: str = getattr(import_module(row.module), row.function)(shown[row.shows]())
    return text
