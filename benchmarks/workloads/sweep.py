"""From a thousand facts to ten million: a join, certainties, a negation and a count, with results as many as facts.

And the same with few facts, in memory as files of facts give them: where experta and DuckDB take equally long.
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.inputs import read
from benchmarks.peers.rules import MEMORY, Written, knowledge_base, plain, timed
from benchmarks.workload import Bound, Counts, Digests, Outcome, Target, Timed, Workload, digest
from kzexpert.model import Inference, KnowledgeBase

__all__ = ["CROSSING", "SWEEP"]

VOCABULARY = {
    "member": "state: text, org: text",
    "suspended": "state: text, org: text",
    "led": "org: text, power: text",
    "active": "state: text, org: text",
    "leaning": "state: text, power: text",
    "courted": "state: text, powers: number",
}
RULES = (
    Written("active", ("member(?s, ?o)", "not suspended(?s, ?o)"), "active(?s, ?o)"),
    Written("leaning", ("active(?s, ?o)", "led(?o, ?p)"), "leaning(?s, ?p)", certainty=0.3, each=True),
    Written("courted", ("leaning(?s, _)", "?n = count(?p for leaning(?s, ?p))"), "courted(?s, ?n)"),
)
#: Of n facts a tenth are states of eight memberships each, and a fiftieth organisations, each led by one power. Each
#: state is suspended once where it is a member; the rest are suspensions where it is none.
FACTS = {
    "member": "SELECT 'State ' || s AS state, 'Organisation ' || (s * 7919 + m) % {orgs} AS org "
    "FROM range({states}) a(s), range(8) b(m)",
    "suspended": "SELECT 'State ' || i % {states} AS state, "
    "'Organisation ' || ((i % {states}) * 7919 + 8 * (i // {states})) % {orgs} AS org FROM range({suspended}) a(i)",
    "led": "SELECT 'Organisation ' || o AS org, 'Power ' || hash(o) % 5 AS power FROM range({orgs}) a(o)",
}
BY_HAND = (
    "CREATE VIEW active AS SELECT * FROM member ANTI JOIN suspended USING (state, org)",
    "CREATE TABLE leaning AS SELECT state, power, round(1 - pow(0.7, count(*)), 9) AS certainty "
    "FROM active JOIN led USING (org) GROUP BY ALL",
    "CREATE TABLE courted AS SELECT state, count(*) AS powers FROM leaning GROUP BY ALL",
)


def prepare(size: int, folder: Path) -> None:
    """Three Parquet files."""
    import duckdb

    states, orgs = size // 10, max(size // 50, 20)
    numbers = {"states": states, "orgs": orgs, "suspended": size - 8 * states - orgs}
    with duckdb.connect() as connection:
        for name, text in FACTS.items():
            connection.sql(text.format(**numbers)).write_parquet(str(folder / f"{name}.parquet"))


def kzexpert(name: str, size: int, folder: Path) -> Timed:
    """The facts lie in Parquet files, which are read and checked while the clock runs."""
    tables = {relation: folder / f"{relation}.parquet" for relation in FACTS}
    return _timed(name, size, knowledge_base(VOCABULARY, RULES, {}, tables, {}))


def in_memory(name: str, size: int, folder: Path) -> Timed:
    """Facts as a facts file gives them."""
    return _timed(name, size, knowledge_base(VOCABULARY, RULES, {name: read(folder, name) for name in FACTS}, {}, {}))


def _timed(name: str, size: int, kb: KnowledgeBase) -> Timed:
    def told(inference: Inference) -> Outcome:
        found = inference.certainties

        def details() -> tuple[Counts, Digests]:
            if size > 100_000:
                return {}, {}
            leaning = digest((*args, certainty) for args, certainty in found["leaning"].items())
            return {}, {"leaning": leaning, "courted": digest(map(plain, found["courted"]))}

        return Outcome({name: len(found[name]) for name in ("active", "leaning", "courted")}, details)

    return timed(name, kb, told, MEMORY)


def sql(size: int, folder: Path) -> Timed:
    """What one would write by hand over the same files."""
    import duckdb

    def run() -> Outcome:
        connection = duckdb.connect(config={"memory_limit": MEMORY, "preserve_insertion_order": False})
        for name in FACTS:
            file = str(folder / f"{name}.parquet")
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [file])
        for statement in BY_HAND:
            connection.execute(statement)
        return Outcome(
            {name: _count(connection, name) for name in ("active", "leaning", "courted")}, details(connection)
        )

    def details(connection: Any) -> Any:
        def found() -> tuple[Counts, Digests]:
            if size > 100_000:
                return {}, {}
            return {}, {
                name: digest(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in ("leaning", "courted")
            }

        return found

    return run


def _count(connection: Any, name: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])


SWEEP = Workload(
    name="sweep",
    title=f"From 10³ to 10⁷ facts, with {MEMORY} of memory for DuckDB",
    unit="facts",
    sizes=(1_000, 10_000, 100_000, 1_000_000, 10_000_000),
    quick=(1_000, 100_000),
    prepare=prepare,
    sides={"experta": partial(kzexpert, "experta"), "duckdb": partial(kzexpert, "duckdb"), "sql": sql},
    bounds={"experta": Bound(100_000, "it takes no more than 100,000 rows of tables")},
    targets=(
        Target(10_000_000, "duckdb", "duckdb", 120.0, at_most=True, against_size=100_000),
        Target(10_000_000, "duckdb", "sql", 1.5, at_most=True),
    ),
    across=True,
)
CROSSING = Workload(
    name="crossing",
    title="The same rules over few facts, in memory",
    unit="facts",
    sizes=(250, 500, 1_000, 2_000, 4_000, 8_000),
    quick=(500, 4_000),
    prepare=prepare,
    sides={"experta": partial(in_memory, "experta"), "duckdb": partial(in_memory, "duckdb")},
    across=True,
)
