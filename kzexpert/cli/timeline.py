"""``kzexpert timeline``: a conclusion over the years, drawn."""

import sys

import click

from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import timeline as followed
from kzexpert.analysis.timeline import years_on_record
from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.options import PICTURED, Options, command, common_options, on_page
from kzexpert.cli.output import emit, show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import open_session, years_of
from kzexpert.render.timeline_svg import timeline_svg
from kzexpert.render.timeline_text import ASCII, UNICODE, Glyphs, timeline_text

__all__ = ["timeline"]


@command(
    epilog="""\b
Examples:
  kzexpert timeline "leads(?power, Pact)" --as-of 1992..2011
  kzexpert timeline "who leads the Pact"
  kzexpert timeline "member(?state, Pact)" --format svg --output pact.svg""",
)
@click.argument("pattern", nargs=-1, required=True)
@click.option("--all", "weighed", is_flag=True, help="Show also what was never established.")
@common_options(formats=("text", "json", "svg"), as_of="YEAR..YEAR", limit=10, limits=PICTURED, by="auto")
def timeline(options: Options, pattern: tuple[str, ...], weighed: bool) -> int:
    """Follow what matches a PATTERN through the years, each as of its last day, the last as of the date of the base.

    Each change is shown with the facts that came into force, ended on record, or lapsed, since nothing newer is on
    record. Without --as-of the years run from the first date on record to the date of the base.
    """
    years = years_of(options.as_of)
    session = open_session(options)
    question = conclusion_of(session, " ".join(pattern))
    program = session.given(as_of=None).program([question.pattern])
    with progress_line() as progress:
        engine = session.engine(progress)
        chosen = years or years_on_record(program, question.pattern, engine.infer)
        found = followed(Scenario.of(program), question, chosen, engine, progress, weighed=weighed)
    if options.format == "svg":
        emit(options, lambda _out: timeline_svg(found, on_page(options)))
    else:
        show(options, found, lambda out: timeline_text(found, out, _glyphs(options), options.limit))
    return 0 if found.series else 3


def _glyphs(options: Options) -> Glyphs:
    """What draws where the result goes: a file is in UTF-8, a terminal may not be."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "".join((UNICODE.levels, UNICODE.unknown, UNICODE.negative, UNICODE.negative_bar)).encode(encoding)
    except UnicodeEncodeError:
        return UNICODE if options.output else ASCII
    return UNICODE
