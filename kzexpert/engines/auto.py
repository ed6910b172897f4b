"""Which engine suits a knowledge base, by the number of its facts."""

import msgspec

from kzexpert.engines.packages import bulk
from kzexpert.errors import KnowledgeBaseError, UsageError
from kzexpert.model import KnowledgeBase

__all__ = ["MOST_FOR_EXPERTA", "Choice", "choose"]

#: Up to so many facts, rows of tables included, experta has its conclusions sooner. Measured as whole processes from
#: start to end on two cores, the imports of duckdb and sqlglot (a quarter of a second) with them, medians of five: the
#: workload ``crossing`` of ``python -m benchmarks``, which concludes about as much as is recorded, has both equally
#: fast at 5,700 facts; ``kzexpert infer`` with joins that conclude five times as much, at 1,300 (at 1,000 facts 0.28 s
#: of CPU on experta and 0.34 s on duckdb, at 10,000 2.4 s and 0.5 s, at 100,000 28 s and 2.6 s). This is in between.
MOST_FOR_EXPERTA = 2_500


class Choice(msgspec.Struct, frozen=True):
    """An engine, and why it."""

    engine: str
    why: str


def choose(kb: KnowledgeBase, network: bool = False) -> Choice:
    """The engine for a knowledge base: experta up to `MOST_FOR_EXPERTA` facts, rows of tables included.

    Args:
        network: whether tables may lie elsewhere.
    """
    facts = len(kb.facts)
    if facts > MOST_FOR_EXPERTA or kb.tables:
        lacks = _lacks()
        if lacks:
            return Choice("experta", lacks)
    if facts <= MOST_FOR_EXPERTA and kb.tables:
        rows = _rows(kb, MOST_FOR_EXPERTA + 1 - facts, network)
        if rows is None:
            return Choice("duckdb", "not all tables can be counted")
        facts += rows
    if facts <= MOST_FOR_EXPERTA:
        return Choice("experta", f"{facts:,} facts; it is the faster one up to {MOST_FOR_EXPERTA:,}")
    return Choice("duckdb", f"more than {MOST_FOR_EXPERTA:,} facts")


def _lacks() -> str:
    """What the duckdb engine lacks; empty where it can run."""
    try:
        with bulk("the duckdb engine"):
            import kzexpert.engines.sql.store.database  # noqa: F401
    except UsageError as error:
        return f"{error.issues[0].message} ({error.issues[0].hint})"
    return ""


def _rows(kb: KnowledgeBase, most: int, network: bool) -> int | None:
    """The rows of all tables, up to `most`; None where one cannot be read, which the engine will tell."""
    from kzexpert.engines.sql.tables.duckdb_reader import count_rows

    try:
        return count_rows(kb.tables, most, network)
    except KnowledgeBaseError:
        return None
