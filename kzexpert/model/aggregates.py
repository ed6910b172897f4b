"""The aggregates: one row each. A database has its own way of each, and the checker of traces one more.

A new aggregate is a row here, one in `kzexpert.engines.sql.plan.rules`, and one in the checker.
"""

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import Any

import msgspec

from kzexpert.model.terms import Value

__all__ = ["AGGREGATES", "AggregateFunction"]


class AggregateFunction(msgspec.Struct, frozen=True):
    """What an aggregate does with the values that it ranges over.

    Attributes:
        fold: from the values, one for each distinct binding of the aggregate's own variables, to the result; None
            where there is none.
        accepts: the types of the values; empty where any will do.
        keeps_type: whether the result is one of the values; else it is a number.
        over_nothing: the result where nothing matches; without one the condition fails.
        adds: whether two bindings with the same value count for more than one, so that facts are told apart by all
            their arguments.
        grows: what its result may be compared by inside its own component, since more facts can only make that true.
    """

    fold: Callable[[Sequence[Any]], Value | None]
    accepts: tuple[str, ...] = ()
    keeps_type: bool = False
    over_nothing: float | None = None
    adds: bool = False
    grows: tuple[str, ...] = ()


def _count(values: Sequence[Value]) -> float:
    return float(len(set(values)))


def _sum(values: Sequence[float]) -> float | None:
    """The exact sum, rounded once, so that no order matters; None where that overflows, and never a negative zero."""
    try:
        return fsum(values) + 0.0
    except OverflowError:  # on the way, which depends on the order
        from fractions import Fraction

    try:
        return float(sum(map(Fraction, values)))
    except OverflowError:
        return None


def _average(values: Sequence[float]) -> float | None:
    total = _sum(values) if values else None
    return None if total is None else total / len(values)


def _least(values: Sequence[Any]) -> Value | None:
    return min(values, default=None)


def _greatest(values: Sequence[Any]) -> Value | None:
    return max(values, default=None)


_UP, _DOWN = (">", ">="), ("<", "<=")
AGGREGATES: Mapping[str, AggregateFunction] = {
    "count": AggregateFunction(_count, over_nothing=0.0, grows=_UP),
    "sum": AggregateFunction(_sum, accepts=("number",), over_nothing=0.0, adds=True, grows=_UP),
    "avg": AggregateFunction(_average, accepts=("number",), adds=True),
    "min": AggregateFunction(_least, accepts=("number", "date"), keeps_type=True, grows=_DOWN),
    "max": AggregateFunction(_greatest, accepts=("number", "date"), keeps_type=True, grows=_UP),
}
