"""Kinds, declarations and names."""

from kzexpert.checks import check
from kzexpert.errors import Location


def test_a_misspelled_kind_of_argument_gets_the_nearest_kind(examined):
    unused, issue = examined("""\
predicates:
  borders:
# ^ KZ214
    args: [one: state, other: stat]
#                      ^ KZ118
""")
    assert unused.severity == "warning"
    assert issue.message == "unknown kind stat of the argument other of borders"
    assert issue.hint == "did you mean state?"


def test_an_entity_of_an_unknown_kind(examined):
    (issue,) = examined("""\
entities:
  Latveria: {kind: kingdom}
#                  ^ KZ118
""")
    assert issue.message == "unknown kind kingdom of Latveria"
    assert issue.hint == "declare it under 'kinds:'"


def test_types_that_are_built_in_need_no_declaration(examined):
    examined("""\
predicates:
  treaty: {args: [name: text, parties: number, signed: date]}
facts:
  treaty: [{name: Concord, parties: 3, signed: 1999-01-01, source: atlas}]
""")


def test_a_predicate_declared_twice_and_differently_names_the_other_place(examined):
    (issue,) = examined("""\
predicates:
  member:
# ^ KZ219
    args: [state: state, bloc: bloc]
    holds: event
""")
    assert issue.message == "member is declared twice, with different holds and says"
    assert issue.related == ((Location("base.yaml", 3, 3), "declared here before"),)


def test_the_same_declaration_may_stand_in_two_files(examined):
    examined("""\
predicates:
  leads: {args: [state: state, bloc: bloc], holds: interval, doc: Said again for the reader.}
""")


def test_an_alias_of_two_entities(examined):
    (issue,) = examined("""\
entities:
  Latveria: {kind: state, aliases: [Doomstadt, RUR]}
#                                              ^ KZ119
""")
    assert issue.message == "RUR is an alias of Latveria here, but an alias of Ruritania elsewhere"
    assert issue.related[0][0].file == "base.yaml"


def test_an_alias_that_is_the_name_of_another_entity(examined):
    (issue,) = examined("""\
entities:
  Latveria: {kind: state, aliases: [Borduria]}
#                                   ^ KZ119
""")
    assert issue.message == "Borduria is an alias of Latveria here, but the name of a state elsewhere"


def test_names_that_differ_in_case_only_cannot_be_told_apart_in_a_question(examined):
    (issue,) = examined("""\
entities:
  PACT: {kind: bloc}
# ^ KZ119
""")
    assert issue.message == "PACT is the name of a bloc here, but the name of a bloc (Pact) elsewhere"


def test_an_entity_declared_again_with_another_kind(examined):
    (issue,) = examined("""\
entities:
  Pact: {kind: state}
# ^ KZ119
""")
    assert issue.message == "Pact is a state here, but a bloc elsewhere"


def test_an_entity_declared_again_alike_adds_its_aliases(read):
    kb = read("entities: {Borduria: {kind: state, aliases: [Szohod]}}")
    assert kb.entity["Szohod"].name == "Borduria"
    assert [issue.code for issue in check(kb) if issue.severity == "error"] == []


def test_only_two_arguments_of_one_type_change_places(examined):
    issues = examined("""\
predicates:
  joins: {args: [state: state, bloc: bloc], symmetric: true}
# ^ KZ214
#                                                      ^ KZ203
  exchange: {args: [one: state, other: state, good: text], symmetric: true}
# ^ KZ214
#                                                                     ^ KZ203
  touches: {args: [one: state, other: state], symmetric: true}
# ^ KZ214
""")
    assert "joins is symmetric, and does not have two arguments of one type" in [issue.message for issue in issues]
