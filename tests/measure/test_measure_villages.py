"""Measuring finds what is known of the villages: ranking, frequencies, what rules are worth, and which one is wrong."""

import json
import shutil
import subprocess

import msgspec
import numpy as np
import pytest
import villages

from kzexpert.analysis.measure.scores import auc
from kzexpert.language import load_knowledge_base
from kzexpert.model import GroundAtom
from kzexpert.model.calibration import Calibrations, Curve
from kzexpert.program.likelihood import fitting_calibrations, likelihoods

# --- evaluate ---------------------------------------------------------------------------------------------------------


def true_auc() -> float:
    """Of all villages that there could be."""
    shares, certainties, chances = map(np.array, zip(*villages.every(), strict=True))
    twice = np.concatenate([certainties, certainties])
    right = np.concatenate([np.ones(len(shares)), np.zeros(len(shares))])
    return auc(twice, right, np.concatenate([shares * chances, shares * (1 - chances)]))


def forecast(evaluation, name):
    return next(item for item in evaluation["forecasts"] if item["name"] == name)


def test_the_true_auc_lies_in_its_interval(evaluation):
    found = forecast(evaluation, "certainty")["auc"]
    assert found["low"] < true_auc() < found["high"]
    assert found["high"] - found["low"] < 0.1


def test_coverage_counts_what_has_any_conclusion(evaluation):
    nothing = next(share for share, certainty, _ in villages.every() if certainty == 0.0)
    assert evaluation["cases"] == 240 * 4
    assert evaluation["clusters"] == 240
    assert evaluation["coverage"] == pytest.approx(1 - nothing, abs=0.04)
    assert sum(band["cases"] for band in evaluation["words"]) == evaluation["cases"]


def test_the_parts_make_up_the_brier_score(evaluation):
    for item in evaluation["forecasts"]:
        parts = item["murphy"]
        assert parts["reliability"] - parts["resolution"] + parts["uncertainty"] == pytest.approx(
            item["brier"]["value"]
        )
    corp = evaluation["reliability"][0]
    score = corp["miscalibration"] - corp["discrimination"] + corp["uncertainty"]
    assert score == pytest.approx(forecast(evaluation, "certainty")["brier"]["value"])


def test_calibrated_forecasts_are_better_than_certainties_and_base_rates(evaluation):
    score = {item["name"]: item["brier_skill"]["value"] for item in evaluation["forecasts"]}
    assert score["calibrated"] > max(score["certainty"], score["base rate"], 0.05)


def test_rules_are_worth_what_they_say(evaluation):
    worth = {item["id"]: item for item in evaluation["rules"]}
    assert worth["canal-counts"]["auc"] > 0.02
    assert worth["comet-counts"]["auc"] < 0
    assert [name for name, item in worth.items() if item["against"]] == ["comet-counts"]
    assert evaluation["silent"] == ["saint-counts"]
    assert worth["feud-counts"]["right"] < worth["feud-counts"]["expected"]


# --- calibrate --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibration(valley, command, tmp_path_factory):
    """The file that calibrate writes."""
    path = tmp_path_factory.mktemp("calibration") / "calibration.json"
    result = command("calibrate", "--kb", valley, "--output", path)
    assert result.exit_code == 0, result.output
    return path


def test_a_known_miscalibration_is_recovered(calibration):
    held = msgspec.json.decode(calibration.read_bytes(), type=Calibrations).calibrations[0]
    share: dict[float, float] = {}
    right: dict[float, float] = {}
    for part, certainty, chance in villages.every():
        share[certainty] = share.get(certainty, 0.0) + part
        right[certainty] = right.get(certainty, 0.0) + part * chance
    often = {certainty: right[certainty] / share[certainty] for certainty in share if share[certainty] > 0.05}
    assert len(often) > 3
    for certainty, frequency in often.items():
        assert held.curves[0].at(certainty) == pytest.approx(frequency, abs=0.08)
    assert held.skill > 0.05
    assert (held.n, held.clusters, held.folds, held.by) == (960, 240, 10, "village")


