"""Whole commands, as processes: the cold start of `kzexpert ask`, and `kzexpert why` over the facts about the world."""

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.measuring import CHECKOUT, ordinary
from benchmarks.tables import Figure

__all__ = ["start_up", "why"]

_BASELINE = """
import collections, collections.abc
collections.Mapping = collections.abc.Mapping
import click, yaml, experta
assert experta.KnowledgeEngine
"""
_QUESTION = "Who is Kazakhstan aligned with in security?"
_CONCLUSION = 'alignment(Poland, "United States", security)'


def start_up(runs: int) -> tuple[str, list[Figure]]:
    """A start with files unchanged since the last one, one without a cache, and the bare imports."""
    with tempfile.TemporaryDirectory() as cache:
        ask = [sys.executable, "-m", "kzexpert", "ask", _QUESTION]
        kept, cold, bare = _medians(
            runs,
            (ask, {"KZEXPERT_CACHE": cache}),
            (ask, {"KZEXPERT_CACHE": ""}),
            ([sys.executable, "-c", _BASELINE], {}),
            clock=_cpu_of_children,
        )
    lines = [
        "### Start of a process",
        "",
        "| CPU of a process | bare imports of click, yaml, experta | `kzexpert ask` | ratio |",
        "|---|---|---|---|",
        f"| files unchanged since the last start | {bare:.3f} s | {kept:.3f} s | {kept / bare:.2f} |",
        f"| first start, nothing kept | {bare:.3f} s | {cold:.3f} s | {cold / bare:.2f} |",
        "",
        f"- Medians of {runs} runs, in turn, after one that warms up.",
        "",
    ]
    figure = Figure("start: CPU of `kzexpert ask` over that of the bare imports", 1.6, kept / bare, at_most=True)
    return "\n".join(lines), [figure]


def why(runs: int) -> tuple[str, list[Figure]]:
    """One proof over all facts about the world.

    Raises:
        FileNotFoundError: the facts are not there.
    """
    from benchmarks.world import write

    with tempfile.TemporaryDirectory() as folder:
        given = [*write(Path(folder) / "kb"), "--as-of", "2010", "--engine", "duckdb"]
        command = [sys.executable, "-m", "kzexpert", "why", _CONCLUSION, *given]
        kept, cold = _medians(runs, (command, {"KZEXPERT_CACHE": folder}), (command, {"KZEXPERT_CACHE": ""}))
    lines = [
        "### One proof over the facts about the world",
        "",
        f"| `kzexpert why '{_CONCLUSION}' --as-of 2010` | whole process |",
        "|---|---|",
        f"| rules and entities unchanged since the last run | {kept:.2f} s |",
        f"| nothing kept | {cold:.2f} s |",
        "",
        f"- Medians of {runs} runs, in turn, after one that warms up.",
        "",
    ]
    figure = Figure("world: `kzexpert why` for one conclusion, nothing kept", 2.0, cold, at_most=True, unit=" s")
    return "\n".join(lines), [figure]


def _cpu_of_children() -> float:
    """Seconds that finished processes have computed, which others who are at work change least."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _medians(
    runs: int, *commands: tuple[Sequence[str], Mapping[str, str]], clock: Callable[[], float] = perf_counter
) -> list[float]:
    """Seconds of some commands, each with its environment, in turn; the first turn warms up."""
    times: list[list[float]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for (command, environment), taken in zip(commands, times, strict=True):
            start = clock()
            subprocess.run(
                command, env={**ordinary(), **environment}, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL
            )
            if turn:
                taken.append(clock() - start)
    return [statistics.median(taken) for taken in times]
