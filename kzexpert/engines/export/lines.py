"""Rows → lines of CSV or JSON, to the byte as DuckDB writes them, so that it does not matter which engine ran."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, TypeAlias

from kzexpert.certainty import established, evidence_word
from kzexpert.engines.export.rows import Row
from kzexpert.model import format_number, json_escapes, shown
from kzexpert.model.columns import Layout

__all__ = ["escape_json_lines", "guard_formulas", "write_csv", "write_json_lines"]

_Cell: TypeAlias = str | float | date | bool | None

#: What makes DuckDB put a text of CSV into quotes, beside its being empty.
_SPECIAL = re.compile('[,"\n\r#]')
#: A cell that begins as a formula does, with what stands before it; or any other cell in quotes.
_CSV_CELL = re.compile(r'(^|,)(?:"([=+\-@\t\r](?:[^"]|"")*)"|([=+\-@\t\r][^,"\n]*))|"(?:[^"]|"")*"')
_NUMBER = re.compile(r"[+-]?[0-9.]+(?:e[+-]?[0-9]+)?")
_ESCAPES = {code: f"\\u{code:04X}" for code in range(32)} | {
    ord(character): f"\\{letter}" for character, letter in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)
}


def write_csv(file: IO[str], layout: Layout, rows: Mapping[str, Iterable[Row]]) -> None:
    """Write a line of names, and a line for each row. An empty text is in quotes; what is left empty is not there."""
    file.write(",".join(map(_csv, layout.names)) + "\n")
    for cells in _cells(layout, rows):
        file.write(",".join(map(_csv, cells)) + "\n")


def write_json_lines(file: IO[str], layout: Layout, rows: Mapping[str, Iterable[Row]]) -> None:
    """Write a JSON object for each row, on a line of its own."""
    keys = [f"{_json(name)}:" for name in layout.names]
    for cells in _cells(layout, rows):
        file.write("{" + ",".join([key + _json(cell) for key, cell in zip(keys, cells, strict=True)]) + "}\n")


def escape_json_lines(path: Path) -> None:
    """Escape, in a file of JSON lines that a database wrote, what does not show; most files hold nothing of that."""
    with path.open(encoding="utf-8", newline="") as file:
        if all(json_escapes(line) == line for line in file):
            return
    escaped = path.with_name(f"{path.name}.escaped")
    with path.open(encoding="utf-8", newline="") as file, escaped.open("w", encoding="utf-8", newline="") as target:
        target.writelines(map(json_escapes, file))
    escaped.replace(path)


def guard_formulas(path: Path) -> None:
    """Put an apostrophe before each cell of a CSV file that a spreadsheet would take for a formula; numbers stay."""
    guarded = path.with_name(f"{path.name}.guarded")
    with path.open(encoding="utf-8", newline="") as file, guarded.open("w", encoding="utf-8", newline="") as target:
        row = ""
        for line in file:
            row += line
            if row.count('"') % 2 == 0:  # not inside of a cell in quotes
                target.write(_CSV_CELL.sub(_guarded, row))
                row = ""
    guarded.replace(path)


def _guarded(cell: re.Match[str]) -> str:
    start, quoted, bare = cell.groups()
    if start is None or _NUMBER.fullmatch(bare or ""):
        return cell[0]
    return f"{start}'{bare}" if bare else f'{start}"\'{quoted}"'


def _cells(layout: Layout, rows: Mapping[str, Iterable[Row]]) -> Iterator[list[_Cell]]:
    """The rows in the columns of a layout, by day, predicate and arguments."""
    found: list[tuple[date, int, list[_Cell], float, bool]] = []
    for number, predicate in enumerate(layout.predicates):
        places = sorted((place, own) for own, place in enumerate(layout.places[predicate]))
        texts = [layout.arguments[place].kind == "text" for place, _ in places]
        for as_of, args, certainty, derived in rows.get(predicate, ()):
            own: list[_Cell] = [
                shown(args[at]) if text else args[at] for (_, at), text in zip(places, texts, strict=True)
            ]
            found.append((as_of, number, own, certainty, derived))
    found.sort(key=lambda row: row[:3])
    order = {predicate: sorted(places) for predicate, places in layout.places.items()}
    for as_of, number, own, certainty, derived in found:
        predicate = layout.predicates[number]
        arguments: list[_Cell] = [None] * len(layout.arguments)
        for place, cell in zip(order[predicate], own, strict=True):
            arguments[place] = cell
        told: list[_Cell] = [certainty, evidence_word(certainty), established(certainty)]
        yield [as_of, predicate, *arguments, *told, *([derived] if layout.derived else [])]


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
