"""The rows of the CIA World Factbook that ``bases/world`` ships, packed from the collections beside the checkout.

``python -m benchmarks.factbook`` writes the two tables anew. It copies rows of the Factbook alone, which is in the
public domain, and works out until when a figure of trade stands. ``bases/world/README.md`` tells what the years mean.
"""

from pathlib import Path

import duckdb

from benchmarks.world import CHECKOUT, COLLECTIONS

__all__ = ["TABLES", "pack"]

#: How many years a figure of trade stands if no later one comes.
_STANDS = 3
_ROWS = "FROM read_parquet(?) WHERE source = ?"
#: A tie that the newest edition lists has no end.
_MEMBERSHIPS = f"""
    SELECT predicate AS tie, subject AS state, object AS org,
        start_year AS first, CASE WHEN end_open = 0 THEN end_year END AS last {_ROWS}
"""
#: The year before the next figures of the same state for the same flow ends what stood until then.
_TRADE = f"""
    WITH figures AS (
        SELECT predicate AS flow, subject AS state, object AS partner, start_year AS year, max(value::DOUBLE) AS percent
        {_ROWS} GROUP BY ALL
    ), years AS (SELECT DISTINCT flow, state, year FROM figures),
    ends AS (
        SELECT *, least(year + {_STANDS}, lead(year) OVER (PARTITION BY flow, state ORDER BY year) - 1) AS last
        FROM years
    )
    SELECT flow, state, partner, percent, year AS first, last FROM figures JOIN ends USING (flow, state, year)
"""
#: Name of a table → the source of its rows among the collections, and the query.
TABLES = {"memberships": ("cia_factbook_igo", _MEMBERSHIPS), "trade": ("cia_factbook_partners", _TRADE)}


def pack(folder: Path) -> None:
    """Write the tables into a folder, rows in order.

    Raises:
        duckdb.Error: the collections are not there.
    """
    collections = str(COLLECTIONS / "world_facts.parquet")
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for name, (source, query) in TABLES.items():
            rows = connection.sql(f"{query} ORDER BY ALL", params=[collections, source])
            rows.write_parquet(str(folder / f"{name}.parquet"), compression="zstd")


if __name__ == "__main__":
    pack(CHECKOUT / "bases" / "world" / "factbook")
