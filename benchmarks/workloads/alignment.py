"""Alignment of 200 states with five powers by shared memberships, year by year: a large join, certainties, a maximum.

`random.seed(7)`, and the order in which it is asked, make the memberships the same on every machine.
"""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.inputs import read, write
from benchmarks.peers.rules import Written, knowledge_base, plain, timed
from benchmarks.workload import Bound, Counts, Digests, Outcome, Side, Target, Timed, Workload, digest
from kzexpert.model import Inference

__all__ = ["workload"]

STATES = tuple(f"State {number:03}" for number in range(200))
POWERS = STATES[:5]
VOCABULARY = {
    "member": "state: state, org: organisation, year: number",
    "power": "state: state",
    "shared": "state: state, other: state, org: organisation, year: number",
    "alignment": "state: state, power: state, year: number",
    "strongest": "state: state, power: state, year: number",
}
RULES = (
    Written("shared", ("member(?s, ?o, ?y)", "member(?p, ?o, ?y)", "?s != ?p"), "shared(?s, ?p, ?o, ?y)"),
    Written("alignment", ("shared(?s, ?p, ?o, ?y)", "power(?p)"), "alignment(?s, ?p, ?y)", certainty=0.05, each=True),
    Written(
        "strongest",
        ("alignment(?s, ?p, ?y) @ ?c", "?best = max(?d for alignment(?s, ?q, ?y) @ ?d)", "?c = ?best"),
        "strongest(?s, ?p, ?y)",
    ),
)
#: CLIPS combines two lines of evidence to one, as expert systems on CLIPS do, in the phases that salience makes.
_COMBINED = """
(defrule combined (declare (salience 10))
    ?a <- (evidence (state ?s) (power ?p) (year ?y) (org ?o) (doubt ?c))
    ?b <- (evidence (state ?s) (power ?p) (year ?y) (org ~?o) (doubt ?d))
    => (retract ?b) (modify ?a (doubt (* ?c ?d))))
"""
_EVIDENCE = "(deftemplate evidence (slot state) (slot power) (slot year) (slot org) (slot doubt))"
IN_CLIPS = (
    "(deftemplate member (slot state) (slot org) (slot year))",
    "(deftemplate power (slot state))",
    "(deftemplate shared (slot state) (slot other) (slot org) (slot year))",
    _EVIDENCE,
    "(deftemplate strongest (slot state) (slot power) (slot year))",
    "(defrule shared (declare (salience 30)) (member (state ?s) (org ?o) (year ?y)) "
    "(member (state ?p&~?s) (org ?o) (year ?y)) => (assert (shared (state ?s) (other ?p) (org ?o) (year ?y))))",
    "(defrule evidence (declare (salience 20)) (power (state ?p)) (shared (state ?s) (other ?p) (org ?o) (year ?y)) "
    "=> (assert (evidence (state ?s) (power ?p) (year ?y) (org ?o) (doubt 0.95))))",
    _COMBINED,
    "(defrule strongest (evidence (state ?s) (power ?p) (year ?y) (doubt ?c)) "
    "(not (evidence (state ?s) (year ?y) (doubt ?d&:(< ?d ?c)))) "
    "=> (assert (strongest (state ?s) (power ?p) (year ?y))))",
)
TUNED = (
    _EVIDENCE,
    "(defrule shared (declare (salience 30)) (member ?s ?o ?y) (member ?p&~?s ?o ?y) => (assert (shared ?s ?p ?o ?y)))",
    "(defrule evidence (declare (salience 20)) (power ?p) (shared ?s ?p ?o ?y) "
    "=> (assert (evidence (state ?s) (power ?p) (year ?y) (org ?o) (doubt 0.95))))",
    _COMBINED,
    "(defrule strongest (evidence (state ?s) (power ?p) (year ?y) (doubt ?c)) "
    "(not (evidence (state ?s) (year ?y) (doubt ?d&:(< ?d ?c)))) => (assert (strongest ?s ?p ?y)))",
)
IN_NEMO = """
shared(?s, ?p, ?o, ?y) :- member(?s, ?o, ?y), member(?p, ?o, ?y), ?s != ?p .
counted(?s, ?p, ?y, #count(?o)) :- shared(?s, ?p, ?o, ?y), power(?p) .
alignment(?s, ?p, ?y, 1.0 - POW(0.95, ?n)) :- counted(?s, ?p, ?y, ?n) .
highest(?s, ?y, #max(?c)) :- alignment(?s, ?p, ?y, ?c) .
strongest(?s, ?p, ?y) :- alignment(?s, ?p, ?y, ?c), highest(?s, ?y, ?c) .
"""
#: It has no numbers but whole ones. How many are shared decides the certainty, 1 − 0.95ⁿ, and which is the highest.
IN_CLINGO = """
shared(S, P, O, Y) :- member(S, O, Y), member(P, O, Y), S != P.
pair(S, P, Y) :- shared(S, P, _, Y), power(P).
counted(S, P, Y, N) :- pair(S, P, Y), N = #count{ O : shared(S, P, O, Y) }.
highest(S, Y, M) :- pair(S, _, Y), M = #max{ N, P : counted(S, P, Y, N) }.
strongest(S, P, Y) :- counted(S, P, Y, N), highest(S, Y, N).
"""
#: How many are shared, how many certainties there are, and how often one is the highest of its state and year: where it
#: is above 0.2, since only then is it established and can satisfy a condition; and at all.
SHARED = "SELECT count(*) FROM member a JOIN member b ON a.org = b.org AND a.year = b.year AND a.state <> b.state"
CERTAINTIES = """
CREATE TABLE alignment AS
SELECT a.state, b.state AS power, a.year, round(1 - pow(0.95, count(*)), 9) AS certainty
FROM member b SEMI JOIN power ON power.state = b.state JOIN member a ON a.org = b.org AND a.year = b.year
WHERE a.state <> b.state
GROUP BY ALL
"""
STRONGEST = """
CREATE TABLE strongest AS
SELECT state, power, year, certainty FROM alignment
JOIN (SELECT state, year, max(certainty) AS certainty FROM alignment GROUP BY ALL) USING (state, year, certainty)
"""


