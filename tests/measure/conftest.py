"""The villages, written once; and commands that measure them."""

import json

import pytest
import villages
from click.testing import CliRunner

from kzexpert.cli.group import cli


@pytest.fixture(scope="session")
def valley(tmp_path_factory):
    """The folder of the villages; nobody changes it."""
    return villages.write(tmp_path_factory.mktemp("measure") / "valley")


@pytest.fixture
def small(tmp_path):
    """A valley of one's own with few villages."""
    return villages.write(tmp_path / "small", villages=30)


def run(*arguments):
    """The exit code, stdout and stderr of a command."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="session")
def command():
    """Runs a command."""
    return run


@pytest.fixture(scope="session")
def evaluation(valley):
    """The evaluation of the villages."""
    result = run("evaluate", "--kb", valley, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["evaluations"][0]
