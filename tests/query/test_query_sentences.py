"""Templates filled with values."""

from datetime import date

import pytest

from kzexpert.model import Entity, GroundAtom, Inference, KnowledgeBase, Value
from kzexpert.questions.sentences import because, citations, fill, says


@pytest.mark.parametrize(
    ("value", "text"),
    [("Grand Fenwick", "Grand Fenwick"), (15000.0, "15000"), (0.5, "0.5"), (date(2010, 3, 2), "2010-03-02")],
)
def test_values_stand_in_sentences_without_quotes(value: Value, text: str) -> None:
    assert fill("{x}", {"x": value}) == text


def test_a_name_without_a_value_stays_and_values_are_not_filled_again() -> None:
    assert fill("{a} and {b}", {"a": "{b}"}) == "{b} and {b}"


def test_an_unknown_predicate_says_its_atom(kb: KnowledgeBase) -> None:
    assert says(kb, GroundAtom("ghost", ("Grand Fenwick",))) == 'ghost("Grand Fenwick")'


def test_a_rule_without_a_reason_gives_its_title(inference: Inference) -> None:
    (firing,) = inference.firings[GroundAtom("independent", ("Grand Fenwick",))]
    assert because(inference.program.kb, firing) == "In no bloc at all"


def test_each_source_is_cited_once(inference: Inference) -> None:
    base = inference.program.base["member"]["Ruritania", "Pact"]
    assert [str(citation) for citation in citations(base)] == ["almanac, p. 1", "gazette, no. 7"]


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{n:,}", 1234567.0, "1,234,567"),
        ("{n:,}", 1234.5, "1,234.5"),
        ("{n:.1f}", 2.0, "2.0"),
        ("{n:,.2f}", 1234.567, "1,234.57"),
        ("{n:.0%}", 0.256, "26%"),
        ("{n:.1%}", 1.0, "100.0%"),
        ("{n}", 2.0, "2"),
        ("{n:.1f}", "many", "many"),
        ("{n:,}", date(2010, 1, 31), "2010-01-31"),
        ("{m:.1f}", 1.0, "{m:.1f}"),
    ],
)
def test_formats_of_numbers(template: str, value: Value, text: str) -> None:
    assert fill(template, {"n": value}) == text


UNION = Entity("Border Union", "bloc", in_text="the Border Union", adjective="Union")
ISLES = Entity("Ruritanian Isles", "state", in_text="the Isles", possessive="the Isles' own", plural=True)
FORMS = {item.name: item for item in (UNION, ISLES, Entity("Twins", "state", plural=True))}


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{x} meets", "Border Union", "the Border Union meets"),
        ("{x.in_text} meets", "Border Union", "the Border Union meets"),
        ("the {x.name} files", "Border Union", "the Border Union files"),
        ("a {x.adjective} border", "Border Union", "a Union border"),
        ("{x.possessive} border", "Border Union", "the Border Union's border"),
        ("{x.possessive} border", "Ruritanian Isles", "the Isles' own border"),
        ("{x.possessive} border", "Twins", "Twins' border"),
        ("{x.adjective} wine", "Borduria", "Borduria wine"),
        ("{x.possessive} wine", "Borduria", "Borduria's wine"),
        ("{x} {x:is|are} far", "Ruritanian Isles", "the Isles are far"),
        ("{x} {x:is|are} far", "Borduria", "Borduria is far"),
        ("{x} {x:member|members}", 1.0, "1 member"),
        ("{x} {x:member|members}", 0.0, "0 members"),
        ("{x} {x:member|members}", 3.0, "3 members"),
        ("{x.in_text}", 3.0, "3"),
    ],
)
def test_a_sentence_has_the_form_of_an_entity_that_it_asks_for(template: str, value: Value, text: str) -> None:
    assert fill(template, {"x": value}, FORMS) == text
