"""Counting each thing once is never above the exact probability of a conclusion, and its certainty is never below.

Uncertain facts and firings are taken as independent events. It holds of positive programs without recursion in which no
firing has two uncertain premises, so that the lowest of its premises is their product. ProbLog says what is exact, and
of small programs so does a count of all worlds.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from math import prod

import msgspec
import pytest
from examples import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from kzexpert.engines import engine
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import NOWHERE, ArgumentSpec, Citation, Fact, KnowledgeBase, Predicate, Rule, Source
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.checker import testimony
from kzexpert.proof.document import Trace
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question

THINGS = ("one", "two", "three")
PREDICATES = ("rain", "snow", "wet", "slippery", "closed", "late")
#: What may stand in a program, from the recorded facts upwards; `road` is certain.
BODIES = (
    ("rain(?x)", "wet(?x)"),
    ("snow(?x)", "wet(?x)"),
    ("road(?x, ?y), rain(?y)", "wet(?x)"),
    ("wet(?x)", "slippery(?x)"),
    ("snow(?x)", "slippery(?x)"),
    ("road(?x, ?y), wet(?y)", "slippery(?x)"),
    ("road(?y, ?x), snow(?y)", "slippery(?x)"),
    ("slippery(?x)", "closed(?x)"),
    ("wet(?x)", "closed(?x)"),
    ("road(?x, ?y), slippery(?y)", "closed(?x)"),
    ("rain(?x)", "closed(?x)"),
    ("closed(?x)", "late(bus)"),
    ("slippery(?x)", "late(bus)"),
    ("rain(?x)", "late(bus)"),
)
#: A chain of three of the lowest is established still: what is not would satisfy no condition, and yet be probable.
CERTAINTIES = st.sampled_from((1.0, 0.9, 0.75, 0.6))
FACTS = [f"{name}({thing})" for name in ("rain", "snow", "wet", "slippery") for thing in THINGS]
ROADS = [f"road({one}, {other})" for one, other in product(THINGS, repeat=2)]
ROUGHLY = 1e-6


class Weather(msgspec.Struct, frozen=True):
    """A program: certainties and origins of recorded facts, roads, and rules.

    Attributes:
        rules: body, head, certainty, family, and whether each firing counts.
    """

    facts: Mapping[str, float]
    origins: Mapping[str, str]
    roads: Sequence[str]
    rules: Sequence[tuple[str, str, float, str, bool]]

    def trace(self) -> Trace:
        """The proof of everything about buses and closed roads."""
        text = ArgumentSpec("x", "text")
        told = [(atom, 1.0, "map") for atom in self.roads]
        told += [(atom, certainty, self.origins[atom]) for atom, certainty in self.facts.items()]
        kb = KnowledgeBase(
            predicates=(
                *(Predicate(name, (text,)) for name in PREDICATES),
                Predicate("road", (text, ArgumentSpec("y", "text"))),
            ),
            sources=(Source("map", background=True), *(Source(name) for name in sorted({*self.origins.values()}))),
            facts=tuple(_fact(*item) for item in told),
            rules=tuple(
                Rule(
                    f"rule{number}",
                    tuple(parse_condition(text, NOWHERE) for text in body.replace("), ", ")|").split("|")),
                    (parse_atom(head, NOWHERE),),
                    certainty=certainty,
                    family=family,
                    each=each,
                )
                for number, (body, head, certainty, family, each) in enumerate(self.rules)
            ),
        )
        inference = engine().infer(snapshot(kb, date(2011, 4, 7)))
        return prove(inference, read_question(kb, "late(?x)"))

    def problog(self, asked: str) -> str:
        """The same program for ProbLog."""
        lines = [f"{name}(nothing) :- fail." for name in PREDICATES]  # it takes what no clause names for a mistake
        lines += ["road(nothing, nothing) :- fail."]
        lines += [f"{certainty}::{atom}." for atom, certainty in self.facts.items()]
        lines += [f"{atom}." for atom in self.roads]
        lines += [f"{certainty}::{head} :- {body}." for body, head, certainty, _, _ in self.rules]
        upper = " ".join(lines).replace("?x", "X").replace("?y", "Y")
        return f"{upper} query({asked})."

    def clauses(self) -> list[tuple[float, frozenset[str], str]]:
        """Each fact and each instance of a rule whose conditions some world fulfils: its certainty, body and head."""
        found = [(certainty, frozenset[str](), atom) for atom, certainty in self.facts.items()]
        found += [(1.0, frozenset[str](), atom) for atom in self.roads]
        possible = {head for _, _, head in found}
        for body, head, certainty, _, _ in self.rules:  # in the order of `BODIES`, what is below first
            for x, y in product(THINGS, THINGS if "?y" in body else ("",)):
                atoms = frozenset(body.replace("?x", x).replace("?y", y).replace("), ", ")|").split("|"))
                if atoms <= possible:
                    found.append((certainty, atoms, head.replace("?x", x)))
            possible |= {told for _, _, told in found}
        return found


def _fact(atom: str, certainty: float, source: str) -> Fact:
    name, _, rest = atom.rstrip(")").partition("(")
    return Fact(name, dict(zip("xy", rest.split(", "), strict=False)), certainty=certainty, source=Citation(source))


@st.composite
def weathers(draw: st.DrawFn, most_facts: int = 6, most_rules: int = 9) -> Weather:
    atoms = draw(st.lists(st.sampled_from(FACTS), min_size=1, max_size=most_facts, unique=True))
    chosen = sorted(draw(st.lists(st.integers(0, len(BODIES) - 1), min_size=2, max_size=most_rules)))
    apart = draw(st.booleans())
    rules = []
    for number in chosen:
        family = "" if apart else draw(st.sampled_from(("", "", "by night", "by day")))
        each = not family and (apart or draw(st.booleans()))
        rules.append((*BODIES[number], draw(CERTAINTIES), family, each))
    return Weather(
        {atom: draw(CERTAINTIES) for atom in atoms},
        {atom: draw(st.sampled_from(("radio", "paper", atom.replace("(", "_").rstrip(")")))) for atom in atoms},
        draw(st.lists(st.sampled_from(ROADS), max_size=3, unique=True)),
        rules,
    )


def by_problog(weather: Weather, asked: str) -> float:
    """The probability of a statement."""
    limit = sys.getrecursionlimit()  # ProbLog raises it where it is imported
    try:
        problog = pytest.importorskip("problog", reason="without ProbLog only the worlds of small programs are counted")
        program = problog.program.PrologString(weather.problog(asked))
        (found,) = problog.get_evaluatable().create_from(program).evaluate().values()
    finally:
        sys.setrecursionlimit(limit)
    return float(found)


def by_worlds(weather: Weather, asked: str) -> float:
    """The same as the sum over all worlds in which the statement holds."""
    clauses = weather.clauses()
    chances = [number for number, (certainty, _, _) in enumerate(clauses) if certainty < 1.0]
    total = 0.0
    for world in product((True, False), repeat=len(chances)):
        left_out = {number for number, there in zip(chances, world, strict=True) if not there}
        holds: set[str] = set()
        for number, (_, body, head) in enumerate(clauses):  # heads stand behind what they need
            if number not in left_out and body <= holds:
                holds.add(head)
        if asked in holds:
            total += prod(
                clauses[number][0] if there else 1.0 - clauses[number][0]
                for number, there in zip(chances, world, strict=True)
            )
    return total


def bounds_hold(trace: Trace, asked: str, exact: float) -> bool:
    """Whether the exact probability lies between what counts each thing once, and the certainty.

    It may lie above the certainty where firings that do not add up would.
    """
    item = {item.conclusion: item for item in trace.conclusions}[asked]
    assert item.testimony is not None
    every = all(line.others == 0 for one in trace.conclusions for line in one.lines)
    return item.testimony.at_least <= exact + ROUGHLY and (not every or exact <= item.certainty + ROUGHLY)


@examples(20)
@given(weathers())
def test_the_probability_lies_between_what_counts_each_thing_once_and_the_certainty(weather: Weather) -> None:
    trace = weather.trace()
    assume(trace.answers)
    assert bounds_hold(trace, "late(bus)", by_problog(weather, "late(bus)"))


@examples(30)
@given(weathers(most_facts=3, most_rules=5))
def test_of_small_programs_the_worlds_are_counted(weather: Weather) -> None:
    assume(sum(certainty < 1.0 for certainty, _, _ in weather.clauses()) <= 9)
    trace = weather.trace()
    assume(trace.answers)
    assert bounds_hold(trace, "late(bus)", by_worlds(weather, "late(bus)"))


@examples(5)
@given(weathers(most_facts=3, most_rules=5))
def test_problog_counts_the_same_worlds(weather: Weather) -> None:
    assume(sum(certainty < 1.0 for certainty, _, _ in weather.clauses()) <= 9)
    assume(weather.trace().answers)
    assert by_problog(weather, "late(bus)") == pytest.approx(by_worlds(weather, "late(bus)"))


@examples(30)
@given(weathers())
def test_the_checker_reads_the_same_testimony(weather: Weather) -> None:
    trace = weather.trace()
    assert testimony.testified(trace) == trace
