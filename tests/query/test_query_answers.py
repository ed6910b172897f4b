"""Answers: what matches, in which order, with which evidence and sources."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from kzexpert.api import load
from kzexpert.engines import engine
from kzexpert.errors import Location
from kzexpert.language import load_knowledge_base, parse_atom
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.answers import Answer, Conclusion, answer, conclusions_of, once, ranked
from kzexpert.questions.question import read_question


def asked(inference: Inference, text: str) -> Answer:
    return answer(inference, read_question(inference.program.kb, text))


def only(inference: Inference, text: str) -> Conclusion:
    (found,) = asked(inference, text).answers
    return found


def test_a_conclusion_has_its_lines_of_evidence_strongest_first(inference: Inference) -> None:
    found = only(inference, "alignment(Ruritania, ?power, security)")
    assert found.conclusion == "alignment(Ruritania, Borduria, security)"
    assert found.says == "Ruritania is aligned with Borduria in security"
    assert found.bindings == {"power": "Borduria"}
    assert found.certainty == pytest.approx((0.8 - 0.3) / (1 - 0.3), abs=1e-9)
    assert (found.evidence, found.established, found.derived) == ("good evidence", True, True)
    assert [(line.rule, line.because, line.strength, line.source) for line in found.lines] == [
        ("led-bloc", "Ruritania is in Pact, which Borduria leads", 0.6, "almanac, p. 3"),
        ("exercises", "Ruritania held 2 exercises with Borduria", 0.5, "almanac, p. 4"),
        ("small-army", "Ruritania has no more than 15000 soldiers to offer Borduria", -0.3, "almanac"),
    ]


def test_one_rule_is_one_line_however_often_it_fires(inference: Inference) -> None:
    assert len(inference.firings[ranked(inference, read_question(inference.program.kb, "hedges(_)"))[0].atom]) == 2
    found = only(inference, "hedges(?state)")
    assert [line.because for line in found.lines] == ["Ruritania is in Pact and in Ring"]
    assert (found.certainty, found.established) == (0.15, False)


def test_what_is_only_weighed_is_left_out_on_request(inference: Inference) -> None:
    found = asked(inference, "hedges(?state)")
    assert len(found.answers) == 1
    assert found.established.answers == ()


def test_a_recorded_fact_has_its_sources(inference: Inference) -> None:
    found = only(inference, "member(Ruritania, Pact)")
    assert (found.certainty, found.derived, found.bindings) == (1.0, False, {})
    (line,) = found.lines
    assert (line.fact, line.rule, line.source) == (
        "member(Ruritania, Pact)",
        msgspec.UNSET,
        "almanac, p. 1; gazette, no. 7",
    )


def test_an_assumed_fact_says_so(kb: KnowledgeBase) -> None:
    atom = parse_atom("leads(Syldavia, Ring)", Location("--assume", 1, 1))
    assumed = engine("experta").infer(snapshot(kb, assume=[atom]))
    assert only(assumed, "leads(Syldavia, Ring)").lines[0].source == "assumed"


def test_answers_are_sorted_by_certainty_then_text(inference: Inference) -> None:
    found = asked(inference, "reaches(?a, ?b)").answers
    assert [(item.conclusion, item.certainty) for item in found] == [
        ("reaches(Ruritania, Borduria)", 1.0),
        ("reaches(Borduria, Syldavia)", 0.5),
        ("reaches(Ruritania, Syldavia)", 0.45),
    ]
    members = [item.conclusion for item in asked(inference, "member(?s, _)").answers]
    assert members == sorted(members)


def test_anonymous_arguments_bind_nothing(inference: Inference) -> None:
    assert only(inference, "founded(_, ?day)").bindings == {"day": "1990-01-31"}


def test_a_whole_number_is_written_without_a_point(inference: Inference) -> None:
    text = msgspec.json.encode(only(inference, "soldiers(Ruritania, ?n)")).decode()
    assert '"bindings":{"n":15000}' in text


def test_a_repeated_variable_takes_one_value(inference: Inference) -> None:
    assert asked(inference, "reaches(?x, ?x)").answers == ()


@pytest.mark.parametrize(
    ("window", "names"),
    [
        ("2 months", []),
        ("4 months", ["Calm Sea"]),
        ("2 years", ["Calm Sea", "Storm"]),
        ("99 years", ["Calm Sea", "Storm"]),
    ],
)
def test_events_of_a_window(inference: Inference, window: str, names: list[str]) -> None:
    found = asked(inference, f"exercise(Ruritania, Borduria, ?name) within {window}")
    assert [item.bindings["name"] for item in found.answers] == names
    assert found.pattern.endswith(f"within {window}")


def test_conflicting_evidence_is_marked(kb: KnowledgeBase) -> None:
    certain = [
        msgspec.structs.replace(rule, certainty=1.0) if rule.id == "keeps-to-itself" else rule for rule in kb.rules
    ]
    clash = engine("experta").infer(snapshot(msgspec.structs.replace(kb, rules=tuple(certain))))
    found = only(clash, 'doomed("Grand Fenwick")')
    assert (found.certainty, found.conflict, found.established) == (0.0, True, False)
    assert '"conflict":true' in msgspec.json.encode(found).decode()


def test_a_predicate_without_a_sentence_says_its_atom(inference: Inference) -> None:
    found = only(inference, "doomed(?x)")
    assert found.says == found.conclusion == 'doomed("Grand Fenwick")'
    assert [line.because for line in found.lines] == ["rule doom", "rule rescue"]


def test_conclusions_are_what_rules_concluded(inference: Inference) -> None:
    names = [item.conclusion.partition("(")[0] for item in conclusions_of(inference).conclusions]
    assert names == ["alignment", "independent", "reaches", "reaches", "reaches"]
    weighed = conclusions_of(inference, weighed=True).conclusions
    assert len(weighed) == len(names) + 3
    pattern = read_question(inference.program.kb, "reaches(Ruritania, _)").pattern
    assert len(conclusions_of(inference, pattern).conclusions) == 2


def test_the_document_can_be_read_back(inference: Inference) -> None:
    found = asked(inference, "who is Ruritania aligned with")
    text = msgspec.json.encode(found)
    assert text.startswith(b'{"schema":"kzexpert.answer/1","question":"who is Ruritania aligned with","pattern":')
    assert msgspec.json.decode(text, type=Answer) == found


@pytest.mark.parametrize("asked", ["met(A, B)", "met(A, B) within 1 year", "warm(A, B)", "warm(?a, ?b)"])
def test_every_certainty_has_nine_decimals_at_most(tmp_path: Path, asked: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yaml").write_text(
        "kinds: [state]\n"
        "entities: {A: {kind: state}, B: {kind: state}}\n"
        "sources: {paper: {title: Paper, date: 2011-04-07}}\n"
        "predicates:\n"
        "  met: {args: [a: state, b: state], holds: event}\n"
        "  warm: {args: [a: state, b: state]}\n"
        "rules: [{id: meetings, when: ['met(?a, ?b) within 1 year'], then: 'warm(?a, ?b)', certainty: 0.7}]\n"
        "source: paper\n"
        "facts: {met: [{a: A, b: B, on: 2011-01-01, certainty: 0.300000000049}]}\n",
        encoding="utf-8",
    )
    kb = load_knowledge_base([tmp_path])
    question = read_question(kb, asked)
    (found,) = answer(engine("experta").infer(snapshot(kb)), question).answers
    numbers = [found.certainty, *(item.strength for item in found.lines)]
    assert numbers == [0.3, 0.3] if "met" in asked else [0.21, 0.21]


def test_text_says_a_pair_once_and_the_document_has_both_orders(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "b.yaml").write_text(
        """\
