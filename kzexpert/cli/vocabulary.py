"""``kzexpert vocabulary``: the words that rules, facts and questions may use."""

import click

from kzexpert.cli.options import Options, common_options
from kzexpert.cli.output import emit
from kzexpert.cli.session import read_knowledge_base
from kzexpert.questions.vocabulary import vocabulary_of
from kzexpert.render.json import json_text
from kzexpert.render.vocabulary_text import vocabulary_text

__all__ = ["vocabulary"]


@click.command(
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
    if options.format == "json":
        emit(options, lambda _style, _width: json_text(listed))
    else:
        emit(options, lambda style, width: vocabulary_text(listed, style, width))
    return 0
