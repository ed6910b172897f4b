"""Rows of large tables that state the same, and how they are found."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from small_tables import SAID, TRADE, WORLD, outcome

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot


def _parquet(folder: Path, rows: str) -> Path:
    """A file of the rows of a query."""
    file = folder / "t.parquet"
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
    return file


@pytest.mark.parametrize(
    "worth", ["i", "i / 4", "i * 1000000", "CASE i WHEN 0 THEN -1e308 WHEN 1 THEN 1e308 ELSE i END"]
)
@pytest.mark.parametrize("repeated", [0, 7, 20_000])
def test_rows_that_state_the_same_are_one_fact(tmp_path: Path, worth: str, repeated: int) -> None:
    """However widely their numbers are spread."""
    rows = f"SELECT 'Ruritania' AS a, ({worth})::DOUBLE AS b FROM range({{}}) AS r(i)"
    file = _parquet(tmp_path, f"{rows.format(25_000)} UNION ALL {rows.format(repeated)}")
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")
    (tmp_path / "tables.yaml").write_text(f"tables:\n  - {TRADE.format(file=file)}\n", encoding="utf-8")
    kb = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
    found = engine("duckdb").infer(snapshot(kb)).certainties
    assert len(found["trade"]) == len(found["wealth"]) == 25_000


@pytest.mark.parametrize(
    "cells",
    [
        "VALUES ('war'), ('peace'), ('war')",
        "VALUES (' war'), ('peace'), ('war'), ('war \t')",
        "VALUES (' war'), ('peace'), (''), (NULL), (' '), ('–')",
        "VALUES ('peace'), (''), (NULL), ('–')",
        "VALUES (1), (2), (1)",
        "VALUES (0.5::DOUBLE), (-0.0::DOUBLE), (0.0::DOUBLE)",
        "VALUES (TIMESTAMP '2010-01-01 10:00:00'), (TIMESTAMP '2010-01-01 11:00:00')",
        "VALUES (true), (false)",
    ],
)
def test_a_cell_stands_for_what_it_says(tmp_path: Path, cells: str) -> None:
    """Texts with blanks around them, signs for nothing, and what is no text in its file: as experta reads it."""
    file = _parquet(tmp_path, f"SELECT 'Ruritania' AS a, b FROM ({cells}) AS t(b)")
    assert outcome(tmp_path, SAID.format(file=file, where="null: ['–'],"))


@pytest.mark.parametrize("words", ["{value: ' war '}", "{year: b, month: c}"])
def test_a_text_may_be_made_of_no_cell_or_of_several(tmp_path: Path, words: str) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\nRuritania,2010,1\nBorduria,2010,01\nRuritania,2011,\n", encoding="utf-8")
    declared = SAID.format(file=tmp_path / "t.csv", where="").replace("words: b", f"words: {words}")
    assert len(outcome(tmp_path, declared)) > 1
