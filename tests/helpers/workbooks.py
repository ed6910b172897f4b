"""Excel workbooks for tests, made of lists."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["workbook"]


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """Write a workbook.

    Args:
        sheets: by name, each its rows.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path
