"""Every engine draws the conclusions of DESIGN §4 by the same firings, on programs made at random and in any order.

``KZEXPERT_EXAMPLES`` says how many programs each test makes.
"""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import AS_OF, CONCLUDED, Scenario, knowledge_bases, program_of, scenarios
from reference import Outcome, evaluate, outcome_of

from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import NOWHERE, ArgumentSpec, Fact, KnowledgeBase, Predicate, Program, Rule
from kzexpert.snapshot import snapshot

EXAMPLES = int(os.environ.get("KZEXPERT_EXAMPLES", "60"))
SMALL = Budget(facts=1_000, firings=4_000, seconds=20)
thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(program: Program, name: str = "experta") -> Outcome | None:
    """None for a program that runs away: what an engine has done by then is its own affair."""
    try:
        return outcome_of(engine(name, SMALL).infer(program))
    except BudgetError:
        return None


@thorough
@given(scenarios())
def test_experta_concludes_what_the_semantics_say(scenario: Scenario) -> None:
    found = outcome(scenario.program)
    if found is not None:
        assert found == evaluate(scenario.kb, AS_OF, scenario.assume, scenario.without)


@pytest.mark.parametrize("other", ["experta-stock", "duckdb"])
@thorough
@given(scenario=scenarios())
def test_engines_agree(other: str, scenario: Scenario) -> None:
    if other == "duckdb":
        pytest.importorskip("duckdb")
    ours = outcome(scenario.program)
    if ours is not None:
        assert outcome(scenario.program, other) == ours


@thorough
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


@thorough
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


@thorough
@given(knowledge_bases(), st.sampled_from(CONCLUDED))
def test_the_rules_that_a_goal_needs_are_enough_for_it(kb: KnowledgeBase, goal: str) -> None:
    everything, needed = outcome(program_of(kb)), outcome(snapshot(kb, AS_OF, goals=[goal]))
    if everything is not None and needed is not None:
        assert needed.facts.get(goal) == everything.facts.get(goal)
        about = [{firing for firing in one.firings if firing.conclusion[0] == goal} for one in (needed, everything)]
        assert about[0] == about[1]
