"""Measured cells → Markdown."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import exp, log

import msgspec

from benchmarks.measuring import Cell
from benchmarks.peers import PEERS
from benchmarks.workload import Target, Workload

__all__ = ["Figure", "Measured", "crossing", "machine", "shown", "targets"]


class Measured(msgspec.Struct, frozen=True):
    """A workload with its cells, by size and side."""

    workload: Workload
    cells: Mapping[int, Mapping[str, Cell]]

    @property
    def sides(self) -> list[str]:
        """All sides, in order."""
        return list(next(iter(self.cells.values())))


class Figure(msgspec.Struct, frozen=True):
    """What a run must show, and what it shows."""

    text: str
    bound: float
    value: float
    at_most: bool
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it is within the bound."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound


def machine() -> str:
    """What it ran on, and the versions of all peers."""
    found = {peer.version: None for peer in PEERS.values()}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.system()} on {platform.machine()}, {cores} cores, Python {platform.python_version()}; "
        + ", ".join(found)
    )


def shown(measured: Measured) -> str:
    """The table of a workload, and what its sides do differently."""
    lines = list(_by_size(measured) if measured.workload.across else _by_side(measured))
    notes = [
        f"- {PEERS[side].title}: {text}." for side, text in measured.workload.says.items() if side in measured.sides
    ]
    reasons = {
        f"- {PEERS[side].title}: {cell.why_not}."
        for cells in measured.cells.values()
        for side, cell in cells.items()
        if cell.why_not
    }
    parts = [f"### {measured.workload.title}", "", *lines, "", *_results(measured), *notes, *sorted(reasons)]
    return "\n".join([*parts, ""])


def _results(measured: Measured) -> Iterator[str]:
    """What all sides found alike; where the sizes are many, of the largest that is compared one by one only."""
    sizes = list(measured.cells)
    if measured.workload.across:
        alike = [
            size for size in sizes if any(run.digests for cell in measured.cells[size].values() for run in cell.runs)
        ]
        sizes = alike[-1:]
    for size, cells in ((size, measured.cells[size]) for size in sizes):
        counts: dict[str, int] = {}
        compared: dict[str, int] = {}
        for cell in cells.values():
            for run in cell.runs[:1]:
                counts |= run.counts
                for name in run.digests:
                    compared[name] = compared.get(name, 0) + 1
        found = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        whole = ", ".join(f"{name} by {count} sides" for name, count in compared.items() if count > 1)
        if found:
            line = f"- Results at {measured.workload.of(size)}: {found}"
            yield f"{line}; compared one by one: {whole}." if whole else f"{line}."


def _by_side(measured: Measured) -> Iterator[str]:
    heads = [measured.workload.of(size) for size in measured.cells]
    yield "| side | " + " | ".join(f"{head} | memory" for head in heads) + " |"
    yield "|---" * (1 + 2 * len(heads)) + "|"
    for side in measured.sides:
        cells = [measured.cells[size][side] for size in measured.cells]
        yield f"| {PEERS[side].title} | " + " | ".join(map(_cell, cells)) + " |"


def _by_size(measured: Measured) -> Iterator[str]:
    yield (
        f"| {measured.workload.unit} | " + " | ".join(f"{PEERS[side].title} | memory" for side in measured.sides) + " |"
    )
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


def targets(found: Sequence[Measured], others: Sequence[Figure]) -> str:
    """The figures that a run must show."""
    lines = ["### What it must show", "", "| figure | asked | found | |", "|---|---|---|---|"]
    for figure in [*(figure for measured in found for figure in _figures(measured)), *others]:
        asked = f"{'at most' if figure.at_most else 'at least'} {figure.bound:.3g}{figure.unit}"
        verdict = "met" if figure.met else "**missed**"
        lines.append(f"| {figure.text} | {asked} | {figure.value:.2f}{figure.unit} | {verdict} |")
    return "\n".join([*lines, ""])


def _figures(measured: Measured) -> Iterator[Figure]:
    for target in measured.workload.targets:
        value = _ratio(measured, target)
        if value is not None:
            unit = "" if target.against else " s"
            yield Figure(_text(measured.workload, target), target.bound, value, target.at_most, unit)


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
    if not target.against:
        return times[0] if times else None
    return times[0] / times[1] if len(times) == 2 else None


def _text(workload: Workload, target: Target) -> str:
    first = PEERS[target.side].title
    if not target.against:
        return f"{workload.name}, {target.size:,} {workload.unit}: time of {first}"
    second = PEERS[target.against].title
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
    for (small, before), (large, after) in pairwise(quotients):
        if before > 1 >= after:
            share = log(before) / (log(before) - log(after))
            return f"about {exp(log(small) + share * (log(large) - log(small))):,.0f} {unit}."
    return "none of these sizes." if all(value > 1 for _, value in quotients) else "all of these sizes."
