"""The plans of rules are a value that is handed on: none is made twice, and none that is outdated is used."""

from pathlib import Path

from msgspec.structs import replace

from kzexpert.language import load_knowledge_base
from kzexpert.program.order import planned
from kzexpert.program.snapshot import snapshot

SMALL = Path(__file__).parents[1] / "kb_small"


def test_a_knowledge_base_is_planned_once() -> None:
    kb = planned(load_knowledge_base([SMALL]))
    assert [plan.rule for plan in kb.plans] == [*kb.rules]
    assert planned(kb) is kb
    assert planned(replace(kb, facts=())).plans is kb.plans
    assert snapshot(kb).kb is kb


def test_where_rules_are_replaced_only_these_are_planned() -> None:
    kb = planned(load_knowledge_base([SMALL]))
    first, *others = kb.rules
    weaker = planned(replace(kb, rules=(replace(first, certainty=0.25), *others)))
    assert weaker.plans[0].variants[0].rule.certainty == 0.25
    assert all(new is old for new, old in zip(weaker.plans[1:], kb.plans[1:], strict=True))
    fewer = planned(replace(kb, rules=tuple(others)))
    assert fewer.plans == kb.plans[1:]
    assert {rule.id for rule in snapshot(fewer).rules.values()} == {rule.id for rule in others}


def test_a_snapshot_leaves_nothing_with_its_knowledge_base() -> None:
    kb = load_knowledge_base([SMALL])
    before = dict(vars(kb))
    snapshot(kb)
    assert {*vars(kb)} - {*before} <= {"predicate", "entity", "source", "concluded", "used_files"}
