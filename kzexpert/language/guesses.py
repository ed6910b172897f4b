"""What a file of a publisher looks like: its encoding, delimiter, header, dates and numbers, for hints and proposals.

Guesses are said and never acted upon: a table is read as it is declared.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import islice

import msgspec

from kzexpert.language.containers import RecordError, encoding_by_mark, inner_name, open_bytes, open_lines
from kzexpert.language.delimited import delimiter_by_ending
from kzexpert.language.workbook import WORKBOOKS, Workbook
from kzexpert.model.file_shape import FileShape

__all__ = [
    "Guess",
    "date_formats",
    "date_hint",
    "decimal_sign",
    "encoding_hint",
    "encoding_of",
    "encoding_of_bytes",
    "guess",
    "header_hint",
    "nothing_words",
    "number_hint",
    "written_delimiter",
]

#: Bytes that are looked at for an encoding, and lines for a shape.
_SAMPLE, _LINES = 20_000_000, 200
_DELIMITERS = (",", ";", "\t", "|")
_YEAR = re.compile(r"(1[5-9]|20)[0-9]{2}")
_NUMBER = re.compile(r"[-+]?[0-9][0-9 .,\u00a0\u202f]*%?|")
_AROUND = "()[]%$€£~*"
#: What publishers write for nothing.
_NOTHING = ("NA", "N/A", "n/a", "NULL", "null", "..", "...", "-", "–", "-0-", "-9", "-99", "-999", "NaN", "#N/A")
_ISO = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ].*)?)?)?")
#: Dates as publishers write them → the format; what fits the whole of a column is proposed.
_FORMATS = {
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}": ("%d.%m.%Y", "%m.%d.%Y"),
    r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}": ("%d/%m/%y", "%m/%d/%y"),
    r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}": ("%Y/%m/%d",),
    r"(1[5-9]|20)[0-9]{6}": ("%Y%m%d",),
    r"(1[5-9]|20)[0-9]{4}": ("%Y%m",),
    r"[0-9]{1,2} [A-Za-z]{3} [0-9]{4}": ("%d %b %Y",),
    r"[0-9]{1,2} [A-Za-z]{4,9} [0-9]{4}": ("%d %B %Y",),
    r"[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}": ("%d-%b-%Y",),
    r"[0-9]{1,2}-[A-Za-z]{3}-[0-9]{2}": ("%d-%b-%y",),
    r"[A-Za-z]{3} [0-9]{1,2}, [0-9]{4}": ("%b %d, %Y",),
    r"[A-Za-z]{4,9} [0-9]{1,2}, [0-9]{4}": ("%B %d, %Y",),
    r"[A-Za-z]{3} [0-9]{4}": ("%b %Y",),
    r"[A-Za-z]{4,9} [0-9]{4}": ("%B %Y",),
    r"[0-9]{1,2}/[0-9]{4}": ("%m/%Y",),
}


class Guess(msgspec.Struct, frozen=True):
    """What a delimited file looks like.

    Attributes:
        encoding: a name for `encoding:`; empty where none is needed.
        skip: lines above the header, or above the first row.
        headed: whether a line names the columns.
        columns: their names; empty where no line names them.
        rows: the first rows.
    """

    encoding: str
    delimiter: str
    skip: int
    headed: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


# --- the whole of a file ---------------------------------------------------------------------------------------------


def encoding_of(path: str, part: str = "") -> str:
    """A name for `encoding:` that really decodes a file, as far as it is looked at; empty where none is needed.

    Bytes of a code page could be any: words of Latin letters with a few others among them are taken for cp1252 or
    cp1250, words of other letters only for cp1251.

    Raises:
        RecordError: it cannot be read.
    """
    with open_bytes(path, part) as stream:
        return encoding_of_bytes(stream.read(_SAMPLE))


def encoding_of_bytes(content: bytes) -> str:
    """As `encoding_of`, of the bytes of a file."""
    if encoding_by_mark(content[:4]):
        return ""
    breaks = content.count(b"\n") + content.count(b"\r")
    for name, line, other in (("utf-16-le", b"\n\0", b"\r\0"), ("utf-16-be", b"\0\n", b"\0\r")):
        if (content.count(line) + content.count(other)) * 2 > breaks:  # a stray NUL says nothing
            with suppress(UnicodeDecodeError):
                codecs.getincrementaldecoder(name)().decode(content)
                return name
    with suppress(UnicodeDecodeError):
        content[: content.rfind(b"\n") + 1 or None].decode("utf-8")
        return ""
    high = sum(byte >= 0x80 for byte in content)
    foreign = sum(len(word) for word in re.findall(rb"[\xc0-\xff]{3,}", content))
    names = ["cp1251", "cp1252"] if foreign * 2 > high else ["cp1252", "cp1250", "latin-1"]
    for name in names:
        with suppress(UnicodeDecodeError):
            content.decode(name)
            return name
    return "latin-1"


def encoding_hint(path: str, part: str = "") -> str:
    """What to do about a file that is no text in the encoding it was read in."""
    try:
        found = encoding_of(path, part)
    except RecordError:
        return ""
    return f"`encoding: {found}` reads it" if found else "save it in UTF-8 and try again"


def guess(path: str, shape: FileShape | None = None) -> Guess:
    """What a delimited file, or a sheet of a workbook, looks like.

    Args:
        shape: what is known of it already.

    Raises:
        RecordError: it cannot be read.
    """
    known = shape or FileShape()
    if path.lower().endswith(WORKBOOKS):
        encoding, delimiter = "", delimiter_by_ending(path)
        records = _sheet(path, known.part)
        skip = known.skip or _rows_above(records)
    else:
        encoding = known.encoding or encoding_of(path, known.part)
        with open_lines(path, known.part, encoding) as stream:
            lines = list(islice(stream, _LINES))
        delimiter = known.delimiter or _delimiter(lines)
        records = _cells(lines, delimiter)
        skip = known.skip or _lines_above(records)
    table = [tuple(cells) for line, cells in records if line >= skip]
    headed = known.header is None and _is_header(table)
    columns = tuple(cell.strip() for cell in table[0]) if headed else ()
    return Guess(encoding, delimiter, skip, headed, columns, tuple(table[1:] if headed else table))


def header_hint(path: str, shape: FileShape, wanted: Collection[str]) -> str:
    """Which options would find columns that a file seems not to have; empty where none is known.

    Args:
        shape: how it was read.
        wanted: the columns.
    """
    try:
        if path.lower().endswith(WORKBOOKS):
            return _sheet_hint(_sheet(path, shape.part), shape.skip, wanted)
        encoding = shape.encoding or encoding_of(path, shape.part)
        with open_lines(path, shape.part, encoding) as stream:
            lines = list(islice(stream, _LINES))
    except RecordError:
        return ""
    own = shape.delimiter or delimiter_by_ending(inner_name(path, shape.part))
    line, delimiter, named = _where_named(lines, wanted)
    if named <= _named(lines[shape.skip : shape.skip + 1], own, wanted):
        return _shape_hint([cells for _, cells in _cells(lines[shape.skip :], shape.delimiter or _delimiter(lines))])
    options = [f"skip: {line}"] if line != shape.skip else []
    options += [f"delimiter: {written_delimiter(delimiter)}"] if delimiter != own else []
    return f"{_above(line, shape.skip) if line != shape.skip else 'another delimiter'}? `{', '.join(options)}`"


def _sheet_hint(records: Sequence[tuple[int, Sequence[str]]], skip: int, wanted: Collection[str]) -> str:
    """As `header_hint`, of the rows of a sheet."""
    named = {line: len({cell.strip() for cell in cells}.intersection(wanted)) for line, cells in records}
    own = next((line for line in named if line >= skip), None)
    best = max(named, key=lambda line: named[line], default=None)
    if best is None or own is None or named[best] <= named[own]:
        return _shape_hint([cells for line, cells in records if line >= skip])
    return f"{_above(best, skip)}? `skip: {best}`"


def _above(line: int, skip: int) -> str:
    return "lines above the header" if line > skip else "fewer lines above the header"


def _shape_hint(table: Sequence[Sequence[str]]) -> str:
    if not table:
        return ""
    years = [cell.strip() for cell in table[0] if _YEAR.fullmatch(cell.strip())]
    if len(years) >= 3:
        span = f"{min(years)}..{max(years)}"
        return f'years as columns? `unpivot: {{columns: "{span}", name: year, value: value}}` makes them rows'
    if not _is_header(table):
        return (
            "does no line name the columns? `header: false` calls them c1, c2 ..., and `header: [...]` gives them names"
        )
    return ""


def written_delimiter(delimiter: str) -> str:
    """A delimiter as YAML has it."""
    return "tab" if delimiter == "\t" else f'"{delimiter}"'


def _where_named(lines: Sequence[str], wanted: Collection[str]) -> tuple[int, str, int]:
    """The first line that names most of the columns that are wanted, what separates its cells, and how many."""
    best = (0, ",", 0)
    for line, text in enumerate(lines):
        for delimiter in _DELIMITERS:
            named = _named([text], delimiter, wanted)
            if named > best[2]:
                best = (line, delimiter, named)
    return best


def _named(lines: Sequence[str], delimiter: str, wanted: Collection[str]) -> int:
    cells = {cell.strip() for _, row in _cells(lines, delimiter) for cell in row}
    return len(cells.intersection(wanted))


def _cells(lines: Iterable[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """The records with the number of the line on which each begins, from 0; as far as they can be read."""
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    found = []
    line = 0
    with suppress(csv.Error):
        for cells in rows:
            if cells:
                found.append((line, cells))
            line = rows.line_num
    return found


def _delimiter(lines: Sequence[str]) -> str:
    """What separates most cells, evenly: the delimiter by which most records have the same number of cells."""

    def evenness(delimiter: str) -> tuple[int, int]:
        sizes = Counter(len(cells) for _, cells in _cells(lines, delimiter) if len(cells) > 1)
        size, often = max(sizes.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return often, size

    return max(_DELIMITERS, key=evenness)


def _sheet(path: str, part: str) -> list[tuple[int, list[str]]]:
    """As `_cells`, of the first rows of a sheet that hold something."""
    sheet = Workbook(path, FileShape(part=part, header=()))
    rows = islice(sheet.rows(sheet.columns), _LINES)
    return [(line - 1, [cell or "" for cell in cells]) for _, line, cells in rows]


def _rows_above(records: Sequence[tuple[int, Sequence[str]]]) -> int:
    """The rows above the first one that is filled like most: a title fills a cell or two, and all rows are as wide."""
    sizes = [sum(1 for cell in cells if cell.strip()) for _, cells in records]
    usual = max(sizes, key=lambda size: (sizes.count(size), size), default=0)
    place = next((place for place, size in enumerate(sizes) if size * 2 > usual), 0)
    return records[place][0] if place else 0


def _lines_above(records: Sequence[tuple[int, list[str]]]) -> int:
    """The lines above the first record as wide as most are."""
    if not records:
        return 0
    sizes = Counter(len(cells) for _, cells in records)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    return next(line for line, cells in records if len(cells) == usual)


def _is_header(table: Sequence[Sequence[str]]) -> bool:
    """Whether a first row names the columns: texts, each once, above rows that differ from it in kind."""
    if not table:
        return False
    first = [cell.strip() for cell in table[0]]
    while first and not first[-1]:
        first.pop()
    names = [cell for cell in first if cell]
    numbers = [cell for cell in names if _NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell)]
    return bool(names) and len({*names}) == len(names) and not numbers and len(names) * 2 > len(first)


# --- the cells of a column -------------------------------------------------------------------------------------------


def date_formats(values: Iterable[str]) -> list[str] | None:
    """The formats of which each reads all dates in a column; [] where they are in ISO, None where no format does.

    Where days and months could change places, there are two, and the day comes first.
    """
    found = [value.strip() for value in values if value.strip()]
    if not found:
        return None
    if all(_ISO.fullmatch(value) for value in found):
        return []
    for pattern, formats in _FORMATS.items():
        if all(re.fullmatch(pattern, value) for value in found):
            return [form for form in formats if all(_fits(value, form) for value in found)] or None
    return None


def _fits(value: str, form: str) -> bool:
    from datetime import datetime

    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def decimal_sign(values: Iterable[str]) -> str:
    """The sign for `decimal:` that reads all numbers in a column; empty where none is needed, or none does."""
    found = [value.strip() for value in values if value.strip()]
    if not found or all(re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", value) for value in found):
        return ""
    for sign, group in ((",", "."), (".", ",")):
        grouped = rf"[-+]?([0-9]+|[0-9]{{1,3}}([{group} \u00a0\u202f'][0-9]{{3}})+)([{sign}][0-9]+)?"
        if all(re.fullmatch(grouped, value) for value in found):
            return sign
    return ""


def nothing_words(values: Iterable[str]) -> list[str]:
    """The words among some cells that publishers write for nothing."""
    found = {value.strip() for value in values}
    return [word for word in _NOTHING if word in found]


def date_hint(values: Sequence[str]) -> str:
    """Which option reads some texts as dates, of which none is one in ISO; may be nothing."""
    words = nothing_words(values)
    rest = [value.strip() for value in values if value.strip() not in words]
    formats = date_formats(rest) or []
    told = [_null_hint(words)] if words else []
    around = _around(rest)
    if around and date_formats(value.strip(around + " ") for value in rest) is not None:
        told.append(_strip_hint(around))
    if formats:
        other = f', or "{formats[1]}" where the month comes first' if len(formats) > 1 else ""
        told.append(f'`dates: "{formats[0]}"` reads {rest[0]}{other}')
    return "; ".join(told)


def number_hint(values: Sequence[str]) -> str:
    """Which option reads some texts as numbers; may be nothing."""
    words = nothing_words(values)
    rest = [value.strip() for value in values if value.strip() not in words]
    told = [_null_hint(words)] if words else []
    sign = decimal_sign(rest)
    around = _around(rest)
    if sign:
        told.append(f'`decimal: "{sign}"` reads {rest[0]}')
    elif around and all(re.fullmatch(r"[-+]?[0-9.]+", value.strip(around + " ")) for value in rest):
        told.append(_strip_hint(around))
    return "; ".join(told)


def _around(values: Sequence[str]) -> str:
    """The characters around some texts that mean nothing where a number or a date is meant."""
    return "".join(sorted({*"".join(values)} & {*_AROUND}))


def _strip_hint(around: str) -> str:
    return f'`strip: "{around}"` takes off what stands around them'


def _null_hint(words: Sequence[str]) -> str:
    return f"`null: [{', '.join(words)}]` takes {'it' if len(words) == 1 else 'them'} for nothing"
