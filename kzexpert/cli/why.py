"""``kzexpert why``: the whole proof of a conclusion, or what is missing for it."""

import click

from kzexpert.cli.asked import question_of
from kzexpert.cli.options import Count, Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import open_session
from kzexpert.model import Inference
from kzexpert.questions.question import Question
from kzexpert.render.explanation_text import explanation, explanation_text

__all__ = ["explain", "why"]


@command(
    epilog="""\b
Examples:
  kzexpert why "which states hedge"
  kzexpert why "alignment(?state, ?power, energy)"
  kzexpert why "alignment(?state, ?power, economy)" --as-of 2009""",
)
@click.argument("conclusion", nargs=-1, required=True)
@click.option("--depth", type=Count(), metavar="NUMBER", help="Fold what is more than N steps deep.")
@common_options()
def why(options: Options, conclusion: tuple[str, ...], depth: int | None) -> int:
    """Show the proof of a CONCLUSION, given in plain words or as a pattern.

    It goes down to recorded facts: rules, conditions in their order, what was looked for and not found, sources, files
    and lines. For a conclusion that does not hold, it shows what each rule lacks.
    """
    session = open_session(options)
    text = " ".join(conclusion)
    question = question_of(session, text if text.strip().lower().startswith("why ") else f"why {text}")
    return explain(options, session.infer([question.pattern]), question, depth)


def explain(options: Options, inference: Inference, question: Question, depth: int | None = None) -> int:
    """Print why something follows, or why not.

    Returns:
        The exit code: 3 when nothing is established.
    """
    found = explanation(inference, question)
    show(options, found.index.trace, lambda out: explanation_text(found, out, depth))
    return 0 if found.holds else 3
