"""Dates as people write them, and the nearest known name."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.language import did_you_mean, parse_partial_date
from kzexpert.language.dates import parse_day
from kzexpert.language.nearest import nearest


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2010", date(2010, 1, 1), date(2010, 12, 31)),
        ("2010-02", date(2010, 2, 1), date(2010, 2, 28)),
        ("2012-02", date(2012, 2, 1), date(2012, 2, 29)),
        ("2010-12", date(2010, 12, 1), date(2010, 12, 31)),
        ("2010-01-31", date(2010, 1, 31), date(2010, 1, 31)),
        ("0001", date(1, 1, 1), date(1, 12, 31)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_date_has_a_first_and_a_last_day(text: str, first: date, last: date) -> None:
    partial = parse_partial_date(text)
    assert (str(partial), partial.first, partial.last) == (text, first, last)


SHAPES = (
    "2011-02-30 2011-13 2011-00 2011-01-00 2011-1 2011-1-1 0000 10000 11 2011/01/01 01.02.2011 2011-02- spring ٢٠١١"
)


@pytest.mark.parametrize("text", [*SHAPES.split(), "", " 2011", "2011\n", "2011-01-01T00:00", "x" * 1000])
def test_what_is_not_a_date(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_partial_date(text)
    assert 0 < len(str(caught.value)) < 80


@given(st.dates())
def test_a_day_is_its_own_first_and_last(day: date) -> None:
    partial = parse_partial_date(day.isoformat())
    assert partial.first == partial.last == parse_day(day.isoformat()) == day
    assert parse_partial_date(day.isoformat()[:7]).first <= day <= parse_partial_date(day.isoformat()[:7]).last
    assert parse_partial_date(day.isoformat()[:4]).first <= day <= parse_partial_date(day.isoformat()[:4]).last


@pytest.mark.parametrize("text", ["2011", "2011-01"])
def test_a_full_day_is_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="not a full day"):
        parse_day(text)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("Ruritana", ["Ruritania", "Borduria", "Syldavia"], ["Ruritania"]),
        ("RURITANIA", ["Ruritania", "Ruritanya"], ["Ruritania"]),
        ("membe", ["member", "members", "ember", "remember"], ["member", "members", "ember"]),
        ("xyzzy", ["Ruritania"], []),
        ("", ["a"], []),
        ("a", [], []),
        ("straße", ["STRASSE"], ["STRASSE"]),
        ("x", ["", "X"], ["X"]),
    ],
)
def test_the_nearest_names(name: str, candidates: list[str], expected: list[str]) -> None:
    assert nearest(name, candidates) == expected
    assert nearest(name, [*reversed(candidates), *candidates]) == expected


def test_among_very_many_names_the_nearest_is_found_quickly() -> None:
    candidates = [f"{letter}{number}" for letter in "abcdefgh" for number in range(10_000)]
    assert nearest("B77", candidates) == ["b77"]
    assert nearest("b7x7", candidates)


def test_the_hint() -> None:
    assert did_you_mean("Ruritana", ["Ruritania"]) == "did you mean Ruritania?"
    assert did_you_mean("membe", ["member", "ember"]) == "did you mean member or ember?"
    assert did_you_mean("membe", ["member", "members", "ember"]) == "did you mean member, members or ember?"
    assert did_you_mean("xyzzy", ["member"]) == ""
