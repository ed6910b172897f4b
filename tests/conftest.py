"""What tests of the whole program share: the checkout they belong to, and the command line as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st

import kzexpert

# A shared machine pauses now and then: no example fails for having taken long.
settings.register_profile("kzexpert", deadline=None)
settings.load_profile("kzexpert")

Run = Callable[..., subprocess.CompletedProcess[str]]

_CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def _regular_expressions() -> None:
    """Let Hypothesis import its module for them now.

    Later pytest would compile that inside of the greenlets of a browser that other tests keep open, where CPython 3.11
    loses count of its recursion.
    """
    st.from_regex("x").validate()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds ``rules/``, ``facts/``, ``docs/`` and ``tests/``."""
    return _CHECKOUT


@pytest.fixture(scope="session")
def run() -> Run:
    """Run ``kzexpert`` in a process of its own, plain and in a folder (by default the checkout), for a minute."""

    def run(*arguments: str, cwd: Path = _CHECKOUT, **environment: str) -> subprocess.CompletedProcess[str]:
        found = str(Path(kzexpert.__file__).parents[1])
        clean = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "KZEXPERT_DEBUG")}
        return subprocess.run(
            [sys.executable, "-m", "kzexpert", *arguments],
            cwd=cwd,
            env={**clean, "PYTHONPATH": found, "NO_COLOR": "1", "KZEXPERT_CACHE": "", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run
