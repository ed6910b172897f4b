"""What if: what changes between two inferences, and why."""

from typing import Any

from msgspec.structs import replace

from kzexpert.analysis.what_if import WhatIf, what_if
from kzexpert.engines import engine
from kzexpert.proof.changes import Cause, Record

from .conftest import ReadWorld, World


def compared(world: World, question: str = "", other: Any = None, **changes: Any) -> WhatIf:
    """From the world as it is (on the day of `before`) to the world with changes."""
    before = world.infer(changes.pop("before", "2011-04-07"))
    after = (other or world).infer(**changes)
    return what_if(before, after, engine().infer, world.question(question) if question else None)


def shifts(found: WhatIf) -> list[tuple[str, str, float | None, float | None]]:
    return [(shift.turn, shift.conclusion, shift.before, shift.after) for shift in found.changes]


def test_against_itself_nothing_changes(world: World) -> None:
    found = compared(world)
    assert (found.changes, found.facts, found.rules, found.others) == ((), (), (), 0)


def test_lines_that_disappear(world: World) -> None:
    found = compared(world, without=["trains(_, _, _)"])
    assert shifts(found) == [("weaker", "aligned(Ruritania, Borduria, security)", 0.65, 0.5)]
    (line,) = found.changes[0].lines
    assert (line.rule, line.because, line.before, line.after) == (
        "trained",
        "Borduria trains 2000 soldiers of Ruritania",
        0.3,
        None,
    )
    assert [(cause.statement, cause.turn) for cause in line.causes] == [
        ("trains(Borduria, Ruritania, 2000)", "withdrawn")
    ]
    assert [item.turn for item in found.facts] == ["withdrawn"]


def test_gained_and_lost_and_the_reasons_through_rules(world: World) -> None:
    """Without the quarrel the alignment is 0.72, so that Ruritania is firmly with Borduria."""
    found = compared(world, without=["quarrel(_, _)"])
    assert shifts(found) == [
        ("gained", "firm(Ruritania, Borduria)", None, 0.648),
        ("stronger", "aligned(Ruritania, Borduria, security)", 0.65, 0.72),
    ]
    (line,) = found.changes[0].lines
    assert line.causes == (
        Cause(
            "aligned(Ruritania, Borduria, security)",
            "Ruritania is aligned with Borduria in security",
            "stronger",
            0.65,
            0.72,
        ),
    )


def test_a_negation_that_becomes_blocked(world: World) -> None:
    found = compared(world, before="2005-01-01", day="2005-01-01", assume=["quarrel(Borduria, Ruritania)"])
    lost = next(shift for shift in found.changes if shift.turn == "lost")
    assert lost.conclusion == "free(Borduria)"
    assert [(cause.statement, cause.turn) for cause in lost.lines[0].causes] == [
        ("quarrel(Borduria, Ruritania)", "assumed")
    ]


def test_two_dates(world: World) -> None:
    found = compared(world, before="1999-12-31", day="2000-12-31")
    assert [(shift.turn, shift.conclusion) for shift in found.changes] == [
        ("gained", "firm(Ruritania, Borduria)"),
        ("lost", "free(Ruritania)"),
        ("stronger", "aligned(Ruritania, Borduria, security)"),
    ]
    assert {shift.by for shift in found.changes} == {("date",)}
    assert [(cause.turn, cause.records[0].dates) for cause in found.facts] == [("came into force", "since 2000")]
    assert isinstance(found.facts[0].records[0], Record)


def test_the_question_limits_what_is_told(world: World) -> None:
    found = compared(world, "aligned(Ruritania, ?power, ?sphere)", before="1999-12-31", day="2000-12-31")
    assert [shift.conclusion for shift in found.changes] == ["aligned(Ruritania, Borduria, security)"]
    assert found.others == 2


