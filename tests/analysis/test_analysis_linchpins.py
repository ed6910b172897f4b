"""What a conclusion hangs on. Ruritania and Borduria: (0.72 - 0.2) / (1 - 0.2) = 0.65, from 0.6 and 0.3 against 0.2."""

from typing import Any

from kzexpert.analysis.linchpins import Effect, Hanging, Margin, linchpins
from kzexpert.engines import engine

from .conftest import ReadWorld, World

ALIGNED = "aligned(Ruritania, Borduria, security)"


def hanging(world: World, question: str = ALIGNED, margins: bool = False, **changes: Any) -> Hanging:
    found = linchpins(world.infer(**changes), world.question(question), engine(), margins=margins)
    (only,) = found.conclusions
    return only


def numbers(effects: tuple[Effect, ...]) -> dict[str, float]:
    return {effect.name: effect.certainty for effect in effects}


def test_without_each_fact(world: World) -> None:
    """(0.3 - 0.2) / 0.8 without a premise of led-bloc, (0.6 - 0.2) / 0.8 without the training, 0.72 without quarrel."""
    found = hanging(world)
    assert found.certainty == 0.65
    assert numbers(found.facts) == {
        "leads(Borduria, Pact)": 0.125,
        "member(Ruritania, Pact)": 0.125,
        "purpose(Pact, security)": 0.125,
        "trains(Borduria, Ruritania, 2000)": 0.5,
        "quarrel(Ruritania, Borduria)": 0.72,
    }


def test_the_strongest_effect_comes_first_and_is_marked(world: World) -> None:
    found = hanging(world)
    assert [(item.change, item.falls, item.other_word, item.evidence) for item in found.facts] == [
        (-0.525, True, True, "nothing established"),
        (-0.525, True, True, "nothing established"),
        (-0.525, True, True, "nothing established"),
        (-0.15, False, True, "some evidence"),
        (0.07, False, False, "good evidence"),
    ]
    assert [item.name for item in found.facts[:3]] == sorted(item.name for item in found.facts[:3])


def test_without_each_source_and_all_that_cites_it(world: World) -> None:
    """Without the atlas only the quarrel is left, without the gazette only the bloc."""
    found = hanging(world)
    assert [(item.name, item.certainty, item.facts, item.rules, item.falls) for item in found.sources] == [
        ("atlas", -0.2, 3, 2, True),
        ("gazette", 0.6, 2, 1, False),
    ]
    assert found.single_source == ""


def test_without_each_rule(world: World) -> None:
    assert numbers(hanging(world).rules) == {"led-bloc": 0.125, "trained": 0.5, "quarrels": 0.72}


def test_a_single_source_is_flagged(world: World) -> None:
    assert hanging(world, day="1995-01-01").single_source == "atlas"


def test_how_far_the_certainty_of_each_rule_can_move(world: World) -> None:
    """The word holds above 0.6 and up to 0.8.

    led-bloc: (0.1 + 0.7c) / 0.8 from c = 0.543 up to 0.771; trained: (0.4 + 0.4c) / 0.8 above 0.2, up to 0.6;
    quarrels: (0.72 - 0.5c) / (1 - 0.5c) while c is below 0.6.
    """
    assert hanging(world, margins=True).margins == (
        Margin("led-bloc", 0.6, 0.55, 0.77, "some evidence", "strong evidence"),
        Margin("quarrels", -0.4, -0.59, -0.01, "some evidence", ""),
        Margin("trained", 0.3, 0.21, 0.6, "some evidence", "strong evidence"),
    )


def test_a_rule_below_the_conclusion_moves_it_too(world: World) -> None:
    """firm is 0.9 of the alignment, which must be 0.7 at least: 0.72 in 2007, and 0.3 + 0.7c is 0.7 at c = 0.571.

    Up to c = 0.841 firm is 0.8 at most, and 0.72c is above 0.6 from c = 0.834.
    """
    found = hanging(world, "firm(Ruritania, Borduria)", margins=True, day="2007-01-01")
    margins = {margin.rule: margin for margin in found.margins}
    assert margins["led-bloc"] == Margin("led-bloc", 0.6, 0.58, 0.84, "nothing established", "strong evidence")
    assert margins["firmly"] == Margin("firmly", 0.9, 0.84, 1.0, "some evidence", "")


