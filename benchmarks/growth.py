"""How the cost of whole commands grows with their input: CPU seconds and memory of a process at each of some sizes.

Each line is a command that once grew faster than its input, over a base that is written anew for every size.
"""

import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.measuring import CHECKOUT, ordinary

__all__ = ["GROWTHS", "Growth", "growth"]

_HEAD = "sources: {s: {title: S, date: 2011-01-01}}\n"
_CHAIN = """
predicates:
  edge: {args: [a: number, b: number]}
  start: {args: [a: number]}
  reached: {args: [a: number]}
rules:
  - {id: start, when: ["start(?a)"], then: "reached(?a)", source: s}
  - {id: edge, when: ["reached(?a)", "edge(?a, ?b)"], then: "reached(?b)", source: s}
"""
_LAYERS = """
predicates:
  edge: {args: [a: number, b: number]}
  path: {args: [a: number, b: number]}
rules:
  - {id: edge, when: ["edge(?a, ?b)"], then: "path(?a, ?b)", source: s}
  - {id: path, when: ["path(?a, ?b)", "edge(?b, ?c)"], then: "path(?a, ?c)", source: s}
"""


class Growth(msgspec.Struct, frozen=True):
    """A command whose cost is looked at.

    Attributes:
        name: what it is, as the table says it.
        unit: what a size counts.
        sizes: from small to large.
        words: size and folder → the words of the command; the input is written there.
        quick: the sizes of a short run.
    """

    name: str
    unit: str
    sizes: tuple[int, ...]
    words: Callable[[int, Path], Sequence[str]]
    quick: tuple[int, ...] = ()


def _base(folder: Path, rules: str, facts: str, cases: str = "") -> tuple[str, str]:
    for name, text in (("rules/r.yaml", _HEAD + rules), ("facts/f.yaml", facts), ("tests/cases/c.yaml", cases)):
        if text:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return "--kb", str(folder)


def _edges(pairs: Sequence[tuple[int, int]]) -> str:
    return f"source: s\nfacts:\n  start: [{{a: 0}}]\n  edge: [{', '.join(f'{{a: {a}, b: {b}}}' for a, b in pairs)}]\n"


def _chain(size: int, folder: Path) -> tuple[str, str]:
    return _base(folder, _CHAIN, _edges([(place, place + 1) for place in range(size)]))


def _deep_linchpins(size: int, folder: Path) -> Sequence[str]:
    return ("linchpins", f"reached({size})", *_chain(size, folder))


def _wide_linchpins(size: int, folder: Path) -> Sequence[str]:
    predicates = "".join(f"  sign{place}: {{args: [a: number]}}\n" for place in range(size))
    rules = "".join(
        f'  - {{id: r{place}, when: ["sign{place}(?a)"], then: claim(?a), certainty: 0.01, source: s}}\n'
        for place in range(size)
    )
    facts = "".join(f"  sign{place}: [{{a: 1}}]\n" for place in range(size))
    text = f"predicates:\n  claim: {{args: [a: number]}}\n{predicates}rules:\n{rules}"
    return ("linchpins", "claim(1)", *_base(folder, text, f"source: s\nfacts:\n{facts}"))


def _deep_recursion(size: int, folder: Path) -> Sequence[str]:
    return ("infer", "reached", "--engine", "duckdb", "--format", "csv", *_chain(size, folder))


def _cases(size: int, folder: Path) -> Sequence[str]:
    facts = "source: s\nfacts: {start: [{a: 0}], edge: [{a: 0, b: 1}]}\n"
    cases = "".join(f"  - {{id: c{place}, note: n, ask: reached(1), want: reached(1)}}\n" for place in range(size))
    return ("test", "--engine", "duckdb", *_base(folder, _CHAIN, facts, f"cases:\n{cases}"))


