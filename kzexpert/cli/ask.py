"""``kzexpert ask``: a question, and the answer with its reasons."""

import shlex

import click
from msgspec.structs import replace

from kzexpert.cli.asked import command_line, follow, on_its_day, read_or_choose, say_reading
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import open_session
from kzexpert.proof.answers import answer
from kzexpert.proof.lineage import outline
from kzexpert.questions.question import Lead
from kzexpert.render.text import answer_text

__all__ = ["ask"]


@command(
    epilog="""\b
Examples:
  kzexpert ask "which states hedge?"
  kzexpert ask "alignment(?state, ?power, security)" --as-of 2009
  kzexpert ask "which states hedge?" --without "member(_, CSTO)"
  kzexpert ask "whose influence grows?" --format json

"kzexpert vocabulary" lists what can be asked.""",
)
@click.argument("question", nargs=-1, required=True)
@click.option("--all", "weighed", is_flag=True, help="Show also what was weighed and not established.")
@common_options(limit=10)
def ask(options: Options, question: tuple[str, ...], weighed: bool) -> int:
    """Answer a QUESTION, in plain words or as a pattern.

    Each answer has a certainty between -1 and 1, a word for how strong the evidence is, and its lines of evidence with
    their sources. A question that begins with why, or why not, is answered with a proof, or with what is missing.
    """
    session = open_session(options)
    asked = read_or_choose(session, " ".join(question))
    if isinstance(asked, Lead):
        return follow(session, asked)
    session = on_its_day(session, asked)
    inference = session.infer([asked.pattern])
    if asked.kind != "what":
        from kzexpert.cli.why import explain

        if asked.read_as:
            say_reading(options, asked.read_as)
        return explain(options, inference, asked)

    found = answer(inference, asked, outline(inference, asked))
    if asked.read_as:
        words = ["ask", str(asked.pattern), *(("--as-of", asked.as_of) if asked.as_of else ())]
        found = replace(found, command=shlex.join(command_line(options, words)))
    document = found if weighed else found.established
    show(
        options,
        document,
        lambda out: answer_text(inference, asked, found, weighed=weighed, limit=options.limit, out=out),
    )
    return 0 if found.established.answers else 3
