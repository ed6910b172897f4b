"""The commands that measure: what they refuse, what they hold back, and that they say the same each time."""

import json
import os
import re
import subprocess
import sys

import pytest
from installed import hide

_DECLARED = """outcomes:
  - predicate: prospers
    file: harvests.csv
    columns: {village: village, as-of: year, outcome: won}
    source: chronicle
"""


def declared(folder, text):
    (folder / "outcomes" / "harvests.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (("prospers", "prosper"), "KZ202", "harvests.yaml:2:16"),
        (("prospers", "canal"), "KZ701", "harvests.yaml:2:16"),
        (("village: village,", "town: village,"), "KZ203", "harvests.yaml:4:21"),
        (("village: village, ", ""), "KZ701", "harvests.yaml:4:14"),
        (("outcome: won", "outcome: won, score: won"), "KZ701", "harvests.yaml:4:14"),
        (("outcome: won", "score: won"), "KZ701", "harvests.yaml:2:5"),
        (("source: chronicle", "source: legend"), "KZ120", "harvests.yaml:5:13"),
        (("source: chronicle", "right: highest"), "KZ701", "harvests.yaml:5:12"),
        (("outcome: won}", "score: won}\n    right: {over: 1}"), "KZ108", "harvests.yaml:5:13"),
        (("outcome: won}", "score: won}\n    right: most"), "KZ110", "harvests.yaml:5:12"),
        (("outcome: won", "outcome: year"), "KZ703", "harvests.csv row 1"),
        (("as-of: year, ", ""), "KZ703", "harvests.csv row 2"),
        (("harvests.csv", "no.csv"), "KZ124", "harvests.yaml:3:11"),
        (("outcomes:", "outcome:"), "KZ108", "harvests.yaml:1:1"),
    ],
)
def test_every_fault_of_a_declaration_has_its_place(small, command, change, code, place):
    text = _DECLARED.replace(*change)
    assert text != _DECLARED
    declared(small, text)
    result = command("evaluate", "--kb", small)
    assert result.exit_code == 1
    assert f"{place}: {code} " in result.output


def test_all_faults_are_told_at_once(small, command):
    declared(small, _DECLARED.replace("village: village", "town: village").replace("chronicle", "legend"))
    assert "KZ203" in command("evaluate", "--kb", small).output
    rows = (small / "outcomes" / "harvests.csv").read_text("utf-8").splitlines()
    rows[1], rows[3] = rows[1][:-1] + "2", rows[3][:-1] + "3"
    (small / "outcomes" / "harvests.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    declared(small, _DECLARED)
    assert command("evaluate", "--kb", small).output.count("KZ703") == 2
    rows[1:] = [row[:-1] + "2" for row in rows[1:31]]
    (small / "outcomes" / "harvests.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    output = command("evaluate", "--kb", small).output
    assert (output.count("KZ703"), "10 more rows of harvests.csv are wrong" in output) == (2, True)
    assert re.search(r"the same at row 2,.* and 9\s+more\s+places", output, re.DOTALL)


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["--by", "town"], "KZ307", 2),
        (["--hold-out", "a few"], "KZ307", 2),
        (["--hold-out", "village=Atlantis"], "KZ307", 2),
        (["--hold-out", "1790"], "KZ704", 1),
        (["--as-of", "1700..1710"], "KZ702", 1),
        (["--as-of", "soon"], "KZ303", 2),
        (["--require", "luck > 0"], "KZ307", 2),
        (["--require", "auc > 0.999", "--no-rules"], "KZ707", 1),
        (["--outcomes", "no.yaml"], "KZ101", 1),
    ],
)
def test_options_that_cannot_be_followed(small, command, arguments, code, exit_code):
    result = command("evaluate", "--kb", small, *arguments)
    assert (result.exit_code, code in result.output) == (exit_code, True)


def test_a_base_without_outcomes_says_so(small, command):
    (small / "outcomes" / "harvests.yaml").unlink()
    result = command("evaluate", "--kb", small)
    assert (result.exit_code, "KZ702" in result.output) == (1, True)


