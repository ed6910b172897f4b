"""kzexpert: a knowledge base of text arguments out of a few lines, run by one of its engines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.workload import Outcome, Timed
from kzexpert.engines import Budget, Engine, engine, for_engine
from kzexpert.errors import Location
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import ArgumentSpec, Entity, Fact, Inference, KnowledgeBase, Predicate, Rule, Table
from kzexpert.program.snapshot import snapshot

__all__ = ["MEMORY", "Written", "plain", "timed"]

HERE = Location("benchmark", 1, 1)
#: What the DuckDB engine may use where a workload bounds it.
MEMORY = "2GB"
_BUDGET = Budget(facts=1_000_000_000, firings=10_000_000_000, seconds=3600.0)


class Written(msgspec.Struct, frozen=True):
    """One rule: its conditions, its conclusion, and how certain it is."""

    id: str
    when: tuple[str, ...]
    then: str
    certainty: float = 1.0
    each: bool = False


def knowledge_base(
    vocabulary: Mapping[str, str],
    rules: Sequence[Written],
    facts: Mapping[str, Sequence[Sequence[str]]],
    tables: Mapping[str, Path],
    entities: Mapping[str, Sequence[str]],
) -> KnowledgeBase:
    """What a folder of files would hold.

    Args:
        vocabulary: predicate → its arguments, such as ``state: state, year: number``.
        facts: predicate → rows.
        tables: predicate → a file that has a column for each argument.
        entities: kind → names.
    """
    predicates = []
    for name, written in vocabulary.items():
        specs = (item.split(": ") for item in written.split(", "))
        predicates.append(Predicate(name, tuple(ArgumentSpec(argument, kind) for argument, kind in specs)))
    arguments = {predicate.name: [spec.name for spec in predicate.args] for predicate in predicates}
    return KnowledgeBase(
        kinds=tuple(entities),
        predicates=tuple(predicates),
        entities=tuple(Entity(name, kind) for kind, names in entities.items() for name in names),
        facts=tuple(
            Fact(name, dict(zip(arguments[name], row, strict=True))) for name, rows in facts.items() for row in rows
        ),
        rules=tuple(
            Rule(
                rule.id,
                tuple(parse_condition(text, HERE) for text in rule.when),
                (parse_atom(rule.then, HERE),),
                certainty=rule.certainty,
                each=rule.each,
            )
            for rule in rules
        ),
        tables=tuple(
            Table(str(file), str(file), name, {argument: argument for argument in arguments[name]})
            for name, file in tables.items()
        ),
    )


def timed(name: str, kb: KnowledgeBase, told: Callable[[Inference], Outcome], memory: str | None = None) -> Timed:
    """The clock runs from the knowledge base to what is counted: tables are read, and dates looked at, in that time."""
    chosen = _engine(name, memory)

    def run() -> Outcome:
        return told(chosen.infer(snapshot(for_engine(kb, name), date(2011, 4, 7))))

    return run


def _engine(name: str, memory: str | None) -> Engine:
    if memory is None or name != "duckdb":
        return engine(name, _BUDGET)
    from kzexpert.engines.sql.duckdb_engine import DuckDBEngine

    return DuckDBEngine(memory=memory, budget=_BUDGET)


def plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """A fact's values with whole numbers as such."""
    return tuple(int(item) if isinstance(item, float) else item for item in row)
