"""The functions of expressions, at the edges of what they compute."""

from datetime import date
from typing import Any

import pytest

from kzexpert.model import called


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2011-01-31", 1.0, "months", "2011-02-28"),
        ("2012-01-31", 1.0, "months", "2012-02-29"),
        ("2012-03-31", -1.0, "months", "2012-02-29"),
        ("2011-12-31", 2.0, "months", "2012-02-29"),
        ("2011-01-15", -1.0, "months", "2010-12-15"),
        ("2012-02-29", 1.0, "years", "2013-02-28"),
        ("2012-02-29", 4.0, "years", "2016-02-29"),
        ("2012-02-29", -12.0, "years", "2000-02-29"),
        ("1900-02-28", 1.0, "days", "1900-03-01"),
        ("2000-02-28", 1.0, "days", "2000-02-29"),
        ("2011-01-01", -1.0, "days", "2010-12-31"),
        ("9999-12-31", 0.0, "days", "9999-12-31"),
    ],
)
def test_a_day_moved(start: str, amount: float, unit: str, end: str) -> None:
    assert called(f"add_{unit}", [day(start), amount]) == day(end)


@pytest.mark.parametrize(
    ("start", "amount", "unit"),
    [
        ("2011-01-31", 0.5, "days"),
        ("2011-01-31", 0.5, "months"),
        ("2011-01-31", 0.5, "years"),
        ("9999-12-31", 1.0, "days"),
        ("9999-12-01", 1.0, "months"),
        ("0001-01-01", -1.0, "days"),
        ("0001-01-31", -1.0, "months"),
        ("2011-01-31", 1e300, "days"),
        ("2011-01-31", -1e300, "years"),
    ],
)
def test_a_day_that_no_calendar_has(start: str, amount: float, unit: str) -> None:
    assert called(f"add_{unit}", [day(start), amount]) is None


@pytest.mark.parametrize(
    ("start", "end", "years", "days"),
    [
        ("1992-02-29", "2010-02-28", 17.0, 6574.0),
        ("1992-02-29", "2010-03-01", 18.0, 6575.0),
        ("1992-02-29", "2012-02-28", 19.0, 7304.0),
        ("1992-02-29", "2012-02-29", 20.0, 7305.0),
        ("2010-06-15", "2011-06-14", 0.0, 364.0),
        ("2010-06-15", "2011-06-15", 1.0, 365.0),
        ("2011-06-15", "2010-06-15", -1.0, -365.0),
        ("2011-06-14", "2010-06-15", 0.0, -364.0),
        ("2011-06-14", "2011-06-14", 0.0, 0.0),
        ("0001-01-01", "9999-12-31", 9998.0, 3652058.0),
    ],
)
def test_the_time_between_two_days(start: str, end: str, years: float, days: float) -> None:
    assert called("years", [day(start), day(end)]) == years
    assert called("days", [day(start), day(end)]) == days
    assert str(called("years", [day(start), day(end)])) == str(years)  # and never -0.0


@pytest.mark.parametrize(
    ("number", "digits", "rounded"),
    [
        (0.5, 0.0, 1.0),
        (-0.5, 0.0, -1.0),
        (1.5, 0.0, 2.0),
        (2.5, 0.0, 3.0),
        (-2.5, 0.0, -3.0),
        (0.49999999999999994, 0.0, 0.0),  # adding 0.5 to it would give 1
        (4503599627370497.0, 0.0, 4503599627370497.0),
        (-0.2, 0.0, 0.0),
        (4.285714, 1.0, 4.3),
        (0.125, 2.0, 0.13),
        (-0.125, 2.0, -0.13),
        (1250.0, -2.0, 1300.0),
        (1249.0, -2.0, 1200.0),
    ],
)
def test_rounding_takes_halves_away_from_zero(number: float, digits: float, rounded: float) -> None:
    assert str(called("round", [number, digits])) == str(rounded)
    if digits == 0.0:
        assert called("round", [number]) == rounded


@pytest.mark.parametrize(
    ("number", "divisor", "quotient", "rest"),
    [
        (7.0, 3.0, 2.0, 1.0),
        (-7.0, 3.0, -3.0, 2.0),
        (7.0, -3.0, -3.0, -2.0),
        (-7.0, -3.0, 2.0, -1.0),
        (6.0, -3.0, -2.0, 0.0),
        (-6.0, 3.0, -2.0, 0.0),
        (5.5, 2.0, 2.0, 1.5),
        (0.0, -3.0, 0.0, 0.0),
    ],
)
def test_a_division_with_a_rest_has_the_sign_of_the_divisor(
    number: float, divisor: float, quotient: float, rest: float
) -> None:
    assert str(called("div", [number, divisor])) == str(quotient)
    assert str(called("mod", [number, divisor])) == str(rest)


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("div", [1.0, 0.0]),
        ("mod", [1.0, 0.0]),
        ("div", [1e300, 1e-300]),
        ("round", [1.0, 0.5]),
        ("round", [1.0, 16.0]),
        ("round", [1e300, 15.0]),
        ("abs", [None]),
        ("least", [1.0, None]),
    ],
)
def test_no_value(function: str, values: list[Any]) -> None:
    assert called(function, values) is None


@pytest.mark.parametrize(
    ("function", "values", "value"),
    [
        ("floor", [-0.5], -1.0),
        ("ceil", [-0.5], 0.0),
        ("ceil", [0.1], 1.0),
        ("floor", [1e300], 1e300),
        ("abs", [-2.5], 2.5),
        ("least", [2.0, 1.0, 3.0], 1.0),
        ("greatest", [day("2010-01-01"), day("2011-01-01")], day("2011-01-01")),
        ("length", ["Straße"], 6.0),
        ("upper", ["Straße"], "STRASSE"),
        ("lower", ["ÉTAT"], "état"),
        ("join", ["a-", 1.0, "/", 0.1, day("2010-01-31")], "a-1/0.12010-01-31"),
        ("year", [day("2010-12-31")], 2010.0),
        ("month", [day("2010-12-31")], 12.0),
    ],
)
def test_a_value(function: str, values: list[Any], value: Any) -> None:
    found = called(function, values)
    assert found == value
    assert str(found) == str(value)