def test_a_question_about_recorded_facts(world: World) -> None:
    found = compared(world, "member(?state, Pact)", assume=["member(Syldavia, Pact)"])
    assert shifts(found) == [("gained", "member(Syldavia, Pact)", None, 1.0)]
    assert found.changes[0].lines[0].causes[0].turn == "assumed"


def test_other_rules(world: World) -> None:
    rules = [rule for rule in world.kb.rules if rule.id != "trained"]
    rules[0] = replace(rules[0], certainty=0.8)
    found = compared(world, other=type(world)(replace(world.kb, rules=tuple(rules))))
    assert [(item.rule, item.turn) for item in found.rules] == [("led-bloc", "changed"), ("trained", "gone")]
    changed = next(shift for shift in found.changes if shift.conclusion.startswith("aligned"))
    assert (changed.after, changed.by) == (0.75, ("rules",))  # (0.8 - 0.2) / 0.8
    assert {(line.rule, line.rule_turn, line.causes) for line in changed.lines} == {
        ("led-bloc", "changed", ()),
        ("trained", "gone", ()),
    }


def test_each_change_is_laid_to_facts_rules_or_date(world: World) -> None:
    """The training comes with the date, the exercises are assumed, the rule of freedom is gone."""
    rules = tuple(rule for rule in world.kb.rules if rule.id != "freedom")
    found = compared(
        world,
        before="1999-12-31",
        day="2000-12-31",
        other=type(world)(replace(world.kb, rules=rules)),
        assume=['exercise(Borduria, Syldavia, "a")', 'exercise(Borduria, Syldavia, "b")'],
    )
    by = {shift.conclusion: shift.by for shift in found.changes}
    assert by == {
        "aligned(Ruritania, Borduria, security)": ("date",),
        "firm(Ruritania, Borduria)": ("date",),
        "aligned(Borduria, Syldavia, security)": ("facts",),
        "free(Borduria)": ("rules",),
        "free(Syldavia)": ("rules",),
        "free(Ruritania)": ("rules", "date"),  # either would do
    }


def test_facts_that_another_knowledge_base_lacks(world: World) -> None:
    facts = tuple(fact for fact in world.kb.facts if fact.predicate != "trains")
    found = compared(world, other=type(world)(replace(world.kb, facts=facts)))
    assert [(cause.statement, cause.turn) for cause in found.facts] == [
        ("trains(Borduria, Ruritania, 2000)", "not recorded")
    ]
    assert found.changes[0].by == ("facts",)


def test_other_certainty_of_a_fact(world: World) -> None:
    facts = tuple(replace(fact, certainty=0.25) if fact.predicate == "quarrel" else fact for fact in world.kb.facts)
    found = compared(world, "aligned(Ruritania, Borduria, security)", other=type(world)(replace(world.kb, facts=facts)))
    (line,) = found.changes[0].lines
    assert (line.before, line.after) == (-0.2, -0.1)
    assert [(cause.turn, cause.before, cause.after) for cause in line.causes] == [("weaker", 0.5, 0.25)]


def test_another_instance_of_the_same_rule(read_world: ReadWorld) -> None:
    """The rule speaks by the League, less firmly, where it spoke by the Pact."""
    world = read_world(
        """
        facts:
          member: [{state: Ruritania, bloc: Pact}, {state: Ruritania, bloc: League, certainty: 0.5}]
          leads: [{power: Borduria, bloc: Pact}, {power: Borduria, bloc: League}]
        rules: [{id: led, when: ["member(?s, ?b)", "leads(?p, ?b)"], then: "firm(?s, ?p)", because: "by {b}"}]
        """
    )
    found = compared(world, without=["member(Ruritania, Pact)"])
    (line,) = found.changes[0].lines
    assert (line.because, line.before, line.after) == ("by League", 1.0, 0.5)
    assert [cause.statement for cause in line.causes] == ["member(Ruritania, Pact)"]
    assert compared(world, without=["member(Ruritania, League)"]).changes == ()
