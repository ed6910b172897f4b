"""Conditions that exclude each other."""

import pytest

from kzexpert.checks.contradictions import contradictions
from kzexpert.errors import Location

RULE = """\
rules:
  - id: odd
    when:
      - soldiers(?x, ?n)
      - founded(?b, ?d)
      - member(?x, ?b)
      - rival(?x, ?y)
      - {first}
      - {second}
    then: aligned(?x, ?y)
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("not rival(?x, ?y)", "?x != ?y"),
        ("not rival(?x, _)", "?x != ?y"),
        ("not rival(_, _)", "?x != ?y"),
        ("?x = Ruritania", "?x = Borduria"),
        ("?x = Ruritania", "?x != Strelsau"),
        ("?n < 1", "?n > 2"),
        ("?n < 1", "?n >= 1"),
        ("2 < ?n", "1 > ?n"),
        ("?n = 3", "?n < 3"),
        ("?n + 1 = 3", "?n + 1 > 4"),
        ("?d < 1994-01-01", "?d >= 1995-01-01"),
        ("?x = ?y", "?x != ?y"),
        ("?x = ?y", "?y != ?x"),
        ("?n < ?n + 1", "?n + 1 <= ?n"),
    ],
)
def test_conditions_that_exclude_each_other(read, first, second):
    (issue,) = contradictions(read(RULE.format(first=first, second=second)))
    assert (issue.code, issue.severity) == ("KZ212", "warning")
    assert issue.message.endswith("so rule odd can never fire")
    assert issue.location in (Location("kb.yaml", 8, 9), Location("kb.yaml", 9, 9))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("not rival(?y, ?x)", "?x != ?y"),
        ("not exercise(?x, ?y) within 1 year", "exercise(?x, ?y)"),
        ("?x = Ruritania", "?x = RUR"),
        ("?x != Ruritania", "?x != Borduria"),
        ("?n > 1", "?n < 2"),
        ("?n >= 1", "?n <= 1"),
        ("?n != 1", "?n >= 1"),
        ("?d > 1994-01-01", "?d < 1994-01-02"),
        ("?n < 1", "?x != ?y"),
        ("?x <= ?y", "?y <= ?x"),
        ("?n = ?n", "1 < 2"),
        ('\'"a" != "b"\'', "2000-01-01 < 2001-01-01"),
    ],
)
def test_conditions_that_can_hold_together(read, first, second):
    assert contradictions(read(RULE.format(first=first, second=second))) == []


def test_a_window_is_denied_by_the_whole_predicate(read):
    text = RULE.format(first="exercise(?x, ?y) within 1 year", second="not exercise(?x, ?y)")
    (issue,) = contradictions(read(text))
    assert issue.message == (
        "not exercise(?x, ?y) contradicts exercise(?x, ?y) within 1 year, so rule odd can never fire"
    )
    assert issue.related == ((Location("kb.yaml", 8, 9), "the other condition"),)


def test_comparisons_that_never_hold(examined):
    issues = examined("""\
rules:
  - id: odd
    when:
      - rival(?x, ?y)
      - soldiers(?x, ?n)
      - ?x != ?x
#       ^ KZ212
      - ?n * 2 < ?n * 2
#       ^ KZ212
      - 2 < 1
#       ^ KZ212
      - '"a" = "b"'
#        ^ KZ212
      - ?n <= ?n
    then: aligned(?x, ?y)
    source: atlas
""")
    assert issues[0].message == "the condition ?x != ?x of rule odd never holds"
