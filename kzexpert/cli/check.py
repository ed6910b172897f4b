"""``kzexpert check``: everything that is wrong with a knowledge base and its cases, at once."""

import click

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import inspect_with_cases
from kzexpert.render.issues import issues_text, summary
from kzexpert.render.json import issues_document

__all__ = ["check"]


@command(
    epilog="""\b
Examples:
  kzexpert check
  kzexpert check --kb my-knowledge-base --strict
  kzexpert check --rules draft.yaml --format json""",
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@common_options(run=False)
def check(options: Options, strict: bool) -> int:
    """Check a knowledge base: files, names, types, rules and cases. Exit code 1 when there are errors."""
    issues, texts = inspect_with_cases(options)
    gap = "\n" if issues else ""
    document = issues_document(issues)
    show(options, document, lambda out: f"{issues_text(issues, texts, out)}{gap}{summary(issues)}\n")
    failing = ("error", "warning") if strict else ("error",)
    return 1 if any(issue.severity in failing for issue in issues) else 0
