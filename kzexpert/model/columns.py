"""In which columns conclusions are written, and which of them: the same for every engine and every format.

All conclusions share one table: a column for every name of an argument of the predicates that are written. A file of a
database has a table for each predicate instead. No row is read here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from kzexpert.model.functions import shown
from kzexpert.model.knowledge import KnowledgeBase
from kzexpert.model.pattern import Pattern
from kzexpert.model.terms import Value

__all__ = [
    "ENDINGS",
    "FORMULA",
    "NUMBER",
    "OWN",
    "RUN_TABLE",
    "Column",
    "Form",
    "Kind",
    "Layout",
    "Row",
    "Selection",
    "layout_of",
    "table_columns",
    "table_names",
]

Kind: TypeAlias = Literal["text", "number", "date"]

#: What is written of a fact: as-of date, predicate, arguments, certainty, and whether a rule concluded it.
Row: TypeAlias = tuple[date, str, tuple[Value, ...], float, bool]

#: What conclusions can be written to: a file of that format, or of a database.
Form: TypeAlias = Literal["parquet", "csv", "jsonl", "duckdb"]
#: The endings of the names of such files.
ENDINGS: dict[Form, tuple[str, ...]] = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv",),
    "jsonl": (".jsonl", ".ndjson"),
    "duckdb": (".duckdb", ".db"),
}

#: The columns that every row has beside its arguments, and `derived` where recorded facts are written too.
OWN = ("as_of", "predicate", "certainty", "evidence", "established", "derived")
#: Regular expressions, for any engine: a text that a spreadsheet takes for a formula, unless it is a number.
FORMULA, NUMBER = r"(?s)[=+\-@\t\r].*", r"[+-]?[0-9.]+(?:e[+-]?[0-9]+)?"
#: The table of a database file that describes the run.
RUN_TABLE = "run"


class Selection(msgspec.Struct, frozen=True):
    """What is written.

    Attributes:
        patterns: instances of these; everything where there is none.
        weighed: also what was weighed and not established.
        recorded: also recorded facts that no rule concludes.
    """

    patterns: tuple[Pattern, ...] = ()
    weighed: bool = False
    recorded: bool = False

    def of(self, predicate: str) -> tuple[Pattern, ...]:
        """The patterns of one predicate."""
        return tuple(pattern for pattern in self.patterns if pattern.predicate == predicate)


class Column(msgspec.Struct, frozen=True):
    """A column of arguments.

    Attributes:
        kind: text where the predicates do not agree.
        mixed: whether they do not.
    """

    name: str
    kind: Kind
    mixed: bool = False


class Layout(msgspec.Struct, frozen=True):
    """The shared table.

    Attributes:
        predicates: those that are written, in the order of their rows.
        arguments: the columns of arguments.
        places: predicate → the column of each of its arguments.
        kinds: predicate → the kind of each of its arguments.
        derived: whether a column says which rows a rule concluded.
        guarded: whether an apostrophe stands before texts that a spreadsheet would take for formulas.
        folders: where rows are written to a folder: the columns that name the folders in it, and stand in no file.
    """

    predicates: tuple[str, ...]
    arguments: tuple[Column, ...]
    places: Mapping[str, tuple[int, ...]]
    kinds: Mapping[str, tuple[Kind, ...]]
    derived: bool
    guarded: bool = False
    folders: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """The columns that follow those of the arguments."""
        return OWN[2:] if self.derived else OWN[2:-1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of a file."""
        first = (name for name in OWN[:2] if name not in self.folders)
        return (*first, *(column.name for column in self.arguments), *self.own)

    def folder(self, as_of: date, predicate: str) -> str:
        """The folder of some rows."""
        named = dict(zip(OWN, (as_of.isoformat(), predicate), strict=False))
        return "/".join(f"{name}={named[name]}" for name in self.folders)

    def cells(self, predicate: str, args: Sequence[Value]) -> list[Value | None]:
        """Arguments in their columns, None in those of others. The rows of a predicate are in the order of these."""
        found: list[Value | None] = [None] * len(self.arguments)
        for place, value in zip(self.places[predicate], args, strict=True):
            found[place] = shown(value) if self.arguments[place].kind == "text" else value
        return found


def layout_of(kb: KnowledgeBase, predicates: Iterable[str], *, derived: bool) -> Layout:
    """The columns in which the conclusions of some predicates are written.

    They depend on the vocabulary alone, and not on the order of its files.
    """
    ordered = tuple(sorted(predicates))
    kinds = {name: tuple(_kind(spec.type) for spec in kb.predicate[name].args) for name in ordered}
    specs = [
        (spec.name, kind) for name in ordered for spec, kind in zip(kb.predicate[name].args, kinds[name], strict=True)
    ]
    names = list(dict.fromkeys(name for name, _ in specs))
    of_name = {name: {kind for other, kind in specs if other == name} for name in names}
    columns = tuple(
        Column(shown, min(of_name[name]) if len(of_name[name]) == 1 else "text", len(of_name[name]) > 1)
        for name, shown in zip(names, _apart(names, OWN), strict=True)
    )
    places = {name: tuple(names.index(spec.name) for spec in kb.predicate[name].args) for name in ordered}
    return Layout(ordered, columns, places, kinds, derived)


def table_columns(kb: KnowledgeBase, predicate: str) -> list[str]:
    """The columns of the arguments of one predicate, in a table of its own."""
    return _apart([spec.name for spec in kb.predicate[predicate].args], [name for name in OWN if name != "predicate"])


def table_names(predicates: Sequence[str]) -> dict[str, str]:
    """Predicate → its table in a file of a database."""
    return dict(zip(predicates, _apart(predicates, [RUN_TABLE]), strict=True))


def _kind(type_: str) -> Kind:
    return "number" if type_ == "number" else "date" if type_ == "date" else "text"


def _apart(names: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Names, with underscores behind them that keep them apart also where capitals and small letters are the same."""
    used = {name.casefold() for name in taken}
    found = []
    for name in names:
        while name.casefold() in used:
            name += "_"
        used.add(name.casefold())
        found.append(name)
    return found
