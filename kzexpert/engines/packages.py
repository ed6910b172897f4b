"""What to tell a user whose installation lacks the packages of an engine. It installs nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from kzexpert.errors import Issue, UsageError

__all__ = ["bulk"]

_LOW = "make sure that there is memory left, and that the package was built for this system"
_PACKAGES = ("duckdb", "sqlglot", "pyspark", "py4j")


@contextmanager
def bulk(what: str, extra: str = "bulk") -> Iterator[None]:
    """Say that an extra is missing, where what is imported inside needs it.

    Raises:
        UsageError: a package of the extra is not installed, or too old (KZ403).
    """
    hint = f"pip install 'kzexpert[{extra}]'"
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise UsageError(Issue("KZ403", f"{what} needs {error.name}", hint=hint)) from None
    except ImportError as error:
        if error.path and not error.path.endswith(".py"):  # a library that is there, but for which there is no memory
            raise UsageError(Issue("KZ403", f"{what} cannot load {error.path}: {error}", hint=_LOW)) from None
        raise UsageError(Issue("KZ403", f"{what} needs another version: {error}", hint=hint)) from None
