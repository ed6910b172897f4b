"""The command line in this process, in a copy of the small invented knowledge base that a test may change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kzexpert.cli.group import cli

Kzexpert = Callable[..., Result]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the knowledge base, which is the current one."""
    folder = tmp_path / "small"
    shutil.copytree(Path(__file__).parents[1] / "kb_small", folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("KZEXPERT_DEBUG", raising=False)
    monkeypatch.setenv("KZEXPERT_CACHE", "")
    return folder


@pytest.fixture
def kzexpert(small: Path) -> Kzexpert:
    """Runs a command."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, prog_name="kzexpert")

    return run
