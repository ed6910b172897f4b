"""``kzexpert linchpins``: the facts, sources and rules that a conclusion hangs on."""

import click

from kzexpert.analysis.linchpins import linchpins as found_linchpins
from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.options import PICTURED, Options, command, common_options, on_page
from kzexpert.cli.output import emit, show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import open_session
from kzexpert.render.linchpins_text import linchpins_text

__all__ = ["linchpins"]


@command(
    epilog="""\b
Examples:
  kzexpert linchpins "alignment(Ruritania, Borduria, security)"
  kzexpert linchpins "who leads the Pact?" --format json
  kzexpert linchpins "who leads the Pact?" --format svg --output pact.svg""",
)
@click.argument("conclusion", nargs=-1, required=True)
@common_options(formats=("text", "json", "svg"), limit=10, limits=PICTURED)
def linchpins(options: Options, conclusion: tuple[str, ...]) -> int:
    """Show what a CONCLUSION hangs on, given in plain words or as a pattern.

    It shows how certain the conclusion would be without each fact, each source and each rule that bears on it, and
    how far the certainty of each rule can move before the word for the evidence changes.
    """
    session = open_session(options)
    question = conclusion_of(session, " ".join(conclusion))
    inference = session.infer([question.pattern])
    with progress_line() as progress:
        drawn = options.format == "svg"
        found = found_linchpins(inference, question, session.engine(progress), progress, margins=not drawn)
    if drawn:
        from kzexpert.render.linchpins_svg import linchpins_svg

        emit(options, lambda _out: linchpins_svg(inference, question, found, on_page(options)))
    else:
        show(options, found, lambda out: linchpins_text(inference, found, options.limit, out))
    return 0 if found.conclusions else 3
