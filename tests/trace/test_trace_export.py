"""What a trace holds, and that it is the same bytes however the files are laid out."""

import json
import re
from pathlib import Path

import processes
import pytest
from available import EVERY_ENGINE, ready
from traces import Read, Traced
from worlds import EVERYTHING

from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.proof.document import AbsencePremise, AggregatePremise, ComparisonPremise, FactPremise, Trace, seal_of
from kzexpert.render.json import json_text


def conclusion(trace: Trace, text: str):  # type: ignore[no-untyped-def]
    return next(item for item in trace.conclusions if item.conclusion == text)


def firing(trace: Trace, rule: str):  # type: ignore[no-untyped-def]
    return next(item for item in trace.firings if item.rule == rule)


def test_the_head_says_what_was_asked_of_what(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "aligned(?state, ?power)", assume=["member(Syldavia, Pact)"], without=["leads(_, Pact)"])
    document = json.loads(json_text(trace))
    assert {name: document[name] for name in list(document)[:8] if name != "seal"} == {
        "schema": "kzexpert.trace/1",
        "question": "aligned(?state, ?power)",
        "pattern": "aligned(?state, ?power)",
        "as_of": "2011-04-07",
        "engine": "experta",
        "assumed": ["member(Syldavia, Pact)"],
        "withdrawn": ["leads(_, Pact)"],
    }
    assert trace.seal == seal_of(trace)
    assert not any(fact.fact.startswith("leads(Borduria") for fact in trace.facts)


def test_a_conclusion_says_how_its_certainty_came_about(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "aligned(Ruritania, ?power)")
    found = conclusion(trace, "aligned(Ruritania, Borduria)")
    rules = {item.id: item.rule for item in trace.firings}
    assert [(rules[line.evidence], line.strength, line.counts) for line in found.lines] == [
        ("bloc-led", 0.6, True),
        ("exercises", 0.5, True),
        ("trade-share", 0.4, True),
    ]
    assert (found.method, found.supporting, found.opposing, found.certainty) == ("combined", 0.88, 0.0, 0.88)
    assert (found.established, found.conflict, found.evidence) == (True, False, "strong evidence")


def test_a_firing_says_what_satisfied_each_condition(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "aligned(Ruritania, Borduria)")
    assert firing(trace, "exercises").premises == (
        FactPremise("exercise(?state, ?power) within 1 year", "exercise(Ruritania, Borduria) within 1 year", 1.0),
        AggregatePremise(
            "?n = count(?other for exercise(?state, ?other) within 2 years)",
            "2",
            ("exercise(Ruritania, Borduria) within 2 years", "exercise(Ruritania, Syldavia) within 2 years"),
        ),
        ComparisonPremise("?n >= 2", "2", ">=", "2"),
    )
    assert firing(trace, "trade-share").binding["share"] == repr(30 / 102.5)
    against = traced(everything, "aligned(Ruritania, Graustark)")
    assert firing(against, "rival-bloc").premises[-1] == AbsencePremise(
        "not member(?power, ?bloc)", "member(Graustark, Pact)"
    )


def test_of_several_facts_the_premise_is_the_strongest(everything: KnowledgeBase, traced: Traced) -> None:
    premises = firing(traced(everything, "close(?state)"), "firmly").premises
    assert [(item.fact, item.certainty) for item in premises if isinstance(item, FactPremise)] == [
        ("aligned(Syldavia, Graustark)", 0.678),
        ("tied(Syldavia, Graustark)", 0.36),
    ]


def test_a_fact_carries_all_its_rows_in_force(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "member(Ruritania, Pact)")
    (fact,) = trace.facts
    assert (fact.certainty, fact.assumed, fact.says) == (1.0, False, "Ruritania is in Pact")
    assert [(row.certainty, row.since, row.until, row.source, row.at) for row in fact.rows] == [
        (1.0, "1994", "", "atlas", "page 1"),
        (0.7, "1990", "2015", "herald", ""),
    ]
    assert all(re.fullmatch(r"world\.yaml:\d+:\d+", row.place) for row in fact.rows)
    assert [source.id for source in trace.sources] == ["atlas", "herald"]


