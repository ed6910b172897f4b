"""Why not: what fails and how, and proposals that hold."""

from typing import Any

import pytest

from kzexpert.analysis.near_misses import Failure
from kzexpert.analysis.proposals import Proposal
from kzexpert.analysis.why_not import WhyNot, misses, why_not
from kzexpert.certainty import established
from kzexpert.engines import engine

from .conftest import ReadWorld, World


def explain(world: World, question: str, limit: int = 5, **changes: Any) -> WhyNot:
    return why_not(world.infer(**changes), world.question(question), engine(), limit)


def changes(proposal: Proposal) -> set[str]:
    """What a proposal assumes and, with a minus, what it withdraws."""
    return {*proposal.assume, *(f"-{text}" for text in proposal.without)}


def failures(found: WhyNot, rule: str) -> list[Failure]:
    return [failure for miss in found.misses if miss.rule == rule for failure in miss.failed]


# --- near misses ------------------------------------------------------------------------------------------------------


def test_the_least_is_missing_first_and_what_holds_stands_beside_it(world: World) -> None:
    found = explain(world, "aligned(Borduria, Ruritania, security)")
    assert [(miss.rule, miss.strength) for miss in found.misses] == [
        ("led-bloc", 0.6),
        ("trained", 0.3),
        ("exercises", 0.5),
    ]
    nearest = found.misses[0]
    assert [item.holds for item in nearest.held] == [
        "member(Borduria, Pact)",
        "purpose(Pact, security)",
        "Borduria != Ruritania",
    ]
    assert [(item.instance, item.why) for item in nearest.failed] == [("leads(Ruritania, Pact)", "no such fact")]
    assert nearest.conclusion == "aligned(Borduria, Ruritania, security)"
    assert found.misses[1].open == ("?n >= 1000",)


def test_a_fact_outside_its_dates(world: World) -> None:
    (failure,) = failures(explain(world, "free(Syldavia)"), "freedom")
    assert failure.why == "not in force"
    assert [(fact.fact, fact.dates) for fact in failure.facts] == [
        ("member(Syldavia, League)", "since 1990 until 2005")
    ]


def test_a_withdrawn_fact(world: World) -> None:
    found = explain(world, "aligned(Ruritania, Borduria, security)", without=["member(Ruritania, Pact)"])
    assert failures(found, "led-bloc")[0].why == "withdrawn"


def test_a_negation_that_is_blocked_and_by_what(world: World) -> None:
    (failure,) = failures(explain(world, "free(Ruritania)"), "freedom")
    assert (failure.instance, failure.why) == ("not quarrel(Ruritania, _)", "blocked")
    assert [(fact.fact, fact.certainty) for fact in failure.facts] == [("quarrel(Ruritania, Borduria)", 0.5)]


def test_a_comparison_with_its_values(world: World) -> None:
    (failure,) = failures(explain(world, "firm(Ruritania, Borduria)"), "firmly")
    assert (failure.instance, failure.why) == ("0.65 >= 0.7", "comparison")


def test_an_aggregate_with_its_count_and_what_it_counted(world: World) -> None:
    (failure,) = failures(explain(world, "aligned(Ruritania, Syldavia, security)"), "exercises")
    assert (failure.instance, failure.why) == ("1 >= 2", "comparison")
    assert [fact.fact for fact in failure.facts] == ["exercise(Ruritania, Syldavia, first)"]


def test_a_fact_too_weak_and_what_its_rules_lack(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {quarrel: [{state: Ruritania, power: Borduria, certainty: 0.2}]}
        rules:
          - {id: talk, when: ["quarrel(?s, ?p)"], then: "firm(?s, ?p)", certainty: 0.9}
          - {id: serves, when: ["firm(?s, ?p)", "leads(?p, ?b)"], then: "aligned(?s, ?p, security)"}
        """
    )
    found = explain(world, "aligned(Ruritania, Borduria, security)")
    below, leads = failures(found, "serves")
    assert (below.instance, below.why, leads.why) == ("firm(Ruritania, Borduria)", "not concluded", "no such fact")
    (failure,) = below.below[0].failed
    assert failure.why == "too weak"
    assert [(fact.fact, fact.certainty) for fact in failure.facts] == [("quarrel(Ruritania, Borduria)", 0.2)]


def test_an_event_that_is_not_recent(read_world: ReadWorld) -> None:
    rule = """
        facts: {exercise: [{state: Ruritania, power: Borduria, name: first, on: 2001}]}
        rules:
          - {id: drill, when: ["exercise(?s, ?p, _) within 2 years"], then: "firm(?s, ?p)"}
        """
    (failure,) = failures(explain(read_world(rule), "firm(Ruritania, Borduria)"), "drill")
    assert (failure.instance, failure.why) == ("exercise(Ruritania, Borduria, _) within 2 years", "not recent")
    assert failure.facts[0].dates == "on 2001"


def test_a_minimum_of_nothing_has_no_value(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {quarrel: [{state: Ruritania, power: Borduria}]}
        rules:
          - id: least
            when: ["quarrel(?s, ?p)", "?n = min(?x for trains(?p, ?s, ?x))", "?n > 1"]
            then: firm(?s, ?p)
        """
    )
    found = explain(world, "firm(Ruritania, Borduria)")
    (failure,) = failures(found, "least")
    assert failure.why == "no value"
    assert found.misses[0].open == ("?n > 1",)
    assert changes(found.proposals[0]) == {"trains(Borduria, Ruritania, 2)"}


