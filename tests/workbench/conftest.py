"""What tests of the workbench share: a base that they may change, and the real server on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import SMALL, Serve, Served


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base that a test may change."""
    return Path(shutil.copytree(SMALL, tmp_path / "base"))


@pytest.fixture
def serve(base: Path) -> Iterator[Serve]:
    """Starts workbenches on that base; at the end all of them are gone."""
    running: list[Served] = []

    def serve(*arguments: str, **named: Any) -> Served:
        running.append(Served(base, *arguments, **named))
        return running[-1]

    yield serve
    for served in running:
        served.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One workbench for all tests of a module that leave it as it is."""
    served = Served(Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("served") / "base")))
    yield served
    served.stop()
