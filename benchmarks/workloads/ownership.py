"""Who is blocked among made-up companies: the rules that ship in `bases/ownership`, and the same sums by hand.

Each company has three owners. Two of three owners are companies, any of them, so that there are chains and rings; one
person in ten is listed. All is drawn by a hash with a seed, and is the same on every run.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.peers.inputs import read
from benchmarks.peers.rules import MEMORY, timed
from benchmarks.workload import Bound, Outcome, Timed, Workload, digest
from kzexpert.language import load_knowledge_base
from kzexpert.model import Entity, Inference, KnowledgeBase, Table

__all__ = ["OWNERSHIP", "prepare"]

_BASE = Path(__file__).parents[2] / "bases" / "ownership"
_SEED = 2014
_REGIMES = ("US", "EU", "UK")
#: The first of three owners often has most. Of a hundredth of a percent that rounding adds or takes no bound depends.
_SHARES = f"""
WITH drawn AS (
    SELECT c, hash(c, k, {_SEED}) AS h, CASE k WHEN 0 THEN 60 ELSE 5 END + hash(k, c, {_SEED}) % 60 AS weight
    FROM range({{companies}}) a(c), range(3) b(k))
SELECT 'Company ' || c AS company,
    CASE h % 3 WHEN 0 THEN 'Person ' || (h // 3) % {{persons}} ELSE 'Company ' || (h // 3) % {{companies}} END AS owner,
    round(100.0 * weight / sum(weight) OVER (PARTITION BY c), 2) AS percent
FROM drawn"""
_LISTED = f"""
SELECT 'Person ' || p AS party, regime
FROM range({{persons}}) a(p), (VALUES ('US', 10), ('EU', 12), ('UK', 14)) b(regime, one_in)
WHERE hash(p, {_SEED}) % one_in = 0"""


def prepare(size: int, folder: Path) -> None:
    """Two Parquet files: as many shares as the size says, and the list."""
    import duckdb

    numbers = {"companies": size // 3, "persons": size // 30}
    with duckdb.connect() as connection:
        for name, text in (("owns", _SHARES), ("listed", _LISTED)):
            connection.sql(text.format(**numbers)).write_parquet(str(folder / f"{name}.parquet"))


def kzexpert(name: str, size: int, folder: Path) -> Timed:
    """The rules as they ship; the files are read and checked while the clock runs."""
    return timed(name, _over(load_knowledge_base([_BASE]), folder), _told, MEMORY)


def _over(kb: KnowledgeBase, folder: Path) -> KnowledgeBase:
    """The base over the two files, whose parties are its entities."""
    columns = {"owns": ("owner", "company", "percent"), "listed": ("party", "regime")}
    tables = tuple(
        Table(f"{name}.parquet", str(folder / f"{name}.parquet"), name, {column: column for column in found})
        for name, found in columns.items()
    )
    parties = {party for name in columns for row in read(folder, name) for party in row[:2] if party not in _REGIMES}
    regimes = [entity for entity in kb.entities if entity.kind == "regime"]
    wanted = tuple(rule for rule in kb.rules if any(atom.predicate in _NEEDED for atom in rule.then))
    entities = (*regimes, *(Entity(party, "party") for party in sorted(parties)))
    return replace(kb, entities=entities, tables=tables, rules=wanted, facts=())


#: What `infer blocked` needs; a run of the whole base looks at control as well.
_NEEDED = ("holding", "blocked", "majority", "counts_for")


def _told(inference: Inference) -> Outcome:
    return _outcome([(str(party), str(regime)) for party, regime in inference.certainties["blocked"]])


def _outcome(blocked: Sequence[tuple[str, str]]) -> Outcome:
    """How many are blocked under each regime."""
    counts = Counter(regime for _, regime in blocked)
    return Outcome({name: counts[name] for name in _REGIMES}, lambda: ({}, {"blocked": digest(blocked)}))


#: Repeated until nothing new comes of it. The day is before July 2024, so that the EU asks for more than half.
_ADDED_UP = """
INSERT INTO blocked SELECT o.company, b.regime FROM owns o JOIN blocked b ON o.owner = b.party WHERE b.regime != 'UK'
GROUP BY ALL HAVING sum(o.percent) > 50.0000001 OR (b.regime = 'US' AND sum(o.percent) >= 49.9999999)
EXCEPT SELECT * FROM blocked"""
_EACH_ALONE = """
INSERT INTO counted SELECT o.company, c.owner FROM owns o JOIN counted c ON o.owner = c.holder
GROUP BY ALL HAVING sum(o.percent) > 50.0000001
EXCEPT SELECT * FROM counted"""


def sql(size: int, folder: Path) -> Timed:
    """What one would write by hand over the same files: no certainty, no proof."""
    import duckdb

    def run() -> Outcome:
        connection = duckdb.connect(config={"memory_limit": MEMORY, "preserve_insertion_order": False})
        for name in ("owns", "listed"):
            file = str(folder / f"{name}.parquet")
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [file])
        connection.execute("CREATE TABLE blocked AS SELECT party, regime FROM listed")
        connection.execute(
            "CREATE TABLE counted AS SELECT party AS holder, party AS owner FROM listed WHERE regime = 'UK'"
        )
        for step in (_ADDED_UP, _EACH_ALONE):
            while _count(connection, step):
                pass
        connection.execute("INSERT INTO blocked SELECT DISTINCT holder, 'UK' FROM counted WHERE holder != owner")
        rows = connection.execute("SELECT DISTINCT party, regime FROM blocked").fetchall()
        return _outcome(rows)

    return run


def _count(connection: Any, statement: str) -> int:
    """How many rows were added."""
    return int(connection.execute(statement).fetchone()[0])


OWNERSHIP = Workload(
    name="ownership",
    title=f"Who is blocked through whom: `bases/ownership`, with {MEMORY} of memory for DuckDB",
    unit="shares",
    sizes=(3_000, 30_000, 300_000, 1_000_000),
    quick=(3_000, 30_000),
    prepare=prepare,
    sides={"experta": partial(kzexpert, "experta"), "duckdb": partial(kzexpert, "duckdb"), "sql": sql},
    says={"sql": "no certainty and no proof"},
    bounds={"experta": Bound(30_000, "it takes no more than 100,000 rows of tables")},
    across=True,
)
