"""``kzexpert vocabulary``: the words that rules, facts and questions may use."""

import click

from kzexpert.cli.options import Options, common_options

__all__ = ["vocabulary"]


@click.command(
    short_help="List what rules, facts and questions may say.",
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
    from kzexpert.cli.output import emit
    from kzexpert.cli.session import read_knowledge_base
    from kzexpert.questions.vocabulary import vocabulary_of

    listed = vocabulary_of(read_knowledge_base(options), name)
    if options.format == "json":
        from kzexpert.render.json import json_text

        emit(options, lambda _style, _width: json_text(listed))
    else:
        from kzexpert.render.vocabulary_text import vocabulary_text

        emit(options, lambda style, width: vocabulary_text(listed, style, width))
    return 0
