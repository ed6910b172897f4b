"""Rows of several shapes in one relation: each says which shape it has, and shapes share columns of the same kind."""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from kzexpert.engines.sql.plan.extents import Kind, Types, argument
from kzexpert.engines.sql.plan.words import called, typed

__all__ = ["TAG", "Slots"]

#: The column that holds the number of a row's shape.
TAG = "t"


class Slots:
    """The columns of such a relation: `TAG`, then ``a0``, ``a1`` ...

    Args:
        shapes: the kinds of the values of each.

    Attributes:
        kinds: of the columns after `TAG`: those of the first shape, then what others need more.
        places: for each shape the column of each value.
    """

    def __init__(self, shapes: Sequence[Sequence[Kind]]) -> None:
        self.kinds: list[Kind] = []
        self.places = [self._taken(shape) for shape in shapes]

    def _taken(self, shape: Sequence[Kind]) -> list[int]:
        """The column of each value: the next one of its kind, or a new one."""
        taken: list[int] = []
        for kind in shape:
            free = (place for place, other in enumerate(self.kinds) if other == kind and place not in taken)
            taken.append(next(free, len(self.kinds)))
            if taken[-1] == len(self.kinds):
                self.kinds.append(kind)
        return taken

    @property
    def columns(self) -> dict[str, Kind]:
        """Column → kind."""
        return {TAG: "whole", **{argument(place): kind for place, kind in enumerate(self.kinds)}}

    def nulls(self, types: Types) -> list[exp.Expr]:
        """The columns of a row of nothing, for their types."""
        return [called(typed(exp.null(), types[kind]), name) for name, kind in self.columns.items()]

    def shown(self, shape: int, values: Sequence[exp.Expr], types: Types) -> list[exp.Expr]:
        """The columns of a row of a shape."""
        found = [called(exp.Literal.number(shape), TAG), *self.nulls(types)[1:]]
        for place, value in zip(self.places[shape], values, strict=True):
            found[1 + place] = called(value, argument(place))
        return found

    def row(self, shape: int, values: Sequence[object]) -> tuple[object, ...]:
        """A row of a shape, for loading."""
        found = dict(zip(self.places[shape], values, strict=True))
        return (shape, *(found.get(place) for place in range(len(self.kinds))))

    def read(self, row: Sequence[Any]) -> tuple[int, list[Any]]:
        """The shape of a row, and its values."""
        return row[0], [row[1 + place] for place in self.places[row[0]]]
