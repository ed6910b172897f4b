"""Changes of rules that cases must notice: which there are, which pass, and the cases that would tell them apart."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from kzexpert.analysis.cases import try_case
from kzexpert.authoring.mutation.mutants import Mutant, accepted, mutants
from kzexpert.authoring.mutation.survey import noticed_by, survey, trials_of
from kzexpert.authoring.mutation.trials import CaseTrial
from kzexpert.cli.group import cli
from kzexpert.engines import engine
from kzexpert.language import read_knowledge_base
from kzexpert.language.cases_file import load_cases
from kzexpert.program.order import PlannedBase, planned
from kzexpert.schemas import published

CHECKOUT = Path(__file__).parents[2]
BASE = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc]}
  leads: {args: [state: state, bloc: bloc]}
  left: {args: [state: state, bloc: bloc]}
  aid: {args: [state: state, power: state, millions: number]}
  visit: {args: [state: state, power: state], holds: event}
  rival: {args: [state: state, other: state]}
  leans: {args: [state: state, power: state]}
sources:
  atlas: {title: An Atlas of Invented States, date: 2011-04-07, background: true}
source: atlas
rules:
"""
BLOC = """\
  - id: bloc
    when: ["member(?state, ?bloc)", "leads(?power, ?bloc)", "?state != ?power"]
    unless: ["left(?state, ?bloc)"]
    then: leans(?state, ?power)
    certainty: 0.6
"""
AID = """\
  - id: aid
    when: ["aid(?state, ?power, ?millions)", "?millions >= 100"]
    then: leans(?state, ?power)
    certainty: 0.6
"""
EITHER = """\
  - id: tie
    when:
      - rival(?power, _)
      - either:
          - aid(?state, ?power, _)
          - visit(?state, ?power) within 2 years
    then: leans(?state, ?power)
    certainty: 0.6
"""
#: Aid that is far over the bound, membership of a bloc that is led, and nothing at all.
CASES = {
    AID: """\
  - id: much-aid
    entities: {Ruritania: {kind: state}, Graustark: {kind: state}}
    facts: {aid: [{state: Ruritania, power: Graustark, millions: 250}]}
    ask: leans(?state, ?power)
    want: leans(Ruritania, Graustark) @ 0.60
""",
    BLOC: """\
  - id: a-led-bloc
    entities: {Ruritania: {kind: state}, Graustark: {kind: state}, Pact: {kind: bloc}}
    facts: {member: [{state: Ruritania, bloc: Pact}], leads: [{state: Graustark, bloc: Pact}]}
    ask: leans(?state, ?power)
    want: leans(Ruritania, Graustark) @ 0.60
""",
    "": """\
  - {id: nobody, ask: "leans(?state, ?power)", want_none: true}
""",
}
Base = Callable[..., Path]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    """Writes a base with some rules and cases, and makes it the current folder."""

    def written(*rules: str, cases: str = "") -> Path:
        for name in ("rules", "facts", "tests/cases"):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
        own = "".join(CASES[rule] for rule in (*rules, "") if rule in CASES)
        (tmp_path / "rules" / "deals.yaml").write_text(BASE + "".join(rules), encoding="utf-8")
        (tmp_path / "tests" / "cases" / "deals.yaml").write_text(f"cases:\n{cases or own}", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("KZEXPERT_CACHE", "")
        return tmp_path

    return written


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, arguments, prog_name="kzexpert")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def flat(text: str) -> str:
    return " ".join(text.split())


def told(kb: PlannedBase, rule: str) -> list[str]:
    (found,) = (item for item in kb.rules if item.id == rule)
    return [mutant.words for mutant in mutants(kb, found) if accepted(kb, mutant)]


# --- which mutants there are ------------------------------------------------------------------------------------------


def test_a_rule_is_changed_in_one_place_after_the_other(base: Base) -> None:
    base(AID)
    kb = planned(read_knowledge_base(["."]).kb)
    assert told(kb, "aid") == [
        "left out",
        "with `aid(?power, ?state, ?millions)` instead of `aid(?state, ?power, ?millions)`",
        "without its condition `?millions >= 100`",
        "with `?millions > 100` instead of `?millions >= 100`",
        "with `?millions < 100` instead of `?millions >= 100`",
        "with `?millions >= 99` instead of `?millions >= 100`",
        "with `?millions >= 101` instead of `?millions >= 100`",
        "concluding `leans(?power, ?state)` instead of `leans(?state, ?power)`",
        "with certainty 0.4 instead of 0.6",
        "with certainty 0.8 instead of 0.6",
    ]


def test_windows_alternatives_and_exceptions_are_left_out(base: Base) -> None:
    base(BLOC, EITHER)
    kb = planned(read_knowledge_base(["."]).kb)
    assert "without its exception `left(?state, ?bloc)`" in told(kb, "bloc")
    assert "without the alternative `aid(?state, ?power, _)`" in told(kb, "tie")
    windows = [words for words in told(kb, "tie") if "visit" in words and "alternative 2" in words]
    assert [words.partition(" instead")[0] for words in windows] == [
        "with `visit(?state, ?power)`",
        "with `visit(?state, ?power) within 3 years`",
        "with `visit(?state, ?power) within 1 year`",
        "with `visit(?power, ?state) within 2 years`",
    ]


