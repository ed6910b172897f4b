"""Spark on two workers, on the cores of one process, and DuckDB: whole commands, with the jobs that they take.

python -m benchmarks.spark [--quick] [--sizes N ...] [--runs N] [--write-docs]

It starts a standalone cluster on this machine and stops it. Seconds are those of a command beyond the start of a
session, which is measured beside it.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import duckdb
import msgspec
import yaml

from benchmarks.clusters import cluster
from benchmarks.measuring import CHECKOUT, Disagreement, ordinary
from benchmarks.peers.rules import Written
from benchmarks.tables import machine
from benchmarks.workloads import alignment, sweep, world

PAGE = Path(__file__).parents[1] / "docs" / "spark.md"
BEGIN, END = "<!-- python -m benchmarks.spark --write-docs: from here -->", "<!-- to here -->"
_WORK = re.compile(r"the cluster ran ([\d,]+) jobs?, ([\d,]+) stages?, ([\d,]+) tasks?; (.+) shuffled")
_QUESTION = "Who is Kazakhstan aligned with in security?"
#: A session as small programs have it, which does one thing; what it takes is taken from every command on Spark.
_BARE = """
import sys
from kzexpert.engines.sql.store.spark_session import open_session
conf = dict(text.split("=", 1) for text in sys.argv[2:])
open_session(master=sys.argv[1], conf=conf, brief=True).sql("SELECT 1").collect()
"""
_CONF = ("spark.executor.memory=1g", "spark.driver.memory=2g")
#: The seconds that a command may take on two workers, by its name.
BOUNDS = {
    "ask, shipped base": 10.0,
    "world, one year": 20.0,
    "world, 31 years in one pass": 40.0,
    "alignment, 8 years": 20.0,
}


class Place(msgspec.Struct, frozen=True):
    """Where commands run: the name for the table, and the master of Spark; None for DuckDB."""

    title: str
    master: str | None


class Told(msgspec.Struct, frozen=True):
    """One run of a command: its seconds, what its cluster did, and what it wrote."""

    seconds: float
    jobs: int = 0
    stages: int = 0
    tasks: int = 0
    shuffled: str = ""
    written: bytes = b""


def main() -> None:
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kzexpert-spark-")))
        two = Place("Spark, two workers", stack.enter_context(cluster(2)).master)
        local = Place("Spark, `local[2]`", "local[2]")
        text = bounds(folder, (two, local, Place("DuckDB", None)), options)
        one = Place("Spark, one worker", stack.enter_context(cluster(1)).master)
        text += "\n" + swept(folder, (two, one, local, Place("DuckDB", None)), options)
    if options.write_docs:
        write_docs(text)
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="facts of the sweep")
    parser.add_argument("--runs", type=int, default=1, help="of each command, in turn; %(default)s unless given")
    parser.add_argument("--write-docs", action="store_true", help=f"put the tables into docs/{PAGE.name}")
    return parser.parse_args()


# --- tables ----------------------------------------------------------------------------------------------------------


def bounds(folder: Path, places: Sequence[Place], options: argparse.Namespace) -> str:
    """The commands that have a bound, with what they took."""
    lines = [f"| {' | '.join(['', 'bound', *[place.title for place in places]])} |", f"|---|---|{'---|' * len(places)}"]
    starts = {place: _start(place, options.runs) for place in places}
    lines.append(f"| start of a session | | {' | '.join(_seconds(starts[place]) for place in places)} |")
    for name, words in _commands(folder, options.quick):
        found = _measured(words, places, starts, options.runs)
        bound = _seconds(BOUNDS[name]) if name in BOUNDS else ""
        lines.append(f"| {name} | {bound} | {' | '.join(_shown(found[place]) for place in places)} |")
    often = f"medians of {options.runs} runs, in turn" if options.runs > 1 else "one run each, in turn"
    head = f"Seconds of a whole command beyond the start of a session, {often}; {machine()}.\n"
    return "\n".join([head, *lines, ""])


def swept(folder: Path, places: Sequence[Place], options: argparse.Namespace) -> str:
    """How time grows with facts."""
    sizes = options.sizes or ((100_000,) if options.quick else (100_000, 1_000_000, 10_000_000))
    starts = {place: _start(place, options.runs) for place in places}
    rows: dict[Place, list[Told]] = {place: [] for place in places}
    for size in sizes:
        base = folder / f"sweep-{size}"
        base.mkdir()
        sweep.SWEEP.prepare(size, base)
        tables = {name: base / f"{name}.parquet" for name in sweep.FACTS}
        _write_base(base, sweep.VOCABULARY, sweep.RULES, {}, tables, {})
        words = ("infer", "courted", "--kb", str(base), "--format", "parquet", "--output", f"{base}/OUT/")
        found = _measured(words, places, starts, options.runs)
        for place in places:
            rows[place].append(found[place])
    names = [f"{size:,} facts" for size in sizes]
    lines = [f"| {' | '.join(['', *names])} |", f"|---|{'---|' * len(names)}"]
    lines += [f"| {place.title} | {' | '.join(map(_shown, rows[place]))} |" for place in places]
    return "\n".join(["The sweep of docs/performance.md, its conclusions written to a folder:\n", *lines, ""])


def _shown(told: Told) -> str:
    if not told.jobs:
        return _seconds(told.seconds)
    return f"{_seconds(told.seconds)}; {told.jobs:,} jobs, {told.tasks:,} tasks, {told.shuffled}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def write_docs(text: str) -> None:
    """Put the tables between two marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


# --- commands --------------------------------------------------------------------------------------------------------


