"""Questions that no template fits word by word, on the command line: what is said of their reading, and what runs."""

import json
import shlex

import pytest

from .conftest import Kzexpert

SLIP = "please, was Ruritanja alligned with Borduria in security in 2010"


def test_an_answer_begins_with_what_was_read(kzexpert: Kzexpert) -> None:
    result = kzexpert("ask", SLIP)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("Read as: is Ruritania aligned with Borduria in security, as of 2010\n\n")
    assert "As of 2010-12-31" in result.stdout


def test_an_answer_to_a_template_does_not(kzexpert: Kzexpert) -> None:
    assert "Read as" not in kzexpert("ask", "is Ruritania aligned with Borduria in security").stdout


def test_json_has_the_reading_and_the_command(kzexpert: Kzexpert) -> None:
    document = json.loads(kzexpert("ask", SLIP, "--format", "json").stdout)
    assert document["read_as"] == "is Ruritania aligned with Borduria in security, as of 2010"
    assert document["command"] == "kzexpert ask 'alignment(Ruritania, Borduria, security)' --as-of 2010"
    assert "read_as" not in json.loads(kzexpert("ask", "alignment(Ruritania, ?x, ?y)", "--format", "json").stdout)


def test_the_command_of_a_reading_gives_the_same_answers(kzexpert: Kzexpert) -> None:
    answer = json.loads(kzexpert("ask", SLIP, "--format", "json").stdout)
    again = kzexpert("ask", "alignment(Ruritania, Borduria, security)", "--as-of", "2010", "--format", "json")
    assert json.loads(again.stdout)["answers"] == answer["answers"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (
            "what if Ruritania were not a member of the Pact",
            ["what-if", "--all", "--without", "member(Ruritania, Pact)"],
        ),
        ("tell me about Ruritania", ["about", "Ruritania"]),
        ("who leads the Pact over the years", ["timeline", "leads(?power, Pact)"]),
        ("what does it hang on that Borduria leads the Pact", []),
    ],
)
def test_a_question_leads_to_the_command_that_answers_it(kzexpert: Kzexpert, text: str, command: list[str]) -> None:
    result = kzexpert("ask", text)
    if not command:
        assert result.exit_code == 2  # it stands for nothing here
        return
    read_as, _, rest = result.stdout.partition("\n\n")
    assert read_as.startswith("Read as: ")
    assert f"(kzexpert {command[0]} " in read_as
    assert rest == kzexpert(*command).stdout


def test_how_many_are_counted(kzexpert: Kzexpert) -> None:
    result = kzexpert("ask", "how many states belong to the Pact", "--format", "json")
    document = json.loads(result.stdout)
    assert document["count"] == len(document["answers"])


def test_two_dates_that_do_not_agree(kzexpert: Kzexpert) -> None:
    result = kzexpert("ask", SLIP, "--as-of", "2011")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ308" in result.stderr


def test_another_command_says_on_stderr_how_it_read(kzexpert: Kzexpert) -> None:
    result = kzexpert("linchpins", "is Ruritanja alligned with Borduria in security")
    assert "Read as: is Ruritania aligned with Borduria in security" in result.stderr


def test_another_command_takes_no_date_from_a_question(kzexpert: Kzexpert) -> None:
    result = kzexpert("linchpins", SLIP)
    assert result.exit_code == 2
    assert "--as-of 2010" in result.stderr


def test_a_yes_or_no_question_with_one_gap_is_answered_first(kzexpert: Kzexpert) -> None:
    read_as, answered, *_ = kzexpert("ask", "is Ruritania aligned with Borduria").stdout.split("\n\n")
    assert read_as.startswith("Read as: ")
    assert answered.startswith("Yes, in ")
    assert not kzexpert("ask", "who is Ruritania aligned with").stdout.startswith("Yes")


@pytest.mark.parametrize("words", [("ask",), ("ask", "--format", "json"), ("linchpins",)])
def test_a_reading_is_as_wide_as_the_result(kzexpert: Kzexpert, words: tuple[str, ...]) -> None:
    supposed, asked = (
        "what if Ruritania were not a member of the Pact",
        "is Ruritanja alligned with Borduria in security",
    )
    result = kzexpert(*words, supposed if words[0] == "ask" else asked, "--width", "44")
    said = result.stdout if words == ("ask",) else result.stderr
    first, second, *_ = said.splitlines()
    assert first.startswith("Read as: ")
    assert max(len(first), len(second)) <= 44
    assert not second.startswith("(")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("is Ruritania not a member of Pact", "No: Ruritania is a member of Pact"),
        ("Ruritania isn't a member of Pact", "No: Ruritania is a member of Pact"),
        ("isn't Ruritania a member of Pact", "Yes: Ruritania is a member of Pact"),
    ],
)
def test_yes_and_no_answer_what_was_asked(kzexpert: Kzexpert, text: str, first: str) -> None:
    assert first in " ".join(kzexpert("ask", text).stdout.split())


LEADS = {
    "tell me about Ruritania": "kzexpert about Ruritania",
    "who leads the Pact over the years": "kzexpert timeline 'leads(?power, Pact)'",
    "what if Ruritania were not a member of the Pact": "kzexpert what-if --all --without 'member(Ruritania, Pact)'",
    "what does the alignment of Ruritania with Borduria in security rest on": (
        "kzexpert linchpins 'alignment(Ruritania, Borduria, security)'"
    ),
}


@pytest.mark.parametrize("text", LEADS)
def test_json_of_a_command_that_a_question_leads_to_says_how_it_was_read(kzexpert: Kzexpert, text: str) -> None:
    document = json.loads(kzexpert("ask", text, "--format", "json").stdout)
    assert document.pop("read_as")
    command = document.pop("command")
    assert command.startswith(LEADS[text])
    assert document == json.loads(kzexpert(*shlex.split(command)[1:], "--format", "json").stdout)
