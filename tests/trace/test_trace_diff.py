"""What changed between two traces, and what is responsible."""

from datetime import date

import pytest
from traces import Read, Traced
from worlds import EVERYTHING

from kzexpert.model import KnowledgeBase
from kzexpert.proof.diff import TraceDiff, trace_diff
from kzexpert.render.trace_diff_text import trace_diff_text

_QUESTION = "aligned(Ruritania, ?power)"


def changes(found: TraceDiff) -> dict[str, str]:
    return {item.conclusion: item.how for item in found.conclusions}


def causes(found: TraceDiff, conclusion: str) -> tuple[str, ...]:
    return next(item.causes for item in found.conclusions if item.conclusion == conclusion)


def test_a_trace_says_the_same_as_itself(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, _QUESTION)
    found = trace_diff(one, traced(everything, _QUESTION, engine_name="experta-stock"))
    assert found == TraceDiff(True, (), (), (), (), ())
    assert trace_diff_text(found) == "the two traces say the same\n"


def test_files_that_moved_are_no_difference(everything: KnowledgeBase, traced: Traced, read: Read) -> None:
    moved = read(EVERYTHING.replace("facts:\n", "# One line more.\nfacts:\n"))
    assert trace_diff(traced(everything, _QUESTION), traced(moved, _QUESTION)).same


def test_a_later_date(everything: KnowledgeBase, traced: Traced) -> None:
    found = trace_diff(traced(everything, _QUESTION), traced(everything, _QUESTION, date(2012, 12, 31)))
    assert [(item.field, item.before, item.after) for item in found.head] == [("as_of", "2011-04-07", "2012-12-31")]
    assert changes(found) == {"aligned(Ruritania, Borduria)": "weaker"}
    assert causes(found, "aligned(Ruritania, Borduria)") == (
        "no longer rests on exercise(Ruritania, Borduria) within 1 year (it lies outside of the window on 2012-12-31)",
        "no longer rests on exercise(Ruritania, Borduria) within 2 years (it lies outside of the window on 2012-12-31)",
        "no longer rests on exercise(Ruritania, Syldavia) within 2 years (it lies outside of the window on 2012-12-31)",
    )


@pytest.mark.parametrize(
    ("day", "why"), [(date(1992, 1, 1), ""), (date(1989, 1, 1), "it holds since 1990; it holds since 1994")]
)
def test_dates_of_the_facts(everything: KnowledgeBase, traced: Traced, day: date, why: str) -> None:
    found = trace_diff(
        traced(everything, "member(Ruritania, Pact)"), traced(everything, "member(Ruritania, Pact)", day)
    )
    (change,) = found.facts
    assert (change.how, change.why) == (("lost", why) if why else ("weaker", "it is recorded otherwise"))


def test_the_other_way_round_what_was_lost_is_gained(everything: KnowledgeBase, traced: Traced) -> None:
    one, other = traced(everything, _QUESTION), traced(everything, _QUESTION, date(2012, 12, 31))
    there, back = trace_diff(one, other), trace_diff(other, one)
    turned = {"lost": "gained", "gained": "lost", "weaker": "stronger", "stronger": "weaker"}
    assert changes(back) == {name: turned[how] for name, how in changes(there).items()}
    assert [(item.fact, item.how) for item in back.facts] == [(item.fact, turned[item.how]) for item in there.facts]
    assert {item.before for item in back.conclusions} == {item.after for item in there.conclusions}


def test_assumptions_are_named(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, _QUESTION)
    other = traced(everything, _QUESTION, assume=["leads(Syldavia, Pact)"], without=["leads(Graustark, _)"])
    found = trace_diff(one, other)
    assert changes(found)["aligned(Ruritania, Syldavia)"] == "gained"
    assert causes(found, "aligned(Ruritania, Syldavia)") == ("now rests on leads(Syldavia, Pact) (an assumption)",)
    assert "no longer rests on leads(Graustark, League) (it is left out)" in causes(
        found, "aligned(Ruritania, Graustark)"
    )


def test_a_changed_rule_is_named(everything: KnowledgeBase, traced: Traced, read: Read) -> None:
    other = read(EVERYTHING.replace("certainty: 0.6\n    because", "certainty: 0.7\n    because"))
    found = trace_diff(traced(everything, _QUESTION), traced(other, _QUESTION))
    assert changes(found) == {"aligned(Ruritania, Borduria)": "stronger"}
    assert causes(found, "aligned(Ruritania, Borduria)") == ("rule bloc-led is another (certainty)",)
    assert [(item.rule, item.how, item.what) for item in found.rules] == [("bloc-led", "stronger", ("certainty",))]


def test_what_lies_below_is_followed(everything: KnowledgeBase, traced: Traced) -> None:
    one = traced(everything, "close(Syldavia)")
    found = trace_diff(one, traced(everything, "close(Syldavia)", without=["leads(Graustark, League)"]))
    cause = "no longer rests on leads(Graustark, League) (it is left out)"
    assert cause in causes(found, "close(Syldavia)") + causes(found, "aligned(Syldavia, Graustark)")


def test_a_condition_without_facts_is_named(traced: Traced, read: Read) -> None:
    other = read(EVERYTHING.replace("?number < 10", "?number < 5"))
    found = trace_diff(traced(read(EVERYTHING), "free(?x)"), traced(other, "free(?x)"))
    assert changes(found) == {"free(Graustark)": "lost"}
    assert causes(found, "free(Graustark)") == (
        "no longer rests on weight(Graustark, 7)",
        "rule isolated fires no longer for free(Graustark): not aligned(?state, _); ?number < 10",
    )


def test_the_text(everything: KnowledgeBase, traced: Traced) -> None:
    found = trace_diff(traced(everything, _QUESTION), traced(everything, _QUESTION, without=["leads(Borduria, Pact)"]))
    assert (
        trace_diff_text(found)
        == """\
asked
  left out  nothing → leads(Borduria, Pact)

conclusions
  weaker    0.88 → 0.70 Ruritania is aligned with Borduria (very likely)
    lost      0.60 → – Ruritania is in Pact, which Borduria leads (rule
              bloc-led)
    because   no longer rests on leads(Borduria, Pact) (it is left out)

facts
  lost      1.00 → – leads(Borduria, Pact): it is left out

rules
  lost      0.60 → – bloc-led
"""
    )