def test_a_minimum_of_days(read_world: ReadWorld) -> None:
    world = read_world(
        """
        predicates: {signed: {args: [state: state, day: date]}}
        facts: {signed: [{state: Ruritania, day: 1999-05-01}, {state: Ruritania, day: 2003-05-01}]}
        rules:
          - {id: late, when: ["member(?s, _)", "?d = min(?x for signed(?s, ?x))", "?d > 2000-01-01"], then: "free(?s)"}
        """,
        "facts: {member: [{state: Ruritania, bloc: Pact}]}",
    )
    found = explain(world, "free(Ruritania)")
    assert failures(found, "late")[0].instance == "1999-05-01 > 2000-01-01"
    assert [changes(item) for item in found.proposals] == [{"-signed(Ruritania, 1999-05-01)"}]


def test_rules_that_fire_lack_nothing(world: World) -> None:
    pattern = world.question("aligned(Ruritania, Borduria, security)").pattern
    assert [miss.rule for miss in misses(world.infer(), pattern)] == ["exercises"]


def test_a_recursive_rule_is_not_followed_round_and_round(read_world: ReadWorld) -> None:
    world = read_world(
        """
        rules:
          - {id: near, when: ["quarrel(?s, ?p)"], then: "reaches(?s, ?p)"}
          - {id: far, when: ["reaches(?s, ?v)", "reaches(?v, ?p)"], then: "reaches(?s, ?p)"}
        """
    )
    found = explain(world, "reaches(Ruritania, Borduria)")
    assert changes(found.proposals[0]) == {"quarrel(Ruritania, Borduria)"}
    assert not found.cut_short


# --- what holds it down -----------------------------------------------------------------------------------------------


def test_the_evidence_against_that_holds_it_down(world: World) -> None:
    """0.3 for it and 0.2 against it: (0.3 - 0.2) / (1 - 0.2)."""
    found = explain(world, "aligned(Ruritania, Borduria, security)", without=["member(Ruritania, Pact)"])
    (weighed,) = found.weighed
    assert (weighed.conclusion.certainty, weighed.support, weighed.against) == (0.125, 0.3, -0.2)
    assert weighed.evidence_alone == "a hint"
    assert {"-quarrel(Ruritania, Borduria)"} in map(changes, found.proposals)


# --- proposals --------------------------------------------------------------------------------------------------------


def test_proposals_are_the_smallest_and_each_gives_what_it_says(world: World) -> None:
    found = explain(world, "aligned(Borduria, Ruritania, security)", limit=10)
    assert [(sorted(changes(item)), item.certainty) for item in found.proposals[:2]] == [
        (["trains(Ruritania, Borduria, 1000)"], 0.3),
        (['exercise(Borduria, Ruritania, "... 2")', 'exercise(Borduria, Ruritania, "...")'], 0.5),
    ]
    assert found.tried >= len(found.proposals)


def test_a_withdrawal_that_brings_in_something_else_that_blocks_is_followed_further(world: World) -> None:
    """Without the quarrel Ruritania would be firmly with Borduria, and so not free either."""
    found = explain(world, "free(Ruritania)")
    assert {"-quarrel(Ruritania, Borduria)", "-trains(Borduria, Ruritania, 2000)"} in map(changes, found.proposals)
    assert {"-quarrel(Ruritania, Borduria)"} not in map(changes, found.proposals)


