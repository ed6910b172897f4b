"""Several as-of dates in one pass: what follows on each is what follows from a run of its own."""

from datetime import date
from pathlib import Path

import pytest
from available import ready
from examples import examples
from hypothesis import given
from msgspec.structs import replace
from programs import Scenario, scenarios
from reference import outcome_of
from short_programs import rule, told, written
from test_sql_tables import as_csv, as_parquet, opened

from kzexpert.analysis.scenario import Scenario as Rerun
from kzexpert.analysis.timeline import timeline
from kzexpert.engines import Budget, engine, infer_each
from kzexpert.engines.base import OnePass
from kzexpert.errors import BudgetError
from kzexpert.language import load_knowledge_base, parse_atom, parse_partial_date
from kzexpert.model import NOWHERE
from kzexpert.program.snapshot import snapshot
from kzexpert.questions.question import read_question

SMALL = Budget(facts=3_000, firings=12_000, seconds=20)
DAYS = [date(2007, 12, 31), date(2008, 2, 29), date(2009, 12, 31), date(2010, 6, 30), date(2011, 1, 1)]


@examples()
@given(scenarios())
def test_every_date_is_what_a_run_of_its_own_says(scenario: Scenario) -> None:
    programs = [snapshot(scenario.kb, day, scenario.assume, scenario.without) for day in DAYS]
    try:
        alone = [outcome_of(engine("experta", SMALL).infer(program)) for program in programs]
        together = [outcome_of(inference) for inference in infer_each(engine("duckdb", SMALL), programs)]
    except BudgetError:
        return
    assert together == alone


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_what_is_added_up_on_each_date(name: str) -> None:
    ready(name)
    kb = written(
        {"trade": ["text", "text", "number"], "adds": ["text", "number", "number", "number"]},
        {"trade": [["a", "b", 0.1], ["a", "c", 0.2], ["a", "d", 1e16], ["b", "c", 0.3]]},
        rule(
            "adds",
            [
                "trade(?a, _, _)",
                "?s = sum(?y for trade(?a, _, ?y))",
                "?m = avg(?z for trade(?a, _, ?z))",
                "?n = count(?b for trade(?a, ?b, _))",
            ],
            "adds(?a, ?s, ?m, ?n)",
        ),
    )
    since = [parse_partial_date(year) for year in ("2007", "2008", "2009", "2010")]
    kb = replace(kb, facts=tuple(replace(fact, since=day) for fact, day in zip(kb.facts, since, strict=True)))
    programs = [snapshot(kb, day) for day in DAYS]
    alone = [told(engine("experta").infer(program)) for program in programs]
    assert [told(inference) for inference in infer_each(engine(name), programs)] == alone


def test_experta_goes_date_by_date() -> None:
    assert isinstance(engine("duckdb"), OnePass)
    assert not isinstance(engine("experta"), OnePass)


@pytest.mark.slow
@pytest.mark.parametrize("write", [as_csv, as_parquet])
def test_rows_of_tables_hold_year_by_year(tmp_path: Path, write: "object") -> None:
    kb = opened(tmp_path, write)  # type: ignore[arg-type]
    without = [parse_atom("member(_, League)", NOWHERE)]
    for assume in ([], [parse_atom("member(Borduria, Pact)", NOWHERE)]):
        programs = [snapshot(kb, date(year, 12, 31), assume, without) for year in range(1990, 2014)]
        together = infer_each(engine("duckdb"), programs)
        for program, inference in zip(programs, together, strict=True):
            alone = engine("duckdb").infer(program)
            assert outcome_of(inference) == outcome_of(alone)
            for relation in ("member", "visit", "visit within 1 year", "trade"):
                known = [dict(one.program.base.get(relation, {}).items()) for one in (inference, alone)]
                assert known[0] == known[1]


def test_a_timeline_is_the_same_on_both_engines(checkout: Path) -> None:
    kb = load_knowledge_base([checkout])
    question = read_question(kb, "alignment(Kazakhstan, ?power, security)")
    start = Rerun.of(snapshot(kb, date(2011, 4, 7)))
    one, other = (timeline(start, question, range(1991, 2012), engine(name)) for name in ("experta", "duckdb"))
    assert one.series == other.series
    assert one.series
