"""Runs the sides of a workload in turn, each run in a process of its own, and believes no time before results agree."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.peers import PEERS
from benchmarks.workload import Workload

__all__ = ["CHECKOUT", "NO_INPUT", "Cell", "Disagreement", "NoInput", "Run", "agree", "measured", "ordinary"]

#: A side that takes longer than so many seconds is run once only.
LONG = 60.0
#: A side that takes less than so many seconds is run three times as often: short times vary most on a shared machine.
SHORT = 2.0
#: Where `benchmarks` can be imported from.
CHECKOUT = Path(__file__).parents[1]
#: With this code a process ends that lacks what the input is made of.
NO_INPUT = 3


class Disagreement(Exception):
    """Two sides do not give the same, or one of them fails."""


class NoInput(Exception):
    """What the input of a workload is made of is not there."""


class Run(msgspec.Struct, frozen=True):
    """One run of one side.

    Attributes:
        seconds: reading the input, inferring, counting.
        whole: seconds since the start of the process.
        peak: megabytes.
    """

    seconds: float
    whole: float
    peak: float
    counts: dict[str, int]
    digests: dict[str, str]


class Cell(msgspec.Struct, frozen=True):
    """A side at a size: its runs, or why there are none."""

    runs: tuple[Run, ...] = ()
    why_not: str = ""

    @property
    def seconds(self) -> float:
        """The median of the runs."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def whole(self) -> float:
        """The median of the whole processes, up to the last count."""
        return statistics.median(run.whole for run in self.runs)

    @property
    def peak(self) -> float:
        """The most memory of any run, in megabytes."""
        return max(run.peak for run in self.runs)


def measured(
    workload: Workload, size: int, runs: int, limit: float, sides: Sequence[str], told: Callable[[str], None]
) -> dict[str, Cell]:
    """All sides at a size.

    Args:
        runs: of each side, in turn, from the first to the last and then from the last to the first; three times as many
            where they are short, and one where they are long.
        limit: seconds after which a run is ended.
        told: hears what is going on.

    Raises:
        NoInput: see there.
        Disagreement: see there.
    """
    cells: dict[str, list[Run]] = {}
    why_not = dict(_left_out(workload, size, sides))
    with tempfile.TemporaryDirectory(prefix="kzexpert-benchmark-") as folder:
        _child("prepare", workload, size, Path(folder), timeout=600)
        for turn in range(3 * runs if runs > 1 else 1):
            for side in sides if turn % 2 == 0 else reversed(sides):
                if side in why_not or (turn and not _again(cells[side][0].seconds, turn, runs)):
                    continue
                try:
                    run = _run(workload, size, Path(folder), side, limit)
                except subprocess.TimeoutExpired:
                    why_not[side] = f"not run to its end: over {limit:g} s"
                    told(f"{workload.name} {size:,} {side}: over {limit:g} s")
                    continue
                told(f"{workload.name} {size:,} {side}: {run.seconds:.3f} s, {run.peak:,.0f} MB")
                cells.setdefault(side, []).append(run)
    agree(workload, size, {side: found[0] for side, found in cells.items()})
    return {side: Cell(why_not=why_not[side]) if side in why_not else Cell(tuple(cells[side])) for side in sides}


def _again(seconds: float, turn: int, runs: int) -> bool:
    """Whether a side that took so long at first is run in a later turn."""
    return seconds < SHORT or (turn < runs and seconds <= LONG)


def _left_out(workload: Workload, size: int, sides: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The sides that are not run, and why."""
    for side in sides:
        bound = workload.bounds.get(side)
        if missing := PEERS[side].missing:
            yield side, missing
        elif bound is not None and size > bound.most:
            above = f" above {workload.of(bound.most)}" if bound.most else ""
            yield side, f"not run{above}: {bound.reason}"


def ordinary() -> dict[str, str]:
    """The environment of a process that keeps compiled modules, as one of an installed package does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def agree(workload: Workload, size: int, found: Mapping[str, Run]) -> None:
    """Compare all that sides say of their results, with each other and with what is known.

    Raises:
        Disagreement: they do not agree.
    """
    said: dict[str, tuple[str, object]] = {
        f"number of {name}": ("what is known", count) for name, count in workload.expected.get(size, {}).items()
    }
    for side, run in found.items():
        told = {f"number of {name}": count for name, count in run.counts.items()}
        for name, value in [*told.items(), *run.digests.items()]:
            first, known = said.setdefault(name, (side, value))
            if known != value:
                raise Disagreement(
                    f"{workload.name}, {workload.of(size)}: {name}: {side} says {value}, {first} {known}"
                )


def _run(workload: Workload, size: int, folder: Path, side: str, limit: float) -> Run:
    text = _child("run", workload, size, folder, side, timeout=limit)
    return msgspec.json.decode(text.strip().splitlines()[-1], type=Run)


def _child(task: str, workload: Workload, size: int, folder: Path, *rest: str, timeout: float) -> str:
    command = [sys.executable, "-m", "benchmarks.child", task, workload.name, str(size), str(folder), *rest]
    environment = {**ordinary(), "KZEXPERT_BENCHMARK_STARTED": repr(time.time())}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode == NO_INPUT:
        raise NoInput(done.stdout)
    if done.returncode:
        raise Disagreement(f"{' '.join(command[3:])} ends with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
