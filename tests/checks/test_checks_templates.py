"""The sentences of predicates and rules: says, asks, because."""

import pytest

from kzexpert.checks.templates import templates
from kzexpert.errors import Location
from kzexpert.model import KnowledgeBase, Predicate


def test_says_and_asks_name_arguments_of_their_predicate(examined):
    issues = examined("""\
predicates:
  borders:
# ^ KZ214
    args: [one: state, other: state]
    says: "{one} borders {othr}"
#                        ^ KZ216
    asks:
      - does {one} border {other}
      - who borders {state}
#                   ^ KZ216
      - '{neighbour} of {one}, or of {neighbour}?'
#        ^ KZ216
#                                    ^ KZ216
""")
    assert [issue.message for issue in issues[1:3]] == [
        "{othr} in 'says' names no argument of borders",
        "{state} in 'asks' names no argument of borders",
    ]
    assert [issue.hint for issue in issues[1:3]] == ["did you mean other?", "it may name {one}, {other}"]


def test_because_names_variables_of_its_rule(examined):
    (issue,) = examined("""\
rules:
  - id: near
    when:
      - member(?state, ?bloc)
      - leads(?power, ?bloc)
    then: aligned(?state, ?power)
    because: "{state} is in {block}, which {power} leads"
#                           ^ KZ216
    source: atlas
""")
    assert issue.message == "{block} in 'because' names no variable of rule near"
    assert issue.hint == "did you mean bloc?"


def test_a_variable_inside_an_aggregate_is_local_and_cannot_be_named(examined):
    (issue,) = examined("""\
rules:
  - id: crowd
    when:
      - leads(?power, ?bloc)
      - ?n = count(?state for member(?state, ?bloc))
      - ?n > 1
    then: hedges(?power)
    because: "{n} states are in {bloc}, such as {state}, and {power} leads it"
#                                               ^ KZ216
    source: atlas
""")
    assert issue.hint == "it may name {bloc}, {n}, {power}"


@pytest.mark.parametrize(
    ("sentence", "column", "brace"),
    [('"{x} hedges}"', 25, "}"), ('"{ {x} hedges"', 15, "{"), ("'{{x} hedges'", 15, "{"), ("hedges {x}{", 24, "{")],
)
def test_braces_come_in_pairs(read, sentence, column, brace):
    kb = read(f"""\
rules:
  - id: near
    when: ["rival(?x, _)"]
    then: hedges(?x)
    because: {sentence}
""")
    (issue,) = templates(kb)
    assert (issue.code, str(issue.location)) == ("KZ216", f"kb.yaml:5:{column}")
    assert issue.message == f"a lone {brace} in 'because'"


def test_a_place_in_a_folded_sentence_is_on_its_own_line(read):
    kb = read("""\
rules:
  - id: near
    when: ["rival(?x, _)"]
    then: hedges(?x)
    because: >-
      {x} has a rival, {x} has
      no friend, and {y} hedges
""")
    (issue,) = templates(kb)
    assert str(issue.location) == "kb.yaml:7:22"


def test_a_template_of_a_file_that_is_not_at_hand_is_placed_at_its_key():
    place = Location("lost.yaml", 3, 5)
    kb = KnowledgeBase(predicates=(Predicate("hedges", (), says="{x} hedges", location=place),))
    (issue,) = templates(kb)
    assert issue.location == place
    assert issue.hint == "there is no argument of hedges"


def test_forms_and_words_for_one_or_many_are_such_as_there_are(examined):
    issues = examined("""\
predicates:
  taxes:
# ^ KZ214
    args: [state: state, good: text, percent: number, from: date]
    says: "{state.adjectiv} {good.in_text} {state:taxes|tax} {percent:one|many} {percent.name}"
#          ^ KZ216
#                           ^ KZ216
#                                                                               ^ KZ216
    asks:
      - "{good:is|are} it taxed by {state:this|that|those}, {from:is|are} it"
#        ^ KZ216
#                                  ^ KZ216
#                                                           ^ KZ216
""")
    assert [(issue.message, issue.hint) for issue in issues[1:5]] == [
        ("{state.adjectiv} in 'says' asks for a form that entities do not have", "did you mean adjective?"),
        (
            "{good.in_text} asks for a form of a text; only entities have forms",
            "the forms of an entity are in_text, adjective, possessive, name",
        ),
        (
            "{percent.name} asks for a form of a number; only entities have forms",
            "the forms of an entity are in_text, adjective, possessive, name",
        ),
        (
            "{good:is|are} chooses a word by a text; only entities and numbers are one or many",
            "{state:is|are} chooses the word for one or for many",
        ),
    ]
