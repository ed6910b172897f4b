"""Texts of tables → codes, in the database: they follow the codes in memory. Python gets those that are read."""

from sqlglot import exp

from kzexpert.engines.sql.plan.texts import UNKNOWN, Codes
from kzexpert.engines.sql.plan.words import called, column, identifier, named, select, typed
from kzexpert.engines.sql.store.base import names_of, resolved
from kzexpert.engines.sql.store.database import Database
from kzexpert.model import KnowledgeBase

__all__ = ["Dictionary"]

#: So many texts are fetched at once.
_BLOCK = 4096


class Dictionary:
    """See `Names`. All texts of an inference are in a table of the columns ``text`` and ``code``.

    Args:
        texts: those in memory: of facts and rules. No other can be added to them from now on.

    Attributes:
        known: kind and file of a map, or "" → what texts stand for there, as `names` gives it, and the map.
    """

    def __init__(self, database: Database, texts: Codes, kb: KnowledgeBase) -> None:
        self._database = database
        self._memory = texts
        for entity in kb.entities:
            texts.add(entity.name)
        self._size = len(texts)
        self._stored = database.gather({"text": texts.known}, {"code": range(self._size)})
        self._codes: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self.known: dict[tuple[str, str], tuple[exp.Table, exp.Table | None]] = {}
        texts.further = self

    @property
    def table(self) -> exp.Table:
        """The table, as it is now."""
        return self._stored

    def extended(self, query: exp.Query) -> exp.Table:
        """See `kzexpert.engines.sql.store.base.Names.extended`. The table of all texts has them as well.

        In a table of its own a text is found faster.
        """
        told = exp.Subquery(this=query, alias=exp.TableAlias(this=identifier("n"), columns=[identifier("text")]))
        known = exp.Join(this=named(self._stored, "k"), side="LEFT", on=column("text", "k").eq(column("text", "n")))
        new = typed(exp.Window(this=exp.RowNumber()) + (self._size - 1), "int")
        code = exp.Coalesce(this=column("code", "k"), expressions=[new])
        found = self._database.store(select([column("text", "n"), called(code, "code")], told, [known]))
        # No text is sorted out only here: to look for it above would be to look at every row of a table.
        unknown = [column("code") >= self._size, ~column("text").is_(exp.null())]
        added = select([column("text"), column("code")], found.copy(), where=unknown)
        if self._database.count(exp.Insert(this=self._stored.copy(), expression=added)):
            last = select([exp.Max(this=column("code"))], found.copy())
            self._size = int(self._database.rows(last)[0][0]) + 1  # codes were skipped where texts were known
        self._codes = {text: code for text, code in self._codes.items() if code != UNKNOWN}
        return found

    def of_cells(self, cells: exp.Query, cell: exp.Column, text: exp.Expr) -> exp.Table:
        """See `kzexpert.engines.sql.store.base.Names.of_cells`. Nearly all cells are what they say, to the letter."""
        stored = self._database.store(cells)
        rows, other = named(stored, "w"), exp.NullSafeNEQ(this=text, expression=cell)
        if self._database.rows(select([exp.Count(this=exp.Star())], rows.copy(), where=[other.copy()]))[0][0]:
            found = self.extended(select([text.copy()], rows.copy(), distinct=True))
            same = exp.Join(this=named(found, "t"), on=column("text", "t").eq(text))
            codes = select([cell.copy(), column("code", "t")], rows, [same], where=[other])
            self._database.run(exp.Insert(this=found.copy(), expression=codes))
        else:
            found = self.extended(select([cell.copy()], rows))
        self._database.drop(stored)
        return found

    def names(self, kb: KnowledgeBase, kind: str, codes: exp.Table | None) -> exp.Table:
        """See `kzexpert.engines.sql.store.base.Names.names`."""
        known = names_of(kb, kind)
        numbers = {name: self._memory.code(name) for _, name in known}
        stored = self._database.gather(
            {"text": [text for text, _ in known]}, {"code": [numbers[name] for _, name in known]}
        )
        if codes is None:
            return stored
        return self._database.store(resolved(stored, codes))

    def add(self, text: str) -> int:
        """See `kzexpert.engines.sql.plan.texts.Further`."""
        code = self.code(text)
        if code == UNKNOWN:
            code = self._codes[text] = self._size
            self._texts[code] = text
            self._size += 1
            insert = exp.Insert(
                this=self._stored.copy(), expression=select([exp.Placeholder(), exp.Literal.number(code)])
            )
            self._database.rows(self._database.dialect.text(insert), [text])
        return code

    def code(self, text: str) -> int:
        """See `kzexpert.engines.sql.plan.texts.Further`."""
        if text not in self._codes:
            query = select([column("code")], self._stored.copy(), where=[column("text").eq(exp.Placeholder())])
            found = self._database.rows(self._database.dialect.text(query), [text])
            self._codes[text] = int(found[0][0]) if found else UNKNOWN
        return self._codes[text]

    def text(self, code: int) -> str:
        """See `kzexpert.engines.sql.plan.texts.Further`. Texts come in blocks, since near codes often come together."""
        if code not in self._texts:
            first = code - code % _BLOCK
            between = column("code").between(first, first + _BLOCK - 1)
            query = select([column("code"), column("text")], self._stored.copy(), where=[between])
            self._texts.update(self._database.rows(query))
        return self._texts[code]
