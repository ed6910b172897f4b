"""What explains a conclusion says the same whether its facts are kept in memory or stay in tables."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from short_programs import rule

from kzexpert.analysis.linchpins import linchpins
from kzexpert.analysis.near_misses import not_in_force
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import timeline, years_on_record
from kzexpert.analysis.why_not import why_not
from kzexpert.engines import engine, for_engine
from kzexpert.errors import UsageError
from kzexpert.language import load_knowledge_base, parse_partial_date
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.answers import answer
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question

WORLD = """
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval}
  leads: {args: [power: state, bloc: bloc]}
  visit: {args: [guest: state, host: state], holds: event}
  close: {args: [state: state, power: state]}
entities: {Ruritania: {kind: state}, Borduria: {kind: state}, Syldavia: {kind: state}, Pact: {kind: bloc}}
sources: {atlas: {title: An Atlas, date: 2011}, gazette: {title: A Gazette}, own: {title: Our own reasoning}}
facts: {leads: [{power: Borduria, bloc: Pact, source: own}]}
tables:
  - file: members.csv
    predicate: member
    columns: {state: who, bloc: what, since: start, until: stop, certainty: sure, source: says}
    source: atlas
  - {file: visits.csv, predicate: visit, columns: {guest: a, host: b, "on": when}, source: gazette}
