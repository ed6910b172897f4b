"""The files that tables of users name: which they are, their columns, and why one cannot be read, in our words.

It reads the first line of a CSV file and no more; how rows are read is said for each engine on its own.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from sqlglot import exp

from kzexpert.engines.sql.plan.words import typed
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError, Location, without_password
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Table

__all__ = [
    "AT_ONCE",
    "FORM",
    "LONGEST",
    "PARQUET",
    "SEPARATORS",
    "check_columns",
    "check_names",
    "files_of",
    "header",
    "plain_text",
    "separator_of",
    "unreadable",
]

#: Bytes of a line of CSV, and of what is read at once.
LONGEST, AT_ONCE = 10_000_000, 32_000_000
#: Ending of a file's name → what separates its columns.
SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
PARQUET = ".parquet"
_ENDINGS = (PARQUET, *SEPARATORS)
#: What a table may be.
FORM = (
    "a table is a .parquet, .csv or .tsv file, the latter two also with .gz, a folder of them, or of a database: "
    "sqlite:FILE#TABLE, postgres:CONNECTION#TABLE"
)


def unreadable(name: str, error: DatabaseError, place: Location) -> KnowledgeBaseError:
    """KZ124 for a table or a map: what the database says, in words of ours where we know them."""
    why, hint = _reason(error.says)
    return KnowledgeBaseError(Issue("KZ124", without_password(f"{name} cannot be read: {why}"), place, hint))


def _reason(says: str) -> tuple[str, str]:
    """Why a file cannot be read, and what to do about it."""
    line = re.search(r"CSV Error on Line: (\d+)", says)
    where = f"line {int(line[1]):,}" if line else "a line"
    cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", says)
    if cells:
        message = f"{where} has {cells[2]} cell{'s' * (cells[2] != '1')}, and the first line has {cells[1]}"
        return message, "a cell that holds the separator or a line break stands in quotes; empty cells stay empty"
    if "unterminated quote" in says:
        return (
            f"{where} has a quote that is not closed, or text behind one",
            'a quote inside quotes is doubled: "a ""b"""',
        )
    if "Maximum line size" in says:
        return f"{where} is longer than {LONGEST:,} bytes", "is a closing quote missing?"
    if "nvalid unicode" in says:
        return f"{where if line else 'it'} is not text in UTF-8", "save it in UTF-8 and try again"
    if "invalid state" in says:
        return "it is not valid CSV", "a file with line ends of two kinds is none: save it again with one kind"
    return re.sub(r"^(\w+ )+Error: ", "", says.splitlines()[0]), ""


def separator_of(name: str) -> str:
    """What separates the columns of a file of that name."""
    return next((item for ending, item in SEPARATORS.items() if name.lower().endswith(ending)), ",")


def header(path: Path, separator: str) -> list[str]:
    """The names in the first line; a column may have none.

    Raises:
        DatabaseError: it cannot be read, or names a column twice.
    """
    import csv
    import gzip
    import zlib

    try:
        opening = gzip.open if path.suffix.lower() == ".gz" else Path.open
        with opening(path, "rt", encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, delimiter=separator), None)
    except (OSError, UnicodeDecodeError, EOFError, csv.Error, zlib.error) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise DatabaseError("invalid unicode" if isinstance(error, UnicodeDecodeError) else why) from None
    check_names(names)
    assert names is not None
    return names


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
    """The file, or those of the folder.

    Raises:
        KnowledgeBaseError: there is none (KZ124).
    """
    path = Path(table.path)
    place = table.marks.get("file", table.location)
    try:
        found = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
        missing = not path.exists()
    except OSError as error:
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} cannot be read: {error.strerror}", place)) from None
    files = [file for file in found if file.name.lower().endswith(_ENDINGS) and not file.name.startswith(".")]
    if not files:
        what = "does not exist" if missing else "holds no table" if path.is_dir() else "is no table"
        raise KnowledgeBaseError(Issue("KZ124", f"{table.file} {what}", place, FORM))
    return files


def check_columns(table: Table, name: str, found: Collection[str]) -> None:
    """Make sure that a part of a table has all columns that are read.

    Args:
        name: of the part, for messages.
        found: the columns that it has.

    Raises:
        KnowledgeBaseError: it lacks some (KZ124).
    """
    wanted = {f"columns.{key}": name for key, name in table.columns.items()}
    wanted |= {f"where.{name}": name for name in table.where}
    issues = []
    for key, wanted_ in wanted.items():
        if wanted_ not in found:
            hint = did_you_mean(wanted_, found) or f"its columns are {', '.join(found)}"
            place = table.marks.get(key, table.location)
            issues.append(Issue("KZ124", f"{name} has no column {wanted_}", place, hint))
    if issues:
        raise KnowledgeBaseError(*issues)


def plain_text(value: exp.Expr, kind: str) -> exp.Expr:
    """A column as text. Of a moment the day counts.

    Args:
        kind: its type in words of DuckDB.
    """
    text = typed(value, "text")
    if kind == "TIMESTAMP WITH TIME ZONE":  # a cast would take the zone of the machine; infinity has no such moment
        moment = exp.Anonymous(this="epoch_us", expressions=[value.copy()])
        utc = exp.Anonymous(this="make_timestamp", expressions=[moment])
        return exp.Coalesce(this=typed(typed(utc, "date"), "text"), expressions=[text])
    return typed(typed(value.copy(), "date"), "text") if kind.startswith("TIMESTAMP") else text
