"""Which recorded facts hold on a day: those of files, which the snapshot has chosen, and those of tables."""

from collections.abc import Callable, Collection, ItemsView, Iterator, Mapping, Sequence, ValuesView
from datetime import date
from typing import Any

import msgspec
from sqlglot import exp

from kzexpert.engines.sql.plan.extents import CERTAINTY, argument, kinds_of, predicate_of
from kzexpert.engines.sql.plan.texts import Texts
from kzexpert.engines.sql.plan.words import both, column, day, either, named, select
from kzexpert.engines.sql.store.base import FILE, ROW, Store
from kzexpert.engines.sql.store.codec import Args, Codec, stored_literal
from kzexpert.engines.sql.tables.rows import DATES, Staged
from kzexpert.errors import Location
from kzexpert.language import parse_atom, parse_partial_date
from kzexpert.language.files import shown_name
from kzexpert.model import (
    ANY,
    NOWHERE,
    BaseFact,
    Citation,
    Constant,
    Fact,
    GroundAtom,
    Pattern,
    Program,
    Relation,
    RelationKey,
    Shape,
    Table,
)
from kzexpert.program.resolve import resolve_atom, resolve_fact
from kzexpert.program.snapshot import base_fact, on_record, relations_of, window_start

__all__ = ["RowFilter", "TableFacts", "fact_of", "in_order", "starts_of"]


class RowFilter(msgspec.Struct, frozen=True):
    """What decides whether a row of a table counts.

    Attributes:
        as_of: the date on which it must be in force.
        start: of a window: the event must lie after it. None where anything up to the date counts; null as well.
    """

    as_of: exp.Expr
    start: exp.Expr | None = None


def starts_of(program: Program) -> dict[Relation, date | None]:
    """Relation of a window of events → the day before the window opens."""
    found = ((relation, relation.within) for relation in relations_of(program.kb))
    return {relation: window_start(program.as_of, within) for relation, within in found if within}


