"""What refers to the question before: which command it becomes, and what is told where it may mean several things."""

import pytest
from msgspec.structs import replace

from kzexpert.errors import UsageError
from kzexpert.model import KnowledgeBase
from kzexpert.questions.follow_up import Before, FollowUp, follow_up
from kzexpert.questions.question import read_asked, read_question


def asked(kb: KnowledgeBase, text: str, *answers: str) -> Before:
    """What a question leaves behind, and its answers."""
    pattern = read_question(kb, text).pattern
    about = [str(term) for term in pattern.terms if not str(term).startswith("?")]
    return Before(pattern, tuple(about), answers)


def followed(kb: KnowledgeBase, text: str, before: Before) -> FollowUp | None:
    def is_question(other: str, literal: bool) -> bool:
        try:
            return not (read_asked(kb, other).read_as and literal)
        except UsageError:
            return False

    return follow_up(kb, text, before, is_question)


def comparing(kb: KnowledgeBase) -> KnowledgeBase:
    """The base with powers that are compared."""
    compares = {"alignment": "power"}
    predicates = (replace(item, compares=compares.get(item.name, "")) for item in kb.predicates)
    return replace(kb, predicates=tuple(predicates))


WHO = "who is Ruritania aligned with in security"
REFERRING = {
    "and in trade?": ("ask", "alignment(Ruritania, ?power, trade)"),
    "And in defence": ("ask", "alignment(Ruritania, ?power, security)"),
    "what about Syldavia?": ("ask", "alignment(Syldavia, ?power, security)"),
    "and Klow in trade?": ("ask", "alignment(Syldavia, ?power, trade)"),
    "but who leads the Pact?": ("ask", "who leads the Pact?"),
    "why?": ("why", "alignment(Ruritania, ?power, security)"),
    "Why is that?": ("why", "alignment(Ruritania, ?power, security)"),
    "why Borduria?": ("why", "alignment(Ruritania, Borduria, security)"),
    "why not?": ("why-not", "alignment(Ruritania, ?power, security)"),
    "why not in trade?": ("why-not", "alignment(Ruritania, ?power, trade)"),
    "why not Syldavia?": ("why-not", "alignment(Ruritania, Syldavia, security)"),
    "what if not member(Ruritania, Pact)": (
        *("what-if", "alignment(Ruritania, ?power, security)", "--without", "member(Ruritania, Pact)"),
    ),
    "and what if member(Borduria, Ring)?": (
        *("what-if", "alignment(Ruritania, ?power, security)", "--assume", "member(Borduria, Ring)"),
    ),
    "since when?": ("timeline", "alignment(Ruritania, ?power, security)"),
    "over the years?": ("timeline", "alignment(Ruritania, ?power, security)"),
    "what does it hang on?": ("linchpins", "alignment(Ruritania, ?power, security)"),
    "does it hedge?": ("ask", "does Ruritania hedge?"),
}


@pytest.mark.parametrize("text", REFERRING)
def test_what_refers_to_the_question_before_becomes_a_command(kb: KnowledgeBase, text: str) -> None:
    found = followed(kb, text, asked(kb, WHO))
    assert found is not None
    assert (found.words, found.as_of) == (REFERRING[text], "")


def test_a_year_is_for_one_question(kb: KnowledgeBase) -> None:
    found = followed(kb, "and in 1999?", asked(kb, WHO))
    assert found == FollowUp(
        ("ask", "alignment(Ruritania, ?power, security)"),
        "who is Ruritania aligned with in security, as of 1999",
        "1999",
    )


DATED = {
    "and in trade?": ("ask", "2009"),
    "and Syldavia in 1999?": ("ask", "1999"),
    "why?": ("why", "2009"),
    "why not Syldavia?": ("why-not", "2009"),
    "what does it hang on?": ("linchpins", "2009"),
    "what if not member(Ruritania, Pact)": ("what-if", "2009"),
    "compare with Syldavia": ("matrix", "2009"),
    "does it hedge?": ("ask", "2009"),
    "does it hedge now?": ("ask", ""),
    "did it hedge in 1999?": ("ask", ""),  # which the question says itself
    "since when?": ("timeline", ""),
    "but who leads the Pact?": ("ask", ""),
}


@pytest.mark.parametrize("text", DATED)
def test_the_day_of_the_question_before_is_kept(kb: KnowledgeBase, text: str) -> None:
    found = followed(comparing(kb), text, replace(asked(kb, WHO), as_of="2009"))
    assert found is not None
    assert (found.words[0], found.as_of) == DATED[text]
    assert (", as of 2009" in found.read_as) == (found.as_of == "2009")


