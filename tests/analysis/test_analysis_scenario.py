"""Changes to a knowledge base, and the part of it that a goal can depend on."""

from datetime import date
from itertools import pairwise

import pytest

from kzexpert.analysis.scenario import Revision, Scenario
from kzexpert.engines import engine
from kzexpert.errors import UsageError
from kzexpert.model import Pattern
from kzexpert.program.relevance import relevance, sliced
from kzexpert.program.snapshot import snapshot

from .conftest import ReadWorld, World


def pattern(world: World, text: str) -> Pattern:
    found: Pattern = world.question(text).pattern
    return found


def test_a_program_gives_back_the_scenario_it_was_made_from(world: World) -> None:
    program = world.infer(assume=['exercise(Borduria, Syldavia, "a b")'], without=["trains(_, ?s, 2000)"]).program
    again = Scenario.of(program).program()
    assert (again.base, again.assumed, again.withdrawn) == (program.base, program.assumed, program.withdrawn)


def test_assuming_and_withdrawing(world: World) -> None:
    start = Scenario.of(world.infer(assume=["quarrel(Syldavia, Borduria)"]).program)
    quarrel = world.atom("quarrel(Ruritania, Borduria)")
    both = start.changed(Revision(without=frozenset([world.atom("quarrel(Syldavia, Borduria)"), quarrel])))
    assert both.program().base.get("quarrel", {}) == {}
    again = both.changed(Revision(assume=frozenset([quarrel])))
    assert again.program().base["quarrel"][("Ruritania", "Borduria")].assumed
    assert start.program().assumed == ("quarrel(Syldavia, Borduria)",)


def test_without_a_source_and_what_was_withdrawn_of_it(world: World) -> None:
    start = Scenario.of(world.infer(without=["quarrel(_, _)"]).program)
    with pytest.raises(UsageError):
        Scenario(start.changed(Revision(source="gazette")).kb, start.as_of, (), start.without).program()
    assert "trains" not in start.changed(Revision(source="gazette")).program().base


def test_only_what_a_goal_can_depend_on_is_kept(world: World) -> None:
    found = relevance(world.kb, pattern(world, "aligned(Ruritania, Borduria, security)"))
    assert found.rules == {"led-bloc", "trained", "quarrels", "exercises", "in-rival-bloc", "rivals"}
    assert found.shapes["trains"] == (("Borduria", "Ruritania", None),)
    assert found.shapes["member"] == (("Ruritania", None),)
    kept = {fact.predicate: len(fact.arguments) for fact in sliced(world.kb, found).facts}
    assert set(kept) == {"member", "leads", "purpose", "trains", "quarrel"}
    assert not found.admits(world.atom("member(Borduria, Pact)"))
    assert not found.admits(world.atom("firm(Ruritania, Borduria)"))


def test_facts_that_find_no_others_go_where_nothing_more_is_assumed(read_world: ReadWorld) -> None:
    world = read_world(
        """
        rules:
          - id: free-bloc
            when: ["member(?s, ?b)", "leads(?p, ?b)", "not purpose(?b, trade)"]
            then: aligned(?s, ?p, security)
        facts:
          member: [{state: Ruritania, bloc: Pact}, {state: Ruritania, bloc: League}]
          leads: [{power: Borduria, bloc: Pact}]
          purpose: [{bloc: Pact, sphere: trade}, {bloc: League, sphere: trade}]
        """
    )
    whole = Scenario.of(world.infer().program)
    goal = pattern(world, "aligned(Ruritania, ?power, security)")
    kept = [
        {(fact.predicate, *fact.arguments.values()) for fact in whole.about(goal, settled=now).kb.facts}
        for now in (False, True)
    ]
    assert kept[0] - kept[1] == {("member", "Ruritania", "League"), ("purpose", "League", "trade")}


def test_rules_that_conclude_something_else_are_left_out(read_world: ReadWorld) -> None:
    world = read_world(
        """
        rules:
          - {id: safe, when: ["quarrel(?s, ?p)"], then: "aligned(?s, ?p, security)"}
          - {id: sold, when: ["member(?s, ?b)", "leads(?p, ?b)"], then: "aligned(?s, ?p, trade)"}
        """
    )
    assert relevance(world.kb, pattern(world, "aligned(?s, ?p, trade)")).rules == {"sold"}
    assert relevance(world.kb, pattern(world, "aligned(?s, ?p, ?x)")).rules == {"safe", "sold"}
    assert relevance(world.kb, pattern(world, "free(?s)")).rules == frozenset()


def test_recursion_ends(read_world: ReadWorld) -> None:
    world = read_world(
        """
        rules:
          - {id: near, when: ["quarrel(?s, ?p)"], then: "reaches(?s, ?p)"}
          - {id: far, when: ["reaches(?s, ?v)", "reaches(?v, ?p)"], then: "reaches(?s, ?p)"}
        """
    )
    found = relevance(world.kb, pattern(world, "reaches(Ruritania, Borduria)"))
    assert (None, None) in found.shapes["reaches"]
    assert found.admits(world.atom("quarrel(Syldavia, Ruritania)"))


def test_what_is_kept_says_the_same(world: World) -> None:
    changed = Scenario.of(
        world.infer(assume=["member(Syldavia, Pact)", "leads(Ruritania, League)"], without=["trains(_, _, _)"]).program
    )
    whole = engine().infer(changed.program())
    for atom in whole.firings:
        goal = pattern(world, str(atom))
        part = engine().infer(changed.about(goal).program())
        assert part.certainty(atom) == whole.certainty(atom)
        assert len(part.firings[atom]) == len(whole.firings[atom])


@pytest.mark.parametrize("name", ["experta", "experta-stock"])
def test_a_chain_of_links_is_followed_from_the_start_that_is_asked_for(read_world: ReadWorld, name: str) -> None:
    """Each step is concluded once, not each pair of steps."""
    names = [f"n{number}" for number in range(21)]
    links = ", ".join(f"{{a: {one}, b: {other}}}" for one, other in pairwise(names))
    entities = ", ".join(f"{name}: {{kind: node}}" for name in names)
    world = read_world(
        f"""
        kinds: [node]
        predicates: {{link: {{args: [a: node, b: node]}}, path: {{args: [a: node, b: node]}}}}
        entities: {{{entities}}}
        facts: {{link: [{links}]}}
        rules:
          - {{id: first, when: ["link(?a, ?b)"], then: "path(?a, ?b)"}}
          - {{id: next, when: ["path(?a, ?b)", "link(?b, ?c)"], then: "path(?a, ?c)"}}
        """,
        vocabulary="{}",
    )
    goal = world.question("path(n0, n20)").pattern
    inference = engine(name).infer(snapshot(world.kb, date(2011, 1, 1), goals=[goal]))
    assert len(inference.firings) == 20
    assert inference.certainty(world.atom("path(n0, n20)")) == 1.0
