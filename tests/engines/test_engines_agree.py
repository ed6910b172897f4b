"""Every engine draws the conclusions of DESIGN §4 by the same firings, on programs made at random and in any order."""

from collections.abc import Sequence
from graphlib import TopologicalSorter
from random import Random
from typing import Any

import pytest
from available import SPARK, ready, spread
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from programs import AS_OF, CONCLUDED, FEATURES, VALUES, VOCABULARY, Scenario, knowledge_bases, program_of, scenarios
from reference import NegativeValue, Outcome, evaluate, outcome_of

from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError, KnowledgeBaseError
from kzexpert.evidence import lines
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import (
    ANY,
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
from kzexpert.program.resolve import resolve_atom
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


#: The parts of the language that each engine has beside those that every one has.
HAS = {
    "experta": FEATURES,
    "experta-stock": FEATURES,
    "duckdb": FEATURES,
    "spark": FEATURES,
}


def concludes_what_the_semantics_say(scenario: Scenario) -> None:
    try:
        found = outcome(scenario.program)
    except KnowledgeBaseError as error:
        assert [issue.code for issue in error.issues] == ["KZ406"]
        with pytest.raises(NegativeValue):
            evaluate(scenario.kb, AS_OF, scenario.assume, scenario.without)
        return
    if found is not None:
        assert found == evaluate(scenario.kb, AS_OF, scenario.assume, scenario.without)


@examples()
@given(scenarios())
def test_experta_concludes_what_the_semantics_say(scenario: Scenario) -> None:
    concludes_what_the_semantics_say(scenario)


@pytest.mark.parametrize("feature", sorted(HAS["experta"]))
@examples(20)
@given(data=st.data())
def test_experta_has_a_part_of_the_language(feature: str, data: st.DataObject) -> None:
    concludes_what_the_semantics_say(data.draw(scenarios(frozenset([feature]))))


@examples()
@given(scenarios(HAS["experta"]))
def test_experta_has_all_parts_of_the_language_together(scenario: Scenario) -> None:
    concludes_what_the_semantics_say(scenario)


@pytest.mark.parametrize("other", ["experta-stock", "duckdb"])
@examples()
@given(data=st.data())
def test_engines_agree(other: str, data: st.DataObject) -> None:
    agrees(other, SMALL, data.draw(scenarios(HAS[other])))


def agrees(other: str, budget: Budget, scenario: Scenario) -> None:
    """See that an engine concludes what experta does, or says what it says."""
    try:
        ours = outcome(scenario.program)
    except KnowledgeBaseError as error:
        with pytest.raises(KnowledgeBaseError) as caught:
            outcome(scenario.program, ready(other), budget)
        assert caught.value.issues == error.issues
        return
    if ours is not None:
        assert outcome(scenario.program, ready(other), budget) == ours


@pytest.mark.parametrize("name", ["experta", "duckdb"])
@examples()
@given(scenario=scenarios())
def test_no_proof_rests_on_what_it_proves(name: str, scenario: Scenario) -> None:
    try:
        inference = engine(ready(name), SMALL).infer(scenario.program)
    except BudgetError:
        return
    below = {
        atom: {
            premise
            for line in lines(inference, atom)
            if line.counts and line.firing is not None
            for premise in line.firing.premises
        }
        for atom in inference.firings
    }
    TopologicalSorter(below).prepare()  # it raises where there is a circle


@pytest.mark.spark
@examples(40)
@given(scenario=scenarios(HAS["spark"]))
def test_spark_agrees(scenario: Scenario) -> None:
    agrees("spark", PATIENT, scenario)


@pytest.mark.spark
@examples(10)
@given(scenario=scenarios(HAS["spark"]))
def test_spark_agrees_where_rows_go_from_worker_to_worker(monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    ready("spark")
    spread(monkeypatch)
    agrees("spark", PATIENT, scenario)


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
        (Rule("irrelevant", when, (parse_atom("idle(?b)", NOWHERE),)), *kb.rules),
    )
    before, after = outcome(program_of(kb)), outcome(program_of(other))
    if before is not None and after is not None:
        assert {name: known for name, known in after.facts.items() if name not in ("idle", "tale")} == before.facts
        assert {firing for firing in after.firings if firing.rule != "irrelevant"} == before.firings
        assert after.conflicts == before.conflicts


@st.composite
def goals(draw: st.DrawFn) -> Pattern:
    """A question about a conclusion: constants, ``_``, and variables that may stand twice."""
    name = draw(st.sampled_from(CONCLUDED))
    terms: list[Term] = []
    for place, kind in enumerate(VOCABULARY[name][0]):
        constants = [Constant(value) for value in VALUES[kind]]
        terms.append(draw(st.sampled_from([Variable(f"x{place}"), Variable(f"any {kind}"), ANY, *constants])))
    return Pattern(name, name, tuple(terms))


def matching(found: Outcome, asked: Sequence[Pattern]) -> tuple[dict[str, Any], set[Any], set[Any]]:
    """What an outcome says of some patterns: certainties, firings and conflicts."""

    def asks(name: str, args: tuple[Any, ...]) -> bool:
        return any(goal.predicate == name and goal.matches(args) for goal in asked)

    facts = {
        (name, args): certainty
        for name, known in found.facts.items()
        for args, certainty in known.items()
        if asks(name, args)
    }
    return (
        facts,
        {firing for firing in found.firings if asks(*firing.conclusion)},
        {conflict for conflict in found.conflicts if asks(*conflict)},
    )


def sees_what_the_full_inference_has(name: str, budget: Budget, scenario: Scenario, asked: Sequence[Pattern]) -> None:
    """What the rules and facts left out cannot bear on it: what matches a question comes out as without it."""
    ready(name)
    narrow = snapshot(scenario.kb, AS_OF, scenario.assume, scenario.without, goals=asked)
    everything, needed = outcome(scenario.program, name, budget), outcome(narrow, name, budget)
    if everything is not None and needed is not None:
        assert matching(needed, asked) == matching(everything, asked)


asked_together = st.lists(goals(), min_size=1, max_size=2)


@examples(60)
@given(scenario=scenarios(), asked=asked_together)
def test_a_question_sees_what_the_full_inference_has(scenario: Scenario, asked: list[Pattern]) -> None:
    sees_what_the_full_inference_has("experta", SMALL, scenario, asked)


@examples(20)
@given(scenario=scenarios(), asked=asked_together)
def test_a_question_to_duckdb_sees_what_the_full_inference_has(scenario: Scenario, asked: list[Pattern]) -> None:
    sees_what_the_full_inference_has("duckdb", SMALL, scenario, asked)


@pytest.mark.spark
@examples(10)
@given(scenario=scenarios(), asked=asked_together)
def test_a_question_to_spark_sees_what_the_full_inference_has(scenario: Scenario, asked: list[Pattern]) -> None:
    sees_what_the_full_inference_has("spark", PATIENT, scenario, asked)


@pytest.mark.parametrize("name", ["experta", "duckdb", SPARK])
@pytest.mark.parametrize("goal", ["tied(?x)", "tied(Ruritania)", "free(_)", "tie(?x, ?x)", "tie(_, Klow)"])
def test_a_condition_on_one_value_twice_does_not_stand_for_one_on_any_two(name: str, goal: str) -> None:
    """``not tie(?x, ?x)`` needs no tie of two states, and a conclusion of two states must not be lost by it."""

    def rule(id_: str, then: str, *when: str) -> Rule:
        return Rule(id_, tuple(parse_condition(text, NOWHERE) for text in when), (parse_atom(then, NOWHERE),))

    kb = KnowledgeBase(
        predicates=tuple(
            Predicate(word, tuple(ArgumentSpec(f"arg{place}", "text") for place in range(arity)))
            for word, arity in (("treaty", 1), ("tie", 2), ("tied", 1), ("free", 1))
        ),
        facts=(Fact("treaty", {"arg0": "Ruritania"}),),
        rules=(
            rule("special", "tie(Ruritania, Klow)", "treaty(Ruritania)"),
            rule("tied", "tied(?x)", "tie(?x, ?y)", "not tie(?x, ?x)"),
            rule("free", "free(?x)", "treaty(?x)", "not tie(?x, _)", "not tie(?x, ?x)"),
        ),
    )
    pattern, _ = resolve_atom(kb, parse_atom(goal, NOWHERE))
    assert pattern is not None
    sees_what_the_full_inference_has(name, PATIENT, Scenario(kb), [pattern])


@pytest.mark.parametrize("name", ["experta", "duckdb", SPARK])
def test_a_rule_that_a_goal_cannot_use_still_makes_its_component_recursive(name: str) -> None:
    """Else evidence would be combined where the best proof counts."""
    ready(name)

    def rule(id_: str, when: str, then: str) -> Rule:
        return Rule(id_, (parse_condition(when, NOWHERE),), (parse_atom(then, NOWHERE),), certainty=0.5)

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
