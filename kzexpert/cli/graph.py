"""``kzexpert graph``: the rules and predicates of a base as a picture, or as pages that link to each other."""

from collections.abc import Sequence
from contextlib import ExitStack

import click

from kzexpert.analysis.base_graph import base_graph
from kzexpert.cli.located import located
from kzexpert.cli.options import Count, Options, command, common_options
from kzexpert.cli.output import emit, show, tell
from kzexpert.cli.session import known_cases, open_session, read_knowledge_base
from kzexpert.errors import Issue, UsageError
from kzexpert.render.base_graph import PICTURES, drawn

__all__ = ["graph"]


@command(
    epilog="""\b
Examples:
  kzexpert graph --format svg --output rules.svg
  kzexpert graph hedges --depth 2 | dot -Tpdf > hedges.pdf
  kzexpert graph security --format mermaid
  kzexpert graph --old HEAD~1 --format svg --output changed.svg
  kzexpert graph --site public""",
)
@click.argument("name", nargs=-1)
@click.option("--depth", type=Count(), default=1, show_default=True, metavar="NUMBER", help="How many rules away.")
@click.option("--old", metavar="BASE", help="Mark what differs from another base, or from a git revision.")
@click.option(
    "--site", "folder", metavar="FOLDER", help="Write pages that link to each other, one a rule and predicate."
)
@common_options(run=False, formats=("dot", "svg", "mermaid", "json"))
def graph(options: Options, name: tuple[str, ...], depth: int, old: str | None, folder: str | None) -> int:
    """Draw the rules: what they conclude from what, left to right, stratum by stratum.

    Without a NAME it is an overview of all conclusions. A NAME is a rule, a predicate, or a topic: a file of rules
    without its ending. What must not be, and evidence against, is dashed.
    """
    if folder is not None:
        _write_site(options, folder, name or ((old,) if old else ()))
        return 0
    kb = read_knowledge_base(options)
    with ExitStack() as stack:
        before = stack.enter_context(located(options, old)).knowledge_base() if old else None
        found = base_graph(kb, name, depth, before)
    if options.format == "json":
        show(options, found, lambda _out: "")
    else:
        emit(options, lambda _out: PICTURES[options.format](drawn(found)))
    return 0


def _write_site(options: Options, folder: str, others: Sequence[str]) -> None:
    from kzexpert.analysis.cases import try_case
    from kzexpert.authoring.mutation.coverage import rested_on
    from kzexpert.authoring.mutation.survey import trials_of
    from kzexpert.cli.pages import write_pages
    from kzexpert.render.site import Tried, site

    if others:
        hint = "leave out the names, or --site"
        raise UsageError(Issue("KZ308", "--site writes all pages, and takes neither a NAME nor --old", hint=hint))
    session = open_session(options)
    kb, infer = session.kb, session.engine().infer
    tried = [try_case(kb, case, infer, lambda layer: session.beside(layer).kb) for case in known_cases(options, kb)]
    passed = [item.result.case for item in tried if item.result.passed]
    trials = trials_of(tried, infer)
    ids = {rule.location: rule.id for rule in kb.rules}
    resting = {trial.id: frozenset(ids[place] for place in rested_on(trial) if place in ids) for trial in trials}
    pages = site(kb, [Tried(case, resting.get(case.id, frozenset())) for case in passed])
    write_pages(folder, pages)
    tell(f"{len(pages)} pages in {folder}; begin with {folder}/index.html")
