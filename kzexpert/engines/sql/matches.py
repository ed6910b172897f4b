"""How often rules match, counted where that may use up a budget, before anything of it is stored.

A count reads a rule's joins once more, so that it is made only where an upper bound lies above what is left.
"""

from collections.abc import Callable, Sequence
from math import inf, prod

from sqlglot import exp

from kzexpert.engines.base import BULK_BUDGET, Budget
from kzexpert.engines.sql.plan.rules import Planner
from kzexpert.engines.sql.plan.words import select, subquery
from kzexpert.engines.sql.store.base import Store
from kzexpert.model import Pattern, ProgramRule, RelationKey
from kzexpert.program.products import groups

__all__ = ["Matches"]


class Matches:
    """The firings of one run, as far as they must be counted.

    Args:
        stop: is called with the rule that uses up the budget of firings.
    """

    def __init__(self, store: Store, planner: Planner, budget: Budget, stop: Callable[[ProgramRule], None]) -> None:
        self._store = store
        self._dialect = store.dialect
        self._planner = planner
        self._most = budget.firings
        self._stop = stop
        self._exact = budget.firings < BULK_BUDGET.firings
        self._counted = 0
        self._waiting: list[tuple[ProgramRule, float]] = []
        self._views: dict[RelationKey, float] = {}

    def most(self, rules: Sequence[ProgramRule], exact: bool) -> float:
        """No more matches than these.

        Args:
            exact: take nothing for granted. Else what a variable joins is taken to have as many matches as facts: a
                budget that nobody has set need not be held to the last one.
        """
        return sum(self._bound(rule, exact) for rule in rules)

    def take(self, rules: Sequence[ProgramRule], view: bool = False) -> None:
        """Take in the rules that conclude a predicate, whose facts are known; count where they may be too many.

        Args:
            view: whether their conclusions are not stored.
        """
        found = [(rule, self._bound(rule, self._exact)) for rule in rules]
        self._waiting += found
        if view:
            self._views[rules[0].head.predicate] = sum(bound for _, bound in found)
        if self._counted + sum(bound for _, bound in self._waiting) <= self._most:
            return
        for rule, _ in self._waiting:
            body = self._dialect.limited(self._planner.body(rule).query, self._most - self._counted + 1)
            self._counted += self._store.rows(select([exp.Count(this=exp.Star())], subquery(body, "f")))[0][0]
            if self._counted > self._most:
                self._stop(rule)
        self._waiting.clear()

    def _bound(self, rule: ProgramRule, exact: bool) -> float:
        sizes = {place: self._size(pattern) for place, pattern in zip(rule.places, rule.matches, strict=True)}
        joined = [(place,) for place in rule.places] if exact else groups(rule)
        return prod(max(sizes[place] for place in group) for group in joined)

    def _size(self, pattern: Pattern) -> float:
        rows = self._planner.extents[pattern.relation].rows
        return self._views.get(pattern.relation, inf) if rows is None else rows
