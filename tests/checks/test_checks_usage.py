"""Rules that nothing can set off, predicates that nothing mentions."""

from kzexpert.checks import check, with_cases
from kzexpert.checks.usage import rules_that_never_fire, unused_predicates
from kzexpert.errors import Location
from kzexpert.model import Case, Expected, KnowledgeBase


def test_a_rule_on_a_predicate_without_facts_and_all_that_rests_on_it(examined):
    issues = examined("""\
predicates:
  allied: {args: [one: state, other: state]}
rules:
  - id: old-allies
    when:
      - rival(?x, _)
      - aligned(?x, ?y)
#       ^ KZ213
    then: allied(?x, ?y)
    source: atlas
  - {id: both, when: ["allied(?x, ?y)"], then: "rival(?x, ?y)", source: atlas}
#                      ^ KZ213
""")
    assert [issue.message for issue in issues] == [
        "rule old-allies can never fire: there is no fact of aligned and no rule that concludes it",
        "rule both can never fire: the rules that conclude allied can never fire",
    ]
    assert issues[1].related == ((Location("kb.yaml", 4, 5), "rule old-allies"),)
    assert {issue.severity for issue in issues} == {"warning"}


def test_rules_that_rest_on_each_other_alone(examined):
    examined("""\
predicates:
  reaches: {args: [one: state, other: state]}
rules:
  - {id: back, when: ["reaches(?x, ?y)"], then: "reaches(?y, ?x)", source: atlas}
#                      ^ KZ213
""")


def test_a_chain_of_rules_from_a_fact_can_fire_in_any_order(examined):
    examined("""\
predicates:
  reaches: {args: [one: state, other: state]}
rules:
  - {id: back, when: ["reaches(?x, ?y)"], then: "reaches(?y, ?x)", source: atlas}
  - {id: far, when: ["aligned(?x, ?y)"], then: "reaches(?x, ?y)", source: atlas}
  - {id: near, when: ["rival(?x, ?y)"], then: "aligned(?x, ?y)", source: atlas}
""")


def test_a_constant_that_no_fact_has(examined):
    (issue,) = examined("""\
rules:
  - {id: leader, when: ["leads(Strelsau, ?b)", "member(?x, ?b)"], then: hedges(?x), source: atlas}
#                        ^ KZ213
  - {id: member, when: ["member(RUR, ?b)", "member(?x, ?b)"], then: hedges(?x), source: atlas}
  - {id: joiner, when: ["member(bloc=League, state=?x)", "soldiers(Ruritania, 15000)"], then: hedges(?x), source: atlas}
""")
    assert issue.message == "rule leader can never fire: no recorded fact matches leads(Strelsau, ?b)"


def test_negations_and_counts_hold_over_nothing_but_extremes_do_not(examined):
    examined("""\
rules:
  - id: alone
    when:
      - leads(?x, _)
      - not aligned(?x, _)
      - ?n = count(?y for aligned(?x, ?y))
      - ?n < 1
    then: hedges(?x)
    source: atlas
  - id: heir
    when:
      - leads(?x, _)
      - ?n = max(?worth for trade(Syldavia, _, ?worth))
#       ^ KZ213
      - ?n < 1
    then: hedges(?x)
    source: atlas
""")


def test_a_window_looks_at_recorded_events_alone(examined):
    (issue,) = examined("""\
predicates:
  clash: {args: [one: state, other: state], holds: event}
rules:
  - {id: clashes, when: ["rival(?x, ?y)"], then: "clash(?x, ?y)", source: atlas}
#                                                 ^ KZ117
  - {id: quarrel, when: ["clash(?x, _) within 2 years"], then: hedges(?x), source: atlas}
#                         ^ KZ213
""")[1:]
    assert issue.message == "rule quarrel can never fire: there is no fact of clash"


def test_evidence_against_establishes_nothing(examined):
    (issue,) = examined("""\
rules:
  - {id: denial, when: ["rival(?x, ?y)"], then: "aligned(?x, ?y)", certainty: -0.4, source: atlas}
  - {id: siding, when: ["aligned(?x, _)"], then: hedges(?x), source: atlas}
#                        ^ KZ213
""")
    assert issue.message == "rule siding can never fire: no rule establishes aligned"


def test_what_is_misspelled_condemns_nothing_else(examined):
    examined("""\
rules:
  - {id: near, when: ["rivall(?x, ?y)"], then: "aligned(?x, ?y)", source: atlas}
#                      ^ KZ202
  - {id: siding, when: ["aligned(?x, _)"], then: hedges(?x), source: atlas}
  - {id: second, when: ["trade(Syldavia, ?x, _)"], then: hedges(?x), source: atlas}
facts:
  trade:
    - {state: Syldavja, partner: Borduria, worth: 2, source: atlas}
#             ^ KZ204
""")


def test_a_predicate_that_nothing_uses(examined):
    issues = examined("""\
predicates:
  borders: {args: [one: state, other: state], says: "{one} borders {other}"}
# ^ KZ214
  aligned_with: {args: [state: state, power: state]}
# ^ KZ214
rules:
  - {id: near, when: ["rival(?x, ?y)"], then: "aligned_wiht(?x, ?y)", source: atlas}
#                                              ^ KZ202
""")
    assert issues[0].message == "no rule and no fact uses borders"
    assert issues[1].hint == "did you mean aligned_wiht?"


def test_a_predicate_that_a_case_uses_is_used(read):
    kb = read("predicates: {borders: {args: [one: state, other: state]}, near: {args: [one: state]}}")
    asked = Case("asked", "", "borders(Ruritania, ?x)", KnowledgeBase())
    wanted = Case("wanted", "", "who is near?", KnowledgeBase(), want=(Expected("near(Ruritania)"),))

    def unused(*cases):
        return [issue.message.split()[-1] for issue in unused_predicates(kb, cases)]

    assert unused() == ["aligned", "borders", "near"]
    assert unused(asked) == ["aligned", "near"]
    assert unused(asked, wanted) == ["aligned"]
    assert [issue.message.split()[-1] for issue in with_cases(kb, check(kb), (asked, wanted))] == ["aligned"]


def test_a_knowledge_base_without_anything_has_no_issues():
    assert check(KnowledgeBase()) == []
    assert rules_that_never_fire(KnowledgeBase()) == []
