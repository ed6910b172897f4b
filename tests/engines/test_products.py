"""Where a budget ends on conditions that share no variable, the message names them."""

import pytest
from available import EVERY_ENGINE, ready

from kzexpert.engines import Budget, engine
from kzexpert.errors import BudgetError
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import NOWHERE, ArgumentSpec, Fact, KnowledgeBase, Predicate, ProgramRule, Rule
from kzexpert.program.order import plan_rule
from kzexpert.program.products import unconnected
from kzexpert.program.snapshot import snapshot


def knowledge_base(when: tuple[str, ...], then: str) -> KnowledgeBase:
    predicates = [("member", 2), ("leads", 2), ("size", 1), ("ally", 2)]
    return KnowledgeBase(
        predicates=tuple(
            Predicate(name, tuple(ArgumentSpec(f"arg{place}", "number") for place in range(arity)))
            for name, arity in predicates
        ),
        facts=tuple(Fact("member", {"arg0": float(number), "arg1": 0.0}) for number in range(100)),
        rules=(Rule("pairs", tuple(parse_condition(text, NOWHERE) for text in when), (parse_atom(then, NOWHERE),)),),
    )


def planned(*when: str) -> ProgramRule:
    kb = knowledge_base(when, "ally(1, 1)")
    (rule,) = plan_rule(kb, kb.rules[0]).variants
    return rule


@pytest.mark.parametrize(
    ("when", "groups"),
    [
        (["member(?a, ?b)", "member(?c, ?d)"], [["member(?a, ?b)"], ["member(?c, ?d)"]]),
        (["member(?a, ?b)", "leads(?b, ?c)"], [["member(?a, ?b)", "leads(?b, ?c)"]]),
        (["member(?a, ?b)", "size(?c)", "leads(?c, ?b)"], [["member(?a, ?b)", "size(?c)", "leads(?c, ?b)"]]),
        (["member(?a, _)", "size(?c)", "?a = ?c"], [["member(?a, _)", "size(?c)"]]),
        (["member(?a, _)", "size(?c)", "?a != ?c", "not leads(?a, ?c)"], [["member(?a, _)"], ["size(?c)"]]),
        (["member(?a, _)", "size(?c)", "?d = ?a + ?c"], [["member(?a, _)", "size(?c)"]]),
        (["member(?a, _)", "size(1)"], [["member(?a, _)"]]),
    ],
)
def test_conditions_that_no_variable_connects(when: list[str], groups: list[list[str]]) -> None:
    assert [list(texts) for texts in unconnected(planned(*when))] == groups


@pytest.mark.parametrize("name", EVERY_ENGINE)
def test_a_budget_that_ends_names_them(name: str) -> None:
    kb = knowledge_base(("member(?a, ?b)", "member(?c, ?d)"), "ally(?a, ?c)")
    with pytest.raises(BudgetError) as caught:
        engine(ready(name), Budget(facts=1_000, firings=1_000, seconds=120)).infer(snapshot(kb))
    (issue,) = caught.value.issues
    assert issue.code == "KZ401"
    assert "rule pairs" in issue.message
    assert issue.hint.startswith("member(?a, ?b) and member(?c, ?d) share no variable")
