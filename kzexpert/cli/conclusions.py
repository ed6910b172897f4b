"""``kzexpert conclusions``: everything that rules have concluded."""

import click

from kzexpert.cli.asked import question_of
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import open_session
from kzexpert.proof.answers import conclusions_of
from kzexpert.render.text import conclusions_text

__all__ = ["conclusions"]


@command(
    epilog="""\b
Examples:
  kzexpert conclusions
  kzexpert conclusions "alignment(_, ?power, security)"
  kzexpert conclusions --all --as-of 2009""",
)
@click.argument("pattern", nargs=-1)
@click.option("--all", "weighed", is_flag=True, help="Show also what was weighed and not established.")
@common_options(limit=10)
def conclusions(options: Options, pattern: tuple[str, ...], weighed: bool) -> int:
    """List the conclusions, or those that match a PATTERN, by predicate and certainty."""
    session = open_session(options)
    asked = question_of(session, " ".join(pattern)) if pattern else None
    inference = session.infer([asked.pattern] if asked else [])
    found = conclusions_of(inference, asked.pattern if asked else None, weighed=weighed)
    show(options, found, lambda out: conclusions_text(inference, found, options.limit, out))
    return 0 if any(item.established for item in found.conclusions) else 3
