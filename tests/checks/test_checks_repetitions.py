"""Conditions that stand twice."""

from kzexpert.errors import Location


def test_a_repeated_condition_names_the_other_one(examined):
    (issue,) = examined("""\
rules:
  - id: near
    when:
      - rival(?x, ?y)
      - rival( ?x ,?y )
#       ^ KZ211
    then: aligned(?x, ?y)
    source: atlas
""")
    assert issue.severity == "warning"
    assert issue.message == "the condition rival( ?x ,?y ) appears twice in rule near"
    assert issue.related == ((Location("kb.yaml", 4, 9), "the other one"),)


def test_named_arguments_aliases_and_turned_comparisons_say_the_same(examined):
    examined("""\
rules:
  - id: near
    when:
      - rival(?x, ?y)
      - rival(other=?y, state=?x)
#       ^ KZ211
      - not member(Ruritania, ?b)
      - not member(RUR, ?b)
#       ^ KZ211
      - member(?x, ?b)
      - ?x != ?y
      - ?y != ?x
#       ^ KZ211
      - ?n = count(?x for member(?x, ?b))
      - ?n = count(?x for member(bloc=?b, state=?x))
#       ^ KZ211
      - ?n > 1
      - 1 < ?n
#       ^ KZ211
    then: aligned(?x, ?y)
    source: atlas
""")


def test_alike_is_not_the_same(examined):
    examined("""\
rules:
  - id: near
    when:
      - rival(?x, ?y)
      - rival(?y, ?x)
      - exercise(?x, ?y)
      - exercise(?x, ?y) within 1 year
      - member(?x, ?b) @ ?c
      - member(?y, ?b)
      - not leads(?x, ?b)
      - not leads(?y, ?b)
      - ?n = count(?s for member(?s, ?b))
      - ?m = count(?t for leads(?t, ?b))
      - ?n > ?m
      - ?c > 0.5
      - ?c < 1
    then: aligned(?x, ?y)
    source: atlas
""")


def test_a_condition_with_a_wrong_name_is_compared_as_written(examined):
    examined("""\
rules:
  - id: near
    when:
      - rivals(?x, ?y)
#       ^ KZ202
      - rivals(?x, ?y)
#       ^ KZ202 KZ211
    then: aligned(?x, ?y)
    source: atlas
""")
