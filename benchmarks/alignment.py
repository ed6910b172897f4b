"""Alignment of 200 states with five powers by shared memberships, over many years: rules on DuckDB against plain SQL.

    python -m benchmarks.alignment [--years 8 60] [--runs N] [--output FILE]

The memberships lie in a Parquet file, by name. Every line is a median of the runs, the sides in turn in one process,
and each time holds all: reading the file, counting what is shared, the certainties, the strongest power. The second
peer starts from whole numbers in a table, made before the clock runs.
"""

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import duckdb

from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
from kzexpert.errors import Location
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import ArgumentSpec, Entity, Fact, Inference, KnowledgeBase, Predicate, Rule, Table
from kzexpert.snapshot import snapshot

HERE = Location("benchmark", 1, 1)
STATES = tuple(f"State {number:03}" for number in range(200))
ORGANISATIONS = tuple(f"Organisation {number:03}" for number in range(500))
POWERS = STATES[:5]
VOCABULARY = {
    "member": "state: state, org: organisation, year: number",
    "power": "state: state",
    "shared": "state: state, other: state, org: organisation, year: number",
    "alignment": "state: state, power: state, year: number",
    "strongest": "state: state, power: state, year: number",
}
RULES = (
    Rule(
        "shared",
        tuple(parse_condition(text, HERE) for text in ("member(?s, ?o, ?y)", "member(?p, ?o, ?y)", "?s != ?p")),
        parse_atom("shared(?s, ?p, ?o, ?y)", HERE),
    ),
    Rule(
        "alignment",
        tuple(parse_condition(text, HERE) for text in ("shared(?s, ?p, ?o, ?y)", "power(?p)")),
        parse_atom("alignment(?s, ?p, ?y)", HERE),
        certainty=0.05,
        each=True,
    ),
    Rule(
        "strongest",
        tuple(
            parse_condition(text, HERE)
            for text in (
                "alignment(?s, ?p, ?y) @ ?c",
                "?best = max(?d for alignment(?s, ?q, ?y) @ ?d)",
                "?c = ?best",
            )
        ),
        parse_atom("strongest(?s, ?p, ?y)", HERE),
    ),
)
#: One SQL for both peers: how many are shared, how many certainties there are, and how often one is the highest of its
#: state and year: where it is above 0.2, since only then is it established and can satisfy a condition; and at all.
SHARED = "SELECT count(*) FROM {m} a JOIN {m} b ON a.org = b.org AND a.year = b.year AND a.state <> b.state"
CERTAINTIES = """
CREATE OR REPLACE TABLE alignment AS
SELECT a.state, b.state AS power, a.year, round(1 - product(0.95::DOUBLE), 9) AS certainty
FROM {m} a JOIN {m} b ON a.org = b.org AND a.year = b.year AND a.state <> b.state JOIN power ON power.state = b.state
GROUP BY ALL
"""
STRONGEST = """
SELECT count(*) FILTER (certainty > 0.2), count(*) FROM alignment
JOIN (SELECT state, year, max(certainty) AS highest FROM alignment GROUP BY ALL) USING (state, year)
WHERE certainty = highest
"""
#: years → shared memberships, certainties, strongest with a certainty above 0.2, strongest
EXPECTED = {8: (2_402_374, 7_957, 1_950, 1_952), 60: (17_750_000, 59_667, 14_794, 14_811)}

Counts: TypeAlias = tuple[int, int, int, int]
#: What was counted, told once the clock has stopped.
Counted: TypeAlias = Callable[[], Counts]


def memberships(years: int) -> Iterator[tuple[int, int, int]]:
    """State, organisation and year, by number; the same on every machine."""
    random.seed(7)
    for year in range(years):
        for org in range(len(ORGANISATIONS)):
            count = random.randint(5, 40)
            for state in random.sample(range(len(STATES)), count):
                yield state, org, year


def knowledge_base(file: Path) -> KnowledgeBase:
    """The rules, over a table."""
    predicates = []
    for name, written in VOCABULARY.items():
        specs = (item.split(": ") for item in written.split(", "))
        predicates.append(Predicate(name, tuple(ArgumentSpec(argument, kind) for argument, kind in specs)))
    states = (Entity(name, "state") for name in STATES)
    organisations = (Entity(name, "organisation") for name in ORGANISATIONS)
    return KnowledgeBase(
        kinds=("state", "organisation"),
        predicates=tuple(predicates),
        entities=(*states, *organisations),
        facts=tuple(Fact("power", {"state": name}) for name in POWERS),
        rules=RULES,
        tables=(Table(str(file), str(file), "member", {"state": "state", "org": "org", "year": "year"}),),
    )