def _why_not(size: int, folder: Path) -> Sequence[str]:
    """Three nodes a layer, each of which leads to all of the next one; asked is the way back."""
    pairs = [(3 * layer + a, 3 * layer + 3 + b) for layer in range(size - 1) for a in range(3) for b in range(3)]
    facts = _edges(pairs).replace("  start: [{a: 0}]\n", "")
    return ("why-not", f"path({3 * size - 1}, 0)", *_base(folder, _LAYERS, facts))


def _world(*words: str) -> Callable[[int, Path], Sequence[str]]:
    def made(size: int, folder: Path) -> Sequence[str]:
        from benchmarks.world import write

        return (*words, *write(folder / "kb"), "--as-of", "2010", "--engine", "duckdb")

    return made


_POLAND = 'alignment(Poland, "United States", security)'
GROWTHS = (
    Growth("`linchpins` of a chain", "links", (100, 200, 400), _deep_linchpins, (25, 50)),
    Growth("`linchpins` of many lines", "lines", (100, 200, 400), _wide_linchpins, (25, 50)),
    Growth("`test --engine duckdb`", "cases", (25, 50, 100), _cases, (2, 4)),
    Growth("recursion on DuckDB", "links", (625, 1250, 2500, 5000), _deep_recursion, (50, 100)),
    Growth("`why-not` of a path that is not there", "layers", (5, 10, 19), _why_not, (3, 4)),
    Growth(
        "`what-if --all` over the world",
        "run",
        (1,),
        _world("what-if", "alignment(?state, ?power, security)", "--without", "member(Poland, NATO)", "--all"),
    ),
    Growth("an HTML page over the world", "run", (1,), _world("trace", "export", _POLAND, "--format", "html")),
)


def growth(runs: int, quick: bool, told: Callable[[str], None]) -> str:
    """The table of all commands.

    Args:
        runs: of each size; medians are shown.
        quick: small sizes only, and nothing over the world.
    """
    rows = []
    for item in GROWTHS:
        sizes = item.quick if quick else item.sizes
        try:
            costs = []
            for size in sizes:
                told(f"{item.name}: {size:,} {item.unit}")
                costs.append(_cost(item, size, runs))
        except FileNotFoundError as error:
            rows.append(f"| {item.name} | not run: {Path(error.filename).name} is not there | | | |")
            continue
        if costs:
            seconds, memory = ([cost[kind] for cost in costs] for kind in (0, 1))
            sized = " / ".join(f"{size:,}" for size in sizes)
            cpu = " / ".join(f"{value:.2f}" for value in seconds)
            peak = " / ".join(f"{value:,.0f}" for value in memory)
            rows.append(f"| {item.name} | {sized} {item.unit} | {cpu} s | {peak} MB | {_exponent(sizes, seconds)} |")
    head = [
        "### How commands grow",
        "",
        "| command | size | CPU of the process | memory | growth |",
        "|---|---|---|---|---|",
    ]
    note = "- Growth: with which power of the size CPU grows between the last two, start-up left out; 1 is linear."
    return "\n".join([*head, *rows, "", note, ""])


def _exponent(sizes: Sequence[int], seconds: Sequence[float]) -> str:
    if len(sizes) < 2:
        return ""
    start = _start()
    before, after = (max(value - start, 0.01) for value in seconds[-2:])
    return f"{math.log(after / before) / math.log(sizes[-1] / sizes[-2]):.1f}"


def _start() -> float:
    return _run(["--version"])[0]


def _cost(item: Growth, size: int, runs: int) -> tuple[float, float]:
    """CPU seconds and megabytes of a size."""
    folder = Path(tempfile.mkdtemp())
    try:
        words = item.words(size, folder)
        found = [_run(words) for _ in range(runs)]
    finally:
        shutil.rmtree(folder)
    return statistics.median(cpu for cpu, _ in found), statistics.median(memory for _, memory in found)


def _run(words: Sequence[str]) -> tuple[float, float]:
    """One run as a process of its own.

    Raises:
        RuntimeError: it ended otherwise than by an answer, or by none.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "kzexpert", *words],
        env={**ordinary(), "KZEXPERT_CACHE": ""},
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"kzexpert {' '.join(words)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
