"""The shipped rules over real facts about the world, for one year and for many; see `benchmarks.world`."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from benchmarks.workload import Bound, Counts, Digests, Outcome, Target, Timed, Workload, digest
from kzexpert.model import Inference, KnowledgeBase, Program

__all__ = ["LAST", "WORLD"]

#: The years end with this one.
LAST = 2020


def prepare(size: int, folder: Path) -> None:
    """A knowledge base over the collections.

    Raises:
        FileNotFoundError: they are not there.
    """
    from benchmarks.world import write

    (folder / "options.json").write_text(json.dumps(write(folder / "kb")), encoding="utf-8")


def in_one_pass(size: int, folder: Path) -> Timed:
    """The year as a column."""
    from kzexpert.engines.sql.duckdb_engine import DuckDBEngine

    return _timed(size, folder, lambda programs: DuckDBEngine().infer_each(programs))


def one_by_one(size: int, folder: Path) -> Timed:
    """Each year by itself, facts read anew."""
    from kzexpert.engines.sql.duckdb_engine import DuckDBEngine

    return _timed(size, folder, lambda programs: [DuckDBEngine().infer(program) for program in programs])


def _timed(size: int, folder: Path, infer: Callable[[Sequence[Program]], Sequence[Inference]]) -> Timed:
    """The clock runs from the files to what is counted: YAML is read, and all is checked, in that time."""
    from kzexpert.checks import check
    from kzexpert.language import load_knowledge_base
    from kzexpert.program.order import planned
    from kzexpert.program.snapshot import snapshot

    options = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    given = {
        key: [value for name, value in zip(options[::2], options[1::2], strict=True) if name == key]
        for key in options[::2]
    }
    days = [date(year, 12, 31) for year in range(LAST - size + 1, LAST + 1)]

    def run() -> Outcome:
        kb = planned(load_knowledge_base(given["--kb"], given["--rules"], given["--facts"]))
        wrong = [issue for issue in check(kb) if issue.severity == "error"]
        if wrong:
            raise ValueError(wrong[0].message)
        return _told(kb, infer([snapshot(kb, day) for day in days]), days)

    return run


def _told(kb: KnowledgeBase, inferences: Sequence[Inference], days: Sequence[date]) -> Outcome:
    concluded = sorted(kb.concluded)
    found = sum(len(inference.certainties.get(name, ())) for name in concluded for inference in inferences)

    def details() -> tuple[Counts, Digests]:
        rows = (
            (day.year, name, *args, certainty)
            for day, inference in zip(days, inferences, strict=True)
            for name in concluded
            for args, certainty in inference.certainties.get(name, {}).items()
        )
        return {}, {"conclusions": digest(rows)}

    return Outcome({"conclusions": found}, details)


WORLD = Workload(
    name="world",
    title=f"The shipped rules over 414,222 facts about the world, years up to {LAST}",
    unit="years",
    sizes=(1, 31),
    quick=(1,),
    prepare=prepare,
    sides={"duckdb": in_one_pass, "duckdb-years": one_by_one},
    says={"duckdb": "all years in one pass; reading and checking the files is in the time"},
    bounds={
        "experta": Bound(0, "it takes no more than 100,000 rows of tables"),
    },
    targets=(Target(31, "duckdb", "", 60.0, at_most=True),),
)
