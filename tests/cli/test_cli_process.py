"""The command as a shell runs it: streams, pipes, terminals, signals, and what a start loads."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from processes import CHECKOUT, command, environment, on_a_terminal, run

SMALL = Path(__file__).parents[1] / "kb_small"
ASK = ("ask", "who is Ruritania aligned with", "--kb", str(SMALL))


def test_results_go_to_stdout_and_errors_to_stderr() -> None:
    good, bad = run(*ASK), run("ask", "gibberish", "--kb", str(SMALL))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("Ruritania is aligned with Borduria")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "KZ301" in bad.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (ASK, 0),
        (("check", "--kb", "nowhere"), 1),
        (("ask",), 2),
        (("ask", "which states hedge", "--kb", str(SMALL)), 3),
        (("--version",), 0),
    ],
)
def test_exit_codes_of_a_process(arguments: Sequence[str], code: int) -> None:
    result = run(*arguments)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" in on_a_terminal(ASK)[1]
    assert "\x1b[" in on_a_terminal(("ask", "gibberish", "--kb", str(SMALL)))[1]
    assert "\x1b[" not in run(*ASK).stdout
    assert "\x1b[" not in on_a_terminal(ASK, NO_COLOR="1")[1]
    assert "\x1b[" not in on_a_terminal(ASK, TERM="dumb")[1]
    assert "\x1b[" not in run("ask", "gibberish", "--kb", str(SMALL)).stderr


def test_a_terminal_without_colours_shows_what_a_pipe_gets() -> None:
    assert on_a_terminal(ASK, NO_COLOR="1")[1].replace("\r\n", "\n") == run(*ASK).stdout


def test_lines_fit_the_terminal() -> None:
    assert max(map(len, on_a_terminal(ASK, COLUMNS="50", NO_COLOR="1")[1].splitlines())) <= 50


LONG = ("vocabulary", "--kb", str(SMALL))


def test_what_does_not_fit_the_screen_goes_through_the_pager() -> None:
    for settings in ({"PAGER": "sed s/^/PAGED/"}, {"PAGER": "false", "KZEXPERT_PAGER": "sed s/^/PAGED/"}):
        assert "PAGED" in on_a_terminal(LONG, LINES="10", **settings)[1]
        assert "PAGED" not in on_a_terminal(LONG, LINES="900", **settings)[1]
        assert "PAGED" not in on_a_terminal((*LONG, "--no-pager"), LINES="10", **settings)[1]
        assert "PAGED" not in on_a_terminal(LONG, LINES="10", TERM="dumb", **settings)[1]
        assert "PAGED" not in run(*LONG, LINES="10", **settings).stdout


def test_a_pager_that_is_left_early_or_is_missing_changes_no_exit_code() -> None:
    weighed = ("conclusions", "hedges(_)", "--kb", str(SMALL))
    assert on_a_terminal(LONG, LINES="10", PAGER="head -n 1")[0] == 0
    assert on_a_terminal(weighed, LINES="2", PAGER="true")[0] == 3
    whole = on_a_terminal(LONG, LINES="900", NO_COLOR="1")[1]
    for pager in ("", "cat", "no-such-pager"):
        code, shown = on_a_terminal(LONG, LINES="10", NO_COLOR="1", PAGER=pager)
        assert (code, shown[-len(whole) :]) == (0, whole)


@pytest.mark.parametrize("arguments", [("vocabulary", "--kb", str(SMALL)), ("--help",), ("ask", "--help")])
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command(*ASK), env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 2
    assert b"stdout: KZ306" in result.stderr
    assert b"Traceback" not in result.stderr


def test_closed_streams_are_no_error() -> None:
    line = f"{' '.join(command('vocabulary', '--kb', str(SMALL)))} >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], env=environment(), check=False).returncode == 0


def test_a_locale_that_lacks_a_letter_does_not_stop_an_answer(tmp_path: Path) -> None:
    kb = tmp_path / "kb"
    (kb / "rules").mkdir(parents=True)
    (kb / "facts").mkdir()
    (kb / "rules" / "v.yaml").write_text(
        "kinds: [town]\npredicates: {town: {args: [town: town], says: '{town} is a town'}}\n", encoding="utf-8"
    )
    (kb / "facts" / "f.yaml").write_text(
        "entities: {Łódź: {kind: town}}\nsources: {s: {title: S}}\nsource: s\nfacts: {town: [{town: Łódź}]}\n",
        encoding="utf-8",
    )
    shown = run("ask", "Łódź is a town", "--kb", str(kb), PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert "\\u0141" in shown.stdout
    found = json.loads(run("ask", "town(?t)", "--kb", str(kb), "--format", "json").stdout)
    assert found["answers"][0]["bindings"] == {"t": "Łódź"}


def test_bytes_that_are_no_text_in_a_question() -> None:
    broken = [*map(os.fsencode, command("ask")), b"is \xff\xfe a state", b"--kb", os.fsencode(SMALL)]
    result = subprocess.run(broken, env=environment(), capture_output=True, timeout=60, check=False)
    assert result.returncode == 2
    assert b"KZ" in result.stderr
    assert b"Traceback" not in result.stderr


def test_an_interrupt_ends_a_long_run(tmp_path: Path) -> None:
    rules = tmp_path / "endless.yaml"
    rules.write_text(
        """