def memberships(years: int, organisations: int) -> Iterator[tuple[str, str, int]]:
    """State, organisation and year."""
    random.seed(7)
    for year in range(years):
        for org in range(organisations):
            count = random.randint(5, 40)
            for state in random.sample(range(len(STATES)), count):
                yield STATES[state], f"Organisation {org:03}", year


def kzexpert(name: str, organisations: int, size: int, folder: Path) -> Timed:
    """The memberships lie in a Parquet file, which is read and checked while the clock runs."""
    kb = knowledge_base(
        VOCABULARY,
        RULES,
        {"power": [(name,) for name in POWERS]},
        {"member": folder / "member.parquet"},
        {"state": STATES, "organisation": [f"Organisation {org:03}" for org in range(organisations)]},
    )
    return timed(name, kb, _told)


def _told(inference: Inference) -> Outcome:
    names = {"shared": "shared", "certainties": "alignment", "established": "strongest"}
    counts = {shown: len(inference.certainties[name]) for shown, name in names.items()}

    def details() -> tuple[Counts, Digests]:
        certainties = [(*plain(args), certainty) for args, certainty in inference.certainties["alignment"].items()]
        strongest = _strongest(certainties)
        small = counts["shared"] < 1_000_000
        shared = {"shared": digest(map(plain, inference.certainties["shared"]))} if small else {}
        digests = {"certainties": digest(certainties), "strongest": digest(strongest), **shared}
        return {"strongest": len(strongest)}, digests

    return Outcome(counts, details)


