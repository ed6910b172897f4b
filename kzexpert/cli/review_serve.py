"""``kzexpert review serve``: a workbench in the browser for those who review judgements."""

import os
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from kzexpert.checks import refuse_errors
from kzexpert.cli.judged import FOLDER
from kzexpert.cli.options import Command, Options, common_options
from kzexpert.cli.output import tell
from kzexpert.cli.reviewer import reviewer_name, writable_folder
from kzexpert.cli.session import Session, inspect, layers, open_session, read_knowledge_base
from kzexpert.engines.packages import bulk
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.bases import base_folders, read_files
from kzexpert.model import KnowledgeBase

__all__ = ["serve"]


@click.command(
    cls=Command,
    short_help="Read, try out and review in the browser.",
    epilog="""\b
Examples:
  kzexpert review serve
  kzexpert review serve --kb my-knowledge-base --reviewer "A. Reviewer" --port 8080""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Where to listen.  [default: any]")
@click.option("--reviewer", metavar="NAME", help="Who reviews.  [default: user.name of git]")
@FOLDER
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@common_options(formats=(), output=False)
def serve(options: Options, port: int, reviewer: str | None, reviews: str | None, no_browser: bool) -> int:
    """Open a workbench in the browser: all judgements, the argument of each, and what it would be if.

    It listens on this machine alone, at an address with a key, until Ctrl-C. What you accept, challenge or note goes
    into the files of reviews/ at once; what others write there, and changes of the base, show as you go on.
    """
    kb = read_knowledge_base(options)
    name, folder = reviewer_name(reviewer), writable_folder(options, kb, reviews and os.path.realpath(reviews))
    with bulk("the workbench", "review"):
        from kzexpert.workbench.desk import Desk
        from kzexpert.workbench.server import Workbench

    desk = Desk(lambda: _opened(options), lambda: _files(options, kb), folder, name, options.as_of is not None)
    workbench = Workbench(desk, port)
    tell(f"The workbench is at {workbench.address}\nCtrl-C stops it.")
    with TemporaryDirectory(prefix="kzexpert-") as private:
        if not no_browser:
            webbrowser.open(_entrance(private, workbench.address))
        workbench.serve()
    return 0


def _entrance(folder: str, address: str) -> str:
    """The address of a file that leads there, since all users of a machine see with what a browser is called."""
    file = Path(folder, "workbench.html")
    file.write_text(f'<!doctype html><title>kzexpert</title><meta http-equiv="refresh" content="0; url={address}">')
    return file.as_uri()


def _opened(options: Options) -> Session:
    """The base as its files are now, whatever was kept of it.

    Raises:
        KnowledgeBaseError: something is wrong with them.
        UsageError: the engine is one that keeps what follows outside of memory (KZ308).
    """
    kb, issues = inspect(options)
    refuse_errors(kb, issues)
    session = open_session(options, kb)
    if session.row.reads_tables:
        message = f"the workbench infers in memory, and the engine {session.row.name} does not"
        raise UsageError(Issue("KZ308", message, Location("--engine"), "leave --engine out"))
    return session


def _files(options: Options, kb: KnowledgeBase) -> Iterator[str]:
    """All that is read of it; tables and registers are those that it had at the start."""
    issues: list[Issue] = []
    yield from read_files(base_folders(layers(options), issues), options.rules, options.facts)
    yield from kb.files
