"""The sides of every workload give the same at a small size; what cannot run is named; no time is looked at."""

from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from benchmarks.growth import GROWTHS, growth
from benchmarks.measuring import Cell, Disagreement, NoInput, Run, agree, measured
from benchmarks.peers import PEERS
from benchmarks.tables import Figure, Measured, crossing, shown, targets
from benchmarks.workload import Bound, Outcome, Target, Workload, digest
from benchmarks.workloads import WORKLOADS, alignment

pytest.importorskip("duckdb")

#: Workload → a size that takes a moment.
SMALL = {"closure": 12, "join": 60, "alignment": 2, "sweep": 500, "crossing": 250, "ownership": 600}
FEW = {**WORKLOADS, "alignment": alignment.workload(organisations=12)}
SIDES = [
    pytest.param(name, side, id=f"{name}-{side}", marks=[pytest.mark.spark] if side == "spark" else [])
    for name in SMALL
    for side in FEW[name].sides
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The input of every workload."""
    made = {name: tmp_path_factory.mktemp(name) for name in SMALL}
    for name, folder in made.items():
        FEW[name].prepare(SMALL[name], folder)
    return made


def _run(name: str, side: str, folder: Path) -> Run:
    outcome = FEW[name].sides[side](SMALL[name], folder)()
    counts, digests = outcome.details()
    return Run(1.0, 1.0, 1.0, {**outcome.counts, **counts}, digests)


@pytest.mark.parametrize(("name", "side"), SIDES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_side_gives_what_our_rules_give_on_duckdb(name: str, side: str, folders: dict[str, Path]) -> None:
    if PEERS[side].missing:
        pytest.skip(f"{PEERS[side].title}: {PEERS[side].missing}")
    ours, other = (_run(name, who, folders[name]) for who in ("duckdb", side))
    assert sum(ours.counts.values()) > 0
    assert ours.digests.keys() & other.digests.keys()
    agree(FEW[name], SMALL[name], {"duckdb": ours, side: other})


def test_an_expected_count_that_is_not_found_is_no_agreement() -> None:
    closure = WORKLOADS["closure"]
    agree(closure, 150, {"sql": _found(paths=11_325)})
    with pytest.raises(Disagreement, match=r"sql says 11324, what is known 11325"):
        agree(closure, 150, {"sql": _found(paths=11_324)})


def test_two_sides_of_as_many_but_other_results_do_not_agree() -> None:
    one, other = (
        msgspec.structs.replace(_found(paths=2), digests={"paths": digest(rows)})
        for rows in ([("a", 0.5), ("b", 0.5)], [("a", 0.5), ("b", 0.25)])
    )
    with pytest.raises(Disagreement, match=r"nemo says \w+, sql \w+"):
        agree(WORKLOADS["closure"], 12, {"sql": one, "nemo": other})


def test_a_digest_depends_on_no_order_and_on_no_digit_beyond_the_ninth() -> None:
    assert digest([("b", 0.1 + 0.2), ("a", 1)]) == digest([("a", 1), ("b", 0.3)])


@pytest.mark.slow
def test_runs_are_processes_and_their_memory_is_their_own() -> None:
    told: list[str] = []
    cells = measured(WORKLOADS["join"], 60, 2, 120, ["experta", "duckdb"], told.append)
    assert [len(cell.runs) for cell in cells.values()] == [6, 6]  # short ones are run three times as often
    assert all(run.whole > run.seconds > 0 and run.peak > 10 for cell in cells.values() for run in cell.runs)
    assert len(told) == 12


def test_a_run_that_takes_too_long_is_said_to() -> None:
    cells = measured(WORKLOADS["join"], 60, 3, 0.01, ["duckdb"], lambda line: None)
    assert cells["duckdb"].why_not == "not run to its end: over 0.01 s"


def test_a_peer_that_is_not_installed_or_too_slow_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = msgspec.structs.replace(PEERS["nemo"], module="nobody_has_this")
    monkeypatch.setitem(PEERS, "nemo", nobody)
    assert find_spec(nobody.module) is None
    closure = msgspec.structs.replace(WORKLOADS["closure"], bounds={"stock": Bound(5, "it is slow")})
    cells = measured(closure, 12, 1, 120, ["stock", "nemo", "sql"], lambda line: None)
    text = shown(Measured(closure, {12: cells}))
    assert "| stock experta | not run above 5 edges |  |" in text
    assert "| Nemo | not installed |  |" in text
    assert "- stock experta: not run above 5 edges: it is slow." in text
    assert "- Results at 12 edges: 78 paths." in text


def test_collections_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = pytest.importorskip("benchmarks.world")
    monkeypatch.setattr(world, "COLLECTIONS", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        WORKLOADS["world"].prepare(1, tmp_path)


def test_input_that_cannot_be_made_stops_a_workload_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.measuring._child", _without_input)
    with pytest.raises(NoInput, match=r"^states\.csv is not there$"):
        measured(WORKLOADS["world"], 1, 1, 120, ["duckdb"], lambda line: None)


def test_figures_are_compared_with_what_is_asked() -> None:
    workload = Workload(
        name="w",
        title="W",
        unit="facts",
        sizes=(10, 100),
        quick=(10,),
        prepare=lambda size, folder: None,
        sides={"duckdb": lambda size, folder: lambda: Outcome({}, lambda: ({}, {}))},
        targets=(
            Target(10, "nemo", "duckdb", 3.0, at_most=False),
            Target(100, "duckdb", "duckdb", 12.0, at_most=True, against_size=10),
            Target(100, "duckdb", "", 30.0, at_most=True),
            Target(100, "clingo", "duckdb", 1.0, at_most=False),
        ),
    )
    cells = {10: {"nemo": _cell(4.0), "duckdb": _cell(2.0)}, 100: {"duckdb": _cell(20.0)}}
    text = targets([Measured(workload, cells)], [Figure("start", 1.6, 1.5, at_most=True)])
    assert text.splitlines()[4:] == [
        "| w, 10 facts: time of Nemo over that of kzexpert on DuckDB | at least 3 | 2.00 | **missed** |",
        "| w: kzexpert on DuckDB, time of 100 facts over that of 10 | at most 12 | 10.00 | met |",
        "| w, 100 facts: time of kzexpert on DuckDB | at most 30 s | 20.00 s | met |",
        "| start | at most 1.6 | 1.50 | met |",
    ]


def test_the_crossing_lies_where_both_take_equally_long() -> None:
    cells = {
        100: {"experta": _cell(1.0), "duckdb": _cell(4.0)},
        10_000: {"experta": _cell(4.0), "duckdb": _cell(1.0)},
    }
    text = crossing(Measured(WORKLOADS["crossing"], cells))
    assert "- the inference alone: about 1,000 facts." in text


@pytest.mark.slow
def test_growth_is_shown_for_every_command_that_needs_no_collection() -> None:
    told: list[str] = []
    text = growth(1, True, told.append)
    assert [item.name for item in GROWTHS if item.quick and f"| {item.name} |" not in text] == []
    assert len(told) == 10


def _without_input(*_: object, **__: object) -> str:
    raise NoInput("states.csv is not there")


def _found(**counts: int) -> Run:
    return Run(1.0, 1.0, 1.0, counts, {})


def _cell(seconds: float) -> Cell:
    return Cell(tuple(Run(seconds, seconds, 50.0, {}, {}) for _ in range(3)))
