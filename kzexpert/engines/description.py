"""What a run was: rows that say it, beside the conclusions that are written. It says nothing of their number."""

from collections.abc import Sequence

from kzexpert.errors import without_password
from kzexpert.model import Inference

__all__ = ["description"]


def description(inferences: Sequence[Inference]) -> list[tuple[str, str, str]]:
    """What a run was.

    Args:
        inferences: at least one, of one run.

    Returns:
        Rows: what is told, of which, and its value.
    """
    from kzexpert import __version__

    program = inferences[0].program
    kb = program.kb
    found = [("version", "kzexpert", __version__), ("engine", "", inferences[0].engine)]
    found += [("as_of", "", inference.program.as_of.isoformat()) for inference in inferences]
    found += [("assumed", "", text) for text in program.assumed]
    found += [("withdrawn", "", text) for text in program.withdrawn]
    found += [("sha256", file, digest) for file, digest in sorted(kb.digests.items())]
    found += [("table", without_password(item.file), item.predicate) for item in kb.tables]
    return found
