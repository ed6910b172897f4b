"""Every engine draws the same conclusions by the same firings, on programs made at random and in any order."""

import os
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import knowledge_bases, program_of
from reference import evaluate_program

from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError
from kzexpert.model import Firing, Inference, KnowledgeBase, Value

EXAMPLES = int(os.environ.get("KZEXPERT_EXAMPLES", "60"))
SMALL = Budget(facts=2_000, firings=8_000, seconds=20)
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

Args = tuple[Value, ...]


def certainties(inference: Inference) -> Mapping[str, Mapping[Args, float]]:
    return {relation: dict(known.items()) for relation, known in inference.certainties.items() if len(known)}


def fired(inference: Inference) -> set[tuple[object, ...]]:
    def told(firing: Firing) -> tuple[object, ...]:
        binding = tuple(sorted(firing.values.items()))
        premises = tuple((premise.predicate, premise.args) for premise in firing.premises)
        conclusion = (firing.conclusion.predicate, firing.conclusion.args)
        return (firing.rule.id, binding, conclusion, premises, firing.strength)

    found = [told(firing) for firings in inference.firings.values() for firing in firings]
    assert len(found) == len(set(found)), "a firing stands twice"
    return set(found)


def infer(kb: KnowledgeBase, name: str) -> Inference | None:
    """None for a program that runs away: what an engine has done by then is its own affair."""
    try:
        return engine(name, SMALL).infer(program_of(kb))
    except BudgetError:
        return None


@thorough
@given(knowledge_bases())
def test_experta_concludes_what_the_semantics_say(kb: KnowledgeBase) -> None:
    inference = infer(kb, "experta")
    if inference is not None:
        facts, firings = evaluate_program(program_of(kb))
        assert certainties(inference) == {relation: known for relation, known in facts.items() if known}
        assert fired(inference) == firings


@pytest.mark.parametrize("other", ["experta-stock", "duckdb"])
@thorough
@given(kb=knowledge_bases())
def test_engines_agree(other: str, kb: KnowledgeBase) -> None:
    if other == "duckdb":
        pytest.importorskip("duckdb")
    ours = infer(kb, "experta")
    if ours is not None:
        theirs = infer(kb, other)
        assert theirs is not None
        assert certainties(theirs) == certainties(ours)
        assert fired(theirs) == fired(ours)
        assert theirs.conflicts == ours.conflicts


@thorough
@given(knowledge_bases(), st.randoms(use_true_random=False))
def test_the_order_of_rules_and_facts_decides_nothing(kb: KnowledgeBase, random: Random) -> None:
    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(items, len(items)))

    other = KnowledgeBase(
        kb.kinds,
        shuffled(kb.predicates),  # type: ignore[arg-type]
        shuffled(kb.entities),  # type: ignore[arg-type]
        kb.sources,
        shuffled(kb.facts),  # type: ignore[arg-type]
        shuffled(kb.rules),  # type: ignore[arg-type]
    )
    one, two = infer(kb, "experta"), infer(other, "experta")
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert certainties(one) == certainties(two)
        assert fired(one) == fired(two)