def test_a_rule_that_binds_no_more_what_it_concludes_is_none(base: Base) -> None:
    base(BLOC)
    assert all(
        "member" not in words for words in told(planned(read_knowledge_base(["."]).kb), "bloc") if "without" in words
    )


# --- which are noticed ------------------------------------------------------------------------------------------------


def test_survivors_are_told_in_words_with_their_line(base: Base) -> None:
    base(AID)
    result = run("test", "--mutate", "--limit", "all")
    assert result.exit_code == 0
    assert flat(result.stdout).startswith("6 of 10 changes to 1 rule are noticed, 60.0 percent")
    survivor = (
        "rule aid without its condition `?millions >= 100` passes both cases that reach it (rules/deals.yaml:15:47)"
    )
    assert survivor in flat(result.stdout)


def test_a_threshold_that_is_not_reached_fails(base: Base) -> None:
    base(AID)
    assert run("test", "--threshold", "60").exit_code == 0
    result = run("test", "--threshold", "95")
    assert (result.exit_code, result.stderr.count("KZ707")) == (1, 1)


def test_what_no_facts_tell_apart_is_not_counted(base: Base) -> None:
    rivals = '  - {id: rivals, when: ["leads(?a, ?x)", "leads(?b, ?x)", "?a != ?b"], then: "rival(?a, ?b)"}\n'
    implied = (
        '  - {id: implied, when: ["aid(?a, ?b, ?n)", "aid(?a, _, _)", "?n >= 5", "?n >= 3"], then: "rival(?a, ?b)"}\n'
    )
    base(rivals, implied)
    found = json.loads(run("test", "--mutate", "--format", "json").stdout)
    why = {item["words"]: item["why"] for item in found["mutants"] if item["status"] == "equivalent"}
    assert why["concluding `rival(?b, ?a)` instead of `rival(?a, ?b)`"].startswith("it is the same rule with ?a and ?b")
    assert why["without its condition `aid(?a, _, _)`"] == "`aid(?a, _, _)` holds wherever `aid(?a, ?b, ?n)` does"
    assert why["without its condition `?n >= 3`"] == "no number passes the one and not the other"
    assert "without its condition `?n >= 5`" not in why


def test_one_rule_alone(base: Base) -> None:
    base(AID, BLOC)
    assert json.loads(run("test", "--mutate", "--rule", "bloc", "--format", "json").stdout)["rules"] == ["bloc"]
    result = run("test", "--mutate", "--rule", "blok")
    assert (result.exit_code, "did you mean bloc?" in result.stderr) == (2, True)


def test_the_rules_that_changed_since_a_revision(base: Base) -> None:
    folder = base(AID, BLOC)
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b.invalid commit -qm one"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)
    assert json.loads(run("test", "--mutate", "--since", "HEAD", "--format", "json").stdout)["rules"] == []
    (folder / "rules" / "deals.yaml").write_text(
        BASE + AID.replace("aid\n", "aid\n    title: Much aid\n") + BLOC.replace("0.6", "0.5")
    )
    changed = json.loads(
        run("test", "tests/cases/deals.yaml", "--coverage", "--since", "HEAD", "--format", "json").stdout
    )
    assert {part["rule"] for part in changed["coverage"]} == {"bloc"}


def test_failing_cases_come_first(base: Base) -> None:
    base(AID, cases=CASES[AID].replace("250", "99"))
    result = run("test", "--mutate")
    assert (result.exit_code, "FAIL much-aid" in result.stdout) == (1, True)


@pytest.mark.parametrize("arguments", [("--mutate", "--suggest"), ("--coverage",)])
def test_the_document_fits_its_schema_and_is_always_the_same(base: Base, arguments: Sequence[str]) -> None:
    base(AID, BLOC, EITHER)
    one, two = (run("test", *arguments, "--format", "json").stdout for _ in range(2))
    assert one == two
    document = json.loads(one)
    jsonschema.validate(document, json.loads(published(document["schema"])))


# --- cases that would notice more -------------------------------------------------------------------------------------


def test_suggested_cases_notice_what_no_case_did(base: Base) -> None:
    folder = base(AID, BLOC, EITHER)
    before = json.loads(run("test", "--mutate", "--format", "json").stdout)
    result = run("test", "--mutate", "--write", "tests/cases/more.yaml")
    assert (result.exit_code, "to tests/cases/more.yaml" in result.stderr) == (0, True)
    text = (folder / "tests" / "cases" / "more.yaml").read_text(encoding="utf-8")
    assert "cases:\n  # aid\n  - id: aid-" in text
    assert run("test").exit_code == 0
    after = json.loads(run("test", "--mutate", "--format", "json").stdout)
    assert before["survived"] > 15
    assert [item["words"] for item in after["mutants"] if item["status"] == "survived"] == []


