"""Tables read by DuckDB for those that keep facts in memory, and for those that only check them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice

from kzexpert.engines.reports import Listener
from kzexpert.engines.sql.plan.extents import argument, kinds_of
from kzexpert.engines.sql.plan.words import column, day, select
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.engines.sql.tables.duckdb_reader import DuckDBReader
from kzexpert.engines.sql.tables.recorded import fact_of, in_order, rows_in_force
from kzexpert.engines.sql.tables.rows import Staged, set_aside, stage_all
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import Fact, KnowledgeBase

__all__ = ["table_facts", "table_issues"]


def table_facts(
    kb: KnowledgeBase,
    skipped_to: str | None,
    listen: Listener,
    network: bool,
    as_of: date | None = None,
    most: int = 100_000,
) -> list[Fact]:
    """The rows of all tables as facts of files, for whatever keeps facts in memory.

    Args:
        skipped_to: a file for the rows that are no facts; without it they are an error.
        listen: hears of such rows.
        network: whether tables may lie elsewhere.
        as_of: leave out what is not in force on this day.

    Raises:
        KnowledgeBaseError: a table cannot be read (KZ124), holds rows that are no facts (KZ125), or all tables together
            hold more rows than `most` (KZ405).
    """
    facts: list[Fact] = []
    with closing(DuckDBStore(network=network)) as database, database.within(None):
        staged, issues = stage_all(DuckDBReader(database, network, skipped_to is not None), kb, kb.tables)
        unread = len(staged) < len(kb.tables)  # of such a table no row can be skipped
        set_aside(database, kb, staged, issues, None if unread else skipped_to, listen)
        for item in staged:
            facts.extend(islice(_facts(database, kb, item, as_of), most + 1 - len(facts)))
            if len(facts) > most:
                message = f"the tables hold more than {most:,} rows, too many for this engine"
                raise KnowledgeBaseError(Issue("KZ405", message, item.table.location, "use --engine duckdb"))
    return facts


def _facts(database: DuckDBStore, kb: KnowledgeBase, item: Staged, as_of: date | None) -> Iterator[Fact]:
    """The rows of one table, in order."""
    specs = kb.predicate[item.table.predicate].args
    codec = Codec(database.texts, kinds_of(kb, item.table.predicate), len(specs))
    columns = [argument(place) for place in range(len(codec.kinds))]
    names = [*columns, *sorted(item.columns - {*columns})]
    where = [] if as_of is None else rows_in_force(item.table, day(as_of))
    query = select([column(name) for name in names], item.stored.copy(), where=where)
    for row in database.stream(query.order_by(*in_order(names), copy=False)):
        told = dict(zip(names, row, strict=True))
        yield fact_of(item.table, [spec.name for spec in specs], codec.decode(row), told)


def table_issues(kb: KnowledgeBase, network: bool) -> list[Issue]:
    """All that is wrong with the tables of a knowledge base; none of their rows is kept."""
    issues: list[Issue] = []
    with closing(DuckDBStore(network=network)) as database, database.within(None):
        reader = DuckDBReader(database, network)
        for table in kb.tables:
            staged, found = stage_all(reader, kb, [table])
            issues += found
            for item in staged:
                issues += item.warnings
                database.drop(item.stored)
    return issues