def _commands(folder: Path, quick: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """Name and words of each command; ``OUT`` is where it writes."""
    yield "ask, shipped base", ("ask", _QUESTION, "--kb", str(CHECKOUT))
    for years in (8,) if quick else (8, 60):
        base = folder / f"alignment-{years}"
        base.mkdir()
        alignment.workload().prepare(years, base)
        entities = {"state": alignment.STATES, "organisation": [f"Organisation {org:03}" for org in range(500)]}
        facts = {"power": [(name,) for name in alignment.POWERS]}
        tables = {"member": base / "member.parquet"}
        _write_base(base, alignment.VOCABULARY, alignment.RULES, facts, tables, entities)
        words = ("infer", "alignment", "strongest", "--all", "--kb", str(base), "--output", f"{base}/OUT.csv")
        yield f"alignment, {years} years", words
    collected = folder / "world"
    collected.mkdir()
    try:
        world.prepare(1, collected)
    except FileNotFoundError:  # the collections are no part of the project
        return
    given = json.loads((collected / "options.json").read_text(encoding="utf-8"))
    out = f"{collected}/OUT.csv"
    yield "world, one year", ("infer", *given, "--as-of", str(world.LAST), "--output", out)
    if not quick:
        first = world.LAST - 30
        yield "world, 31 years in one pass", ("infer", *given, "--as-of", f"{first}..{world.LAST}", "--output", out)


def _write_base(
    folder: Path,
    vocabulary: Mapping[str, str],
    rules: Sequence[Written],
    facts: Mapping[str, Sequence[Sequence[str]]],
    tables: Mapping[str, Path],
    entities: Mapping[str, Sequence[str]],
) -> None:
    """A folder of rules and facts; as `benchmarks.peers.rules.knowledge_base`."""
    args = {name: [dict([item.split(": ")]) for item in text.split(", ")] for name, text in vocabulary.items()}
    names = {name: [key for item in items for key in item] for name, items in args.items()}
    (folder / "rules").mkdir()
    (folder / "facts").mkdir()
    written = {
        "kinds": list(entities),
        "predicates": {name: {"args": items} for name, items in args.items()},
        "rules": [
            {"id": rule.id, "when": list(rule.when), "then": rule.then, "certainty": rule.certainty, "source": "b"}
            | ({"each": True} if rule.each else {})
            for rule in rules
        ],
    }
    known = {
        "entities": {name: {"kind": kind} for kind, all_ in entities.items() for name in all_},
        "sources": {"b": {"title": "A benchmark", "date": 2011}},
        "source": "b",
        "facts": {name: [dict(zip(names[name], row, strict=True)) for row in rows] for name, rows in facts.items()},
        "tables": [
            {"file": str(file), "predicate": name, "columns": {key: key for key in names[name]}, "source": "b"}
            for name, file in tables.items()
        ],
    }
    (folder / "rules" / "r.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    (folder / "facts" / "f.yaml").write_text(yaml.safe_dump(known), encoding="utf-8")


# --- runs ------------------------------------------------------------------------------------------------------------


def _start(place: Place, runs: int) -> float:
    """The seconds that a session of Spark takes to start, or the program itself."""
    bare = ["-m", "kzexpert", "--version"]
    words = bare if place.master is None else ["-c", _BARE, place.master, *_CONF]
    return statistics.median(_timed(words)[0] for _ in range(runs))


def _measured(
    words: Sequence[str], places: Sequence[Place], starts: Mapping[Place, float], runs: int
) -> dict[Place, Told]:
    """A command at each place, in turn.

    Raises:
        Disagreement: places do not give the same bytes or, in a folder, the same rows; or a command fails.
    """
    found: dict[Place, list[Told]] = {place: [] for place in places}
    for _ in range(runs):
        for place in places:
            found[place].append(_run(words, place, starts[place], f"out{len(found[place])}-{places.index(place)}"))
            print(f"{' '.join(words[:2])} {place.title}: {_shown(found[place][-1])}", file=sys.stderr, flush=True)
    if len({told.written for all_ in found.values() for told in all_}) > 1:
        raise Disagreement(f"{' '.join(words)}: not the same everywhere")
    medians = {place: statistics.median(told.seconds for told in all_) for place, all_ in found.items()}
    return {place: msgspec.structs.replace(all_[0], seconds=medians[place]) for place, all_ in found.items()}


def _run(words: Sequence[str], place: Place, start: float, out: str) -> Told:
    given = [word.replace("OUT", out) for word in words]
    engine = ["--engine", "duckdb"]
    if place.master is not None:
        engine = ["--engine", "spark", "--spark-master", place.master, "-v"]
        engine += [word for text in _CONF for word in ("--spark-conf", text)]
    seconds, printed, said = _timed(["-m", "kzexpert", *given, *engine])
    written = _written(Path(given[given.index("--output") + 1])) if "--output" in given else printed
    work = _WORK.search(said)
    beyond = max(seconds - start, 0.0)
    if work is None:
        return Told(beyond, written=written)
    jobs, stages, tasks = (int(text.replace(",", "")) for text in work.groups()[:3])
    return Told(beyond, jobs, stages, tasks, work[4], written)


def _written(path: Path) -> bytes:
    """The bytes of a file; of a folder of Parquet files how many rows there are, and their hash in any order."""
    if path.is_file():
        return path.read_bytes()
    rows = f"read_parquet('{path}/**/*.parquet', hive_partitioning = true)"
    return str(duckdb.sql(f"SELECT count(*), bit_xor(hash(r)) FROM {rows} AS r").fetchall()).encode()


def _timed(words: Sequence[str]) -> tuple[float, bytes, str]:
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=CHECKOUT, env=ordinary(), capture_output=True, check=False)
    if done.returncode:
        raise Disagreement(f"{' '.join(words)} ends with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return time.perf_counter() - begun, done.stdout, done.stderr.decode()


if __name__ == "__main__":
    main()
