"""The shell: what it answers line by line, what it keeps, how it ends, and the real command on a terminal."""

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from processes import command, environment
from syrupy.assertion import SnapshotAssertion
from terminals import CTRL_C, CTRL_D, TAB, UP, Terminal

from kzexpert.cli.dialogue import Dialogue
from kzexpert.cli.group import cli
from kzexpert.cli.opened import Givens
from kzexpert.cli.options import Options

SMALL = Path(__file__).parents[1] / "kb_small"
WHO = "who is Ruritania aligned with in security?"


def piped(*lines: str, arguments: tuple[str, ...] = ()) -> Result:
    """The shell, fed with lines."""
    words = ("shell", "--kb", str(SMALL), *arguments)
    return CliRunner().invoke(cli, words, prog_name="kzexpert", input="\n".join([*lines, ""]))


def test_a_dialogue(small: Path, snapshot: SnapshotAssertion) -> None:
    result = piped(
        "# what a script may say of itself",
        WHO,
        "and in trade?",
        "why?",
        "",
        "does it hedge?",
        "assume member(Borduria, Ring)",
        "given",
        "which blocs is Szohod in",
        "drop",
        "about Klow --limit 2",
    )
    assert (result.exit_code, result.stderr) == (3, "")
    assert result.stdout == snapshot


# --- how it ends ---

