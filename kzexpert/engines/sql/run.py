"""A program → its inferences, stratum by stratum, on any store; each stratum becomes a query.

It keeps facts and certainties in the store and no firing at all; `stored` and `firings` fetch what is asked for.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from math import inf
from time import monotonic
from typing import Any, NoReturn

from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.base import BULK_BUDGET, Budget, collector_at_rest, over_budget
from kzexpert.engines.negatives import check_sum
from kzexpert.engines.reports import Listener, Standing
from kzexpert.engines.sql.matches import Matches
from kzexpert.engines.sql.plan.conclusions import conclusions, conflict, is_view
from kzexpert.engines.sql.plan.extents import CERTAINTY, DAY, Extent, arity_of, empty, kinds_of, measured, predicate_of
from kzexpert.engines.sql.plan.recursion import Component
from kzexpert.engines.sql.plan.rules import Planner, constants_of
from kzexpert.engines.sql.plan.words import column, select, together
from kzexpert.engines.sql.results.export import Exporter, FileWriter
from kzexpert.engines.sql.results.facts import DatabaseFacts, There
from kzexpert.engines.sql.results.firings import Firings
from kzexpert.engines.sql.results.stored import Certainties
from kzexpert.engines.sql.store.base import Row, TimeIsUp
from kzexpert.engines.sql.store.codec import Codec
from kzexpert.engines.sql.store.computation import StoredComputation
from kzexpert.engines.sql.store.relation import StoredRelation
from kzexpert.engines.sql.tables.local import LocalLoader
from kzexpert.engines.sql.tables.relations import Loader, needed
from kzexpert.errors import BudgetError
from kzexpert.model import GroundAtom, Inference, Program, ProgramRule, RelationKey, Stratum
from kzexpert.model.evaluation import rising
from kzexpert.program.products import product_hint

__all__ = ["Run", "used_up"]

#: What a component may cost that invents values, if nobody says otherwise: it may never end, row by row.
_INVENTED = Budget()

#: Relation → number of an as-of date → how many facts hold on it.
_Sizes = dict[RelationKey, dict[int, int]]


class Run:
    """The inferences of some programs that differ in their as-of dates only.

    Args:
        loader: puts the recorded facts where the run takes place.
        listen: hears how the run stands, partly from another thread.
        writer: writes conclusions to files.

    Attributes:
        planner: that of all dates.
        extents: relation → where its facts and conclusions lie.
        base: relation → where its recorded facts lie, as far as there are any.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        loader: Loader | LocalLoader,
        budget: Budget,
        listen: Listener,
        writer: FileWriter,
    ) -> None:
        self.programs = programs
        self.program = program = programs[0]
        self.database = database = loader.store
        self.budget = budget
        self.texts = database.texts
        self.extents: dict[RelationKey, Extent] = {}
        self.loader = loader
        self.computation = self._computation()
        self.planner = self._planner(self.extents, program, self.computation, self.loader.days)
        self.base: dict[RelationKey, Extent] = {}
        self.exporter = Exporter(
            database, writer, self.planner, programs, self.loader.days, self.extents, self.base, self.unread
        )
        self._filling: dict[str, tuple[Callable[[], tuple[exp.Table, Row]], Extent, Sequence[ProgramRule]]] = {}
        self.standing = Standing(phase="loading", components=len(program.strata))
        self.listen = listen
        self.concluded = 0
        self.matches = Matches(database, self.planner, budget, self._too_many)
        self._bounded = budget.facts < BULK_BUDGET.facts or budget.firings < BULK_BUDGET.firings
        self.uses = Counter(pattern.relation for rule in program.rules.values() for pattern in rule.patterns)

    def inferences(self, name: str) -> list[Inference]:
        """Load what the rules read, run all strata, and say where results lie. What fails leaves nothing behind."""
        try:
            with collector_at_rest():
                return self._inferences(name)
        except BaseException:
            self.loader.close()
            raise

    def _inferences(self, name: str) -> list[Inference]:
        rules: Sequence[ProgramRule] = ()
        conflicts: list[set[GroundAtom]] = [set() for _ in self.programs]
        try:
            with self.loader.within(self.budget.seconds, self._tell):
                self._tell()
                self._load()
                each = [extent.rows or 0 for name, extent in self.base.items() if name in self.program.kb.predicate]
                facts = sum(each)
                self.database.expects(facts, max(each, default=0))
                for number, stratum in enumerate(self.program.strata, 1):
                    rules = stratum.rules
                    self._stands(phase="inferring", component=number, predicates=stratum.predicates, facts=facts)
                    self._run(stratum)
                self._wait(list(self._filling))
                for number, atom in self._conflicts():
                    conflicts[number].add(atom)
        except TimeIsUp:
            self._stop(rules, f"{self.budget.seconds:g} seconds")
        sizes = cache(partial(self._sizes, dict(self.extents)))
        return [self._inference(name, number, sizes, found) for number, found in enumerate(conflicts)]

    # --- one as-of date ----------------------------------------------------------------------------------------------

    def _inference(self, name: str, number: int, sizes: Callable[[], _Sizes], conflicts: set[GroundAtom]) -> Inference:
        """What follows on one of the dates."""
        program, recorded = self.programs[number], self.loader.recorded[number]
        recorded.facts_of = partial(self._recorded_on, number)
        if program.kb.tables:
            program = replace(program, base=recorded)
        there = cache(partial(self._there, number, program, sizes))
        self._check_sums(program, there)
        facts = DatabaseFacts(there, recorded, self.exporter, self.loader.close)
        return Inference(program, name, facts, frozenset(conflicts))

    def _there(self, number: int, program: Program, sizes: Callable[[], _Sizes]) -> There:
        """What lies in the database of one of the dates."""

        def on_demand(relation: RelationKey) -> Extent | None:
            """The facts of tables that no rule reads."""
            if all(table.predicate != predicate_of(relation) for table in program.kb.tables):
                return None
            extent = self.unread(relation)
            return _on(number, extent, self._sizes({relation: extent}).get(relation))

        planner, extents = self.planner, self.extents
        if self.loader.days is not None:
            known = sizes()
            extents = {name: _on(number, extent, known.get(name)) for name, extent in extents.items()}
            planner = self._planner(extents, program, self._computation())
        certainties = Certainties(self.database, self.texts, program, extents, on_demand)
        return There(planner, certainties, Firings(self.database, planner, program, certainties))

    def _check_sums(self, program: Program, there: Callable[[], There]) -> None:
        """See that no sum over its own component has met a negative value (KZ406)."""
        for stratum in program.strata:
            for rule in stratum.rules if stratum.recursive else ():
                for aggregate in rising(rule, stratum.predicates):
                    if aggregate.function == "sum" and self._may_fire(rule, stratum):
                        found = there().planner.negative(rule, aggregate)
                        codec = Codec(self.texts, [found.kinds[name] for name in found.names])
                        keys = [codec.decode(row) for row in self.database.rows(found.query)]
                        each = [dict(zip(found.names, key, strict=True)) for key in keys]
                        known = there().certainties.established
                        check_sum(program, rule, aggregate, each, known, stratum.predicates)

    def _computation(self) -> StoredComputation:
        return StoredComputation(self.database, partial(self.database.dictionary, self.program.kb))

    def _planner(
        self,
        extents: Mapping[RelationKey, Extent],
        program: Program,
        computation: StoredComputation,
        days: exp.Table | None = None,
    ) -> Planner:
        dialect = self.database.dialect
        return Planner(extents, self.texts, dialect, computation, program.as_of, days, program.shapes)

    def _sizes(self, extents: Mapping[RelationKey, Extent]) -> _Sizes:
        """Relation → number of an as-of date → how many facts hold on it, where that differs and they are stored."""
        counted = [name for name, extent in extents.items() if extent.dated and isinstance(extent.source, exp.Table)]
        sizes: _Sizes = {name: {} for name in counted}
        shown = [column(DAY, "m"), exp.Count(this=exp.Star())]
        parts: list[exp.Query] = [
            select([exp.Literal.number(place), *shown], extents[name].named("m")).group_by(shown[0], copy=True)
            for place, name in enumerate(counted)
        ]
        for place, day, rows in self.database.rows(together(parts)) if parts else ():
            sizes[counted[place]][day] = rows
        return sizes

    def unread(self, relation: RelationKey) -> Extent:
        """The facts of a relation that no rule reads, loaded once."""
        if relation not in self.extents:
            self._read([relation])
        return self.extents[relation]

    def _recorded_on(self, number: int, relation: RelationKey) -> StoredRelation:
        """The recorded facts of a relation on one of the dates, without what rules conclude."""
        self.unread(relation)
        kb, extent = self.program.kb, self.base.get(relation)
        if extent is None:
            extent = empty(kinds_of(kb, relation), self.database.dialect.types)
        here = _on(number, extent, self._sizes({relation: extent}).get(relation))
        return StoredRelation(self.database, self.texts, here, arity_of(kb, relation))

    # --- how it stands -----------------------------------------------------------------------------------------------

    def _stands(self, **changed: Any) -> None:
        """Note how the run stands, and tell. The plans of what is done go, whose trees point in circles."""
        gc.collect(0)
        self.standing = replace(self.standing, **{"rows": self.concluded, "round": 0, **changed})
        self._tell()

    def _tell(self, done: float | None = None) -> None:
        self.listen(replace(self.standing, done=done) if done is not None else self.standing)

    # --- recorded facts ----------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Put the recorded facts of every relation that a rule reads or concludes into the database."""
        for rule in self.program.rules.values():
            for value in constants_of(rule):
                if isinstance(value, str):
                    self.texts.add(value)
        for shapes in (self.program.shapes or {}).values():
            for value in (value for shape in shapes for value in shape if isinstance(value, str)):
                self.texts.add(value)
        self._read(needed(self.program))

    def _read(self, relations: Sequence[RelationKey]) -> None:
        for relation, extent in self.loader.load(relations).items():
            self.extents[relation] = self._measured(extent)
            if self.extents[relation].rows != 0:
                self.base[relation] = self.extents[relation]

    def _measured(self, extent: Extent) -> Extent:
        """What is known of a table once it is filled."""
        if extent.rows is not None:
            return extent
        return self._told(extent, self.database.rows(select(_measures(extent), extent.named("m")))[0])

    def _told(self, extent: Extent, found: Row) -> Extent:
        """What is known of a table once its `_measures` are."""
        if extent.certainty is not None:
            return replace(extent, lowest=extent.certainty, rows=found[0])
        return measured(extent, self.database.dialect.types, *found)

    # --- conclusions -------------------------------------------------------------------------------------------------

    def _run(self, stratum: Stratum) -> None:
        self._wait([pattern.relation for rule in stratum.rules for pattern in rule.patterns])
        rules = [rule for rule in stratum.rules if self._may_fire(rule, stratum)]
        if not rules:
            return
        if stratum.recursive:
            self._recursive(Stratum(stratum.predicates, tuple(rules), recursive=True))
            return
        for predicate in stratum.predicates:
            base = self.base.get(predicate)
            extent = conclusions(self.planner, self.database.dialect, rules, base)
            view = is_view(rules, base) and self.uses[predicate] < 2 and not self._recursion_reads(predicate)
            self.matches.take(rules, view)
            if view:
                self.extents[predicate] = extent
            else:
                self._settle(predicate, extent, rules)

    def _may_fire(self, rule: ProgramRule, stratum: Stratum) -> bool:
        """Whether there are facts for each of a rule's positive conditions."""
        outside = (pattern.relation for pattern in rule.matches if pattern.relation not in stratum.predicates)
        return all(self.extents[relation].rows != 0 for relation in outside)

    def _recursion_reads(self, predicate: str) -> bool:
        """Whether a recursive stratum reads the relation, and so would compute it in each round."""
        return any(
            pattern.relation == predicate
            for stratum in self.program.strata
            if stratum.recursive
            for rule in stratum.rules
            for pattern in rule.patterns
        )

    def _settle(self, predicate: str, extent: Extent, rules: Sequence[ProgramRule]) -> None:
        """Have the conclusions of a predicate stored; `_wait` says when they are."""
        source = extent.source
        if isinstance(source, exp.Query):
            left = self.budget.facts - self.concluded + self._recorded(predicate)
            if self.matches.most(rules, self._bounded) > left:
                source = self.database.dialect.limited(source, left + 1)
            fill = self.database.later(partial(self.database.fill, source, _measures(extent)))
            self._filling[predicate] = fill, extent, rules
            if self._bounded or not self.database.parallel:  # a budget is held by what is stored
                self._wait([predicate])
        else:
            self._settled(predicate, self._measured(extent), rules)

    def _wait(self, relations: Sequence[RelationKey]) -> None:
        """Wait until the conclusions of some relations are stored, and those that were begun before."""
        begun = list(self._filling)
        last = max((place for place, relation in enumerate(begun) if relation in relations), default=-1)
        for relation in begun[: last + 1]:
            fill, extent, rules = self._filling.pop(relation)
            try:
                source, told = fill()
            except TimeIsUp:
                self._stop(rules, f"{self.budget.seconds:g} seconds")
            self._settled(relation, self._told(replace(extent, source=source), told), rules)

    def _settled(self, predicate: RelationKey, found: Extent, rules: Sequence[ProgramRule]) -> None:
        """Note where conclusions are stored.

        Raises:
            BudgetError: there are too many.
        """
        self.extents[predicate] = found
        self.concluded += (found.rows or 0) - self._recorded(predicate)
        if self.concluded > self.budget.facts:
            self._stop(rules, f"{self.budget.facts:,} conclusions")

    def _recorded(self, predicate: RelationKey) -> int:
        base = self.base.get(predicate)
        return (base.rows or 0) if base else 0

    def _recursive(self, stratum: Stratum) -> None:
        base = {name: self.base[name] for name in stratum.predicates if name in self.base}
        component = Component(self.planner, self.database.dialect, stratum, base)
        rule = component.invents()
        if rule is None and not component.anew and self.database.dialect.recursive and not self._may_exceed(component):
            shared = self.database.store(component.recursive())
        else:
            shared = self._in_rounds(component, rule)
            self.computation.forget()
        for predicate in stratum.predicates:
            self._settle(predicate, component.extent(predicate, shared), stratum.rules)
        self._wait(stratum.predicates)
        self.matches.take(stratum.rules)
        if len(stratum.predicates) > 1:
            self.database.drop(shared)

    def _may_exceed(self, component: Component) -> bool:
        """Whether a component may conclude more than a budget that somebody has set; rounds notice that early."""
        return self._bounded and component.most > self.budget.facts - self.concluded

    def _in_rounds(self, component: Component, invents: ProgramRule | None) -> exp.Table:
        """Run a component round by round.

        Args:
            invents: a rule for which there may always be a next one.

        Raises:
            BudgetError: there are too many conclusions, or it takes too long.
        """
        facts, seconds = self.budget.facts, inf
        if invents and facts == BULK_BUDGET.facts:
            facts = _INVENTED.facts
        if invents and self.budget.seconds == BULK_BUDGET.seconds:
            seconds = monotonic() + _INVENTED.seconds
        rules = [invents] if invents else component.stratum.rules

        def told(number: int, rows: int) -> None:
            if monotonic() > seconds:
                self._stop(rules, f"{_INVENTED.seconds:g} seconds")
            self._stands(round=number, rows=self.concluded + rows)

        shared, finished = self.database.in_rounds(component, facts - self.concluded, told)
        if not finished:
            self._stop(rules, f"{facts:,} conclusions")
        return shared

    def _conflicts(self) -> Iterator[tuple[int, GroundAtom]]:
        """The conclusions with evidence of +1 and of −1, each with the number of the as-of date."""
        for stratum in self.program.strata:
            for predicate in () if stratum.recursive else stratum.predicates:
                query = conflict(self.planner, stratum.rules, self.base.get(predicate))
                if query is not None:
                    kinds = self.extents[predicate].kinds
                    codec = Codec(self.texts, kinds, len(self.program.kb.predicate[predicate].args))
                    for row in self.database.rows(query):
                        atom = GroundAtom(predicate, codec.decode(row))
                        dated = len(row) > len(kinds)
                        yield from ((number, atom) for number in ([row[-1]] if dated else range(len(self.programs))))

    def _too_many(self, rule: ProgramRule) -> NoReturn:
        self._stop([rule], f"{self.budget.firings:,} firings")

    def _stop(self, rules: Sequence[ProgramRule], limit: str) -> NoReturn:
        raise used_up(self.program, rules, limit)


def used_up(program: Program, rules: Sequence[ProgramRule], limit: str) -> BudgetError:
    """The error that says which rules used up the budget; without any it was the loading of facts."""
    ordered = sorted(rules, key=lambda rule: not product_hint(rule))  # those that multiply what is unconnected
    what = f"rule {ordered[0].rule.id}" if ordered else "loading the facts"
    if len(rules) > 1:
        what += f", with {len(rules) - 1} more that conclude the same,"
    return over_budget(program, ordered, f"{what} used up the budget of {limit}")


def _measures(extent: Extent) -> list[exp.Expr]:
    """What is asked of a table: how many rows, and the least and the greatest certainty where they differ."""
    count: list[exp.Expr] = [exp.Count(this=exp.Star())]
    if extent.certainty is not None:
        return count
    return [*count, exp.Min(this=column(CERTAINTY)), exp.Max(this=column(CERTAINTY))]


def _on(number: int, extent: Extent, sizes: Mapping[int, int] | None) -> Extent:
    """The facts of one as-of date."""
    return extent.on(number, None if sizes is None else sizes.get(number, 0))