def test_a_window_of_the_question_cuts_the_rows(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "exercise(Ruritania, ?partner) within 1 year")
    assert trace.answers == ("exercise(Ruritania, Borduria) within 1 year",)
    assert [row.on for fact in trace.facts for row in fact.rows] == ["2010-09"]


def test_certain_evidence_on_both_sides_is_a_conflict(everything: KnowledgeBase, traced: Traced) -> None:
    found = conclusion(traced(everything, "close(Borduria)"), "close(Borduria)")
    assert (found.conflict, found.certainty, found.established, found.supporting, found.opposing) == (
        True,
        0.0,
        False,
        1.0,
        -1.0,
    )


def test_in_a_circle_the_best_proof_counts_and_rests_on_nothing_it_proves(
    everything: KnowledgeBase, traced: Traced
) -> None:
    trace = traced(everything, "tied(Ruritania, Ruritania)")
    found = conclusion(trace, "tied(Ruritania, Ruritania)")
    assert (found.method, [line.counts for line in found.lines]) == ("best", [True])
    firings = {item.id: item for item in trace.firings}
    below = {
        item.conclusion: firings[item.lines[0].evidence] for item in trace.conclusions if "f" in item.lines[0].evidence
    }
    seen: set[str] = set()
    pending = ["tied(Ruritania, Ruritania)"]
    while pending:
        current = pending.pop()
        assert current not in seen
        if current in below:
            seen.add(current)
            premises = {item.fact for item in below[current].premises if isinstance(item, FactPremise)}
            pending.extend(fact for fact in premises if fact.startswith("tied"))


def test_an_assumed_fact_has_no_row(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "member(?state, League)", assume=["member(Ruritania, League)"])
    assumed = {fact.fact: (fact.assumed, len(fact.rows)) for fact in trace.facts}
    assert assumed["member(Ruritania, League)"] == (True, 0)


def test_nothing_that_matches_is_an_empty_trace(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "free(Borduria)")
    assert (trace.answers, trace.conclusions, trace.firings, trace.facts, trace.rules) == ((), (), (), (), ())


def test_every_rule_of_the_invented_world_fires(everything: KnowledgeBase, traced: Traced) -> None:
    questions = ("aligned(?x, ?y)", "close(?x)", "free(?x)", "tied(?x, ?y)")
    fired = {item.rule for question in questions for item in traced(everything, question).firings}
    assert fired == {rule.id for rule in everything.rules}


# --- bytes and digests -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine_name", EVERY_ENGINE)
def test_every_engine_leads_to_the_same_trace(everything: KnowledgeBase, traced: Traced, engine_name: str) -> None:
    ready(engine_name)
    for question in ("aligned(?state, ?power)", "tied(?state, ?other)", "close(?state)"):
        one = json_text(traced(everything, question))
        other = json_text(traced(everything, question, engine_name=engine_name))
        assert _without(other, "engine", "seal") == _without(one, "engine", "seal")


def _without(text: str, *fields: str) -> list[str]:
    return [line for line in text.splitlines() if not any(line.startswith(f'  "{field}"') for field in fields)]


def test_the_same_bytes_under_every_hash_seed(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "facts").mkdir()
    (tmp_path / "rules" / "world.yaml").write_text(EVERYTHING, encoding="utf-8")
    found = set()
    for seed in ("0", "1", "2"):
        came = processes.run("trace", "export", "aligned(?x, ?y)", "--kb", str(tmp_path), PYTHONHASHSEED=seed)
        assert came.returncode == 0
        found.add(came.stdout)
    assert len(found) == 1
    assert str(tmp_path) not in found.pop()


