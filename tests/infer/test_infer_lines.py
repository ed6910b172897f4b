"""Lines that Python writes are those of DuckDB, to the byte; words for certainties are those of the scale."""

import json
import struct
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kzexpert.certainty import evidence_cutoffs, evidence_word
from kzexpert.engines.export.lines import _csv, _json

bulk = pytest.mark.skipif(not (find_spec("duckdb") and find_spec("sqlglot")), reason="needs the extra bulk")
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
_BITS = st.binary(min_size=8, max_size=8).map(lambda bits: struct.unpack("d", bits)[0]).filter(lambda x: abs(x) < 1e309)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(",\"'#\n\r\t\\\x00\x1f\x7f ab;")


def written(values: list[str] | list[float], form: str, file: Path) -> bytes:
    """A column of values as DuckDB writes it, in order, beside a second column."""
    import duckdb

    from kzexpert.engines.sql.plan.dialects import DuckDBDialect
    from kzexpert.engines.sql.plan.words import column
    from kzexpert.engines.sql.results.duckdb_files import escape_json_lines
    from kzexpert.engines.sql.results.sheet import _number

    kind = "VARCHAR" if isinstance(values[0], str) else "DOUBLE"
    shown = column("x").sql("duckdb")
    if kind == "DOUBLE":
        shown = _number(column("x"), "text" if form == "csv" else "json", DuckDBDialect()).sql("duckdb")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"CREATE TABLE t AS SELECT unnest(?::{kind}[]) AS x", [values])
        header = ", HEADER false" if form == "csv" else ""
        connection.execute(f"COPY (SELECT {shown} AS x, 'end' AS y FROM t) TO '{file}' (FORMAT {form}{header})")
    if form == "json":
        escape_json_lines(file)
    return file.read_bytes()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "out"


@bulk
@given(st.lists(_NUMBERS | _BITS | st.integers(-(10**17), 10**17).map(float), min_size=1, max_size=300))
@example([10.0**exponent for exponent in range(-300, 300)])
@example([0.0, 1e15, 1e16, 9999999999999998.0, 1e20, 1e21, 1e22, 1e-5, 1e-6, 1.5e-6, 1e-7, 5e-324, -2.5e-7, 123.456])
def test_numbers(file: Path, numbers: list[float]) -> None:
    numbers = [number + 0.0 for number in numbers]
    assert written(numbers, "csv", file) == "".join(f"{_csv(number)},end\n" for number in numbers).encode()
    lines = "".join(f'{{"x":{_json(number)},"y":"end"}}\n' for number in numbers)
    assert written(numbers, "json", file) == lines.encode()
    assert [json.loads(line)["x"] for line in lines.splitlines()] == numbers


@bulk
@given(st.lists(_TEXTS, min_size=1, max_size=100))
@example(["", "#", "a#b", "NULL", "null", "\x00", " ", "-", "\ufeff", "\u2028", "\x85"])
def test_texts(file: Path, texts: list[str]) -> None:
    assert written(texts, "csv", file) == "".join(f"{_csv(text)},end\n" for text in texts).encode()
    lines = "".join(f'{{"x":{_json(text)},"y":"end"}}\n' for text in texts)
    assert written(texts, "json", file) == lines.encode()
    assert [json.loads(line)["x"] for line in lines.split("\n")[:-1]] == texts


def word_by_cutoff(certainty: float) -> str:
    return next(word for lowest, word in evidence_cutoffs() if certainty >= lowest or lowest == -1.0)


@given(st.integers(-(10**9), 10**9))
@example(0)
def test_cutoffs_give_the_words_of_the_scale(billionths: int) -> None:
    certainty = round(billionths / 1e9, 9)
    assert word_by_cutoff(certainty) == evidence_word(certainty)


@pytest.mark.parametrize(("lowest", "word"), evidence_cutoffs())
def test_cutoffs_are_exact(lowest: float, word: str) -> None:
    for step in range(-10, 11):
        certainty = round(max(-1.0, lowest + step * 1e-9), 9)
        assert word_by_cutoff(certainty) == evidence_word(certainty)
    assert evidence_word(lowest) == word
