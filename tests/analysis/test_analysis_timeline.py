"""A conclusion over the years, and the facts behind each step."""

from typing import Any

from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import Timeline, timeline, years_on_record
from kzexpert.engines import engine

from .conftest import ReadWorld, World


def followed(world: World, question: str, years: range, weighed: bool = False, **changes: Any) -> Timeline:
    start = Scenario.of(world.infer(**changes).program)
    return timeline(start, world.question(question), years, engine(), weighed=weighed)


def steps(found: Timeline, number: int = 0) -> list[tuple[str, float | None, list[str]]]:
    """Each change with its period, the certainty after it and its causes."""
    return [
        (change.period, change.after, [f"{cause.turn}: {cause.statement}" for cause in change.causes])
        for change in found.series[number].changes
    ]


def test_the_steps_of_a_conclusion_and_the_facts_behind_them(world: World) -> None:
    found = followed(world, "aligned(Ruritania, Borduria, security)", range(1993, 2012))
    (series,) = found.series
    assert [point.certainty for point in series.points] == [None, *[0.6] * 6, *[0.72] * 8, *[0.65] * 4]
    assert [point.period for point in series.points][:2] == ["1993", "1994"]
    assert steps(found) == [
        ("1994", 0.6, ["came into force: member(Ruritania, Pact)"]),
        ("2000", 0.72, ["came into force: trains(Borduria, Ruritania, 2000)"]),
        ("2008", 0.65, ["came into force: quarrel(Ruritania, Borduria)"]),
    ]
    assert series.changes[0].causes[0].records[0].dates == "since 1994"


def test_what_goes_out_of_force(world: World) -> None:
    found = followed(world, "aligned(Syldavia, Borduria, security)", range(2004, 2008), weighed=True)
    assert steps(found) == [("2006", None, ["went out of force: member(Syldavia, League)"])]


def test_a_change_below_the_conclusion_is_followed_down_to_facts(world: World) -> None:
    found = followed(world, "firm(Ruritania, Borduria)", range(1999, 2010))
    assert steps(found) == [
        ("2000", 0.648, ["came into force: trains(Borduria, Ruritania, 2000)"]),
        ("2008", None, ["came into force: quarrel(Ruritania, Borduria)"]),
    ]


def test_a_negation_that_becomes_blocked(world: World) -> None:
    """Ruritania ceases to be free when it is firmly with Borduria, by the training of 2000."""
    found = followed(world, "free(Ruritania)", range(1998, 2003))
    assert steps(found) == [("2000", None, ["came into force: trains(Borduria, Ruritania, 2000)"])]


def test_an_event_that_is_no_longer_recent(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {exercise: [{state: Ruritania, power: Borduria, name: first, on: 2003-05}]}
        rules: [{id: drill, when: ["exercise(?s, ?p, _) within 2 years"], then: "firm(?s, ?p)"}]
        """
    )
    window = "exercise(Ruritania, Borduria, first) within 2 years"
    found = followed(world, "firm(Ruritania, ?p)", range(2002, 2007))
    assert steps(found) == [
        ("2003", 1.0, [f"came into force: {window}"]),
        ("2005", None, [f"lapsed: {window}"]),
    ]
    assert [point.silent for point in found.series[0].points] == [False, False, False, True, True]
    assert [change.silent for change in found.series[0].changes] == [False, True]


def test_an_end_on_record_is_no_lapse(world: World) -> None:
    found = followed(world, "member(Syldavia, League)", range(2004, 2008), weighed=True)
    assert steps(found) == [("2006", None, ["went out of force: member(Syldavia, League)"])]
    assert not any(point.silent for point in found.series[0].points)
    assert not found.series[0].changes[0].silent


def test_what_lapses_beside_a_record_is_no_silence(read_world: ReadWorld) -> None:
    """The exercise is no longer recent in the year in which the quarrel begins."""
    world = read_world(
        """
        facts:
          exercise: [{state: Ruritania, power: Borduria, name: first, on: 2003-05}]
          quarrel: [{state: Ruritania, power: Borduria, since: 2005}]
        rules:
          - {id: drill, when: ["exercise(?s, ?p, _) within 2 years"], then: "firm(?s, ?p)"}
          - {id: quarrel, when: ["quarrel(?s, ?p)"], then: "firm(?s, ?p)", certainty: -0.5}
        """
    )
    (change,) = followed(world, "firm(Ruritania, ?p)", range(2004, 2006)).series[0].changes
    assert [cause.turn for cause in change.causes] == ["lapsed", "came into force"]
    assert (change.after, change.silent) == (-0.5, False)


def test_the_year_of_the_base_is_looked_at_on_its_date(world: World) -> None:
    start = Scenario.of(world.infer("2011-04-07").program)
    (series,) = timeline(start, world.question("firm(Ruritania, ?p)"), range(2006, 2012), engine(), weighed=True).series
    days = [point.as_of.isoformat() for point in series.points]
    assert days == [*(f"{year}-12-31" for year in range(2006, 2011)), "2011-04-07"]
    further = timeline(start, world.question("firm(Ruritania, ?p)"), range(2010, 2013), engine(), weighed=True)
    assert further.series == () or further.end.isoformat() == "2012-12-31"
    (change,) = series.changes
    assert (change.period, change.as_of.isoformat()) == ("2008", "2008-12-31")


def test_a_number_that_moves_is_one_cause(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          trains:
            - {power: Borduria, state: Ruritania, soldiers: 95, until: 2004}
            - {power: Borduria, state: Ruritania, soldiers: 65, since: 2005}
        rules:
          - id: many
            when: ["leads(?p, _)", "member(?s, _)", "?n = sum(?k for trains(?p, ?s, ?k))", "?n > 70"]
            then: firm(?s, ?p)
        """,
        "facts: {member: [{state: Ruritania, bloc: Pact}], leads: [{power: Borduria, bloc: Pact}]}",
    )
    (step,) = followed(world, "firm(Ruritania, ?p)", range(2004, 2007)).series[0].changes
    assert [(cause.turn, cause.shown) for cause in step.causes] == [("changed", "trains(Borduria, Ruritania, 95 → 65)")]


