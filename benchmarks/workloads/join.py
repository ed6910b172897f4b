"""Which two states share which organisation: one join, whose results grow with the square of an organisation's size."""

import random
from functools import partial
from pathlib import Path

from benchmarks.peers.inputs import read, write
from benchmarks.peers.rules import Written, knowledge_base, timed
from benchmarks.workload import Outcome, Target, Timed, Workload, digest
from kzexpert.model import Inference

__all__ = ["JOIN"]

RULES = (Written("shared", ("member(?a, ?o)", "member(?b, ?o)", "?a != ?b"), "shared(?a, ?b, ?o)"),)


def prepare(size: int, folder: Path) -> None:
    """So many memberships of 200 states in 50 organisations."""
    dice = random.Random(7)
    rows: set[tuple[str, str]] = set()
    while len(rows) < size:
        rows.add((f"s{dice.randrange(200)}", f"o{dice.randrange(50)}"))
    write(folder, {"member": (("state", "org"), sorted(rows))})


def kzexpert(name: str, size: int, folder: Path) -> Timed:
    """Facts as a facts file gives them."""
    vocabulary = {"member": "state: text, org: text", "shared": "state: text, other: text, org: text"}
    kb = knowledge_base(vocabulary, RULES, {"member": read(folder, "member")}, {}, {})

    def told(inference: Inference) -> Outcome:
        found = inference.certainties["shared"]
        return Outcome({"shared": len(found)}, lambda: ({}, {"shared": digest(found)}))

    return timed(name, kb, told)


def stock(size: int, folder: Path) -> Timed:
    """As the manual of experta writes rules; what is found goes to a set, and is not even declared."""
    from kzexpert.engines.memory.experta import experta  # with the import made to work

    class member(experta.Fact):
        pass

    found: set[tuple[str, str, str]] = set()

    class Shared(experta.KnowledgeEngine):
        @experta.Rule(
            member(experta.MATCH.a, experta.MATCH.o),
            member(experta.MATCH.b, experta.MATCH.o),
            experta.TEST(lambda a, b: a != b),
        )
        def shared(self, a: str, b: str, o: str) -> None:
            found.add((a, b, o))

    facts = read(folder, "member")

    def run() -> Outcome:
        rules = Shared()
        rules.reset()
        rules.declare(*(member(*row) for row in facts))
        rules.run()
        return Outcome({"shared": len(found)}, lambda: ({}, {"shared": digest(found)}))

    return run


JOIN = Workload(
    name="join",
    title="Shared memberships of 200 states in 50 organisations",
    unit="memberships",
    sizes=(1600,),
    quick=(400,),
    prepare=prepare,
    sides={"stock": stock, "experta": partial(kzexpert, "experta"), "duckdb": partial(kzexpert, "duckdb")},
    expected={1600: {"shared": 50_780}},
    targets=(Target(1600, "stock", "experta", 10.0, at_most=False),),
)