@pytest.mark.parametrize(
    "arguments", [("evaluate", "--require", "auc > 0.9"), ("calibrate", "--output", "calibration.json"), ("learn",)]
)
def test_a_file_without_outcomes_is_told_and_changes_nothing(small, command, monkeypatch, arguments):
    monkeypatch.chdir(small)
    assert command("calibrate", "--output", "calibration.json").exit_code == 0
    before = (small / "calibration.json").read_bytes()
    declared(small, "outcomes: []\n")
    result = command(*arguments)
    assert (result.exit_code, "KZ702" in result.output) == (1, True)
    assert "hint: declare some below outcomes: of outcomes/harvests.yaml" in result.output
    assert (small / "calibration.json").read_bytes() == before


def test_what_holds_is_no_fault_and_the_report_comes_first(small, command):
    result = command(
        "evaluate", "--kb", small, "--no-rules", "--require", "coverage > 0.1", "--require", "auc >= 0.999"
    )
    assert result.stdout.startswith("prospers, right where the outcome is 1")
    assert result.stderr.count("KZ707") == 1


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_engines_say_the_same(small, command, engine):
    found = json.loads(command("evaluate", "--kb", small, "--engine", engine, "--format", "json").stdout)
    assert found == json.loads(command("evaluate", "--kb", small, "--format", "json").stdout)


def test_what_is_held_out_is_never_seen(small, command, tmp_path):
    """The harvests of the villages held out may turn round: what is fitted on the others is the same to the byte."""
    held = ["--kb", small, "--hold-out", "village=Village 000,Village 001,Village 002"]
    target = tmp_path / "calibration.json"
    made = []
    for _ in range(2):
        assert command("calibrate", *held, "--output", target).exit_code == 0
        said = json.loads(target.read_text("utf-8"))["calibrations"][0]
        said.pop("outcomes")
        made.append((said, command("learn", *held, "--format", "diff").stdout))
        path = small / "outcomes" / "harvests.csv"
        rows = path.read_text("utf-8").splitlines()
        rows[1:13] = [row[:-1] + str(1 - int(row[-1])) for row in rows[1:13]]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert made[0] == made[1]
    judged = json.loads(command("evaluate", *held, "--format", "json", "--no-rules").stdout)["evaluations"][0]
    assert (judged["cases"], judged["clusters"]) == (12, 3)


def test_nothing_that_is_read_is_overwritten(small, command):
    for name in ("outcomes/harvests.yaml", "outcomes/harvests.csv", "rules/village.yaml"):
        result = command("calibrate", "--kb", small, "--output", small / name)
        assert (result.exit_code, "KZ306" in result.output) == (2, True), name


def test_a_calibration_on_file_is_judged_and_a_broken_one_is_told(small, command):
    assert command("calibrate", "--kb", small, "--output", small / "calibration.json").exit_code == 0
    (small / "kzexpert.yaml").write_text("calibration: calibration.json\n", encoding="utf-8")
    found = json.loads(command("evaluate", "--kb", small, "--format", "json", "--no-rules").stdout)["evaluations"][0]
    assert [item["name"] for item in found["forecasts"]][:3] == ["certainty", "concluded", "on file"]
    assert found["notes"][0].startswith("the calibration on file was fitted on these very outcomes")
    (small / "calibration.json").write_text("{}", encoding="utf-8")
    result = command("evaluate", "--kb", small, "--no-rules")
    assert (result.exit_code, "KZ705" in result.stderr) == (0, True)
    assert "KZ705" in command("check", "--kb", small).output


@pytest.mark.parametrize("package", ["sklearn.isotonic", "model_diagnostics.scoring"])
def test_without_the_extra_it_says_what_to_install(small, command, monkeypatch, package):
    hide(package, monkeypatch, "kzexpert.analysis.measure")
    result = command("evaluate", "--kb", small)
    assert (result.exit_code, "pip install 'kzexpert[measure]'" in result.output) == (2, True)


def test_a_manifest_names_calibrations_by_file(small, command):
    (small / "kzexpert.yaml").write_text("calibration: [{file: a.json}]\n", encoding="utf-8")
    assert "KZ705 calibration names no file" in command("check", "--kb", small).output
    (small / "kzexpert.yaml").write_text("calibration: [none.json]\n", encoding="utf-8")
    assert "KZ101" in command("check", "--kb", small).output


