"""A trace of a calibrated predicate carries its calibration, and no other likelihood than was measured passes."""

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec import UNSET
from tampering import tamperings
from traces import traced_from

from kzexpert.cli.group import cli
from kzexpert.engines import ENGINES
from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.model.calibration import Calibration, Calibrations, Curve
from kzexpert.program.likelihood import fitting_calibrations, rules_digest
from kzexpert.proof.checker import Checker
from kzexpert.proof.document import Trace, sealed
from kzexpert.render.json import json_text

RULES = """\
kinds: [state]
predicates:
  member: {args: [state: state, power: state, sphere: text]}
  trains: {args: [power: state, state: state]}
  aligned: {args: [state: state, power: state, sphere: text], says: "{state} is aligned with {power} in {sphere}"}
entities: {Ruritania: {kind: state}, Borduria: {kind: state}, Syldavia: {kind: state}}
sources: {atlas: {title: An Atlas, date: 2011-04-07}, own: {title: Our own reasoning}}
source: own
rules:
  - {id: led, when: ["member(?s, ?p, ?x)"], then: "aligned(?s, ?p, ?x)", certainty: 0.6}
  - {id: trained, when: ["trains(?p, ?s)"], then: 'aligned(?s, ?p, "security")', certainty: 0.3}
"""
FACTS = """\
source: atlas
facts:
  member:
    - {state: Ruritania, power: Borduria, sphere: security}
    - {state: Ruritania, power: Borduria, sphere: trade}
    - {state: Ruritania, power: Syldavia, sphere: trade}
  trains: [{power: Borduria, state: Ruritania}]
"""
QUESTION = "aligned(Ruritania, ?power, ?sphere)"
STRONGEST, SIBLING, RIVAL = (
    f"aligned(Ruritania, {power}, {sphere})"
    for power, sphere in (("Borduria", "security"), ("Borduria", "trade"), ("Syldavia", "trade"))
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A base whose alignments were measured by votes, which know states and powers, and no spheres."""
    for name, text in (("rules/rules.yaml", RULES), ("facts/facts.yaml", FACTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    held = Calibration(
        predicate="aligned",
        yardstick="the score is the highest among the values of power",
        source="atlas",
        argument="power",
        arguments=("state", "power"),
        curves=(
            Curve("", (0.0, 0.5, 1.0), (0.1, 0.3, 0.7), 400, 0.4),
            Curve("Borduria", (0.0, 1.0), (0.2, 0.9), 800, 0.5),
        ),
        n=1200,
        by="state",
        clusters=93,
        folds=10,
        first=date(1994, 1, 1),
        last=date(2008, 12, 31),
        held_out="",
        rules=rules_digest(load_knowledge_base([tmp_path]), "aligned"),
        outcomes="0" * 64,
        brier=0.2,
        base_brier=0.25,
    )
    (tmp_path / "calibration.json").write_text(json_text(Calibrations((held,))), encoding="utf-8")
    (tmp_path / "kzexpert.yaml").write_text("name: votes\ncalibration: calibration.json\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def kb(folder: Path) -> KnowledgeBase:
    return load_knowledge_base([folder])


def checked(kb: KnowledgeBase, trace: Trace) -> list[str]:
    """The codes and paths of what is wrong with a trace."""
    checker = Checker(kb, ENGINES, fitting_calibrations(kb)[0])
    return [f"{issue.code} {issue.message.partition(' ')[0]}" for issue in checker.verify("t", json_text(trace)).issues]


def test_the_likelihood_of_what_was_measured_stands_in_the_trace(kb: KnowledgeBase) -> None:
    trace = traced_from(kb, QUESTION)
    told = {item.answer: (item.likelihood.percent, item.likelihood.word) for item in trace.likelihoods or ()}
    assert told == {STRONGEST: (70.4, "likely"), RIVAL: (38.0, "unlikely")}
    assert trace.likelihoods[0].likelihood.measured == (
        "800 cases, 93 values of state, 1994–2008, whatever the sphere; "
        "right was where the score is the highest among the values of power"
    )
    assert trace.calibration == fitting_calibrations(kb)[0]["aligned"]
    assert checked(kb, trace) == []


def test_of_a_sibling_nothing_is_said_whoever_asks(kb: KnowledgeBase) -> None:
    trace = traced_from(kb, SIBLING)
    assert (trace.answers, trace.likelihoods) == ((SIBLING,), ())
    assert checked(kb, trace) == []


def test_another_predicate_has_no_calibration(kb: KnowledgeBase) -> None:
    trace = traced_from(kb, "trains(?power, ?state)")
    assert (trace.calibration, trace.likelihoods) == (UNSET, UNSET)


def test_every_change_of_it_is_noticed(kb: KnowledgeBase) -> None:
    document = json.loads(json_text(traced_from(kb, QUESTION)))
    passed, tried = [], 0
    for words, changed in tamperings(document):
        if words.startswith(("$.calibration", "$.likelihoods")):
            try:
                forged = sealed(msgspec.convert(changed, Trace))
            except msgspec.ValidationError:
                continue
            tried += 1
            passed += [] if checked(kb, forged) else [words]
    assert passed == []
    assert tried > 150


def test_a_trace_outlives_no_change_of_the_rules(folder: Path, kb: KnowledgeBase) -> None:
    trace = traced_from(kb, SIBLING)
    rules = folder / "rules" / "rules.yaml"
    rules.write_text(RULES.replace("certainty: 0.3", "certainty: 0.8"), encoding="utf-8")
    found = checked(load_knowledge_base([folder]), trace)
    assert [item for item in found if item[:5] != "KZ510"] == ["KZ503 $.calibration", "KZ503 $.likelihoods"]


def test_a_base_without_the_calibration_says_so(folder: Path, kb: KnowledgeBase) -> None:
    trace = traced_from(kb, QUESTION)
    (folder / "kzexpert.yaml").write_text("name: votes\n", encoding="utf-8")
    bare = load_knowledge_base([folder])
    assert [found for found in checked(bare, trace) if not found.startswith("KZ510")] == [
        "KZ503 $.calibration",
        "KZ503 $.likelihoods",
    ]
    lacking = traced_from(bare, QUESTION)
    assert checked(kb, lacking).count("KZ507 $") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", QUESTION),
        ("why", QUESTION),
        ("trace", "export", QUESTION, "--format", "markdown"),
        ("trace", "export", QUESTION, "--format", "html"),
        ("timeline", QUESTION, "--as-of", "2010..2011"),
    ],
    ids=lambda arguments: " ".join(word for word in arguments if "aligned" not in word),
)
def test_a_likelihood_reads_alike_everywhere(folder: Path, arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, [*arguments, "--kb", str(folder)])
    words = " ".join(done.stdout.split())
    assert "likely, 70.4 percent" in words.lower()
    assert "unlikely, 38 percent" in words
    assert "whatever the sphere" in words
    assert words.count("Not calibrated") == 1, "of the sibling"
    named = [STRONGEST if word == QUESTION else word for word in arguments]
    alone = CliRunner().invoke(cli, [*named, "--kb", str(folder)])
    assert "likely, 70.4 percent" in " ".join(alone.stdout.split()).lower()
    assert "Not calibrated" not in alone.stdout


def test_the_command_line_verifies_it(folder: Path) -> None:
    file = folder / "trace.json"
    options = ("--kb", str(folder))
    CliRunner().invoke(cli, ["trace", "export", QUESTION, "--output", str(file), *options])
    assert CliRunner().invoke(cli, ["trace", "verify", str(file), *options]).exit_code == 0
    told = CliRunner().invoke(cli, ["trace", "diff", str(file), str(file)])
    assert told.exit_code == 0