rules:
  - {id: led, when: ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"], then: "close(?s, ?p)", certainty: 0.6, source: own}
  - {id: met, when: ["visit(?s, ?p) within 2 years"], then: "close(?s, ?p)", certainty: 0.4, source: own}
"""
#: What TRADE needs beside it.
SILENT = """
kinds: [state]
entities: {Ruritania: {kind: state}, Borduria: {kind: state}, Syldavia: {kind: state}}
sources: {gazette: {title: A Gazette, date: 2011}}
"""
MEMBERS = """who,what,start,stop,sure,says
Ruritania,Pact,1999,,1,gazette
Ruritania,Pact,2001,,0.8,
Syldavia,Pact,1990,1995,1,
"""
VISITS = "a,b,when\nRuritania,Borduria,2010-05\nSyldavia,Borduria,2001\n"


@pytest.fixture
def kb(tmp_path: Path) -> KnowledgeBase:
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    (tmp_path / "visits.csv").write_text(VISITS, encoding="utf-8")
    return load_knowledge_base([], [tmp_path / "world.yaml"])


def on(kb: KnowledgeBase, name: str) -> Inference:
    return engine(name).infer(snapshot(for_engine(kb, name), parse_partial_date("2011").last))


def told(found: Any) -> Any:
    return {**msgspec.to_builtins(found), "engine": ""}


def test_linchpins(kb: KnowledgeBase) -> None:
    found = []
    for name in ("experta", "duckdb"):
        inference = on(kb, name)
        question = read_question(inference.program.kb, "close(Ruritania, Borduria)")
        found.append(told(linchpins(inference, question, engine(name))))
    assert found[0] == found[1]
    (hanging,) = found[1]["conclusions"]
    effects = {item["name"]: item["certainty"] for part in ("facts", "sources") for item in hanging[part]}
    assert effects["member(Ruritania, Pact)"] == 0.4
    assert effects["gazette"] == 0.48  # the row of the atlas is left
    assert effects["atlas"] == 0.76


def test_why_not(kb: KnowledgeBase) -> None:
    found = []
    for name in ("experta", "duckdb"):
        inference = on(kb, name)
        question = read_question(inference.program.kb, "close(Syldavia, Borduria)")
        found.append(told(why_not(inference, question, engine(name))))
    assert found[0] == found[1]
    whys = {failed["why"] for miss in found[1]["misses"] for failed in miss["failed"]}
    assert whys == {"not in force", "not recent"}


def test_rows_that_are_not_in_force(kb: KnowledgeBase) -> None:
    inferences = [on(kb, name) for name in ("experta", "duckdb")]
    pattern = read_question(kb, "member(Syldavia, ?bloc)").pattern
    found = [not_in_force(inference, pattern) for inference in inferences]
    assert found[0] == found[1]
    assert len(found[1]) == 1


def test_a_question_with_a_window_that_no_rule_looks_at(kb: KnowledgeBase) -> None:
    found = []
    for name in ("experta", "duckdb"):
        inference = on(kb, name)
        question = read_question(inference.program.kb, "visit(?guest, Borduria) within 15 years")
        traced = prove(inference, question)
        found.append((told(answer(inference, question)), traced.facts, traced.conclusions))
    assert found[0] == found[1]
    assert [item["conclusion"] for item in found[1][0]["answers"]] == [
        "visit(Ruritania, Borduria)",
        "visit(Syldavia, Borduria)",
    ]


def test_what_is_recorded_is_told_from_what_rules_conclude_of_the_same_predicate(kb: KnowledgeBase) -> None:
    rules = [*kb.rules, rule("back", ["visit(?g, ?h)"], "visit(?h, ?g)")]
    both = replace(kb, rules=tuple(item for item in rules if item.id != "met"))
    found = []
    for name in ("experta", "duckdb"):
        base = on(both, name).program.base
        rows = {args: [str(row.on) for row in fact.rows] for args, fact in base["visit"].items()}
        found.append((rows, ("Borduria", "Ruritania") in base["visit"], len(base["visit"])))
    assert found[0] == found[1]
    assert found[1][0] == {("Ruritania", "Borduria"): ["2010-05"], ("Syldavia", "Borduria"): ["2001"]}


TRADE = """
predicates: {trade: {args: [state: state, power: state], holds: interval}}
tables:
  - file: trade.csv
    predicate: trade
    columns: {state: who, power: whom, since: year, until: stop}
    source: gazette
"""


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_a_table_without_a_later_row_is_silent(tmp_path: Path, name: str) -> None:
    """The last edition is of 2005, so that nothing ends in 2006; what the edition of 2005 left out ended before."""
    (tmp_path / "trade.yaml").write_text(f"{TRADE}\n{SILENT}", encoding="utf-8")
    rows = "who,whom,year,stop\nRuritania,Borduria,2004,2005\nRuritania,Syldavia,2004,2004\n"
    (tmp_path / "trade.csv").write_text(rows, encoding="utf-8")
    kb = for_engine(load_knowledge_base([], [tmp_path / "trade.yaml"]), name)
    question = read_question(kb, "trade(Ruritania, ?power)")
    found = timeline(Scenario(kb, date(2011, 4, 7)), question, range(2003, 2007), engine(name))
    turns = {
        series.conclusion: [(change.period, cause.turn) for change in series.changes for cause in change.causes]
        for series in found.series
    }
    assert turns == {
        "trade(Ruritania, Borduria)": [("2004", "came into force"), ("2006", "lapsed")],
        "trade(Ruritania, Syldavia)": [("2004", "came into force"), ("2005", "went out of force")],
    }


def test_timeline_without_a_row(kb: KnowledgeBase) -> None:
    found = []
    for name in ("experta", "duckdb"):
        inference = on(kb, name)
        question = read_question(inference.program.kb, "close(?state, Borduria)")
        start = Scenario.of(inference.program)
        start = msgspec.structs.replace(start, without=(*start.without, _atom("visit(Ruritania, _)")))
        found.append(told(timeline(start, question, range(1989, 2012), engine(name))))
    assert found[0] == found[1]
    assert [point["certainty"] for point in found[1]["series"][0]["points"]][-1] == 0.6


@pytest.mark.parametrize(("question", "first"), [("close(?state, Borduria)", 1990), ("visit(?a, ?b)", 2001)])
def test_the_years_on_record(kb: KnowledgeBase, question: str, first: int) -> None:
    for name in ("experta", "duckdb"):
        own = for_engine(kb, name)
        pattern = read_question(own, question).pattern
        program = snapshot(own, parse_partial_date("2011").last, goals=[pattern])
        assert years_on_record(program, pattern, engine(name).infer) == range(first, 2012)


def _atom(text: str) -> Any:
    from kzexpert.language import parse_atom
    from kzexpert.model import NOWHERE

    return parse_atom(text, NOWHERE)


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_a_withdrawal_of_no_row_is_told(kb: KnowledgeBase, name: str) -> None:
    own = for_engine(kb, name)
    with pytest.raises(UsageError) as caught:
        engine(name).infer(snapshot(own, without=[_atom("visit(Borduria, _)"), _atom("visit(Ruritania, _)")]))
    assert [issue.code for issue in caught.value.issues] == ["KZ304"]
    assert "visit(Borduria, _)" in caught.value.issues[0].message
