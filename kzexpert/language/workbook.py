"""A workbook of a spreadsheet → the records of one sheet, in the values that its cells show; formulas are not computed.

It reads .xlsx, .xlsm and .xls by calamine, which follows no link and expands no entity.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from kzexpert.language.containers import RecordError
from kzexpert.language.delimited import column_names
from kzexpert.language.nearest import did_you_mean
from kzexpert.model.file_shape import FileShape

__all__ = ["WORKBOOKS", "Workbook"]

WORKBOOKS = (".xlsx", ".xlsm", ".xls")

#: Bytes that are packed in a workbook, and cells of a sheet up to the last in use.
_MOST_UNPACKED, _MOST_CELLS = 2_000_000_000, 50_000_000
_COLUMN, _ROW = re.compile(rb'\br="([A-Z]{1,3})[0-9]'), re.compile(rb'\br="[A-Z]{0,3}([0-9]{1,7})"')


class Workbook:
    """The records of a sheet; see `kzexpert.language.delimited.Delimited`.

    Raises:
        RecordError: it cannot be read, has no such sheet, or its header names a column twice.
    """

    absent: Collection[str] = ()
    paths: Mapping[str, Collection[str]] = MappingProxyType({})

    def __init__(self, path: str, shape: FileShape) -> None:
        rows = _sheet(path, shape.part)
        numbered = enumerate(rows, 1)
        filled = ((line, row) for line, row in numbered if line > shape.skip and any(cell != "" for cell in row))
        first = next(filled, None)
        if first is None:
            raise RecordError("the sheet is empty" + (f" below line {shape.skip}" if shape.skip else ""))
        self.line = 0
        self._filled = filled
        self._first: tuple[int, list[Any]] | None = first
        if shape.header is None:
            self.line, cells = first
            self._first = None
            self.columns = column_names([_text(cell) for cell in cells], self.line)
        else:
            self.columns = column_names([*shape.header] or [f"c{place + 1}" for place in range(len(first[1]))])

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str | None]]]:
        """See `kzexpert.language.delimited.Delimited.rows`."""
        places = [self.columns.index(name) for name in names]
        for number, (line, row) in enumerate(self._all(), 1):
            yield number, line, [_text(row[place]) if place < len(row) else "" for place in places]

    def _all(self) -> Iterator[tuple[int, list[Any]]]:
        if self._first is not None:
            yield self._first
        yield from self._filled


def _sheet(path: str, name: str) -> Iterator[list[Any]]:
    """The rows of a sheet, from the first of the sheet on."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise RecordError("reading workbooks needs python-calamine", "pip install 'kzexpert[bulk]'") from None
    _check_size(path)
    try:
        workbook = CalamineWorkbook.from_path(path)
        if name and name not in workbook.sheet_names:
            hint = did_you_mean(name, workbook.sheet_names) or f"its sheets are {', '.join(workbook.sheet_names)}"
            raise RecordError(f"it has no sheet {name!r}", hint)
        return iter(workbook.get_sheet_by_name(name or workbook.sheet_names[0]).to_python(skip_empty_area=False))
    except OSError as error:
        raise RecordError(error.strerror or str(error)) from None
    except CalamineError as error:
        raise RecordError(f"the workbook cannot be read: {error}", "save it as .xlsx or .csv") from None


def _check_size(path: str) -> None:
    """Raise what would fill memory: a workbook is read whole, and a sheet with all cells up to the last in use.

    What an archive says of its own sizes is not believed.
    """
    import os
    import zipfile

    try:
        if not zipfile.is_zipfile(path):  # .xls, which cannot have more than 65,536 rows of 256 cells
            return
        size = os.path.getsize(path)  # noqa: PTH202
        with zipfile.ZipFile(path) as archive:
            for item in archive.infolist():
                with archive.open(item) as packed:
                    cells = _Extent()
                    while size <= _MOST_UNPACKED and (content := packed.read(1 << 20)):
                        size += len(content)
                        if item.filename.startswith("xl/worksheets/"):
                            cells.add(content)
                if cells.size > _MOST_CELLS:
                    message = f"a sheet has cells as far apart as {cells.size:,} cells"
                    raise RecordError(message, "save the sheet as .csv")
    except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, UnicodeDecodeError) as error:
        raise RecordError(f"the workbook cannot be read: {error}", "save it as .xlsx or .csv") from None
    if size > _MOST_UNPACKED:
        raise RecordError(f"it holds more than {_MOST_UNPACKED:,} bytes", "save the sheet as .csv")


class _Extent:
    """How far the cells of a sheet reach, by their names in its XML."""

    def __init__(self) -> None:
        self._rest = b""
        self._rows = self._columns = 0

    def add(self, content: bytes) -> None:
        text = self._rest + content
        self._rest = text[-32:]
        for letters in {*_COLUMN.findall(text)}:
            width = 0
            for letter in letters:
                width = width * 26 + letter - 64
            self._columns = max(self._columns, width)
        self._rows = max(self._rows, *map(int, {*_ROW.findall(text)}), 0)

    @property
    def size(self) -> int:
        return self._rows * self._columns


def _text(value: Any) -> str:
    """A cell as text: days and moments in ISO, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds() / 86400)
    return str(value)