def test_more_certainty_for_a_premise(world: World) -> None:
    """Without the quarrel the alignment is 0.72, and 0.9 of that is 0.648."""
    found = explain(world, "firm(Ruritania, Borduria)")
    assert changes(found.proposals[0]) == {"-quarrel(Ruritania, Borduria)"}
    assert found.proposals[0].certainty == 0.648


def test_only_declared_names_of_the_right_kind_are_proposed(world: World) -> None:
    found = explain(world, "aligned(?state, ?power, trade)", limit=20)
    names = {entity.name for entity in world.kb.entities}
    for proposal in found.proposals:
        for text in proposal.assume:
            args = world.atom(text).args
            assert {arg for arg in args if isinstance(arg, str) and not arg.startswith("...")} <= names


def test_of_guesses_that_differ_in_names_only_one_is_shown(read_world: ReadWorld) -> None:
    world = read_world("rules: [{id: bloc, when: ['member(?s, ?b)', 'leads(?s, ?b)'], then: free(?s)}]")
    found = explain(world, "free(Ruritania)")
    assert [changes(item) for item in found.proposals] == [{"leads(Ruritania, League)", "member(Ruritania, League)"}]


def test_what_rules_conclude_is_not_assumed(world: World) -> None:
    for proposal in explain(world, "firm(Syldavia, Borduria)", limit=20).proposals:
        assert not any(text.startswith(("aligned", "firm", "rival", "free")) for text in proposal.assume)


def test_a_recorded_kind_of_fact_is_assumed_itself(world: World) -> None:
    found = explain(world, "member(Syldavia, League)")
    assert [fact.dates for fact in found.outside] == ["since 1990 until 2005"]
    assert found.misses == ()
    assert [changes(item) for item in found.proposals] == [{"member(Syldavia, League)"}]


def test_what_was_assumed_may_be_withdrawn(world: World) -> None:
    changed = {"assume": ["quarrel(Syldavia, Borduria)", "member(Syldavia, Pact)"]}
    found = explain(world, "free(Syldavia)", **changed)
    assert changes(found.proposals[0]) == {"-quarrel(Syldavia, Borduria)"}


def test_no_more_than_the_limit(world: World) -> None:
    assert len(explain(world, "aligned(Ruritania, Syldavia, security)", limit=2).proposals) == 2
    assert explain(world, "aligned(Ruritania, Syldavia, security)", limit=0).proposals == ()


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_no_order_of_facts_and_rules_matters(world: World, order: slice) -> None:
    from msgspec.structs import replace

    shuffled = type(world)(replace(world.kb, facts=world.kb.facts[order], rules=world.kb.rules[order]))
    for question in ("free(Ruritania)", "aligned(Ruritania, Syldavia, trade)", "aligned(?s, ?p, trade)"):
        assert explain(shuffled, question) == explain(world, question)


def test_every_proposal_holds_in_a_fresh_run_and_none_is_too_large(world: World) -> None:
    for question in ("free(Ruritania)", "aligned(Ruritania, Syldavia, trade)", "firm(Ruritania, Borduria)"):
        for proposal in explain(world, question, limit=9).proposals:
            assert world.certainty(proposal.conclusion, assume=proposal.assume, without=proposal.without) == (
                proposal.certainty
            )
            assert established(proposal.certainty)
            for left_out in proposal.assume:
                fewer = [text for text in proposal.assume if text != left_out]
                held = world.certainty(proposal.conclusion, assume=fewer, without=proposal.without)
                assert not established(held)


# --- sums, alternatives, exceptions, blocks ---------------------------------------------------------------------------

SHARES = """
kinds: [party]
predicates:
  listed: {args: [party: party], assumable: false}
  owns: {args: [owner: party, asset: party, share: number], holds: interval}
  runs: {args: [owner: party, asset: party]}
  exempt: {args: [party: party]}
  barred: {args: [party: party]}
  clean: {args: [party: party]}
entities: {Ann: {kind: party}, Bob: {kind: party}, Mill: {kind: party}, Bank: {kind: party}}
"""
OWNERSHIP = """
facts:
  listed: [{party: Ann}]
  owns:
    - {owner: Ann, asset: Mill, share: 49.98}
    - {owner: Bob, asset: Mill, share: 25}
    - {owner: Ann, asset: Bank, share: 60, until: 2009}
rules:
  - {id: named, when: ["listed(?p)"], then: "barred(?p)"}
  - id: half
    when: ["owns(_, ?c, _)", "?t = sum(?x for owns(?o, ?c, ?x) and barred(?o))", "?t >= 50"]
    then: barred(?c)
"""