def test_readings_to_choose_from_are_of_the_day(kb: KnowledgeBase) -> None:
    before = replace(asked(kb, "alignment(Ruritania, Borduria, security)"), as_of="2009")
    with pytest.raises(UsageError) as caught:
        followed(kb, "why not Syldavia?", replace(before, about=()))
    (issue,) = caught.value.issues
    assert issue.hint.splitlines()[1] == "why-not 'alignment(Syldavia, Borduria, security)' --as-of 2009"


COMPARED = {
    "compare with Syldavia": "alignment(Ruritania, ?power, security)",
    "and compare it with Syldavia in trade?": "alignment(Ruritania, ?power, trade)",
    "compare Borduria and Syldavia": "alignment(Ruritania, ?power, security)",
}


@pytest.mark.parametrize("text", COMPARED)
@pytest.mark.parametrize("question", [WHO, "is Ruritania aligned with Borduria in security"])
def test_what_is_compared_is_the_answer(kb: KnowledgeBase, question: str, text: str) -> None:
    found = followed(comparing(kb), text, asked(kb, question))
    assert found is not None
    assert found.words == ("matrix", COMPARED[text])
    assert "Syldavia among all others" in found.read_as


def test_a_what_if_is_said_in_words(kb: KnowledgeBase) -> None:
    found = followed(kb, "what if not member(Ruritania, Pact)", asked(kb, WHO))
    assert found is not None
    about = "'who is Ruritania aligned with in security'"
    assert found.read_as == f"what changes in {about} if it were not so that Ruritania is a member of Pact"


@pytest.mark.parametrize(
    "text",
    [WHO, "why is Ruritania aligned with Borduria in security", "why member(Ruritania, Pact)", "how many are rich"],
)
def test_what_stands_alone_is_left_as_it_is(kb: KnowledgeBase, text: str) -> None:
    assert followed(kb, text, asked(kb, "who leads the Pact")) is None


def test_it_may_be_the_answer(kb: KnowledgeBase) -> None:
    before = asked(kb, "is Ruritania a member of the Pact")
    assert followed(kb, "who leads it?", before) == FollowUp(("ask", "who leads Pact?"), "who leads Pact?")
    before = Before(read_question(kb, "member(Ruritania, ?bloc)").pattern, ("Ruritania",), ("Pact",))
    assert followed(kb, "who leads it?", before) == FollowUp(("ask", "who leads Pact?"), "who leads Pact?")


FAULTS = {
    ("why?", False): ("KZ301", "no question was asked before that 'why?' could be about"),
    ("and in trade?", False): ("KZ301", "no question was asked before that 'and in trade?' could be about"),
    ("does it hedge?", False): ("KZ301", "nothing was asked before that 'it' could stand for"),
    ("and Pact?", True): ("KZ301", "alignment(Ruritania, Borduria, security) has no place for Pact"),
    ("and Ruritania and Syldavia in trade?", True): (
        *("KZ301", "Ruritania and Syldavia cannot both stand in the question before"),
    ),
    ("does it lean to it?", True): ("KZ302", "'it' and 'it' may stand for different things"),
    ("compare with Syldavia", False): (
        *("KZ301", "no question was asked before that 'compare with Syldavia' could be about"),
    ),
    ("whom does it train with there?", True): ("KZ302", "'it' and 'there' may stand for several things"),
    ("and Syldavia?", True): ("KZ302", "'and Syldavia?' can be read in 2 ways"),
}


@pytest.mark.parametrize(("text", "before"), FAULTS)
def test_what_is_not_clear_is_told(kb: KnowledgeBase, text: str, before: bool) -> None:
    was = asked(kb, "alignment(Ruritania, Borduria, security)") if before else Before()
    with pytest.raises(UsageError) as caught:
        followed(kb, text, was)
    (issue,) = caught.value.issues
    assert (issue.code, issue.message) == FAULTS[text, before]
    assert issue.hint


def test_it_with_several_answers_lists_them(kb: KnowledgeBase) -> None:
    before = Before(read_question(kb, "member(Ruritania, ?bloc)").pattern, ("Ruritania",), ("Pact", "Ring"))
    with pytest.raises(UsageError) as caught:
        followed(kb, "who leads it?", before)
    (issue,) = caught.value.issues
    assert issue.hint.splitlines() == ["ask one of them:", "who leads Pact?", "who leads Ring?"]


def test_an_entity_alone_is_no_question(kb: KnowledgeBase) -> None:
    with pytest.raises(UsageError) as caught:
        followed(kb, "since when?", Before(about=("Ruritania",)))
    (issue,) = caught.value.issues
    assert issue.hint == "ask one about Ruritania first"
