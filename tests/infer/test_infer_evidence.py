"""``infer --lines``: a row for each line of evidence, with the origins of all that lies below it."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from kzexpert.cli.group import cli

_BASE = """
kinds: [state]
sources:
  wire: {title: A Wire, date: 2000}
  copy: {title: A Paper, date: 2000, origin: wire}
  envoy: {title: An Envoy, date: 2000}
  atlas: {title: An Atlas, date: 2000, background: true}
predicates:
  pact: {args: [state: state, rule: state]}
  visit: {args: [state: state, rule: state]}
  near: {args: [state: state, rule: state]}
  close: {args: [state: state, rule: state]}
  friend: {args: [state: state, rule: state]}
entities: {A: {kind: state}, B: {kind: state}}
facts:
  pact: [{state: A, rule: B, source: wire}, {state: A, rule: B, source: copy}]
  visit: [{state: A, rule: B, source: envoy}]
  near: [{state: A, rule: B, source: atlas}]
  friend: [{state: A, rule: B, certainty: 0.25, source: envoy}]
source: atlas
rules:
  - {id: visited, when: ["visit(?x, ?y)", "near(?x, ?y)"], then: "close(?x, ?y)", certainty: 0.5}
  - {id: allied, family: ties, when: ["pact(?x, ?y)"], then: "friend(?x, ?y)", certainty: 0.6}
  - {id: pledged, family: ties, when: ["pact(?x, ?y)"], then: "friend(?x, ?y)", certainty: 0.3}
  - {id: closeness, when: ["close(?x, ?y)", "pact(?x, ?y)"], then: "friend(?x, ?y)", certainty: -0.6}
"""
_WANTED = [
    ("allied", "ties", "0.6", "wire"),
    ("closeness", "", "-0.3", "envoy; wire"),
    ("", "", "0.25", "envoy"),
]


def run(folder, *arguments):
    """The result of a command on the base."""
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "base.yaml").write_text(_BASE, encoding="utf-8")
    return CliRunner().invoke(cli, ["infer", "friend", "--kb", str(folder), *arguments])


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_a_row_is_a_line_of_evidence(tmp_path, engine):
    result = run(tmp_path, "--lines", "--format", "csv", "--engine", engine)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["rule"], row["family"], row["strength"], row["origins"]) for row in rows] == _WANTED
    assert {(row["as_of"], row["state"], row["rule_"], row["counts"]) for row in rows} == {
        ("2000-12-31", "A", "B", "true")
    }


def test_json_lines_say_the_same(tmp_path):
    result = run(tmp_path, "--lines", "--format", "jsonl", "--as-of", "2000..2001")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["rule"], row["family"], str(row["strength"]), row["origins"]) for row in rows] == _WANTED * 2
    assert [row["as_of"] for row in rows] == ["2000-12-31"] * 3 + ["2001-12-31"] * 3


def test_an_assumed_fact_is_an_origin_of_its_own(tmp_path):
    result = run(tmp_path, "--lines", "--format", "csv", "--assume", "pact(B, A)")
    assert "friend,B,A,allied,ties,0.6,true,assumed" in result.stdout


@pytest.mark.parametrize("arguments", [["--output", "lines.parquet"], ["--format", "csv", "--recorded"]])
def test_what_lines_cannot_be(tmp_path, arguments):
    result = run(tmp_path, "--lines", *arguments)
    assert (result.exit_code, "KZ308" in result.output) == (2, True)
