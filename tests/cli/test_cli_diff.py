"""``kzexpert diff`` and ``what-if --against``: folders, names of bases and git revisions."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kzexpert.cli.group import cli

Kzexpert = Callable[..., Result]

RULES = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [power: state, bloc: bloc]}
  aligned: {args: [state: state, power: state], says: "{state} is aligned with {power}"}
entities: {Ruritania: {kind: state}, Borduria: {kind: state}, Pact: {kind: bloc}}
sources: {atlas: {title: An Atlas of Invented States, date: 2011}}
rules:
  - id: led
    when: ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"]
    then: aligned(?s, ?p)
    certainty: 0.6
    source: atlas
"""
FACTS = """\
source: atlas
facts:
  member: [{state: Ruritania, bloc: Pact, since: 1994}]
  leads: [{power: Borduria, bloc: Pact}]
"""
STRONGER = "aligned(Ruritania, Borduria)"


def write(folder: Path, rules: str = RULES, facts: str = FACTS) -> None:
    for name, text in (("rules", rules), ("facts", facts)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "world.yaml").write_text(text, encoding="utf-8")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture
def kzexpert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kzexpert:
    """Runs a command in a repository whose base has changed since its first commit."""
    write(tmp_path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    git(tmp_path, "tag", "first")
    write(tmp_path, RULES.replace("0.6", "0.8"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda *arguments: CliRunner().invoke(cli, arguments, prog_name="kzexpert")


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
@pytest.mark.parametrize("old", ["HEAD", "first", "HEAD^{commit}"])
def test_a_revision_and_the_base_in_use(kzexpert: Kzexpert, old: str, engine: str) -> None:
    result = kzexpert("diff", old, "--engine", engine, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert (document["schema"], document["old"], document["same"]) == ("kzexpert.diff/1", old, False)
    (edit,) = document["edits"]
    assert (edit["name"], edit["places"]) == ("led", [f"{old}:rules/world.yaml:9:5", "rules/world.yaml:9:5"])
    (group,) = document["consequences"]
    assert (group["conclusions"], [cause["statement"] for cause in group["causes"]]) == ([STRONGER], ["led"])


def test_the_text(kzexpert: Kzexpert) -> None:
    result = kzexpert("diff", "HEAD")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == """\
As of 2011-12-31, from HEAD to the base in use:
  1 rule changed
  1 conclusion changes: 1 stronger

Rules:
  changed: led: certainty 0.6 → 0.8 (rules/world.yaml:9:5)

rule changed: led (certainty 0.6 → 0.8)
  0.60 → 0.80  Ruritania is aligned with Borduria (good evidence)

Not calibrated: nobody has measured how often such judgements are right.
"""
    )


def test_nothing_of_the_repository_changes_or_runs(kzexpert: Kzexpert, tmp_path: Path) -> None:
    marks = tmp_path / "ran"
    (tmp_path / ".gitattributes").write_text("*.yaml filter=mine export-subst\n", encoding="utf-8")
    for key, value in (("filter.mine.smudge", f"touch {marks}; cat"), ("core.fsmonitor", f"touch {marks}; true")):
        git(tmp_path, "config", key, value)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        path = tmp_path / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {marks}\n", encoding="utf-8")
        path.chmod(0o755)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "cache" not in path.parts}
    assert kzexpert("diff", "HEAD").exit_code == 0
    assert not marks.exists()
    assert files == {
        path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "cache" not in path.parts
    }


def test_a_base_below_the_top_of_a_repository(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path / "bases" / "small")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    write(tmp_path / "bases" / "small", facts=FACTS.replace("1994", "1995"))
    result = kzexpert("diff", "HEAD", "--kb", "bases/small")
    assert "changed: member(Ruritania, Pact): since 1994 → 1995" in result.stdout
    assert "no conclusion changes" in result.stdout
    early = kzexpert("diff", "first", "--kb", "bases/small")
    assert (early.exit_code, "bases/small is not in revision first" in early.stderr) == (2, True)


def test_a_used_base_beside_it_comes_from_the_same_revision(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path / "common")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "kzexpert.yaml").write_text(
        "name: own\nuses: [{base: ../common, facts: true}]\n", encoding="utf-8"
    )
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    write(tmp_path / "common", RULES.replace("0.6", "0.7"))
    result = kzexpert("diff", "HEAD", "--kb", "own")
    assert "changed: led: certainty 0.6 → 0.7" in result.stdout


def test_an_object_that_is_missing_is_told(kzexpert: Kzexpert, tmp_path: Path) -> None:
    named = subprocess.run(["git", "rev-parse", "HEAD:rules/world.yaml"], check=True, capture_output=True, text=True)
    name = named.stdout.strip()
    (tmp_path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    result = kzexpert("diff", "HEAD")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ101 git cannot read HEAD: rules/world.yaml is missing from its objects" in result.stderr


def test_places_in_two_bases_of_a_revision(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b" / "1", "rules: []\n", FACTS.replace("1994", "1993"))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    (tmp_path / "b" / "1" / "facts" / "world.yaml").write_text("facts: {}\n", encoding="utf-8")
    result = kzexpert("diff", "HEAD", "--kb", "a", "--kb", "b/1")
    assert "(HEAD:b/1/facts/world.yaml:3:12)" in result.stdout, result.output


def test_two_revisions_folders_and_names(kzexpert: Kzexpert, tmp_path: Path) -> None:
    git(tmp_path, "commit", "--quiet", "--all", "--message", "two")
    assert "certainty 0.6 → 0.8" in kzexpert("diff", "HEAD~1", "HEAD").stdout
    same = kzexpert("diff", "HEAD")
    assert (same.exit_code, same.stdout) == (3, "HEAD and the base in use state the same, and the same follows.\n")
    write(tmp_path / "other", RULES.replace("0.6", "0.5"))
    assert "certainty 0.5 → 0.8" in kzexpert("diff", "other").stdout
    assert "certainty 0.8 → 0.5" in kzexpert("diff", "HEAD", "other").stdout
    assert "added: led" in kzexpert("diff", "ownership", ".", "--limit", "300").stdout


def test_the_day_of_each_base_and_one_day_for_both(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path, RULES.replace("date: 2011", "date: 1990"))
    moved = kzexpert("diff", "HEAD").stdout
    assert moved.startswith("From 2011-12-31 to 1990-12-31, from HEAD to the base in use:")
    assert "went out of force: member(Ruritania, Pact)" in moved
    still = kzexpert("diff", "HEAD", "--as-of", "2000").stdout
    assert "no conclusion changes" in still


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_tables(kzexpert: Kzexpert, tmp_path: Path, engine: str) -> None:
    facts = "source: atlas\ntables: [{file: led.csv, predicate: leads, columns: {power: who, bloc: what}}]\n"
    write(tmp_path, facts=f"{facts}facts: {{member: [{{state: Ruritania, bloc: Pact}}]}}\n")
    (tmp_path / "facts" / "data").mkdir()
    (tmp_path / "facts" / "world.yaml").write_text(
        (tmp_path / "facts" / "world.yaml").read_text(encoding="utf-8").replace("led.csv", "data/led.tsv"),
        encoding="utf-8",
    )
    table = tmp_path / "facts" / "data" / "led.tsv"
    table.write_text("who\twhat\nBorduria\tPact\n", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    table.write_text("who\twhat\nRuritania\tPact\n", encoding="utf-8")
    result = kzexpert("diff", "HEAD", "--engine", engine)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "not recorded: leads(Borduria, Pact) (HEAD:facts/data/led.tsv row 1)" in result.stdout
    if engine == "experta":
        assert "added: leads(Ruritania, Pact)" in result.stdout
    else:
        assert "rows of data/led.tsv were compared as files, not one by one" in " ".join(result.stdout.split())
        assert "changed: data/led.tsv as leads: rows" in result.stdout


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_errors_of_a_revision_name_its_files(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path, RULES.replace("leads(?p", "leds(?p"))
    git(tmp_path, "commit", "--quiet", "--all", "--message", "two")
    write(tmp_path)
    result = kzexpert("diff", "HEAD")
    assert result.exit_code == 1
    assert result.stderr.startswith("HEAD:rules/world.yaml:10:31: KZ202 there is no predicate leds\n")


def test_what_is_neither_a_folder_nor_a_base_nor_a_revision(kzexpert: Kzexpert, tmp_path: Path) -> None:
    result = kzexpert("diff", "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ101 nowhere is not a folder, a base, or a revision" in result.stderr
    option = kzexpert("diff", "--", "--all")
    assert (option.exit_code, "--all is not a folder" in option.stderr) == (2, True)


def test_a_base_outside_of_any_repository(kzexpert: Kzexpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").rename(tmp_path / "git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = kzexpert("diff", "HEAD")
    assert (result.exit_code, "is not in a git repository" in result.stderr) == (2, True)


def test_without_git(kzexpert: Kzexpert, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    result = kzexpert("diff", "HEAD")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ101 git is not installed, so no revision can be read" in result.stderr


# --- what-if ----------------------------------------------------------------------------------------------------------


def test_what_if_against_what_diff_takes(kzexpert: Kzexpert, tmp_path: Path) -> None:
    write(tmp_path / "other", RULES.replace("0.6", "0.5"))
    for other, certainty in (("HEAD", "0.60"), ("other", "0.50"), ("first", "0.60")):
        result = kzexpert("what-if", "--all", "--against", other)
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"0.80 → {certainty}  Ruritania is aligned with Borduria" in result.stdout
    write(tmp_path, facts=FACTS.partition("  leads:")[0])
    together = kzexpert("what-if", "--all", "--against", "HEAD", "--as-of", "1990", "--against", "1999").stdout
    assert together.startswith("From 1990-12-31 to 1999-12-31, from this knowledge base to HEAD:")
    assert "recorded: leads(Borduria, Pact) (HEAD:facts/world.yaml:4:11)" in together
    wrong = kzexpert("what-if", "--all", "--against", "nowhere")
    assert (wrong.exit_code, "or a revision" in wrong.stderr) == (2, True)


def test_a_predicate_with_other_arguments(kzexpert: Kzexpert, tmp_path: Path) -> None:
    rules = RULES.replace("power: state], says", "power: state, by: bloc], says").replace("(?s, ?p)", "(?s, ?p, ?b)")
    write(tmp_path, rules.replace('with {power}"', 'with {power} by {by}"'))
    result = kzexpert("diff", "first")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "0.60 → none  Ruritania is aligned with Borduria (nothing supports it)" in result.stdout
    assert "none → 0.60  Ruritania is aligned with Borduria by Pact (some evidence)" in result.stdout


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
@pytest.mark.parametrize("command", [("diff",), ("what-if", "--all", "--against")], ids=lambda words: words[0])
def test_many_statements_of_predicates_with_other_arguments(
    kzexpert: Kzexpert, tmp_path: Path, command: tuple[str, ...], engine: str
) -> None:
    rules = "predicates:\n  told: {{args: [{0}]}}\n  known: {{args: [{0}]}}\n"
    rules += "rules:\n  - {{id: tells, when: ['told({1})'], then: 'known({1})'}}\n"
    rules += "  - {{id: counts, when: ['told({1})', '?c = count(?o for told({2}))', '?c = 5'], then: 'known({1})'}}\n"
    for name, args, variables, others, more in (
        ("two", "n: number, m: number", "?n, ?m", "?o, _", ""),
        ("three", "n: number, m: number, k: number", "?n, ?m, ?k", "?o, _, _", ", k: 7"),
    ):
        rows = ", ".join(f"{{n: {number}, m: {-number}{more}}}" for number in range(1, 6))
        write(tmp_path / name, rules.format(args, variables, others), f"facts: {{told: [{rows}]}}\n")
    for one, other, lost, gained in (
        ("two", "three", "known(5, -5)", "known(5, -5, 7)"),
        ("three", "two", "known(5, -5, 7)", "known(5, -5)"),
    ):
        result = kzexpert(*command, other, "--kb", one, "--engine", engine, "--format", "json")
        if command == ("diff",):
            lost, gained = gained, lost
        assert (result.exit_code, result.stderr) == (0, "")
        turns = {item["conclusion"]: item["turn"] for item in json.loads(result.stdout)["changes"]}
        assert len(turns) == 10
        assert (turns[lost], turns[gained]) == ("lost", "gained")


def test_tables_over_one_file_kinds_and_grades(kzexpert: Kzexpert, tmp_path: Path) -> None:
    tables = "tables:\n" + "".join(
        f"  - {{file: members.csv, predicate: member, source: atlas, where: {{word: {word}}},"
        " columns: {state: who, bloc: which}}\n"
        for word in ("full", "partial")
    )
    rows = "".join(f"Borduria,Pact,{word}\n" for word in ("full", "partial", "whole"))
    manifest = "name: world\ngrades: {C: 0.9}\n"
    sides = ((RULES, tables, manifest), (RULES.replace("[state, bloc]", "[state, bloc, town]"), tables, manifest))
    for name, (rules, declared, text) in zip(("one", "two"), sides, strict=True):
        write(tmp_path / name, rules, FACTS)
        if name == "two":
            declared, text = declared.replace("full", "whole"), text.replace("0.9", "0.8, D: 0.6")
        (tmp_path / name / "facts" / "tables.yaml").write_text(declared, encoding="utf-8")
        (tmp_path / name / "facts" / "members.csv").write_text(f"who,which,word\n{rows}", "utf-8")
        (tmp_path / name / "kzexpert.yaml").write_text(text, encoding="utf-8")
    result = kzexpert("diff", "one", "--kb", "two", "--engine", "duckdb", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    edits = json.loads(result.stdout)["edits"]
    assert [(edit["kind"], edit["turn"], edit["name"], edit["what"]) for edit in edits] == [
        (
            "table",
            "changed",
            "members.csv as member",
            [{"field": "where", "before": "word: among full", "after": "word: among whole"}],
        ),
        ("kind", "added", "town", []),
        ("grade", "changed", "C", [{"field": "factor", "before": "0.9", "after": "0.8"}]),
        ("grade", "changed", "D", [{"field": "factor", "before": "1", "after": "0.6"}]),
    ]
