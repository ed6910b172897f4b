"""A rule → a query whose rows are its bindings: joins, then anti-joins, comparisons, assignments and aggregates.

It says what is computed and leaves to the database how. Certainties are weighed in `weighing`, recursion is unrolled in
`recursion`; both take their rows from here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD
from kzexpert.engines.sql.plan.expressions import comparison, finite, value
from kzexpert.engines.sql.plan.extents import CERTAINTY, DAY, Extent, argument
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import (
    both,
    called,
    column,
    either,
    equal,
    least,
    literal,
    named,
    number,
    select,
    subquery,
    typed,
)
from kzexpert.model import (
    AGGREGATES,
    Absence,
    Aggregate,
    Anonymous,
    Assignment,
    Constant,
    Expression,
    Match,
    Pattern,
    ProgramRule,
    Shape,
    Test,
    Value,
    Variable,
)
from kzexpert.model.evaluation import holds

__all__ = ["STRENGTH", "Body", "Planner", "Sums", "constants_of", "patterns_of", "premise", "variable"]

#: The column that holds the strength of a binding.
STRENGTH = "s"

#: Adds up a column exactly: (rule, index of the condition, query, names of the group's columns) → a query with the
#: same group columns and ``x``, their sum.
Sums = Callable[[ProgramRule, int, exp.Select, Sequence[str]], exp.Query]


def variable(place: int) -> str:
    """The column of a rule's variable."""
    return f"v{place}"


def premise(place: int) -> str:
    """The column of the certainty of a premise."""
    return f"p{place}"


def patterns_of(rule: ProgramRule) -> Iterator[Pattern]:
    """Every pattern that a rule reads."""
    for condition in rule.conditions:
        yield from condition.patterns


def constants_of(rule: ProgramRule) -> Iterator[Value]:
    """Every value that stands in a rule."""
    for pattern in (rule.head, *patterns_of(rule)):
        yield from (term.value for term in pattern.terms if isinstance(term, Constant))
    for condition in rule.conditions:
        sides: tuple[Expression, ...] = ()
        if isinstance(condition, Test):
            sides = (condition.left, condition.right)
        elif isinstance(condition, Assignment):
            sides = (condition.expression,)
        yield from (side.value for side in sides if isinstance(side, Constant))


class Body(msgspec.Struct, frozen=True):
    """The bindings of a rule.

    Attributes:
        query: columns ``v0``, ``v1`` ... in the order of the rule's variables; ``s``, the strength, unless all are
            equal; and where asked for ``p0``, ``p1`` ..., the certainties of the premises.
        strength: that of every binding, or None.
        lowest: no binding is weaker, by absolute value.
        matched: the variables that no other variable determines.
        dated: whether they differ by as-of date, which is in the column `DAY`.
    """

    query: exp.Select
    strength: float | None
    lowest: float
    matched: frozenset[str]
    dated: bool


class Planner:
    """Plans the rules of one program.

    Args:
        extents: relation → where its facts lie; may grow meanwhile.
        sums: how to add up.
        days: a table whose column `DAY` has a row for each as-of date, where there are several.
        shapes: those of the program: conclusions that look like none of them are left out.
    """

    def __init__(
        self,
        extents: Mapping[str, Extent],
        texts: Texts,
        sums: Sums,
        days: exp.Table | None = None,
        shapes: Mapping[str, Sequence[Shape]] | None = None,
    ) -> None:
        self.extents = extents
        self.texts = texts
        self.sums = sums
        self.days = days
        self.shapes = shapes

    def on_all_days(self, query: exp.Query) -> exp.Select:
        """Rows that hold on all as-of dates, each with every date."""
        assert self.days is not None
        each = exp.Join(this=named(self.days, "days"), kind="CROSS")
        everything = exp.Column(this=exp.Star(), table=exp.to_identifier("e", quoted=True))
        return select([everything, column(DAY, "days")], subquery(query, "e"), [each])

    def literal(self, value: Value) -> exp.Expr:
        """A value as it stands in a query."""
        return literal(value, self.texts.code(value) if isinstance(value, str) else None)

    def body(self, rule: ProgramRule, chosen: Mapping[int, Extent] | None = None, *, premises: bool = False) -> Body:
        """The bindings of a rule; each stands for one firing.

        Args:
            chosen: index of a match → an extent to read instead. There ``_`` may repeat a binding.
            premises: whether to keep the certainty of each premise.
        """
        return _Bindings(self, rule, chosen or {}, premises).body()

    def head(self, rule: ProgramRule, body: Body) -> exp.Select:
        """What the bindings conclude: ``a0``, ``a1`` ..., and ``s`` unless all strengths are equal."""
        columns = [called(expression, argument(place)) for place, expression in enumerate(self.head_values(rule))]
        if body.dated:
            columns.append(column(DAY, "b"))
        if body.strength is None:
            columns.append(column(STRENGTH, "b"))
        return select(columns, subquery(body.query, "b"))

    def head_values(self, rule: ProgramRule) -> list[exp.Expr]:
        """The arguments of the conclusion, over the columns of the bindings under the alias ``b``."""
        places = {name: place for place, name in enumerate(rule.variables)}
        return [
            column(variable(places[term.name]), "b") if isinstance(term, Variable) else self._constant(term)
            for term in rule.head.terms
        ] or [exp.Literal.number(0)]

    def _constant(self, term: Constant | Anonymous) -> exp.Expr:
        assert isinstance(term, Constant)
        return self.literal(term.value)


