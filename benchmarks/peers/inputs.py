"""Facts as each side reads them best: Parquet, CSV, facts of CLIPS, facts of clingo."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["read", "write"]


def write(folder: Path, relations: Mapping[str, tuple[Sequence[str], Iterable[Sequence[str | int]]]]) -> None:
    """Write relations, by name: their columns and rows. All relations are in the files for CLIPS and clingo."""
    import duckdb

    with (
        (folder / "facts.clp").open("w", encoding="ascii") as clips,
        (folder / "facts.lp").open("w", encoding="ascii") as clingo,
        duckdb.connect() as connection,
    ):
        for name, (columns, rows) in relations.items():
            file = folder / f"{name}.csv"
            with file.open("w", encoding="ascii") as csv:
                for row in rows:
                    values = [str(item) if isinstance(item, int) else f'"{item}"' for item in row]
                    csv.write(",".join(values) + "\n")
                    clips.write(f"({name} {' '.join(values)})\n")
                    clingo.write(f"{name}({','.join(values)}).\n")
            table = connection.read_csv(str(file), header=False, names=list(columns))
            table.write_parquet(str(folder / f"{name}.parquet"))


def read(folder: Path, name: str) -> list[tuple[Any, ...]]:
    """The rows of a relation, for sides that take them from Python."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.read_parquet(str(folder / f"{name}.parquet")).fetchall()
