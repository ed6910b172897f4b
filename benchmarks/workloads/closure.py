"""Who is reached from where along a chain: recursion, whose results grow with the square of the facts."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.inputs import read, write
from benchmarks.peers.rules import Written, knowledge_base, timed
from benchmarks.workload import Bound, Outcome, Side, Target, Timed, Workload, digest
from kzexpert.model import Inference

__all__ = ["CLOSURE"]

RULES = (
    Written("base", ("edge(?x, ?y)",), "path(?x, ?y)"),
    Written("step", ("path(?x, ?y)", "edge(?y, ?z)"), "path(?x, ?z)"),
)
IN_CLIPS = (
    "(deftemplate edge (slot x) (slot y))",
    "(deftemplate path (slot x) (slot y))",
    "(defrule base (edge (x ?x) (y ?y)) => (assert (path (x ?x) (y ?y))))",
    "(defrule step (path (x ?x) (y ?y)) (edge (x ?y) (y ?z)) => (assert (path (x ?x) (y ?z))))",
)
TUNED = (
    "(defrule base (edge ?x ?y) => (assert (path ?x ?y)))",
    "(defrule step (path ?x ?y) (edge ?y ?z) => (assert (path ?x ?z)))",
)
IN_NEMO = "path(?x, ?y) :- edge(?x, ?y) .\npath(?x, ?z) :- path(?x, ?y), edge(?y, ?z) ."
IN_CLINGO = "path(X, Y) :- edge(X, Y). path(X, Z) :- path(X, Y), edge(Y, Z)."
BY_HAND = """
WITH RECURSIVE path(x, y) AS (
    SELECT x, y FROM edge UNION SELECT path.x, edge.y FROM path JOIN edge ON path.y = edge.x
)
SELECT {shown} FROM path
"""


def prepare(size: int, folder: Path) -> None:
    """A chain of so many edges."""
    write(folder, {"edge": (("x", "y"), ((f"n{place}", f"n{place + 1}") for place in range(size)))})


def _told(rows: Iterable[Sequence[Any]], count: int) -> Outcome:
    return Outcome({"paths": count}, lambda: ({}, {"paths": digest(rows)}))


def kzexpert(name: str, size: int, folder: Path) -> Timed:
    """Facts as a facts file gives them."""
    vocabulary = {"edge": "x: text, y: text", "path": "x: text, y: text"}
    kb = knowledge_base(vocabulary, RULES, {"edge": read(folder, "edge")}, {}, {})

    def told(inference: Inference) -> Outcome:
        paths = inference.certainties["path"]
        return _told(paths, len(paths))

    return timed(name, kb, told)


def stock(size: int, folder: Path) -> Timed:
    """As the manual of experta writes rules."""
    from kzexpert.engines.memory.experta import experta  # with the import made to work

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

    facts = read(folder, "edge")

    def run() -> Outcome:
        rules = Closure()
        rules.reset()
        rules.declare(*(edge(*row) for row in facts))
        rules.run()
        paths = [(fact[0], fact[1]) for fact in rules.facts.values() if isinstance(fact, path)]
        return _told(paths, len(paths))

    return run


def clips(size: int, folder: Path) -> Timed:
    """A path of a chain is concluded once, so that CLIPS need not look for repeated facts."""
    from benchmarks.peers.clips import count, environment, rows

    def run() -> Outcome:
        made = environment(TUNED, folder)
        return _told(rows(made, "path"), count(made, "path"))

    return run


def clips_python(size: int, folder: Path) -> Timed:
    """As a user of clipspy writes it."""
    from benchmarks.peers.clips import environment_by_python, rows

    facts = [("edge", {"x": x, "y": y}) for x, y in read(folder, "edge")]

    def run() -> Outcome:
        paths = list(rows(environment_by_python(IN_CLIPS, facts), "path"))
        return _told(paths, len(paths))

    return run


def nemo(size: int, folder: Path) -> Timed:
    """The rules of Nemo, which reads a CSV file."""
    from benchmarks.peers.nemo import reasoned, rows

    def run() -> Outcome:
        engine = reasoned(folder, {"edge": ("string", "string")}, IN_NEMO)

        def details() -> tuple[dict[str, int], dict[str, str]]:
            paths = list(rows(engine, "path"))
            return {"paths": len(paths)}, {"paths": digest(paths)}

        return Outcome({}, details)

    return run


def clingo(size: int, folder: Path) -> Timed:
    """The rules of clingo, which reads a file of facts."""
    from benchmarks.peers.clingo import grounded, rows

    def run() -> Outcome:
        control = grounded(folder, IN_CLINGO)

        def details() -> tuple[dict[str, int], dict[str, str]]:
            paths = list(rows(control, "path", 2))
            return {"paths": len(paths)}, {"paths": digest(paths)}

        return Outcome({}, details)

    return run


def sql(size: int, folder: Path) -> Timed:
    """What one would write by hand over the same names, in a Parquet file."""
    import duckdb

    def run() -> Outcome:
        connection = duckdb.connect()
        connection.execute("CREATE TABLE edge AS SELECT * FROM read_parquet(?)", [str(folder / "edge.parquet")])
        return _by_hand(connection, "SELECT * FROM path")

    return run


def sql_enum(size: int, folder: Path) -> Timed:
    """The same by somebody who knows that DuckDB joins an ENUM faster than texts."""
    import duckdb

    file = (folder / "edge.parquet").as_posix()

    def run() -> Outcome:
        connection = duckdb.connect()
        nodes = f"SELECT x FROM read_parquet('{file}') UNION SELECT y FROM read_parquet('{file}')"
        connection.execute(f"CREATE TYPE node AS ENUM ({nodes})")
        connection.execute("CREATE TABLE edge AS SELECT x::node AS x, y::node AS y FROM read_parquet(?)", [file])
        return _by_hand(connection, "SELECT * FROM path")

    return run


def sql_loaded(size: int, folder: Path) -> Timed:
    """The same where somebody has turned names into whole numbers before."""
    import duckdb

    connection = duckdb.connect()
    numbers = "SELECT x[2:]::INT AS x, y[2:]::INT AS y FROM read_parquet(?)"
    connection.execute(f"CREATE TABLE edge AS {numbers}", [str(folder / "edge.parquet")])
    return lambda: _by_hand(connection, "SELECT 'n' || x, 'n' || y FROM path")


def _by_hand(connection: Any, shown: str) -> Outcome:
    """Store the paths, as the engines do."""
    connection.execute(f"CREATE TABLE path AS {BY_HAND.format(shown='x, y')}")
    (count,) = connection.execute("SELECT count(*) FROM path").fetchone()
    return Outcome({"paths": count}, lambda: ({}, {"paths": digest(connection.execute(shown).fetchall())}))


SIDES: dict[str, Side] = {
    "stock": stock,
    "experta": partial(kzexpert, "experta"),
    "clips-python": clips_python,
    "clips": clips,
    "clingo": clingo,
    "nemo": nemo,
    "duckdb": partial(kzexpert, "duckdb"),
    "sql": sql,
    "sql-enum": sql_enum,
    "sql-loaded": sql_loaded,
}
CLOSURE = Workload(
    name="closure",
    title="Transitive closure of a chain",
    unit="edges",
    sizes=(150, 400, 1000),
    quick=(150,),
    prepare=prepare,
    sides=SIDES,
    says={
        "clips": "reads a file of facts itself, ordered facts, told not to look for repeated facts",
        "clingo": "ground only; results are counted after the clock",
        "nemo": "results are counted after the clock",
    },
    bounds={"stock": Bound(150, "its matcher compares every pair of facts")},
    expected={size: {"paths": size * (size + 1) // 2} for size in (150, 400, 1000)},
    targets=(
        Target(150, "stock", "experta", 10.0, at_most=False),
        Target(400, "experta", "experta", 1.5 * 80_200 / 11_325, at_most=True, against_size=150),
        Target(1000, "duckdb", "sql", 2.0, at_most=True),
        Target(1000, "duckdb", "sql-enum", 2.0, at_most=True),
    ),
)