def test_a_sum_says_what_is_missing_and_which_share_would_do(read_world: ReadWorld) -> None:
    found = explain(read_world(OWNERSHIP, vocabulary=SHARES), "barred(Mill)")
    (failure,) = failures(found, "half")
    assert (failure.instance, failure.missing) == ("49.98 >= 50", 0.02)
    assert [fact.fact for fact in failure.facts] == ["barred(Ann)", "owns(Ann, Mill, 49.98)"]
    assert changes(found.proposals[0]) == {"owns(Ann, Mill, 0.02)"}
    assert not any("listed" in text for proposal in found.proposals for text in changes(proposal))


def test_a_share_that_is_withdrawn_or_has_ended_is_proposed_first(read_world: ReadWorld) -> None:
    world = read_world(OWNERSHIP, vocabulary=SHARES)
    assert changes(explain(world, "barred(Bank)").proposals[0]) == {"owns(Ann, Bank, 60)"}
    found = explain(world, "barred(Bank)", day="2009-01-01", without=["owns(Ann, Bank, 60)"])
    assert changes(found.proposals[0]) == {"owns(Ann, Bank, 60)"}


def test_shares_of_an_owner_who_is_not_barred(read_world: ReadWorld) -> None:
    """Bob's share would do, were Bob barred: by a share of his own, since nobody can be listed by assumption."""
    found = explain(read_world(OWNERSHIP, vocabulary=SHARES), "barred(Mill)")
    assert {"owns(Ann, Bob, 50)"} in map(changes, found.proposals)


BLOCKS = """
facts:
  owns: [{owner: Ann, asset: Mill, share: 30}, {owner: Bob, asset: Mill, share: 5}]
  exempt: [{party: Bank}]
  listed: [{party: Bank}, {party: Ann}]
rules:
  - id: tied
    when: [{either: ["runs(Ann, ?p)", ["owns(Ann, ?p, ?x)", "?x > 50"]]}]
    unless: ["exempt(?p)"]
    then: barred(?p)
  - {id: named, when: ["listed(?p)"], unless: ["exempt(?p)"], then: "barred(?p)"}
  - {id: all, when: ["owns(_, ?p, _)", {not: ["owns(?o, ?p, _)", "not barred(?o)"]}], then: "clean(?p)"}
"""


def test_each_alternative_says_how_it_failed(read_world: ReadWorld) -> None:
    found = explain(read_world(BLOCKS, vocabulary=SHARES), "barred(Mill)")
    tied = {miss.chosen: miss.instance for miss in found.misses if miss.rule == "tied"}
    assert tied["runs(Ann, ?p)",] == "runs(Ann, Mill)"
    assert tied["owns(Ann, ?p, ?x)", "?x > 50"] in ("30 > 50", "owns(Ann, Mill, ?x)")
    assert {"runs(Ann, Mill)"} in map(changes, found.proposals)
    assert {"owns(Ann, Mill, 51)"} in map(changes, found.proposals)


def test_the_exception_that_holds(read_world: ReadWorld) -> None:
    found = explain(read_world(BLOCKS, vocabulary=SHARES), "barred(Bank)")
    (failure,) = failures(found, "named")
    assert failure.why == "blocked"
    assert [fact.fact for fact in failure.facts] == ["exempt(Bank)"]
    assert changes(found.proposals[0]) == {"-exempt(Bank)"}


def test_the_condition_inside_of_a_block(read_world: ReadWorld) -> None:
    found = explain(read_world(BLOCKS, vocabulary=SHARES), "clean(Mill)")
    (failure,) = failures(found, "all")
    assert failure.why == "blocked"
    assert failure.instance == "not (owns(Bob, Mill, _) and not barred(Bob))"
    assert {"-owns(Bob, Mill, 5)"} in map(changes, found.proposals)
    assert {"runs(Ann, Bob)"} in map(changes, found.proposals)


def test_a_date_that_is_not_on_record(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {owns: [{owner: Ann, asset: Mill, share: 30}]}
        rules: [{id: old, when: ["owns(_, ?p, _) since ?d", "?d < 2000-01-01"], then: "clean(?p)"}]
        """,
        vocabulary=SHARES,
    )
    (failure,) = failures(explain(world, "clean(Mill)"), "old")
    assert (failure.instance, failure.why) == ("owns(_, Mill, _) since ?d", "no such date")
