"""``kzexpert why-not``: what each rule lacks, and what would make a conclusion hold."""

import click
from msgspec.structs import replace

from kzexpert.analysis.proposals import Proposal
from kzexpert.analysis.why_not import why_not as explained
from kzexpert.certainty import established
from kzexpert.cli.asked import conclusion_of
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import open_session
from kzexpert.cli.why import explain
from kzexpert.proof.answers import ranked
from kzexpert.questions.question import Question
from kzexpert.render.why_not_text import why_not_text

__all__ = ["why_not"]


@command(
    epilog="""\b
Examples:
  kzexpert why-not "alignment(Ruritania, Syldavia, energy)"
  kzexpert why-not "Ruritania is in the Pact" --as-of 1993
  kzexpert why-not "member(Ruritania, ?org)" --limit 10 --format json""",
)
@click.argument("conclusion", nargs=-1, required=True)
@common_options(limit=5, limits="How many ways to make it hold to look for, in JSON too.")
def why_not(options: Options, conclusion: tuple[str, ...]) -> int:
    """Explain why a CONCLUSION does not hold, given in plain words or as a pattern.

    For every rule that could conclude it, it shows which conditions hold and which fail, and how; then the smallest
    sets of facts which, assumed or withdrawn, would make it hold. The engine has tried each of them out.
    """
    session = open_session(options)
    text = " ".join(conclusion)
    question = conclusion_of(session, text if text.strip().lower().startswith("why ") else f"why {text}")
    question = replace(question, text=text, kind="why-not")
    inference = session.infer([question.pattern])
    if any(established(inference.certainty(known.atom) or 0.0) for known in ranked(inference, question)):
        return explain(options, inference, question)
    with progress_line() as progress:
        found = explained(inference, question, session.engine(progress), options.limit, progress)
    show(
        options,
        found,
        lambda out: why_not_text(inference, question, found, lambda item: _command(options, question, item), out),
    )
    return 3


def _command(options: Options, question: Question, proposal: Proposal) -> list[str]:
    """The command line that asks again with a proposal."""
    words = ["kzexpert", "ask", str(question.pattern), *options.repeated]
    assumed = [*(text for text in options.assume if text not in proposal.without), *proposal.assume]
    withdrawn = [*options.without, *(text for text in proposal.without if text not in options.assume)]
    words.extend(word for text in assumed for word in ("--assume", text))
    words.extend(word for text in withdrawn for word in ("--without", text))
    return words