def test_a_calibration_speaks_for_as_long_as_its_rules_are_the_same(small, calibration):
    (small / "calibration.json").write_bytes(calibration.read_bytes())
    (small / "kzexpert.yaml").write_text("name: valley\ncalibration: calibration.json\n", encoding="utf-8")
    kb = load_knowledge_base([small])
    known, issues = fitting_calibrations(kb)
    assert issues == ()
    village, saint = (GroundAtom(name, ("Village 001",)) for name in ("prospers", "saint"))
    told = likelihoods(kb, known, {village: 0.3, saint: 1.0})
    assert told.keys() == {village}
    measured = "960 cases, 240 values of village, 1801–1804; right was where the outcome is 1"
    assert (told[village].word, told[village].measured) == ("roughly even chance", measured)
    curves = (Curve("", (0.0,), (0.5,), 9, 0.5), Curve("Village 001", (0.0,), (0.99,), 9, 0.5))
    of_its_own = msgspec.structs.replace(known["prospers"], argument="village", curves=curves)
    told = likelihoods(kb, {"prospers": of_its_own}, {village: 0.3})
    assert told[village].word == "almost certain", "a name of two words has its curve too"
    rules = small / "rules" / "village.yaml"
    rules.write_text(rules.read_text("utf-8").replace("has a canal", "has a fine canal"), encoding="utf-8")
    assert fitting_calibrations(load_knowledge_base([small]))[0]
    rules.write_text(rules.read_text("utf-8").replace("certainty: 0.6", "certainty: 0.8"), encoding="utf-8")
    known, issues = fitting_calibrations(load_knowledge_base([small]))
    assert (known, [issue.code for issue in issues]) == ({}, ["KZ706"])


SEASONS = """
predicates:
  thrives: {args: [village: village, season: text], says: "{village} thrives in {season}"}
rules:
  - {id: canal-in-summer, when: ["canal(?village)"], then: 'thrives(?village, "summer")', certainty: 0.8}
  - {id: fair-in-autumn, when: ["fair(?village)"], then: 'thrives(?village, "autumn")', certainty: 0.3}
"""


@pytest.fixture
def seasons(small, command):
    """A valley where each season has a conclusion of its own, and nobody knows how each season turned out."""
    (small / "rules" / "seasons.yaml").write_text(f"source: chronicle{SEASONS}", encoding="utf-8")
    outcomes = small / "outcomes" / "harvests.yaml"
    outcomes.write_text(outcomes.read_text("utf-8").replace("prospers", "thrives"), encoding="utf-8")
    written = command("calibrate", "--kb", small, "--output", small / "calibration.json")
    assert written.exit_code == 0, written.output
    (small / "kzexpert.yaml").write_text("name: valley\ncalibration: calibration.json\n", encoding="utf-8")
    return small


def test_a_likelihood_is_said_of_what_was_measured(seasons, command):
    """A case was what is concluded most of a village, in whichever season: of the rest nobody knows how often it is
    right, also where a question names that season alone."""
    year = ("--as-of", "1801", "--format", "json", "--kb", seasons)
    answers = json.loads(command("ask", "thrives(?village, ?season)", *year).stdout)["answers"]
    seasons_of = {}
    for item in answers:
        seasons_of.setdefault(item["bindings"]["village"], {})[item["bindings"]["season"]] = item["likelihood"]
    both = next(village for village, told in seasons_of.items() if len(told) == 2)
    alone = next(village for village, told in seasons_of.items() if [*told] == ["autumn"])
    assert seasons_of[both]["summer"]["measured"] == (
        "120 cases, 30 values of village, 1801–1804, whatever the season; right was where the outcome is 1"
    )
    assert seasons_of[both]["autumn"] is None
    assert seasons_of[alone]["autumn"] is not None
    for village, told in ((both, None), (alone, seasons_of[alone]["autumn"])):
        asked = command("ask", f'thrives("{village}", "autumn")', *year)
        assert json.loads(asked.stdout)["answers"][0]["likelihood"] == told


