"""The default engine is experta, and importing it leaves nothing behind."""

import ast
import gc
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import kzexpert
from kzexpert.engines import Budget, engine
from kzexpert.engines.memory import experta as experta_engine
from kzexpert.errors import BudgetError, Location
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import ArgumentSpec, Fact, KnowledgeBase, Predicate, Program, Rule
from kzexpert.program.snapshot import snapshot

PACKAGE = Path(kzexpert.__file__).parent
HERE = Location("test", 1, 1)


def program(facts: list[float], *rules: tuple[str, list[str], str]) -> Program:
    number = (ArgumentSpec("x", "number"),)
    names = ("n", "m", "k")
    return snapshot(
        KnowledgeBase(
            predicates=tuple(Predicate(name, number) for name in names),
            rules=tuple(
                Rule(name, tuple(parse_condition(text, HERE) for text in when), (parse_atom(then, HERE),))
                for name, when, then in rules
            ),
            facts=tuple(Fact("n", {"x": value}) for value in facts),
        ),
        date(2011, 4, 7),
    )


def test_rules_and_facts_are_those_of_experta(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    init = experta_engine.experta.KnowledgeEngine.__init__

    def note(self: object) -> None:
        init(self)
        built.append(self)

    monkeypatch.setattr(experta_engine.experta.KnowledgeEngine, "__init__", note)
    engine().infer(program([1.0, 2.0], ("double", ["n(?x)", "?y = ?x * 2", "not n(?y)"], "m(?y)")))
    (rules,) = built
    assert [rule.__name__ for rule in rules.get_rules()] == ["double"]
    assert all(isinstance(rule, experta_engine.experta.Rule) for rule in rules.get_rules())
    assert all(isinstance(fact, experta_engine.experta.Fact) for fact in rules.facts.values())
    assert isinstance(rules.matcher, experta_engine.HashMatcher)


def test_the_stock_matcher_is_experta_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from experta.matchers.rete import ReteMatcher

    used = []
    build = ReteMatcher.build_network
    monkeypatch.setattr(ReteMatcher, "build_network", lambda self: used.append(type(self)) or build(self))
    engine("experta-stock").infer(program([1.0], ("copy", ["n(?x)"], "m(?x)")))
    engine("experta").infer(program([1.0], ("copy", ["n(?x)"], "m(?x)")))
    assert used == [experta_engine.StockMatcher]
    assert experta_engine.StockMatcher.changes is ReteMatcher.changes


def test_importing_it_leaves_no_trace() -> None:
    script = """
import collections, logging
logging.getLogger().addHandler(handler := logging.NullHandler())
import kzexpert.engines.memory.experta
assert not hasattr(collections, "Mapping"), "collections is patched"
assert logging.getLogger().handlers == [handler], logging.getLogger().handlers
assert logging.getLogger().level == logging.WARNING
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    subprocess.run(
        [
            sys.executable,
            "-c",
            script.replace("logging.getLogger().addHandler(handler := logging.NullHandler())", "").replace(
                "[handler]", "[]"
            ),
        ],
        check=True,
    )


def test_one_module_imports_experta() -> None:
    def imports(path: Path) -> bool:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.split(".")[0] in ("experta", "frozendict") for name in names):
                return True
        return False

    assert [path.name for path in sorted(PACKAGE.rglob("*.py")) if imports(path)] == ["experta.py"]


@pytest.mark.parametrize("name", ["experta", "experta-stock"])
def test_a_budget_of_conclusions_stops_a_rule_that_never_ends(name: str) -> None:
    endless = program([1.0], ("quiet", ["n(?x)"], "k(?x)"), ("endless", ["n(?x)", "?y = ?x + 1"], "n(?y)"))
    with pytest.raises(BudgetError) as stopped:
        engine(name, Budget(facts=300)).infer(endless)
    (issue,) = stopped.value.issues
    assert issue.code == "KZ401"
    assert "rule endless used up the budget of 300 conclusions" in issue.message


@pytest.mark.parametrize("name", ["experta", "experta-stock"])
def test_a_budget_of_firings_stops_a_rule_as_soon_as_it_matches_too_often(name: str) -> None:
    pairs = program([float(i) for i in range(400)], ("pairs", ["n(?x)", "n(?y)"], "m(?x)"))
    with pytest.raises(BudgetError) as stopped:
        engine(name, Budget(firings=500)).infer(pairs)
    (issue,) = stopped.value.issues
    assert issue.message == "rule pairs used up the budget of 500 firings (it fired 501 times)"
    assert "n(?x)" in issue.hint
    assert "n(?y)" in issue.hint
    assert "share no variable" in issue.hint


def test_a_run_out_of_memory_is_a_budget_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(experta_engine.Settling, "settle", out_of_memory)
    with pytest.raises(BudgetError, match="rule pairs used up all memory") as stopped:
        engine().infer(program([1.0, 2.0], ("pairs", ["n(?x)", "n(?y)"], "m(?x)")))
    assert stopped.value.issues[0].code == "KZ401"


def test_a_budget_of_seconds_stops_a_join_that_finds_nothing() -> None:
    barren = program(
        [float(i) for i in range(400)],
        ("barren", ["n(?a)", "n(?b)", "n(?c)", "n(?d)", "?a + ?b + ?c + ?d < 0"], "m(?a)"),
    )
    with pytest.raises(BudgetError, match=r"rule barren used up the budget of 0\.3 seconds"):
        engine(budget=Budget(seconds=0.3)).infer(barren)


@pytest.mark.parametrize("active", [True, False])
def test_the_garbage_collector_is_left_as_it_was(active: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if active else gc.disable)()
        engine().infer(program([1.0], ("copy", ["n(?x)"], "m(?x)")))
        assert gc.isenabled() is active
        with pytest.raises(BudgetError):
            engine(budget=Budget(facts=5)).infer(program([1.0], ("endless", ["n(?x)", "?y = ?x + 1"], "n(?y)")))
        assert gc.isenabled() is active
    finally:
        (gc.enable if before else gc.disable)()
