"""Every engine writes the same: the same bytes to a file, the same rows to a folder."""

import csv
import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from available import EVERY_ENGINE, ready
from infer_worlds import hard
from short_programs import rule, written

from kzexpert.engines import engine, infer_each
from kzexpert.engines.export.files import export
from kzexpert.engines.export.folders import DONE, folder_replacement
from kzexpert.language import load_knowledge_base
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.model.columns import Form, Selection
from kzexpert.program.snapshot import snapshot
from kzexpert.questions.question import read_question

SMALL = Path(__file__).parents[1] / "kb_small"
OTHERS = [name for name in EVERY_ENGINE if name not in ("experta", "experta-stock")]
ALL = Selection(weighed=True, recorded=True)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[KnowledgeBase, list[date | None]]]:
    """Name → knowledge base and as-of dates."""
    empty = written({"n": ["text"], "m": ["text"]}, {}, rule("m", ["n(?x)"], "m(?x)"))
    odd = load_knowledge_base([hard(tmp_path_factory.mktemp("odd"))])
    years = [date(year, 12, 31) for year in (1994, 2009, 2011)]
    return {"odd": (odd, [None]), "years": (load_knowledge_base([SMALL]), [*years]), "empty": (empty, [None])}


@pytest.fixture(scope="module")
def inferred(worlds: dict[str, tuple[KnowledgeBase, list[date | None]]]):  # type: ignore[no-untyped-def]
    """What an engine infers in a world, once."""

    @cache
    def run(name: str, world: str) -> list[Inference]:
        kb, days = worlds[world]
        return infer_each(engine(ready(name)), [snapshot(kb, day) for day in days])

    return run


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("world", "selection", "form"),
    [
        ("odd", ALL, "csv"),
        ("odd", "near(?x, ?x)", "jsonl"),
        ("years", Selection(weighed=True), "jsonl"),
        ("empty", ALL, "csv"),
    ],
)
def test_a_file(inferred, tmp_path: Path, name: str, world: str, selection: Selection | str, form: Form) -> None:  # type: ignore[no-untyped-def]
    if isinstance(selection, str):
        kb = inferred("experta", world)[0].program.kb
        selection = Selection((read_question(kb, selection).pattern,), weighed=True)
    for each in ("experta", name):
        export(inferred(each, world), selection, form, tmp_path / each)
    assert (tmp_path / name).read_bytes() == (tmp_path / "experta").read_bytes()


# --- folders ---------------------------------------------------------------------------------------------------------


def rows_of(file: Path) -> list[object]:
    """The rows of a file, with the names of the columns."""
    if file.suffix == ".parquet":
        duckdb = pytest.importorskip("duckdb")
        found = duckdb.sql(f"SELECT * FROM read_parquet('{file}', hive_partitioning = false)")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    with file.open(encoding="utf-8", newline="") as opened:
        if file.suffix == ".csv":
            return [*csv.DictReader(opened)]
        return [json.loads(line) for line in opened.read().split("\n")[:-1]]


def contents(folder: Path) -> dict[str, list[str]]:
    """Folder inside of it → the rows of its files, in the order of the files."""
    assert (folder / DONE).is_file()
    found: dict[str, list[str]] = {}
    for file in sorted(folder.rglob("part-*")):
        found.setdefault(file.parent.relative_to(folder).as_posix(), []).extend(map(str, rows_of(file)))
    return found


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("world", "selection", "form"),
    [("odd", ALL, "csv"), ("years", ALL, "jsonl"), ("years", Selection(), "parquet"), ("empty", ALL, "parquet")],
)
def test_a_folder(inferred, tmp_path: Path, name: str, world: str, selection: Selection, form: Form) -> None:  # type: ignore[no-untyped-def]
    if form == "parquet":
        ready("duckdb")
    counts = []
    for each in ("experta", name):
        with folder_replacement(str(tmp_path / each), inferred(each, world)) as path:
            counts.append(export(inferred(each, world), selection, form, path, folders=True, guarded=form == "csv"))
    found, expected = contents(tmp_path / name), contents(tmp_path / "experta")
    assert found == expected  # in order too: few rows are in one file
    assert counts[0] == counts[1]
    assert sum(counts[0].values()) == sum(map(len, found.values()))
    assert all(place.startswith("predicate=" if world == "odd" else "as_of=") for place in found)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