def test_outcomes_in_parquet_above_a_bound_are_the_same(small, command):
    """One as 0 or 1, the other as a score that is above a half."""
    import duckdb

    before = json.loads(command("evaluate", "--kb", small, "--no-rules", "--format", "json").stdout)["evaluations"][0]
    source, target = small / "outcomes" / "harvests.csv", small / "outcomes" / "harvests.parquet"
    duckdb.sql(f"COPY (SELECT village, year, won + 0.25 AS won FROM '{source}') TO '{target}'")
    declared(
        small,
        _DECLARED.replace("harvests.csv", "harvests.parquet").replace(
            "outcome: won}", "score: won}\n    right: {above: 0.5}"
        ),
    )
    after = json.loads(command("evaluate", "--kb", small, "--no-rules", "--format", "json").stdout)["evaluations"][0]
    assert after["yardstick"] == "the score is above 0.5"
    assert after["digests"].pop("outcomes") != before["digests"].pop("outcomes")
    assert {**after, "yardstick": ""} == {**before, "yardstick": ""}


def test_highest_compares_rivals(tmp_path, command):
    """Of two powers the one with the higher score is right; a state with one score alone is left out."""
    for name in ("rules", "facts", "outcomes"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(_RIVALS, encoding="utf-8")
    states = "".join(f"  S{number}: {{kind: state}}\n" for number in range(24))
    bases = "".join(f"    - {{state: S{number}, power: {'AB'[number % 2]}}}\n" for number in range(16))
    facts = f"entities:\n{states}  A: {{kind: state}}\n  B: {{kind: state}}\nsource: atlas\nfacts:\n  hosts:\n{bases}"
    (tmp_path / "facts" / "facts.yaml").write_text(facts, encoding="utf-8")
    rows = [f"S{n},{power},{(n % 2 == place) + n / 100}" for n in range(23) for place, power in enumerate("AB")]
    (tmp_path / "outcomes" / "votes.csv").write_text("state,power,z\n" + "\n".join([*rows, "S23,A,1"]) + "\n", "utf-8")
    (tmp_path / "outcomes" / "votes.yaml").write_text(_VOTES, encoding="utf-8")
    result = command("evaluate", "--kb", tmp_path, "--format", "json")
    found = json.loads(result.stdout)["evaluations"][0]
    assert (found["cases"], found["alone"], found["base_rate"], found["rival"]) == (46, 1, 0.5, "power")
    assert found["coverage"] == 16 / 46
    assert (found["leans"][0]["cases"], found["leans"][0]["leaning"]) == (23, 16)
    assert found["leans"][0]["auc"]["value"] > 0.9  # all that lean, lean the right way
    assert [(group["value"], group["concluded"]) for group in found["groups"]] == [("A", 8), ("B", 8)]
    assert found["rules"][0]["right"] == 1.0


_RIVALS = """
kinds: [state]
sources: {atlas: {title: An Atlas, date: 2000}}
predicates:
  hosts: {args: [state: state, power: state]}
  aligned: {args: [state: state, power: state], compares: power}
rules:
  - {id: base, when: ["hosts(?state, ?power)"], then: "aligned(?state, ?power)", certainty: 0.6, source: atlas}
"""
_VOTES = """
outcomes:
  - predicate: aligned
    file: votes.csv
    columns: {state: state, power: power, score: z}
    right: highest
    source: atlas
"""


def test_the_same_bytes_whatever_the_hash_seed(small):
    def said(seed, *arguments):
        command = [sys.executable, "-m", "kzexpert", *arguments, "--kb", str(small)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    for arguments in (["evaluate", "--format", "html"], ["learn"]):
        assert said("1", *arguments) == said("2", *arguments)


def test_the_path_that_calibrate_names_is_the_one_that_the_manifest_takes(small, command):
    result = command("calibrate", "--kb", small, "--output", small / "cal.json")
    assert result.exit_code == 0, result.output
    assert "calibration: cal.json" in " ".join(result.stderr.split())
