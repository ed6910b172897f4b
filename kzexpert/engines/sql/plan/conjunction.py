"""Conditions that hold together → a query of their bindings: joins, then anti-joins, comparisons, values, aggregates.

It says what is computed and leaves to the database how. What a rule makes of the bindings is said in `rules`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from math import inf

import msgspec
from sqlglot import exp

from kzexpert.certainty import THRESHOLD
from kzexpert.engines.sql.plan.context import Context, Place
from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.expressions import comparison, finite, kind_of, listed, value
from kzexpert.engines.sql.plan.extents import AS_OF, CERTAINTY, DAY, Extent, Kind, argument
from kzexpert.engines.sql.plan.words import both, called, column, day, named, number, select, subquery, typed
from kzexpert.model import (
    AGGREGATES,
    Absence,
    Aggregate,
    Anonymous,
    Assignment,
    Body,
    Call,
    Constant,
    Exclusion,
    Listing,
    Pattern,
    ProgramCondition,
    RelationKey,
    Test,
    Value,
    Variable,
)
from kzexpert.model.evaluation import holds

__all__ = ["Conjunction", "Given", "Touch", "key_column"]


def key_column(place: int) -> str:
    """The column of a variable that a condition shares with what is inside of it."""
    return f"k{place}"


class Given(msgspec.Struct, frozen=True):
    """Bindings that come from outside: ``k0`` ... for the names, and `DAY` where they differ by as-of date."""

    query: exp.Query
    names: tuple[str, ...]
    kinds: Mapping[str, Kind]
    dated: bool


class Touch(msgspec.Struct, frozen=True):
    """That only results matter which new facts can have changed.

    Attributes:
        aggregate: the index of the aggregate that looks at them.
        place: which of the conditions of its body does.
        new: the new facts.
    """

    aggregate: int
    place: int
    new: Extent


class Conjunction:
    """The query of some conditions under construction. It grows in layers: each reads the one before as ``b``.

    Args:
        place: where it stands; see `Place`.
        given: what is bound before.
        partial: that is not all that ever is, so that no sum over it is kept.
        inside: relation of a component under way → the extent to read.
        chosen: index of a match → the extent to read instead. There ``_`` may repeat a binding.
        touch: see there.
        each: is told the certainty of each match, by its index.

    Attributes:
        values, kinds: variable → its column, and how its values are stored.
        certainties: those of the matches that differ from fact to fact.
        weakest: the least of the others; `lowest`: none of all is lower.
        determined: variables that others determine.
        day: the number of the as-of date; None where the bindings hold on all of them.
    """

    def __init__(
        self,
        context: Context,
        conditions: Sequence[ProgramCondition],
        order: Sequence[int],
        place: Place,
        given: Given | None = None,
        inside: Mapping[RelationKey, Extent] | None = None,
        chosen: Mapping[int, Extent] | None = None,
        touch: Touch | None = None,
        each: Callable[[int, exp.Expr], None] = lambda place, certainty: None,
        partial: bool = False,
    ) -> None:
        self.context = context
        self.conditions = conditions
        self.order = order
        self.place = place
        self.inside = inside or {}
        self.touch = touch
        self.partial = partial
        self.values: dict[str, exp.Expr] = {}
        self.kinds: dict[str, Kind] = {}
        self.kept: dict[str, exp.Expr] = {}
        self.sources: list[exp.Expr] = []
        self.joins: list[exp.Join] = []
        self.where: list[exp.Expr] = []
        self.layered = False
        self.determined: set[str] = set()
        self.day: exp.Expr | None = None
        self.certainties: list[exp.Expr] = []
        self.weakest = self.lowest = 1.0
        self._aliases = 0
        if given is not None:
            self._take(given)
        chosen = chosen or {}
        matches = [pattern for condition in conditions if (pattern := condition.match) is not None]
        extents = [chosen.get(index) or self._extent(pattern.relation) for index, pattern in enumerate(matches)]
        for index in range(len(matches)) if self.dialect.orders else _order(matches, extents, chosen, self.values):
            each(index, self._match(f"m{index}", matches[index], extents[index], index in chosen))

    def complete(self) -> None:
        """Add all other conditions: what the matches bind is compared at once, the rest is done in order."""
        pending = []
        for index in self.order:
            condition = self.conditions[index]
            if condition.compares and self.values.keys() >= {*condition.needs}:
                self._condition(index, condition)
            elif condition.match is None:
                pending.append(index)
        for index in pending:
            self._condition(index, self.conditions[index])

    def query(self, columns: Sequence[exp.Expr], *, distinct: bool = False) -> exp.Select:
        """The bindings, with columns over their values. It is made of what is there: copy it before adding more."""
        joins = [exp.Join(this=source, kind="CROSS") for source in self.sources[1:]]
        source = self.sources[0] if self.sources else None
        return select(columns, source, [*joins, *self.joins], self.where, distinct=distinct)

    def keys(self, names: Sequence[str]) -> Given:
        """The distinct values of some variables, with the as-of date where they differ by it."""
        shown = [called(self.values[name].copy(), key_column(place)) for place, name in enumerate(names)]
        shown += [] if self.day is None else [called(self.day.copy(), DAY)]
        query = self.query(shown or [called(exp.Literal.number(0), "x")], distinct=True)
        kinds = {name: self.kinds[name] for name in names}
        return Given(query, tuple(names), kinds, self.day is not None)

    # --- as a scope of expressions -----------------------------------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """See `Scope`."""
        return self.context.dialect

    def literal(self, value: Value) -> exp.Expr:
        """See `Scope`."""
        return self.context.literal(value)

    def text_of(self, stored: exp.Expr) -> exp.Expr:
        """See `Scope`."""
        table = self.context.computation.dictionary()
        return stored if table is None else self._looked_up(table, "code", stored, "text")

    def cased(self, function: str, text: exp.Expr) -> exp.Expr:
        """See `Scope`. ASCII the database changes as Python does; other texts Python maps."""
        found = self.dialect.cased(function, text)
        if found is not None:
            return found
        plain = exp.func("strlen", text.copy()).eq(exp.Length(this=text.copy()))
        others = subquery(self.query([called(text.copy(), "text")]).copy(), "t")
        query = select([column("text", "t")], others, distinct=True)
        table = self.context.computation.cased(function, query)
        mapped = self._looked_up(table, "text", text, "x", side="LEFT")
        change = exp.Lower if function == "lower" else exp.Upper
        return exp.Case(ifs=[exp.If(this=plain, true=change(this=text.copy()))], default=mapped)

    def as_of(self) -> exp.Expr:
        """See `Scope`."""
        if self.context.days is None:
            return day(self.context.as_of)
        alias = self._alias("on")
        same = self._on_same_day(alias)
        self.joins.append(exp.Join(this=named(self.context.days, alias), on=same))
        return column(AS_OF, alias)

    def _looked_up(self, table: exp.Table, key: str, value_: exp.Expr, shown: str, side: str = "") -> exp.Expr:
        alias = self._alias("t")
        on = column(key, alias).eq(value_)
        self.joins.append(exp.Join(this=named(table, alias), side=side, on=on))
        return column(shown, alias)

    def _alias(self, prefix: str) -> str:
        self._aliases += 1
        return f"{prefix}{self._aliases}"

    # --- layers ------------------------------------------------------------------------------------------------------

    def layer(self, *, always: bool = False) -> None:
        """Read all that is bound so far from a query of its own."""
        if self.layered and not self.joins and not self.where and not always:
            return
        names = {name: f"x{place}" for place, name in enumerate(self.values)}
        columns = [called(self.values[name], alias) for name, alias in names.items()]
        columns += [called(kept, name) for name, kept in self.kept.items()]
        columns += [] if self.day is None else [called(self.day, DAY)]
        query = self.query(columns or [called(exp.Literal.number(0), "x")])
        self.sources, self.joins, self.where, self.layered = [subquery(query, "b")], [], [], True
        self.values = {name: column(alias, "b") for name, alias in names.items()}
        self.kept = {name: column(name, "b") for name in self.kept}
        self.day = None if self.day is None else column(DAY, "b")

    def _on_same_day(self, alias: str) -> exp.Expr:
        """The condition that a row holds on the date of the binding; bindings without one get all dates."""
        if self.day is None:
            assert self.context.days is not None
            self.sources.append(named(self.context.days, "days"))
            self.day, self.layered = column(DAY, "days"), False
        return column(DAY, alias).eq(self.day)

    # --- matches -----------------------------------------------------------------------------------------------------

    def _take(self, given: Given) -> None:
        self.sources.append(subquery(given.query.copy(), "g"))
        self.values = {name: column(key_column(place), "g") for place, name in enumerate(given.names)}
        self.kinds.update(given.kinds)
        self.day = column(DAY, "g") if given.dated else None

    def _extent(self, relation: RelationKey) -> Extent:
        return self.inside.get(relation) or self.context.extents[relation]

    def _match(self, alias: str, pattern: Pattern, extent: Extent, may_repeat: bool) -> exp.Expr:
        """Join a relation, and return the certainty of the fact."""
        if pattern.open and not may_repeat:
            extent = _view(pattern, extent)
        self.sources.append(extent.named(alias))
        self.where += extent.established(alias)
        self.where += self._agree(alias, pattern, extent)
        if extent.dated and self.day is None:
            self.day = column(DAY, alias)
        elif extent.dated:
            self.where.append(self._on_same_day(alias))
        certainty = extent.certainty_of(alias)
        if pattern.certainty:
            if pattern.certainty in self.values:
                self.where.append(certainty.eq(self.values[pattern.certainty]))
            else:
                self.values[pattern.certainty] = certainty.copy()
                self.kinds[pattern.certainty] = "number"
                if not pattern.open:
                    self.determined.add(pattern.certainty)
        if extent.certainty is None:
            self.certainties.append(certainty)
            self.lowest = min(self.lowest, max(extent.lowest, THRESHOLD))
        else:
            self.weakest = min(self.weakest, extent.certainty)
        return certainty

    def _agree(self, alias: str, pattern: Pattern, extent: Extent, *, bind: bool = True) -> list[exp.Expr]:
        """The conditions under which a fact agrees with a pattern; variables that are new are bound to its columns."""
        found: list[exp.Expr] = []
        for place, term in enumerate(pattern.terms):
            here = column(argument(place), alias)
            if isinstance(term, Constant):
                found.append(here.eq(self.literal(term.value)))
            elif isinstance(term, Variable):
                if term.name in self.values:
                    found.append(here.eq(self.values[term.name]))
                elif bind:
                    self.values[term.name] = here
                    self.kinds[term.name] = extent.kinds[place]
        return found

    # --- other conditions --------------------------------------------------------------------------------------------

    def _condition(self, index: int, condition: ProgramCondition) -> None:
        if isinstance(condition, Test | Listing):
            self._test(condition)
        elif isinstance(condition, Assignment):
            self._assignment(condition)
        elif isinstance(condition, Absence):
            self._absence(f"n{index}", condition.pattern)
        elif isinstance(condition, Exclusion):
            self._exclusion(index, condition)
        elif isinstance(condition, Aggregate):
            self._aggregate(index, condition)

    def _test(self, test: Test | Listing) -> None:
        if test.needs or "as_of()" in str(test):
            self.where += comparison(test, self) if isinstance(test, Test) else listed(test, self)
        elif not holds(test, self.context.as_of)[1]():
            self.where.append(exp.false())

    def _assignment(self, assignment: Assignment) -> None:
        found, required = value(assignment.expression, self)
        self.where += required
        kind = kind_of(assignment.expression, self.kinds)
        if isinstance(assignment.expression, Call):
            self.where.append(~found.is_(exp.null()))
            if kind == "text":
                found = self._code(found)
        self._bind(assignment.variable, found, kind)
        self.layer()

    def _code(self, text: exp.Expr) -> exp.Expr:
        """What stands for a computed text."""
        table = self.context.computation.dictionary()
        if table is None:
            return text
        texts = subquery(self.query([called(text.copy(), "text")]).copy(), "t")
        coded = self.context.computation.coded(select([column("text", "t")], texts, distinct=True))
        assert coded is not None
        return self._looked_up(coded, "text", text, "code")

    def _bind(self, variable: str, found: exp.Expr, kind: Kind) -> None:
        if variable in self.values:
            self.where.append(found.eq(self.values[variable]))
        else:
            self.values[variable], self.kinds[variable] = found, kind

    def _absence(self, alias: str, pattern: Pattern) -> None:
        extent = self._extent(pattern.relation)
        if extent.dated:
            self._on_same_day(alias)
        self.layer()
        agree = [*extent.established(alias), *self._agree(alias, pattern, extent, bind=False)]
        agree += [self._on_same_day(alias)] if extent.dated else []
        self.joins.append(exp.Join(this=extent.named(alias), kind="ANTI", on=both(agree)))

    def _exclusion(self, index: int, exclusion: Exclusion) -> None:
        self.layer()
        inner = self._inner(index, exclusion.body, exclusion.shared)
        inner.complete()
        keys = inner.keys(exclusion.shared)
        self._join(f"e{index}", keys.query, exclusion.shared, keys.dated, kind="ANTI")

    def _aggregate(self, index: int, aggregate: Aggregate) -> None:
        touched = self.touch is not None and self.touch.aggregate == index
        if touched:
            self._restrict(index, aggregate)
        self.layer()
        inner = self._inner(index, aggregate.body, aggregate.shared, always=touched)
        inner.complete()
        query, kind = inner.folded(aggregate, self._rises(aggregate))
        dated = inner.day is not None
        function = AGGREGATES[aggregate.function]
        side = "" if function.over_nothing is None else "LEFT"
        alias = f"g{index}"
        self._join(alias, query, aggregate.shared, dated, side=side)
        result: exp.Expr = column("x", alias)
        if function.over_nothing is not None:
            result = exp.Coalesce(this=result, expressions=[number(function.over_nothing)])
        if function.adds:
            self.where.append(finite(result))
        elif function.over_nothing is None:
            self.where.append(~column("x", alias).is_(exp.null()))
        self._bind(aggregate.variable, result, kind)
        self.layer()

    def _rises(self, aggregate: Aggregate) -> bool:
        return any(pattern.relation in self.inside for pattern in aggregate.patterns)

    def _inner(self, index: int, body: Body, shared: Sequence[str], *, always: bool = False) -> "Conjunction":
        """The conditions inside of another one; over the bindings so far where they do not bind what they share.

        Args:
            always: start from the bindings so far in any case.
        """
        bound = {*body.matched}
        given = self.keys(shared) if always or not bound.issuperset(shared) else None
        moves = self.place is None or any(pattern.relation in self.inside for pattern in body.patterns)
        moves = moves or (given is not None and (bool(self.inside) or self.partial))
        place = None if moves else (*(self.place or ()), index)
        return Conjunction(self.context, body.conditions, body.order, place, given, self.inside)

    def _restrict(self, index: int, aggregate: Aggregate) -> None:
        """Keep only the bindings whose result new facts can have changed."""
        assert self.touch is not None
        self.layer()
        matches = [aggregate.body.conditions[place] for place in aggregate.body.places]
        found = Conjunction(
            self.context, matches, (), None, inside=self.inside, chosen={self.touch.place: self.touch.new}
        )
        names = [name for name in aggregate.shared if name in found.values]
        keys = found.keys(names)
        self._join(f"u{index}", keys.query, names, keys.dated, kind="SEMI")

    def _join(
        self, alias: str, query: exp.Query, shared: Sequence[str], dated: bool, kind: str = "", side: str = ""
    ) -> None:
        """Join what was found inside, by the variables that it shares."""
        if dated and self.day is None:
            self._on_same_day(alias)
            self.layer(always=True)
        agree = [self._on_same_day(alias)] if dated else []
        agree += [column(key_column(place), alias).eq(self.values[name]) for place, name in enumerate(shared)]
        self.joins.append(exp.Join(this=subquery(query, alias), kind=kind, side=side, on=both(agree)))

    def negative(self, index: int, aggregate: Aggregate) -> Given:
        """The values of the variables that an aggregate shares under which it meets a negative value."""
        self.complete()
        inner = self._inner(index, aggregate.body, aggregate.shared, always=True)
        inner.complete()
        over, required = value(aggregate.over, inner)
        inner.where += [*required, over < number(0.0)]
        return inner.keys(aggregate.shared)

    def folded(self, aggregate: Aggregate, rises: bool) -> tuple[exp.Query, Kind]:
        """The result of an aggregate over these bindings: ``k0`` ..., `DAY`, and ``x``; none where nothing matches.

        Args:
            rises: it looks at its own component; see `kzexpert.model.evaluation.fold`.
        """
        over, required = value(aggregate.over, self)
        kind = kind_of(aggregate.over, self.kinds)
        self.where += required
        if isinstance(aggregate.over, Call):
            self.where.append(~over.is_(exp.null()))
        if rises and aggregate.function == "sum":
            over = exp.Greatest(this=over, expressions=[number(0.0)], ignore_nulls=True)
        keys = [key_column(place) for place in range(len(aggregate.shared))]
        shown = [called(self.values[name].copy(), key) for name, key in zip(aggregate.shared, keys, strict=True)]
        if self.day is not None:
            keys.append(DAY)
            shown.append(called(self.day.copy(), DAY))
        function = AGGREGATES[aggregate.function]
        if function.adds:  # over the distinct bindings of its own variables
            own = [called(self.values[name].copy(), f"o{place}") for place, name in enumerate(aggregate.body.variables)]
            rows = self.query([*shown, *own, called(over, "x")], distinct=True)
            average = aggregate.function == "avg"
            return self.context.computation.total(self.place, rows, keys, average), "number"
        rows = self.query([*shown, called(over, "x")])
        fold = _FOLDS["count once" if aggregate.function == "count" and _once(aggregate) else aggregate.function]
        folds = called(fold(column("x", "d")), "x")
        grouped = select([*[column(key, "d") for key in keys], folds], subquery(rows, "d"))
        if keys:
            grouped = grouped.group_by(*[column(key, "d") for key in keys], copy=False)
        return grouped, kind if function.keeps_type else "number"


def _order(
    matches: Sequence[Pattern], extents: Sequence[Extent], chosen: Collection[int], given: Iterable[str]
) -> Iterator[int]:
    """In which order matches are best joined: the fewest facts first, and then those that share a variable with them.

    It is no more than a guess: of facts that have a given value there is taken to be a tenth.

    Args:
        chosen: of which new facts are read, which are taken to be few.
        given: variables that are bound before.
    """
    bound = {*given}
    left = dict.fromkeys(range(len(matches)))

    def cost(index: int) -> tuple[bool, float]:
        given_values = sum(isinstance(term, Constant) for term in matches[index].terms)
        rows = extents[index].rows
        facts = 0.0 if index in chosen else inf if rows is None else rows / 10**given_values
        return bool(bound) and bound.isdisjoint(matches[index].variables), facts

    while left:
        index = min(left, key=cost)
        del left[index]
        bound.update(matches[index].variables)
        yield index


def _once(aggregate: Aggregate) -> bool:
    """Whether each value that is counted comes from one fact only."""
    condition, *others = aggregate.body.conditions
    if others or condition.match is None or not isinstance(aggregate.over, Variable):
        return False
    return {*condition.match.variables} <= {*aggregate.shared, aggregate.over.name}


def _view(pattern: Pattern, extent: Extent) -> Extent:
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
            query.having(exp.Count(this=exp.Star()) > 0, copy=False)
    lowest = max(extent.lowest, THRESHOLD + 1e-12)  # it shows established facts only
    return Extent(query, extent.kinds, extent.certainty, lowest, dated=extent.dated)


#: Aggregate → its expression over the values of a group; sums are made exact elsewhere.
_FOLDS: Mapping[str, Callable[[exp.Expr], exp.Expr]] = {
    "count": lambda over: typed(exp.Count(this=exp.Distinct(expressions=[over])), "double"),
    "count once": lambda over: typed(exp.Count(this=over), "double"),
    "min": lambda over: exp.Min(this=over),
    "max": lambda over: exp.Max(this=over),
}
