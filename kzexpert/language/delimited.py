"""Lines → the records of a delimited file: CSV as RFC 4180 has it, with any delimiter, with or without a header.

Cells stay as they are written. Blank lines are no records; a line of a cell within quotes is not counted as a row.
"""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from operator import itemgetter
from types import MappingProxyType
from typing import TypeAlias

from kzexpert.language.containers import LONGEST, EmptyError, RecordError
from kzexpert.model.file_shape import FileShape

__all__ = ["DELIMITERS", "Delimited", "Uneven", "column_names", "delimiter_by_ending"]

#: Ending of a file's name → what separates its cells; a comma where it is another one.
DELIMITERS = {".csv": ",", ".txt": ",", ".tsv": "\t", ".tab": "\t"}
#: What closes files of another age.
_END_OF_FILE = "\x1a"
_QUOTES = 'a cell with the delimiter, a quote or a line break stands in quotes, and a quote in it is doubled: "a ""b"""'
_CELLS = "a cell that holds the delimiter or a line break stands in quotes; empty cells stay empty"

#: The number of a record, what is wrong with it, and its cells by column.
Uneven: TypeAlias = tuple[int, str, Mapping[str, str | None]]


class Delimited:
    """The records of a delimited file.

    Args:
        lines: with their line ends.
        delimiter: between cells, where the shape does not say it.
        uneven: gets the records with more or fewer cells than there are columns; without it they are an error.

    Attributes:
        columns: the names of the columns; a column may have none.
        line: on which they stand; 0 where no line names them.

    Raises:
        RecordError: it has no header, or one that names a column twice.
    """

    absent: Collection[str] = ()
    paths: Mapping[str, Collection[str]] = MappingProxyType({})

    def __init__(
        self, lines: Iterator[str], shape: FileShape, delimiter: str, uneven: list[Uneven] | None = None
    ) -> None:
        self._set_aside = uneven
        self._above = sum(1 for _ in zip(range(shape.skip), lines, strict=False))
        csv.field_size_limit(LONGEST)
        self._cells = csv.reader(
            lines, delimiter=shape.delimiter or delimiter, strict=True, skipinitialspace=shape.delimiter != " "
        )
        self._first: tuple[int, list[str]] | None = None
        self.line = 0
        first = next(self._below(), None)
        if first is None:
            what = "it ends above its header" if self._above else "it is empty; the first line names the columns"
            raise EmptyError(what, f"leave out skip: {shape.skip}" if self._above else "")
        if shape.header is None:
            self.line = first[0]
            self.columns = column_names(first[1], self.line)
        else:
            self._first = first
            self.columns = column_names([*shape.header] or [f"c{place + 1}" for place in range(len(first[1]))])

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str | None]]]:
        """Number, line and cells of each record.

        Args:
            names: columns, in the order of the cells.

        Raises:
            RecordError: a line is no record, or has more or fewer cells than there are columns.
        """
        places = [self.columns.index(name) for name in names]
        chosen = itemgetter(*places) if len(places) > 1 else lambda cells: tuple(cells[place] for place in places)
        size = len(self.columns)
        for number, (line, cells) in enumerate(self.records(), 1):
            if len(cells) != size and (any(cells[size:]) or len(cells) < size):
                if self._set_aside is None:
                    raise RecordError(self._uneven(len(cells)), _CELLS, line)
                names = [*self.columns, *(f"c{place + 1}" for place in range(size, len(cells)))]
                self._set_aside.append((number, self._uneven(len(cells)), dict(zip_longest(names, cells))))
                continue
            yield number, line, chosen(cells)

    def _uneven(self, found: int) -> str:
        than = f"line {self.line:,} has {len(self.columns)}" if self.line else f"there are {len(self.columns)} columns"
        return f"{found} cell{'s' * (found != 1)}, and {than}"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The records, once, each with the line on which it begins, and with any number of cells.

        Raises:
            RecordError: a line is no record.
        """
        if self._first is not None:
            yield self._first
        yield from self._below()

    def _below(self) -> Iterator[tuple[int, list[str]]]:
        cells = self._cells
        line = self._above + cells.line_num + 1
        try:
            for record in cells:
                if record and record != [_END_OF_FILE]:
                    yield line, record
                line = self._above + cells.line_num + 1
        except csv.Error as error:
            unclosed = "limit" in str(error) or "end of data" in str(error)
            hint = "is a closing quote missing?" if unclosed else _QUOTES
            raise RecordError(f"not valid CSV: {error}", hint, line) from None


def delimiter_by_ending(name: str) -> str:
    """What separates the cells of a file of that name, which is not packed."""
    return next((delimiter for ending, delimiter in DELIMITERS.items() if name.lower().endswith(ending)), ",")


def column_names(cells: Sequence[str], line: int = 0) -> tuple[str, ...]:
    """The names of columns, without outer blanks; a column may have none.

    Args:
        line: on which they stand.

    Raises:
        RecordError: one stands there twice.
    """
    names = tuple(cell.strip() for cell in cells)
    if not any(names):
        raise RecordError("its first line is empty; the first line names the columns", line=line)
    if len({*names, ""}) <= len(names) - names.count(""):
        twice = next(name for name in names if name and names.count(name) > 1)
        where = "its header" if line > 1 else "its first line"
        raise RecordError(f"{where} names the column {twice!r} twice", "name the columns by header: [...]", line)
    return names
