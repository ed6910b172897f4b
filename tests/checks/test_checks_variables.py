"""Variables that stand only once, and those of blocks."""

import pytest

from kzexpert.checks import check


def test_a_variable_that_connects_nothing(examined):
    (issue,) = examined("""\
rules:
  - id: near
    when:
      - member(?state, ?bloc)
#                      ^ KZ208
      - rival(?state, ?power)
    then: aligned(?state, ?power)
    source: atlas
""")
    assert issue.severity == "warning"
    assert issue.message == "?bloc appears only once in rule near"
    assert issue.hint == "write _ for ?bloc, or correct its name"


def test_a_reason_that_names_it_is_a_use(examined):
    examined("""\
rules:
  - id: near
    when: ["member(?state, ?bloc)", "rival(?state, ?power)"]
    then: aligned(?state, ?power)
    because: "{state} of {bloc} has a rival"
    source: atlas
""")


def test_certainties_results_and_assignments_that_nothing_uses(examined):
    issues = examined("""\
rules:
  - id: near
    when:
      - rival(?x, ?y) @ ?c
#       ^ KZ208
      - soldiers(?x, ?n)
      - ?half = ?n / 2
#       ^ KZ208
      - ?all = count(?s for rival(?s, ?y))
#       ^ KZ208
    then: aligned(?x, ?y)
    source: atlas
""")
    assert [issue.hint for issue in issues] == [
        "leave '@ ?c' out",
        "use ?half, or leave the condition out",
        "compare ?all with something, or leave the condition out",
    ]


def test_inside_an_aggregate(examined):
    (issue,) = examined("""\
rules:
  - id: crowd
    when:
      - leads(?power, ?bloc)
      - ?n = count(?state for member(?state, ?bloc) and rival(?state, ?other))
#                                                                     ^ KZ208
      - ?n > 1
    then: hedges(?power)
    source: atlas
""")
    assert issue.hint == "write _ for ?other, or correct its name"


def test_a_sum_adds_a_value_for_each_binding_so_its_variables_count(examined):
    examined("""\
rules:
  - id: trader
    when:
      - leads(?power, _)
      - ?sum = sum(?worth for trade(?state, ?partner, ?worth))
      - ?sum > 2
    then: hedges(?power)
    source: atlas
""")


def test_each_binding_of_a_rule_with_each_is_evidence_of_its_own(examined):
    examined("""\
rules:
  - id: near
    when: ["member(?state, ?bloc)", "rival(?state, ?power)"]
    then: aligned(?state, ?power)
    each: true
    source: atlas
""")


def test_an_unbound_variable_is_reported_once_and_as_an_error(examined):
    examined("""\
rules:
  - id: near
    when:
      - rival(?state, _)
      - not member(?state, ?bloc)
#       ^ KZ206
      - ?n != 3
#       ^ KZ206
    then: aligned(?state, ?power)
#                         ^ KZ206
    source: atlas
""")


@pytest.mark.parametrize(
    ("condition", "said", "hint"),
    [
        (
            "{not: ['trade(?state, _, ?worth)', '?worth > ?least']}",
            "?least appears in a comparison",
            "add a condition that binds ?least",
        ),
        ("{either: ['leads(?power, _)', 'rival(?state, ?power)']}", "", ""),
        (
            "{either: ['leads(?power, _)', 'hedges(?state)']}",
            "?power appears in the conclusion, but no condition binds it in alternative 2",
            "add a condition that binds ?power",
        ),
        ("'not rival(?power, ?power)'", "?power appears in a negation", "a block keeps ?power to itself"),
    ],
)
def test_variables_of_blocks(read, condition, said, hint):
    kb = read(
        f"rules:\n  - id: blocks\n    when: ['member(?state, _)', {condition}]\n"
        "    then: aligned(?state, ?power)\n    source: atlas\n"
    )
    found = [issue for issue in check(kb) if issue.code == "KZ206"]
    assert bool(found) == bool(said)
    assert not found or said in found[0].message
    assert not found or hint in found[0].hint


def test_a_block_has_variables_of_its_own(read):
    kb = read(
        "rules:\n  - id: every\n    when:\n      - member(?state, ?bloc)\n"
        "      - not: [{not: ['trade(?state, ?other, _)']}, 'rival(?state, ?other)']\n"
        "    then: hedges(?state)\n    source: atlas\n"
    )
    assert [issue.code for issue in check(kb) if issue.severity == "error"] == []
