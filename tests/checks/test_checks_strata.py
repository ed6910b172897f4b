"""Rules that depend on themselves through what cannot be settled: printed as cycles, with the place of each rule."""

import time

from kzexpert.checks.strata import cycles
from kzexpert.errors import Location
from kzexpert.model import Atom, KnowledgeBase, Negation, Premise, Rule


def test_a_cycle_through_a_negation(examined):
    (issue,) = examined("""\
rules:
  - id: hedging
    when:
      - member(?x, _)
      - not aligned(?x, _)
#       ^ KZ209
    then: hedges(?x)
    source: atlas
  - id: siding
    when: ["rival(?x, ?y)", "hedges(?x)"]
    then: aligned(?x, ?y)
    source: atlas
""")
    assert issue.message == "hedges depends on itself through a negation: hedges -(not)-> aligned -> hedges"
    assert issue.related == (
        (Location("kb.yaml", 2, 5), "rule hedging: hedges -(not)-> aligned"),
        (Location("kb.yaml", 9, 5), "rule siding: aligned -> hedges"),
    )


def test_cycles_through_an_aggregate_and_a_certainty(examined):
    issues = examined("""\
rules:
  - id: crowd
    when:
      - leads(?x, _)
      - ?n = count(?s for aligned(?s, ?x))
#       ^ KZ209
      - ?n < 1
    then: aligned(?x, ?x)
    source: atlas
  - id: surely
    when:
      - rival(?x, _)
      - hedges(?x) @ ?c
#       ^ KZ209
      - ?c > 0.5
    then: hedges(?x)
    source: atlas
""")
    assert [issue.message for issue in issues] == [
        "aligned depends on itself through an aggregate: aligned -(aggregate)-> aligned; "
        "more facts can make ?n < 1 false: count goes with > and >=",
        "hedges depends on itself through a certainty (@): hedges -(@)-> hedges",
    ]


def test_evidence_against_inside_a_cycle_and_against_one(examined):
    inside, against = examined("""\
rules:
  - id: doubt
    when: ["hedges(?x)", "rival(?x, ?y)"]
    then: aligned(?x, ?y)
    certainty: -0.3
#              ^ KZ209
    source: atlas
  - id: siding
    when: ["aligned(?x, _)"]
    then: hedges(?x)
    source: atlas
  - id: denial
    when: ["leads(?x, Pact)"]
    then: hedges(?x)
    certainty: -0.5
#              ^ KZ209
    source: atlas
facts:
  aligned: [{state: Borduria, power: Syldavia, source: atlas}]
""")
    assert inside.message == (
        "aligned depends on itself through evidence against: aligned -(evidence against)-> hedges -> aligned"
    )
    assert against.message == (
        "rule denial is evidence against hedges, which depends on itself: "
        "hedges -> aligned -(evidence against)-> hedges"
    )
    assert against.related[-1] == (Location("kb.yaml", 12, 5), "rule denial: evidence against")


def test_one_issue_for_a_set_of_rules_and_one_for_each_set(examined):
    first, second = examined("""\
rules:
  - id: either
    when:
      - rival(?x, ?y)
      - not aligned(?x, ?y)
#       ^ KZ209
      - not aligned(?y, ?x)
    then: aligned(?x, ?x)
    source: atlas
  - id: hedging
    when: ["rival(?x, _)", "not hedges(?x)"]
#                           ^ KZ209
    then: hedges(?x)
    source: atlas
""")
    assert len(first.related) == len(second.related) == 1


def test_plain_recursion_and_events_of_a_window_are_no_cycle(examined):
    examined("""\
predicates:
  reaches: {args: [one: state, other: state]}
rules:
  - {id: step, when: ["rival(?x, ?y)"], then: "reaches(?x, ?y)", source: atlas}
  - {id: far, when: ["reaches(?x, ?y)", "reaches(?y, ?z)"], then: "reaches(?x, ?z)", source: atlas}
  - {id: not-far, when: ["rival(?x, ?y)", "not reaches(?y, ?x)"], then: "aligned(?x, ?y)", source: atlas}
""")


def test_a_long_cycle_is_found_at_once():
    def ring(size: int) -> KnowledgeBase:
        rules = [
            Rule(
                f"r{number}",
                (Premise(Atom(f"p{(number + 1) % size}", ()), ""),) if number else (Negation(Atom("p1", ()), ""),),
                (Atom(f"p{number}", ()),),
                location=Location("ring.yaml", number + 1),
            )
            for number in range(size)
        ]
        return KnowledgeBase(rules=tuple(rules))

    start = time.perf_counter()
    (issue,) = cycles(ring(1500))
    assert time.perf_counter() - start < 5
    assert len(issue.related) == 1500
