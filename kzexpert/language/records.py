"""Files as publishers publish them → records: the names of the columns, and row by row the texts in them.

It is the one reader for tables and for facts in CSV, and it streams: a file may be larger than memory. What a text
means (a number, a date, nothing) is said elsewhere.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Protocol, TypeAlias

from kzexpert.language.containers import EncodingError, RecordError, inner_name, open_lines
from kzexpert.language.delimited import DELIMITERS, Delimited, Uneven, delimiter_by_ending
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.workbook import WORKBOOKS, Workbook
from kzexpert.model.file_shape import FileShape, Unpivot

__all__ = [
    "JSON_ENDINGS",
    "PACKED",
    "RECORD_ENDINGS",
    "WORKBOOKS",
    "Record",
    "RecordError",
    "Records",
    "Reshaped",
    "open_records",
    "split_part",
]

JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
#: What may stand behind the ending of a file of text.
PACKED = (".gz", ".zip")
RECORD_ENDINGS = (*DELIMITERS, *JSON_ENDINGS, *WORKBOOKS)

#: The number of a record, from 1; the line on which it begins, 0 where it has none; its cells.
Record: TypeAlias = tuple[int, int, Sequence[str | None]]

_RANGE = re.compile(r"(.*\S)\s*\.\.\s*(\S.*)")
_PART = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, (*WORKBOOKS, '.zip')))}))#(.*)", re.IGNORECASE | re.DOTALL)
_NUMBERED = re.compile(r"(.*?)([0-9]+)(\D*)")


class Records(Protocol):
    """The records of a file that is open."""

    @property
    def columns(self) -> tuple[str, ...] | None:
        """Their names, "" for a column without one; None where each record has its own."""
        ...

    @property
    def absent(self) -> Collection[str]:
        """The columns asked for that no record has, where each has its own; known when all were read."""
        ...

    @property
    def paths(self) -> Mapping[str, Collection[str]]:
        """The columns that the first records have, where each has its own, and what these hold there."""
        ...

    def rows(self, names: Sequence[str]) -> Iterator[Record]:
        """All records, once, with some of their columns.

        Raises:
            RecordError: one cannot be read.
        """
        ...


def split_part(file: str) -> tuple[str, str]:
    """A file and which sheet of it, or which file in it, is meant by ``book.xlsx#sheet``; "" where that is not said."""
    found = _PART.fullmatch(file)
    return (found[1], found[2]) if found else (file, "")


@contextmanager
def open_records(path: str, shape: FileShape, uneven: list[Uneven] | None = None) -> Iterator[Records]:
    """Open a file; a mistake shows here or when its rows are read.

    Args:
        path: a file whose name ends in one of `RECORD_ENDINGS`, or there in one of `PACKED`; else it is taken for CSV.

    Raises:
        RecordError: it cannot be read, or has no header as the shape says.
    """
    name = inner_name(path, shape.part).lower()
    ending = os.path.splitext(name)[1]  # noqa: PTH122
    if ending in WORKBOOKS:
        if path.lower().endswith(PACKED):
            raise RecordError("it is a packed workbook", "unpack it first")
        yield _reshaped(Workbook(path, shape), shape)
        return
    part = shape.part if path.lower().endswith(".zip") else ""
    try:
        with open_lines(path, part, shape.encoding) as lines:
            if ending in JSON_ENDINGS:
                from kzexpert.language.json_records import JsonRecords

                by_line = None if ending == ".json" else True
                yield _reshaped(JsonRecords(lines, by_line, shape.records), shape)
            else:
                yield _reshaped(Delimited(lines, shape, delimiter_by_ending(name), uneven), shape)
    except EncodingError as error:
        from kzexpert.language.guesses import encoding_hint  # only where it is needed

        raise RecordError(error.message, encoding_hint(path, part)) from None


def _reshaped(records: Records, shape: FileShape) -> Records:
    return Reshaped(records, shape) if shape.is_reshaped else records