class TableFacts(Mapping[RelationKey, Mapping[Args, BaseFact]]):
    """The facts in force on one as-of date, as `Program.base` has them; those of tables stay in the database.

    Args:
        staged: the tables that were read; may grow meanwhile.

    Attributes:
        facts_of: relation → its recorded facts, and no conclusions; reads tables that nothing has read yet.
    """

    facts_of: Callable[[RelationKey], Mapping[Args, float]]

    def __init__(self, database: Store, texts: Texts, program: Program, staged: Sequence[Staged]) -> None:
        self._database = database
        self._texts = texts
        self._program = program
        self._staged = staged
        self._relations: dict[RelationKey, _FromTables] = {}
        self._in_tables = {table.predicate: None for table in program.kb.tables}
        withdrawn = (resolve_atom(program.kb, parse_atom(text, NOWHERE))[0] for text in program.withdrawn)
        self._withdrawn = [pattern for pattern in withdrawn if pattern is not None]

    def tables_of(self, relation: RelationKey) -> list[Staged]:
        """The tables with facts of a relation."""
        predicate = predicate_of(relation)
        return [staged for staged in self._staged if staged.table.predicate == predicate]

    # --- as a mapping ------------------------------------------------------------------------------------------------

    def __getitem__(self, relation: RelationKey) -> Mapping[Args, BaseFact]:
        if predicate_of(relation) not in self._in_tables:
            return self._program.base[relation]
        return self._from_tables(relation)

    def __iter__(self) -> Iterator[RelationKey]:
        return iter(dict.fromkeys([*self._program.base, *self._in_tables]))

    def __len__(self) -> int:
        return len({*self._program.base, *self._in_tables})

    def _from_tables(self, relation: RelationKey) -> "_FromTables":
        found = self._relations.get(relation)
        if found is None:
            found = self._relations[relation] = _FromTables(self, relation, self.facts_of(relation), self._program)
        return found

    # --- rows of tables ----------------------------------------------------------------------------------------------

    def choice(self, relation: RelationKey) -> RowFilter:
        """What decides whether a row counts for a relation, which may be a window."""
        start = starts_of(self._program).get(relation) if isinstance(relation, Relation) else None
        return RowFilter(day(self._program.as_of), None if start is None else day(start))

    def in_force(self, staged: Staged, choice: RowFilter, source: str) -> list[exp.Expr]:
        """The conditions under which a row counts."""
        found = rows_in_force(staged.table, choice.as_of, source)
        if choice.start is not None and staged.table.says("on"):
            found.append(choice.start.is_(exp.null()) | (column(DATES["on"][0], source) > choice.start))
        codec = Codec(self._texts, kinds_of(self._program.kb, staged.table.predicate))
        for pattern in self._withdrawn:
            if pattern.predicate == staged.table.predicate:
                found.append(~both(codec.agree(pattern, source)))
        if staged.table.without:
            found.append(~_cited(staged, source))
        shapes = (self._program.shapes or {}).get(staged.table.predicate, ())
        if shapes and not any(set(shape) == {None} for shape in shapes):
            patterns = [_as_pattern(staged.table.predicate, shape) for shape in shapes]
            found.append(either([both(codec.agree(pattern, source)) for pattern in patterns]))
        return found

    def rows(self, relation: RelationKey, args: Args) -> Iterator[Fact]:
        """The rows of tables that state a fact and count on the as-of date."""
        kinds = kinds_of(self._program.kb, predicate_of(relation))
        key = Codec(self._texts, kinds, len(args)).key(args, range(len(args)))
        for staged in self.tables_of(relation) if key is not None else ():
            names = sorted(staged.columns)
            same = [column(argument(place), "t").eq(stored_literal(value)) for place, value in enumerate(key or ())]
            shown = [column(name, "t") for name in names]
            where = [*same, *self.in_force(staged, self.choice(relation), "t")]
            query = select(shown, named(staged.stored, "t"), where=where)
            for row in self._database.rows(query.order_by(*in_order(names, "t"), copy=False)):
                yield fact_of(staged.table, self._argument_names(relation), args, dict(zip(names, row, strict=True)))

    def without_effect(self, predicates: Collection[str]) -> list[Pattern]:
        """The withdrawals of facts of some predicates, whose tables were read, that withdraw nothing."""
        found = []
        for pattern in self._withdrawn:
            if pattern.predicate in predicates:
                rows = (fact for fact in self._program.kb.facts if fact.predicate == pattern.predicate)
                stated = (resolve_fact(self._program.kb, fact, hints=False)[0] for fact in rows)
                in_files = any(atom is not None and pattern.matches(atom.args) for atom in stated)
                if not in_files and next(self.matching(pattern, 1), None) is None:
                    found.append(pattern)
        return found

    def first_day(self) -> date | None:
        """The first day on which a row of the tables begins or happens; None where no row says."""
        days: list[date] = []
        for staged in self._staged:
            for name in (DATES[key][0] for key in ("since", "on") if staged.table.says(key)):
                ((first,),) = self._database.rows(select([exp.Min(this=column(name))], staged.stored.copy()))
                days += [] if first is None else [first]
        return min(days, default=None)

    def last_day(self, predicate: str) -> date | None:
        """The last day on which a row of a predicate's tables holds or happens; None where one is open."""
        days: list[date] = []
        for staged in self.tables_of(predicate):
            name = next((DATES[key][0] for key in ("until", "on") if staged.table.says(key)), None)
            if name is None:
                return None
            rows = exp.Count(this=exp.Star()), exp.Count(this=column(name)), exp.Max(this=column(name))
            ((every, told, last),) = self._database.rows(select(rows, staged.stored.copy()))
            if told < every:
                return None
            days += [] if last is None else [last]
        return max(days, default=None)

    def matching(self, pattern: Pattern, most: int) -> Iterator[tuple[GroundAtom, Fact]]:
        """The rows of tables that match a pattern, whatever the day, in order.

        Args:
            most: of each table no more than so many.
        """
        kinds = kinds_of(self._program.kb, pattern.predicate)
        codec = Codec(self._texts, kinds, len(pattern.terms))
        columns = [argument(place) for place in range(len(kinds))]
        for staged in self.tables_of(pattern.predicate):
            names = [*columns, *sorted(staged.columns - {*columns})]
            shown = [column(name, "t") for name in names]
            query = select(shown, named(staged.stored, "t"), where=list(codec.agree(pattern, "t")))
            query.order_by(*in_order(names, "t"), copy=False).limit(most, copy=False)
            for row in self._database.rows(query):
                args = codec.decode(row)
                told = dict(zip(names, row, strict=True))
                yield (
                    GroundAtom(pattern.predicate, args),
                    fact_of(staged.table, self._argument_names(pattern.predicate), args, told),
                )

    def prefetch(self, wanted: Mapping[str, Sequence[Args]]) -> None:
        """Fetch the rows that state some facts of each predicate."""
        for predicate, facts in wanted.items():
            if predicate in self._in_tables:
                self._from_tables(predicate).fetch(facts)

    def rows_of_many(self, relation: RelationKey, wanted: Sequence[Args]) -> dict[Args, list[Fact]]:
        """As `rows`, for many facts at once."""
        kinds = kinds_of(self._program.kb, predicate_of(relation))
        codec = Codec(self._texts, kinds, len(wanted[0]))
        columns = {argument(place): kind for place, kind in enumerate(kinds)}
        heads = self._database.load(columns, map(codec.row, wanted))
        same = [column(name, "h").eq(column(name, "t")) for name in columns]
        found: dict[Args, list[Fact]] = {args: [] for args in wanted}
        for staged in self.tables_of(relation):
            names = [*columns, *sorted(staged.columns - columns.keys())]
            where = self.in_force(staged, self.choice(relation), "t")
            join = exp.Join(this=named(heads, "h"), on=both(same))
            query = select([column(name, "t") for name in names], named(staged.stored, "t"), [join], where)
            query.order_by(*in_order(names, "t"), copy=False)
            for row in self._database.rows(query):
                args = codec.decode(row)
                found[args].append(
                    fact_of(staged.table, self._argument_names(relation), args, dict(zip(names, row, strict=True)))
                )
        self._database.drop(heads)
        return found

    def _argument_names(self, relation: RelationKey) -> list[str]:
        return [spec.name for spec in self._program.kb.predicate[predicate_of(relation)].args]


