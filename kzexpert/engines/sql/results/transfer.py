"""Conclusions that lie in memory → a file that only a database can write. All rows go through Python: see `export`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeAlias

from kzexpert.engines.reports import Listener
from kzexpert.engines.sql.plan.extents import CERTAINTY, Kind, argument, kinds_of
from kzexpert.engines.sql.plan.texts import Codes
from kzexpert.engines.sql.plan.words import called, column, select
from kzexpert.engines.sql.results.export import PartsWriter
from kzexpert.engines.sql.results.sheet import DERIVED, ON, Part
from kzexpert.engines.sql.store.codec import Args, Codec
from kzexpert.engines.sql.store.database import Database
from kzexpert.model import Inference
from kzexpert.model.columns import Form, Layout

__all__ = ["GatheredRow", "write_gathered"]

#: As-of date, arguments, certainty, and whether a rule concluded it.
GatheredRow: TypeAlias = tuple[date, Args, float, bool]


def write_gathered(
    inferences: Sequence[Inference],
    rows: Mapping[str, Iterable[GatheredRow]],
    layout: Layout,
    form: Form,
    path: Path,
    listen: Listener,
) -> Mapping[str, int]:
    """Write rows to a file, and count those of each predicate.

    Args:
        rows: predicate → its rows.

    Raises:
        OSError: it cannot be written.
    """
    database, texts = Database(), Codes()
    try:
        parts = []
        for predicate in layout.predicates:
            kinds = kinds_of(inferences[0].program.kb, predicate)
            codec = Codec(texts, kinds)
            names = [argument(place) for place in range(len(kinds))]
            columns: dict[str, Kind] = {ON: "date", **dict(zip(names, kinds, strict=True))}
            gathered = (
                (as_of, *codec.row(args), certainty, int(derived))
                for as_of, args, certainty, derived in rows.get(predicate, ())
            )
            stored = database.load({**columns, CERTAINTY: "number", DERIVED: "whole"}, gathered)
            derived = column(DERIVED).eq(1)
            shown = [*map(column, columns), column(CERTAINTY), *([called(derived, DERIVED)] if layout.derived else [])]
            parts.append(Part(predicate, select(shown, stored)))
        return PartsWriter(database, texts, layout, inferences, listen).write(parts, form, path)
    finally:
        database.close()
