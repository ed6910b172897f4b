"""Semi-naive rounds, for what no recursive query says, or should be trusted with: it may never end.

Each round derives from what the round before found, and keeps the best proof of each conclusion. The queries of a round
are here; how tables are filled from them is each store's own affair.
"""

from collections.abc import Sequence

from sqlglot import exp

from kzexpert.engines.sql.plan.extents import CERTAINTY
from kzexpert.engines.sql.plan.recursion import Component
from kzexpert.engines.sql.plan.words import both, called, column, named, select, subquery, together

__all__ = ["Rounds"]


class Rounds:
    """The queries that run one component."""

    def __init__(self, component: Component) -> None:
        self._component = component

    def start(self) -> exp.Select:
        """What is known before the first round."""
        return self._best(self._component.start())

    def better(self, new: exp.Table, known: exp.Table) -> exp.Select:
        """What follows from what the round before found, and was not known before, or not with so good a proof.

        Args:
            new: what the round before found.
            known: all that was found, `new` included.
        """
        found = self._best(self._component.step(new, known))
        agree = self._agree("f", "k")
        shown = list(self._component.columns)
        if self._component.certainty is None:
            agree.append(column(CERTAINTY, "k") >= column(CERTAINTY, "f"))
            shown.append(CERTAINTY)
        join = exp.Join(this=named(known, "k"), kind="ANTI", on=both(agree))
        return select([column(name, "f") for name in shown], subquery(found, "f"), [join])

    def outdone(self, known: str, new: exp.Table) -> exp.Exists | None:
        """The condition that a row of a source has a better proof now; None where there are no better ones."""
        if self._component.certainty is not None:
            return None
        return exp.Exists(this=select([exp.Literal.number(1)], named(new, "n"), where=self._agree(known, "n")))

    def gathered(self, parts: Sequence[exp.Table]) -> exp.Query:
        """All that is known: what each round has found; of one conclusion the best."""
        shown = [*self._component.columns, *([CERTAINTY] if self._component.certainty is None else [])]
        rows = together([select([column(name, "k") for name in shown], named(part, "k")) for part in parts])
        return rows if self._component.certainty is not None or len(parts) == 1 else self._best(rows)

    def _best(self, query: exp.Query) -> exp.Select:
        """The best proof of each conclusion."""
        keys: list[exp.Expr] = [column(name, "f") for name in self._component.columns]
        if self._component.certainty is not None:
            return select(keys, subquery(query, "f"), distinct=True)
        best = called(exp.Max(this=column(CERTAINTY, "f")), CERTAINTY)
        return select([*keys, best], subquery(query, "f")).group_by(*[key.copy() for key in keys], copy=False)

    def _agree(self, left: str, right: str) -> list[exp.Expr]:
        """The same conclusion; columns that a predicate does not use are null."""
        return [
            exp.NullSafeEQ(this=column(name, left), expression=column(name, right)) for name in self._component.columns
        ]
