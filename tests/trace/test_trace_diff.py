"""What changed between two traces, and what is responsible."""

from datetime import date

import pytest
from traces import Read, Traced
from worlds import EVERYTHING

from kzexpert.model import KnowledgeBase
from kzexpert.proof.changes import OPPOSITE, Move
from kzexpert.proof.diff import TraceDiff, trace_diff
from kzexpert.render.changes_text import trace_diff_text

_QUESTION = "aligned(Ruritania, ?power)"


def changes(found: TraceDiff) -> dict[str, str]:
    return {item.conclusion: item.turn for item in found.changes}


def causes(found: TraceDiff, conclusion: str) -> dict[str, str]:
    """What became of the statements by which the lines of a conclusion changed."""
    lines = next(item.lines for item in found.changes if item.conclusion == conclusion)
    return {cause.shown: cause.turn for line in lines for cause in line.causes}


def test_a_trace_says_the_same_as_itself(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, _QUESTION)
    found = trace_diff(one, traced(everything, _QUESTION, engine_name="experta-stock"))
    assert (found.same, found.changes, found.facts, found.rules, found.sources) == (True, (), (), (), ())
    assert trace_diff_text(found) == "the two traces say the same\n"


def test_files_that_moved_are_no_difference(everything: KnowledgeBase, traced: Traced, read: Read) -> None:
    moved = read(EVERYTHING.replace("facts:\n", "# One line more.\nfacts:\n"))
    assert trace_diff(traced(everything, _QUESTION), traced(moved, _QUESTION)).same


def test_a_later_date(everything: KnowledgeBase, traced: Traced) -> None:
    found = trace_diff(traced(everything, _QUESTION), traced(everything, _QUESTION, date(2012, 12, 31)))
    assert (found.before.as_of, found.after.as_of) == (date(2011, 4, 7), date(2012, 12, 31))
    assert changes(found) == {"aligned(Ruritania, Borduria)": "weaker"}
    assert causes(found, "aligned(Ruritania, Borduria)") == {
        "exercise(Ruritania, Borduria) within 1 year": "went out of force",
        "exercise(Ruritania, Borduria) within 2 years": "went out of force",
        "exercise(Ruritania, Syldavia) within 2 years": "went out of force",
    }


@pytest.mark.parametrize(("day", "turn"), [(date(1992, 1, 1), "weaker"), (date(1989, 1, 1), "went out of force")])
def test_dates_of_the_facts(everything: KnowledgeBase, traced: Traced, day: date, turn: str) -> None:
    found = trace_diff(
        traced(everything, "member(Ruritania, Pact)"), traced(everything, "member(Ruritania, Pact)", day)
    )
    (cause,) = found.facts
    assert (cause.turn, {record.dates for record in cause.records}) == (turn, {"since 1990 until 2015", "since 1994"})


def test_the_other_way_round_what_was_lost_is_gained(everything: KnowledgeBase, traced: Traced) -> None:
    one, other = traced(everything, _QUESTION), traced(everything, _QUESTION, date(2012, 12, 31))
    there, back = trace_diff(one, other), trace_diff(other, one)
    assert changes(back) == {name: OPPOSITE[turn] for name, turn in changes(there).items()}
    assert [(item.name, item.turn) for item in back.facts] == [(item.name, OPPOSITE[item.turn]) for item in there.facts]
    assert {item.before for item in back.changes} == {item.after for item in there.changes}


def test_assumptions_are_named(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, _QUESTION)
    other = traced(everything, _QUESTION, assume=["leads(Syldavia, Pact)"], without=["leads(Graustark, _)"])
    found = trace_diff(one, other)
    assert changes(found)["aligned(Ruritania, Syldavia)"] == "gained"
    assert causes(found, "aligned(Ruritania, Syldavia)") == {"leads(Syldavia, Pact)": "assumed"}
    assert causes(found, "aligned(Ruritania, Graustark)") == {"leads(Graustark, League)": "withdrawn"}


def test_a_changed_rule_is_named(everything: KnowledgeBase, traced: Traced, read: Read) -> None:
    other = read(EVERYTHING.replace("certainty: 0.6\n    because", "certainty: 0.7\n    because"))
    found = trace_diff(traced(everything, _QUESTION), traced(other, _QUESTION))
    assert changes(found) == {"aligned(Ruritania, Borduria)": "stronger"}
    (line,) = found.changes[0].lines
    assert (line.rule, line.rule_turn, line.causes) == ("bloc-led", "changed", ())
    assert [(item.rule, item.turn, item.what) for item in found.rules] == [
        ("bloc-led", "changed", (Move("certainty", "0.6", "0.7"),))
    ]


def test_what_lies_below_is_followed(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, "close(Syldavia)")
    found = trace_diff(one, traced(everything, "close(Syldavia)", without=["leads(Graustark, League)"]))
    assert causes(found, "aligned(Syldavia, Graustark)")["leads(Graustark, League)"] == "withdrawn"
    assert causes(found, "close(Syldavia)") == {"tied(Syldavia, Graustark)": "lost"}


def test_a_condition_without_facts_is_named(traced: Traced, read: Read) -> None:
    other = read(EVERYTHING.replace("?number < 10", "?number < 5"))
    found = trace_diff(traced(read(EVERYTHING), "free(?x)"), traced(other, "free(?x)"))
    assert changes(found) == {"free(Graustark)": "lost"}
    assert causes(found, "free(Graustark)") == {
        "weight(Graustark, 7)": "no longer used",
        "not aligned(?state, _)": "may have turned",
        "?number < 10": "may have turned",
    }


def test_a_number_that_moved_is_one_change(traced: Traced, read: Read) -> None:
    other = read(EVERYTHING.replace("7", "9"))
    found = trace_diff(traced(read(EVERYTHING), "free(?x)"), traced(other, "free(?x)"))
    assert [cause.shown for cause in found.facts] == ["weight(Graustark, 7 → 9)"]


def test_the_text(everything: KnowledgeBase, traced: Traced) -> None:
    found = trace_diff(traced(everything, _QUESTION), traced(everything, _QUESTION, without=["leads(Borduria, Pact)"]))
    assert (
        trace_diff_text(found)
        == """\
As of 2011-04-07:
  1 conclusion changes: 1 weaker
  left out: nothing → leads(Borduria, Pact)
  withdrawn: leads(Borduria, Pact) (world.yaml:114:7)
  rule fires no longer: bloc-led (Membership of a bloc that a state leads)

Weaker:
  0.88 → 0.70  Ruritania is aligned with Borduria (good evidence)
    0.60 → none  Ruritania is in Pact, which Borduria leads (bloc-led)
        withdrawn: leads(Borduria, Pact)

Not calibrated: nobody has measured how often such judgements are right.
"""
    )
