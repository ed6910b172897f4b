"""CSV files → how DuckDB reads them, and why it cannot, in our words. It reads the first line and no more."""

import re
from collections.abc import Sequence
from pathlib import Path

from sqlglot import exp

from kzexpert.engines.sql.plan.words import identifier
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.errors import Issue, KnowledgeBaseError, Location

__all__ = [
    "SEPARATORS",
    "check_names",
    "header",
    "literally",
    "read_csv",
    "reason",
    "separator_of",
    "unreadable",
    "without_password",
]

#: Bytes of a line of CSV, and of what is read at once.
_LONGEST, _AT_ONCE = 10_000_000, 32_000_000
#: Ending of a file's name → what separates its columns.
SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
_PASSWORD = re.compile(r"(password=|://[^:/@\s]*:)[^\s@]+(@?)")


def unreadable(name: str, error: DatabaseError, place: Location) -> KnowledgeBaseError:
    """KZ124 for a table or a map: what the database says, in words of ours where we know them."""
    why, hint = reason(error.says)
    return KnowledgeBaseError(Issue("KZ124", without_password(f"{name} cannot be read: {why}"), place, hint))


def without_password(text: str) -> str:
    """A connection to a database as it may be shown."""
    return _PASSWORD.sub(r"\1***\2", text)


def reason(says: str) -> tuple[str, str]:
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
        return f"{where} is longer than {_LONGEST:,} bytes", "is a closing quote missing?"
    if "nvalid unicode" in says:
        return f"{where if line else 'it'} is not text in UTF-8", "save it in UTF-8 and try again"
    if "invalid state" in says:
        return "it is not valid CSV", "a file with line ends of two kinds is none: save it again with one kind"
    return re.sub(r"^(\w+ )+Error: ", "", says.splitlines()[0]), ""


def literally(path: Path) -> exp.Expr:
    """A path in a query, where ``*``, ``?`` and ``[`` would stand for several."""
    return exp.Literal.string(re.sub(r"([*?\[])", r"[\1]", str(path)))


def read_csv(path: Path) -> tuple[exp.Expr, list[str]]:
    """The rows of a CSV or TSV file, all as text, in columns ``c0``, ``c1`` ...; and the names of these, or "".

    Raises:
        DatabaseError: its first line cannot be read, or names a column twice.
    """
    separator = separator_of(path.name)
    # DuckDB would look for a header that fits the lines below it, and take a later line for it.
    names = header(path, separator)
    shape = [
        exp.PropertyEQ(this=identifier(f"c{index}"), expression=exp.Literal.string("VARCHAR"))
        for index in range(len(names))
    ]
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "columns": exp.Struct(expressions=shape),
        "delim": exp.Literal.string(separator),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
        "max_line_size": exp.Literal.number(_LONGEST),
        "buffer_size": exp.Literal.number(_AT_ONCE),
    }
    settings = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    return exp.Anonymous(this="read_csv", expressions=[literally(path), *settings]), names


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
