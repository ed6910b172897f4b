"""The sections entities, sources and facts: what they give, and what is said of every mistake in them."""

from datetime import date
from typing import Any

import pytest

VOCABULARY = """\
kinds: [state, organisation]
predicates:
  member: {args: [state: state, org: organisation], holds: interval}
  trade: {args: [state: state, amount: number, from: date, code: text]}
"""


def test_entities(read: Any) -> None:
    loaded = read(
        "entities:\n  NO: {kind: state, aliases: [Norway, no, 47]}\n  Zenda Pact: {kind: organisation, aliases: Pact}\n"
    )
    assert loaded.issues == ()
    norway, pact = loaded.kb.entities
    assert (norway.name, norway.kind, norway.aliases) == ("NO", "state", ("Norway", "no", "47"))
    assert str(norway.location) == "file.yaml:2:3"
    assert str(norway.marks["aliases.1"]) == "file.yaml:2:39"
    assert (pact.name, pact.aliases) == ("Zenda Pact", ("Pact",))


def test_an_entity_has_forms_for_sentences(read: Any) -> None:
    loaded = read(
        "entities:\n  Isles: {kind: state, in_text: the Isles, adjective: Islander, possessive: Isles', plural: true}\n"
        "  Pact: {kind: organisation, plural: false}\n"
    )
    assert loaded.issues == ()
    isles, pact = loaded.kb.entities
    assert (isles.in_text, isles.adjective, isles.possessive, isles.plural) == (
        "the Isles",
        "Islander",
        "Isles'",
        True,
    )
    assert isles.spellings == ("Isles", "the Isles", "Islander", "Isles'")
    assert pact.spellings == ("Pact",)
    assert {*loaded.kb.inflected} == {"Isles"}


def test_sources(read: Any) -> None:
    loaded = read(
        "sources:\n  hope-1894: {title: On Ruritania, authors: [A. Hope, B. Hawkins], publisher: Zenda, date: 1894-04,"
        " reliability: B, url: 'https://example.org'}\n  rumour: {}\n"
    )
    assert loaded.issues == ()
    hope, rumour = loaded.kb.sources
    assert (hope.id, hope.title, hope.authors) == ("hope-1894", "On Ruritania", "A. Hope, B. Hawkins")
    assert (hope.publisher, hope.reliability, hope.url) == ("Zenda", "B", "https://example.org")
    assert (hope.date.text, hope.date.first, hope.date.last) == ("1894-04", date(1894, 4, 1), date(1894, 4, 30))
    assert (rumour.id, rumour.title, rumour.date) == ("rumour", "", None)


def test_the_declared_type_says_how_a_value_is_read(read: Any) -> None:
    loaded = read("facts:\n  trade: [{state: NO, amount: 1e3, from: 2011-02-03, code: 12}]\n", vocabulary=VOCABULARY)
    assert loaded.issues == ()
    (fact,) = loaded.kb.facts
    assert fact.arguments == {"state": "NO", "amount": 1000.0, "from": date(2011, 2, 3), "code": "12"}
    assert isinstance(fact.arguments["amount"], float)
    assert str(fact.location) == "file.yaml:2:11"
    assert str(fact.marks["amount"]) == "file.yaml:2:31"


@pytest.mark.parametrize("word", ["NO", "yes", "on", "true", "12", "2011-02-30", ".inf", "0x10", "1_000", "'null'"])
def test_text_stays_as_it_is_written(word: str, read: Any) -> None:
    text = f"facts:\n  trade: [{{state: {word}, amount: 1, from: 2011-02-03, code: {word}}}]\n"
    (fact,) = read(text, vocabulary=VOCABULARY).kb.facts
    assert fact.arguments["state"] == fact.arguments["code"] == word.strip("'")


def test_without_a_declaration_values_are_read_by_their_look(read: Any) -> None:
    (fact,) = read("facts:\n  guess: [{a: 1, b: '1', c: NO, d: 2011-01-01}]\n").kb.facts
    assert fact.arguments == {"a": 1.0, "b": "1", "c": "NO", "d": "2011-01-01"}


def test_what_stands_beside_the_arguments(read: Any) -> None:
    (fact,) = read(
        "facts:\n  member:\n"
        "    - {state: A, org: B, since: 1994-05, until: 1999, certainty: 0.8, source: s, at: p 1, note: n}\n"
    ).kb.facts
    assert (str(fact.since), str(fact.until), fact.certainty, fact.note) == ("1994-05", "1999", 0.8, "n")
    assert (fact.source.source, fact.source.at, str(fact.source)) == ("s", "p 1", "s, p 1")
    (event,) = read("facts:\n  met: [{a: A, on: 2010-08-01}]\n").kb.facts
    assert (event.on.first, event.arguments) == (date(2010, 8, 1), {"a": "A"})


