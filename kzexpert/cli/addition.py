"""What the commands share that add to a base: which one, how its new lines are shown, when they are saved."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from kzexpert.authoring.own_base import Addition, OwnBase, open_own_base
from kzexpert.cli.options import Options
from kzexpert.cli.output import emit, print_error
from kzexpert.cli.session import layers
from kzexpert.model import Fact, KnowledgeBase
from kzexpert.program.resolve import resolve_fact
from kzexpert.questions.sentences import dates, says
from kzexpert.render.issues import issues_text

__all__ = ["DRY_RUN", "KB", "adding", "finish", "own_base", "print_lines", "shown_lines", "stated"]

KB = click.option("--kb", metavar="FOLDER", help="The base to write to.  [default: the one in use]")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
_FILE = click.option("--file", default="", metavar="FILE", help="The file to write to, below rules/ or facts/.")


def adding(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that adds to a file of a base."""
    return KB(_FILE(DRY_RUN(function)))


def own_base(kb: str | None, data: str = "") -> OwnBase:
    """The base to write to.

    Args:
        data: see `kzexpert.authoring.own_base.open_own_base`.

    Raises:
        UsageError: it is not one's own (KZ804).
        KnowledgeBaseError: its files cannot be read.
    """
    return open_own_base(layers(Options(kb=(kb,) if kb else ())), data)


def finish(change: Addition, dry_run: bool, lines: Sequence[str] = ()) -> None:
    """Save what is new, and show it; below it stand some lines."""
    if not dry_run:
        change.save()
    verb = "Would add to" if dry_run else "Added to"
    print_lines([f"{verb} {change.file}:", *shown_lines(change), *(f"  {line}" for line in lines)])
    if change.warnings:
        print_error(lambda out: issues_text(change.warnings, change.kb.texts, out))


def shown_lines(change: Addition) -> list[str]:
    """The lines that are new, with their numbers."""
    added = change.added
    width = len(str(max(added, default=0)))
    return [f"  {number:>{width}} | {line}".rstrip() for number, line in added.items()]


def stated(kb: KnowledgeBase, fact: Fact) -> str:
    """A fact as it is read, in words."""
    atom, _ = resolve_fact(kb, fact)
    named = ", ".join(filter(None, [dates(fact), str(fact.source or "")]))
    return (says(kb, atom) if atom else fact.predicate) + (f" ({named})" if named else "")


def print_lines(lines: Sequence[str]) -> None:
    """Print on stdout."""
    emit(Options(), lambda out: "".join(f"{out.style('', line)}\n" for line in lines))
