"""Semi-naive rounds, for what no recursive query should be trusted with: rules that compute new values may never end.

Each round derives from what the round before found, and keeps the best proof of each conclusion.
"""

from collections.abc import Sequence

from sqlglot import exp

from kzexpert.engines.sql.database import Database
from kzexpert.engines.sql.extents import CERTAINTY
from kzexpert.engines.sql.recursion import Component
from kzexpert.engines.sql.words import both, called, column, select, subquery

__all__ = ["run_in_rounds"]


def run_in_rounds(database: Database, component: Component, most: int) -> tuple[exp.Table, bool]:
    """Run a component until a round brings nothing new or better.

    Args:
        most: stop when there are more rows than these.

    Returns:
        The table of the component, and whether it is complete.
    """
    all_ = database.store(_best(component, component.start()))
    new = database.store(select([exp.Star()], all_.copy()))
    while True:
        found = database.store(_best(component, component.step(new, all_)))
        database.drop(new)
        new = database.store(_better(component, found, all_))
        database.drop(found)
        if not _count(database, new):
            database.drop(new)
            return all_, True
        if component.certainty is None:
            agree = _agree(component.columns, all_.name, "n")
            known = select([exp.Literal.number(1)], _named(new, "n"), where=agree)
            database.run(exp.Delete(this=all_.copy(), where=exp.Where(this=exp.Exists(this=known))))
        database.run(exp.Insert(this=all_.copy(), expression=select([exp.Star()], new.copy())))
        if _count(database, all_) > most:
            return all_, False


def _best(component: Component, query: exp.Query) -> exp.Select:
    """The best proof of each conclusion."""
    keys = [column(name, "f") for name in component.columns]
    if component.certainty is not None:
        return select(keys, subquery(query, "f"), distinct=True)
    best = called(exp.Max(this=column(CERTAINTY, "f")), CERTAINTY)
    return select([*keys, best], subquery(query, "f")).group_by(*[key.copy() for key in keys], copy=False)


def _better(component: Component, found: exp.Table, all_: exp.Table) -> exp.Select:
    """What was not known before, or not with so good a proof."""
    agree = _agree(component.columns, "f", "k")
    if component.certainty is None:
        agree.append(exp.GTE(this=column(CERTAINTY, "k"), expression=column(CERTAINTY, "f")))
    known = exp.Join(this=_named(all_, "k"), kind="ANTI", on=both(agree))
    return select([exp.Column(this=exp.Star(), table=exp.to_identifier("f", quoted=True))], _named(found, "f"), [known])


def _agree(columns: Sequence[str], left: str, right: str) -> list[exp.Expr]:
    """The same conclusion; columns that a predicate does not use are null."""
    return [exp.NullSafeEQ(this=column(name, left), expression=column(name, right)) for name in columns]


def _named(stored: exp.Table, alias: str) -> exp.Table:
    named = stored.copy()
    named.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return named


def _count(database: Database, stored: exp.Table) -> int:
    return int(database.rows(select([exp.Count(this=exp.Star())], stored.copy()))[0][0])
