"""The files that tables of users name: which they are, their columns, and why one cannot be read, in our words.

It reads the first line of a CSV file and no more; how rows are read is said for each engine on its own.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.words import typed
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError, Location, without_password
from kzexpert.language.guesses import encoding_hint, header_hint
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.records import PACKED, RECORD_ENDINGS, RecordError
from kzexpert.model import FileShape, Table

__all__ = [
    "AT_ONCE",
    "FORM",
    "LONGEST",
    "PARQUET",
    "SEPARATORS",
    "SMALL",
    "BadRow",
    "check_columns",
    "check_names",
    "check_paths",
    "count_lines",
    "even_rows",
    "files_of",
    "folders_of",
    "header",
    "is_plain",
    "is_small_file",
    "is_uneven",
    "name_of",
    "no_records",
    "plain_text",
    "separator_of",
    "text_rows",
    "unreadable",
]

#: So many columns are named in a hint.
_LISTED = 30
#: Bytes of a line of CSV, and of what is read at once.
LONGEST, AT_ONCE = 10_000_000, 32_000_000
#: Bytes in which lines are counted at once.
_COUNTED = 1_000_000
#: Bytes of a CSV file that are few.
SMALL = 1_000_000
#: Ending of a file's name → what separates its columns.
SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
PARQUET = ".parquet"
#: A folder of those rows that have one value in a column, which is in no file of it: ``year=2010``.
_PARTITION = re.compile(r"([^=]+)=(.*)")
#: What such a folder says of rows that have no value.
_NOTHING = "__HIVE_DEFAULT_PARTITION__"
#: What a folder of tables may hold, and what a file may be that is named.
_IN_FOLDERS = (PARQUET, *SEPARATORS, ".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_NAMED = (*_IN_FOLDERS, *RECORD_ENDINGS, *PACKED)
#: What a table may be.
FORM = (
    "a table is a .parquet, .csv, .tsv, .txt, .json, .jsonl or .xlsx file, those of text also with .gz or alone in a "
    ".zip, a folder of them, or of a database: sqlite:FILE#TABLE, postgres:CONNECTION#TABLE"
)
_QUOTES = "a cell that holds the separator or a line break stands in quotes; empty cells stay empty"
#: So many characters of a line are shown.
_SHOWN = 60
#: The places in lists that a path into JSON names.
_PLACES = re.compile(r"\[[0-9]+\]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")


class BadRow(msgspec.Struct, frozen=True):
    """A row that is no fact.

    Attributes:
        value: which the problem is about.
        cells: the row itself, by column: all of it where the database reads the file, else the columns that are read.
    """

    file: str
    row: int
    problem: str
    value: str
    cells: Mapping[str, str | None]


def unreadable(
    name: str, error: DatabaseError, place: Location, file: Path | None = None, wanted: Collection[str] = ()
) -> KnowledgeBaseError:
    """KZ124 for a table or a map: what the database says, in words of ours where we know them.

    Args:
        file: of text, which is looked at for what to do about it.
        wanted: the columns of it that are read.
    """
    why, hint = _reason(error.says)
    if file is not None and "UTF-8" in why:
        hint = encoding_hint(str(file)) or hint
    elif file is not None and wanted:
        hint = header_hint(str(file), FileShape(), wanted) or hint
    return KnowledgeBaseError(Issue("KZ124", without_password(f"{name} cannot be read: {why}"), place, hint))


def is_uneven(error: DatabaseError) -> bool:
    """Whether a row of a CSV file has more or fewer cells than there are columns."""
    return re.search("Expected Number of Columns|MALFORMED_CSV_RECORD", error.says) is not None


def _reason(says: str) -> tuple[str, str]:
    """Why a file cannot be read, and what to do about it."""
    line = re.search(r"CSV Error on Line: (\d+)", says)
    where = f"line {int(line[1]):,}" if line else "a line"
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", says)
    if cells:
        message = f"{where} has {cells[2]} cell{'s' * (cells[2] != '1')}, and the first line has {cells[1]}"
        return message, _QUOTES
    record = re.search(r"Malformed CSV record: (.*?)( SQLSTATE|$)", says)  # Spark does not say where
    if record:
        shown = record[1] if len(record[1]) <= _SHOWN else f"{record[1][:_SHOWN]}..."
        return f"the line {shown!r} has more or fewer cells than the first line", _QUOTES
    if "unterminated quote" in says or "Unescaped quote" in says:
        return (
            f"{where} has a quote that is not closed, or text behind one",
            'a quote inside quotes is doubled: "a ""b"""',
        )
    if "odd number of quotes" in says:
        return says, "close each quote, or copy the file here, where it is looked at line by line"
    if "Maximum line size" in says:
        return f"{where} is longer than {LONGEST:,} bytes", "is a closing quote missing?"
    if "nvalid unicode" in says:
        return f"{where if line else 'it'} is not text in UTF-8", "save it in UTF-8 and try again"
    if "invalid state" in says:
        return "it is not valid CSV", "the file mixes two kinds of line end: save it again with one"
    return re.sub(r"^(\w+ )+Error: ", "", says.splitlines()[0]), ""