def rules_on_duckdb(kb: KnowledgeBase) -> Counted:
    """The same numbers out of an inference."""
    inference = DuckDBEngine().infer(snapshot(kb, date(2011, 4, 7)))
    shared, alignment, strongest = (len(inference.certainties[name]) for name in ("shared", "alignment", "strongest"))
    return lambda: (shared, alignment, strongest, highest_of(inference))


def highest_of(inference: Inference) -> int:
    """How often a certainty is the highest of its state and year, established or not."""
    known = dict(inference.certainties["alignment"].items())
    highest: dict[object, float] = {}
    for (state, _, year), certainty in known.items():
        highest[state, year] = max(certainty, highest.get((state, year), -1.0))
    return sum(certainty == highest[state, year] for (state, _, year), certainty in known.items())


def sql_on_names(file: Path) -> Counted:
    """What one would write by hand over the same file."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE member AS SELECT * FROM read_parquet(?)", [str(file)])
        connection.execute("CREATE TABLE power AS SELECT unnest(?::VARCHAR[]) AS state", [list(POWERS)])
        return _by_hand(connection)


def sql_on_codes(connection: duckdb.DuckDBPyConnection) -> Counted:
    """The same where somebody has turned names into whole numbers before."""
    return _by_hand(connection)


def _by_hand(connection: duckdb.DuckDBPyConnection) -> Counted:
    shared = connection.execute(SHARED.format(m="member")).fetchall()[0][0]
    certainties = connection.execute(CERTAINTIES.format(m="member")).fetchall()[0][0]
    established, strongest = connection.execute(STRONGEST).fetchall()[0]
    return lambda: (shared, certainties, established, strongest)


def medians(runs: int, years: int, *sides: Callable[[], Counted]) -> list[float]:
    """Seconds of each side, in turn; each must count what is expected."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(runs):
        for side, taken in zip(sides, times, strict=True):
            start = perf_counter()
            counted = side()
            taken.append(perf_counter() - start)
            found = counted()
            if found != EXPECTED.get(years, found):
                raise SystemExit(f"{side} counts {found}, not {EXPECTED[years]}")
    return [statistics.median(taken) for taken in times]


def measured(years: int, runs: int) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        rows = Path(folder) / "member.csv"
        rows.write_text("".join(f"{state},{org},{year}\n" for state, org, year in memberships(years)), encoding="ascii")
        connection.execute(
            "CREATE TABLE member AS SELECT * FROM read_csv(?, names=['state', 'org', 'year'])", [str(rows)]
        )
        connection.execute("ALTER TABLE member ALTER state TYPE INT; ALTER TABLE member ALTER org TYPE INT")
        connection.execute("CREATE TABLE power AS SELECT range::INT AS state FROM range(5)")
        file = Path(folder) / "member.parquet"
        named = "format('State {:03}', state) AS state, format('Organisation {:03}', org) AS org, year"
        connection.sql(f"SELECT {named} FROM member").write_parquet(str(file))
        kb = knowledge_base(file)
        own, names, codes = medians(
            runs, years, lambda: rules_on_duckdb(kb), lambda: sql_on_names(file), lambda: sql_on_codes(connection)
        )
        (count,) = connection.execute("SELECT count(*) FROM member").fetchall()[0]
    shared, certainties, _, strongest = EXPECTED.get(years, ("?",) * 4)
    what = (
        f"{years} years, {count:,} memberships: {shared:,} shared, {certainties:,} certainties, {strongest:,} strongest"
    )
    return f"| {what} | {own:.2f} s | {names:.2f} s | {own / names:.2f} | {codes:.2f} s | {own / codes:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, nargs="+", default=[8, 60])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    lines = [
        "| measured | rules on DuckDB | SQL by hand | ratio | SQL on numbers, loaded before | ratio |",
        "|---|---|---|---|---|---|",
        *(measured(years, options.runs) for years in options.years),
    ]
    text = "\n".join(lines) + "\n"
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
