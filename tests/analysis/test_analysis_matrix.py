"""Competing hypotheses: what bears on which, and how well it tells them apart."""

from typing import Any

import pytest

from kzexpert.analysis.matrix import Matrices, Matrix, matrices, read_comparisons
from kzexpert.errors import UsageError

from .conftest import ReadWorld, World


def compared(world: World, text: str, **changes: Any) -> Matrices:
    return matrices(world.infer(**changes), text, read_comparisons(world.kb, text))


def only(world: World, text: str, **changes: Any) -> Matrix:
    (matrix,) = compared(world, text, **changes).matrices
    return matrix


def table(matrix: Matrix) -> dict[str, tuple[float, ...]]:
    return {row.says: tuple(cell.strength for cell in row.cells) for row in matrix.rows}


def test_one_piece_of_evidence_bears_on_several_hypotheses(world: World) -> None:
    """The membership supports one power by one rule and contradicts the other by another."""
    matrix = only(world, "Ruritania")
    assert [item.value for item in matrix.hypotheses] == ["Borduria", "Syldavia"]
    assert table(matrix) == {
        "Ruritania is in Pact": (0.6, -0.5),
        "trains(Borduria, Ruritania, 2000)": (0.3, 0.0),
        "Ruritania quarrels with Borduria": (-0.2, 0.0),
    }
    assert [row.diagnosticity for row in matrix.rows] == [1.1, 0.3, 0.2]
    assert [cell.effect for cell in matrix.rows[0].cells] == ["supports", "contradicts"]
    assert matrix.rows[0].cells[1].rules == ("in-rival-bloc",)
    assert matrix.rows[0].evidence == ("member(Ruritania, Pact)",)


def test_the_sums_below_the_columns(world: World) -> None:
    first, second = only(world, "aligned(Ruritania, ?power, security)").hypotheses
    assert (first.support, first.against, first.certainty, first.established) == (0.72, -0.2, 0.65, True)
    assert (second.support, second.against, second.certainty, second.established) == (0.0, -0.5, -0.5, False)


def test_evidence_that_fits_all_tells_nothing_apart(world: World) -> None:
    matrix = only(
        world,
        "Ruritania",
        assume=["trains(Borduria, Ruritania, 2000)", "trains(Syldavia, Ruritania, 2000)"],
    )
    assert table(matrix)["trains(?power, Ruritania, 2000)"] == (0.3, 0.3)
    assert matrix.rows[-1].diagnosticity == 0.0
    assert matrix.rows[-1].evidence == ("trains(?power, Ruritania, 2000)",)


def test_a_rule_that_fires_twice_counts_once(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          trains:
            - {power: Borduria, state: Ruritania, soldiers: 5}
            - {power: Borduria, state: Ruritania, soldiers: 7, certainty: 0.5}
        rules:
          - {id: trained, when: ["trains(?p, ?s, _)", "trains(?p, ?s, ?n)"], then: "aligned(?s, ?p, security)"}
        """
    )
    matrix = only(world, "aligned(Ruritania, ?power, security)")
    counts = {cell.strength: cell.counts for row in matrix.rows for cell in row.cells}
    assert counts == {1.0: True, 0.5: False}


def test_each_value_of_another_open_argument_has_a_matrix_of_its_own(world: World) -> None:
    found = compared(world, "Strelsau", assume=["purpose(League, trade)", "member(Ruritania, League)"])
    assert [matrix.pattern for matrix in found.matrices] == [
        "aligned(Ruritania, ?power, security)",
        "aligned(Ruritania, ?power, trade)",
    ]
    assert found.matrices[0].says == "Ruritania is aligned with which power in security"
    assert found.assumed == ("member(Ruritania, League)", "purpose(League, trade)")


def test_the_first_open_argument_of_a_pattern_is_the_hypothesis(world: World) -> None:
    matrix = only(world, "aligned(?state, Borduria, security)", assume=["member(Syldavia, Pact)"])
    assert [item.value for item in matrix.hypotheses] == ["Ruritania", "Syldavia"]
    assert table(matrix)["?state is in Pact"] == (0.6, 0.6)


def test_a_question_in_plain_words(world: World) -> None:
    found = compared(world, "who is RUR aligned with in security?")
    assert [matrix.pattern for matrix in found.matrices] == ["aligned(Ruritania, ?power, security)"]


def test_a_hypothesis_that_a_rule_would_accept_stands_there_without_evidence(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts: {leads: [{power: Borduria, bloc: Pact}, {power: Syldavia, bloc: Pact}],
                quarrel: [{state: Ruritania, power: Borduria}]}
        rules:
          - {id: power, when: ["quarrel(?s, ?p)", "leads(?p, _)"], then: "aligned(?s, ?p, security)", certainty: 0.5}
        """
    )
    first, second = only(world, "Ruritania").hypotheses
    assert (first.value, second.value) == ("Borduria", "Syldavia")
    assert (second.certainty, second.support, second.against) == (0.0, 0.0, 0.0)


def test_what_is_on_record_about_the_hypotheses_is_evidence(read_world: ReadWorld) -> None:
    world = read_world("facts: {aligned: [{state: Ruritania, power: Borduria, sphere: trade, certainty: 0.7}]}")
    matrix = only(world, "Ruritania")
    assert table(matrix) == {"on record: Ruritania is aligned with Borduria in trade": (0.7,)}


def test_nothing_is_compared_where_nothing_is_known(world: World) -> None:
    assert compared(world, "aligned(Ruritania, ?power, trade)").matrices == ()


@pytest.mark.parametrize("text", ["Pact", "aligned(Ruritania, Borduria, security)", "nonsense"])
def test_what_cannot_be_compared(world: World, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_comparisons(world.kb, text)
    assert raised.value.issues[0].code == "KZ301"


def test_numbers_can_be_hypotheses_too(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          trains:
            - {power: Borduria, state: Ruritania, soldiers: 5}
            - {power: Borduria, state: Ruritania, soldiers: 7, certainty: 0.5}
        """
    )
    matrix = only(world, "trains(Borduria, Ruritania, ?n)")
    assert [item.value for item in matrix.hypotheses] == ["5", "7"]
