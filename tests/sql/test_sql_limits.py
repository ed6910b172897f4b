"""What stops the DuckDB engine, and what it says then."""

import tempfile
import threading
from pathlib import Path

import pytest
from installed import hide
from short_programs import program_of, rule, written

from kzexpert.engines import Budget, engine
from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
from kzexpert.engines.sql.store.database import Database
from kzexpert.errors import BudgetError, KnowledgeBaseError, UsageError
from kzexpert.model import KnowledgeBase


def runaway() -> KnowledgeBase:
    return written(
        {"n": ["number"], "start": ["number"]},
        {"start": [[0.0]]},
        rule("start", ["start(?x)"], "n(?x)"),
        rule("for-ever", ["n(?x)", "?y = ?x + 1"], "n(?y)"),
    )


def explosion() -> KnowledgeBase:
    return written(
        {"n": ["number"], "many": ["number", "number", "number"], "some": ["number"]},
        {"n": [[float(number)] for number in range(3000)]},
        rule("many", ["n(?x)", "n(?y)", "n(?z)", "?x * ?y != ?z"], "many(?x, ?y, ?z)"),
        rule("some", ["many(?x, _, ?z)"], "some(?z)"),
    )


def test_a_rule_that_never_ends_is_stopped_and_named() -> None:
    with pytest.raises(BudgetError, match=r"KZ401 rule for-ever.* used up the budget of 200 conclusions"):
        engine("duckdb", Budget(facts=200)).infer(program_of(runaway()))
    with pytest.raises(BudgetError, match=r"KZ401 rule for-ever.* used up the budget of 1 seconds"):
        engine("duckdb", Budget(seconds=1.0)).infer(program_of(runaway()))


def test_a_query_that_takes_too_long_is_stopped_in_time() -> None:
    with pytest.raises(BudgetError, match=r"KZ401 rule some used up the budget of 0\.5 seconds"):
        engine("duckdb", Budget(firings=10**12, seconds=0.5)).infer(program_of(explosion()))


def test_too_many_firings() -> None:
    """They are counted before anything is stored of them, and also where they conclude little."""
    kb = written(
        {"n": ["number"], "few": ["number"]},
        {"n": [[float(number)] for number in range(1000)]},
        rule("few", ["n(?x)", "n(?y)", "n(?z)"], "few(1)"),
    )
    with pytest.raises(BudgetError, match="KZ401 rule few used up the budget of 1,000 firings"):
        engine("duckdb", Budget(firings=1_000, seconds=10)).infer(program_of(kb))


def test_too_many_conclusions() -> None:
    kb = written(
        {"n": ["number"], "pair": ["number", "number"]},
        {"n": [[float(number)] for number in range(100)]},
        rule("pair", ["n(?x)", "n(?y)", "n(?z)"], "pair(?x, ?y)"),
    )
    with pytest.raises(BudgetError, match="KZ401 rule pair used up the budget of 9,999 conclusions"):
        engine("duckdb", Budget(facts=9_999)).infer(program_of(kb))
    assert len(engine("duckdb", Budget(facts=10_000)).infer(program_of(kb)).certainties["pair"]) == 10_000


@pytest.mark.parametrize("missing", ["duckdb", "sqlglot"])
def test_without_its_packages_the_engine_says_how_to_get_them(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(missing, monkeypatch)
    with pytest.raises(UsageError, match=f"KZ403 the duckdb engine needs {missing}") as caught:
        engine("duckdb")
    assert caught.value.issues[0].hint == "pip install 'kzexpert[bulk]'"


def test_it_needs_no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    hide("pyspark", monkeypatch)
    kb = written({"n": ["number"], "m": ["number"]}, {"n": [[1.0]]}, rule("m", ["n(?x)"], "m(?x)"))
    assert len(engine("duckdb").infer(program_of(kb)).certainties["m"]) == 1


def test_temporary_files_vanish() -> None:
    database = Database()
    folder = database._folder
    assert folder.is_dir()
    database.close()
    assert not folder.exists()


def test_a_run_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BudgetError) as caught:
        engine("duckdb", Budget(facts=200)).infer(program_of(runaway()))
    kept = caught.value  # whoever holds an error holds all that led to it
    assert [*tmp_path.iterdir()] == []
    assert kept.issues


def test_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    kb = runaway()
    with pytest.raises(KnowledgeBaseError, match="KZ404"):
        DuckDBEngine(database=str(tmp_path / "no" / "such" / "folder.db")).infer(program_of(kb))


def test_too_little_memory_is_an_error_and_no_crash() -> None:
    kb = explosion()
    with pytest.raises(KnowledgeBaseError, match="KZ404 the database ran out of memory or disk"):
        DuckDBEngine(memory="1MB", threads=1).infer(program_of(kb))


def test_nothing_runs_on_after_an_inference() -> None:
    before = threading.active_count()
    engine("duckdb").infer(program_of(written({"n": ["number"]}, {"n": [[1.0]]})))
    assert threading.active_count() == before