def test_defaults_beside_facts(read: Any) -> None:
    loaded = read(
        "source: s\nat: para 1\nsince: 1990\nuntil: 1995\ncertainty: 0.5\nnote: n\n"
        "facts:\n  p:\n    - {a: 1}\n    - {a: 2, at: para 2, since: 1991, certainty: 1, note: ''}\n"
        "    - {a: 3, source: t}\n    - {a: 4, source: t, at: para 9}\n    - {a: 5, source: {id: u, at: para 7}}\n"
    )
    assert loaded.issues == ()
    facts = loaded.kb.facts
    assert [str(fact.source) for fact in facts] == ["s, para 1", "s, para 2", "t", "t, para 9", "u, para 7"]
    assert [str(fact.since) for fact in facts] == ["1990", "1991", "1990", "1990", "1990"]
    assert {str(fact.until) for fact in facts} == {"1995"}
    assert [fact.certainty for fact in facts] == [0.5, 1.0, 0.5, 0.5, 0.5]
    assert [fact.note for fact in facts] == ["n", "", "n", "n", "n"]


def row(text: str) -> str:
    """A row of trade whose values are right but for this; it begins in line 3 and column 7."""
    good = {"state": "A", "amount": "1", "from": "2011-01-01", "code": "x"}
    key, _, value = text.partition(": ")
    return (
        "facts:\n  trade:\n    - {"
        + ", ".join(f"{k}: {v}" for k, v in {key: value, **{**good, key: value}}.items())
        + "}\n"
    )


MISTAKES = [
    ("entities: A\n", "file.yaml:1:11 KZ110", "such as Ruritania"),
    ("entities: [A]\n", "file.yaml:1:12 KZ110", "such as {file: register.csv"),
    ("entities:\n  A: state\n", "file.yaml:2:6 KZ110", "such as Ruritania"),
    ("entities:\n  A:\n", "file.yaml:2:5 KZ110", "such as Ruritania"),
    ("entities:\n  A: {aliases: [B]}\n", "file.yaml:2:6 KZ109", "such as Ruritania"),
    ("entities:\n  A: {kind: ~}\n", "file.yaml:2:13 KZ110", ""),
    ("entities:\n  A: {kind: state, alias: [B]}\n", "file.yaml:2:20 KZ108", "did you mean aliases?"),
    ("entities:\n  A: {kind: state, aliases: [B, '']}\n", "file.yaml:2:34 KZ110", ""),
    ("entities:\n  A: {kind: state, adjectve: B}\n", "file.yaml:2:20 KZ108", "did you mean adjective?"),
    ("entities:\n  A: {kind: state, in_text: ''}\n", "file.yaml:2:30 KZ110", ""),
    ("entities:\n  A: {kind: state, plural: yes}\n", "file.yaml:2:28 KZ110", "write true or false"),
    ("entities:\n  '': {kind: state}\n", "file.yaml:2:3 KZ110", "before each colon"),
    ("sources: [a]\n", "file.yaml:1:10 KZ110", "such as smith-2011"),
    ("sources:\n  a: text\n", "file.yaml:2:6 KZ110", "such as smith-2011"),
    ("sources:\n  a: {titel: x}\n", "file.yaml:2:7 KZ108", "did you mean title?"),
    ("sources:\n  a: {date: 2011-02-30}\n", "file.yaml:2:13 KZ112", "2010-01-31"),
    ("sources:\n  a: {date: April 2011}\n", "file.yaml:2:13 KZ112", "2010-01-31"),
    ("sources:\n  a: {reliability: G}\n", "file.yaml:2:20 KZ110", "one of A, B"),
    ("sources:\n  a: {reliability: b}\n", "file.yaml:2:20 KZ110", "did you mean B?"),
    ("sources:\n  a: {reliability: AB}\n", "file.yaml:2:20 KZ110", ""),
    ("facts: [a]\n", "file.yaml:1:8 KZ110", "such as member"),
    ("facts:\n  trade: x\n", "file.yaml:2:10 KZ110", "a row is a mapping"),
    ("facts:\n  trade: {a: b}\n", "file.yaml:2:10 KZ110", "a row is a mapping"),
    ("facts:\n  trade:\n    - [A, 1]\n", "file.yaml:3:7 KZ110", "a row is a mapping"),
    ("facts:\n  trade:\n    - \n", "file.yaml:3:6 KZ110", "a row is a mapping"),
    (row("amount: '1'"), "file.yaml:3:17 KZ205", "without quotes"),
    (row("amount: many"), "file.yaml:3:16 KZ205", "amount is a number"),
    (row("amount: .inf"), "file.yaml:3:16 KZ205", "amount is a number"),
    (row("amount: 0x10"), "file.yaml:3:16 KZ205", "amount is a number"),
    (row("amount: 1_000"), "file.yaml:3:16 KZ205", "amount is a number"),
    (row("amount: 1e999"), "file.yaml:3:16 KZ205", "amount is a number"),
    (row("amount: [1]"), "file.yaml:3:16 KZ110", ""),
    (row("amount: null"), "file.yaml:3:16 KZ110", ""),
    (row("from: 2011-02-30"), "file.yaml:3:14 KZ112", "from is a full day"),
    (row("from: 2011"), "file.yaml:3:14 KZ112", "from is a full day"),
    (row("code: !!str 12"), "file.yaml:3:14 KZ107", "!!str"),
    (row("stat: A"), "file.yaml:3:8 KZ203", "did you mean state?"),
    (row("sinse: 2011"), "file.yaml:3:8 KZ203", "did you mean since?"),
    (row("xyzzy: A"), "file.yaml:3:8 KZ203", "trade has state, amount, from, code"),
    (row("since: 2011-13"), "file.yaml:3:15 KZ112", "2010-01-31"),
    (row("on: yesterday"), "file.yaml:3:12 KZ112", "2010-01-31"),
    (row("since: 0000"), "file.yaml:3:15 KZ112", "2010-01-31"),
    (row("certainty: 0"), "file.yaml:3:19 KZ111", "over 0"),
    (row("certainty: -0.5"), "file.yaml:3:19 KZ111", "over 0"),
    (row("certainty: 1.01"), "file.yaml:3:19 KZ111", "up to 1"),
    (row("certainty: likely"), "file.yaml:3:19 KZ110", "a number is written"),
    (row("at: para 1"), "file.yaml:3:12 KZ109", "give source too"),
    ("at: para 1\nfacts: {}\n", "file.yaml:1:5 KZ109", "give source too"),
    ("certainty: 2\nfacts:\n  p: [{a: 1}, {a: 2}, {a: 3}]\n", "file.yaml:1:12 KZ111", "over 0"),
    ("since: 2012\nuntil: 2011\nfacts:\n  p: [{a: 1}, {a: 2}]\n", "file.yaml:2:8 KZ113", "exchange"),
]


