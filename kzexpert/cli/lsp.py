"""``kzexpert lsp``: a language server for editors, on standard input and output."""

import logging
import sys

from kzexpert.cli.options import command
from kzexpert.errors import Issue, UsageError

__all__ = ["lsp"]


@command(
    epilog="""\b
Examples:
  kzexpert lsp
  kzexpert lsp 2>> lsp.log""",
)
def lsp() -> int:
    """Serve an editor that speaks the language server protocol: it starts this by itself.

    Each file belongs to the nearest base above it. Nothing is written, and nothing that a file says is run or fetched.
    """
    try:
        from kzexpert.authoring.language_server.server import server
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("pygls", "lsprotocol"):
            raise
        hint = "pip install 'kzexpert[author]'"
        raise UsageError(Issue("KZ403", f"the language server needs {package}", hint=hint)) from None
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    server().start_io()
    return 0
