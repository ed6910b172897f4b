"""What goes wrong, where it is told, and the exit code; a traceback never reaches the user."""

import json
import os
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from kzexpert.cli import group
from kzexpert.cli import session as session_module

from .conftest import Kzexpert


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["ask", "who is Latveria aligned with"], 2, "question:1:8: KZ204"),
        (["ask", "gibberish"], 2, "KZ301"),
        (["ask", "membr(?x, Pact)"], 2, "KZ202"),
        (["ask"], 2, "Missing argument"),
        (["ask", "who leads the Pact", "--as-of", "2011-02-30"], 2, "--as-of: KZ303"),
        (["ask", "who leads the Pact", "--as-of", "soon"], 2, "2010-01-31, 2010-01 or 2010"),
        (["ask", "who leads the Pact", "--assume", "leads(Klow)"], 2, "--assume:1:1: KZ203"),
        (["ask", "who leads the Pact", "--assume", "leads(?x, Ring)"], 2, "KZ305"),
        (["ask", "who leads the Pact", "--assume", ""], 2, "--assume:1:1: KZ201"),
        (["ask", "who leads the Pact", "--without", "leads(Klow, _)"], 2, "--without:1:1: KZ304"),
        (["ask", "who leads the Pact", "--engine", "expert"], 2, "KZ402"),
        (["ask", "who leads the Pact", "--format", "xml"], 2, "--format"),
        (["ask", "who leads the Pact", "--kb", "nowhere"], 1, "KZ115"),
        (["ask", "who leads the Pact", "--rules", "nothing.yaml"], 1, "KZ101"),
        (["ask", "who leads the Pact", "--facts", "."], 1, "KZ101"),
        (["conclusions", "gibberish"], 2, "KZ301"),
        (["why", "gibberish"], 2, "KZ301"),
        (["vocabulary", "membr"], 2, "did you mean member?"),
        (["test", "nothing.yaml"], 1, "KZ101"),
        (["vocabluary"], 2, "did you mean vocabulary?"),
        (["--nonsense"], 2, "No such option"),
        ([], 2, "Usage: kzexpert"),
    ],
)
def test_exit_codes(kzexpert: Kzexpert, arguments: list[str], code: int, told: str) -> None:
    result = kzexpert(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_mistakes_in_several_options_are_told_at_once(kzexpert: Kzexpert) -> None:
    wrong = ("--assume", "leeds(Klow, Ring)", "--assume", "leads(Klow, Pakt)", "--without", "leads(Klow, _)")
    result = kzexpert("ask", "hedges(_)", *wrong)
    assert result.exit_code == 2
    for told in ("--assume:1:1: KZ202", "--assume:2:13: KZ204", "--without:1:1: KZ304", "leads(Klow, Pakt)"):
        assert told in result.stderr


def test_errors_are_told_all_at_once_with_their_lines(
    kzexpert: Kzexpert, small: Path, snapshot: SnapshotAssertion
) -> None:
    (small / "rules" / "draft.yaml").write_text(
        """\
rules:
  - id: typo
    when: ["membr(?state, ?bloc)"]
    then: hedges(?state)
    source: almanac
  - id: open
    when: ["member(?state, _)"]
    then: alignment(?state, ?power, security)
    certainty: 1.5
    source: nobody
""",
        encoding="utf-8",
    )
    result = kzexpert("ask", "who leads the Pact")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == snapshot


def test_a_broken_file_does_not_bury_the_rest_under_what_follows_from_it(kzexpert: Kzexpert, small: Path) -> None:
    vocabulary = small / "rules" / "vocabulary.yaml"
    vocabulary.write_text(vocabulary.read_text("utf-8").replace("  leads:\n", "\tleads:\n"), encoding="utf-8")
    (small / "rules" / "draft.yaml").write_text(
        'rules:\n  - {id: typo, when: ["membr(?x, ?y)"], then: hedges(?x), source: almanac}\n', encoding="utf-8"
    )
    result = kzexpert("check", "--format", "json")
    found = [(issue["code"], issue["file"]) for issue in json.loads(result.stdout)["issues"]]
    assert ("KZ105", "rules/vocabulary.yaml") in found
    assert [code for code, file in found if file == "rules/draft.yaml"] == ["KZ202", "KZ208"]
    assert {file for _, file in found} == {"rules/vocabulary.yaml", "rules/draft.yaml"}


def test_check_fails_on_errors_and_with_strict_on_warnings(kzexpert: Kzexpert, small: Path) -> None:
    (small / "facts" / "more.yaml").write_text("facts: {leads: [{power: Klow, bloc: Ring}]}\n", encoding="utf-8")
    relaxed, strict = kzexpert("check"), kzexpert("check", "--strict")
    assert (relaxed.exit_code, strict.exit_code) == (0, 1)
    assert relaxed.stdout == strict.stdout
    assert "warning KZ121" in relaxed.stdout
    assert relaxed.stdout.startswith("0 errors, 1 warning\n\n")


def test_warnings_are_shown_on_ask_only_when_verbose(kzexpert: Kzexpert, small: Path) -> None:
    (small / "facts" / "more.yaml").write_text("facts: {leads: [{power: Klow, bloc: Ring}]}\n", encoding="utf-8")
    quiet, verbose = kzexpert("ask", "who leads the Ring"), kzexpert("ask", "who leads the Ring", "-v")
    assert quiet.stderr == ""
    assert "KZ121" in verbose.stderr
    assert quiet.stdout == verbose.stdout


def test_verbose_says_what_was_done(kzexpert: Kzexpert, small: Path) -> None:
    told = kzexpert("ask", "who leads the Pact", "--verbose", "--as-of", "2009").stderr
    assert f"knowledge base: {small}" in told
    assert "9 rules" in told
    assert "as of 2009-12-31, engine experta" in told
    assert "ms" in told


def test_check_reads_the_cases_too(kzexpert: Kzexpert, small: Path) -> None:
    (small / "tests" / "cases" / "bad.yaml").write_text("cases: [{id: aligned, ask: hedges(_)}]\n", encoding="utf-8")
    result = kzexpert("check")
    assert result.exit_code == 1
    assert "tests/cases/bad.yaml:1" in result.stdout


def test_a_case_id_that_stands_twice(kzexpert: Kzexpert, small: Path) -> None:
    text = "cases: [{id: aligned, ask: hedges(_), want_none: true}]\n"
    (small / "tests" / "cases" / "bad.yaml").write_text(text, encoding="utf-8")
    assert "KZ122" in kzexpert("check").stdout
    result = kzexpert("test")
    assert result.exit_code == 1
    assert "KZ122" in result.stderr


def test_failing_cases_are_shown(kzexpert: Kzexpert, small: Path, snapshot: SnapshotAssertion) -> None:
    (small / "more.yaml").write_text(
        """\
cases:
  - id: wrong
    note: Both are wrong.
    ask: leads(?x, ?y)
    want: ["leads(Klow, Ring)", "leads(Borduria, Pact) @ 0.50"]
  - {id: refused, ask: "leads(?x)", want_none: true}
  - {id: fine, ask: "leads(?x)", want_error: KZ203}
""",
        encoding="utf-8",
    )
    result = kzexpert("test", "more.yaml", "--coverage")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == snapshot


def test_no_cases_is_a_failure(kzexpert: Kzexpert, small: Path) -> None:
    (small / "tests" / "cases" / "basic.yaml").unlink()
    result = kzexpert("test")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "KZ123" in result.stderr


def test_no_knowledge_base_at_all(kzexpert: Kzexpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kzexpert.language.packed_knowledge_base", lambda: str(tmp_path / "none"))
    result = kzexpert("check")
    assert result.exit_code == 1
    assert "--kb DIR" in result.stderr


def test_the_packed_knowledge_base_is_the_last_resort(
    kzexpert: Kzexpert, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kzexpert.language.packed_knowledge_base", lambda: str(small))
    assert kzexpert("ask", "who leads the Pact").exit_code == 0


def test_layers_and_single_files_add_up(kzexpert: Kzexpert, small: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer" / "facts"
    layer.mkdir(parents=True)
    (layer / "more.yaml").write_text("facts: {leads: [{power: Klow, bloc: Ring, source: almanac}]}\n", encoding="utf-8")
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        """
rules:
  - {id: led, when: ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"], then: "reaches(?p, ?s)", source: almanac}
""",
        encoding="utf-8",
    )
    added = kzexpert("ask", "reaches(Klow, Ruritania)", "--kb", ".", "--kb", str(layer.parent), "--rules", str(rule))
    assert added.exit_code == 0
    assert kzexpert("ask", "reaches(Klow, Ruritania)").exit_code == 3


def test_a_bug_is_told_as_one_without_a_traceback(kzexpert: Kzexpert, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(session_module, "snapshot", stumble)
    result = kzexpert("ask", "who leads the Pact")
    assert (result.exit_code, result.stdout) == (70, "")
    assert "a bug in kzexpert, not in your files: RuntimeError: two lines" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setenv("KZEXPERT_DEBUG", "1")
    result = kzexpert("ask", "who leads the Pact")
    assert result.exit_code == 70
    assert "Traceback" in result.stderr


def test_an_interrupt_is_told_in_a_line(kzexpert: Kzexpert, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kzexpert.cli.test.run_case", interrupt)
    result = kzexpert("test")
    assert result.exit_code == 130
    assert result.stderr.strip() == "interrupted"


# --- --output --------------------------------------------------------------------------------------------------------


def test_output_goes_to_a_file_as_it_would_be_printed(kzexpert: Kzexpert, small: Path) -> None:
    printed = kzexpert("ask", "who leads the Pact").stdout
    result = kzexpert("ask", "who leads the Pact", "--output", "answer.txt")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (small / "answer.txt").read_text("utf-8") == printed
    assert [path.name for path in small.iterdir() if "answer" in path.name or path.name.startswith(".")] == [
        "answer.txt"
    ]


def test_output_replaces_a_file_and_keeps_its_permissions_and_links(kzexpert: Kzexpert, small: Path) -> None:
    old = small / "old.txt"
    old.write_text("old", encoding="utf-8")
    old.chmod(0o640)
    (small / "link.txt").symlink_to(old)
    assert kzexpert("ask", "who leads the Pact", "--output", "link.txt").exit_code == 0
    assert (small / "link.txt").is_symlink()
    assert old.read_text("utf-8").startswith("Borduria leads Pact")
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_new_file_gets_the_permissions_of_new_files(kzexpert: Kzexpert, small: Path) -> None:
    (small / "plain.txt").write_text("", encoding="utf-8")
    kzexpert("vocabulary", "--output", "new.txt")
    assert (small / "new.txt").stat().st_mode == (small / "plain.txt").stat().st_mode


def test_output_is_written_when_nothing_follows(kzexpert: Kzexpert, small: Path) -> None:
    assert kzexpert("ask", "which states hedge", "--format", "json", "--output", "answer.json").exit_code == 3
    assert json.loads((small / "answer.json").read_text("utf-8"))["answers"] == []


@pytest.mark.parametrize(
    ("target", "reason"), [(".", "it is a folder"), ("no/such/file", "No such file"), ("", "folder")]
)
def test_output_that_cannot_be_written(kzexpert: Kzexpert, target: str, reason: str) -> None:
    result = kzexpert("ask", "who leads the Pact", "--output", target)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ306" in result.stderr
    assert reason in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_output_into_a_folder_that_may_not_be_written_to(kzexpert: Kzexpert, small: Path) -> None:
    closed = small / "closed"
    closed.mkdir(mode=0o500)
    assert "Permission denied" in kzexpert("vocabulary", "--output", "closed/file").stderr


def test_output_to_a_device(kzexpert: Kzexpert) -> None:
    assert kzexpert("vocabulary", "--output", os.devnull).exit_code == 0
    assert Path(os.devnull).is_char_device()


def test_every_command_has_its_own_module() -> None:
    for name in group.COMMANDS:
        assert group.cli.get_command(None, name).name == name  # type: ignore[arg-type, union-attr]
