"""Every engine writes the same: the same bytes to a file, the same rows to a folder."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from available import EVERY_ENGINE, ready
from infer_worlds import hard
from short_programs import rule, written

from kzexpert.engines import engine, infer_each
from kzexpert.engines.export.files import export
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
        ("odd", ALL, "jsonl"),
        ("odd", Selection(weighed=True), "csv"),
        ("odd", "near(?x, ?x)", "csv"),
        ("years", Selection(), "jsonl"),
        ("years", ALL, "csv"),
        ("empty", ALL, "csv"),
        ("empty", ALL, "jsonl"),
    ],
)
def test_a_file(inferred, tmp_path: Path, name: str, world: str, selection: Selection | str, form: Form) -> None:  # type: ignore[no-untyped-def]
    if isinstance(selection, str):
        kb = inferred("experta", world)[0].program.kb
        selection = Selection((read_question(kb, selection).pattern,), weighed=True)
    for each in ("experta", name):
        export(inferred(each, world), selection, form, tmp_path / each)
    assert (tmp_path / name).read_bytes() == (tmp_path / "experta").read_bytes()
