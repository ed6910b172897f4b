"""The shipped rules over the collections about the world, against roll calls; where these lie beside the checkout."""

import json

import pytest

from benchmarks.world import CHECKOUT, COLLECTIONS, write

_ROLL_CALLS = COLLECTIONS.parent / "outcomes" / "un_agreement.csv"


@pytest.mark.slow
@pytest.mark.skipif(not _ROLL_CALLS.exists(), reason="the collections are not beside the checkout")
def test_roll_calls_judge_the_shipped_rules(tmp_path, command, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    options = write(tmp_path / "world")
    (tmp_path / "votes.yaml").write_text(
        f"""
sources: {{un-roll-calls: {{title: UN General Assembly roll calls}}}}
outcomes:
  - predicate: alignment
    file: {_ROLL_CALLS}
    columns: {{state: state, power: power, as-of: year, score: agreement_z}}
    map: {{state: world/codes/states.csv, power: world/codes/states.csv}}
    right: highest
    source: un-roll-calls
""",
        encoding="utf-8",
    )
    arguments = ["--outcomes", tmp_path / "votes.yaml", "--engine", "duckdb", "--no-rules", "--format", "json"]
    result = command("evaluate", *options, *arguments)
    found = json.loads(result.stdout)["evaluations"][0]
    assert (found["cases"], found["clusters"], found["by"], found["rival"]) == (3950, 93, "state", "power")
    assert found["coverage"] > 0.1
    assert {(lean["one"], lean["other"]) for lean in found["leans"]} == {
        ("China", "Russia"),
        ("China", "United States"),
        ("Russia", "United States"),
    }
    for item in found["forecasts"]:
        assert item["brier"]["low"] <= item["brier"]["value"] <= item["brier"]["high"]
