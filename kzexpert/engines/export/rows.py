"""An inference → the rows of one predicate that are written, in no order; texts, numbers and dates as they are."""

from collections.abc import Iterator
from datetime import date
from typing import TypeAlias

from kzexpert.certainty import established
from kzexpert.model import GroundAtom, Inference, Value
from kzexpert.model.columns import Selection

__all__ = ["Row", "rows_of"]

#: As-of date, arguments, certainty, and whether a rule concluded it.
Row: TypeAlias = tuple[date, tuple[Value, ...], float, bool]


def rows_of(inference: Inference, selection: Selection, predicate: str) -> Iterator[Row]:
    """The facts of a predicate that a selection keeps."""
    patterns = selection.of(predicate)
    as_of = inference.program.as_of
    for args, certainty in inference.certainties.get(predicate, {}).items():
        if not (selection.weighed or established(certainty)):
            continue
        atom = GroundAtom(predicate, args)
        if patterns and not any(pattern.matches(args) for pattern in patterns):
            continue
        derived = atom in inference.firings
        if derived or selection.recorded:
            yield as_of, args, certainty, derived
