"""A small invented world for the tests of explanations: texts in, inferences and questions out."""

from collections.abc import Callable, Iterable
from contextlib import chdir
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from kzexpert.checks import check
from kzexpert.engines import engine
from kzexpert.language import parse_atom, read_knowledge_base
from kzexpert.model import NOWHERE, GroundAtom, Inference, KnowledgeBase
from kzexpert.program.snapshot import snapshot
from kzexpert.questions.question import Question, read_question

#: Vocabulary, entities and sources that every text is read together with.
VOCABULARY = """\
kinds: [state, bloc, sphere]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [power: state, bloc: bloc], holds: interval, says: "{power} leads {bloc}"}
  purpose: {args: [bloc: bloc, sphere: sphere], says: "{bloc} serves {sphere}"}
  trains: {args: [power: state, state: state, soldiers: number], holds: interval}
  exercise: {args: [state: state, power: state, name: text], holds: event}
  quarrel: {args: [state: state, power: state], holds: interval, says: "{state} quarrels with {power}"}
  rival: {args: [bloc: bloc, other: bloc], says: "{bloc} and {other} are rivals"}
  aligned:
    args: [state: state, power: state, sphere: sphere]
    compares: power
    says: "{state} is aligned with {power} in {sphere}"
    asks: ["who is {state} aligned with", "who is {state} aligned with in {sphere}"]
  firm: {args: [state: state, power: state], says: "{state} is firmly with {power}"}
  free: {args: [state: state], says: "{state} is free"}
  reaches: {args: [state: state, other: state], says: "{state} reaches {other}"}
entities:
  Ruritania: {kind: state, aliases: [RUR, Strelsau]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
  security: {kind: sphere}
  trade: {kind: sphere}
sources:
  atlas: {title: An Atlas of Invented States, date: 2011-04-07}
  gazette: {title: The Strelsau Gazette, date: 2010}
"""

#: A world in which Ruritania leans to Borduria in security.
WORLD = """\
source: atlas
facts:
  member:
    - {state: Ruritania, bloc: Pact, since: 1994}
    - {state: Borduria, bloc: Pact, since: 1990}
    - {state: Syldavia, bloc: League, since: 1990, until: 2005}
  leads:
    - {power: Borduria, bloc: Pact, since: 1990}
    - {power: Syldavia, bloc: League, since: 1990}
  purpose:
    - {bloc: Pact, sphere: security}
    - {bloc: League, sphere: security}
  trains: [{power: Borduria, state: Ruritania, soldiers: 2000, since: 2000, source: gazette}]
  quarrel: [{state: Ruritania, power: Borduria, since: 2008, certainty: 0.5, source: gazette}]
  exercise:
    - {state: Ruritania, power: Syldavia, name: first, on: 2003-05}
rules:
  - id: led-bloc
    title: Membership of a bloc that a power leads
    when: ["member(?s, ?b)", "leads(?p, ?b)", "purpose(?b, ?x)", "?s != ?p"]
    then: aligned(?s, ?p, ?x)
    certainty: 0.6
    because: "{s} is in {b}, which {p} leads"
    source: atlas
  - id: trained
    title: Soldiers are trained in numbers
    when: ["trains(?p, ?s, ?n)", "?n >= 1000"]
    then: aligned(?s, ?p, security)
    certainty: 0.3
    because: "{p} trains {n} soldiers of {s}"
    source: atlas
  - id: quarrels
    when: ["quarrel(?s, ?p)"]
    then: aligned(?s, ?p, security)
    certainty: -0.4
    because: "{s} quarrels with {p}"
    source: gazette
  - id: rivals
    when: ["leads(?p, ?b)", "leads(?q, ?c)", "?p != ?q", "purpose(?b, ?x)", "purpose(?c, ?x)"]
    then: rival(?b, ?c)
    source: atlas
  - id: in-rival-bloc
    when: ["member(?s, ?b)", "rival(?b, ?c)", "leads(?p, ?c)", "purpose(?c, ?x)"]
    then: aligned(?s, ?p, ?x)
    certainty: -0.5
    because: "{s} is in {b}, the rival of {c}"
    source: atlas
  - id: exercises
    when: ["exercise(?s, ?p, _)", "?n = count(?x for exercise(?s, ?p, ?x))", "?n >= 2"]
    then: aligned(?s, ?p, security)
    certainty: 0.5
    because: "{s} held {n} exercises with {p}"
  - id: firmly
    when: ["aligned(?s, ?p, security) @ ?c", "?c >= 0.7"]
    then: firm(?s, ?p)
    certainty: 0.9
    because: "{s} is firmly aligned with {p}"
  - id: freedom
    when: ["member(?s, _)", "not firm(?s, _)", "not quarrel(?s, _)"]
    then: free(?s)
    certainty: 0.8
    because: "{s} is bound to nobody"
"""


class World(NamedTuple):
    """A checked knowledge base, and short ways to ask it."""

    kb: KnowledgeBase

    def infer(
        self, day: str = "2011-04-07", assume: Iterable[str] = (), without: Iterable[str] = (), name: str = "experta"
    ) -> Inference:
        """What follows on a day."""
        atoms = [[parse_atom(text, NOWHERE) for text in texts] for texts in (assume, without)]
        return engine(name).infer(snapshot(self.kb, date.fromisoformat(day), *atoms))

    def question(self, text: str) -> Question:
        """The question as it is read."""
        return read_question(self.kb, text)

    def atom(self, text: str) -> GroundAtom:
        """The statement that a text makes."""
        return GroundAtom(
            self.question(text).pattern.predicate,
            tuple(term.value for term in self.question(text).pattern.terms),  # type: ignore[union-attr]
        )

    def certainty(self, text: str, **changes: object) -> float:
        """The certainty of a statement, in a fresh inference."""
        return self.infer(**changes).certainty(self.atom(text)) or 0.0  # type: ignore[arg-type]


#: Reads a world from texts.
ReadWorld = Callable[..., World]


@pytest.fixture(scope="session")
def read_world(tmp_path_factory: pytest.TempPathFactory) -> ReadWorld:
    """Reads a world from texts; the vocabulary is there already."""

    def reading(*texts: str, vocabulary: str = VOCABULARY) -> World:
        with chdir(tmp_path_factory.mktemp("world")):
            files = [Path(f"world{number}.yaml") for number in range(len(texts) + 1)]
            for file, text in zip(files, (vocabulary, *texts), strict=True):
                file.write_text(text, encoding="utf-8")
            loaded = read_knowledge_base([], files)
        assert loaded.issues == ()
        assert [issue for issue in check(loaded.kb) if issue.severity == "error"] == []
        return World(loaded.kb)

    return reading


@pytest.fixture(scope="session")
def world(read_world: ReadWorld) -> World:
    """The world of `WORLD`."""
    return read_world(WORLD)


@pytest.fixture(scope="session")
def shipped() -> World:
    """The knowledge base that ships."""
    return World(read_knowledge_base([Path(__file__).parents[2]]).kb)
