"""Tables read by DuckDB for those that keep facts in memory, and for those that only check them."""

from kzexpert.engines.sql.codec import Codec
from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.extents import argument, kinds_of
from kzexpert.engines.sql.recorded import fact_of
from kzexpert.engines.sql.store import FILE, ROW
from kzexpert.engines.sql.tables import stage_all
from kzexpert.engines.sql.words import column, select
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model import Fact, KnowledgeBase

__all__ = ["table_facts", "table_issues"]


def table_facts(kb: KnowledgeBase, most: int = 100_000) -> list[Fact]:
    """The rows of all tables, whatever the day, for engines that keep facts in memory.

    Raises:
        KnowledgeBaseError: a table cannot be read (KZ124), holds rows that are no facts (KZ125), or all tables together
            hold more rows than `most` (KZ405).
    """
    database = Database()
    dictionary = database.dictionary(kb)
    staged, issues = stage_all(database, dictionary, kb, kb.tables)
    if issues:
        raise KnowledgeBaseError(*issues, texts=kb.texts)
    facts: list[Fact] = []
    for item in staged:
        specs = kb.predicate[item.table.predicate].args
        codec = Codec(database.texts, kinds_of(kb, item.table.predicate), len(specs))
        columns = [argument(place) for place in range(len(codec.kinds))]
        names = [*columns, *sorted(item.columns - {*columns})]
        query = select([column(name) for name in names], item.stored.copy())
        for row in database.stream(query.order_by(column(FILE), column(ROW), copy=False)):
            args = codec.decode(row)
            facts.append(fact_of(item.table, [spec.name for spec in specs], args, dict(zip(names, row, strict=True))))
            if len(facts) > most:
                message = f"the tables hold more than {most:,} rows, too many for this engine"
                raise KnowledgeBaseError(Issue("KZ405", message, item.table.location, "use --engine duckdb"))
    database.close()
    return facts


def table_issues(kb: KnowledgeBase) -> list[Issue]:
    """All that is wrong with the tables of a knowledge base; none of their rows is kept."""
    database = Database()
    dictionary = database.dictionary(kb)
    issues: list[Issue] = []
    for table in kb.tables:
        staged, found = stage_all(database, dictionary, kb, [table])
        issues += found
        for item in staged:
            database.drop(item.stored)
    database.close()
    return issues
