"""Inferences → a file of their conclusions, for other programs to read: Parquet, CSV, JSON lines or a DuckDB file.

Where the conclusions lie in a database, that writes the file if it can; else their rows come from Python. All write the
same rows in the same order. Where the file belongs, and that it replaces another one at once, is not decided here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from kzexpert.engines.export.lines import write_csv, write_json_lines
from kzexpert.engines.packages import bulk
from kzexpert.engines.reports import Listener, Standing, unheard
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.model.columns import OWN, Form, Layout, Row, Selection, layout_of

__all__ = ["export", "written_predicates"]


def written_predicates(kb: KnowledgeBase, selection: Selection) -> tuple[str, ...]:
    """The predicates that are written: those of the patterns, else all that rules conclude, or that have facts."""
    if selection.patterns:
        return tuple(dict.fromkeys(pattern.predicate for pattern in selection.patterns))
    recorded = {fact.predicate for fact in kb.facts} | {table.predicate for table in kb.tables}
    return tuple(sorted(kb.concluded | recorded if selection.recorded else kb.concluded))


def export(
    inferences: Sequence[Inference],
    selection: Selection,
    form: Form,
    path: Path | str,
    listen: Listener = unheard,
    *,
    folders: bool = False,
    guarded: bool = False,
) -> Mapping[str, int]:
    """Write a file of conclusions, or a folder of such files.

    Args:
        inferences: at least one, in the order of their as-of dates, of one knowledge base.
        path: of a folder also an address, as a text, if the engine reaches it.
        listen: hears how far it is.
        folders: write a folder, with one for each date, if there are several, and each predicate in it.
        guarded: put an apostrophe before texts that a spreadsheet would take for formulas.

    Returns:
        The number of rows by predicate.

    Raises:
        OSError: it cannot be written.
        UsageError: what writes the format is not installed (KZ403).
        KnowledgeBaseError: the database ran out of memory or disk (KZ404).
    """
    program = inferences[0].program
    layout = layout_of(program.kb, written_predicates(program.kb, selection), derived=selection.recorded)
    named = OWN[:2] if len(inferences) > 1 else OWN[1:2]
    layout = replace(layout, guarded=guarded, folders=named if folders else ())
    written = inferences[0].facts.export(inferences, selection, layout, form, path, listen)
    return _rows_written(inferences, selection, layout, form, Path(path), listen) if written is None else written


def _rows_written(
    inferences: Sequence[Inference], selection: Selection, layout: Layout, form: Form, path: Path, listen: Listener
) -> Mapping[str, int]:
    """Write conclusions row by row."""
    listen(Standing(phase="writing"))
    rows = inferences[0].facts.conclusions(inferences, selection, layout)
    if form not in ("csv", "jsonl"):
        with bulk(f"writing {form}"):
            from kzexpert.engines.sql.results.transfer import write_gathered
        return write_gathered(inferences, rows, layout, form, path, listen)
    found = dict.fromkeys(layout.predicates, 0)

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            found[row[1]] += 1
            yield row

    if not layout.folders:
        _write(path, form, layout, counted(rows))
    for folder, own in groupby(rows, lambda row: layout.folder(*row[:2])) if layout.folders else ():
        (path / folder).mkdir(parents=True)
        _write(path / folder / f"part-0.{form}", form, layout, counted(own))
    return found


def _write(path: Path, form: Form, layout: Layout, rows: Iterable[Row]) -> None:
    write = write_csv if form == "csv" else write_json_lines
    with path.open("w", encoding="utf-8", newline="") as file:
        write(file, layout, rows)
