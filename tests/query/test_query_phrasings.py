"""What people type, in the words that come to them: what it is read as, and what is refused rather than misread."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from kzexpert.errors import UsageError
from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.questions.question import Lead, Question, read_asked

ROOT = Path(__file__).parents[2]
PHRASINGS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).parent.joinpath("phrasings").glob("*.yaml"))
}
#: Questions to try on the shipped base, where somebody has put them beside the checkout.
SHARED = ROOT.parent / "shared" / "cases" / "questions.txt"


@cache
def base(name: str) -> KnowledgeBase:
    return load_knowledge_base([ROOT if name == "kzexpert" else name])


def asked(kb: KnowledgeBase, text: str) -> Question | Lead | UsageError:
    try:
        return read_asked(kb, text)
    except UsageError as error:
        return error


def told(found: Question | Lead | UsageError) -> str:
    """The command that answers a question, or the code of the error and the words that nothing reads."""
    if isinstance(found, UsageError):
        (issue, *_) = found.issues
        return " ".join([issue.code, *re.findall(r"'([^']*)'", issue.message)])
    if isinstance(found, Lead):
        return " ".join(found.command)
    command = {"what": "ask", "why": "why", "why-not": "why-not"}[found.kind]
    date = f" --as-of {found.as_of}" if found.as_of else ""
    return f"{command} {found.pattern}{date}" + "".join(f", counting {name}" for name in found.counts)


def understood(name: str) -> list[str]:
    return [text for text, wanted in PHRASINGS[name].items() if not wanted.startswith("KZ")]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [(name, text, wanted) for name, cases in PHRASINGS.items() for text, wanted in cases.items()],
)
def test_a_question_is_read_as_meant(name: str, text: str, wanted: str) -> None:
    assert told(asked(base(name), text)) == wanted


@pytest.mark.skipif(not SHARED.exists(), reason="no questions beside the checkout")
def test_most_questions_of_others_are_understood_or_rightly_called_unknowable() -> None:
    texts = list(filter(None, SHARED.read_text(encoding="utf-8").splitlines()))
    answers = [told(asked(base("kzexpert"), text)) for text in texts]
    refused = [text for text, answer in zip(texts, answers, strict=True) if answer.startswith("KZ")]
    unknowable = [answer for answer in answers if answer.startswith("KZ309")]
    assert len(texts) - len(refused) + len(unknowable) >= 0.85 * len(texts), refused


# --- nothing is dropped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["purple", "Latveria", "Ungoliant's", "%", "only", "every", "twice", "пурпур"])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_word_that_nothing_reads_is_refused_wherever_it_stands(word: str, place: float) -> None:
    for text in understood("kzexpert")[::3]:
        words = text.rstrip("?").split()
        words.insert(round(place * len(words)), word)
        assert told(asked(base("kzexpert"), " ".join(words))).startswith("KZ"), words


def test_the_message_names_the_word() -> None:
    found = asked(base("kzexpert"), "who is Kazakhstan secretly aligned with in security")
    assert isinstance(found, UsageError)
    (issue,) = found.issues
    assert "'secretly'" in issue.message
    assert issue.location is not None
    assert issue.location.column == 19


def test_a_year_is_the_date_or_refused() -> None:
    for text in understood("kzexpert"):
        if not re.search(r"\d{4}", text):
            answer = told(asked(base("kzexpert"), f"{text.rstrip('?')} in 1999"))
            assert "1999" in answer or answer.startswith("KZ"), text


@pytest.mark.parametrize("when", ["before 1999", "until 1999", "after 1999", "in 1999 and 2003", "in 12345"])
def test_a_date_that_is_no_as_of_date_is_refused(when: str) -> None:
    assert told(asked(base("kzexpert"), f"who was Kazakhstan aligned with {when}")).startswith("KZ3")


def test_a_not_is_told_or_refused() -> None:
    for text in understood("kzexpert"):
        found = asked(base("kzexpert"), f"{text.rstrip('?')} not")
        plain = asked(base("kzexpert"), text)
        said = isinstance(found, Question) and ", or not" in found.read_as
        assert said or told(found) != told(plain), text


@pytest.mark.parametrize(
    "text",
    [
        "who is Kazakhstan not aligned with",
        "is Kazakhstan not not aligned with Russia",
        "which states do not hedge",
        "how many states are not members of the CSTO",
        "when did Kazakhstan not join the CSTO",
        "compare Russia and not China in Kazakhstan",
        "is Kazakhstan aligned with Russia or with China and the US",
        "does Kazakhstan depend on Russia and China",
        "who depends on Kazakhstan and Russia",
        "will Kazakhstan be aligned with Russia",
        "could Kazakhstan depend on Russia",
        "why is Kazakhstan aligned with Russia over the years",
        "Russia's influence in Kazakhstan",
        "is the alignment of Kazakhstan with Russia > 0.5",
        "is Kazakhstan aligned with Russia; is it a member of the CSTO",
    ],
)
def test_what_would_be_misread_is_refused(text: str) -> None:
    assert told(asked(base("kzexpert"), text)).startswith("KZ")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("who depends on Kazakhstan", "ask depends(?state, Kazakhstan, ?sphere)"),
        ("does Russia depend on Kazakhstan", "ask depends(Russia, Kazakhstan, ?sphere)"),
        ("on Russia in energy Kazakhstan depends", "ask depends(Kazakhstan, Russia, energy)"),
        ("by whom is Kazakhstan dominated", "ask dominates(?power, Kazakhstan, ?sphere)"),
        ("is Russia dominated by Kazakhstan", "ask dominates(Kazakhstan, Russia, ?sphere)"),
        ("whom does Kazakhstan dominate", "ask dominates(Kazakhstan, ?state, ?sphere)"),
        ("is Kazakhstan an ally of Russia", "ask alignment(Russia, Kazakhstan, ?sphere)"),
        ("are Russia and Kazakhstan allies", "ask alignment(Kazakhstan, Russia, ?sphere)"),
    ],
)
def test_who_does_what_to_whom(text: str, wanted: str) -> None:
    assert told(asked(base("kzexpert"), text)) == wanted


# --- slips of the pen, and several readings --------------------------------------------------------------------------


@pytest.mark.parametrize("slip", ["Kazkhstan", "Kazakhtsan", "Khazakstan", "kazakhstann", "Kasakhstan"])
def test_one_or_two_slips_in_a_name(slip: str) -> None:
    found = told(asked(base("kzexpert"), f"who is {slip} aligned with"))
    assert found == "ask alignment(Kazakhstan, ?power, ?sphere)"


@pytest.mark.parametrize("other", ["Iran", "Chinon", "Belize", "Azores", "NAFTA", "OSCAR"])
def test_another_name_is_no_slip(other: str) -> None:
    assert told(asked(base("kzexpert"), f"is Kazakhstan aligned with {other}")).startswith("KZ")


def test_small_words_are_no_abbreviations_of_states() -> None:
    """BY is Belarus, US are the United States, and IT might be Italy."""
    assert told(asked(base("kzexpert"), "tell us about China")) == "about China"
    found = told(asked(base("kzexpert"), "is the economy of Kazakhstan dominated by Russia"))
    assert found == "ask dominates(Russia, Kazakhstan, economy)"


# --- nothing depends on an order -------------------------------------------------------------------------------------


def test_the_order_of_files_changes_no_reading() -> None:
    kb = base("kzexpert")
    turned = replace(
        kb,
        predicates=kb.predicates[::-1],
        entities=kb.entities[::-1],
        synonyms=kb.synonyms[::-1],
        facts=kb.facts[::-1],
        kinds=kb.kinds[::-1],
    )
    for text, wanted in PHRASINGS["kzexpert"].items():
        assert told(asked(turned, text)) == wanted, text


def test_no_reading_depends_on_the_hash_seed() -> None:
    script = (
        "import sys, kzexpert\n"
        "from kzexpert.questions.question import read_asked\n"
        f"kb = kzexpert.load_knowledge_base([{str(ROOT)!r}])\n"
        "for text in sys.stdin.read().splitlines():\n"
        "    try:\n"
        "        print(read_asked(kb, text))\n"
        "    except kzexpert.KzexpertError as error:\n"
        "        print(error, error.issues)\n"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", script],
            input="\n".join(PHRASINGS["kzexpert"]),
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(results) == 1
