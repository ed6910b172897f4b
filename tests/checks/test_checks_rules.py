"""What the planner says of a rule, and rule ids."""

import pytest

from kzexpert.checks import check
from kzexpert.errors import Location


def test_names_arguments_and_types_of_a_rule(examined):
    issues = examined("""\
rules:
  - id: wrong-names
    when:
      - membr(?state, ?bloc)
#       ^ KZ202
      - leads(?power)
#       ^ KZ203
      - member(state=?state, blok=Pact)
#                            ^ KZ203
      - rival(Ruritanja, ?power)
#             ^ KZ204
      - rival(Pact, ?power)
#             ^ KZ205
      - exercise(?state, ?power) within 1 year
      - leads(?state, ?bloc) within 1 year
#       ^ KZ217
    then: aligned(?state, ?power)
    source: atlas
""")
    assert [issue.hint for issue in issues] == [
        "did you mean member?",
        "it takes leads(state, bloc); write _ for an argument that may be anything, or name those you mean: "
        "leads(state=...)",
        "did you mean bloc?",
        "did you mean Ruritania?",
        "",
        "declare leads with 'holds: event', or leave out 'within 1 year'",
    ]


def test_an_alias_is_as_good_as_the_name(examined):
    examined("""\
rules:
  - {id: near, when: ["rival(?x, Syldavia)", "member(Strelsau, _)"], then: "aligned(?x, RUR)", source: atlas}
""")


def test_unbound_variables_and_open_conclusions(examined):
    issues = examined("""\
rules:
  - id: unbound
    when:
      - member(?state, ?bloc)
      - leads(?leader, ?bloc)
      - not rival(?state, ?power)
#       ^ KZ206
      - ?worth > 3
#       ^ KZ206
    then: aligned(?state, ?ledaer)
#                         ^ KZ206
    because: "{leader} leads"
    source: atlas
  - id: open
    when: ["rival(?state, _)"]
    then: aligned(state=?state)
#         ^ KZ207
    source: atlas
""")
    assert [issue.hint for issue in issues[:3]] == [
        "add a condition that binds ?power, or write _ where it may be anything",
        "add a condition that binds ?worth",
        "did you mean ?leader?",
    ]
    assert issues[3].message == "the conclusion leaves power of aligned open"


def test_a_variable_of_two_types(examined):
    (issue,) = examined("""\
rules:
  - id: mixed
    when:
      - member(?x, ?bloc)
      - soldiers(?x, ?bloc)
#                    ^ KZ205
    then: hedges(?x)
    source: atlas
""")
    assert issue.message == "?bloc is a bloc elsewhere in the rule, but soldiers(number) takes a number"


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("founded(_, 1994)", "a day is written 2019-01-31; its year alone is year(?d)"),
        ("founded(_, '1994-05-15')", "write 1994-05-15, without quotes"),
        ('soldiers(_, "3")', "write 3, without quotes"),
        ("soldiers(_, n)", "a variable is written ?n"),
        ("soldiers(_, null)", "no missing values"),
        ("soldiers(X, _)", "a variable is written ?X"),
        ("soldiers.number > 3", "in an atom"),
    ],
)
def test_a_value_as_other_languages_write_it_has_one_message(read, condition, hint):
    when = f"    when:\n      - member(?x, _)\n      - {condition}\n"
    rules = f"rules:\n  - id: r\n{when}    then: hedges(?x)\n    source: atlas"
    (issue,) = (issue for issue in check(read(rules)) if issue.location.file == "kb.yaml")
    assert hint in issue.hint


def test_a_date_and_the_quotient_of_its_parts(examined):
    (issue,) = examined("""\
rules:
  - id: r
    when:
      - founded(?bloc, ?day)
      - ?day > 2010/05/15
#       ^ KZ205
      - member(?x, ?bloc)
    then: hedges(?x)
    source: atlas
""")
    assert "a day is written" in issue.hint


def test_a_name_of_digits_is_told_to_stand_in_quotes(read):
    text = """\
kinds: [year]
predicates:
  census: {args: [year: year]}
entities:
  "2019": {kind: year}
source: atlas
facts:
  census: [{year: "2019"}]
rules: [{id: r, when: ["member(?x, _)", "census(2019)"], then: hedges(?x), source: atlas}]
"""
    (issue,) = (issue for issue in check(read(text)) if issue.location.file == "kb.yaml")
    assert issue.hint == 'a name of digits stands in quotes: "2019"'


def test_an_aggregate_over_something_else(examined):
    examined("""\
rules:
  - id: crowd
    when:
      - leads(?power, ?bloc)
      - ?n = count(?stat for member(_, ?bloc))
#       ^ KZ218
      - ?n > 1
    then: hedges(?power)
    source: atlas
""")


def test_sums_are_of_numbers_and_extremes_of_numbers_or_dates(examined):
    issues = examined("""\
rules:
  - id: crowd
    when:
      - leads(?power, ?bloc)
      - ?n = sum(?state for member(?state, ?bloc))
#       ^ KZ205
      - ?n > 1
    then: hedges(?power)
    source: atlas
  - id: first
    when:
      - leads(?power, ?bloc)
      - ?first = min(?other for member(?other, ?bloc))
#       ^ KZ205
      - ?first != ?power
    then: hedges(?power)
    source: atlas
  - id: oldest
    when:
      - leads(?power, _)
      - ?day = min(?founded for founded(_, ?founded))
      - ?day < 1999-01-01
    then: hedges(?power)
    source: atlas
""")
    assert [issue.message for issue in issues] == [
        "sum takes numbers, and ?state is a state",
        "min takes numbers or dates, and ?other is a state",
    ]


def test_a_rule_id_that_stands_twice_names_the_other_place(examined):
    (issue,) = examined("""\
rules:
  - {id: near, when: ["rival(?x, _)"], then: hedges(?x), source: atlas}
  - {id: far, when: ["rival(_, ?x)"], then: hedges(?x), source: atlas}
  - {id: near, when: ["rival(_, ?x)"], then: hedges(?x), source: atlas}
#        ^ KZ210
""")
    assert issue.message == "rule id near appears twice"
    assert issue.related == ((Location("kb.yaml", 2, 10), "the other rule of that id"),)
