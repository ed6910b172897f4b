"""Which files a table of a user names, and whether they have its columns. How they are read is no affair of it."""

from collections.abc import Collection
from pathlib import Path

from sqlglot import exp

from kzexpert.engines.sql.plan.words import typed
from kzexpert.engines.sql.tables.csv_source import SEPARATORS
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Table

__all__ = ["FORM", "PARQUET", "check_columns", "files_of", "plain_text"]

PARQUET = ".parquet"
_ENDINGS = (PARQUET, *SEPARATORS)
#: What a table may be.
FORM = (
    "a table is a .parquet, .csv or .tsv file, the latter two also with .gz, a folder of them, or of a database: "
    "sqlite:FILE#TABLE, postgres:CONNECTION#TABLE"
)


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
