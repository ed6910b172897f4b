"""Measured cells → Markdown."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from math import exp, log

import msgspec

from benchmarks.measuring import Cell
from benchmarks.peers import PEERS
from benchmarks.workload import Target, Workload

__all__ = ["Measured", "crossing", "machine", "shown", "targets"]


class Measured(msgspec.Struct, frozen=True):
    """A workload with its cells, by size and side."""

    workload: Workload
    cells: Mapping[int, Mapping[str, Cell]]

    @property
    def sides(self) -> list[str]:
        """All sides, in order."""
        return list(next(iter(self.cells.values())))


def machine() -> str:
    """What it ran on, and the versions of all peers."""
    found = {peer.version: None for peer in PEERS.values()}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} on {platform.machine()}, {cores} cores, Python {platform.python_version()}; " + ", ".join(
        found
    )


def shown(measured: Measured) -> str:
    """The table of a workload, and what its sides do differently."""
    lines = list(_by_size(measured) if measured.workload.across else _by_side(measured))
    notes = [
        f"- {PEERS[side].title}: {text}." for side, text in measured.workload.says.items() if side in measured.sides
    ]
    reasons = {
        f"- {PEERS[side].title}, {size:,} {measured.workload.unit}: {cell.why_not}."
        for size, cells in measured.cells.items()
        for side, cell in cells.items()
        if cell.why_not
    }
    return "\n".join([f"### {measured.workload.title}", "", *lines, "", *notes, *sorted(reasons), ""])


def _by_side(measured: Measured) -> Iterator[str]:
    unit = measured.workload.unit
    heads = [f"{size:,} {unit[:-1] if size == 1 else unit}" for size in measured.cells]
    yield "| side | " + " | ".join(f"{head} | memory" for head in heads) + " |"
    yield "|---" * (1 + 2 * len(heads)) + "|"
    for side in measured.sides:
        cells = [measured.cells[size][side] for size in measured.cells]
        yield f"| {PEERS[side].title} | " + " | ".join(map(_cell, cells)) + " |"


def _by_size(measured: Measured) -> Iterator[str]:
    yield f"| {measured.workload.unit} | " + " | ".join(f"{PEERS[side].title} | memory" for side in measured.sides) + " |"
    yield "|---" * (1 + 2 * len(measured.sides)) + "|"
    for size, cells in measured.cells.items():
        yield f"| {size:,} | " + " | ".join(_cell(cells[side]) for side in measured.sides) + " |"


def _cell(cell: Cell) -> str:
    if cell.why_not:
        return f"{cell.why_not.partition(':')[0]} | "
    runs = "" if len(cell.runs) > 2 else f" ({len(cell.runs)} run{'s' if len(cell.runs) > 1 else ''})"
    return f"{_seconds(cell.seconds)}{runs} | {cell.peak:,.0f} MB"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 1 else f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


def targets(found: Sequence[Measured]) -> str:
    """The figures that a run must show."""
    lines = ["### What it must show", "", "| figure | asked | found | |", "|---|---|---|---|"]
    for measured in found:
        for target in measured.workload.targets:
            ratio = _ratio(measured, target)
            if ratio is not None:
                met = ratio <= target.bound if target.at_most else ratio >= target.bound
                asked = f"{'at most' if target.at_most else 'at least'} {target.bound:g}"
                lines.append(f"| {_figure(measured.workload, target)} | {asked} | {ratio:.2f} | {_verdict(met)} |")
    return "\n".join([*lines, ""])


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def _ratio(measured: Measured, target: Target) -> float | None:
    """The figure; None where one of the two was not run."""
    cells = [
        measured.cells.get(size, {}).get(side)
        for size, side in (
            (target.size, target.side),
            (target.against_size or target.size, target.against),
        )
    ]
    times = [cell.seconds for cell in cells if cell is not None and cell.runs]
    return times[0] / times[1] if len(times) == 2 else None


def _figure(workload: Workload, target: Target) -> str:
    first, second = PEERS[target.side].title, PEERS[target.against].title
    if target.against_size:
        return f"{workload.name}: {first}, time of {target.size:,} {workload.unit} over that of {target.against_size:,}"
    return f"{workload.name}, {target.size:,} {workload.unit}: time of {first} over that of {second}"


def crossing(measured: Measured, slow: str = "experta", fast: str = "duckdb") -> str:
    """From how many facts on the engine for many facts is the faster one: for `auto`.

    Between two sizes the quotient of the times is taken to be a power of the size.
    """
    lines = []
    for what, seconds in (("the inference alone", "seconds"), ("whole processes, imports and all", "whole")):
        quotients = [
            (size, getattr(cells[fast], seconds) / getattr(cells[slow], seconds))
            for size, cells in measured.cells.items()
            if cells[fast].runs and cells[slow].runs
        ]
        lines.append(f"- {what}: {_crossed(quotients, measured.workload.unit)}")
    head = f"{PEERS[fast].title} becomes faster than {PEERS[slow].title} at:"
    return "\n".join([head, "", *lines, ""])


def _crossed(quotients: Sequence[tuple[int, float]], unit: str) -> str:
    for (small, before), (large, after) in zip(quotients, quotients[1:], strict=False):
        if before > 1 >= after:
            share = log(before) / (log(before) - log(after))
            return f"about {exp(log(small) + share * (log(large) - log(small))):,.0f} {unit}."
    return "none of these sizes." if all(value > 1 for _, value in quotients) else "all of these sizes."