def separator_of(name: str) -> str:
    """What separates the columns of a file of that name."""
    return next((item for ending, item in SEPARATORS.items() if name.lower().endswith(ending)), ",")


def header(path: Path, separator: str) -> list[str]:
    """The names in the first line; a column may have none.

    Raises:
        DatabaseError: it cannot be read, or names a column twice.
    """
    names = next((cells for _, cells in text_rows(path, separator)), None)
    check_names(names)
    assert names is not None
    return names


def text_rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row of a CSV file begins, and its cells; the first row names the columns.

    Raises:
        DatabaseError: it cannot be read, is not text in UTF-8, or has a quote that is not closed.
    """
    import csv
    import zlib

    csv.field_size_limit(2**31 - 1)
    line = 1
    try:
        with _opened(path) as file:
            rows = csv.reader(file, delimiter=separator, strict=True)
            for cells in rows:
                yield line, cells
                line = rows.line_num + 1
    except csv.Error:
        raise DatabaseError(f"CSV Error on Line: {line}\nunterminated quote") from None
    except UnicodeDecodeError:
        raise DatabaseError("invalid unicode") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DatabaseError((error.strerror if isinstance(error, OSError) else None) or str(error)) from None


def is_small_file(path: Path) -> bool:
    """Whether a CSV file may go through Python, which is done sooner than a cluster starts a job."""
    return path.suffix.lower() != ".gz" and path.stat().st_size <= SMALL


def count_lines(path: Path, most: int) -> int:
    """The lines of a CSV file; where it has more than `most`, some number beyond that.

    What is wrong with it is said by who reads it.
    """
    import zlib

    lines = 0
    with suppress(OSError, EOFError, zlib.error), _opener(path)(path, "rb") as file:
        while lines < most and (read := file.read(_COUNTED)):
            lines += read.count(b"\n") or read.count(b"\r")
    return lines


def even_rows(path: Path, separator: str) -> Iterator[Sequence[str | None]]:
    """The rows of a CSV file below its first line, each with as many cells; of an empty cell None.

    Raises:
        DatabaseError: see `text_rows`, or a row has more or fewer cells than the first line.
    """
    size = 0
    for line, cells in text_rows(path, separator):
        if size and cells and len(cells) != size:
            says = f"Expected Number of Columns: {size} Found: {len(cells)}"
            raise DatabaseError(f"CSV Error on Line: {line}\n{says}")
        if size and cells:
            yield [cell or None for cell in cells]
        size = size or len(cells)


def _opened(path: Path) -> IO[str]:
    return _opener(path)(path, "rt", encoding="utf-8-sig", newline="")


def _opener(path: Path) -> Callable[..., IO[Any]]:
    import gzip

    return gzip.open if path.suffix.lower() == ".gz" else Path.open


def check_names(names: Sequence[str] | None) -> None:
    """Make sure that a first line names the columns, and none twice; some may have no name.

    Args:
        names: None where there is no line.

    Raises:
        DatabaseError: it does not.
    """
    if not names:
        says = "it is empty" if names is None else "its first line is empty"
        raise DatabaseError(f"{says}; the first line names the columns")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise DatabaseError(f"its first line names the column {twice!r} twice")


def files_of(table: Table) -> list[Path]:
    """The file, or those of the folder; of a folder that is partitioned, as ``year=2010/``, the Parquet files in it.

    Raises:
        KnowledgeBaseError: there is none, one has a name that is not UTF-8, or they lie in folders of different columns
            (KZ124).
    """
    path = Path(table.path)
    place = table.marks.get("file", table.location)
    try:
        found = [path] if path.is_file() else sorted(_inside(path)) if path.is_dir() else []
        missing = not path.exists()
    except OSError as error:
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} cannot be read: {error.strerror}", place)) from None
    endings = _IN_FOLDERS if path.is_dir() else ("",) if table.shape.delimiter else _NAMED
    files = [file for file in found if file.name.lower().endswith(endings) and not file.name.startswith(".")]
    if not files:
        what = "does not exist" if missing else "holds no table" if path.is_dir() else "is not a table"
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} {what}", place, FORM))
    odd = [file for file in files if any("\ud800" <= character <= "\udfff" for character in str(file))]
    if odd:  # no database takes it
        message = f"{table.file} holds a file whose name is not UTF-8: {odd[0].name!a}"
        raise KnowledgeBaseError(Issue("KZ124", message, place, "give it another name"))
    _check_folders(table, files, place)
    return files


def folders_of(table: Table, file: Path) -> dict[str, str | None]:
    """What the folders of a table say in which one of its files lies: column → value."""
    folders = file.relative_to(table.path).parts[:-1]
    found = (match for match in map(_PARTITION.fullmatch, folders) if match)
    return {match[1]: None if match[2] == _NOTHING else unquote(match[2]) for match in found}


def _check_folders(table: Table, files: Sequence[Path], place: Location) -> None:
    """Make sure that all Parquet files lie in folders of the same columns.

    Raises:
        KnowledgeBaseError: they do not (KZ124).
    """
    first: dict[frozenset[str], Path] = {}
    for file in files:
        if file.name.lower().endswith(PARQUET):
            first.setdefault(frozenset(folders_of(table, file)), file)
    if len(first) > 1:
        told = ", ".join(
            f"{' and '.join(sorted(names)) or 'no column'} for {file.relative_to(table.path)}"
            for names, file in first.items()
        )
        message = f"files of {table.file} lie in folders of different columns: {told}"
        raise KnowledgeBaseError(Issue("KZ124", message, place, "put all in folders of the same columns"))


def _inside(folder: Path) -> Iterator[Path]:
    """The files of a folder, and the Parquet files of its partitions."""
    for path in folder.iterdir():
        if _PARTITION.fullmatch(path.name) and path.is_dir():
            yield from (file for file in _inside(path) if file.name.lower().endswith(PARQUET))
        else:
            yield path


def name_of(table: Table, file: Path) -> str:
    """What messages call one of the files of a table."""
    return table.file if str(file) == str(Path(table.path)) else f"{table.file}/{file.relative_to(table.path)}"


def is_plain(file: Path, shape: FileShape) -> bool:
    """Whether a database reads a file itself: CSV with commas or tabs in UTF-8, and all lines as they should be."""
    if shape != FileShape() or not file.name.lower().endswith(tuple(SEPARATORS)):
        return False
    try:
        with file.open("rb") as stream:
            return not stream.read(2).startswith(_MARKS)
    except OSError:
        return True  # the database says what is wrong


def check_columns(table: Table, name: str, found: Collection[str], file: Path | None = None) -> None:
    """Make sure that a part of a table has all columns that are read.

    Args:
        name: of the part, for messages.
        found: the columns that it has.
        file: of text, which is looked at for what to do about it.

    Raises:
        KnowledgeBaseError: it lacks some (KZ124).
    """
    missing = [wanted for wanted in table.read if wanted not in found]
    if missing:
        advice = header_hint(str(file), table.shape, _own_columns(table)) if file is not None else ""
        raise KnowledgeBaseError(*(_no_column(table, name, wanted, found, advice) for wanted in missing))


def check_paths(table: Table, name: str, absent: Collection[str], found: Collection[str]) -> tuple[Issue, ...]:
    """Make sure that some record has each path of an argument, of the day of an event, or of a condition.

    Records leave out what they do not know, as the day on which something ends.

    Args:
        absent: the paths that no record has.
        found: those of the first records.

    Returns:
        A warning (KZ126) for each other path that no record has, where one that is not read is spelt nearly so.

    Raises:
        KnowledgeBaseError: none has (KZ124).
    """
    optional = {f"columns.{key}" for key in ("since", "until", "certainty", "source", "at", "note")}
    missing = [path for path, key in table.read.items() if path in absent and key not in optional]
    if missing:
        raise KnowledgeBaseError(*(_no_column(table, name, path, found, "") for path in missing))
    read = {_PLACES.sub("", path) for path in table.read}
    warnings = []
    for path in filter(absent.__contains__, table.read):
        before, _, last = _PLACES.sub("", path).rpartition(".")
        beside = [item.rpartition(".") for item in found if item not in read]
        near = did_you_mean(last, [key for above, _, key in beside if above == before])
        if near:
            place = table.marks.get(table.read[path], table.location)
            warnings.append(Issue("KZ126", f"no record of {name} has {path}", place, near, "warning"))
    return tuple(warnings)


def _no_column(table: Table, name: str, wanted: str, found: Collection[str], advice: str) -> Issue:
    names = [item for item in found if item]
    listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    hint = advice or did_you_mean(wanted, names) or f"its columns are {listed}"
    return Issue("KZ124", f"{name} has no column {wanted}", table.marks.get(table.read[wanted], table.location), hint)


def _own_columns(table: Table) -> list[str]:
    """The columns that are read and that the file itself has."""
    unpivot = table.shape.unpivot
    return [name for name in table.read if unpivot is None or name not in (unpivot.name, unpivot.value)]


def no_records(table: Table, name: str, error: RecordError) -> KnowledgeBaseError:
    """KZ124 for a file that cannot be read record by record."""
    where = f"line {error.line:,}: " if error.line else ""
    place = table.marks.get("file", table.location)
    hint = error.hint
    if (error.line or table.shape.is_reshaped) and not table.is_sqlite and Path(table.path).is_file():
        hint = header_hint(table.path, table.shape, _own_columns(table)) or hint
    return KnowledgeBaseError(Issue("KZ124", f"{name} cannot be read: {where}{error.message}", place, hint))


def plain_text(dialect: Dialect, value: exp.Expr, kind: str) -> exp.Expr:
    """A column as text. Of a moment the day counts.

    Args:
        kind: its type in words of DuckDB.
    """
    text = dialect.cell_text(value, kind)
    if kind == "TIMESTAMP WITH TIME ZONE":  # a cast would take the zone of the machine; infinity has no such moment
        moment = exp.Anonymous(this="epoch_us", expressions=[value.copy()])
        utc = exp.Anonymous(this="make_timestamp", expressions=[moment])
        return exp.Coalesce(this=typed(typed(utc, "date"), "text"), expressions=[text])
    return typed(typed(value.copy(), "date"), "text") if kind.startswith("TIMESTAMP") else text
