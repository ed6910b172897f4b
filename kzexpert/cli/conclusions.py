"""``kzexpert conclusions``: everything that rules have concluded."""

from importlib import import_module

import click

from kzexpert.cli.asked import question_of
from kzexpert.cli.options import PICTURED, Options, command, common_options, on_page
from kzexpert.cli.output import emit, show
from kzexpert.cli.session import open_session
from kzexpert.proof.answers import conclusions_of
from kzexpert.render.text import conclusions_text

__all__ = ["conclusions"]

#: Format → the module and the function that draw it.
_PICTURES = {
    "svg": ("kzexpert.render.conclusions_svg", "conclusions_svg"),
    "network": ("kzexpert.render.network_svg", "network_svg"),
}


@command(
    epilog="""\b
Examples:
  kzexpert conclusions
  kzexpert conclusions "alignment(_, ?power, security)"
  kzexpert conclusions --all --as-of 2009
  kzexpert conclusions "alignment(?state, ?power, ?sphere)" --format svg
  kzexpert conclusions "alignment(?state, ?power, _)" --format network""",
)
@click.argument("pattern", nargs=-1)
@click.option("--all", "weighed", is_flag=True, help="Show also what was weighed and not established.")
@common_options(formats=("text", "json", *_PICTURES), limit=10, limits=PICTURED)
def conclusions(options: Options, pattern: tuple[str, ...], weighed: bool) -> int:
    """List the conclusions, or those that match a PATTERN, by predicate and certainty.

    As a picture, they are a table ("svg"): rows for the first variable of the PATTERN, columns for the others. Or they
    are a network of the entities that they join ("network"), which is SVG as well.
    """
    session = open_session(options)
    asked = question_of(session, " ".join(pattern)) if pattern else None
    inference = session.infer([asked.pattern] if asked else [])
    found = conclusions_of(inference, asked.pattern if asked else None, weighed=weighed)
    if options.format in _PICTURES:
        module, function = _PICTURES[options.format]
        picture = getattr(import_module(module), function)(inference, found, asked, on_page(options))
        emit(options, lambda _out: picture)
    else:
        show(options, found, lambda out: conclusions_text(inference, found, options.limit, out))
    return 0 if any(item.established for item in found.conclusions) else 3
