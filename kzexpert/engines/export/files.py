"""Inferences → a file of their conclusions, for other programs to read: Parquet, CSV, JSON lines or a DuckDB file.

Where the conclusions lie in a database, that writes the file; else their rows come from Python. Both write the same
rows in the same order. Where the file belongs, and that it replaces another one at once, is not decided here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kzexpert.engines.export.lines import escape_json_lines, write_csv, write_json_lines
from kzexpert.engines.export.rows import rows_of
from kzexpert.engines.packages import bulk
from kzexpert.engines.reports import Listener, Standing, unheard
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.model.columns import Form, Layout, Selection, layout_of

__all__ = ["export", "written_predicates"]


def written_predicates(kb: KnowledgeBase, selection: Selection) -> tuple[str, ...]:
    """The predicates that are written: those of the patterns, else all that rules conclude, or that have facts."""
    if selection.patterns:
        return tuple(dict.fromkeys(pattern.predicate for pattern in selection.patterns))
    recorded = {fact.predicate for fact in kb.facts} | {table.predicate for table in kb.tables}
    return tuple(sorted(kb.concluded | recorded if selection.recorded else kb.concluded))


def export(
    inferences: Sequence[Inference], selection: Selection, form: Form, path: Path, listen: Listener = unheard
) -> Mapping[str, int]:
    """Write a file of conclusions.

    Args:
        inferences: at least one, in the order of their as-of dates, of one knowledge base.
        listen: hears how far it is.

    Returns:
        The number of rows by predicate.

    Raises:
        OSError: it cannot be written.
        UsageError: what writes the format is not installed (KZ403).
        KnowledgeBaseError: the database ran out of memory or disk (KZ404).
    """
    program = inferences[0].program
    layout = layout_of(program.kb, written_predicates(program.kb, selection), derived=selection.recorded)
    written = inferences[0].facts.export(inferences, selection, layout, form, path, listen)
    if written is None:
        return _rows_written(inferences, selection, layout, form, path, listen)
    if form == "jsonl":
        escape_json_lines(path)
    return written


def _rows_written(
    inferences: Sequence[Inference], selection: Selection, layout: Layout, form: Form, path: Path, listen: Listener
) -> Mapping[str, int]:
    """Write conclusions to a file row by row."""
    listen(Standing(phase="writing"))
    rows = {
        predicate: [row for inference in inferences for row in rows_of(inference, selection, predicate)]
        for predicate in layout.predicates
    }
    if form in ("csv", "jsonl"):
        write = write_csv if form == "csv" else write_json_lines
        with path.open("w", encoding="utf-8", newline="") as file:
            write(file, layout, rows)
        return {predicate: len(found) for predicate, found in rows.items()}
    with bulk(f"writing {form}"):
        from kzexpert.engines.sql.results.transfer import write_gathered
    return write_gathered(inferences, rows, layout, form, path, listen)
