"""Synonyms that lead nowhere, and phrases with two meanings."""


def test_a_synonym_of_words_that_nothing_has(examined):
    (issue,) = examined("""\
synonyms:
  alinged with: [allied with]
# ^ KZ225
""")
    assert issue.severity == "warning"
    assert issue.message == "no template, argument, kind or name has the word alinged of alinged with"


def test_a_phrase_for_two_things_names_both_places(examined):
    (issue,) = examined("""\
synonyms:
  state: [country, land]
  bloc: [alliance, country]
#                  ^ KZ119
""")
    assert issue.message == "country stands for bloc here, but for state elsewhere"
    ((place, _),) = issue.related
    assert place.line == 2


def test_a_phrase_that_is_a_name(examined):
    (issue,) = examined("""\
synonyms:
  state: [Strelsau]
#         ^ KZ119
""")
    assert issue.message == "Strelsau is a name of Ruritania, so questions never read it as state"


def test_synonyms_that_help(examined):
    examined("""\
synonyms:
  is in: [belongs to, part of]
  state: [country, kingdom]
""")
