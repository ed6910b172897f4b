"""``kzexpert schema``: the JSON Schema of what the commands print with ``--format json``."""

import click

from kzexpert.cli.options import Options, command
from kzexpert.cli.output import emit
from kzexpert.schemas import DOCUMENTS, published

__all__ = ["schema"]


@command(
    epilog="""\b
Examples:
  kzexpert schema
  kzexpert schema trace > trace.schema.json""",
)
@click.argument("name", required=False)
def schema(name: str | None) -> int:
    """Print the JSON Schema of the document NAME, or the names of all documents."""
    if name is None:
        listed = "".join(f"{known:<14} {document.made_by}\n" for known, document in DOCUMENTS.items())
        emit(Options(), lambda _out: listed)
    else:
        text = published(name)
        emit(Options(), lambda _out: text)
    return 0
