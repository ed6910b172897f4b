"""DuckDB as what plans are run on: a `Database` that keeps texts as codes and runs rounds."""

from collections.abc import Callable, Sequence
from datetime import date

from sqlglot import exp

from kzexpert.engines.sql.plan.recursion import Component
from kzexpert.engines.sql.plan.rounds import Rounds
from kzexpert.engines.sql.plan.texts import Codes
from kzexpert.engines.sql.plan.words import called, column, select, subquery, table, typed
from kzexpert.engines.sql.store.codec import stored_literal
from kzexpert.engines.sql.store.database import Database
from kzexpert.engines.sql.store.dictionary import Dictionary
from kzexpert.model import KnowledgeBase

__all__ = ["DuckDBStore"]

#: Fewer rows are as soon compared. Of more, each may have so many bits, and all together so many.
_MANY = 20_000
_BITS, _MOST_BITS = 64, 2**28


class DuckDBStore(Database):
    """See `kzexpert.engines.sql.store.base.Store`; the arguments are those of `Database`.

    Attributes:
        texts: codes for the texts of one inference.
    """

    def __init__(
        self,
        memory: str | None = None,
        threads: int | None = None,
        path: str = ":memory:",
        network: bool = False,
    ) -> None:
        super().__init__(memory, threads, path, network)
        self.texts = Codes()
        self._dictionary: Dictionary | None = None

    def kept(self, stored: exp.Table, condition: exp.Expr) -> exp.Table:
        """See `Store.kept`. The other rows are deleted."""
        self.run(exp.Delete(this=stored.copy(), where=exp.Where(this=~condition)))
        return stored

    def distinct(self, stored: exp.Expr, columns: Sequence[str], rows: int) -> bool:
        """See `Store.distinct`. Each combination of values from the least to the greatest has a bit, if these are few.

        Numbers share a bit where they differ in their fractions only, and then nothing is shown. Where there are too
        many for bits, rows of the same values are numbered: fewer of them must be in memory than to count values. That
        is slow where most rows repeat others, so it is estimated first how many are different.
        """
        if rows < _MANY:
            return False
        extremes = [extreme(this=column(name)) for name in columns for extreme in (exp.Min, exp.Max)]
        hashed = exp.Anonymous(this="hash", expressions=[column(name) for name in columns])
        ((about, *found),) = self.rows(select([exp.ApproxDistinct(this=hashed), *extremes], stored.copy()))
        if about < rows / 2:
            return False
        place: exp.Expr = exp.Literal.number(0)
        places = 1
        for name, least, greatest in zip(columns, found[::2], found[1::2], strict=True):
            width = (greatest - least).days if isinstance(least, date) else greatest - least
            above: exp.Expr = column(name) - stored_literal(least)
            if isinstance(least, float):
                above = typed(exp.Floor(this=above), "bigint")
            steps = int(min(width, _MOST_BITS)) + 1
            place = exp.paren(place * steps, copy=False) + above if places > 1 else above
            places *= steps
        if places <= min(_BITS * rows, _MOST_BITS):
            range_ = [exp.Literal.number(0), exp.Literal.number(places - 1)]
            bits = exp.func("bit_count", exp.func("bitstring_agg", place, *range_))
            return bool(self.rows(select([bits], stored.copy()))[0][0] == rows)
        numbered = exp.Window(this=exp.RowNumber(), partition_by=[column(name) for name in columns])
        counted = subquery(select([called(numbered, "n")], stored.copy()), "n")
        return bool(self.rows(select([exp.Max(this=column("n"))], counted))[0][0] == 1)

    def in_rounds(self, component: Component, most: int, told: Callable[[int, int], None]) -> tuple[exp.Table, bool]:
        """See `Store.in_rounds`. Every round changes one table; their statements are written once."""
        queries = Rounds(component)
        known = self.store(queries.start())
        rounds: dict[str, list[str]] = {}
        self.store(select([exp.Star()], known.copy()), "new0")
        number = rows = 0
        while rows <= most:
            told(number + 1, rows)
            old, new = ("new0", "new1") if number % 2 == 0 else ("new1", "new0")
            derive, *further = rounds.get(old) or self._round(queries, known, old, new, most + 1)
            if not component.anew:
                rounds[old] = [derive, *further]
            found = int(self.rows(derive)[0][0])
            if not found:
                break
            for statement in further:
                self.rows(statement)
            rows += found
            number += 1
        for name in ("new0", "new1"):
            self.drop(table(name))
        return known, rows <= most

    def _round(self, queries: Rounds, known: exp.Table, old: str, new: str, most: int) -> list[str]:
        """The statements of one round, which reads one table of new conclusions and fills another, up to `most`."""
        better = queries.better(table(old), known).limit(most, copy=False)
        statements: list[exp.Expr] = [exp.Create(this=table(new), kind="TABLE", expression=better, replace=True)]
        outdone = queries.outdone(known.name, table(new))
        if outdone is not None:
            statements.append(exp.Delete(this=known.copy(), where=exp.Where(this=outdone)))
        statements.append(exp.Insert(this=known.copy(), expression=select([exp.Star()], table(new))))
        return [self.dialect.text(statement) for statement in statements]

    def dictionary(self, kb: KnowledgeBase) -> Dictionary:
        """See `Store.dictionary`."""
        if self._dictionary is None:
            self._dictionary = Dictionary(self, self.texts, kb)
        return self._dictionary
