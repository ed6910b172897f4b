"""Nemo: rules in its own language, over CSV files that it reads itself."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nmo_python import NemoEngine, load_string

__all__ = ["reasoned", "rows"]


def reasoned(folder: Path, imports: Mapping[str, Sequence[str]], rules: str) -> NemoEngine:
    """Run rules.

    Args:
        imports: relation → the types of its columns in words of Nemo.
    """
    reading = [
        f'@import {name} :- csv{{resource="{(folder / name).as_posix()}.csv", format=({", ".join(types)})}} .'
        for name, types in imports.items()
    ]
    engine = NemoEngine(load_string("\n".join([*reading, rules])))
    engine.reason()
    return engine


def rows(engine: NemoEngine, relation: str) -> Iterator[tuple[Any, ...]]:
    """The facts of a relation, texts without Nemo's quotes."""
    for row in engine.result(relation):
        yield tuple(item[1:-1] if isinstance(item, str) else item for item in row)