def test_a_real_edit_fails_the_case_that_was_written(base: Base) -> None:
    folder = base(AID)
    run("test", "--mutate", "--write", "tests/cases/more.yaml")
    rules = folder / "rules" / "deals.yaml"
    for old, new in (('"?millions >= 100"', '"?millions >= 101"'), (', "?millions >= 100"]', "]")):
        rules.write_text((BASE + AID).replace(old, new), encoding="utf-8")
        assert run("test").exit_code == 1


def test_cases_are_added_to_a_file_and_nothing_there_changes(base: Base) -> None:
    folder = base(AID)
    file = folder / "tests" / "cases" / "deals.yaml"
    run("test", "--mutate", "--write", str(file))
    text = file.read_text(encoding="utf-8")
    assert text.startswith("cases:\n" + CASES[AID])
    assert run("test", "--threshold", "100").exit_code == 0
    assert "would notice" not in run("test", "--mutate", "--write", str(file)).stdout
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("cases.txt", "", "KZ805"),
        ("one.yaml", "id: one\nask: leans(?a, ?b)\nwant_none: true\n", "KZ805"),
        ("no/more.yaml", "", "KZ306"),
    ],
)
def test_a_file_that_takes_no_cases_is_left_alone(base: Base, name: str, text: str, code: str) -> None:
    folder = base(AID)
    if text:
        (folder / name).write_text(text, encoding="utf-8")
    result = run("test", "--mutate", "--write", name)
    assert (result.exit_code, code in result.stderr) == (2, True)
    assert not text or (folder / name).read_text(encoding="utf-8") == text


# --- what cases assert ------------------------------------------------------------------------------------------------


def parts(*arguments: str) -> dict[str, bool]:
    document = json.loads(run("test", "--coverage", "--format", "json", *arguments).stdout)
    return {f"{item['rule']}: {item['text']}": item["asserted"] for item in document["coverage"]}


def test_an_answer_asserts_the_conditions_that_it_rests_on(base: Base) -> None:
    base(AID, BLOC, EITHER)
    found = parts()
    assert [found["aid: aid"], found["aid: ?millions >= 100"], found["bloc: leads(?power, ?bloc)"]] == [True] * 3
    assert [found["bloc: unless: left(?state, ?bloc)"], found["tie: tie"]] == [False] * 2


def test_an_exception_is_asserted_by_a_case_that_fails_without_it(base: Base) -> None:
    gone = """\
  - id: who-left
    entities: {Ruritania: {kind: state}, Graustark: {kind: state}, Pact: {kind: bloc}}
    facts:
      member: [{state: Ruritania, bloc: Pact}]
      leads: [{state: Graustark, bloc: Pact}]
      left: [{state: Ruritania, bloc: Pact}]
    ask: leans(?state, ?power)
    want_none: true
"""
    base(BLOC, cases=CASES[BLOC] + gone)
    assert parts()["bloc: unless: left(?state, ?bloc)"] is True


def test_the_lines_that_nothing_asserts_are_listed(base: Base) -> None:
    base(AID, BLOC)
    text = flat(run("test", "--coverage").stdout)
    assert "Cases assert 2 of 2 rules, 5 of 5 conditions and 0 of 1 exception." in text
    assert "the exception left(?state, ?bloc) (rules/deals.yaml" in text


# --- the shipped base -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> tuple[PlannedBase, list[CaseTrial]]:
    kb, infer = planned(read_knowledge_base([CHECKOUT]).kb), engine().infer
    return kb, trials_of((try_case(kb, case, infer) for case in load_cases([CHECKOUT / "tests" / "cases"], kb)), infer)


@pytest.mark.slow
def test_the_shipped_cases_notice_95_percent_of_the_changes(shipped: tuple[PlannedBase, list[CaseTrial]]) -> None:
    kb, trials = shipped
    found = survey(kb, kb.rules, trials)
    assert found.percent >= 95, [str(item.mutant) for item in found.of("survived")]


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["harder-in-security", "repeated-exercises", "member-of-rival-bloc"])
def test_without_an_engine_the_same_is_noticed(shipped: tuple[PlannedBase, list[CaseTrial]], rule: str) -> None:
    kb, trials = shipped
    (found,) = (item for item in kb.rules if item.id == rule)
    firing = [trial for trial in trials if rule in trial.fired][:3]
    for mutant in (item for item in mutants(kb, found) if accepted(kb, item)):
        assert [trial.notices(mutant) for trial in firing] == [trial.fails(mutant) for trial in firing], str(mutant)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("aid-dependence", "without its condition `?millions >= 100`"),
        (
            "repeated-exercises",
            "with `exercise(?state, ?power, _)` instead of `exercise(?state, ?power, _) within 1 year`",
        ),
        ("harder-in-security", "without its condition `not hedges(?state, _, _, economy)`"),
    ],
)
def test_no_condition_can_be_taken_out_unnoticed(
    shipped: tuple[PlannedBase, list[CaseTrial]], rule: str, words: str
) -> None:
    kb, trials = shipped
    (mutant,) = (item for found in kb.rules if found.id == rule for item in mutants(kb, found) if item.words == words)
    assert isinstance(mutant, Mutant)
    assert noticed_by(kb, mutant, trials)
