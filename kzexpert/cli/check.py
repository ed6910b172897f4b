"""``kzexpert check``: everything that is wrong with a knowledge base and its cases, at once."""

from collections.abc import Mapping, Sequence

import click

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import inspect_with_cases
from kzexpert.errors import Issue
from kzexpert.render.abridgement import all_shown
from kzexpert.render.issues import issues_text, summary
from kzexpert.render.json import issues_document
from kzexpert.render.writer import Writer

__all__ = ["check"]


@command(
    epilog="""\b
Examples:
  kzexpert check
  kzexpert check --kb my-knowledge-base --strict
  kzexpert check --rules draft.yaml --format json""",
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@common_options(run=False, limit=10)
def check(options: Options, strict: bool) -> int:
    """Check a knowledge base: files, names, types, rules and cases. Exit code 1 when there are errors."""
    issues, texts = inspect_with_cases(options)
    document = issues_document(issues)
    show(options, document, lambda out: _text(issues, texts, options.limit, out))
    failing = ("error", "warning") if strict else ("error",)
    return 1 if any(issue.severity in failing for issue in issues) else 0


def _text(issues: Sequence[Issue], texts: Mapping[str, str], limit: int | None, out: Writer) -> str:
    """How much is wrong, and all of it, or the first of each code."""
    parts = [f"{summary(issues)}\n", issues_text(issues, texts, out, limit)]
    parts += [f"{all_shown(out)}\n"] if limit is not None and len(issues) > limit else []
    return "\n".join(part for part in parts if part)
