"""What every command prints, as text and as JSON, on the small knowledge base."""

import json

import pytest
from syrupy.assertion import SnapshotAssertion

from kzexpert.cli.group import COMMANDS

from .conftest import Kzexpert

TEXTS = {
    "ask": (0, "ask", "Who is Strelsau aligned with in defence?"),
    "ask-several": (0, "ask", "reaches(?a, ?b)"),
    "ask-yes": (0, "ask", "is Ruritania aligned with Borduria in security"),
    "ask-no": (3, "ask", "is Grand Fenwick aligned with Borduria in security"),
    "ask-not-established": (3, "ask", "does Ruritania hedge"),
    "ask-nothing": (3, "ask", "is Syldavia aligned with Borduria in trade"),
    "ask-nothing-open": (3, "ask", "alignment(Syldavia, ?power, _)"),
    "ask-weighed": (3, "ask", "which states hedge"),
    "ask-weighed-all": (3, "ask", "which states hedge", "--all"),
    "ask-records": (0, "ask", "who belongs to the Pact"),
    "ask-assumed": (0, "ask", "who leads the Ring", "--assume", "leads(Klow, Ring)"),
    "ask-without": (3, "ask", "who leads the Pact", "--without", "leads(_, _)"),
    "ask-as-of": (3, "ask", "is Ruritania a member of the Pact", "--as-of", "1994"),
    "ask-why": (0, "ask", "why does Ruritania reach Syldavia"),
    "why": (0, "why", "alignment(Ruritania, ?power, security)"),
    "why-not": (3, "why", "not independent(Ruritania)"),
    "why-not-that-holds": (0, "why", "not leads(Borduria, Pact)"),
    "why-weighed": (3, "why", "does Ruritania hedge"),
    "why-not-in-force": (3, "why", "member(Ruritania, Pact)", "--as-of", "1994-06"),
    "why-no-rule": (3, "why", "leads(Syldavia, Ring)"),
    "conclusions": (0, "conclusions"),
    "conclusions-all": (0, "conclusions", "--all"),
    "conclusions-pattern": (0, "conclusions", "reaches(Ruritania, ?other)"),
    "conclusions-none": (3, "conclusions", "hedges(_)"),
    "check": (0, "check"),
    "test": (0, "test", "--coverage"),
    "vocabulary": (0, "vocabulary", "member", "exercise", "doomed"),
    "vocabulary-entities": (0, "vocabulary", "kinds", "state"),
    "help": (0, "--help"),
}
JSON = (
    "ask",
    "ask-nothing",
    "ask-weighed-all",
    "ask-records",
    "why",
    "why-not",
    "conclusions",
    "check",
    "test",
    "vocabulary",
)


@pytest.mark.parametrize("name", TEXTS)
def test_text(kzexpert: Kzexpert, name: str, snapshot: SnapshotAssertion) -> None:
    code, *arguments = TEXTS[name]
    result = kzexpert(*arguments)
    assert (result.exit_code, result.stderr) == (code, "")
    assert result.stdout.endswith("\n")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout == snapshot


@pytest.mark.parametrize("name", JSON)
def test_json(kzexpert: Kzexpert, name: str, snapshot: SnapshotAssertion) -> None:
    code, *arguments = TEXTS[name]
    result = kzexpert(*arguments, "--format", "json")
    assert (result.exit_code, result.stderr) == (code, "")
    assert next(iter(json.loads(result.stdout))) == "schema"
    assert result.stdout == snapshot


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(kzexpert: Kzexpert, name: str) -> None:
    result = kzexpert(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.count(f"  kzexpert {name}") >= 2
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_words_of_a_question_need_no_quotes(kzexpert: Kzexpert) -> None:
    together = kzexpert("ask", "who leads the Pact")
    assert kzexpert("ask", "who", "leads", "the", "Pact").stdout == together.stdout
    assert kzexpert("ask", "--", "who leads", "the Pact").stdout == together.stdout


def test_that_nothing_is_calibrated_is_said_once(kzexpert: Kzexpert) -> None:
    for name in ("ask-several", "why", "conclusions"):
        assert " ".join(kzexpert(*TEXTS[name][1:]).stdout.split()).count("Not calibrated") == 1
