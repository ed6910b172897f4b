"""The command in this process, on knowledge bases that are made once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from infer_worlds import hard, large

from kzexpert.cli.group import cli

Infer = Callable[..., Result]
SMALL = Path(__file__).parents[1] / "kb_small"


@pytest.fixture(scope="session")
def hard_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `infer_worlds.hard`."""
    return hard(tmp_path_factory.mktemp("hard"))


@pytest.fixture(scope="session")
def large_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `infer_worlds.large`."""
    return large(tmp_path_factory.mktemp("large"))


@pytest.fixture
def infer(monkeypatch: pytest.MonkeyPatch) -> Infer:
    """Runs the command, by default on the small knowledge base."""
    monkeypatch.setenv("KZEXPERT_CACHE", "")
    monkeypatch.delenv("KZEXPERT_DEBUG", raising=False)

    def run(*arguments: str, kb: Path = SMALL) -> Result:
        return CliRunner().invoke(cli, ["infer", *arguments, "--kb", str(kb)], prog_name="kzexpert")

    return run