predicates:
  tick: {args: [number: number]}
rules:
  - {id: start, when: ["soldiers(_, ?n)"], then: tick(?n), source: almanac}
  - {id: tick, when: ["tick(?n)", "?m = ?n + 1"], then: tick(?m), source: almanac}
""",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        command("ask", "tick(?n)", "--kb", str(SMALL), "--rules", str(rules), "--verbose"),
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if line.startswith("checked:"):
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert "interrupted" in process.stderr.read()
    assert process.wait(timeout=60) == 130


def test_the_same_bytes_whatever_the_hashes() -> None:
    for arguments in (("conclusions", "--all", "--format", "json"), ("why", "who is Ruritania aligned with")):
        printed = {run(*arguments, "--kb", str(SMALL), PYTHONHASHSEED=str(seed)).stdout for seed in range(4)}
        assert len(printed) == 1


# --- what a start loads ----------------------------------------------------------------------------------------------


def loaded(*arguments: str, **extra: str) -> set[str]:
    """The modules that a command imports."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kzexpert", *arguments],
        env=environment(**extra),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time:")}


def test_help_loads_no_engine_and_no_knowledge_base() -> None:
    modules = loaded("--help")
    assert "kzexpert.cli.group" in modules
    heavy = {
        "experta",
        "yaml",
        "rich",
        "jinja2",
        "kzexpert.language.loader",
        "kzexpert.checks",
        "kzexpert.proof.answers",
    }
    assert modules.isdisjoint(heavy)


def test_ask_loads_nothing_that_it_does_not_need() -> None:
    modules = loaded(*ASK)
    assert "experta" in modules
    needless = {"rich", "jinja2", "difflib", "csv", "importlib.metadata", "tempfile", "shutil", "hashlib", "json"}
    needless |= {"pathlib", "calendar", "kzexpert.render.html", "kzexpert.analysis", "kzexpert.analysis.cases"}
    assert modules.isdisjoint(needless), modules & needless


def test_a_start_from_what_was_kept_reads_no_yaml(tmp_path: Path) -> None:
    """The manifest of the shipped base uses none, though a comment in it speaks of uses."""
    kept = {"KZEXPERT_CACHE": str(tmp_path / "kept")}
    shipped = ("ask", "hedges(?state, _, _, _)", "--kb", str(CHECKOUT))
    loaded(*shipped, **kept)
    modules = loaded(*shipped, **kept)
    assert modules.isdisjoint({"kzexpert.language.manifest", "kzexpert.language.documents"})


def test_importing_the_package_loads_nothing() -> None:
    line = "import sys, kzexpert; print(*[name for name in sys.modules if name.startswith('kzexpert')])"
    result = subprocess.run([sys.executable, "-c", line], env=environment(), capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["kzexpert"]
