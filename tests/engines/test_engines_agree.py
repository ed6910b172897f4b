"""Every engine draws the conclusions of DESIGN §4 by the same firings, on programs made at random and in any order."""

from random import Random
from typing import Any

import pytest
from available import SPARK, ready
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from programs import AS_OF, CONCLUDED, VALUES, VOCABULARY, Scenario, knowledge_bases, program_of, scenarios
from reference import Outcome, evaluate, outcome_of

from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import (
    NOWHERE,
    ArgumentSpec,
    Constant,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Predicate,
    Program,
    Rule,
    Term,
    Variable,
)
from kzexpert.program.snapshot import snapshot

SMALL = Budget(facts=1_000, firings=4_000, seconds=20)
#: Spark spends the seconds of a program that is as small as this on planning it.
PATIENT = Budget(facts=1_000, firings=4_000, seconds=120)


def outcome(program: Program, name: str = "experta", budget: Budget = SMALL) -> Outcome | None:
    """None for a program that runs away: what an engine has done by then is its own affair."""
    try:
        return outcome_of(engine(name, budget).infer(program))
    except BudgetError:
        return None


@examples()
@given(scenarios())
def test_experta_concludes_what_the_semantics_say(scenario: Scenario) -> None:
    found = outcome(scenario.program)
    if found is not None:
        assert found == evaluate(scenario.kb, AS_OF, scenario.assume, scenario.without)


@pytest.mark.parametrize("other", ["experta-stock", "duckdb"])
@examples()
@given(scenario=scenarios())
def test_engines_agree(other: str, scenario: Scenario) -> None:
    ours = outcome(scenario.program)
    if ours is not None:
        assert outcome(scenario.program, ready(other)) == ours


@pytest.mark.spark
@examples(10)
@given(scenario=scenarios())
def test_spark_agrees(scenario: Scenario) -> None:
    ours = outcome(scenario.program)
    if ours is not None:
        assert outcome(scenario.program, ready("spark"), PATIENT) == ours


@examples()
@given(scenarios(), st.randoms(use_true_random=False))
def test_the_order_of_rules_and_facts_decides_nothing(scenario: Scenario, random: Random) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(items, len(items)))

    kb = scenario.kb
    parts = (kb.predicates, kb.entities, kb.sources, kb.facts, kb.rules)
    other = Scenario(
        KnowledgeBase(kb.kinds, *map(shuffled, parts)), shuffled(scenario.assume), shuffled(scenario.without)
    )
    assert outcome(scenario.program) == outcome(other.program)


@examples()
@given(knowledge_bases())
def test_what_bears_on_nothing_changes_nothing(kb: KnowledgeBase) -> None:
    """Neither does a rule whose conclusion no other rule reads, nor do facts that no rule reads."""
    idle = Predicate("idle", (ArgumentSpec("arg0", "state"),))
    tale = Predicate("tale", (ArgumentSpec("arg0", "state"),))
    when = tuple(parse_condition(text, NOWHERE) for text in ("ally(?a, ?b) @ ?c", "not strong(?a)", "?c > 0.3"))
    other = KnowledgeBase(
        kb.kinds,
        (idle, *kb.predicates, tale),
        kb.entities,
        kb.sources,
        (Fact("tale", {"arg0": "RU"}), *kb.facts),
        (Rule("irrelevant", when, parse_atom("idle(?b)", NOWHERE)), *kb.rules),
    )
    before, after = outcome(program_of(kb)), outcome(program_of(other))
    if before is not None and after is not None:
        assert {name: known for name, known in after.facts.items() if name not in ("idle", "tale")} == before.facts
        assert {firing for firing in after.firings if firing.rule != "irrelevant"} == before.firings
        assert after.conflicts == before.conflicts


@st.composite
def goals(draw: st.DrawFn) -> Pattern:
    """A question about a conclusion, some of whose arguments are given."""
    name = draw(st.sampled_from(CONCLUDED))
    terms: list[Term] = []
    for place, kind in enumerate(VOCABULARY[name][0]):
        constants = [Constant(value) for value in VALUES[kind]]
        terms.append(draw(st.sampled_from([Variable(f"x{place}"), *constants])))
    return Pattern(name, name, tuple(terms))


@pytest.mark.parametrize("name", ["experta", "duckdb"])
@examples()
@given(kb=knowledge_bases(), goal=goals())
def test_what_a_goal_needs_is_enough_for_it(name: str, kb: KnowledgeBase, goal: Pattern) -> None:
    """Its constants are pushed down to rules and facts, and what matches it comes out as without."""
    ready(name)
    everything, needed = outcome(program_of(kb), name), outcome(snapshot(kb, AS_OF, goals=[goal]), name)
    if everything is None or needed is None:
        return

    def matches(args: tuple[Any, ...]) -> bool:
        return goal.matches(args)

    facts, firings = [], []
    for one in (needed, everything):
        known = one.facts.get(goal.predicate, {})
        facts.append({args: certainty for args, certainty in known.items() if matches(args)})
        firings.append({firing for firing in one.firings if firing.conclusion[0] == goal.predicate})
        firings[-1] = {firing for firing in firings[-1] if matches(firing.conclusion[1])}
    assert facts[0] == facts[1]
    assert firings[0] == firings[1]


@pytest.mark.parametrize("name", ["experta", "duckdb", SPARK])
def test_a_rule_that_a_goal_cannot_use_still_makes_its_component_recursive(name: str) -> None:
    """Else evidence would be combined where the best proof counts."""
    ready(name)

    def rule(id_: str, when: str, then: str) -> Rule:
        return Rule(id_, (parse_condition(when, NOWHERE),), parse_atom(then, NOWHERE), certainty=0.5)

    kb = KnowledgeBase(
        predicates=tuple(Predicate(word, (ArgumentSpec("of", "text"),)) for word in ("seen", "heard", "close")),
        facts=(Fact("seen", {"of": "a"}), Fact("heard", {"of": "a"})),
        rules=(
            rule("one", "seen(?x)", "close(?x)"),
            rule("other", "heard(?x)", "close(?x)"),
            rule("far", "close(a)", "close(b)"),
        ),
    )
    goal = Pattern("close", "close", (Constant("a"),))
    inference = engine(name).infer(snapshot(kb, AS_OF, goals=[goal]))
    assert inference.certainty(GroundAtom("close", ("a",))) == 0.5
