"""The shipped rules over 414,222 real facts about the world, which stay where they are.

``python -m benchmarks.world --as-of 2010 "alignment(Poland, ?power, ?sphere)"`` asks them a question; without one it
measures a whole run and one proof. The collections lie beside the checkout; what they do not say, and the rules need,
is in ``benchmarks/world_kb``. It copies no row, and it judges no conclusion.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import duckdb

from kzexpert.engines import engine, infer_each
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot

__all__ = ["CHECKOUT", "COLLECTIONS", "write"]

CHECKOUT = Path(__file__).parents[1]
#: The folder of the collections; it is no part of the project.
COLLECTIONS = CHECKOUT.parent / "shared" / "data" / "world"
_HERE = Path(__file__).parent / "world_kb"

#: Names that the shipped entities have, where ``states.csv`` has another.
_STATES = {"United States of America": "United States", "German Federal Republic": "Germany"}
#: File → what stands in the collections → what the rules call it.
_CODES: Mapping[str, Mapping[str, str]] = {
    "partnerships.csv": {"PFP": "NATO"},
    "programmes.csv": {
        "PFP": "Partnership for Peace",
        "observer_of": "Observer Status",
        "dialogue_partner_of": "Dialogue Partnership",
        "associate_member_of": "Associate Membership",
    },
    "spheres.csv": {"economic": "economy"},
    "sectors.csv": {"energy": "hydrocarbons"},
    "goods.csv": {
        "imports_gas_from": "natural gas",
        "imports_crude_oil_from": "crude oil",
        "imports_coal_from": "coal",
        "imports_uranium_from": "uranium",
        "imports_minerals_from": "minerals",
    },
}
#: File → what a table alone cannot say of the collections, with the views ``facts`` and ``ties``: how many states took
#: part in an exercise, and money in millions.
_TOOK_PART = """
    WITH took AS (SELECT subject, object, min(start_year) AS year, count(*) OVER (PARTITION BY object) AS states
                  FROM ties WHERE predicate = 'participated_in_exercise' GROUP BY subject, object)
    SELECT one.subject AS state, other.subject AS power, one.object AS name, one.year
    FROM took AS one JOIN took AS other USING (object) WHERE one.subject <> other.subject AND one.states {} ORDER BY ALL
