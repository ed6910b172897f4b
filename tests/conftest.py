"""What tests of the whole program share: the checkout they belong to, and what a marker means."""

import os
import signal
import sys
from pathlib import Path

import examples  # noqa: F401  (loads the profile of Hypothesis before a test module is read)
import pytest
from browsers import browser  # noqa: F401  (a fixture of all tests of pages)
from hypothesis import strategies as st
from processes import CHECKOUT

# The parser of Spark remembers what it has read, and nothing bounds that: a gigabyte does not last for all tests. The
# first test of a process that starts Spark decides, whatever its own settings.
os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--driver-memory 3g pyspark-shell")

# Executors run the Python of the driver.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

# A shell without job control has what it starts in the background ignore Ctrl-C, which all below that inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the workers of one run, a single one starts Spark."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))


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
    return CHECKOUT
