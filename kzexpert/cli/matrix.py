"""``kzexpert matrix``: rival hypotheses, and which evidence tells them apart."""

import click

from kzexpert.analysis.matrix import matrices, read_comparisons
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import show
from kzexpert.cli.session import open_session
from kzexpert.render.matrix_text import matrix_text

__all__ = ["matrix"]


@command(
    epilog="""\b
Examples:
  kzexpert matrix Ruritania
  kzexpert matrix "alignment(Ruritania, ?power, security)"
  kzexpert matrix "who is aligned with Borduria?" --format json""",
)
@click.argument("subject", nargs=-1, required=True)
@common_options()
def matrix(options: Options, subject: tuple[str, ...]) -> int:
    """Compare rival hypotheses about a SUBJECT by the evidence that bears on them.

    The SUBJECT is the name of an entity, for what the vocabulary declares with "compares"; or a pattern or question
    whose first open argument stands for the hypotheses. Each combination of its other open arguments gives a matrix.
    """
    session = open_session(options)
    text = " ".join(subject)
    comparisons = read_comparisons(session.kb, text)
    inference = session.infer([comparison.pattern for comparison in comparisons])
    found = matrices(inference, text, comparisons)
    show(options, found, lambda out: matrix_text(inference, found, out))
    return 0 if found.matrices else 3