def test_facts_that_stand_in_for_each_other_have_no_effect(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          member: [{state: Ruritania, bloc: Pact}, {state: Ruritania, bloc: League}]
          trains: [{power: Borduria, state: Ruritania, soldiers: 5}]
        rules:
          - {id: any, when: ["member(?s, ?b)", "trains(_, ?s, _)"], then: free(?s), certainty: 0.5}
        """
    )
    found = hanging(world, "free(Ruritania)")
    assert numbers(found.facts) == {"trains(Borduria, Ruritania, 5)": 0.0, "member(Ruritania, League)": 0.5}


def test_an_assumed_fact_can_be_the_linchpin(world: World) -> None:
    found = hanging(world, "aligned(Borduria, Ruritania, security)", assume=["trains(Ruritania, Borduria, 5000)"])
    assert numbers(found.facts) == {"trains(Ruritania, Borduria, 5000)": 0.0}


def test_what_was_withdrawn_stays_withdrawn(world: World) -> None:
    found = hanging(world, without=["quarrel(Ruritania, _)"])
    assert found.certainty == 0.72
    assert numbers(found.sources) == {"atlas": 0.0, "gazette": 0.6}


def test_only_established_conclusions(world: World) -> None:
    found = linchpins(world.infer(), world.question("aligned(?s, ?p, security)"), engine(), margins=False)
    assert [item.conclusion for item in found.conclusions] == [ALIGNED]


def test_a_recursive_conclusion(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {quarrel: [{state: Ruritania, power: Borduria, certainty: 0.8}, {state: Borduria, power: Syldavia}]}
        rules:
          - {id: near, when: ["quarrel(?s, ?p)"], then: "reaches(?s, ?p)", certainty: 0.9}
          - {id: far, when: ["reaches(?s, ?v)", "reaches(?v, ?p)"], then: "reaches(?s, ?p)", certainty: 0.5}
        """
    )
    found = hanging(world, "reaches(Ruritania, Syldavia)", margins=True)
    assert found.certainty == 0.36  # 0.5 × min(0.9 × 0.8, 0.9)
    assert set(numbers(found.facts).values()) == {0.0}
    assert {margin.rule: (margin.lowest, margin.highest) for margin in found.margins} == {
        "near": (0.51, 1.0),  # 0.4c above 0.2
        "far": (0.28, 0.55),  # 0.72c above 0.2 and up to 0.4
    }


def test_an_engine_runs_again_only_where_a_recursive_component_loses_a_rule(read_world: ReadWorld) -> None:
    """Without the rule that recurs, what was the best proof is a line of evidence like others."""
    world = read_world(
        """
        facts:
          quarrel: [{state: Ruritania, power: Syldavia}, {state: Syldavia, power: Borduria}]
        rules:
          - {id: near, when: ["quarrel(?s, ?p)"], then: "reaches(?s, ?p)", certainty: 0.9}
          - {id: far, when: ["reaches(?s, ?v)", "reaches(?v, ?p)"], then: "reaches(?s, ?p)", certainty: 0.9}
        """
    )
    told: list[tuple[str, int, int]] = []
    question = world.question("reaches(Ruritania, Borduria)")
    found = linchpins(world.infer(), question, engine(), lambda *step: told.append(step), margins=False)
    assert numbers(found.conclusions[0].rules) == {"far": 0.0, "near": 0.0}
    assert [what for what, _, _ in told] == ["without far", "without near"]


def test_a_fact_that_holds_back_evidence_against_is_listed(read_world: ReadWorld) -> None:
    """0.6 from the training; without membership of the League -0.9 comes in: (0.6 - 0.9) / (1 - 0.6) = -0.75."""
    world = read_world(
        """
        facts:
          trains: [{power: Borduria, state: Ruritania, soldiers: 5, source: atlas}]
          member: [{state: Ruritania, bloc: League, source: gazette}]
        rules:
          - {id: trained, when: ["trains(?p, ?s, _)"], then: "firm(?s, ?p)", certainty: 0.6, source: atlas}
          - id: unbound
            when: ["trains(?p, ?s, _)", "not member(?s, League)"]
            then: "firm(?s, ?p)"
            certainty: -0.9
            source: atlas
        """
    )
    found = hanging(world, "firm(Ruritania, Borduria)")
    assert numbers(found.facts) == {"member(Ruritania, League)": -0.75, "trains(Borduria, Ruritania, 5)": 0.0}
    assert numbers(found.sources) == {"gazette": -0.75, "atlas": 0.0}
    assert found.single_source == ""
