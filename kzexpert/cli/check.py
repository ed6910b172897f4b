"""``kzexpert check``: everything that is wrong with a knowledge base and its cases, at once."""

from collections.abc import Mapping, Sequence

import click

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.reports import REPORT, REPORT_FORMATS, show_report, targets
from kzexpert.cli.session import inspect_with_cases
from kzexpert.cli.stdin import STDIN, unsaved_file
from kzexpert.errors import Issue
from kzexpert.render.abridgement import all_shown
from kzexpert.render.issues import issues_text, summary
from kzexpert.render.json import issues_document
from kzexpert.render.reports import Report
from kzexpert.render.writer import Writer

__all__ = ["check"]


@command(
    epilog="""\b
Examples:
  kzexpert check
  kzexpert check --kb my-knowledge-base --strict
  kzexpert check --format github --report sarif=check.sarif
  kzexpert check - --stdin-name rules/blocs.yaml < draft.yaml""",
)
@STDIN
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@REPORT
@common_options(run=False, formats=REPORT_FORMATS, limit=10)
def check(options: Options, dash: str | None, stdin_name: str | None, strict: bool, report: tuple[str, ...]) -> int:
    """Check a knowledge base: files, names, types, rules and cases. Exit code 1 when there are errors.

    With - the text of one file comes from stdin, and what is wrong with that file is told.
    """
    files = targets(options, report)
    with unsaved_file(options, dash, stdin_name) as (taken, file):
        issues, texts = inspect_with_cases(taken)
    if file is not None:
        issues = [issue for issue in issues if issue.location and issue.location.file == file]
        texts = {name: text for name, text in texts.items() if name == file}
    found = Report("check", tuple(issues), texts, strict=strict)
    show_report(options, files, issues_document(issues), lambda out: _text(issues, texts, options.limit, out), found)
    return 1 if any(map(found.fails, issues)) else 0


def _text(issues: Sequence[Issue], texts: Mapping[str, str], limit: int | None, out: Writer) -> str:
    """How much is wrong, and all of it, or the first of each code."""
    parts = [f"{summary(issues)}\n", issues_text(issues, texts, out, limit)]
    parts += [f"{all_shown(out)}\n"] if limit is not None and len(issues) > limit else []
    return "\n".join(part for part in parts if part)
