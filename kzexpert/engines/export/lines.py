"""Rows → lines of CSV or JSON, to the byte as DuckDB writes them, so that it does not matter which engine ran."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import IO, TypeAlias

from kzexpert.certainty import established, evidence_word
from kzexpert.model import format_number, json_escapes, shown
from kzexpert.model.columns import FORMULA, NUMBER, OWN, Layout, Row

__all__ = ["guarded", "write_csv", "write_json_lines"]

_Cell: TypeAlias = str | float | date | bool | None

#: What makes DuckDB put a text of CSV into quotes, beside its being empty.
_SPECIAL = re.compile('[,"\n\r#]')
_ESCAPES = {code: f"\\u{code:04X}" for code in range(32)} | {
    ord(character): f"\\{letter}" for character, letter in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)
}


def write_csv(file: IO[str], layout: Layout, rows: Iterable[Row]) -> None:
    """Write a line of names, and a line for each row. An empty text is in quotes; what is left empty is not there."""
    file.write(",".join(map(_csv, layout.names)) + "\n")
    for cells in _cells(layout, rows):
        file.write(",".join(map(_csv, cells)) + "\n")


def write_json_lines(file: IO[str], layout: Layout, rows: Iterable[Row]) -> None:
    """Write a JSON object for each row, on a line of its own."""
    keys = [f"{_json(name)}:" for name in layout.names]
    for cells in _cells(layout, rows):
        file.write("{" + ",".join([key + _json(cell) for key, cell in zip(keys, cells, strict=True)]) + "}\n")


def guarded(text: str) -> str:
    """A text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if re.fullmatch(FORMULA, text) and not re.fullmatch(NUMBER, text) else text


def _cells(layout: Layout, rows: Iterable[Row]) -> Iterator[list[_Cell]]:
    """The rows in the columns of a layout."""
    for as_of, predicate, args, certainty, derived in rows:
        placed: dict[str, _Cell] = dict(zip(OWN, (as_of, predicate), strict=False))
        first = [cell for name, cell in placed.items() if name not in layout.folders]
        arguments: list[_Cell] = [*layout.cells(predicate, args)]
        if layout.guarded:
            arguments = [guarded(cell) if isinstance(cell, str) else cell for cell in arguments]
        told: list[_Cell] = [certainty, evidence_word(certainty), established(certainty)]
        yield [*first, *arguments, *told, *([derived] if layout.derived else [])]


def _csv(cell: _Cell) -> str:
    if isinstance(cell, str):
        quotes = not cell or _SPECIAL.search(cell)
        return '"' + cell.replace('"', '""') + '"' if quotes else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else shown(cell)


def _json(cell: _Cell) -> str:
    if isinstance(cell, float):
        return _json_number(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "null" if cell is None else f'"{json_escapes(shown(cell).translate(_ESCAPES))}"'


def _json_number(number: float) -> str:
    """A number without a point where it is whole; very large and very small ones as JavaScript writes them."""
    plain = format_number(number)
    if "e" not in plain and "." not in plain:
        return plain
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)
    if 0 < point <= 21:
        whole, rest = shown[:point].ljust(point, "0"), shown[point:] or "0"
    elif -6 < point <= 0:
        whole, rest = "0", "0" * -point + shown
    else:
        whole, rest = shown[0], shown[1:]
    tail = "" if -6 < point <= 21 else f"e{point - 1}"
    return f"{'-' if sign else ''}{whole}{'.' if rest else ''}{rest}{tail}"
