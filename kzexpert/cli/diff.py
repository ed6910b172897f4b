"""``kzexpert diff``: how two bases differ, and which conclusions change by which of that."""

from contextlib import ExitStack

import click

from kzexpert.analysis.base_diff import base_diff
from kzexpert.cli.located import Located, located
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import Session, open_session
from kzexpert.errors import Location
from kzexpert.render.base_diff_text import base_diff_text

__all__ = ["diff"]


@command(
    epilog="""\b
Examples:
  kzexpert diff HEAD~1
  kzexpert diff v1.0 HEAD --as-of 2011
  kzexpert diff ../last-year --limit 5
  kzexpert diff kzexpert my-knowledge-base --format json

\b
Exit codes: 0 they differ; 1 one of them is at fault;
2 usage; 3 they state and conclude the same.""",
)
@click.argument("old")
@click.argument("new", required=False)
@common_options(limit=10)
def diff(options: Options, old: str, new: str | None) -> int:
    """Show how the base NEW differs from OLD: rules, facts, entities, sources and predicates, and what follows.

    Each is a folder, the name of a base, or a git revision of the base in use, which is read from git without a
    checkout. NEW is the base in use unless it is named. Each conclusion that changes is listed under its cause.
    """
    with ExitStack() as stack:
        sides = [stack.enter_context(located(options, name)) for name in ([old, new] if new else [old])]
        after = _opened(sides[1], None) if new else open_session(options)
        before = _opened(sides[0], after)

        def place(at: Location) -> str:
            return next((shown for side in sides if (shown := side.place(at)) != str(at)), str(at))

        found = base_diff(before.infer(), after.infer(), old, new or "the base in use", place)
        show(options, found, lambda out: base_diff_text(found, options.limit, out))
        return 3 if found.same else 0


def _opened(side: Located, beside: Session | None) -> Session:
    """A base, to be run by the engine of the other one if there is one."""
    kb = side.knowledge_base()
    return open_session(side.options, kb) if beside is None else beside.beside(kb)
