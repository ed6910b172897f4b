"""Rows of large tables that state the same, and how they are found."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from small_tables import TRADE, WORLD

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.program.snapshot import snapshot


def _of_parquet(folder: Path, rows: str, declared: str) -> KnowledgeBase:
    """The world with one table, of the rows of a query."""
    file = folder / "t.parquet"
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    (folder / "tables.yaml").write_text(f"tables:\n  - {declared.format(file=file)}\n", encoding="utf-8")
    return load_knowledge_base([], [folder / "world.yaml", folder / "tables.yaml"])


@pytest.mark.parametrize(
    "worth", ["i", "i / 4", "i * 1000000", "CASE i WHEN 0 THEN -1e308 WHEN 1 THEN 1e308 ELSE i END"]
)
@pytest.mark.parametrize("repeated", [0, 7])
def test_rows_that_state_the_same_are_one_fact(tmp_path: Path, worth: str, repeated: int) -> None:
    """However widely their numbers are spread."""
    rows = f"SELECT 'Ruritania' AS a, ({worth})::DOUBLE AS b FROM range({{}}) AS r(i)"
    kb = _of_parquet(tmp_path, f"{rows.format(25_000)} UNION ALL {rows.format(repeated)}", TRADE)
    found = engine("duckdb").infer(snapshot(kb)).certainties
    assert len(found["trade"]) == len(found["wealth"]) == 25_000