"""
_QUERIES: Mapping[str, str] = {
    "exercises.csv": _TOOK_PART.format("= 2"),
    "joined.csv": _TOOK_PART.format("> 2 AND other.subject IN ('RUS', 'USA', 'CHN')"),
    "aid.csv": """
        SELECT subject AS state, object AS power, start_year AS year,
               round(sum(CAST(value AS DOUBLE)) / 1e6, 1) AS millions
        FROM facts WHERE predicate = 'receives_aid_from' GROUP BY ALL HAVING millions > 0 ORDER BY ALL
    """,
    "loans.csv": """
        SELECT subject AS state, object AS power, start_year AS year,
               round(sum(TRY_CAST(value AS DOUBLE)) / 1e6, 1) AS millions
        FROM ties WHERE predicate = 'receives_finance_from' GROUP BY ALL HAVING millions > 0 ORDER BY ALL
    """,
}
#: What ties a state to an organisation. What states are a ``partner_in`` is a programme.
_TIES = ("member_of", "observer_of", "applicant_to", "associate_member_of", "dialogue_partner_of", "suspended_from")


def write(folder: Path) -> list[str]:
    """Write a knowledge base over the collections.

    Args:
        folder: where; it is made if there is none.

    Returns:
        The options of `kzexpert` that take it, together with the shipped rules.
    """
    for name in ("rules", "facts", "codes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("vocabulary.yaml", "bridge.yaml"):
        shutil.copy(_HERE / name, folder / "rules")
    shutil.copy(_HERE / "background.yaml", folder / "facts")
    for name in ("regions.csv", "satellites.csv"):
        shutil.copy(_HERE / name, folder / "codes")
    tables = (_HERE / "tables.yaml").read_text(encoding="utf-8").replace("WORLD", COLLECTIONS.as_posix())
    (folder / "facts" / "tables.yaml").write_text(tables, encoding="utf-8")
    states = dict(_states())
    for name, query in _QUERIES.items():
        (folder / "codes" / name).write_text(_csv(query), encoding="utf-8")
    _write_csv(folder / "codes" / "states.csv", states.items())
    for name, codes in _CODES.items():
        _write_csv(folder / "codes" / name, codes.items())
    entities = [*_entities("state", states.values()), *_organisations(), *_entities("route", _routes())]
    lines = ["entities:", *(f"  {json.dumps(name)}: {json.dumps(entity)}" for name, entity in entities)]
    (folder / "facts" / "entities.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--kb", str(folder)]
    for rules in sorted((CHECKOUT / "rules").glob("*.yaml")):
        options += ["--rules", str(rules)]
    for name in ("entities.yaml", "sources.yaml"):
        options += ["--facts", str(CHECKOUT / "facts" / name)]
    return options


def _states() -> Iterator[tuple[str, str]]:
    """Code and name of every state and territory."""
    for path, code in ((COLLECTIONS / "states.csv", "iso3"), (_HERE / "territories.csv", "code")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row[code], _STATES.get(row["name"], row["name"])


def _entities(kind: str, names: Iterable[str]) -> Iterator[tuple[str, dict[str, object]]]:
    return ((name, {"kind": kind}) for name in dict.fromkeys(names))


def _organisations() -> Iterator[tuple[str, dict[str, object]]]:
    """Those that are listed and those that states belong to; spellings that differ by case are aliases of one."""
    with (COLLECTIONS / "organisations.csv").open(encoding="utf-8", newline="") as file:
        names = [row["ioname"] for row in csv.DictReader(file)]
    ties = ", ".join(f"'{tie}'" for tie in _TIES)
    names += _column(f"SELECT DISTINCT object FROM facts WHERE predicate IN ({ties}) ORDER BY object")
    spellings: dict[str, list[str]] = {}
    for name in names:
        known = spellings.setdefault(name.casefold(), [])
        if name not in known:
            known.append(name)
    for name, *others in spellings.values():
        yield name, {"kind": "organisation", "aliases": others}


def _routes() -> list[str]:
    return _column("SELECT DISTINCT value FROM facts WHERE kind = 'energy' AND source = 'gem_ggit' ORDER BY value")


def _csv(query: str) -> str:
    """What a query over the collections finds, as CSV with a header."""
    with _views() as connection:
        found = connection.execute(query)
        header = ",".join(column[0] for column in found.description or ())
        return "\n".join([header, *(",".join(map(str, row)) for row in found.fetchall())]) + "\n"


def _column(query: str) -> list[str]:
    """The only column of a query over the collections."""
    with _views() as connection:
        return [str(value) for (value,) in connection.execute(query).fetchall()]


def _views() -> duckdb.DuckDBPyConnection:
    """A connection with the views ``facts`` and ``ties`` over the collections; close it."""
    connection = duckdb.connect()
    for view, file in (("facts", "world_facts.parquet"), ("ties", "ties.parquet")):
        connection.read_parquet(str(COLLECTIONS / file)).create_view(view)
    return connection


def _write_csv(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("code", "name"), *rows])


def _timed(*arguments: str) -> float:
    """Seconds that a run of kzexpert takes as a whole process.

    Raises:
        CalledProcessError: it found something wrong.
    """
    start = perf_counter()
    command = [sys.executable, "-m", "kzexpert", *arguments, "--engine", "duckdb"]
    subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - start


def _every_year(options: Sequence[str], first: int, last: int) -> tuple[int, float]:
    """How much is concluded of all states on the last days of some years, and the seconds that it takes in one pass."""
    named = list(pairwise(options))
    layers, rules, facts = (
        [path for option, path in named if option == f"--{kind}"] for kind in ("kb", "rules", "facts")
    )
    kb = load_knowledge_base(layers, rules, facts)
    start = perf_counter()
    programs = [snapshot(kb, date(year, 12, 31)) for year in range(first, last + 1)]
    found = infer_each(engine("duckdb"), programs)
    concluded = kb.concluded
    count = sum(len(inference.certainties[name]) for inference in found for name in concluded)
    return count, perf_counter() - start


def main() -> None:
    """Ask a question, or measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("question", nargs="?")
    parser.add_argument("--as-of", default="2010")
    parser.add_argument("--command", default="ask", help="ask, why, conclusions ...")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = [*write(Path(folder)), "--as-of", given.as_of]
        if given.question:
            command = [sys.executable, "-m", "kzexpert", given.command, given.question, *options, "--engine", "duckdb"]
            sys.exit(subprocess.run(command, check=False).returncode)
        print(f"everything as of {given.as_of}: {_timed('conclusions', *options):.2f} s")
        count, seconds = _every_year(options, 1990, 2020)
        print(f"every year 1990 to 2020: {seconds:.2f} s, {count:,} conclusions")
        asked = 'alignment(Poland, "United States", security)'
        print(f"why {asked}: {_timed('why', asked, *options):.2f} s")


if __name__ == "__main__":
    main()
