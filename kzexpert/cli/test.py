"""``kzexpert test``: the cases of a knowledge base, run one by one."""

import os
from collections.abc import Sequence

import click
from msgspec.structs import replace

from kzexpert.analysis.cases import CaseResult, run_case
from kzexpert.analysis.cases import coverage as covered
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.reports import REPORT, REPORT_FORMATS, show_report, targets
from kzexpert.cli.session import open_cases, open_session
from kzexpert.model import KnowledgeBase
from kzexpert.render.cases_json import cases_document
from kzexpert.render.cases_text import cases_text
from kzexpert.render.reports import cases_report

__all__ = ["test"]


@command(
    epilog="""\b
Examples:
  kzexpert test
  kzexpert test --coverage
  kzexpert test my-cases.yaml --rules draft.yaml
  kzexpert test --report junit=cases.xml""",
)
@click.argument("file", nargs=-1)
@click.option("--coverage", is_flag=True, help="List the rules that fire in no case.")
@REPORT
@common_options(run=False, engine=True, formats=REPORT_FORMATS)
def test(options: Options, file: tuple[str, ...], coverage: bool, report: tuple[str, ...]) -> int:
    """Run the cases in tests/cases of the knowledge base, or those of each FILE. Exit code 1 when one fails.

    A case says what to ask of which facts, and what the answer must be. The cases of used bases run too, each with
    its own base.
    """
    files = targets(options, report)
    kb, results = _run(options, file)
    reached = covered(kb, results) if coverage else None
    used = {} if file else _of_used_bases(options, kb)
    everything = [*results, *(result for found in used.values() for result in found)]
    document = cases_document(everything, reached)
    found = cases_report(everything)
    show_report(options, files, document, lambda out: cases_text(kb, results, reached, out, used), found)
    return 0 if all(result.passed for result in everything) else 1


def _run(options: Options, files: Sequence[str] = ()) -> tuple[KnowledgeBase, list[CaseResult]]:
    """The knowledge base, and how the cases went."""
    session = open_session(options)
    kb, infer = session.kb, session.engine().infer
    cases = open_cases(options, kb, files)
    return kb, [run_case(kb, case, infer, lambda layer: session.beside(layer).kb) for case in cases]


def _of_used_bases(options: Options, kb: KnowledgeBase) -> dict[str, list[CaseResult]]:
    """Base → how its cases went, each with that base and nothing else."""
    found = {}
    for layer in kb.layers:
        if layer.used and os.path.isdir(f"{layer.folder}/tests/cases"):  # noqa: PTH112, as in `cli.session`
            _, found[layer.label] = _run(replace(options, kb=(layer.folder,), rules=(), facts=()))
    return found