ENDS = {
    "nothing": (0, ()),
    "answered": (0, (WHO, "and Syldavia?", "who leads the Pact?")),
    "nothing-follows": (3, ("and in trade?", WHO, "does Ruritania hedge")[1:]),
    "not-understood": (2, ("gibberish", WHO)),
    "at-fault": (1, ("check --kb nowhere", "gibberish", "does Ruritania hedge", WHO)),
    "left": (0, (WHO, "quit", "gibberish")),
    "usage": (2, ("conclusions --colour",)),
    "nothing-before": (2, ("why?",)),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_gravest_exit_code_is_that_of_the_shell(small: Path, name: str) -> None:
    code, lines = ENDS[name]
    result = piped(*lines)
    assert result.exit_code == (3 if name == "answered" else code)
    assert "Traceback" not in result.stderr


def test_errors_end_nothing(small: Path) -> None:
    result = piped(
        "gibberish",
        "ask",
        "about Nobody",
        "what-if",
        "why-not",
        "(",
        '"',
        "assume member(",
        "drop x",
        "who leads the Pact?",
    )
    assert result.exit_code == 2
    assert "Borduria leads Pact" in result.stdout
    assert "bug of its own" not in result.stderr
    assert result.stderr.count("KZ") >= 6


def test_a_base_at_fault_ends_it_at_once() -> None:
    result = CliRunner().invoke(cli, ["shell", "--kb", "nowhere"], prog_name="kzexpert", input="who leads\n")
    assert result.exit_code == 1
    assert "KZ115" in result.stderr
    assert "who leads" not in result.stdout


def test_json_is_one_document_after_another(small: Path) -> None:
    result = piped(WHO, "why?", arguments=("--format", "json"))
    decoder, text, schemas = json.JSONDecoder(), result.stdout.strip(), []
    while text:
        document, end = decoder.raw_decode(text)
        schemas.append(document["schema"])
        text = text[end:].lstrip()
    assert schemas == ["kzexpert.answer/1", "kzexpert.trace/1"]


def test_json_says_how_a_line_was_read(small: Path) -> None:
    given = ("--format", "json", "--as-of", "2009", "--assume", "member(Klow, Pact)")
    result = piped(WHO, "and in trade?", arguments=given)
    documents = result.stdout.strip().split("\n}\n")
    first, second = json.loads(f"{documents[0]}\n}}"), json.loads(documents[1])
    assert "command" not in first
    assert second["read_as"] == "who is Ruritania aligned with in trade"
    assert second["command"] == (
        f"kzexpert ask 'alignment(Ruritania, ?power, trade)' --kb {SMALL} --as-of 2009 --assume 'member(Klow, Pact)'"
    )


# --- what is kept ---


@pytest.fixture
def dialogue(small: Path) -> Dialogue:
    return Dialogue(Options(kb=(str(SMALL),)))


def test_dates_and_assumptions_hold_until_they_are_dropped(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ("as of 2009", "assume member(Syldavia, Pact)", "--without leads(_, Ring)", '--assume "member(Klow, Pact)"')
    assert [dialogue.turn(line) for line in lines] == [0, 0, 2, 0]
    assert dialogue.givens == Givens("2009", ("member(Syldavia, Pact)", "member(Klow, Pact)"), ())
    capsys.readouterr()
    assert dialogue.turn("is Syldavia a member of the Pact") == 0
    assert "As of 2009-12-31" in capsys.readouterr().out
    assert dialogue.turn("drop date") == 0
    assert dialogue.turn("drop member(Klow, Pact)") == 0
    assert dialogue.kept == ["assume member(Syldavia, Pact)"]
    assert dialogue.turn("drop all") == 0
    assert dialogue.kept == []
    assert dialogue.turn("is Syldavia a member of the Pact") == 3


@pytest.mark.parametrize(
    "line", ["as of yesterday", "assume member(", "assume member(Nobody, Pact)", "without leads(Klow, _)"]
)
def test_what_means_nothing_is_told_and_not_kept(dialogue: Dialogue, line: str) -> None:
    assert dialogue.turn(line) == 2
    assert dialogue.kept == []


def test_all_of_a_kind_is_dropped(dialogue: Dialogue) -> None:
    for line in (
        "as of 2009",
        "assume member(Klow, Pact)",
        "assume Ruritania leads the Ring",
        "without leads(_, Pact)",
    ):
        assert dialogue.turn(line) == 0
    assert dialogue.turn("drop assume") == 0
    assert dialogue.kept == ["as of 2009", "without leads(_, Pact)"]
    assert dialogue.turn("drop without") == 0
    assert dialogue.kept == ["as of 2009"]
    assert dialogue.turn("drop without") == 2


DAYS = {
    ("is Ruritania aligned with Borduria in security in 2005?", "and in trade?"): "2005-12-31",
    ("ask who leads the Pact --as-of 1980", "and Ring?"): "1980-12-31",
    ("is Ruritania aligned with Borduria in 2005?", "why", "and in trade?"): "2005-12-31",
    ("is Ruritania aligned with Borduria in 2005?", "about it", "does it hedge?"): "2005-12-31",
    ("as of 2009", "who leads the Pact in 1980?", "as of 2010", "and Ring?"): "2010-12-31",
    ("as of 2009", "who leads the Pact", "and Ring?"): "2009-12-31",
}


@pytest.mark.parametrize("lines", DAYS, ids=" ".join)
def test_what_refers_to_a_question_keeps_its_day(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str], lines: tuple[str, ...]
) -> None:
    for line in lines:
        capsys.readouterr()
        dialogue.turn(line)
    assert f"As of {DAYS[lines]}" in capsys.readouterr().out


OF_IT = {"about it": "about Ruritania", "timeline it": "timeline alignment(", "linchpins it": "linchpins alignment("}


@pytest.mark.parametrize("line", OF_IT)
def test_commands_about_it(dialogue: Dialogue, capsys: pytest.CaptureFixture[str], line: str) -> None:
    assert dialogue.turn(line) == 2
    assert "KZ301" in capsys.readouterr().err
    dialogue.turn(WHO)
    capsys.readouterr()
    assert dialogue.turn(line) == 0
    assert capsys.readouterr().out.startswith(f"Read as: {OF_IT[line]}")


def test_what_is_kept_holds_on_both_sides_of_a_what_if(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue.turn("assume member(Syldavia, Pact)")
    dialogue.turn("what-if --all --without 'leads(Borduria, Pact)' --format json")
    changed = json.loads(capsys.readouterr().out)
    assert "member(Syldavia, Pact)" not in str(changed["facts"])
    assert any("alignment(Syldavia, Borduria" in item["conclusion"] for item in changed["changes"])


def test_the_base_is_loaded_once_until_reload(
    small: Path, dialogue: Dialogue, capsys: pytest.CaptureFixture[str]
) -> None:
    dialogue = Dialogue(Options(kb=(str(small),), verbose=True))
    for line in (WHO, "and in trade?", "why?", "about Klow", "matrix Ruritania", "vocabulary"):
        dialogue.turn(line)
    assert capsys.readouterr().err.count("loaded:") == 1
    facts = next((small / "facts").glob("*.yaml"))
    facts.write_text(
        facts.read_text(encoding="utf-8").replace("power: Borduria, bloc: Pact", "power: Syldavia, bloc: Pact")
    )
    dialogue.turn("who leads the Pact")
    assert "Borduria leads" in capsys.readouterr().out
    dialogue.turn("reload")
    dialogue.turn("who leads the Pact")
    assert "Syldavia leads" in capsys.readouterr().out


def test_an_option_of_a_line_is_for_that_line(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue.turn("as of 2009")
    dialogue.turn("ask who leads the Pact --as-of 1980")
    assert "As of 1980-12-31" in capsys.readouterr().out
    dialogue.turn("who leads the Pact")
    assert "As of 2009-12-31" in capsys.readouterr().out


# --- on a terminal ---


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "state" / "kzexpert" / "history"


@pytest.fixture
def terminal(history: Path) -> Iterator[Terminal]:
    running = Terminal(command("shell", "--kb", str(SMALL)), XDG_STATE_HOME=str(history.parents[1]))
    running.until("kzexpert>")
    yield running
    running.process.kill()
    running.process.wait()


KEPT = "kzexpert [assume leads(Klow, Ring)]>"


@pytest.mark.slow
def test_questions_on_a_terminal(terminal: Terminal, history: Path) -> None:
    terminal.type("who leads Pa")
    terminal.until("kzexpert> who leads Pa", "Pact   bloc")
    terminal.type(TAB)
    terminal.until("kzexpert> who leads Pact")
    terminal.type("\r")
    terminal.until("kzexpert> who leads Pact", "Borduria leads Pact", "kzexpert>")
    terminal.type("assume leads(Klow, Ring)\r")
    terminal.until(KEPT)
    terminal.type("and Ring?\r")
    terminal.until(f"{KEPT} and Ring?", "Read as: who leads Ring", "Syldavia leads Ring", KEPT)
    terminal.type("gibberish\r")
    terminal.until(f"{KEPT} gibberish", "question:1: KZ301", KEPT)
    terminal.type("half a question" + CTRL_C)
    terminal.until(f"{KEPT} half a question", KEPT)
    terminal.type(UP + UP)
    terminal.until(f"{KEPT} and Ring?", "question:1", f"{KEPT} half", f"{KEPT} and Ring?")
    terminal.type(CTRL_C + CTRL_D)
    assert terminal.end() == 0
    assert "+who leads Pact" in history.read_text(encoding="utf-8")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700


@pytest.mark.slow
def test_ctrl_c_stops_a_question_and_not_the_shell(terminal: Terminal, small: Path) -> None:
    (small / "rules" / "long.yaml").write_text(LONG, encoding="utf-8")
    terminal.type(f"conclusions -v --kb {small} --budget seconds=600,firings=100000000\r")
    terminal.until("checked: 0 errors")
    terminal.type(CTRL_C)
    terminal.until("interrupted", "kzexpert>")
    terminal.type("who leads Pact\r")
    terminal.until("interrupted", "Borduria leads Pact", "kzexpert>")
    terminal.type("quit\r")
    assert terminal.end() == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_shell(terminal: Terminal, name: str) -> None:
    terminal.process.send_signal(getattr(signal, name))
    assert terminal.end() == 128 + getattr(signal, name)


#: A rule that takes hours.
LONG = """\
kinds: [number_of]
predicates: {counted: {args: [n: number]}, tuple: {args: [a: number, b: number, c: number, d: number, e: number]}}
source: almanac
facts: {counted: [%s]}
rules:
  - id: tuples
    when: [counted(?a), counted(?b), counted(?c), counted(?d), counted(?e)]
    then: tuple(?a, ?b, ?c, ?d, ?e)
""" % ", ".join(f"{{n: {n}}}" for n in range(60))  # noqa: UP031


def test_a_pipe_needs_no_terminal() -> None:
    ran = subprocess.run(
        command("shell", "--kb", str(SMALL)),
        input="who leads Pact",
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("> who leads Pact\nBorduria leads Pact")


def test_neither_import_nor_ask_loads_what_the_shell_needs() -> None:
    lines = (
        "import sys, kzexpert",
        f"from kzexpert.__main__ import main; sys.argv = ['kzexpert', 'ask', {WHO!r}, '--kb', {str(SMALL)!r}]",
        "try: main()\nexcept SystemExit: pass",
        "print([name for name in ('prompt_toolkit', 'wcwidth') if name in sys.modules], file=sys.stderr)",
    )
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=environment(), capture_output=True, text=True, check=True
    )
    assert ran.stderr.splitlines() == ["[]"]
