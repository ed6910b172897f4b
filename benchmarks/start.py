"""The cold start of `kzexpert ask` on the shipped knowledge base, against the bare imports of what it is made of."""

import os
import statistics
import subprocess
import sys
import tempfile
from time import perf_counter

__all__ = ["start_up"]

BASELINE = """
import collections, collections.abc
collections.Mapping = collections.abc.Mapping
import click, yaml, experta
assert experta.KnowledgeEngine
"""
QUESTION = "Who is Kazakhstan aligned with in security?"


def start_up(runs: int) -> str:
    """A table: files unchanged since the last start, without a cache, and the bare imports; medians of the runs."""
    kept, cold, bare = _times(runs)
    lines = [
        "### Start of a process",
        "",
        "| start of a process | bare imports of click, yaml, experta | `kzexpert ask` | ratio |",
        "|---|---|---|---|",
        f"| files unchanged since the last start | {bare:.3f} s | {kept:.3f} s | {kept / bare:.2f} |",
        f"| first start, nothing kept | {bare:.3f} s | {cold:.3f} s | {cold / bare:.2f} |",
        "",
        f"Medians of {runs} runs, in turn, after one that warms up.",
        "",
    ]
    return "\n".join(lines)


def _times(runs: int) -> list[float]:
    with tempfile.TemporaryDirectory() as cache:
        commands = (
            ([sys.executable, "-m", "kzexpert", "ask", QUESTION], {**os.environ, "KZEXPERT_CACHE": cache}),
            ([sys.executable, "-m", "kzexpert", "ask", QUESTION], {**os.environ, "KZEXPERT_CACHE": ""}),
            ([sys.executable, "-c", BASELINE], dict(os.environ)),
        )
        times: list[list[float]] = [[] for _ in commands]
        for turn in range(runs + 1):
            for (command, environment), taken in zip(commands, times, strict=True):
                start = perf_counter()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                if turn:
                    taken.append(perf_counter() - start)
    return [statistics.median(taken) for taken in times]
