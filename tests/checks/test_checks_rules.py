"""What the planner says of a rule, and rule ids."""

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
    assert issue.message == "rule id near stands twice"
    assert issue.related == ((Location("kb.yaml", 2, 10), "the other rule of that id"),)
