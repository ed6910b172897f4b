"""``kzexpert add``: a look at a data file, and the declaration of a table that reads it."""

import os
import sys
from collections.abc import Iterator, Sequence

import click

from kzexpert.authoring.additions import check_source
from kzexpert.authoring.insertion import inserted
from kzexpert.authoring.own_base import Addition, OwnBase
from kzexpert.authoring.preview import Preview, preview
from kzexpert.authoring.table import TableProposal, propose_table
from kzexpert.cli.addition import adding, own_base, print_lines, shown_lines, stated
from kzexpert.cli.options import command
from kzexpert.cli.output import print_error, tell
from kzexpert.errors import counted
from kzexpert.render.issues import issues_text

__all__ = ["add"]

_FACTS, _NAMES, _COLUMNS = 3, 5, 10


@command(
    epilog="""\b
Examples:
  kzexpert add members.csv
  kzexpert add members.csv --predicate member --column state=Country \\
    --value org=OSCE --source osce --yes""",
)
@click.argument("data", metavar="FILE")
@click.option("--predicate", default="", metavar="NAME", help="What a row states.  [default: what fits best]")
@click.option(
    "--column", multiple=True, metavar="ARG=COLUMN", help="The column of an argument, or of since, until, on."
)
@click.option("--value", multiple=True, metavar="ARG=VALUE", help="The value of an argument in all rows.")
@click.option("--certainty", default="", metavar="NUMBER", help="How certain the rows are.  [default: 1]")
@click.option("--source", default="", metavar="ID", help="Who says so.")
@click.option("--at", default="", metavar="PLACE", help="Where in the source, such as table 3.")
@click.option("-y", "--yes", is_flag=True, help="Write it without asking.")
@adding
def add(
    data: str,
    predicate: str,
    column: tuple[str, ...],
    value: tuple[str, ...],
    kb: str | None,
    file: str,
    yes: bool,
    dry_run: bool,
    **beside: str,
) -> None:
    """Look at a data FILE, propose how a table reads it as facts, and write that into a file of the base.

    It reads CSV of any kind, JSON, JSON lines, Excel and Parquet; the file stays where it is. The proposal is shown
    with its first facts. On a terminal you are asked whether to write it; elsewhere --yes writes it.
    """
    own = own_base(kb, data)
    check_source(own.kb, beside["source"])
    proposal = propose_table(own.kb, data, predicate, _pairs("--column", column), _pairs("--value", value))
    change = _declared(own, proposal, data, file, beside)
    table = next(item for item in reversed(change.kb.tables) if item.location.file == change.file)
    seen = preview(change.kb, table)
    print_lines([*_told(change, proposal, seen), "", *shown_lines(change)])
    if dry_run or not (yes or _agreed(change.file)):
        if not (dry_run or _is_asked()):
            tell(f"nothing was written; --yes writes it to {change.file}")
        return
    change.save()
    tell(f"written to {change.file}")
    if change.warnings:
        print_error(lambda out: issues_text(change.warnings, change.kb.texts, out))


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Name → what stands behind its equals sign."""
    for text in texts:
        if not all(part.strip() for part in text.partition("=")):
            raise click.UsageError(f"{option} {text}: write {option} NAME=...")
    return {name.strip(): rest.strip() for name, _, rest in (text.partition("=") for text in texts)}


def _declared(own: OwnBase, proposal: TableProposal, data: str, file: str, beside: dict[str, str]) -> Addition:
    """The base with the table."""
    target = own.file(file, "facts", "tables.yaml", lambda kb: kb.tables)
    path = os.path.relpath(data, os.path.dirname(target) or ".").replace(os.sep, "/")  # noqa: PTH120
    text = inserted(target, own.text(target), ("tables",), proposal.declaration(path, beside))
    return own.changed(target, text)


def _is_asked() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()


def _agreed(file: str) -> bool:
    return _is_asked() and click.confirm(f"Write this to {file}?", err=True)


def _told(change: Addition, proposal: TableProposal, seen: Preview) -> Iterator[str]:
    """What came of looking at the file."""
    kb, name = change.kb, proposal.fit.predicate.name
    rows = len(seen.facts) + len(seen.bad)
    among = f"{'' if seen.whole else 'the first '}{counted(rows, 'row')}"
    yield f"{len(seen.facts):,} of {among} {'is a fact' if rows == 1 else 'are facts'} of {name}:"
    yield from (f"  {stated(kb, fact)}" for fact in seen.facts[:_FACTS])
    if seen.bad:
        yield f"{counted(len(seen.bad), 'row')} would not be:"
        problems = [*dict.fromkeys(f"  row {row}: {problem}" for row, problem in seen.bad)]
        yield from problems[:_FACTS]
        if len(problems) > _FACTS:
            yield f"  and {len(problems) - _FACTS} more"
    for kind, names in proposal.unknown.items():
        yield f"{counted(len(names), 'undeclared name')} of the kind {kind}:"
        yield from (f"  {text}{f' ({hint})' if hint else ''}" for text, hint in [*names.items()][:_NAMES])
        if len(names) > _NAMES:
            yield f"  and {len(names) - _NAMES} more"
        yield f"  declare one with kzexpert new entity NAME --kind {kind}, or add it to the aliases of another"
    if proposal.unread:
        more = f" and {len(proposal.unread) - _COLUMNS} more" if len(proposal.unread) > _COLUMNS else ""
        yield f"Columns not read: {', '.join(proposal.unread[:_COLUMNS])}{more}"
    if proposal.formats:
        yield f"Do the dates begin with the day, or with the month? {', '.join(proposal.formats)} reads them too"
