"""``kzexpert test``: the cases of a knowledge base, run one by one."""

import click

from kzexpert.analysis.cases import coverage as covered
from kzexpert.analysis.cases import run_case
from kzexpert.cli.options import Options, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import open_cases, open_session
from kzexpert.render.cases_json import cases_document
from kzexpert.render.cases_text import cases_text

__all__ = ["test"]


@click.command(
    epilog="""\b
Examples:
  kzexpert test
  kzexpert test --coverage
  kzexpert test my-cases.yaml --rules draft.yaml""",
)
@click.argument("file", nargs=-1)
@click.option("--coverage", is_flag=True, help="List the rules that fire in no case.")
@common_options(run=False, engine=True)
def test(options: Options, file: tuple[str, ...], coverage: bool) -> int:
    """Run the cases in tests/cases of the knowledge base, or those of each FILE. Exit code 1 when one fails.

    A case says what to ask of which facts and what must come out.
    """
    session = open_session(options)
    kb, infer = session.kb, session.engine().infer
    cases = open_cases(options, kb, file)
    results = [run_case(kb, case, infer, lambda layer: session.beside(layer).kb) for case in cases]
    reached = covered(kb, results) if coverage else None
    show(options, cases_document(results, reached), lambda out: cases_text(kb, results, reached, out))
    return 0 if all(result.passed for result in results) else 1
