"""Running cases: what passes, what the differences look like, which rules they set off."""

from pathlib import Path

import pytest

from kzexpert.analysis.cases import repeated_case_ids, run_case
from kzexpert.engines import Budget, engine
from kzexpert.errors import Location
from kzexpert.language.cases_file import load_cases

RULES = """\
rules:
  - id: led-bloc
    when: ["member(?state, ?bloc)", "leads(?power, ?bloc)", "?state != ?power"]
    then: aligned(?state, ?power)
    certainty: 0.6
    source: atlas
  - id: joint-exercise
    when: ["exercise(?state, ?power) within 2 years"]
    then: aligned(?state, ?power)
    certainty: 0.3
    source: atlas
  - id: weak-hint
    when: ["soldiers(?state, ?n)", "?n > 100", "rival(?power, _)"]
    then: aligned(?power, ?state)
    certainty: 0.1
    source: atlas
  - id: double
    when: ["aligned(?state, ?one)", "aligned(?state, ?other)", "?one != ?other"]
    then: hedges(?state)
    source: atlas
"""


@pytest.fixture
def run(read):
    """Runs the one case of a text against `RULES` and gives its result."""

    def running(text: str, budget: Budget | None = None):
        kb = read(RULES)
        Path("cases.yaml").write_text(text, encoding="utf-8")
        (case,) = load_cases(["cases.yaml"], kb)
        return run_case(kb, case, engine("experta", budget).infer)

    return running


def test_a_case_that_gets_what_it_wants(run):
    result = run("""\
id: ally
ask: aligned(Strelsau, ?power)
want:
  - aligned(RUR, power=Borduria) @ 0.72
""")
    assert result.passed
    assert result.lines == ()
    assert result.fired == ("joint-exercise", "led-bloc", "weak-hint")


def test_a_certainty_is_compared_at_the_decimals_that_are_given(run):
    assert run("{id: a, ask: 'aligned(Ruritania, _)', want: 'aligned(Ruritania, Borduria) @ 0.720'}").passed
    result = run("{id: a, ask: 'aligned(Ruritania, _)', want: 'aligned(Ruritania, Borduria) @ 0.721'}")
    assert result.lines == ("certainty of aligned(Ruritania, Borduria): expected 0.721, got 0.720",)
    assert run("{id: a, ask: 'aligned(Ruritania, _)', want: 'aligned(Ruritania, Borduria)'}").passed


def test_want_is_all_that_is_established_and_nothing_else(run):
    result = run("""\
id: ally
ask: aligned(?state, ?power)
want:
  - aligned(Ruritania, Syldavia) @ 0.5
  - aligned(Borduria, Ruritania)
  - aligned(Utopia, Ruritania)
""")
    assert not result.passed
    assert sorted(result.lines) == [
        "cases.yaml:6:13: KZ204 unknown state Utopia in aligned(state) (declare it under 'entities:' with kind state)",
        "missing: aligned(Borduria, Ruritania), weighed at 0.10 and not established",
        "missing: aligned(Ruritania, Syldavia)",
        "unexpected: aligned(Ruritania, Borduria) @ 0.72",
    ]


def test_a_recorded_fact_is_an_answer_like_any_other(run):
    assert run("{id: recorded, ask: 'leads(?state, Pact)', want: 'leads(Borduria, Pact) @ 1.00'}").passed


def test_want_none_means_nothing_established(run):
    assert run("{id: none, ask: 'aligned(Borduria, ?power)', want_none: true}").passed
    result = run("{id: none, ask: 'aligned(Ruritania, ?power)', want_none: true}")
    assert result.lines == ("unexpected: aligned(Ruritania, Borduria) @ 0.72",)


def test_dates_assumptions_and_withdrawals(run):
    assert run("{id: past, as-of: 1993, ask: 'aligned(Ruritania, ?p)', want_none: true}").passed
    assert run("""\
id: what-if
without: ["leads(Borduria, Pact)", "exercise(Ruritania, _)"]
assume: leads(Syldavia, Pact)
ask: aligned(Ruritania, ?power)
want: aligned(Ruritania, Syldavia) @ 0.60
""").passed
    result = run("{id: nothing, without: 'leads(Syldavia, _)', ask: 'aligned(Ruritania, ?p)', want_none: true}")
    assert result.lines[0] == "cannot be run"
    assert result.lines[1].startswith("cases.yaml:1:1: KZ304 ")