class _FromTables(Mapping[Args, BaseFact]):
    """The facts of one relation of which some lie in tables, each with the rows that state it."""

    def __init__(
        self, recorded: TableFacts, relation: RelationKey, facts: Mapping[Args, float], program: Program
    ) -> None:
        self._recorded = recorded
        self._relation = relation
        self._facts = facts
        self._memory = program.base.get(predicate_of(relation), {})
        self._arity = len(program.kb.predicate[predicate_of(relation)].args)
        self._as_of = program.as_of
        self._fetched: dict[Args, list[Fact]] = {}

    def fetch(self, wanted: Sequence[Args]) -> None:
        """Fetch the rows of some facts at once."""
        stated = dict.fromkeys(row[: self._arity] for row in wanted)
        missing = [args for args in stated if args not in self._fetched]
        if missing:
            self._fetched.update(self._recorded.rows_of_many(self._relation, missing))

    def __getitem__(self, row: Args) -> BaseFact:
        args, dates = row[: self._arity], row[self._arity :]
        known = self._memory.get(args)
        if args not in self._fetched:
            self._fetched[args] = list(self._recorded.rows(self._relation, args))
        rows: Sequence[Fact] = [*(known.rows if known else ()), *self._fetched[args]]
        assumed = known is not None and known.assumed
        if isinstance(self._relation, Relation):
            stated = on_record(rows, self._relation, self._as_of).items()
            rows = next((found for days, found in stated if days == dates), ())
            assumed = assumed and {*self._relation.dates} <= {"on"} and {*dates} <= {self._as_of}
        atom = GroundAtom(predicate_of(self._relation), args)
        if assumed:
            return BaseFact(atom, 1.0, tuple(rows), assumed=True)
        if not rows:
            raise KeyError(row)
        return base_fact(atom, rows)

    def items(self) -> ItemsView[Args, BaseFact]:
        """All facts, whose rows are fetched at once."""
        self.fetch(list(self))
        return super().items()

    def values(self) -> ValuesView[BaseFact]:
        """See `items`."""
        self.fetch(list(self))
        return super().values()

    def __contains__(self, args: object) -> bool:
        return args in self._facts

    def __iter__(self) -> Iterator[Args]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


def in_order(names: Sequence[str], source: str | None = None) -> list[exp.Column]:
    """What rows of a table are ordered by: where they stand, and of those that come of one record what they say."""
    return [column(name, source) for name in dict.fromkeys([FILE, ROW, *names])]


def rows_in_force(table: Table, as_of: exp.Expr, source: str | None = None) -> list[exp.Expr]:
    """The conditions under which a row of a table holds on a day."""
    found: list[exp.Expr] = []
    for key in ("since", "until", "on"):
        if table.says(key):
            name = column(DATES[key][0], source)
            found.append(name.is_(exp.null()) | (name >= as_of if key == "until" else name <= as_of))
    return found


def _cited(staged: Staged, source: str) -> exp.Expr:
    """The condition that a row cites one of the sources that are left out."""
    own = staged.table.source
    cites: exp.Expr = exp.Literal.string(own.source if own else "")
    if "source" in staged.columns:
        cites = exp.Coalesce(this=column("source", source), expressions=[cites])
    return cites.isin(*map(exp.Literal.string, staged.table.without))


def _as_pattern(predicate: str, shape: Shape) -> Pattern:
    terms = tuple(ANY if value is None else Constant(value) for value in shape)
    return Pattern(predicate, predicate, terms)


def fact_of(table: Table, names: Sequence[str], args: Args, row: Mapping[str, Any]) -> Fact:
    """A row of a table as a fact of a file."""
    dates = {key: row.get(text) for key, (_, text) in DATES.items()}
    source = table.source
    if row.get("source"):
        source = Citation(row["source"], row.get("at") or "")
    elif row.get("at") and source is not None:
        source = Citation(source.source, row["at"])
    return Fact(
        predicate=table.predicate,
        arguments=dict(zip(names, args, strict=True)),
        since=parse_partial_date(dates["since"]) if dates["since"] else None,
        until=parse_partial_date(dates["until"]) if dates["until"] else None,
        on=parse_partial_date(dates["on"]) if dates["on"] else None,
        certainty=float(row.get(CERTAINTY) or table.certainty),
        source=source,
        note=row.get("note") or table.note,
        location=Location(shown_name(str(row[FILE])), row=int(row[ROW])),
        factor=table.factor(source.source if source else ""),
    )
