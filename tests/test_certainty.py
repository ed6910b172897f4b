"""Certainty factors against the published values, and against the properties that make them an algebra."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.certainty import combine, established, evidence_cutoffs, evidence_word, is_conflict

STRENGTHS = st.lists(st.floats(-1, 1).map(lambda number: round(number, 3)), max_size=12)


@pytest.mark.parametrize(
    ("strengths", "result", "source"),
    [
        ([0.6, 0.4], 0.76, "Norvig, Paradigms of AI Programming, ch. 16"),
        ([0.36, 0.76], 0.8464, "Norvig, ch. 16: a rule of 0.9 on the weaker of 0.6 and 0.4, with a prior of 0.76"),
        ([0.5, 0.6], 0.8, "Novak, lecture notes cs378"),
        ([0.6, 0.4], 76 / 100, "CLIPS wine example: (100(a+b) - ab) / 100 of 60 and 40"),
        ([0.8, -0.6], 0.5, "computed from the formula"),
        ([-0.8, -0.6], -0.92, "computed from the formula"),
        ([0.7, -0.9], -2 / 3, "computed from the formula"),
        ([0.7, 0.4, -0.5], 0.64, "computed from the formula"),
        ([0.4, -0.4], 0.0, "opposites"),
        ([], 0.0, "nothing known"),
        ([0.0, 0.7, 0.0], 0.7, "0 is neutral"),
        ([1.0, -0.99], 1.0, "certainty outweighs all but its contrary"),
        ([1.0, -1.0, 0.8], 0.0, "a conflict"),
    ],
)
def test_published_values(strengths: list[float], result: float, source: str) -> None:
    assert combine(strengths) == pytest.approx(result, abs=1e-9), source


def test_weakest_premise_times_rule() -> None:
    """Norvig, ch. 16: 0.9 on premises of 0.6 and 0.4. Novak: 0.7 on 0.6, 0.3 and 0.4."""
    assert 0.9 * min(0.6, 0.4) == pytest.approx(0.36)
    assert 0.7 * min(0.6, 0.3, 0.4) == pytest.approx(0.21)


def test_copies_of_one_hint_would_manufacture_certainty() -> None:
    """Norvig, exercise 16.1: 298 further copies of 0.01 pass 0.95, which is why one rule is one line of evidence."""
    assert combine([0.01] * 298) < 0.95 <= combine([0.01] * 299)


@given(STRENGTHS, st.randoms(use_true_random=False))
def test_the_order_of_lines_decides_nothing(strengths: list[float], random) -> None:  # type: ignore[no-untyped-def]
    assert combine(random.sample(strengths, len(strengths))) == combine(strengths)


@given(STRENGTHS)
def test_certainty_stays_in_range_and_turns_with_its_evidence(strengths: list[float]) -> None:
    certainty = combine(strengths)
    assert -1 <= certainty <= 1
    assert combine([-strength for strength in strengths]) == pytest.approx(-certainty, abs=1e-9)
    assert math.copysign(1, certainty) == 1 or certainty < 0, "no negative zero"


@given(STRENGTHS, st.floats(0, 0.999))
def test_more_evidence_for_never_weakens(strengths: list[float], further: float) -> None:
    if not is_conflict([*strengths, further]):
        assert combine([*strengths, further]) >= combine(strengths) - 1e-9


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_two_lines_follow_the_formula_of_emycin(pair: list[float]) -> None:
    one, two = pair
    assert combine(pair) == pytest.approx(one + two - one * two, abs=1e-9)


def test_conflict_needs_certainty_on_both_sides() -> None:
    assert is_conflict([1.0, 0.3, -1.0])
    assert not is_conflict([1.0, -0.99])
    assert not is_conflict([])


def test_established_above_and_not_at_the_threshold() -> None:
    assert not established(0.2)
    assert established(0.200000001)


@pytest.mark.parametrize(
    ("certainty", "word"),
    [
        (1.0, "very strong evidence"), (0.951, "very strong evidence"), (0.95, "strong evidence"),
        (0.8, "good evidence"), (0.6, "some evidence"), (0.4, "a hint"), (0.201, "a hint"),
        (0.2, "nothing established"), (0.0, "nothing established"), (-0.2, "nothing established"),
        (-0.201, "a hint against"),
        (-0.4, "a hint against"), (-0.401, "some evidence against"), (-0.6, "some evidence against"),
        (-0.8, "good evidence against"), (-0.95, "strong evidence against"), (-1.0, "very strong evidence against"),
    ],
)  # fmt: skip
def test_words_for_the_evidence(certainty: float, word: str) -> None:
    assert evidence_word(certainty) == word


@given(st.integers(-(10**9), 10**9).map(lambda number: number / 10**9))
def test_the_cutoffs_of_the_words_are_theirs(certainty: float) -> None:
    cutoffs = evidence_cutoffs()
    assert [edge for edge, _ in cutoffs] == sorted((edge for edge, _ in cutoffs), reverse=True)
    assert next(word for edge, word in cutoffs if certainty >= edge) == evidence_word(certainty)
