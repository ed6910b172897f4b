"""What a question may go on with."""

import pytest

from kzexpert.model import KnowledgeBase
from kzexpert.questions.completion import Continuations

BEGUN = {
    "who leads ": ("Pact", "Ring"),
    "who leads the P": ("Pact",),
    "who leads P": ("Pact",),
    "who leads p": ("Pact",),
    "is Ru": ("Ruritania",),
    "is Klow ": (" a member of ", " aligned with "),
    "which states he": ("which states hedge",),
    "why who leads ": ("Pact", "Ring"),
    "lead": ("leads(",),
    "why lead": ("leads(",),
    "leads(": ("?power, ", "Borduria, ", '"Grand Fenwick", ', "Ruritania, ", "Syldavia, "),
    "leads(Gra": ('"Grand Fenwick", ',),
    'leads("Gra': ('"Grand Fenwick", ',),
    "leads(Bo": ("Borduria, ",),
    "leads(Borduria, ": ("?bloc)", "Pact)", "Ring)"),
    "leads(Borduria, Pact, ": (),
    "what if not leads(Borduria, P": ("Pact)",),
    "something about Grand Fen": ("Grand Fenwick",),
    "something about Syl": ("Syldavia",),
    "something": (),
}


@pytest.mark.parametrize("text", BEGUN)
def test_a_question_goes_on(kb: KnowledgeBase, text: str) -> None:
    found = Continuations(kb).of(text)
    for wanted in BEGUN[text]:
        assert wanted in [item.text for item in found]
    if not BEGUN[text]:
        assert found == []


@pytest.mark.parametrize("text", BEGUN)
def test_what_is_proposed_begins_as_what_was_typed(kb: KnowledgeBase, text: str) -> None:
    for item in Continuations(kb).of(text):
        assert item.text.strip('"').lower().startswith(text[item.start :].strip('"').lower())
        assert len(item.text) > len(text) - item.start


def test_names_stand_before_their_aliases(kb: KnowledgeBase) -> None:
    assert [item.text for item in Continuations(kb).all_names("ru")] == ["Ruritania"]
    assert [item.text for item in Continuations(kb).all_names("S")][:2] == ["security", "Syldavia"]
    assert [(item.text, item.note) for item in Continuations(kb).all_names("Strel")] == [
        ("Strelsau", "state, Ruritania")
    ]
