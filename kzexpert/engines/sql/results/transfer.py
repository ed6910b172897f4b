"""Conclusions that lie elsewhere → a file that only DuckDB can write. All rows go through Python: see `export`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kzexpert.engines.reports import Listener
from kzexpert.engines.sql.plan.extents import CERTAINTY, Kind, argument
from kzexpert.engines.sql.plan.words import called, column, select
from kzexpert.engines.sql.results.duckdb_files import DuckDBWriter
from kzexpert.engines.sql.results.sheet import DERIVED, ON, Part
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.model import Inference, Value
from kzexpert.model.columns import Form, Layout, Row

__all__ = ["write_gathered"]

_PREDICATE = "p"


def write_gathered(
    inferences: Sequence[Inference], rows: Iterable[Row], layout: Layout, form: Form, path: Path, listen: Listener
) -> Mapping[str, int]:
    """Write rows to a file, or to a folder of files, and count those of each predicate.

    Raises:
        OSError: it cannot be written.
    """
    store = DuckDBStore()
    add = store.texts.add
    slots = {
        predicate: [
            f"{kind}{place}" for kind, place in zip(layout.kinds[predicate], layout.places[predicate], strict=True)
        ]
        for predicate in layout.predicates
    }
    kinds: dict[str, Kind] = {
        slot: kind for predicate in slots for slot, kind in zip(slots[predicate], layout.kinds[predicate], strict=True)
    }
    numbers = {predicate: number for number, predicate in enumerate(layout.predicates)}

    def stored(row: Row) -> list[object]:
        as_of, predicate, args, certainty, derived = row
        cells: dict[str, Value | int] = {
            slot: add(value) if isinstance(value, str) else value
            for slot, value in zip(slots[predicate], args, strict=True)
        }
        return [as_of, numbers[predicate], certainty, int(derived), *map(cells.get, kinds)]

    try:
        columns: dict[str, Kind] = {ON: "date", _PREDICATE: "whole", CERTAINTY: "number", DERIVED: "whole", **kinds}
        gathered = store.load(columns, map(stored, rows))
        derived = [called(column(DERIVED).eq(1), DERIVED)] if layout.derived else []
        parts = []
        for predicate, number in numbers.items():
            args = [called(column(slot), argument(place)) for place, slot in enumerate(slots[predicate])]
            shown = [column(ON), *args, column(CERTAINTY), *derived]
            parts.append(Part(predicate, select(shown, gathered.copy(), where=[column(_PREDICATE).eq(number)])))
        return DuckDBWriter(store).write(parts, inferences, layout, form, path, listen)
    finally:
        store.close()