def test_layout_order_and_file_names_do_not_matter(tmp_path: Path, traced: Traced, everything: KnowledgeBase) -> None:
    vocabulary, rest = EVERYTHING.split("rules:\n")
    rules, facts = rest.split("source: atlas\nat: page 1\nfacts:\n")
    blocks = re.split(r"(?m)^(?=  - id:)", rules)
    sections = [re.split(r"(?m)^(?=    - )", section) for section in re.split(r"(?m)^(?=  \w+:$)", facts)]
    turned = ["".join([section[0], *reversed(section[1:])]) for section in reversed(sections)]
    kb = tmp_path / "elsewhere"
    for folder in ("rules", "facts"):
        (kb / folder).mkdir(parents=True)
    turned_rules = f"# Turned round.\nat: page 1\nsource: atlas\nrules:\n{''.join(reversed(blocks))}"
    (kb / "rules" / "a.yaml").write_text(turned_rules, encoding="utf-8")
    (kb / "rules" / "z.yaml").write_text(vocabulary, encoding="utf-8")
    head = "\n\nat:     page 1\nsource: 'atlas'\nfacts:\n"
    (kb / "facts" / "b.yaml").write_text(head + "".join(turned), encoding="utf-8")
    moved = load_knowledge_base([kb])
    for question in ("aligned(?x, ?y)", "close(?x)", "tied(?x, ?y)", "member(?x, ?y)"):
        one, other = (json_text(traced(base, question)) for base in (everything, moved))
        assert _placeless(one) == _placeless(other)


def _placeless(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"place"' not in line and '"seal"' not in line]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("certainty: 0.6\n    because", "certainty: 0.61\n    because"),
        ("title: Membership of a bloc that a state leads", "title: Membership"),
        ("is in {bloc}, which {power} leads", "is in {bloc}; {power} leads it"),
        ("{id: atlas, at: page 3}", "{id: atlas, at: page 5}"),
        ("{id: atlas, at: page 3}", "herald"),
        ("- leads(?power, ?bloc)\n      - ?state != ?power", "- ?state != ?power\n      - leads(?power, ?bloc)"),
        (
            "      - ?state != ?power\n    then: aligned(?state, ?power)\n    certainty: 0.6",
            "    then: aligned(?state, ?power)\n    each: true\n    certainty: 0.6",
        ),
    ],
)
def test_whatever_a_rule_says_changes_its_digest(
    traced: Traced, read: Read, everything: KnowledgeBase, before: str, after: str
) -> None:
    assert before in EVERYTHING
    changed = read(EVERYTHING.replace(before, after, 1))
    question = "aligned(Ruritania, Borduria)"
    one, other = ({rule.id: rule.digest for rule in traced(kb, question).rules} for kb in (everything, changed))
    assert one["bloc-led"] != other["bloc-led"]
    assert {name for name in one if one[name] != other.get(name)} == {"bloc-led"}


@pytest.mark.parametrize(
    "row",
    [
        "{state: Ruritania, bloc: Pact, since: 1993}",
        "{state: Ruritania, bloc: Pact, since: 1994-01}",
        "{state: Ruritania, bloc: Pact, since: 1994, until: 2020}",
        "{state: Ruritania, bloc: Pact, since: 1994, certainty: 0.99}",
        "{state: Ruritania, bloc: Pact, since: 1994, source: herald}",
        "{state: Ruritania, bloc: Pact, since: 1994, at: page 2}",
        "{state: Ruritania, bloc: Pact, since: 1994, note: So they say.}",
    ],
)
def test_whatever_a_row_says_changes_its_digest(
    traced: Traced, read: Read, everything: KnowledgeBase, row: str
) -> None:
    changed = read(EVERYTHING.replace("{state: Ruritania, bloc: Pact, since: 1994}", row))
    one, other = (
        {row.digest for row in traced(kb, "member(Ruritania, Pact)").facts[0].rows} for kb in (everything, changed)
    )
    assert len(one & other) == 1


def test_how_a_rule_is_written_does_not_change_its_digest(
    traced: Traced, read: Read, everything: KnowledgeBase
) -> None:
    changed = read(
        EVERYTHING.replace(
            "- member(?state, ?bloc)\n      - leads(?power",
            "- member( state = ?state,bloc=?bloc )\n      - leads(?power",
        ).replace("- ?state != RUR", "- Ruritania != ?state")
    )
    for question in ("aligned(Ruritania, Borduria)", "close(Syldavia)"):
        one, other = ({rule.id: rule.digest for rule in traced(kb, question).rules} for kb in (everything, changed))
        assert one == other
