"""``kzexpert about``: all that is known of one entity."""

import click

from kzexpert.analysis.profile import mentions, profile, read_entity
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import Session, open_session
from kzexpert.model import Entity
from kzexpert.render.profile_text import profile_text

__all__ = ["about", "tell_of"]


@command(
    epilog="""\b
Examples:
  kzexpert about Ruritania
  kzexpert about Ruritania --topic security
  kzexpert about Russia --kb world --as-of 2015
  kzexpert about Ruritania --format json"""
)
@click.argument("entity", nargs=-1, required=True)
@click.option("--topic", metavar="NAME", help="Show all of one topic; recorded facts are one.")
@common_options(limit=0, limits="How many statements to show, in JSON too.")
def about(options: Options, entity: tuple[str, ...], topic: str | None) -> int:
    """Show all that is concluded and recorded of an ENTITY, by topic, the most certain first.

    The ENTITY may be named by an alias. Topics are the files of rules; facts that no rule concludes come last, with
    their sources.
    """
    session = open_session(options)
    return tell_of(session, read_entity(session.kb, " ".join(entity)), topic, options.limit)


def tell_of(session: Session, entity: Entity, topic: str | None = None, limit: int | None = 0) -> int:
    """Print what is known of an entity.

    Args:
        limit: statements to show, None for all; 0 for what fits the screen, and in JSON and files all.

    Returns:
        The exit code: 3 when nothing is known.

    Raises:
        UsageError: there is no such topic.
    """
    inference = session.infer(mentions(session.kb, entity))
    found = profile(inference, entity)
    known = bool(found.topics or found.recorded)
    if topic:
        found = found.of(topic)
    whole = limit != 0 or topic is not None or session.options.output is not None
    room = None if whole else _screen()
    document = found.first(limit) if limit else found
    show(session.options, document, lambda out: profile_text(inference, found, out, room=room, limit=limit or 0))
    return 0 if known else 3


def _screen() -> int:
    """Lines of the terminal but for the prompt; of a large one where there is none."""
    from shutil import get_terminal_size

    return get_terminal_size((80, 40)).lines - 1