def _strongest(certainties: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The alignments that are as certain as the most certain of their state and year, established or not."""
    highest: dict[object, float] = {}
    for state, _, year, certainty in certainties:
        highest[state, year] = max(certainty, highest.get((state, year), -1.0))
    return [row[:3] for row in certainties if row[3] == highest[row[0], row[2]]]


def clips(size: int, folder: Path) -> Timed:
    """CLIPS on its own: files, counts and all."""
    from benchmarks.peers.clips import count, environment, rows

    def run() -> Outcome:
        made = environment(TUNED, folder)
        names = {"shared": "shared", "certainties": "evidence", "strongest": "strongest"}
        counts = {shown: count(made, name) for shown, name in names.items()}

        def details() -> tuple[Counts, Digests]:
            strongest = digest(rows(made, "strongest"))
            return {}, {"certainties": digest(map(_weighed, rows(made, "evidence"))), "strongest": strongest}

        return Outcome(counts, details)

    return run


def clips_python(size: int, folder: Path) -> Timed:
    """As a user of clipspy writes it."""
    from benchmarks.peers.clips import environment_by_python, rows

    facts: list[tuple[str, dict[str, Any]]] = [("power", {"state": power}) for power in POWERS]
    facts += [("member", {"state": s, "org": o, "year": y}) for s, o, y in read(folder, "member")]

    def run() -> Outcome:
        made = environment_by_python(IN_CLIPS, facts)
        shared = sum(1 for _ in made.find_template("shared").facts())
        evidence, strongest = list(rows(made, "evidence")), list(rows(made, "strongest"))
        counts = {"shared": shared, "certainties": len(evidence), "strongest": len(strongest)}
        digests = {"certainties": digest(map(_weighed, evidence)), "strongest": digest(strongest)}
        return Outcome(counts, lambda: ({}, digests))

    return run


def _weighed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A fact of CLIPS, with what is certain and not with what is in doubt."""
    state, power, year, _, doubt = row
    return state, power, year, 1 - doubt


def nemo(size: int, folder: Path) -> Timed:
    """The rules of Nemo, which reads CSV files. Reading millions of results out would take it longer than all else."""
    from benchmarks.peers.nemo import reasoned, rows

    imports = {"member": ("string", "string", "int"), "power": ("string",)}

    def run() -> Outcome:
        engine = reasoned(folder, imports, IN_NEMO)
        alignments, strongest = list(rows(engine, "alignment")), list(rows(engine, "strongest"))
        counts = {"certainties": len(alignments), "strongest": len(strongest)}

        def details() -> tuple[Counts, Digests]:
            shared = {} if size > 8 else {"shared": sum(1 for _ in engine.result("shared"))}
            return shared, {"certainties": digest(alignments), "strongest": digest(strongest)}

        return Outcome(counts, details)

    return run


def clingo(size: int, folder: Path) -> Timed:
    """The rules of clingo, which reads a file of facts."""
    from benchmarks.peers.clingo import count, grounded, rows

    def run() -> Outcome:
        control = grounded(folder, IN_CLINGO)

        def details() -> tuple[Counts, Digests]:
            counted, strongest = list(rows(control, "counted", 4)), list(rows(control, "strongest", 3))
            counts = {"shared": count(control, "shared", 4), "certainties": len(counted), "strongest": len(strongest)}
            certainties = digest((s, p, y, 1 - 0.95**n) for s, p, y, n in counted)
            return counts, {"certainties": certainties, "strongest": digest(strongest)}

        return Outcome({}, details)

    return run


def sql(size: int, folder: Path) -> Timed:
    """What one would write by hand over the same file."""
    import duckdb

    def run() -> Outcome:
        connection = duckdb.connect()
        connection.execute("CREATE TABLE member AS SELECT * FROM read_parquet(?)", [str(folder / "member.parquet")])
        connection.execute("CREATE TABLE power AS SELECT unnest(?::VARCHAR[]) AS state", [list(POWERS)])
        return _by_hand(connection, "state, power, year")

    return run


def sql_enum(size: int, folder: Path) -> Timed:
    """The same by somebody who knows that DuckDB joins an ENUM faster than texts."""
    import duckdb

    file = (folder / "member.parquet").as_posix()

    def run() -> Outcome:
        connection = duckdb.connect()
        for column in ("state", "org"):
            values = f"SELECT DISTINCT {column} FROM read_parquet('{file}')"
            connection.execute(f"CREATE TYPE {column}_name AS ENUM ({values})")
        named = "SELECT state::state_name AS state, org::org_name AS org, year FROM read_parquet(?)"
        connection.execute(f"CREATE TABLE member AS {named}", [file])
        connection.execute("CREATE TABLE power AS SELECT unnest(?::state_name[]) AS state", [list(POWERS)])
        return _by_hand(connection, "state, power, year")

    return run


def sql_loaded(size: int, folder: Path) -> Timed:
    """The same where somebody has turned names into whole numbers before."""
    import duckdb

    connection = duckdb.connect()
    numbers = "SELECT state[-3:]::INT AS state, org[-3:]::INT AS org, year FROM read_parquet(?)"
    connection.execute(f"CREATE TABLE member AS {numbers}", [str(folder / "member.parquet")])
    connection.execute("CREATE TABLE power AS SELECT range::INT AS state FROM range(5)")
    return lambda: _by_hand(connection, "format('State {:03}', state), format('State {:03}', power), year")


def _by_hand(connection: Any, shown: str) -> Outcome:
    (shared,) = connection.execute(SHARED).fetchone()
    (certainties,) = connection.execute(CERTAINTIES).fetchone()
    (strongest,) = connection.execute(STRONGEST).fetchone()
    established = "SELECT count(*) FROM strongest WHERE certainty > 0.2"
    counts = {"shared": shared, "certainties": certainties, "strongest": strongest}
    counts["established"] = connection.execute(established).fetchone()[0]

    def details() -> tuple[Counts, Digests]:
        weighed = connection.execute(f"SELECT {shown}, certainty FROM alignment").fetchall()
        return {}, {
            "certainties": digest(weighed),
            "strongest": digest(connection.execute(f"SELECT {shown} FROM strongest").fetchall()),
        }

    return Outcome(counts, details)


def workload(organisations: int = 500) -> Workload:
    """The workload; with fewer organisations for tests."""

    def prepare(size: int, folder: Path) -> None:
        members = (("state", "org", "year"), memberships(size, organisations))
        write(folder, {"member": members, "power": (("state",), ((power,) for power in POWERS))})

    names = ("experta", "duckdb", "spark")
    own: dict[str, Side] = {name: partial(kzexpert, name, organisations) for name in names}
    expected = {
        1: {"shared": 309_698, "certainties": 995, "strongest": 242},
        8: {"shared": 2_402_374, "certainties": 7_957, "established": 1_950, "strongest": 1_952},
        60: {"shared": 17_750_000, "certainties": 59_667, "established": 14_794, "strongest": 14_811},
    }
    return Workload(
        name="alignment",
        title="Alignment with five powers: 200 states in 500 organisations",
        unit="years",
        sizes=(1, 8, 60),
        quick=(1,),
        prepare=prepare,
        sides={
            "experta": own["experta"],
            "clips-python": clips_python,
            "clips": clips,
            "clingo": clingo,
            "nemo": nemo,
            "spark": own["spark"],
            "duckdb": own["duckdb"],
            "sql": sql,
            "sql-enum": sql_enum,
            "sql-loaded": sql_loaded,
        },
        says={
            "clips": "reads a file of facts itself, ordered facts, told not to look for repeated facts",
            "clingo": "has whole numbers only: shared memberships, their number for each pair, and the highest number; "
            "ground only; results are counted after the clock",
            "nemo": "shared memberships are counted after the clock, and not at 60 years",
            "duckdb": "shared memberships stay a query, and are counted",
            "sql": "shared memberships are counted, not stored, here and in the next two",
        },
        bounds={
            "stock": Bound(0, "its matcher compares every pair of facts"),
            "experta": Bound(1, "one conclusion is one object: 2.4 million at 8 years"),
            "clips-python": Bound(8, "an estimated 15 GB of memory at 60 years"),
            "clips": Bound(8, "an estimated 15 GB of memory at 60 years"),
            "clingo": Bound(8, "an estimated 5 GB of memory at 60 years"),
            "spark": Bound(8, "measured on two cores, where it has nothing to gain"),
        },
        expected=expected if organisations == 500 else {},
        targets=(
            Target(60, "duckdb", "sql", 1.5, at_most=True),
            Target(60, "duckdb", "sql-enum", 1.3, at_most=True),
            Target(60, "nemo", "duckdb", 40.0, at_most=False),
            Target(8, "clips-python", "duckdb", 100.0, at_most=False),
            Target(8, "clips", "duckdb", 100.0, at_most=False),
            Target(8, "clingo", "duckdb", 20.0, at_most=False),
        ),
    )
