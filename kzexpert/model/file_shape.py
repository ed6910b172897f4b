"""How a publisher writes a table: how its file is cut into rows and cells, and how cells say what they mean."""

from collections.abc import Mapping

import msgspec

__all__ = ["FileShape", "Notation", "RowChoice", "Unpivot"]


class Unpivot(msgspec.Struct, frozen=True, array_like=True):
    """Columns that become rows: a row for each of them that holds something.

    Attributes:
        columns: their names, or ranges of names such as ``1960..2020``.
        name: the new column for the name of the column, or for what tells it from the others of its range.
        value: the new column for what the column holds.
    """

    columns: tuple[str, ...]
    name: str
    value: str


class FileShape(msgspec.Struct, frozen=True, array_like=True):
    """How a file is cut into rows and cells.

    Attributes:
        part: the sheet of a workbook, or the file in an archive; empty where there is one only, or for the first sheet.
        encoding: of texts; empty where a byte order mark says it, or for UTF-8.
        delimiter: between the cells of a line; empty where the ending of the file's name says it.
        skip: lines above the one that names the columns, or above the first row where none does.
        header: the names of the columns; () calls them ``c1``, ``c2`` ...; None where a line of the file names them.
        records: of JSON, the path to the list of records; empty where it is the whole.
        unpivot: columns that become rows.
        split: column → what separates the values in its cells, each of which becomes a row.
    """

    part: str = ""
    encoding: str = ""
    delimiter: str = ""
    skip: int = 0
    header: tuple[str, ...] | None = None
    records: str = ""
    unpivot: Unpivot | None = None
    split: Mapping[str, str] = {}

    @property
    def is_reshaped(self) -> bool:
        """Whether one row of the file becomes several."""
        return self.unpivot is not None or bool(self.split)


class Notation(msgspec.Struct, frozen=True, array_like=True):
    """How cells say what they mean; the column "" stands for all others.

    Attributes:
        nothing: column → texts that stand for nothing, beside an empty one.
        strip: column → characters that are taken off both ends of a text.
        dates: column → formats of dates, as `kzexpert.language.date_formats` has them, which are tried in this order.
        decimal: the sign before decimals, "," or "."; then the other one, a blank or an apostrophe may stand before
            thousands. Empty where numbers are written as everywhere else here.
    """

    nothing: Mapping[str, tuple[str, ...]] = {}
    strip: Mapping[str, str] = {}
    dates: Mapping[str, tuple[str, ...]] = {}
    decimal: str = ""

    @property
    def columns(self) -> set[str]:
        """The columns that it names."""
        return {*self.nothing, *self.strip, *self.dates} - {""}


class RowChoice(msgspec.Struct, frozen=True, array_like=True):
    """What a row must have in a column to be read. An empty text stands for nothing.

    Attributes:
        among: the values it may have; None where any will do.
        without: the values it may not have.
        compared: an operator and a number or date each, all of which must hold.
    """

    among: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    compared: tuple[tuple[str, str], ...] = ()
