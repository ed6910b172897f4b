"""``kzexpert test``: the cases of a knowledge base, run one by one."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from kzexpert.analysis.cases import CaseResult, TriedCase, run_case, try_case
from kzexpert.cli.mutation import MutationOptions, mutate, mutation_options, own_rules
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.progress import progress_line
from kzexpert.cli.reports import REPORT, REPORT_FORMATS, show_report, targets
from kzexpert.cli.session import Session, open_cases, open_session
from kzexpert.model import Case, KnowledgeBase
from kzexpert.render.cases_json import cases_document
from kzexpert.render.cases_text import cases_text
from kzexpert.render.reports import cases_report

if TYPE_CHECKING:
    from kzexpert.authoring.mutation.coverage import RulePart

__all__ = ["test"]


@command(
    epilog="""\b
Examples:
  kzexpert test
  kzexpert test --coverage
  kzexpert test --mutate --rule shared-bloc
  kzexpert test --since main --threshold 95
  kzexpert test my-cases.yaml --rules draft.yaml
  kzexpert test --report junit=cases.xml""",
)
@click.argument("file", nargs=-1)
@click.option("--coverage", is_flag=True, help="Tell which rules, conditions and exceptions no case asserts.")
@mutation_options
@REPORT
@common_options(
    run=False, engine=True, formats=REPORT_FORMATS, limit=20, limits="How many things of a kind to tell; JSON has all."
)
def test(options: Options, file: tuple[str, ...], coverage: bool, report: tuple[str, ...], **mutation: Any) -> int:
    """Run the cases in tests/cases of the knowledge base, or those of each FILE. Exit code 1 when one fails.

    A case says what to ask of which facts, and what the answer must be. The cases of used bases run too, each with
    its own base. --mutate asks whether the cases are good tests: each rule is changed in one place after the other,
    and a case that reaches it must fail. Only rules of the base itself are changed.
    """
    files, given = targets(options, report), MutationOptions(**mutation)
    session = open_session(options)
    infer = session.engine().infer
    cases = open_cases(options, session.kb, file)
    if given.asked or coverage:
        tried = [try_case(session.kb, case, infer, lambda layer: session.beside(layer).kb) for case in cases]
        results = [item.result for item in tried]
        if given.asked and all(result.passed for result in results):
            return mutate(session, given, tried, files)
    else:
        tried, results = [], _results(session, cases)
    used = {} if file or given.asked else _of_used_bases(options, session.kb)
    everything = [*results, *(result for found in used.values() for result in found)]
    parts = _covered(session, given, tried) if coverage else None
    document = cases_document(everything, parts)
    text_of = lambda out: cases_text(results, parts, out, used, options.limit)  # noqa: E731
    show_report(options, files, document, text_of, cases_report(everything))
    return 0 if all(result.passed for result in everything) else 1


def _results(session: Session, cases: Sequence[Case]) -> list[CaseResult]:
    """How the cases went, each of which is forgotten before the next."""
    infer = session.engine().infer
    return [run_case(session.kb, case, infer, lambda layer: session.beside(layer).kb) for case in cases]


def _covered(session: Session, given: MutationOptions, tried: Sequence[TriedCase]) -> "tuple[RulePart, ...]":
    """What the cases that pass assert."""
    from kzexpert.authoring.mutation.coverage import coverage
    from kzexpert.authoring.mutation.survey import trials_of

    rules = own_rules(session.kb, session.options, given)
    with progress_line() as line:
        return coverage(session.kb, rules, trials_of(tried, session.engine(line).infer), line)


def _of_used_bases(options: Options, kb: KnowledgeBase) -> dict[str, list[CaseResult]]:
    """Base → how its cases went, each with that base and nothing else."""
    found = {}
    for layer in kb.layers:
        if layer.used and os.path.isdir(f"{layer.folder}/tests/cases"):  # noqa: PTH112, as in `cli.session`
            session = open_session(replace(options, kb=(layer.folder,), rules=(), facts=()))
            found[layer.label] = _results(session, open_cases(session.options, session.kb))
    return found
