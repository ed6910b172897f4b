"""Rules that may never end: they compute from what they conclude, and nothing bounds the value."""

import pytest

VOCABULARY = """\
predicates:
  reach: {args: [state: state, n: number]}
  step: {args: [state: state, n: number]}
rules:
  - {id: start, when: ["soldiers(?s, ?n)"], then: "reach(?s, ?n)", source: atlas}
  - {id: use, when: ["step(?s, _)"], then: "hedges(?s)", source: atlas}
"""


def test_a_value_computed_from_the_rule_s_own_conclusions(examined):
    (issue,) = examined(
        VOCABULARY
        + """\
  - id: further
    when:
      - reach(?s, ?n)
      - ?m = ?n + 1
#       ^ KZ220
    then: reach(?s, ?m)
    source: atlas
  - {id: step, when: ["reach(?s, ?n)"], then: "step(?s, ?n)", source: atlas}
"""
    )
    assert issue.severity == "warning"
    assert issue.message == "rule further computes ?m from what it concludes, and nothing bounds it: it may never end"
    assert issue.hint == "bound the value by a comparison, such as ?m < 100"


def test_a_value_that_goes_round_by_another_predicate(examined):
    examined(
        VOCABULARY
        + """\
  - id: there
    when:
      - reach(?s, ?n)
      - ?m = ?n * 2
      - ?k = ?m
#       ^ KZ220
    then: step(?s, ?k)
    source: atlas
  - {id: back, when: ["step(?s, ?n)"], then: "reach(?s, ?n)", source: atlas}
"""
    )


@pytest.mark.parametrize(
    "when",
    [
        ["reach(?s, ?n)", "?m = ?n + 1", "?m < 100"],
        ["reach(?s, ?n)", "?m = ?n + 1", "100 >= ?n"],
        ["soldiers(?s, ?k)", "reach(?s, ?n)", "?m = ?n + 1", "?m <= ?k"],
        ["soldiers(?s, ?k)", "reach(?s, _)", "?m = ?k + 1"],
        ["reach(?s, ?n)", "?m = ?n"],
    ],
)
def test_what_is_bounded_or_is_not_computed_from_a_conclusion(when, examined):
    conditions = ", ".join(f'"{text}"' for text in when)
    rules = f"""\
  - {{id: further, when: [{conditions}], then: "reach(?s, ?m)", source: atlas}}
  - {{id: step, when: ["reach(?s, ?n)"], then: "step(?s, ?n)", source: atlas}}
"""
    assert examined(VOCABULARY + rules) == []


def test_two_sides_that_both_grow_bound_nothing(examined):
    examined(
        VOCABULARY
        + """\
  - id: further
    when:
      - reach(?s, ?n)
      - ?m = ?n + 1
#       ^ KZ220
      - ?m > ?n
    then: reach(?s, ?m)
    source: atlas
  - {id: step, when: ["reach(?s, ?n)"], then: "step(?s, ?n)", source: atlas}
"""
    )
