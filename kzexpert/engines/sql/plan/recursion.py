"""A recursive component → queries for its best proofs: what starts it, and what one round adds to the round before.

Where the database has recursive queries that keep the best row of each key, the component is one such query; else the
same parts are run in rounds. Several predicates share one relation, in which each row says whose it is.
"""

from collections.abc import Mapping, Sequence
from math import inf

from sqlglot import exp

from kzexpert.engines.sql.plan.conjunction import Touch
from kzexpert.engines.sql.plan.decimals import rounded
from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import CERTAINTY, DAY, Extent, Kind, argument, empty
from kzexpert.engines.sql.plan.rules import STRENGTH, Planner, expressions_of
from kzexpert.engines.sql.plan.slots import TAG, Slots
from kzexpert.engines.sql.plan.words import (
    called,
    column,
    identifier,
    number,
    select,
    subquery,
    table,
    together,
    typed,
)
from kzexpert.model import (
    AGGREGATES,
    Call,
    ProgramRule,
    RelationKey,
    Stratum,
)
from kzexpert.model.evaluation import rising
from kzexpert.model.functions import FUNCTIONS

__all__ = ["Component"]


class Component:
    """The plans of one recursive stratum.

    Args:
        base: predicate → its recorded facts.

    Attributes:
        certainty: that of all conclusions, where they cannot differ; no column holds it then.
        dated: whether they differ by as-of date.
        most: no more conclusions than these, unless a rule computes new values.
        anew: whether each round is planned anew, since Python has a part in it.
    """

    def __init__(self, planner: Planner, dialect: Dialect, stratum: Stratum, base: Mapping[str, Extent]) -> None:
        self.stratum = stratum
        self._planner = planner
        self._dialect = dialect
        self._base = base
        self._tags = {name: tag for tag, name in enumerate(stratum.predicates)}
        self._kinds = {name: planner.extents[name].kinds for name in stratum.predicates}
        self._slots = Slots(list(self._kinds.values()))
        self._inside = {
            rule.key: [place for place, pattern in enumerate(rule.matches) if pattern.relation in self._tags]
            for rule in stratum.rules
        }
        self._rising = {rule.key: rising(rule, self._tags) for rule in stratum.rules}
        self.anew = any(self._computes(rule) for rule in stratum.rules)
        self.certainty = self._uniform()
        read = (pattern.relation for rule in stratum.rules for pattern in rule.patterns)
        outside = [planner.extents[relation] for relation in read if relation not in self._tags]
        sources = (*base.values(), *outside)
        self.dated = any(extent.dated for extent in sources)
        values = sum(inf if extent.rows is None else extent.rows * len(extent.kinds) for extent in sources)
        values += sum(len(rule.head.terms) for rule in stratum.rules)
        self.most = sum(float(values) ** len(kinds) for kinds in self._kinds.values())

    @property
    def columns(self) -> list[str]:
        """The columns of the shared relation that tell its rows apart."""
        return [*[*self._slots.columns][0 if len(self._tags) > 1 else 1 :], *([DAY] if self.dated else [])]

    def invents(self) -> ProgramRule | None:
        """A rule that computes new values from conclusions of the component, and so may never end; None without one."""
        for rule in self.stratum.rules:
            computed = {name for item in rule.conditions if item.computes for name in item.binds}
            if self._inside[rule.key] and computed & set(rule.head.variables):
                return rule
        return None

    def start(self) -> exp.Query:
        """The recorded facts, and what rules conclude without the component."""
        parts = []
        for name, extent in self._base.items():
            shown = [column(item, "m") for item in extent.shown]
            query = select(shown + self._shown(extent.certainty_of("m")), extent.named("m"))
            parts.append(self._placed(name, self._on_days(query, extent.dated)))
        types = self._dialect.types
        nothing: dict[RelationKey, Extent] = {name: empty(kinds, types) for name, kinds in self._kinds.items()}
        for rule in self.stratum.rules:
            if not self._inside[rule.key]:
                parts.append(self._concluded(rule, {}, nothing if self._rising[rule.key] else None))
        return self._together(parts)

    def step(self, new: exp.Table, all_: exp.Table) -> exp.Query:
        """What follows from a round: each rule with each of its conditions in turn read from what is new."""
        parts = []
        known: dict[RelationKey, Extent] = {name: self.extent(name, all_) for name in self._tags}
        fresh: dict[RelationKey, Extent] = {name: self.extent(name, new) for name in self._tags}
        for rule in self.stratum.rules:
            growing = self._rising[rule.key]
            old = known if growing else None
            inside = {place: known[rule.matches[place].relation] for place in self._inside[rule.key]}
            for place in inside:
                chosen = {**inside, place: fresh[rule.matches[place].relation]}
                parts.append(self._concluded(rule, chosen, old))
            for aggregate in growing:
                for place, pattern in enumerate(aggregate.body.matches):
                    if pattern.relation in self._tags:
                        touch = Touch(rule.conditions.index(aggregate), place, fresh[pattern.relation])
                        parts.append(self._concluded(rule, inside, known, touch))
        return self._together(parts)

    def recursive(self) -> exp.Select:
        """The component as one recursive query."""
        name = "p"
        new, all_ = table(name), table(name, "recurring")
        linear = all(len(inside) < 2 for inside in self._inside.values())
        shown = [*self.columns, *([] if self.certainty is not None else [CERTAINTY])]
        step = select([column(item, "w") for item in shown], subquery(self.step(new, all_), "w"))
        query = exp.union(self.start(), step, distinct=True, copy=False)
        cte = exp.CTE(
            this=query, alias=exp.TableAlias(this=identifier(name), columns=[identifier(item) for item in shown])
        )
        if self.certainty is None or not linear:
            keys: list[exp.Expr] = [column(item) for item in self.columns]
            cte.set("key_expressions", keys if self.certainty is not None else [*keys, exp.Max(this=column(CERTAINTY))])
        result = select([column(item) for item in shown], table(name))
        result.set("with_", exp.With(expressions=[cte], recursive=True))
        return result

    def extent(self, predicate: str, shared: exp.Table) -> Extent:
        """The facts of one predicate in the shared relation."""
        kinds = self._kinds[predicate]
        if len(self._tags) == 1:
            return Extent(shared, kinds, self.certainty, dated=self.dated)
        slots = self._slots.places[self._tags[predicate]]
        shown = [called(column(argument(slot), "r"), argument(place)) for place, slot in enumerate(slots)]
        shown += [column(DAY, "r")] if self.dated else []
        shown += [] if self.certainty is not None else [column(CERTAINTY, "r")]
        tag = column(TAG, "r").eq(self._tags[predicate])
        source = Extent(shared, kinds).named("r")
        return Extent(select(shown, source, where=[tag]), kinds, self.certainty, dated=self.dated)

    # --- parts -------------------------------------------------------------------------------------------------------

    def _uniform(self) -> float | None:
        """The certainty that all facts have which rules of certainty 1 start from, and so all conclusions."""
        found = {extent.certainty for extent in self._base.values()}
        for rule in self.stratum.rules:
            outside = [pattern for pattern in rule.matches if pattern.relation not in self._tags]
            found.update(self._planner.extents[pattern.relation].certainty for pattern in outside)
            if not rule.matches:
                found.add(1.0)
            if rule.rule.certainty != 1.0:
                return None
        return found.pop() if len(found) == 1 else None

    def _shown(self, certainty: exp.Expr) -> list[exp.Expr]:
        return [] if self.certainty is not None else [called(certainty, CERTAINTY)]

    def _computes(self, rule: ProgramRule) -> bool:
        """Whether a query of the rule that reads the component needs Python, which adds up and knows texts."""
        if not self._inside[rule.key] and not self._rising[rule.key]:
            return False
        sums = any(item.function and AGGREGATES[item.function].adds for item in rule.flat)
        texts = any(
            isinstance(item, Call) and FUNCTIONS[item.function].gives == "text" for item in expressions_of(rule)
        )
        return sums or texts or bool(self._rising[rule.key])

    def _concluded(
        self,
        rule: ProgramRule,
        chosen: Mapping[int, Extent],
        inside: Mapping[RelationKey, Extent] | None = None,
        touch: Touch | None = None,
    ) -> exp.Select:
        """What one rule concludes, with the certainties of these proofs."""
        body = self._planner.body(rule, chosen, inside=inside, touch=touch)
        head = self._planner.head(rule, body)
        names = [*(argument(place) for place in range(max(len(rule.head.terms), 1))), *([DAY] if body.dated else [])]
        certainty: exp.Expr = column(STRENGTH, "h")
        if body.strength is not None:
            certainty = number(round(body.strength, 9))
        elif rule.rule.certainty != 1.0:  # else it is that of a premise, which is rounded
            head = rounded(head, names, STRENGTH)
        shown: list[exp.Expr] = [column(name, "h") for name in names]
        query = select(shown + self._shown(certainty), subquery(head, "h"))
        return self._placed(rule.head.predicate, self._on_days(query, body.dated))

    def _on_days(self, query: exp.Select, dated: bool) -> exp.Select:
        """The query with the column `DAY`, where the component has it; in the order of its other parts."""
        if dated or not self.dated:
            return query
        arity = len(query.expressions) - (self.certainty is None)
        shown = [column(argument(place), "o") for place in range(arity)] + [column(DAY, "o")]
        shown += [] if self.certainty is not None else [column(CERTAINTY, "o")]
        return select(shown, subquery(self._planner.on_all_days(query), "o"))

    def _placed(self, predicate: str, query: exp.Select) -> exp.Select:
        """Rows of a predicate as rows of the shared relation."""
        if len(self._tags) == 1:
            return query
        values = [column(argument(place), "u") for place in range(len(self._kinds[predicate]))]
        shown = self._slots.shown(self._tags[predicate], values, self._dialect.types)
        shown += [column(DAY, "u")] if self.dated else []
        shown += [] if self.certainty is not None else [column(CERTAINTY, "u")]
        return select(shown, subquery(query, "u"))

    def _together(self, parts: Sequence[exp.Query]) -> exp.Query:
        return together(parts) if parts else select(self._nulls(), where=[exp.false()])

    def _nulls(self) -> list[exp.Expr]:
        """A row of nothing, for the types of its columns."""
        nulls = self._slots.nulls(self._dialect.types)[0 if len(self._tags) > 1 else 1 :]
        further: list[tuple[str, Kind]] = [(DAY, "whole")] if self.dated else []
        further += [] if self.certainty is not None else [(CERTAINTY, "number")]
        return nulls + [called(typed(exp.null(), self._dialect.types[kind]), name) for name, kind in further]
