"""Two knowledge bases as their authors wrote them → what was added, what is gone, and what is stated otherwise.

It concludes nothing: what follows from edits is for `kzexpert.analysis.base_diff`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.causes import Place, rule_fields
from kzexpert.language.digest import data_digest
from kzexpert.model import GRADES, ArgumentSpec, Fact, KnowledgeBase, Rule, Table
from kzexpert.program.resolve import resolve_fact
from kzexpert.proof.changes import Move, merged, moves, replaced

__all__ = ["Edit", "Kind", "edits"]

Kind: TypeAlias = Literal["rule", "fact", "predicate", "entity", "source", "table", "kind", "grade"]

_NOT_SAID = frozenset({"location", "marks", "path", "digest"})
_ROW = ("since", "until", "on", "certainty", "source", "note")
#: Of so many rows that came and went it is looked for those of which one stands in the place of another.
_MOST_PAIRED = 10_000

_Item = TypeVar("_Item")


class Edit(msgspec.Struct, frozen=True):
    """One thing that the later of two bases states, and the earlier does not, or the other way round, or otherwise.

    Attributes:
        name: an id; of a fact its statement.
        what: the fields that are another, where it is changed.
        places: where it stands, before and after.
        was: the fact that stood in its place, where one number or date is another; else empty.
    """

    kind: Kind
    name: str
    turn: Literal["added", "gone", "changed"]
    what: tuple[Move, ...] = ()
    places: tuple[str, ...] = ()
    was: str = ""

    @property
    def shown(self) -> str:
        """The name, with what stood there before: ``share(A, B, 95 → 65)``."""
        return merged(self.was, self.name) if self.was else self.name


def edits(before: KnowledgeBase, after: KnowledgeBase, place: Place = str) -> tuple[Edit, ...]:
    """What is another in the later of two knowledge bases; by kind and name."""
    named: tuple[tuple[Kind, Callable[[KnowledgeBase], Mapping[str, Any]]], ...] = (
        ("rule", lambda kb: {rule.id: rule for rule in kb.rules}),
        ("predicate", lambda kb: kb.predicate),
        ("entity", lambda kb: {entity.name: entity for entity in kb.entities}),
        ("source", lambda kb: kb.source),
        ("table", _tables),
        ("kind", lambda kb: dict.fromkeys(kb.kinds, "")),
        ("grade", lambda kb: {grade: kb.grades.get(grade, 1.0) for grade in GRADES}),
    )
    found = [edit for kind, items in named for edit in _named(kind, (before, after), items, place)]
    rows = sorted(_rows(before, after, place), key=lambda edit: edit.name)
    split = next((number for number, edit in enumerate(found) if edit.kind != "rule"), len(found))
    return (*found[:split], *rows, *found[split:])


# --- what has a name --------------------------------------------------------------------------------------------------


def _named(
    kind: Kind,
    sides: tuple[KnowledgeBase, KnowledgeBase],
    items: Callable[[KnowledgeBase], Mapping[str, Any]],
    place: Place,
) -> Iterator[Edit]:
    before, after = map(items, sides)
    for name in sorted({*before, *after}):
        known = [side[name] for side in (before, after) if name in side]
        places = tuple(dict.fromkeys(place(item.location) for item in known if hasattr(item, "location")))
        if len(known) == 1:
            yield Edit(kind, name, "added" if name in after else "gone", (), places)
        elif what := moves(*(_fields(kb, item) for kb, item in zip(sides, known, strict=True))):
            yield Edit(kind, name, "changed", what, places)


def _tables(kb: KnowledgeBase) -> dict[str, Table]:
    """The tables by file and predicate; those after the first of the same, in their order, with a number."""
    found: dict[str, Table] = {}
    count: Counter[str] = Counter()
    for table in kb.tables:
        name = f"{table.file} as {table.predicate}"
        count[name] += 1
        found[name if count[name] == 1 else f"{name} ({count[name]})"] = table
    return found


def _fields(kb: KnowledgeBase, item: Any) -> dict[str, Any]:
    """What something says, field by field; where it stands is none of it. A kind has a name alone, a grade a factor."""
    if not isinstance(item, msgspec.Struct):
        return {"factor": item}
    if isinstance(item, Rule):
        return rule_fields(kb, item)
    found = {name: _said(getattr(item, name)) for name in item.__struct_fields__ if name not in _NOT_SAID}
    return {**found, "rows": data_digest(item.files)} if isinstance(item, Table) else found


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(f"{name}: {_said(item)}" for name, item in sorted(value.items()))
    if isinstance(value, tuple):
        return tuple(map(_said, value))
    if isinstance(value, ArgumentSpec):
        return f"{value.name}: {value.type}"
    if isinstance(value, msgspec.Struct) and type(value).__str__ is object.__str__:
        told = {name: getattr(value, name) for name in value.__struct_fields__ if getattr(value, name)}
        return ", ".join(f"{name} {_listed(item)}" for name, item in told.items())
    return "" if value is None else value


def _listed(value: Any) -> str:
    return " ".join(map(_listed, value)) if isinstance(value, tuple) else str(value)


# --- rows of facts ----------------------------------------------------------------------------------------------------


def _rows(before: KnowledgeBase, after: KnowledgeBase, place: Place) -> Iterator[Edit]:
    """The rows that only one side has; two of one statement, or with another number or date, are one that changed."""
    gone, new = _left(before, after)
    for name in [*gone]:
        others = new.get(name, [])
        for row in [*gone[name]]:
            if others:
                other = max(others, key=lambda item: sum(getattr(item, key) == getattr(row, key) for key in _ROW))
                gone[name].remove(row)
                others.remove(other)
                yield _changed(row, other, place, name)
    single = [{name: rows[0] for name, rows in side.items() if len(rows) == 1} for side in (gone, new)]
    if len(single[0]) + len(single[1]) <= _MOST_PAIRED:
        for name, was in replaced(single[0], single[1]).items():
            yield replace(_changed(gone.pop(was)[0], new.pop(name)[0], place, name), was=was)
    for turn, side in (("gone", gone), ("added", new)):
        for name, rows in side.items():
            yield from (Edit("fact", name, turn, (), (place(row.location),)) for row in rows)  # type: ignore[arg-type]


def _changed(row: Fact, other: Fact, place: Place, name: str) -> Edit:
    stated = ({key: _said(getattr(item, key)) for key in _ROW} for item in (row, other))
    places = tuple(dict.fromkeys((place(row.location), place(other.location))))
    return Edit("fact", name, "changed", moves(*stated), places)


def _left(before: KnowledgeBase, after: KnowledgeBase) -> list[dict[str, list[Fact]]]:
    """Of each side, statement → its rows that the other side has not; a row that stands there once more is one."""
    rows = [list(before.facts), list(after.facts)]
    if _names(before) == _names(after):  # most rows need no look at the names in them
        rows = _surplus(rows, _raw)
    stated = [[(_statement(kb, row), row) for row in left] for kb, left in zip((before, after), rows, strict=True)]
    found: list[dict[str, list[Fact]]] = [{}, {}]
    for side, left in zip(found, _surplus(stated, lambda item: (item[0], _row(item[1]))), strict=True):
        for name, row in left:
            side.setdefault(name, []).append(row)
    return found


def _surplus(sides: Sequence[list[_Item]], key: Callable[[_Item], object]) -> list[list[_Item]]:
    """Of each side what the other has no equal of."""
    keys = [list(map(key, side)) for side in sides]
    found = []
    for items, own, other in zip(sides, keys, reversed(keys), strict=True):
        paired = Counter(own) & Counter(other)
        left: list[_Item] = []
        for item, name in zip(items, own, strict=True):
            if paired[name]:
                paired[name] -= 1
            else:
                left.append(item)
        found.append(left)
    return found


def _statement(kb: KnowledgeBase, fact: Fact) -> str:
    return str(resolve_fact(kb, fact, hints=False)[0])


def _names(kb: KnowledgeBase) -> object:
    declared = {predicate.name: tuple(map(_said, predicate.args)) for predicate in kb.predicates}
    return declared, {(entity.name, alias) for entity in kb.entities for alias in ("", *entity.aliases)}


def _raw(fact: Fact) -> object:
    return fact.predicate, tuple(sorted(fact.arguments.items())), _row(fact)


def _row(fact: Fact) -> object:
    return tuple(str(getattr(fact, key)) for key in _ROW)
