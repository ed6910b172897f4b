"""What to tell a user whose installation lacks the packages of an engine. It installs nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from kzexpert.errors import Issue, UsageError

__all__ = ["bulk"]


@contextmanager
def bulk(what: str) -> Iterator[None]:
    """Say that the extra ``bulk`` is missing, where what is imported inside needs it.

    Raises:
        UsageError: duckdb or sqlglot are not installed, or too old (KZ403).
    """
    hint = "pip install 'kzexpert[bulk]'"
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("duckdb", "sqlglot"):
            raise
        raise UsageError(Issue("KZ403", f"{what} needs {error.name}", hint=hint)) from None
    except ImportError as error:
        raise UsageError(Issue("KZ403", f"{what} needs another version: {error}", hint=hint)) from None
