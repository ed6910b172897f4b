"""Rows of values as the text of a query, for Spark: what is small lies in the plan itself, and costs no job to read."""

import re
from collections.abc import Sequence
from datetime import date
from math import isfinite

from kzexpert.engines.sql.plan.dialects import is_harmless

__all__ = ["CHARACTERS", "VALUES", "escaped", "is_small", "listed", "literal"]

#: What would stand for several files in a path.
_WILD = re.compile(r"([*?\[\]{}\\])")
#: So many values, and so many characters of texts, may stand in a query; with more it takes longer than to read them.
VALUES, CHARACTERS = 4_000, 500_000


def escaped(path: str) -> str:
    """A path to be read that stands for itself, whatever is in it."""
    return _WILD.sub(r"\\\1", path)


def is_small(rows: Sequence[Sequence[object]], width: int) -> bool:
    """Whether rows may stand in a query.

    Args:
        width: the number of their columns.
    """
    if len(rows) * width > VALUES:
        return False
    return sum(len(value) for row in rows for value in row if isinstance(value, str)) <= CHARACTERS


def listed(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> str:
    """A query for rows of values.

    Args:
        columns: name and type in Spark's words, such as ``string``, ``double``, ``date``, ``int`` or ``bigint``.
    """
    names = ", ".join(f"`{name}`" for name, _ in columns)
    if not rows:
        return f"SELECT {', '.join(f'{_null(kind)} AS `{name}`' for name, kind in columns)} WHERE false"
    kinds = [kind for _, kind in columns]
    tuples = (f"({', '.join(map(literal, row, kinds))})" for row in rows)
    return f"SELECT * FROM VALUES {', '.join(tuples)} AS v({names})"


def _null(kind: str) -> str:
    return f"CAST(NULL AS {kind})"


def literal(value: object, kind: str) -> str:
    """A value as it stands in a query.

    Args:
        kind: its type in Spark's words.
    """
    if value is None:
        return _null(kind)
    if isinstance(value, str):
        # By its bytes no text can mean anything to the parser.
        return f"'{value}'" if is_harmless(value) else f"CAST(X'{value.encode().hex()}' AS STRING)"
    if isinstance(value, date):
        return f"DATE'{value.isoformat()}'"
    if kind == "double":
        number = float(value) + 0.0  # type: ignore[arg-type]  # −0 becomes 0
        return f"{number!r}D" if isfinite(number) else f"CAST('{number!r}' AS DOUBLE)"
    return f"{value}L" if kind == "bigint" else str(value).lower()