class Reshaped:
    """Records of which one row becomes several.

    Attributes:
        columns: those that are left, and those that come of it.

    Raises:
        RecordError: a range or a name fits no column.
    """

    def __init__(self, records: Records, shape: FileShape) -> None:
        self._records = records
        self._split = shape.split
        self._unpivot = shape.unpivot
        self._turned: Mapping[str, str] = {}
        self.columns = records.columns
        if shape.unpivot is not None:
            self._turned = _turned(shape.unpivot, records.columns)
            if records.columns is not None:
                left = [name for name in records.columns if name not in self._turned]
                self.columns = (*left, shape.unpivot.name, shape.unpivot.value)
        for name in shape.split:
            if self.columns is not None and name not in self.columns:
                hint = did_you_mean(name, self.columns) or f"its columns are {', '.join(filter(None, self.columns))}"
                raise RecordError(f"it has no column {name} to split", hint)

    @property
    def absent(self) -> set[str]:
        """See `Records.absent`."""
        return {*self._records.absent} - {*self._turned}

    @property
    def paths(self) -> Mapping[str, Collection[str]]:
        """See `Records.paths`."""
        return self._records.paths

    def rows(self, names: Sequence[str]) -> Iterator[Record]:
        """See `Records.rows`. All rows that come of a record bear its number."""
        made = (self._unpivot.name, self._unpivot.value) if self._unpivot else ()
        kept = [name for name in names if name not in made]
        rows = self._records.rows([*kept, *self._turned])
        if self._unpivot:
            rows = _unpivoted(rows, len(kept), list(self._turned.values()))
        shown = [*kept, *made]
        places = [shown.index(name) for name in names]
        splits = [(place, self._split[name]) for place, name in enumerate(names) if name in self._split]
        for number, line, cells in rows:
            own = [cells[place] for place in places]
            yield from ((number, line, row) for row in _pieces(own, splits))


def _unpivoted(rows: Iterable[Record], kept: int, labels: Sequence[str]) -> Iterator[Record]:
    """A row for each cell behind the first ones that holds something."""
    for number, line, cells in rows:
        own = list(cells[:kept])
        for label, cell in zip(labels, cells[kept:], strict=True):
            if cell is not None and cell.strip():
                yield number, line, [*own, label, cell]


def _pieces(cells: list[str | None], splits: Sequence[tuple[int, str]]) -> Iterator[list[str | None]]:
    """The rows of which each has one of the values of a cell; where several cells are split, all combinations."""
    if not splits:
        yield cells
        return
    values: list[list[str | None]] = []
    for place, separator in splits:
        found = [piece.strip() for piece in (cells[place] or "").split(separator.strip() or separator)]
        values.append([*filter(None, found)] or [None])
    for combination in product(*values):
        row = cells.copy()
        for (place, _), value in zip(splits, combination, strict=True):
            row[place] = value
        yield row


def _turned(unpivot: Unpivot, columns: Sequence[str] | None) -> dict[str, str]:
    """The columns that become rows → what their rows are called."""
    if columns is None:
        spread = next(filter(_RANGE.fullmatch, unpivot.columns), "")
        if spread:
            raise RecordError(f"{spread} to unpivot does not work for JSON, whose columns have no order", "list them")
        return {name: name for name in unpivot.columns}
    found: dict[str, str] = {}
    for item in unpivot.columns:
        if item in columns:
            found[item] = item
            continue
        ends = _RANGE.fullmatch(item)
        among = _between(ends[1], ends[2], columns) if ends else {}
        if not among:
            what = f"no column lies in {item}" if ends else f"it has no column {item}"
            hint = did_you_mean(item, columns) or f"its columns are {', '.join(filter(None, columns))}"
            raise RecordError(f"{what} to unpivot", hint)
        found.update(among)
    twice = next((name for name in (unpivot.name, unpivot.value) if name in columns and name not in found), None)
    if twice is not None:
        raise RecordError(f"unpivot makes a column {twice}, and the file has one", "give it another name")
    return found


def _between(first: str, last: str, columns: Sequence[str]) -> dict[str, str]:
    """The columns from one to another: by number where their names differ in a number only, else as they stand."""
    ends = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(last)
    if ends[0] and ends[1] and ends[0].group(1, 3) == ends[1].group(1, 3):
        before, after = ends[0].group(1, 3)
        low, high = sorted((int(ends[0][2]), int(ends[1][2])))
        found = ((name, _NUMBERED.fullmatch(name)) for name in columns)
        return {
            name: match[2]
            for name, match in found
            if match and match.group(1, 3) == (before, after) and low <= int(match[2]) <= high
        }
    if first in columns and last in columns:
        low, high = sorted((columns.index(first), columns.index(last)))
        return {name: name for name in columns[low : high + 1] if name}
    return {}
