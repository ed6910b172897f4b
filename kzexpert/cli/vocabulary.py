"""``kzexpert vocabulary``: the words that rules, facts and questions may use."""

import click

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import read_knowledge_base
from kzexpert.questions.vocabulary import vocabulary_of
from kzexpert.render.vocabulary_text import vocabulary_text

__all__ = ["vocabulary"]


@command(
    epilog="""\b
Examples:
  kzexpert vocabulary
  kzexpert vocabulary member
  kzexpert vocabulary state
  kzexpert vocabulary entities --format json""",
)
@click.argument("name", nargs=-1)
@common_options(run=False)
def vocabulary(options: Options, name: tuple[str, ...]) -> int:
    """List the predicates with their arguments, sentences and questions.

    A NAME may be a predicate, a kind of entity, "entities", "kinds" or "predicates".
    """
    listed = vocabulary_of(read_knowledge_base(options), name)
    show(options, listed, lambda out: vocabulary_text(listed, out))
    return 0