def test_a_case_brings_its_own_facts_and_rules(run):
    result = run("""\
id: own
entities:
  Latveria: {kind: state}
source: atlas
facts:
  member: [{state: Latveria, bloc: League}]
  leads: [{state: Syldavia, bloc: League}]
rules:
  - {id: own-rule, when: ["aligned(?x, Syldavia)"], then: hedges(?x), certainty: 0.5, source: atlas}
ask: hedges(?state)
want: [hedges(Latveria) @ 0.30]
""")
    assert result.passed
    assert result.fired == ("led-bloc", "own-rule")


def test_errors_in_what_a_case_brings_fail_it_with_their_text(run):
    result = run("""\
id: own
rules:
  - {id: odd, when: ["rivals(?x, _)"], then: hedges(?x), source: atlas}
ask: hedges(?state)
want_none: true
""")
    assert result.lines == (
        "cannot be run",
        "cases.yaml:3:23: KZ202 there is no predicate rivals (did you mean rival?)",
    )


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("KZ201", 'rules: [{id: odd, when: ["rival(?x"], then: hedges(?x)}]'),
        ("KZ209", 'rules: [{id: odd, when: ["rival(?x, _)", "not hedges(?x)"], then: hedges(?x)}]'),
        ("KZ117", "facts: {rival: [{state: Ruritania, other: Borduria, on: 2010}]}"),
        ("KZ301", "ask: what about the weather"),
        ("KZ202", "ask: 'rivals(Ruritania, ?x)'"),
        ("KZ304", "{ask: 'rival(_, _)', without: 'rival(Ruritania, _)'}"),
        ("KZ305", "{ask: 'rival(_, _)', assume: 'rival(Ruritania, _)'}"),
        (
            "KZ401",
            'rules: [{id: odd, when: ["soldiers(?x, ?n)", "?m = ?n + 1"], then: "soldiers(?x, ?m)", source: atlas}]',
        ),
    ],
)
def test_an_error_that_is_wanted(run, code, body):
    text = body if body.startswith("{") else "{" + body + "}"
    assert run(f"{{id: wants, want_error: {code}, {text[1:]}", Budget(firings=200)).passed


def test_a_wanted_error_that_does_not_come(run):
    result = run("{id: wants, want_error: KZ209, ask: 'aligned(Ruritania, ?x)'}")
    assert result.lines == ("expected the error KZ209, and got none; aligned(Ruritania, Borduria) @ 0.72",)
    result = run("{id: wants, want_error: KZ209, ask: 'alignd(Ruritania, ?x)'}")
    assert result.lines == (
        "expected the error KZ209, and got others",
        "question:1:1: KZ202 there is no predicate alignd (did you mean aligned?)",
    )


def test_a_case_id_that_stands_twice(read):
    kb = read(RULES)
    Path("cases.yaml").write_text("""\
cases:
  - {id: now, ask: "aligned(_, _)", want_none: true}
  - {id: now, ask: "hedges(_)", want_none: true}
""")
    (issue,) = repeated_case_ids(load_cases(["cases.yaml"], kb))
    assert (issue.code, issue.message) == ("KZ122", "case id now appears twice")
    assert issue.location == Location("cases.yaml", 3, 5)
    assert issue.related[0][0] == Location("cases.yaml", 2, 5)


def test_a_case_keeps_no_database_open(read) -> None:
    """One that waits for the garbage collector keeps megabytes for each case."""
    pytest.importorskip("duckdb")
    seen = []

    def infer(program):
        seen.append(engine("duckdb").infer(program))
        return seen[-1]

    kb = read(RULES)
    text = "{id: one, ask: 'hedges(?x)', want: hedges(Syldavia)}"
    Path("cases.yaml").write_text(text, encoding="utf-8")
    (case,) = load_cases(["cases.yaml"], kb)
    assert run_case(kb, case, infer).lines == ()
    with pytest.raises(Exception, match=r"[Cc]onnection"):
        seen[0].facts.firings._database.rows("SELECT 1")
