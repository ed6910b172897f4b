"""Texts of rules and facts with the wanted issues drawn below the lines, as a compiler would draw them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kzexpert.checks import check, with_cases
from kzexpert.errors import Issue
from kzexpert.language import read_knowledge_base
from kzexpert.model import KnowledgeBase

#: A knowledge base without issues that every text is read together with.
BASE = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [state: state, bloc: bloc], holds: interval}
  exercise: {args: [state: state, partner: state], holds: event}
  soldiers: {args: [state: state, number: number]}
  trade: {args: [state: state, partner: state, worth: number]}
  founded: {args: [bloc: bloc, day: date]}
  aligned: {args: [state: state, power: state]}
  rival: {args: [state: state, other: state]}
  hedges: {args: [state: state]}
entities:
  Ruritania: {kind: state, aliases: [Strelsau, RUR]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
sources:
  atlas: {title: An Atlas of Invented States, date: 2011-04-07}
source: atlas
facts:
  member: [{state: Ruritania, bloc: Pact, since: 1994}, {state: Borduria, bloc: Pact}, {state: Syldavia, bloc: League}]
  leads: [{state: Borduria, bloc: Pact}]
  exercise: [{state: Ruritania, partner: Borduria, on: 2010-09}]
  soldiers: [{state: Ruritania, number: 15000}]
  trade: [{state: Ruritania, partner: Borduria, worth: 3}]
  founded: [{bloc: Pact, day: 1994-05-15}]
  rival: [{state: Borduria, other: Syldavia}]
  hedges: [{state: Syldavia}]
"""
_DRAWN = re.compile(r"#( *)\^ (KZ\d{3}(?: KZ\d{3})*)")


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., KnowledgeBase]:
    """Reads texts as files ``kb.yaml``, ``kb2.yaml`` ... together with `BASE`."""

    def reading(*texts: str, base: str = BASE) -> KnowledgeBase:
        monkeypatch.chdir(tmp_path)
        files = ["base.yaml"]
        Path("base.yaml").write_text(base, encoding="utf-8")
        for number, text in enumerate(texts, 1):
            files.append(f"kb{number if number > 1 else ''}.yaml")
            Path(files[-1]).write_text(text, encoding="utf-8")
        loaded = read_knowledge_base([], rules=files)
        assert loaded.issues == ()
        return loaded.kb

    return reading


@pytest.fixture
def examined(read: Callable[..., KnowledgeBase]) -> Callable[..., list[Issue]]:
    """Checks a text and compares what is found in it with what is drawn: each code right below its place.

    Returns:
        The issues in the text, for a look at their messages.
    """

    def examining(text: str, thorough: bool = False) -> list[Issue]:
        issues = [
            issue for issue in checked(read(text), thorough) if issue.location and issue.location.file == "kb.yaml"
        ]
        found = [(issue.location.line, issue.location.column, issue.code) for issue in issues if issue.location]
        assert found == sorted(drawn(text))
        return issues

    return examining


def checked(kb: KnowledgeBase, thorough: bool = True) -> list[Issue]:
    """What is wrong with a knowledge base; where it is looked at thoroughly, its rules side by side as well."""
    found = check(kb)
    return with_cases(kb, found, ()) if thorough else found


def drawn(text: str) -> list[tuple[int, int, str]]:
    """Line, column and code of what is drawn below the lines of a text."""
    places = []
    line = 0
    for number, written in enumerate(text.splitlines(), 1):
        match = _DRAWN.fullmatch(written)
        if match is None:
            line = number
        else:
            places.extend((line, len(match[1]) + 2, code) for code in match[2].split())
    return places