kinds: [state]
predicates:
  meet: {args: [one: state, other: state], symmetric: true, says: "{one} and {other} meet"}
  visits: {args: [one: state, other: state], says: "{one} visits {other}"}
entities: {A: {kind: state}, B: {kind: state}, C: {kind: state}}
facts:
  visits: [{one: A, other: B}, {one: B, other: C, certainty: 0.8}, {one: C, other: B, certainty: 0.5}]
rules:
  - {id: visit, when: ["visits(?a, ?b)"], then: ["meet(?a, ?b)", "meet(?b, ?a)"], because: "{a} visits {b}"}
  - {id: alone, when: ["visits(?a, _)"], then: "meet(?a, ?a)", because: "{a} travels"}
  - {id: doubt, when: ["visits(?a, ?b)", "?a = C"], then: "meet(?a, ?b)", certainty: -0.1, because: "{a} denies it"}
""",
        encoding="utf-8",
    )
    base = load(tmp_path)
    found = base.ask("meet(?x, ?y)")
    assert [item.conclusion for item in found.answers if item.certainty == 1] == [
        "meet(A, A)",
        "meet(A, B)",
        "meet(B, A)",
    ]
    told = [item.conclusion for item in once(found.answers)]
    assert told[:2] == ["meet(A, A)", "meet(A, B)"]
    assert "meet(B, A)" not in told
    assert {"meet(B, C)", "meet(C, B)"} <= {*told}, "they are not equally certain"


def test_the_largest_number_comes_first_where_a_question_wants_it(kb: KnowledgeBase) -> None:
    atoms = ("soldiers(Borduria, 900)", "soldiers(Syldavia, 70000)")
    assumed = [parse_atom(atom, Location("--assume", 1, 1)) for atom in atoms]
    inference = engine("experta").infer(snapshot(kb, assume=assumed))
    question = replace(read_question(kb, "soldiers(?state, ?number)"), by="number")
    numbers = [item.bindings["number"] for item in answer(inference, question).answers]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 2
