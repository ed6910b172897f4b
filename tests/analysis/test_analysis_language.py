"""What must hold of analyses on programs that use all of the language, as engines are tried on."""

from typing import Any

import pytest
from examples import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from programs import CONCLUDED, FEATURES, Scenario, scenarios

from kzexpert.analysis.causes import Divergence
from kzexpert.analysis.scenario import Revision
from kzexpert.analysis.scenario import Scenario as Start
from kzexpert.analysis.worlds import outcomes
from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError, KnowledgeBaseError
from kzexpert.model import GroundAtom, Inference, Pattern, Program, Variable

SMALL = Budget(facts=1_000, firings=4_000, seconds=20)

check, heavy = examples(15), examples(5)


def inferred(program: Program) -> Inference | None:
    """None where rules run away, or a sum over its own component meets a negative value."""
    try:
        return engine(budget=SMALL).infer(program)
    except (BudgetError, KnowledgeBaseError):
        return None


def known_of(inference: Inference, predicate: str) -> dict[GroundAtom, float]:
    arity = len(inference.program.kb.predicate[predicate].args)
    pattern = Pattern(predicate, predicate, tuple(Variable(f"x{place}") for place in range(arity)))
    return {atom: inference.certainty(atom) or 0.0 for atom in inference.facts.matching(pattern)}


def facts_of(program: Program) -> list[GroundAtom]:
    found = {fact.atom for facts in program.base.values() for fact in facts.values()}
    return sorted(found, key=str)


@heavy
@given(scenario=scenarios(FEATURES), data=st.data())
def test_many_worlds_in_one_pass_are_what_each_is_alone(scenario: Scenario, data: Any) -> None:
    program = scenario.program
    assume(inferred(program) is not None)
    start = Start.of(program)
    facts = facts_of(program)
    changes = [Revision(without=frozenset([atom])) for atom in facts[:6]]
    if len(facts) > 1:
        changes += [Revision(without=frozenset(data.draw(st.sets(st.sampled_from(facts), min_size=2))))]
        pair = data.draw(st.lists(st.sampled_from(facts), min_size=2, max_size=2, unique=True))
        changes += [Revision(assume=frozenset(pair[:1]), without=frozenset(pair[1:]))]
    changes += [Revision(rule=rule.id) for rule in start.kb.rules]
    changes += [Revision(rule=rule.id, certainty=0.5) for rule in start.kb.rules if rule.certainty > 0]
    predicate = data.draw(st.sampled_from(CONCLUDED))
    arity = len(start.kb.predicate[predicate].args)
    pattern = Pattern(predicate, predicate, tuple(Variable(f"x{place}") for place in range(arity)))
    about = start.about(pattern)
    alone = [inferred(start.changed(change).program()) for change in changes]
    try:
        together = outcomes(about, about.program(), changes, pattern, engine(budget=SMALL))
    except (BudgetError, KnowledgeBaseError):
        assume(False)
    for change, found, fresh in zip(changes, together, alone, strict=True):
        if fresh is not None:
            assert found == pytest.approx(known_of(fresh, predicate)), str(change)


@check
@given(scenario=scenarios(FEATURES), data=st.data())
def test_the_facts_that_are_named_as_causes_are_enough(scenario: Scenario, data: Any) -> None:
    before = inferred(scenario.program)
    facts = facts_of(scenario.program)
    assume(before is not None and facts)
    assert before is not None
    start = Start.of(before.program)
    gone = data.draw(st.sets(st.sampled_from(facts), min_size=1))
    after = inferred(start.changed(Revision(without=frozenset(gone))).program())
    assume(after is not None)
    assert after is not None
    difference = Divergence(before, after)
    named = {str(atom): atom for atom in gone}
    for predicate in CONCLUDED:
        one, other = known_of(before, predicate), known_of(after, predicate)
        for atom in [atom for atom in {**one, **other} if one.get(atom) != other.get(atom)][:3]:
            causes = {cause.statement for cause in difference.roots(atom)}
            withdrawn = {text for text in named if any(cause.startswith(text) for cause in causes)}
            fewer = inferred(start.changed(Revision(without=frozenset(named[text] for text in withdrawn))).program())
            if fewer is not None:
                assert fewer.certainty(atom) == after.certainty(atom), (str(atom), sorted(causes))