def test_a_timeline_says_likelihoods_where_they_were_measured(seasons, command):
    options = ("--as-of", "1801..1804", "--kb", seasons)
    found = json.loads(command("timeline", "thrives(?village, ?season)", "--format", "json", *options).stdout)
    points = [
        (series["conclusion"].partition(",")[0], point)
        for series in found["series"]
        for point in series["points"]
        if point["certainty"]
    ]
    told = {}
    for village, point in points:
        told.setdefault((village, point["period"]), []).append((point["certainty"], point["likelihood"] is not None))
    assert {tuple(sorted(said)) for said in told.values()} == {
        ((0.3, True),),
        ((0.8, True),),
        ((0.3, False), (0.8, True)),
    }
    text = " ".join(command("timeline", "thrives(?village, ?season)", *options).stdout.split())
    assert "Likelihoods as measured on 120 cases, 30 values of village" in text
    assert text.count("Not calibrated") == 1
    drawing = command("timeline", "thrives(?village, ?season)", "--format", "svg", *options).stdout
    assert "percent)" in drawing


# --- learn ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lessons(valley, command):
    """What learn says as JSON."""
    result = command("learn", "--kb", valley, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["predicates"][0]


def test_the_order_of_weights_is_recovered(lessons):
    fitted = {item["id"].partition("-")[0]: item["fitted"] for item in lessons["lessons"]}
    assert fitted["canal"] > fitted["mill"] > fitted["fair"] > 0 > fitted["feud"]
    proposed = {item["id"].partition("-")[0]: item["proposed"] for item in lessons["lessons"]}
    assert proposed["canal"] > proposed["fair"]
    assert proposed["feud"] in (-0.3, -0.6, -0.8)


def test_a_rule_with_the_wrong_sign_is_flagged_and_left_alone(lessons):
    verdict = {item["id"]: (item["verdict"], item["proposed"]) for item in lessons["lessons"]}
    assert verdict["comet-counts"] == ("wrong sign", None)
    assert verdict["saint-counts"] == ("too few cases", None)
    assert lessons["diff"].count("\n+    certainty: ") == sum(
        item["verdict"] == "change" for item in lessons["lessons"]
    )


def test_what_is_learned_is_better_where_it_was_not_learned(lessons):
    assert lessons["after"]["auc"]["value"] > lessons["before"]["auc"]["value"]
    assert lessons["after"]["brier"]["value"] < lessons["before"]["brier"]["value"]


def test_the_diff_applies_to_the_rules(small, command, monkeypatch):
    monkeypatch.chdir(small)
    diff = command("learn", "--format", "diff").stdout
    assert "right in " in diff
    before = (small / "rules" / "village.yaml").read_text("utf-8")
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    subprocess.run(["patch", "-p0"], input=diff, text=True, cwd=small, check=True, capture_output=True)
    after = (small / "rules" / "village.yaml").read_text("utf-8")
    assert before != after
    assert command("check").exit_code == 0


def test_a_certainty_behind_an_anchor_is_left_alone(small, command):
    """Others may share it; the rest of the file is patched."""
    rules = small / "rules" / "village.yaml"
    text = rules.read_text("utf-8").replace("certainty: 0.3", "certainty: &usual 0.3", 1)
    rules.write_text(text.replace("certainty: 0.3", "certainty: *usual", 1), encoding="utf-8")
    found = json.loads(command("learn", "--kb", small, "--format", "json").stdout)["predicates"][0]
    verdicts = {item["id"]: item["verdict"] for item in found["lessons"] if item["proposed"] not in (None, 0.3)}
    assert [*verdicts.values()].count("no plain number") > 0
    assert "usual" not in "".join(line for line in found["diff"].splitlines() if line.startswith(("-", "+")))


def test_of_a_family_only_what_counts_is_learned_from(small, command):
    """A twin in the family of a stronger rule fires as often and never counts, so that it teaches nothing."""
    rules = small / "rules" / "village.yaml"
    twin = """
  - id: canal-counts-again
    family: canals
    when: ["canal(?village)"]
    then: prospers(?village)
    certainty: 0.1
"""
    text = rules.read_text("utf-8").replace("  - id: canal-counts\n", "  - id: canal-counts\n    family: canals\n")
    rules.write_text(text + twin, encoding="utf-8")
    found = json.loads(command("learn", "--kb", small, "--format", "json").stdout)["predicates"][0]
    lesson = {item["id"]: item for item in found["lessons"]}
    assert lesson["canal-counts-again"]["fired"] == lesson["canal-counts"]["fired"] > 20
    assert lesson["canal-counts"]["fitted"] > 0.3
    assert lesson["canal-counts-again"]["fitted"] is None
    assert lesson["canal-counts-again"]["verdict"] == "says nothing"
