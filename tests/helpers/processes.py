"""The command in a process of its own, as a shell runs it, and in this one, as a hundred tests can afford it."""

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

import kzexpert

__all__ = ["CHECKOUT", "Came", "command", "environment", "here", "on_a_terminal", "run", "started"]

Came = subprocess.CompletedProcess[str]

CHECKOUT = Path(__file__).parents[2]


def command(*arguments: str) -> list[str]:
    """The words that start the package under test."""
    return [sys.executable, "-m", "kzexpert", *arguments]


def environment(**extra: str) -> dict[str, str]:
    """That of this process, but for what changes the output; nothing is read from a cache or kept in one."""
    changing = ("COLUMNS", "KZEXPERT_DEBUG", "KZEXPERT_KB", "NO_COLOR")
    kept = {key: value for key, value in os.environ.items() if key not in changing}
    found = str(Path(kzexpert.__file__).parents[1])
    return {**kept, "PYTHONPATH": found, "TERM": "xterm-256color", "KZEXPERT_CACHE": "", **extra}


def run(*arguments: str, cwd: Path | None = None, **extra: str) -> Came:
    """Run ``kzexpert`` to its end, for a minute at most."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def started(
    *arguments: str, stdout: int | IO[str] = subprocess.DEVNULL, stderr: int = subprocess.PIPE, **extra: str
) -> subprocess.Popen[str]:
    """Start ``kzexpert``, for a test that interrupts it, kills it or closes its streams."""
    return subprocess.Popen(
        command(*arguments), env=environment(**extra), stdout=stdout, stderr=stderr, encoding="utf-8"
    )


def on_a_terminal(arguments: Sequence[str], stdout: int | None = None, **extra: str) -> tuple[int, str]:
    """The exit code, and what a command writes when its streams are a terminal.

    Args:
        stdout: where its stdout goes instead.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=environment(**{"COLUMNS": "80", **extra}),
    )
    os.close(theirs)
    written = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return process.wait(timeout=60), written.decode("utf-8")


def here(*arguments: str, cwd: Path = CHECKOUT, settings: Mapping[str, str] | None = None) -> Came:
    """Run ``kzexpert`` in this process, plain, in a folder (by default the checkout)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.delenv("KZEXPERT_KB", raising=False)
        variables = {"COLUMNS": None, "KZEXPERT_DEBUG": None, "KZEXPERT_CACHE": "", "NO_COLOR": "1", **(settings or {})}
        from kzexpert.cli.group import cli

        result = CliRunner().invoke(cli, arguments, prog_name="kzexpert", env=variables)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Came(arguments, result.exit_code, result.stdout, result.stderr)