class _Bindings:
    """The query of one rule under construction. It grows in layers: each reads the one before as ``b``."""

    def __init__(self, planner: Planner, rule: ProgramRule, chosen: Mapping[int, Extent], premises: bool) -> None:
        self.planner = planner
        self.rule = rule
        self.values: dict[str, exp.Expr] = {}
        self.kept: dict[str, exp.Expr] = {}
        self.sources: list[exp.Expr] = []
        self.joins: list[exp.Join] = []
        self.where: list[exp.Expr] = []
        self.layered = False
        self.determined: set[str] = set()
        self.day: exp.Expr | None = None
        self.certainties: list[exp.Expr] = []
        self.weakest = self.lowest = 1.0
        for place, pattern in enumerate(rule.matches):
            extent = chosen.get(place) or planner.extents[pattern.relation]
            certainty = self._match(f"m{place}", pattern, extent, place in chosen)
            if premises:
                self.kept[premise(place)] = certainty

    def body(self) -> Body:
        rule = self.rule
        matched = frozenset(self.values) - self.determined
        strength = self._strength()
        self.where += self._restrictions()
        pending = []
        for index in rule.order:
            condition = rule.conditions[index]
            if isinstance(condition, Test) and self.values.keys() >= {*condition.needs}:
                self._test(condition)
            elif not isinstance(condition, Match):
                pending.append(index)
        for index in pending:
            self._condition(index)
        columns = [called(self.values[name].copy(), variable(place)) for place, name in enumerate(rule.variables)]
        columns = columns or [called(exp.Literal.number(0), variable(0))]
        columns += [called(kept.copy(), name) for name, kept in self.kept.items()]
        if self.day is not None:
            columns.append(called(self.day.copy(), DAY))
        lowest = abs(rule.rule.certainty) * self.lowest
        return Body(self._query(columns), strength, lowest, matched, self.day is not None)

    def _restrictions(self) -> list[exp.Expr]:
        """The conditions under which a conclusion looks like one of those that matter, as far as matches bind it."""
        shapes = self.planner.shapes
        if shapes is None:
            return []
        heads = self.rule.head.terms
        allowed = []
        for shape in shapes.get(self.rule.head.predicate, ()):
            agree = [
                equal(self.values[term.name].copy(), self.planner.literal(value))
                for term, value in zip(heads, shape, strict=True)
                if value is not None and isinstance(term, Variable) and term.name in self.values
            ]
            if not agree:
                return []
            allowed.append(both(agree))
        return [either(allowed)] if allowed else []

    # --- layers ------------------------------------------------------------------------------------------------------

    def _query(self, columns: list[exp.Expr]) -> exp.Select:
        joins = [exp.Join(this=source, kind="CROSS") for source in self.sources[1:]]
        return select(columns, self.sources[0] if self.sources else None, [*joins, *self.joins], self.where)

    def _layer(self, *, always: bool = False) -> None:
        """Read all that is bound so far from a query of its own."""
        if self.layered and not self.joins and not self.where and not always:
            return
        names = {name: f"x{place}" for place, name in enumerate(self.values)}
        columns = [called(self.values[name], alias) for name, alias in names.items()]
        columns += [called(kept, name) for name, kept in self.kept.items()]
        columns += [] if self.day is None else [called(self.day, DAY)]
        query = self._query(columns or [called(exp.Literal.number(0), "x")])
        self.sources, self.joins, self.where, self.layered = [subquery(query, "b")], [], [], True
        self.values = {name: column(alias, "b") for name, alias in names.items()}
        self.kept = {name: column(name, "b") for name in self.kept}
        self.day = None if self.day is None else column(DAY, "b")

    def _on_same_day(self, alias: str) -> exp.Expr:
        """The condition that a row holds on the date of the binding; bindings without one get all dates."""
        if self.day is None:
            assert self.planner.days is not None
            self.sources.append(named(self.planner.days, "days"))
            self.day = column(DAY, "days")
            self._layer(always=True)
        assert self.day is not None
        return equal(column(DAY, alias), self.day.copy())

    # --- matches -----------------------------------------------------------------------------------------------------

    def _match(self, alias: str, pattern: Pattern, extent: Extent, may_repeat: bool) -> exp.Expr:
        """Join a relation, and return the certainty of the fact."""
        opened = any(isinstance(term, Anonymous) for term in pattern.terms)
        if opened and not may_repeat:
            extent = self._view(pattern, extent)
        self.sources.append(extent.named(alias))
        self.where += extent.established(alias)
        self.where += self._agree(alias, pattern, self.values)
        if extent.dated and self.day is None:
            self.day = column(DAY, alias)
        elif extent.dated:
            self.where.append(self._on_same_day(alias))
        certainty = extent.certainty_of(alias)
        if pattern.certainty:
            if pattern.certainty in self.values:
                self.where.append(equal(certainty.copy(), self.values[pattern.certainty].copy()))
            else:
                self.values[pattern.certainty] = certainty.copy()
                if not opened:
                    self.determined.add(pattern.certainty)
        if extent.certainty is None:
            self.certainties.append(certainty)
            self.lowest = min(self.lowest, max(extent.lowest, THRESHOLD))
        else:
            self.weakest = min(self.weakest, extent.certainty)
        return certainty

    def _view(self, pattern: Pattern, extent: Extent) -> Extent:
        """A relation without the places of ``_``: one row stands for all facts that differ only there.

        Its certainty is that of the strongest of them, unless ``@`` reads it: then each certainty is a row.
        """
        shown = [
            called(column(argument(place), "m"), argument(place))
            for place, term in enumerate(pattern.terms)
            if not isinstance(term, Anonymous)
        ]
        shown += [called(column(DAY, "m"), DAY)] if extent.dated else []
        where = extent.established("m")
        if extent.certainty is not None:
            shown = shown or [called(exp.Literal.number(0), "x")]
            query = select(shown, extent.named("m"), where=where, distinct=True)
        elif pattern.certainty:
            query = select([*shown, column(CERTAINTY, "m")], extent.named("m"), where=where, distinct=True)
        else:
            strongest = called(exp.Max(this=column(CERTAINTY, "m")), CERTAINTY)
            query = select([*shown, strongest], extent.named("m"), where=where)
            if shown:
                query.group_by(*[item.this.copy() for item in shown], copy=False)
            else:
                query.having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0)), copy=False)
        lowest = max(extent.lowest, THRESHOLD + 1e-12)  # it shows established facts only
        return Extent(query, extent.kinds, extent.certainty, lowest, dated=extent.dated)

    def _agree(self, alias: str, pattern: Pattern, values: dict[str, exp.Expr], *, bind: bool = True) -> list[exp.Expr]:
        """The conditions under which a fact agrees with a pattern; variables that are new are bound to its columns."""
        found = []
        for place, term in enumerate(pattern.terms):
            here = column(argument(place), alias)
            if isinstance(term, Constant):
                found.append(equal(here, self.planner.literal(term.value)))
            elif isinstance(term, Variable):
                if term.name in values:
                    found.append(equal(here, values[term.name].copy()))
                elif bind:
                    values[term.name] = here
        return found

    def _strength(self) -> float | None:
        """The rule's certainty times that of the weakest premise: where not all are equal, in the column ``s``."""
        factor = self.rule.rule.certainty
        self.lowest = min(self.lowest, self.weakest)
        if not self.certainties:
            return factor * self.weakest
        terms = [certainty.copy() for certainty in self.certainties]
        if self.weakest < 1.0:
            terms.append(number(self.weakest))
        weakest = terms[0] if len(terms) == 1 else least(terms)
        self.kept[STRENGTH] = weakest if factor == 1.0 else exp.Mul(this=number(factor), expression=weakest)
        return None

    # --- other conditions ------------------------------------------------------------------------------------------

    def _condition(self, index: int) -> None:
        condition = self.rule.conditions[index]
        if isinstance(condition, Test):
            self._test(condition)
        elif isinstance(condition, Assignment):
            self._assignment(condition)
        elif isinstance(condition, Absence):
            self._absence(f"n{index}", condition.pattern)
        elif isinstance(condition, Aggregate):
            self._aggregate(index, condition)

    def _test(self, test: Test) -> None:
        if test.needs:
            self.where += comparison(test, self.values, self.planner.literal)
        elif not holds(test)[1]():
            self.where.append(exp.false())

    def _assignment(self, assignment: Assignment) -> None:
        found, conditions = value(assignment.expression, self.values, self.planner.literal)
        self.where += conditions
        self.values[assignment.variable] = found
        self._layer()

    def _absence(self, alias: str, pattern: Pattern) -> None:
        self._layer()
        extent = self.planner.extents[pattern.relation]
        days = [self._on_same_day(alias)] if extent.dated else []
        agree = [*extent.established(alias), *self._agree(alias, pattern, self.values, bind=False), *days]
        self.joins.append(exp.Join(this=extent.named(alias), kind="ANTI", on=both(agree)))

    def _aggregate(self, index: int, aggregate: Aggregate) -> None:
        self._layer()
        alias = f"g{index}"
        query = self._folded(index, aggregate)
        dated = any(self.planner.extents[pattern.relation].dated for pattern in aggregate.patterns)
        agree = [self._on_same_day(alias)] if dated else []
        agree += [
            equal(column(f"k{place}", alias), self.values[name].copy()) for place, name in enumerate(aggregate.shared)
        ]
        result: exp.Expr = column("x", alias)
        function = AGGREGATES[aggregate.function]
        if function.over_nothing is not None:
            result = exp.Coalesce(this=result, expressions=[number(function.over_nothing)])
            self.joins.append(exp.Join(this=subquery(query, alias), side="LEFT", on=both(agree)))
            if function.adds:
                self.where.append(finite(result))
        else:
            self.joins.append(exp.Join(this=subquery(query, alias), on=both(agree)))
            self.where.append(exp.Not(this=exp.Is(this=column("x", alias), expression=exp.null())))
        if aggregate.bound:
            self.where.append(equal(result, self.values[aggregate.variable].copy()))
        else:
            self.values[aggregate.variable] = result
        self._layer()

    def _folded(self, index: int, aggregate: Aggregate) -> exp.Query:
        """For each binding of the shared variables (``k0`` ...) the result (``x``); none where nothing matches."""
        values: dict[str, exp.Expr] = {}
        sources: list[exp.Expr] = []
        where: list[exp.Expr] = []
        day: exp.Expr | None = None
        for place, pattern in enumerate(aggregate.patterns):
            alias = f"q{place}"
            extent = self.planner.extents[pattern.relation]
            if extent.dated and day is not None:
                where.append(equal(column(DAY, alias), day.copy()))
            elif extent.dated:
                day = column(DAY, alias)
            sources.append(extent.named(alias))
            where += [*extent.established(alias), *self._agree(alias, pattern, values)]
            if pattern.certainty and pattern.certainty in values:
                where.append(equal(extent.certainty_of(alias), values[pattern.certainty].copy()))
            elif pattern.certainty:
                values[pattern.certainty] = extent.certainty_of(alias)
        joins = [exp.Join(this=source, kind="CROSS") for source in sources[1:]]
        keys = [f"k{place}" for place in range(len(aggregate.shared))]
        shared = [called(values[name].copy(), key) for name, key in zip(aggregate.shared, keys, strict=True)]
        if day is not None:
            keys.append(DAY)
            shared.append(called(day, DAY))
        over = called(values[aggregate.over].copy(), "x")
        if AGGREGATES[aggregate.function].adds:  # over the distinct bindings of its own variables
            own = [name for name in values if name not in aggregate.shared]
            others = [called(values[name].copy(), f"o{place}") for place, name in enumerate(own)]
            rows = select([*shared, *others, over], sources[0], joins, where, distinct=True)
            return self.planner.sums(self.rule, index, rows, keys)
        rows = select([*shared, over], sources[0], joins, where)
        return select(
            [*[column(key, "d") for key in keys], called(_FOLDS[aggregate.function](column("x", "d")), "x")],
            subquery(rows, "d"),
        ).group_by(*[column(key, "d") for key in keys], copy=False)


#: Aggregate → its expression over the distinct values of a group; sums are made exact elsewhere.
_FOLDS: Mapping[str, Callable[[exp.Expr], exp.Expr]] = {
    "count": lambda over: typed(exp.Count(this=exp.Distinct(expressions=[over])), "double"),
    "min": lambda over: exp.Min(this=over),
    "max": lambda over: exp.Max(this=over),
}