def test_a_count_that_grows(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          exercise:
            - {state: Ruritania, power: Borduria, name: first, on: 2003}
            - {state: Ruritania, power: Borduria, name: second, on: 2006}
        rules:
          - id: drills
            when: ["leads(?p, _)", "member(?s, _)", "?n = count(?x for exercise(?s, ?p, ?x))", "?n >= 2"]
            then: firm(?s, ?p)
        """,
        "facts: {member: [{state: Ruritania, bloc: Pact}], leads: [{power: Borduria, bloc: Pact}]}",
    )
    found = followed(world, "firm(?s, ?p)", range(2002, 2008))
    assert steps(found) == [("2006", 1.0, ["came into force: exercise(Ruritania, Borduria, second)"])]


def test_conclusions_that_were_never_established_are_left_out(world: World) -> None:
    pattern = "aligned(Ruritania, ?power, security)"
    assert [series.conclusion for series in followed(world, pattern, range(1993, 2012)).series] == [
        "aligned(Ruritania, Borduria, security)"
    ]
    found = followed(world, pattern, range(1993, 2012), weighed=True)
    assert [series.conclusion for series in found.series] == [
        "aligned(Ruritania, Borduria, security)",
        "aligned(Ruritania, Syldavia, security)",
    ]


def test_assumptions_hold_in_every_year(world: World) -> None:
    found = followed(world, "free(Ruritania)", range(1998, 2003), without=["trains(_, _, _)"])
    assert steps(found) == []
    assert found.withdrawn == ("trains(_, _, _)",)


def test_every_point_is_what_a_fresh_run_says(world: World) -> None:
    for question in ("aligned(Ruritania, Borduria, security)", "free(Ruritania)", "firm(Ruritania, Borduria)"):
        for point in followed(world, question, range(1990, 2012)).series[0].points:
            assert (point.certainty or 0.0) == world.certainty(question, day=point.as_of.isoformat())


def test_years_without_another_fact_in_force_are_not_inferred_again(world: World) -> None:
    runs = []

    class Counting:
        name = "counting"

        def infer(self, program: Any) -> Any:
            runs.append(program.as_of.year)
            return engine().infer(program)

    start = Scenario.of(world.infer().program)
    timeline(start, world.question("free(?s)"), range(1993, 2012), Counting())
    assert runs == [1993, 1994, 2000, 2003, 2006, 2008]


def test_the_years_on_record(world: World) -> None:
    program = world.infer().program

    def on_record(question: str) -> range:
        return years_on_record(program, world.question(question).pattern, engine().infer)

    assert on_record("free(?s)") == range(1990, 2012)
    assert on_record("trains(?a, ?b, ?c)") == range(2000, 2012)
    assert on_record("reaches(?a, ?b)") == range(2011, 2012)
