"""Facts ↔ rows of the database: texts as it keeps them, numbers as doubles, dates as dates."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeAlias

from sqlglot import exp

from kzexpert.engines.sql.plan.extents import Kind, argument
from kzexpert.engines.sql.plan.texts import UNKNOWN, Texts
from kzexpert.engines.sql.plan.words import column, literal
from kzexpert.model import Constant, Pattern, Value, Variable

__all__ = ["Args", "Codec", "Stored", "stored_literal"]

Args: TypeAlias = tuple[Value, ...]
#: A value as a row holds it.
Stored: TypeAlias = int | float | date | str


class Codec:
    """The values of some columns.

    Args:
        kinds: of the columns.
        arity: how many of them count; 0 for a relation without arguments.
    """

    def __init__(self, texts: Texts, kinds: Sequence[Kind], arity: int | None = None) -> None:
        self.kinds = tuple(kinds)
        self._arity = len(self.kinds) if arity is None else arity
        self._texts = texts

    def decode(self, row: Sequence[Any]) -> Args:
        """The values of a row; further columns are passed over."""
        text = self._texts.text
        return tuple(
            [
                text(item) if kind == "text" else item
                for item, kind in zip(row[: self._arity], self.kinds[: self._arity], strict=True)
            ]
        )

    def key(self, values: Iterable[Value], places: Iterable[int]) -> list[Stored] | None:
        """Values as parameters of a query, each for the column of its place; None where no row can have them."""
        found: list[Stored] = []
        for value, place in zip(values, places, strict=True):
            stored = _stored(value, self.kinds[place], self._texts)
            if stored is None:
                return None
            found.append(stored)
        return found

    def agree(self, pattern: Pattern, source: str) -> Iterator[exp.Expr]:
        """The conditions under which a row of an aliased source is an instance of a pattern."""
        bound: dict[str, exp.Expr] = {}
        for place, term in enumerate(pattern.terms):
            here = column(argument(place), source)
            if isinstance(term, Constant):
                stored = _stored(term.value, self.kinds[place], self._texts)
                yield exp.false() if stored is None else here.eq(stored_literal(stored))
            elif isinstance(term, Variable) and term.name in bound:
                yield here.eq(bound[term.name])
            elif isinstance(term, Variable):
                bound[term.name] = here

    def row(self, args: Args) -> tuple[Stored, ...]:
        """A fact as a row; that of a fact without arguments holds a 0."""
        add = self._texts.add
        return tuple([add(value) if isinstance(value, str) else value for value in args]) or (0,)


def stored_literal(value: Stored) -> exp.Expr:
    """A value of a row as it stands in a query."""
    return literal(value, value if isinstance(value, int | str) else None)


def _stored(value: Value, kind: Kind, texts: Texts) -> Stored | None:
    if isinstance(value, str):
        code = texts.code(value)
        return code if kind == "text" and code != UNKNOWN else None
    if isinstance(value, date):
        return value if kind == "date" else None
    return value if kind == "number" else None
