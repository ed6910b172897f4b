"""What is assumed or withdrawn: atoms, and sentences that stand for one."""

import msgspec
import pytest

from kzexpert.errors import Location, UsageError
from kzexpert.language import GrammarError
from kzexpert.model import Entity, KnowledgeBase
from kzexpert.program.resolve import resolve_atom
from kzexpert.questions.statements import read_statement

PLACE = Location("--assume", 1, 1)
STATEMENTS = {
    "member(Klow, Pact)": "member(Syldavia, Pact)",
    "leads(?power, Pact)": "leads(?power, Pact)",
    "Ruritania is a member of the Pact": "member(Ruritania, Pact)",
    "ruritania  is a member of Pact.": "member(Ruritania, Pact)",
    "Klow leads the Pact": "leads(Syldavia, Pact)",
    "Ruritania is aligned with Borduria in defence": "alignment(Ruritania, Borduria, security)",
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_sentence_is_its_atom(kb: KnowledgeBase, text: str) -> None:
    pattern, _ = resolve_atom(kb, read_statement(kb, text, PLACE))
    assert str(pattern) == STATEMENTS[text]


@pytest.mark.parametrize(
    "text",
    [
        "is Ruritania a member of the Pact",  # asks
        "Ruritania is not a member of the Pact",  # denies
        "Ruritania is a member of the Pact in 2009",  # says more
        "Ruritania is a member of < Pact",
        "Nobody is a member of the Pact",
        "",
    ],
)
def test_what_is_no_sentence_of_the_base_is_told(kb: KnowledgeBase, text: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_statement(kb, text, PLACE)
    assert caught.value.issue.hint.endswith("a sentence does as well, if a template of 'kzexpert vocabulary' makes it")


def test_a_broken_atom_is_told_as_one(kb: KnowledgeBase) -> None:
    with pytest.raises(GrammarError) as caught:
        read_statement(kb, "member(Klow Pact)", PLACE)
    assert "sentence" not in caught.value.issue.hint


def test_a_name_with_two_meanings_is_not_guessed(kb: KnowledgeBase) -> None:
    twin = Entity("Lower Klow", "state", aliases=("Klow",))
    twins = msgspec.structs.replace(kb, entities=(*kb.entities, twin))
    with pytest.raises(UsageError) as caught:
        read_statement(twins, "Klow leads the Pact", PLACE)
    (issue,) = caught.value.issues
    assert (issue.code, issue.location) == ("KZ302", PLACE)
    assert issue.hint.splitlines()[0] == "write one of them:"
