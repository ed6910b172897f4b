"""What the Tab key proposes: by the protocol that shells speak, and in real ones."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from processes import run
from terminals import TAB, Terminal

from kzexpert.cli.group import COMMANDS, cli

SMALL = Path(__file__).parents[1] / "kb_small"
KB = ("--kb", str(SMALL))


def proposed(*words: str) -> list[str]:
    """What bash is told; the last word is the one that is being typed."""
    asked = {
        "_KZEXPERT_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(["kzexpert", *words]),
        "COMP_CWORD": str(len(words)),
    }
    ran = run(**asked)
    assert (ran.returncode, ran.stderr) == (0, "")
    return [line for line in ran.stdout.splitlines() if line]


PROPOSED = {
    ("ab",): ["plain,about"],
    ("about", *KB, "Rur"): ["plain,Ruritania"],
    ("about", *KB, "grand", "f"): ["plain,Fenwick"],
    ("about", *KB, "Ruritania", "--topic", ""): ["plain,alignment", "plain,recorded"],
    ("about", "--kb", "nowhere", "Rur"): [],
    ("ask", *KB, "who", "leads", "Pa"): ["plain,Pact"],
    ("ask", *KB, "'who leads Pa"): ["plain,who leads Pact"],
    ("ask", *KB, "'leads(Bor"): ["plain,leads(Borduria"],
    ("ask", *KB, "lea"): ["plain,leads\\("],
    ("ask", "--engine", "du"): ["plain,duckdb"],
    ("ask", "--format", ""): ["plain,text", "plain,json"],
    ("ask", "--kb", "own"): ["plain,ownership"],
    ("ask", "--kb", "./"): ["dir,./"],
    ("ask", "--rules", "x"): ["file,x"],
    ("ask", "--budget", "sec"): ["plain,seconds="],
    ("ask", *KB, "x", "--assume", "'member(Klow, Pac"): ["plain,member(Klow, Pact)"],
    ("infer", *KB, "reach"): ["plain,reaches", "plain,reaches\\("],
    ("vocabulary", *KB, "blo"): ["plain,bloc"],
    ("schema", "linch"): ["plain,linchpins"],
    ("trace", "ver"): ["plain,verify"],
    ("trace", "verify", ""): ["file,"],
    ("completion", "z"): ["plain,zsh"],
    ("matrix", *KB, "Szo"): ["plain,Szohod", "plain,Szohod Pact"],
    ("new", "fact", "--kb", str(SMALL), "--source", ""): ["plain,almanac", "plain,gazette"],
    ("what-if", "--against", "wor"): ["plain,world"],
}


@pytest.mark.parametrize("words", PROPOSED)
def test_values_are_proposed(words: tuple[str, ...]) -> None:
    assert proposed(*words) == PROPOSED[words]


def test_every_command_is_proposed() -> None:
    assert proposed("") == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell: str) -> None:
    ran = CliRunner().invoke(cli, ["completion", shell], prog_name="kzexpert")
    assert ran.exit_code == 0
    assert f"_KZEXPERT_COMPLETE={shell}_complete" in ran.stdout


# --- real shells ---

SHELLS = {
    "bash": (("bash", "--norc", "--noprofile", "-i"), 'PS1="rea""dy> "; eval "$(kzexpert completion bash)"'),
    "zsh": (
        ("zsh", "-f", "-i"),
        'PS1="rea""dy> "; autoload -Uz compinit; compinit -D -u; eval "$(kzexpert completion zsh)"',
    ),
    "fish": (
        ("fish", "--no-config", "-i"),
        "function fish_prompt; echo 'rea''dy> '; end; kzexpert completion fish | source",
    ),
}


@pytest.fixture
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A shell that has loaded its script, and finds the package under test as ``kzexpert``."""
    words, start = SHELLS[request.param]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    program = tmp_path / "bin" / "kzexpert"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m kzexpert "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}:/usr/local/bin:/usr/bin:/bin"
    running = Terminal(words, tmp_path, PATH=path, HOME=str(tmp_path), KZEXPERT_KB=str(SMALL))
    running.type(f"{start}\r")
    running.until("ready>")
    yield running
    running.process.kill()
    running.process.wait()


#: What is typed → what stands there after the Tab key.
TYPED = {
    "kzexpert about Rur": "kzexpert about Ruritania",
    "kzexpert about Grand Fen": "kzexpert about Grand Fenwick",
    "kzexpert ask --engine duc": "kzexpert ask --engine duckdb",
    "kzexpert linchp": "kzexpert linchpins",
    "kzexpert check --kb owners": "kzexpert check --kb ownership",
    "kzexpert ask 'leads(Bord": "kzexpert ask 'leads(Borduria",
}
KILL_LINE = "\x15"


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS, indirect=True)
def test_a_real_shell_completes(shell: Terminal) -> None:
    for typed, shown in TYPED.items():
        shell.type(typed)
        shell.until(f"ready> {typed}")
        shell.type(TAB)
        shell.until(f"ready> {shown}")
        shell.type(KILL_LINE)
        shell.until("ready>")
