"""Semi-naive rounds, for what no recursive query should be trusted with: rules that compute new values may never end.

Each round derives from what the round before found, and keeps the best proof of each conclusion.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.extents import CERTAINTY
from kzexpert.engines.sql.recursion import Component
from kzexpert.engines.sql.words import both, called, column, named, select, subquery, table

__all__ = ["run_in_rounds"]


def run_in_rounds(
    database: Database, component: Component, most: int, told: Callable[[int, int], None]
) -> tuple[exp.Table, bool]:
    """Run a component until a round brings nothing new or better.

    Args:
        most: stop when there are more rows than these.
        told: hears the number of each round, and how many rows those before it brought.

    Returns:
        The table of the component, and whether it is complete.
    """
    known = database.store(_best(component, component.start()))
    rounds = [_Round(database, component, known, *names) for names in (("new0", "new1"), ("new1", "new0"))]
    database.store(select([exp.Star()], known.copy()), "new0")
    number = rows = 0
    while rows <= most:
        told(number + 1, rows)
        found = rounds[number % 2].run(database)
        if not found:
            break
        rows += found
        number += 1
    for name in ("new0", "new1"):
        database.drop(table(name))
    return known, rows <= most


class _Round:
    """The statements of one round, which reads one table of new conclusions and fills another."""

    def __init__(self, database: Database, component: Component, known: exp.Table, old: str, new: str) -> None:
        found = _best(component, component.step(table(old), known))
        derive = exp.Create(this=table(new), kind="TABLE", expression=_better(component, found, known), replace=True)
        statements: list[exp.Expr] = [derive]
        if component.certainty is None:  # those that have a better proof now
            outdone = select([exp.Literal.number(1)], named(table(new), "n"), where=_agree(component, known.name, "n"))
            statements.append(exp.Delete(this=known.copy(), where=exp.Where(this=exp.Exists(this=outdone))))
        statements.append(exp.Insert(this=known.copy(), expression=select([exp.Star()], table(new))))
        self._texts = [database.dialect.text(statement) for statement in statements]

    def run(self, database: Database) -> int:
        """Run the round, and say how many conclusions are new or better."""
        found = int(database.rows(self._texts[0])[0][0])
        for text in self._texts[1:] if found else ():
            database.rows(text)
        return found


def _best(component: Component, query: exp.Query) -> exp.Select:
    """The best proof of each conclusion."""
    keys: list[exp.Expr] = [column(name, "f") for name in component.columns]
    if component.certainty is not None:
        return select(keys, subquery(query, "f"), distinct=True)
    best = called(exp.Max(this=column(CERTAINTY, "f")), CERTAINTY)
    return select([*keys, best], subquery(query, "f")).group_by(*[key.copy() for key in keys], copy=False)


def _better(component: Component, found: exp.Query, known: exp.Table) -> exp.Select:
    """What was not known before, or not with so good a proof."""
    agree = _agree(component, "f", "k")
    shown = list(component.columns)
    if component.certainty is None:
        agree.append(exp.GTE(this=column(CERTAINTY, "k"), expression=column(CERTAINTY, "f")))
        shown.append(CERTAINTY)
    join = exp.Join(this=named(known, "k"), kind="ANTI", on=both(agree))
    return select([column(name, "f") for name in shown], subquery(found, "f"), [join])


def _agree(component: Component, left: str, right: str) -> list[exp.Expr]:
    """The same conclusion; columns that a predicate does not use are null."""
    same: Sequence[str] = component.columns
    return [exp.NullSafeEQ(this=column(name, left), expression=column(name, right)) for name in same]
