"""Recorded facts: arguments, names, types and dates."""

from kzexpert.checks.facts import fact_values


def test_names_and_types_of_values(examined):
    issues = examined("""\
facts:
  member:
    - {state: Ruritanja, bloc: Pact, source: atlas}
#             ^ KZ204
    - {state: Pact, bloc: Pact, source: atlas}
#             ^ KZ205
    - {state: Ruritania, source: atlas}
#     ^ KZ203
    - {state: X, bloc: League, source: atlas}
#             ^ KZ204
  membre:
    - {state: Ruritania, bloc: Pact, source: atlas}
#     ^ KZ202
""")
    assert [issue.hint for issue in issues] == [
        "did you mean Ruritania?",
        "",
        "write bloc: ... (bloc)",
        "declare it under 'entities:' with kind state",
        "did you mean member?",
    ]


def test_the_same_wrong_name_is_reported_at_each_place(examined):
    examined("""\
source: atlas
facts:
  hedges:
    - {state: Ruritanja}
#             ^ KZ204
    - {state: Ruritanja}
#             ^ KZ204
  rival:
    - {state: Ruritanja, other: Ruritanja}
#             ^ KZ204
#                               ^ KZ204
""")


def test_dates_that_do_not_fit_what_holds(examined):
    issues = examined("""\
source: atlas
facts:
  member:
    - {state: Ruritania, bloc: League, since: 1994, until: 1999}
    - {state: Ruritania, bloc: League, on: 1994}
#                                          ^ KZ117
  exercise:
    - {state: Ruritania, partner: Syldavia}
#     ^ KZ117
    - {state: Ruritania, partner: Syldavia, on: 2010, since: 2009, until: 2011}
#                                                            ^ KZ117
#                                                                         ^ KZ117
  rival:
    - {state: Ruritania, other: Syldavia, since: 1994}
#                                                ^ KZ117
    - {state: Ruritania, other: Syldavia, on: 1994}
#                                             ^ KZ117
""")
    assert [issue.message for issue in issues] == [
        "member is an interval, so 'on' does not apply",
        "exercise is an event, and this fact does not say when it happened",
        "exercise is an event, so 'since' does not apply",
        "exercise is an event, so 'until' does not apply",
        "rival is declared without 'holds', so 'since' does not apply",
        "rival is declared without 'holds', so 'on' does not apply",
    ]
    assert issues[0].hint == "write 'since:' and 'until:', or declare member with 'holds: event'"
    assert issues[-1].hint == "declare rival with 'holds: interval' (since, until) or 'holds: event' (on)"


def test_a_rule_that_concludes_what_bears_dates(examined):
    (issue,) = examined("""\
rules:
  - id: join
    when: ["leads(?x, ?b)"]
    then: member(?x, ?b)
#         ^ KZ117
    source: atlas
""")
    assert issue.severity == "warning"
    assert issue.message == "rule join concludes member, which is declared with 'holds: interval'"
    assert issue.hint.startswith("derived predicates omit 'holds'")


def test_of_many_wrong_names_the_first_hundred_get_a_hint(read):
    rows = "\n".join(f"    - {{state: Ruritanja{number}}}" for number in range(150))
    issues = fact_values(read(f"facts:\n  hedges:\n{rows}\n"))
    assert [bool(issue.hint.startswith("did you mean")) for issue in issues] == [True] * 100 + [False] * 50
