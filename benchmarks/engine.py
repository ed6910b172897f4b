"""Stock experta 1.9.4, as a user would write it, against the same rules on kzexpert's engine, and a cold start.

    python -m benchmarks.engine [--runs N] [--output FILE]

Every line is a median of the runs, both sides in turn in one process (the start: whole processes in turn), and the
results are compared before a time is believed.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from kzexpert.engines import Budget, engine
from kzexpert.engines.experta_engine import experta  # with the import made to work
from kzexpert.errors import Location
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import ArgumentSpec, Fact, KnowledgeBase, Predicate, Program, Rule
from kzexpert.snapshot import snapshot

HERE = Location("benchmark", 1, 1)
CLOSURE = (("base", ["edge(?x, ?y)"], "path(?x, ?y)"), ("step", ["path(?x, ?y)", "edge(?y, ?z)"], "path(?x, ?z)"))
SHARED = (("shared", ["member(?a, ?o)", "member(?b, ?o)", "?a != ?b"], "shared(?a, ?b, ?o)"),)
BASELINE = """
import collections, collections.abc
collections.Mapping = collections.abc.Mapping
import click, yaml, experta
assert experta.KnowledgeEngine
"""
QUESTION = "Who is Kazakhstan aligned with in security?"

Rows = set[tuple[str, ...]]


def chain(edges: int) -> Rows:
    return {(f"n{i}", f"n{i + 1}") for i in range(edges)}


def memberships(count: int, states: int = 200, organisations: int = 50) -> Rows:
    dice = random.Random(7)
    rows: Rows = set()
    while len(rows) < count:
        rows.add((f"s{dice.randrange(states)}", f"o{dice.randrange(organisations)}"))
    return rows


def program(relation: str, rows: Rows, rules: tuple[tuple[str, list[str], str], ...], head: tuple[str, int]) -> Program:
    def predicate(name: str, places: int) -> Predicate:
        return Predicate(name, tuple(ArgumentSpec(f"a{place}", "text") for place in range(places)))

    kb = KnowledgeBase(
        predicates=(predicate(relation, 2), predicate(*head)),
        rules=tuple(
            Rule(name, tuple(parse_condition(text, HERE) for text in when), parse_atom(then, HERE))
            for name, when, then in rules
        ),
        facts=tuple(Fact(relation, {"a0": one, "a1": other}) for one, other in sorted(rows)),
    )
    return snapshot(kb, date(2011, 4, 7))


def ours(relation: str, rows: Rows, rules: Any, head: tuple[str, int], name: str = "experta") -> Callable[[], Rows]:
    made = program(relation, rows, rules, head)

    def run() -> Rows:
        inference = engine(name, Budget(firings=10_000_000, seconds=600)).infer(made)
        return set(inference.certainties[head[0]])  # type: ignore[arg-type]

    return run


def stock_closure(rows: Rows) -> Callable[[], Rows]:
    class edge(experta.Fact):
        pass

    class path(experta.Fact):
        pass

    class Closure(experta.KnowledgeEngine):
        @experta.Rule(edge(experta.MATCH.x, experta.MATCH.y))
        def base(self, x: str, y: str) -> None:
            self.declare(path(x, y))

        @experta.Rule(path(experta.MATCH.x, experta.MATCH.y), edge(experta.MATCH.y, experta.MATCH.z))
        def step(self, x: str, z: str) -> None:
            self.declare(path(x, z))

    def run() -> Rows:
        rules = Closure()
        rules.reset()
        rules.declare(*(edge(*row) for row in sorted(rows)))
        rules.run()
        return {(fact[0], fact[1]) for fact in rules.facts.values() if isinstance(fact, path)}

    return run


def stock_shared(rows: Rows) -> Callable[[], Rows]:
    class member(experta.Fact):
        pass

    found: Rows = set()

    class Shared(experta.KnowledgeEngine):
        @experta.Rule(
            member(experta.MATCH.a, experta.MATCH.o),
            member(experta.MATCH.b, experta.MATCH.o),
            experta.TEST(lambda a, b: a != b),
        )
        def shared(self, a: str, b: str, o: str) -> None:
            found.add((a, b, o))

    def run() -> Rows:
        found.clear()
        rules = Shared()
        rules.reset()
        rules.declare(*(member(*row) for row in sorted(rows)))
        rules.run()
        return set(found)

    return run


def medians(runs: int, *sides: Callable[[], Rows]) -> list[float]:
    """Seconds of each side, the sides in turn; all must give the same."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(runs):
        results = []
        for side, taken in zip(sides, times, strict=True):
            start = perf_counter()
            results.append(side())
            taken.append(perf_counter() - start)
        if any(result != results[0] for result in results):
            raise SystemExit("the sides do not agree")
    return [statistics.median(taken) for taken in times]


def start_up(runs: int) -> tuple[float, float, float]:
    """Seconds of ``kzexpert ask`` unchanged since the last start, without a cache, and of the bare imports."""
    with tempfile.TemporaryDirectory() as cache:
        kept = {**os.environ, "KZEXPERT_CACHE": cache}
        commands = (
            ([sys.executable, "-m", "kzexpert", "ask", QUESTION], kept),
            ([sys.executable, "-m", "kzexpert", "ask", QUESTION], {**os.environ, "KZEXPERT_CACHE": ""}),
            ([sys.executable, "-c", BASELINE], dict(os.environ)),
        )
        times: list[list[float]] = [[] for _ in commands]
        for turn in range(runs + 1):  # the first turn warms up
            for (command, environment), taken in zip(commands, times, strict=True):
                start = perf_counter()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                if turn:
                    taken.append(perf_counter() - start)
        one, two, three = (statistics.median(taken) for taken in times)
        return one, two, three


def report(runs: int) -> str:
    lines = ["| measured | stock experta | kzexpert | ratio |", "|---|---|---|---|"]

    def line(what: str, peer: float, own: float, ratio: str) -> None:
        lines.append(f"| {what} | {peer:.3f} s | {own:.3f} s | {ratio} |")

    edges = chain(150)
    peer, own = medians(runs, stock_closure(edges), ours("edge", edges, CLOSURE, ("path", 2)))
    line("closure of a chain of 150 edges, 11,325 facts", peer, own, f"{peer / own:.1f} times faster")
    small, large = medians_of_growth(runs)
    growth = (large / small) / (80_200 / 11_325)
    lines.append(
        f"| growth from 150 to 400 edges, 7.08 times the facts | | {small:.3f} s, {large:.3f} s | "
        f"{large / small:.1f} times, {growth:.2f} of the growth of facts |"
    )
    rows = memberships(1600)
    peer, own = medians(runs, stock_shared(rows), ours("member", rows, SHARED, ("shared", 3)))
    line("join of 1,600 memberships in 50 organisations, 50,780 pairs", peer, own, f"{peer / own:.1f} times faster")
    kept, cold, bare = start_up(max(runs, 11))
    lines += [
        "",
        "| start of a process | bare imports of click, yaml, experta | `kzexpert ask` | ratio |",
        "|---|---|---|---|",
        f"| files unchanged since the last start | {bare:.3f} s | {kept:.3f} s | {kept / bare:.2f} |",
        f"| first start, nothing kept | {bare:.3f} s | {cold:.3f} s | {cold / bare:.2f} |",
    ]
    return "\n".join(lines) + "\n"


def medians_of_growth(runs: int) -> tuple[float, float]:
    times = []
    for edges in (150, 400):
        (taken,) = medians(runs, ours("edge", chain(edges), CLOSURE, ("path", 2)))
        times.append(taken)
    return times[0], times[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    text = report(options.runs)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
