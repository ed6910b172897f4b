"""How the packages of engines are imported, and what to tell a user who lacks them. It installs nothing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from kzexpert.errors import Issue, UsageError

__all__ = ["bulk", "undisturbed"]

_LOW = "make sure that there is memory left, and that the package was built for this system"
_PACKAGES = (
    "duckdb",
    "sqlglot",
    "pyspark",
    "py4j",
    "numpy",
    "sklearn",
    "model_diagnostics",
    "igraph",
    "starlette",
    "uvicorn",
    "watchfiles",
)


@contextmanager
def bulk(what: str, extra: str = "bulk") -> Iterator[None]:
    """Say that an extra is missing, where what is imported inside needs it. Signals wait until that is over.

    Raises:
        UsageError: a package of the extra is not installed, or too old (KZ403).
    """
    hint = f"pip install 'kzexpert[{extra}]'"
    try:
        with undisturbed():
            yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        raise UsageError(Issue("KZ403", f"{what} needs {error.name}", hint=hint)) from None
    except ImportError as error:
        if error.path and not error.path.endswith(".py"):  # a library that is there, but for which there is no memory
            raise UsageError(Issue("KZ403", f"{what} cannot load {error.path}: {error}", hint=_LOW)) from None
        raise UsageError(Issue("KZ403", f"{what} needs another version: {error}", hint=hint)) from None


@contextmanager
def undisturbed() -> Iterator[None]:
    """An interrupt amid the import of a C++ library would not end in cleaning up, but in the library's own abort."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