@pytest.mark.parametrize(("text", "expected", "hint"), MISTAKES, ids=[repr(item[0])[:60] for item in MISTAKES])
def test_a_mistake_is_told_once_at_its_place(text: str, expected: str, hint: str, read: Any, brief: Any) -> None:
    issues = read(text, vocabulary=VOCABULARY).issues
    assert brief(issues) == [expected]
    assert hint in issues[0].hint


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [
        ("2011", "2010", False),
        ("2011-02", "2011-01-31", False),
        ("2011-02-02", "2011-02-01", False),
        ("2011", "2011", True),
        ("2011-12-31", "2011", True),
        ("2011-02-01", "2011-02-01", True),
        ("9999", "9999", True),
    ],
)
def test_until_is_compared_with_since_by_their_outer_days(
    since: str, until: str, fits: bool, read: Any, brief: Any
) -> None:
    loaded = read(f"facts:\n  p:\n    - {{since: {since}, until: {until}}}\n")
    assert brief(loaded.issues) == ([] if fits else [f"file.yaml:3:{24 + len(since)} KZ113"])
    assert len(loaded.kb.facts) == fits
    if not fits:
        assert [str(place) for place, _ in loaded.issues[0].related] == ["file.yaml:3:15"]


def test_a_default_and_a_row_can_contradict_each_other(read: Any, brief: Any) -> None:
    loaded = read("since: 2011\nfacts:\n  p:\n    - {a: 1, until: 2010}\n    - {a: 2, until: 2012}\n")
    assert brief(loaded.issues) == ["file.yaml:4:21 KZ113"]
    assert [str(place) for place, _ in loaded.issues[0].related] == ["file.yaml:1:8"]
    assert [fact.arguments["a"] for fact in loaded.kb.facts] == [2.0]


def test_a_bad_row_is_left_out_and_the_rest_is_read(read: Any, brief: Any) -> None:
    loaded = read(
        "facts:\n  member:\n"
        "    - {state: A, org: B, since: 20x}\n    - {state: C, org: D}\n    - {state: E, orgg: F}\n",
        vocabulary=VOCABULARY,
    )
    assert brief(loaded.issues) == ["file.yaml:3:33 KZ112", "file.yaml:5:18 KZ203"]
    assert [fact.arguments["state"] for fact in loaded.kb.facts] == ["C"]


def test_a_vocabulary_may_come_after_the_facts(read: Any) -> None:
    (fact,) = read(f"facts:\n  trade: [{{state: A, amount: 1, from: 2011-01-01, code: 7}}]\n{VOCABULARY}").kb.facts
    assert fact.arguments["code"] == "7"
