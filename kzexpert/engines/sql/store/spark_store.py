"""Spark as what plans are run on: tables are temporary views of a session of our own, whose plans are cut off.

What is stored lies with the driver if it is small, else with the executors or in the folder for checkpoints, and goes
when the session does. Nothing is told to Spark while Python collects its garbage: that may be amid a word to Spark.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from math import inf
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import SparkDialect
from kzexpert.engines.sql.plan.extents import DAY, Kind
from kzexpert.engines.sql.plan.recursion import Component
from kzexpert.engines.sql.plan.rounds import Rounds
from kzexpert.engines.sql.plan.texts import Plain
from kzexpert.engines.sql.plan.words import column, select, subquery, table
from kzexpert.engines.sql.store.base import Row
from kzexpert.engines.sql.store.spark_errors import failing, quiet, writing
from kzexpert.engines.sql.store.spark_jobs import SparkJobs
from kzexpert.engines.sql.store.spark_names import SparkNames
from kzexpert.engines.sql.store.spark_session import (
    PYTHON,
    TYPES,
    ArrayType,
    DataFrame,
    SparkSession,
    StructField,
    StructType,
    collected,
    connects,
    discard,
    folder_of,
    frame_of,
    local_copy,
    release,
    tasks,
    watched,
)
from kzexpert.engines.sql.store.spark_values import CHARACTERS, VALUES, escaped, is_small, listed
from kzexpert.model import KnowledgeBase

__all__ = ["SparkStore"]

#: What makes a job of a few thousand rows fast: one task, nothing sent to and fro, no Java compiled for it.
_FEW: Mapping[str, str] = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",  # to send a table round is a job as well
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.leafNodeDefaultParallelism": "1",
    # It moves joins below what says that there is one partition.
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.PushDownLeftSemiAntiJoin",
    "spark.sql.shuffle.partitions": "1",
}
#: Of a few million, how a query goes on is not worth a job for each step; and to compile a second, faster table for
#: each grouping takes longer than it saves.
_SOME: Mapping[str, str] = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
}
#: Of so many rows, or fewer, one core does best: each part costs a task at each step.
_PART = 500_000
#: Of so many rows an executor has all that a task joins in memory, and need not sort them.
_HASHED = 500_000
#: So many rows are few, and so many are some.
_LEVELS = 50_000, 5_000_000
_MANY = len(_LEVELS)
#: So many rows are taken at a time from those that stream to the driver: each time Spark is watched anew.
_STREAMED = 1_000
#: What so many rounds have found is read together before it is stored in one table.
_GATHERED = 8
#: Names of views: several stores may share a session.
_NUMBERS = itertools.count(1)


class _Size(NamedTuple):
    """How many rows a table has, and whether they stand in the plans that read it."""

    rows: int
    listed: bool


class SparkStore(SparkJobs):
    """See `kzexpert.engines.sql.store.base.Store`.

    Args:
        session: one of our own.
        checkpoint: a folder that all executors can reach, such as ``hdfs:///tmp/kzexpert``: what is stored goes there,
            so that the loss of an executor loses nothing. Without it what is stored lies with the executors.
        facts: how many are loaded at first, as far as that is known. While no table has more than a few rows, every one
            has one partition.
    """

    parallel = True

    def __init__(self, session: SparkSession, checkpoint: str | None = None, facts: float = inf) -> None:
        super().__init__(session)
        self.dialect = SparkDialect()
        self.texts = Plain()
        self._folder = folder_of(session, checkpoint)
        self._before = {name: session.conf.get(name, None) for name in {**_FEW, **_SOME}}
        self._cores = tasks(session)  # once: with Spark Connect it is a setting, which changes below
        self._level, self._parts, self._most, self._largest = _MANY, self._cores, 0.0, 0.0
        self.expects(facts)
        self._views: dict[str, DataFrame] = {}
        self._sizes: dict[str, _Size] = {}
        self._given: set[str] = set()
        self._names = SparkNames(self)

    # --- statements --------------------------------------------------------------------------------------------------

    def rows(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> list[Row]:
        """See `Store.rows`."""
        with self.guarded():
            return collected(self._frame(query, parameters))

    def stream(self, query: exp.Expr) -> Iterator[Row]:
        """See `Store.stream`. One partition after the other comes to the driver."""
        with self.guarded():
            rows = self._frame(query).toLocalIterator(prefetchPartitions=True)
        while True:
            with self.guarded():
                some = list(itertools.islice(rows, _STREAMED))
            if not some:
                return
            yield from map(tuple, some)

    def _frame(self, query: exp.Expr | str, parameters: Sequence[object] = ()) -> DataFrame:
        text = query if isinstance(query, str) else self.dialect.text(self._advised(query))
        for name, function in PYTHON.items():
            if name in text and name not in self._given:
                self.session.udf.register(name, function)
                self._given.add(name)
        if not parameters:
            return self.session.sql(text)
        # A date would be handed to Java without the zeros before a year of three digits; Spark compares texts as well.
        args = [value.isoformat() if isinstance(value, date) else value for value in parameters]
        return self.session.sql(text, args=args)

    def _advised(self, query: exp.Expr) -> exp.Expr:
        """A query with what Spark cannot know of it: that there is one partition, or how many rows tables have."""
        if self._one:
            return _in_one(query)
        if self._level < _MANY and not connects(self.session):
            sizes = list(self._sizes.items())  # other threads store tables
            _look_up(
                query,
                {name for name, size in sizes if not size.listed and size.rows <= _HASHED},
                {name for name, size in sizes if size.listed},
            )
        return query

    # --- tables ------------------------------------------------------------------------------------------------------

    def store(self, query: exp.Query) -> exp.Table:
        """See `Store.store`."""
        return self.fill(query, ())[0]

    def fill(self, query: exp.Query, measures: Sequence[exp.Expr]) -> tuple[exp.Table, Row]:
        """See `Store.fill`. The job that fills the table measures it.

        What is measured at the end of a job is right also where tasks of it ran twice.
        """
        with self.guarded():
            kept, size, found = self._filled(self._frame(query), list(map(self.dialect.text, measures)))
            return self.view(kept, size), tuple(found)

    def _filled(self, frame: DataFrame, told: Sequence[str]) -> tuple[DataFrame, _Size, Sequence[Any]]:
        """The rows of a frame without the plan that led to them, else plans would grow; their size, and the measures.

        A few rows come to the driver, where no executor can lose them, and no job is needed to read them.

        Args:
            told: what is to be measured.
        """
        shape = frame.schema
        assert isinstance(shape, StructType)
        texts = [f"coalesce(length(`{field.name}`), 0)" for field in shape if field.dataType == TYPES["text"]]
        told = ["count(1)", f"sum({' + '.join(texts) or 0})", *told]
        if self._one:
            most = VALUES // max(len(shape), 1)
            seen, measured = watched(frame, told)
            rows = seen.limit(most + 1).collect()
            if len(rows) <= most:
                kept = self._sent(shape, rows)
                return kept, _Size(len(rows), listed=True), measured(kept)[2:]
        seen, measured = watched(frame, told)
        kept = self._cut(seen)
        rows_, characters, *found = measured(kept)
        few = rows_ * len(shape) <= VALUES and (characters or 0) <= CHARACTERS
        if few:
            kept = self._sent(shape, kept.collect())
        else:
            self.expects(rows_)
        return kept, _Size(rows_, few), found

    @failing(reading=False)
    def expects(self, facts: float, largest: float | None = None) -> None:
        """See `Store.expects`. Of more rows than before, tables may be laid out in another way from now on."""
        self._most = max(self._most, facts)
        self._largest = max(self._largest, facts if largest is None else largest)
        level = sum(self._most > most for most in _LEVELS)
        parts = int(min(self._cores, self._largest / _PART + 1))
        if (level, parts) != (self._level, self._parts):
            self._level, self._parts = level, parts
            some = {**_SOME, "spark.sql.shuffle.partitions": str(parts)} if level < _MANY else {}
            self._set({**self._before, **(some if level else _FEW)})

    @property
    def _one(self) -> bool:
        """Whether every table has one partition."""
        return self._level == 0

    def load(self, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> exp.Table:
        """See `Store.load`. A few rows stand in the plan; more are sent to the executors."""
        with self.guarded():
            plain = _plain(columns, rows)
            size = _Size(len(plain), is_small(plain, len(columns)))
            return self.view(self._sent(_shape(columns), plain), size)

    def load_dated(self, columns: Mapping[str, Kind], rows: Sequence[Row]) -> exp.Table:
        """Rows as `load` takes them, but each with a list of days, as a table with a row for each of its days.

        So each is sent once, which is most of the work where facts hold for years.

        Args:
            columns: those before the days.
        """
        dated: dict[str, Kind] = {**columns, DAY: "whole"}
        facts = sum(len(days) for *_, days in rows)
        if facts * len(dated) <= VALUES:
            return self.load(dated, [(*row, day) for *row, days in rows for day in days])
        shape = _shape(columns).add(DAY, ArrayType(TYPES["whole"]))
        with self.guarded():
            frame = frame_of(self.session, _plain(dated, rows), shape)
            kept = self._kept(frame.selectExpr(*columns, f"explode({DAY}) AS {DAY}"))
            return self.view(kept, _Size(facts, listed=False))

    def _sent(self, shape: StructType, rows: Sequence[Row]) -> DataFrame:
        """Rows of the driver: in the plan itself if they are few, and else with the executors."""
        if not is_small(rows, len(shape)):
            return self._kept(frame_of(self.session, rows, shape))
        frame = self.session.sql(listed([(field.name, field.dataType.simpleString()) for field in shape], rows))
        return frame.coalesce(1) if self._one else frame

    def _kept(self, frame: DataFrame) -> DataFrame:
        """Rows of the driver, with the executors."""
        return self._cut(frame.coalesce(self._parts) if self._level < _MANY else frame)

    def gather(
        self, texts: Mapping[str, Sequence[str | None]], numbers: Mapping[str, Sequence[int]] | None = None
    ) -> exp.Table:
        """See `Store.gather`."""
        whole = numbers or {}
        kinds: dict[str, Kind] = {**dict.fromkeys(texts, "text"), **dict.fromkeys(whole, "whole")}
        return self.load(kinds, list(zip(*texts.values(), *whole.values(), strict=True)))

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """See `Store.kept`."""
        return self.store(select([exp.Star()], stored.copy(), where=[condition]))

    def distinct(self, stored: exp.Expr, columns: Sequence[str], rows: int) -> bool:
        """See `Store.distinct`. To look would be a job more."""
        return False

    @failing(reading=False)
    def columns(self, stored: exp.Table) -> list[str]:
        """See `Store.columns`."""
        return list(self.session.table(stored.name).columns)

    @failing(reading=False)
    def drop(self, stored: exp.Table) -> None:
        """See `Store.drop`. Rows go once no other table is yet to be filled from them, and files with the store."""
        self._views.pop(stored.name, None)
        self._sizes.pop(stored.name, None)
        self.session.catalog.dropTempView(stored.name)

    def close(self) -> None:
        """See `Store.close`. The session of the user goes on."""
        self.forget()
        if self._folder is not None:
            discard(self.session, self._folder)
        if not connects(self.session):  # there they go with the session
            for name in self._views:
                with quiet():
                    self.session.catalog.dropTempView(name)
        self._views.clear()
        self._sizes.clear()
        release(self.session)

    def write(
        self,
        query: exp.Query,
        path: Path | str,
        form: str,
        options: Mapping[str, str],
        folders: Sequence[str],
        names: Sequence[str],
    ) -> Mapping[str, int]:
        """Let the executors write the rows of a query to a folder, which must not be there, and count them by name.

        Args:
            path: an address, or a folder that the executors reach as well.
            form: one of Spark's formats, with its options.
            folders: the columns that name the folders inside of it; `names` are values of the last one.

        Raises:
            OSError: it cannot be written, or not all of it has come to the folder.
        """
        target = path if isinstance(path, str) else f"file://{path}"
        each = [exp.CountIf(this=column(folders[-1]).eq(exp.Literal.string(name))) for name in names]
        with self.guarded():
            frame = self._frame(query)
            watched_, measured = watched(frame, [self.dialect.text(count) for count in each])
            try:
                with writing():
                    watched_.write.partitionBy(*folders).save(target, form, "error", **options)
                    found = dict(zip(names, map(int, measured(frame)), strict=True))
                    if target.startswith("file:"):
                        there = self.session.read.schema(frame.schema).load(escaped(target), form, **options)
                        _check_come(path, there.count(), sum(found.values()))
            except FileExistsError:
                raise
            except BaseException:
                discard(self.session, target)
                raise
        return found

    def source(self, frame: DataFrame) -> exp.Table:
        """The rows of a file as a table, which are read whenever it is."""
        return self.view(frame.coalesce(1) if self._one else frame)

    def view(self, frame: DataFrame, size: _Size | None = None) -> exp.Table:
        """The rows of a frame as a table, which are computed whenever it is read.

        Args:
            size: None where that is not known.
        """
        name = f"r{next(_NUMBERS)}"
        frame.createOrReplaceTempView(name)
        self._views[name] = frame
        if size is not None:
            self._sizes[name] = size
        return table(name)

    def _cut(self, frame: DataFrame) -> DataFrame:
        """The rows of a frame, stored."""
        if self._folder is None:
            return local_copy(frame)
        path = f"{self._folder}/{uuid4().hex}"
        frame.write.parquet(path)
        read = self.session.read.schema(frame.schema).parquet(escaped(path))
        return read.coalesce(1) if self._one else read

    def _set(self, settings: Mapping[str, str | None]) -> None:
        for name, value in settings.items():
            if value is None:
                self.session.conf.unset(name)
            else:
                self.session.conf.set(name, value)

    # --- recursion ---------------------------------------------------------------------------------------------------

    def in_rounds(self, component: Component, most: int, told: Callable[[int, int], None]) -> tuple[exp.Table, bool]:
        """See `Store.in_rounds`. A round is one job, or two; what all rounds have found is stored now and then only."""
        rounds = Rounds(component)
        counted = [exp.Count(this=exp.Star())]
        known = new = self.store(rounds.start())
        parts, spent = [known], [known]
        number_ = rows = 0
        while rows <= most:
            told(number_ + 1, rows)
            new, (found,) = self.fill(self.dialect.limited(rounds.better(new, known), most + 1), counted)
            spent.append(new)
            if not found:
                break
            rows += found
            number_ += 1
            parts.append(new)
            if len(parts) <= _GATHERED:
                with self.guarded():
                    known = self.view(self._frame(rounds.gathered(parts)))
            else:
                known = self.store(rounds.gathered(parts))
                parts = [known]
            spent.append(known)
            spent = self._dropped(spent, [*parts, new, known])
        if len(parts) > 1:
            known = self.store(rounds.gathered(parts))
        self._dropped(spent, [known])
        return known, rows <= most

    def _dropped(self, tables: Sequence[exp.Table], needed: Sequence[exp.Table]) -> list[exp.Table]:
        """Drop tables that are no longer needed; the others."""
        names = {stored.name for stored in needed}
        for stored in tables:
            if stored.name not in names:
                self.drop(stored)
        return [stored for stored in tables if stored.name in names]

    # --- texts -------------------------------------------------------------------------------------------------------

    def dictionary(self, kb: KnowledgeBase) -> SparkNames:
        """See `Store.dictionary`."""
        return self._names

    def in_order(self) -> AbstractContextManager[None]:
        """See `Store.in_order`. Rows are numbered wherever they are read."""
        return nullcontext()


def _check_come(path: Path | str, seen: int, written: int) -> None:
    """See that executors, or a server, have not written to disks of their own.

    Args:
        seen: so many rows Spark finds there. In a folder of this machine there must be something for us, too.

    Raises:
        OSError: they have.
    """
    if isinstance(path, Path) and not any(file.is_file() for file in path.rglob("*")):
        seen = 0
    if seen != written:
        raise OSError(None, f"{seen:,} of {written:,} rows have come to this folder, which not all executors reach")


def _shape(columns: Mapping[str, Kind]) -> StructType:
    return StructType([StructField(name, TYPES[kind]) for name, kind in columns.items()])


def _plain(columns: Mapping[str, Kind], rows: Iterable[Sequence[object]]) -> list[Row]:
    """Rows as Spark takes them; −0 becomes 0."""
    kinds = list(columns.values())
    return [*map(tuple, (map(_plain_value, row, kinds) for row in rows) if "number" in kinds else rows)]


def _plain_value(value: object, kind: Kind) -> object:
    return float(value) + 0.0 if kind == "number" and isinstance(value, int | float) else value


def _in_one(query: exp.Expr) -> exp.Expr:
    """The same query, each of whose unions has one partition, as the tables that it reads have."""
    whole = exp.Anonymous(this="COALESCE", expressions=[exp.Literal.number(1)])
    for union in list(query.find_all(exp.Union)):
        if not isinstance(union.parent, exp.Union):
            one = exp.Select(hint=exp.Hint(expressions=[whole.copy()])).select(exp.Star(), copy=False)
            if union is query:
                query = one
            else:
                union.replace(one)
            one.from_(subquery(union, "u"), copy=False)
    return query


def _look_up(query: exp.Expr, stored: Collection[str], listed: Collection[str]) -> None:
    """Have joins look rows up in some tables, which Spark, not knowing how many these have, would sort with the others.

    Args:
        stored: the names of these tables. What reads one of them and no other has no more rows.
        listed: those whose rows stand in plans. Spark sends what reads only these to each task, and moves nothing else.
    """
    for around in list(query.find_all(exp.Select)):
        advised = []
        first = around.args.get("from_")
        left = set() if first is None else _read(first)
        for join in around.args.get("joins") or ():
            right = _read(join.this)
            outer = join.side or join.kind in ("ANTI", "SEMI")
            if len(right) == 1 and right <= {*stored} and (outer or not left <= {*listed}):
                advised.append(exp.to_identifier(join.this.alias_or_name))
            left |= right
        if advised:
            around.set("hint", exp.Hint(expressions=[exp.Anonymous(this="SHUFFLE_HASH", expressions=advised)]))


def _read(part: exp.Expr) -> set[str]:
    """The names of the tables that a part of a query reads."""
    return {each.name for each in part.find_all(exp.Table)}
