"""Documents → what is printed: text for terminals, and one file for each format in which a trace is written."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kzexpert.proof.document import Trace

__all__ = ["RENDERERS", "rendered"]

#: Format → the module and the function that make it of a trace; imported when the format is asked for. HTML shows more
#: than a trace holds: see `kzexpert.cli.page`.
RENDERERS = {
    "json": ("kzexpert.render.json", "json_text"),
    "markdown": ("kzexpert.render.proof_markdown", "proof_markdown"),
    "dot": ("kzexpert.render.dot", "dot"),
    "mermaid": ("kzexpert.render.mermaid", "mermaid"),
}


def rendered(trace: "Trace", form: str) -> str:
    """A trace in a format, a key of `RENDERERS`."""
    module, function = RENDERERS[form]
    text: str = getattr(import_module(module), function)(trace)
    return text
