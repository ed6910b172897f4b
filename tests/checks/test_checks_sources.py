"""Where facts and rules come from."""

from kzexpert.errors import Location


def test_an_unknown_source_at_each_place(examined):
    issues = examined("""\
facts:
  rival:
    - {state: Ruritania, other: Borduria, source: atlsa}
#                                                 ^ KZ120
    - {state: Borduria, other: Ruritania, source: gazette, at: p. 3}
#                                                 ^ KZ120
    - {state: Syldavia, other: Ruritania, source: atlas, at: p. 3}
rules:
  - {id: near, when: ["rival(?x, ?y)"], then: "aligned(?x, ?y)", source: {id: atlsa, at: p. 4}}
#                                                                             ^ KZ120
""")
    assert [issue.hint for issue in issues] == [
        "did you mean atlas?",
        "declare it under 'sources:'",
        "did you mean atlas?",
    ]


def test_a_source_for_all_rows_is_reported_where_it_stands(examined):
    examined("""\
facts:
  rival:
    - {state: Ruritania, other: Borduria}
    - {state: Borduria, other: Ruritania}
source:
  gazette
# ^ KZ120
""")


def test_one_fact_without_a_source(examined):
    (issue,) = examined("""\
facts:
  rival:
    - {state: Ruritania, other: Borduria}
#     ^ KZ121
    - {state: Syldavia, other: Borduria, source: atlas}
""")
    assert (issue.severity, issue.message) == ("warning", "a fact without a source")


def test_many_facts_without_a_source_are_one_issue_for_the_file(examined):
    (issue,) = examined("""\
facts:
  rival:
    - {state: Syldavia, other: Borduria, source: atlas}
    - {state: Ruritania, other: Borduria}
#     ^ KZ121
    - {state: Borduria, other: Ruritania}
  hedges:
    - {state: Borduria}
""")
    assert issue.message == "3 facts without a source in this file; this is the first"


def test_a_rule_without_a_source(examined):
    (issue,) = examined("""\
rules:
  - id: near
#   ^ KZ215
    when: ["rival(?x, ?y)"]
    then: aligned(?x, ?y)
""")
    assert (issue.severity, issue.message) == ("warning", "rule near has no source")


def test_a_source_declared_twice_and_differently(examined):
    (issue,) = examined("""\
sources:
  atlas: {title: Another Atlas, date: 2012}
# ^ KZ119
""")
    assert issue.message == "source atlas is declared twice, and differently"
    assert issue.related == ((Location("base.yaml", 19, 3), "declared here before"),)
