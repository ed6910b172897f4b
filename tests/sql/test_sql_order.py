"""In which order relations are joined on Spark, which joins them as they are written."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from short_programs import program_of, rule, written
from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect, DuckDBDialect, SparkDialect
from kzexpert.engines.sql.plan.extents import Extent
from kzexpert.engines.sql.plan.rules import Planner
from kzexpert.engines.sql.plan.texts import Plain
from kzexpert.engines.sql.plan.words import table
from kzexpert.model import RelationKey

VOCABULARY = {"sits": ("state", "state"), "power": ("state",), "rival": ("state", "state"), "near": ("state", "state")}
_VARIABLE = re.compile(r"\?\w+")
FACTS = {name: [("A",) * len(kinds)] for name, kinds in VOCABULARY.items()}


def joined(when: Sequence[str], rows: Mapping[str, int | None], dialect: Dialect | None = None) -> list[str]:
    """The conditions in the order in which they are joined."""
    program = program_of(written(VOCABULARY, FACTS, rule("r", when, "near(?x, ?x)")))
    extents: dict[RelationKey, Extent] = {
        name: Extent(table(name), ("text",) * len(VOCABULARY[name]), 1.0, 1.0, rows[name]) for name in rows
    }
    planner = Planner(extents, Plain(), dialect or SparkDialect(), Mock(), date(2011, 1, 1))
    (only,) = program.rules.values()
    (source, *joins) = planner.body(only).query.find_all(exp.Table)
    return [when[int(found.alias.removeprefix("m"))] for found in (source, *joins)]


SHARED = ["sits(?x, ?o)", "sits(?p, ?o)", "power(?p)", "rival(?x, ?p)"]


@pytest.mark.parametrize(
    ("when", "rows", "expected"),
    [
        # Whoever sits with a power is found from the power, not among all who sit together.
        (SHARED[:3], {"sits": 300_000, "power": 4}, [2, 1, 0]),
        # The smallest first, and then what shares a variable with it, though another relation is smaller.
        (["power(?x)", "rival(?a, ?b)", "sits(?x, ?o)"], {"power": 9, "rival": 50, "sits": 900}, [0, 2, 1]),
        # A value that is given narrows a relation.
        (["rival(?x, ?p)", "sits(?x, A)"], {"rival": 500, "sits": 2_000}, [1, 0]),
        # Where sizes are not known, as written.
        (SHARED[:3], {"sits": None, "power": None}, [0, 1, 2]),
    ],
)
def test_few_facts_come_first(when: list[str], rows: dict[str, int | None], expected: list[int]) -> None:
    assert joined(when, rows) == [when[place] for place in expected]


def test_duckdb_orders_joins_itself() -> None:
    assert joined(SHARED[:3], {"sits": 300_000, "power": 4}, DuckDBDialect()) == SHARED[:3]


@given(when=st.permutations(SHARED), sizes=st.permutations([3, 50, 700]))
def test_what_is_joined_shares_a_variable_with_what_was_before(when: list[str], sizes: list[int]) -> None:
    rows = dict(zip(("sits", "power", "rival"), sizes, strict=True))
    first, *others = joined(when, rows)
    assert rows[first.partition("(")[0]] == min(sizes)
    assert sorted([first, *others]) == sorted(SHARED)
    bound = {*_VARIABLE.findall(first)}
    for condition in others:
        assert bound & {*_VARIABLE.findall(condition)}
        bound |= {*_VARIABLE.findall(condition)}
