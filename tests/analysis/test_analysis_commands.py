"""The commands that explain, on the command line: exit codes, formats, mistakes, and lines to copy."""

import json
import shlex
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kzexpert.cli import progress
from kzexpert.cli.group import cli

from .conftest import VOCABULARY, WORLD

Kzexpert = Callable[..., Result]
ALIGNED = "aligned(Ruritania, Borduria, security)"


@pytest.fixture
def kzexpert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kzexpert:
    """Runs a command in a folder with a knowledge base."""
    for folder, text in (("rules", VOCABULARY), ("facts", WORLD)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "world.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda *arguments: CliRunner().invoke(cli, arguments, prog_name="kzexpert")


ANSWERED = {
    "why": (0, "why", ALIGNED, "--depth", "1"),
    "why-not": (3, "why-not", "Ruritania is not free"),
    "why-not-that-holds": (0, "why-not", ALIGNED),
    "what-if": (0, "what-if", "who is Ruritania aligned with?", "--without", "trains(_, _, _)"),
    "what-if-nothing": (3, "what-if", "free(?s)", "--without", "trains(_, _, _)"),
    "linchpins": (0, "linchpins", "who is Ruritania aligned with in security?"),
    "linchpins-nothing": (3, "linchpins", "free(Ruritania)"),
    "timeline": (0, "timeline", ALIGNED, "--as-of", "1992..2011"),
    "timeline-all-years": (0, "timeline", "free(?state)"),
    "timeline-nothing": (3, "timeline", "reaches(?a, ?b)", "--as-of", "2000"),
    "matrix": (0, "matrix", "Strelsau"),
    "matrix-nothing": (3, "matrix", "aligned(Ruritania, ?power, trade)"),
}
SCHEMAS = {"why": "trace", "why-not-that-holds": "trace"}


@pytest.mark.parametrize("name", ANSWERED)
@pytest.mark.parametrize("form", ["text", "json"])
def test_exit_codes_and_formats(kzexpert: Kzexpert, name: str, form: str) -> None:
    code, *arguments = ANSWERED[name]
    result = kzexpert(*arguments, "--format", form)
    assert (result.exit_code, result.stderr) == (code, "")
    assert result.stdout.endswith("\n")
    if form == "json":
        schema = SCHEMAS.get(name, arguments[0])
        assert json.loads(result.stdout)["schema"] == f"kzexpert.{schema}/1"
    else:
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_drawing_in_a_file(kzexpert: Kzexpert) -> None:
    result = kzexpert("timeline", ALIGNED, "--format", "svg", "--output", "line.svg")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert Path("line.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_the_proposed_command_lines_answer(kzexpert: Kzexpert) -> None:
    """Each can be copied into a shell, and then the conclusion holds."""
    options = ("--as-of", "2010", "--assume", "member(Syldavia, Pact)", "--kb", ".")
    for question in ("free(Ruritania)", "aligned(Syldavia, ?power, trade)", "aligned(Borduria, Ruritania, security)"):
        text = kzexpert("why-not", question, *options).stdout.replace("\\\n", " ")
        lines = [shlex.split(line) for line in text.splitlines() if line.startswith("    kzexpert ask ")]
        assert lines
        for program, *arguments in lines:
            assert program == "kzexpert"
            assert kzexpert(*arguments).exit_code == 0


def test_what_was_assumed_is_left_out_of_a_line_that_withdraws_it(kzexpert: Kzexpert) -> None:
    text = kzexpert(
        "why-not", "free(Syldavia)", "--assume", "member(Syldavia, Pact)", "--assume", "quarrel(Syldavia, Borduria)"
    ).stdout
    line = next(shlex.split(part) for part in text.replace("\\\n", " ").splitlines() if "kzexpert ask" in part)
    assert line[1:] == ["ask", "free(Syldavia)", "--assume", "member(Syldavia, Pact)"]


# --- comparing with something else -----------------------------------------------------------------------------------


def test_against_a_date(kzexpert: Kzexpert) -> None:
    result = kzexpert("what-if", "--all", "--as-of", "1999", "--against", "2000", "--format", "json")
    document = json.loads(result.stdout)
    assert (document["before"]["as_of"], document["after"]["as_of"]) == ("1999-12-31", "2000-12-31")
    assert {shift["conclusion"] for shift in document["changes"]} == {
        ALIGNED,
        "firm(Ruritania, Borduria)",
        "free(Ruritania)",
    }


def test_against_a_file_of_rules_whose_rules_replace_those_of_their_id(kzexpert: Kzexpert) -> None:
    Path("draft.yaml").write_text(
        "rules: [{id: trained, when: ['trains(?p, ?s, _)'], then: 'aligned(?s, ?p, security)', certainty: 0.9}]",
        encoding="utf-8",
    )
    result = kzexpert("what-if", ALIGNED, "--against", "draft.yaml")
    assert result.exit_code == 0
    assert "rule changed: trained" in result.stdout
    assert "0.65 → 0.95" in result.stdout  # (0.96 - 0.2) / 0.8


def test_two_files_of_facts(kzexpert: Kzexpert) -> None:
    for name, certainty in (("one.yaml", 0.5), ("two.yaml", 1)):
        Path(name).write_text(
            f"facts: {{quarrel: [{{state: Syldavia, power: Borduria, certainty: {certainty}}}]}}", encoding="utf-8"
        )
    result = kzexpert("what-if", "--all", "--facts", "one.yaml", "--against", "two.yaml", "--format", "json")
    document = json.loads(result.stdout)
    assert [(fact["turn"], fact["before"], fact["after"]) for fact in document["facts"]] == [("stronger", 0.5, 1.0)]
    assert document["rules"] == []


def test_against_a_folder(kzexpert: Kzexpert, tmp_path: Path) -> None:
    for folder, text in (("rules", VOCABULARY), ("facts", WORLD.replace("soldiers: 2000", "soldiers: 200"))):
        (tmp_path / "other" / folder).mkdir(parents=True)
        (tmp_path / "other" / folder / "world.yaml").write_text(text, encoding="utf-8")
    result = kzexpert("what-if", "--all", "--against", "other")
    assert result.exit_code == 0
    assert "from this knowledge base to other:" in result.stdout
    assert "not recorded: trains(Borduria, Ruritania, 2000)" in result.stdout
    assert kzexpert("what-if", "--all", "--against", ".").exit_code == 3


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "issue", "arguments"),
    [
        (2, "KZ303", ("timeline", ALIGNED, "--as-of", "2011..1992")),
        (2, "KZ303", ("timeline", ALIGNED, "--as-of", "1992-2011")),
        (2, "KZ303", ("timeline", ALIGNED, "--as-of", "0001..9999")),
        (2, "KZ303", ("timeline", ALIGNED, "--as-of", "0000..0010")),
        (2, "KZ303", ("ask", ALIGNED, "--as-of", "1992..2011")),
        (2, "KZ301", ("what-if", "--without", "trains(_, _, _)")),
        (2, "KZ301", ("what-if", ALIGNED)),
        (2, "KZ304", ("what-if", ALIGNED, "--without", "trains(Syldavia, _, _)")),
        (2, "KZ217", ("linchpins", "exercise(Ruritania, ?p, _) within 2 years")),
        (2, "KZ217", ("matrix", "exercise(Ruritania, ?p, _) within 2 years")),
        (2, "KZ217", ("why-not", "exercise(Ruritania, ?p, _) within 2 years")),
        (2, "KZ217", ("timeline", "exercise(Ruritania, ?p, _) within 2 years")),
        (2, "KZ101", ("what-if", "--all", "--against", "nowhere")),
        (2, "KZ301", ("matrix", "League")),
        (2, "KZ202", ("linchpins", "nonsense(Ruritania)")),
        (2, "KZ204", ("why-not", "free(Klow)")),
        (2, "KZ402", ("linchpins", ALIGNED, "--engine", "none")),
    ],
)
def test_mistakes(kzexpert: Kzexpert, code: int, issue: str, arguments: tuple[str, ...]) -> None:
    result = kzexpert(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert issue in result.stderr


def test_a_range_points_to_the_timeline(kzexpert: Kzexpert) -> None:
    assert "kzexpert timeline" in kzexpert("ask", ALIGNED, "--as-of", "1992..2011").stderr


def test_a_file_to_compare_with_that_is_wrong(kzexpert: Kzexpert) -> None:
    Path("draft.yaml").write_text("rules: [{id: x, when: ['no(?p)'], then: 'free(?p)'}]", encoding="utf-8")
    result = kzexpert("what-if", "--all", "--against", "draft.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "KZ202" in result.stderr


def test_an_argument_to_compare_that_does_not_exist(kzexpert: Kzexpert) -> None:
    Path("more.yaml").write_text("predicates: {odd: {args: [state: state], compares: power}}", encoding="utf-8")
    result = kzexpert("check", "--rules", "more.yaml")
    assert result.exit_code == 1
    assert "odd compares power, which is not an argument of it" in result.stdout


# --- progress --------------------------------------------------------------------------------------------------------


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_progress_comes_after_a_second_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress_line() as tell:
        tell("early", 1, 9)
        assert stream.getvalue() == ""
        now[0] = 1.5
        tell("late\x1b[31m", 2, 9)
        assert stream.getvalue() == "\r\x1b[K2 of 9: late?[31m"
        tell("at once", 3, 9)
    assert stream.getvalue() == "\r\x1b[K2 of 9: late?[31m\r\x1b[K"


def test_no_progress_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = StringIO(), [0.0]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with progress.progress_line() as tell:
        now[0] = 5.0
        tell("work", 1, 2)
    assert stream.getvalue() == ""
