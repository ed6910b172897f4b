"""The first rows of a table as the reader of tables reads them, before its declaration is written."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from kzexpert.engines import Settings, with_rows
from kzexpert.language.containers import RecordError, encoding_by_mark, open_bytes, open_lines
from kzexpert.model import Fact, KnowledgeBase, Table

__all__ = ["Preview", "preview"]

#: A file with more bytes is looked at in its first lines only, where it can be cut.
_WHOLE = 2_000_000
_LINES = 1_000
_CUT = (".csv", ".tsv", ".tab", ".txt", ".jsonl", ".ndjson")


class Preview(msgspec.Struct, frozen=True):
    """What comes of the first rows.

    Attributes:
        facts: of the rows that are some.
        bad: number and problem of the rows that are none.
        whole: whether all rows were read.
    """

    facts: tuple[Fact, ...]
    bad: tuple[tuple[int, str], ...]
    whole: bool


def preview(kb: KnowledgeBase, table: Table) -> Preview:
    """Read the first rows of a table.

    Args:
        kb: checked; it declares the table.

    Raises:
        KnowledgeBaseError: the table cannot be read.
        UsageError: what reads tables is not installed.
    """
    with TemporaryDirectory(prefix="kzexpert-") as folder, _start(table, folder) as path:
        skipped = Path(folder) / "skipped.csv"
        alone = replace(kb, facts=(), tables=(replace(table, path=path),))
        facts = with_rows(alone, Settings(skip_bad_rows=str(skipped))).facts
        with skipped.open(encoding="utf-8", newline="") as file:
            bad = tuple((int(row["row"]), row["problem"]) for row in csv.DictReader(file))
        return Preview(facts, bad, path == table.path)


@contextmanager
def _start(table: Table, folder: str) -> Iterator[str]:
    """A file with the first lines of a table; that of the table itself where it is small or cannot be cut."""
    path = table.path
    if os.path.getsize(path) <= _WHOLE or not path.lower().endswith(_CUT):  # noqa: PTH202
        yield path
        return
    start = Path(folder) / "start" / Path(path).name
    start.parent.mkdir()
    try:
        with open_bytes(path) as stream:
            encoding = encoding_by_mark(stream.read(4)) or table.shape.encoding or "utf-8"
        with open_lines(path, encoding=encoding) as lines, start.open("w", encoding=encoding, newline="") as out:
            out.writelines(islice(lines, _LINES))
    except RecordError:  # who reads the table says what is wrong, and where
        start = Path(path)
    yield str(start)
