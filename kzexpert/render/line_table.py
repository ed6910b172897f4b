"""Lines of evidence → CSV or JSON lines, a row each, with a column for every name of an argument."""

import csv
from collections.abc import Iterable, Sequence
from typing import IO, Any

import msgspec

from kzexpert.analysis.line_rows import LineRow
from kzexpert.engines.export.lines import guarded
from kzexpert.model import Value, format_value, json_escapes
from kzexpert.model.columns import Layout

__all__ = ["write_line_table"]

_FIRST, _LAST = ("as_of", "predicate"), ("rule", "family", "strength", "counts", "origins")


def write_line_table(file: IO[str], layout: Layout, rows: Iterable[LineRow], form: str) -> None:
    """Write the rows. Several origins stand in one cell, with semicolons between them.

    Args:
        form: ``csv`` or ``jsonl``.
    """
    names = [*_FIRST, *_apart([column.name for column in layout.arguments]), *_LAST]
    writer = csv.writer(file, lineterminator="\n")
    if form == "csv":
        writer.writerow(names)
    for row in rows:
        cells = _cells(layout, row)
        if form == "csv":
            texts = [_text(cell) for cell in cells]
            writer.writerow(map(guarded, texts) if layout.guarded else texts)
        else:
            file.write(json_escapes(msgspec.json.encode(dict(zip(names, cells, strict=True))).decode()) + "\n")


def _cells(layout: Layout, row: LineRow) -> list[Any]:
    arguments: list[Value | None] = [None] * len(layout.arguments)
    predicate = row.conclusion.predicate
    for place, value in zip(layout.places[predicate], row.conclusion.args, strict=True):
        mixed = layout.arguments[place].mixed and not isinstance(value, str)
        arguments[place] = format_value(value) if mixed else value
    origins = "; ".join(row.origins)
    return [row.as_of, predicate, *arguments, row.rule, row.family, row.strength, row.counts, origins]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell if isinstance(cell, str) else format_value(cell)


def _apart(names: Sequence[str]) -> list[str]:
    """Names of arguments, with an underscore where a column of ours has the name."""
    return [f"{name}_" if name in (*_FIRST, *_LAST) else name for name in names]
