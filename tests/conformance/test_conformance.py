"""Every case of the suite on every engine. A file dropped into ``tests/cases`` beside this one is a test."""

from pathlib import Path

import pytest

from kzexpert.cases import run_case
from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.language.cases_file import load_cases

HERE = Path(__file__).parent
KB = load_knowledge_base([HERE])
CASES = load_cases([HERE / "tests" / "cases"], KB)
ENGINES = ("experta", "experta-stock", "duckdb")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case, name: str) -> None:  # type: ignore[no-untyped-def]
    if name == "duckdb":
        pytest.importorskip("duckdb")
    result = run_case(KB, case, engine(name).infer)
    assert result.passed, "\n".join([case.note, *result.lines])


def test_the_suite_is_there() -> None:
    assert len(CASES) > 50
