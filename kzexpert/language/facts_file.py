"""Nodes → entities, sources and facts: the sections ``entities``, ``sources`` and ``facts`` of a file.

Rows are read once all vocabularies are known, since the declared type says whether 12 is a number or a text. A row
with a mistake is noted and left out. Whether names exist is not asked.
"""

from collections.abc import Mapping

import msgspec

from kzexpert.errors import Location
from kzexpert.language.documents import MappingNode, Node, ScalarNode
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader
from kzexpert.language.rules_file import ROW_KEYS, read_citation
from kzexpert.model import GRADES, Citation, Entity, Fact, PartialDate, Predicate, Source, Value

__all__ = [
    "ENTITY_KEYS",
    "SOURCE_KEYS",
    "PendingRows",
    "RowKeys",
    "read_entities",
    "read_row_keys",
    "read_rows",
    "read_sources",
]

SOURCE_KEYS = ("title", "authors", "publisher", "date", "reliability", "url", "origin", "background")
ENTITY_KEYS = ("kind", "aliases", "in_text", "adjective", "possessive", "plural")
_ENTITY_FORM = "such as Ruritania: {kind: state, aliases: [RU, Strelsau]}"
_SOURCE_FORM = "such as smith-2011: {title: ..., authors: ..., publisher: ..., date: 2011-04-07}"
_ROW_FORM = "a row is a mapping of arguments, such as {state: Ruritania, org: Zenda Pact, since: 1994}"


def read_entities(reader: Reader, node: Node) -> list[Entity]:
    """Reads ``entities:``, the names with their kinds, aliases and forms."""
    found = []
    for key, value in reader.entries(node, "a mapping of entities", _ENTITY_FORM):
        fields = reader.fields(value, f"entity {key.text}", ENTITY_KEYS, ("kind",), _ENTITY_FORM)
        if fields is None:
            continue
        kind = reader.filled(fields["kind"], "a kind of entity")
        aliases = reader.texts(fields["aliases"], "an alias") if "aliases" in fields else []
        if kind is None:
            continue
        marks = {name: reader.at(value) for name, value in fields.items()}
        marks.update({f"aliases.{index}": reader.at(item) for index, item in enumerate(aliases)})
        names = tuple(item.text for item in aliases)
        forms = {
            name: reader.filled(fields[name], "the words of a sentence") or ""
            for name in ("in_text", "adjective", "possessive")
            if name in fields
        }
        plural = "plural" in fields and reader.flag(fields["plural"], "true or false") is True
        found.append(Entity(key.text, kind, names, reader.at_key(key), marks, **forms, plural=plural))
    return found


def read_sources(reader: Reader, node: Node) -> list[Source]:
    """Reads ``sources:``, the publications by id."""
    found = []
    for key, value in reader.entries(node, "a mapping of sources", _SOURCE_FORM):
        before = reader.failures
        fields = reader.fields(value, f"source {key.text}", SOURCE_KEYS, (), _SOURCE_FORM)
        if fields is None:
            continue
        title, publisher, url = (
            reader.text(fields[name], f"a text for {name}") if name in fields else ""
            for name in ("title", "publisher", "url")
        )
        authors = (
            ", ".join(item.text for item in reader.texts(fields["authors"], "an author")) if "authors" in fields else ""
        )
        date = reader.date(fields["date"], "a date") if "date" in fields else None
        grade = "reliability"
        reliability = reader.choice(fields[grade], "a reliability from A to F", GRADES) if grade in fields else ""
        origin = reader.filled(fields["origin"], "what the source goes back to") if "origin" in fields else ""
        background = reader.flag(fields["background"], "true or false") if "background" in fields else False
        if reader.failures == before:
            found.append(
                Source(
                    key.text,
                    title or "",
                    authors,
                    publisher or "",
                    date,
                    reliability or "",
                    url or "",
                    reader.at_key(key),
                    origin or "",
                    bool(background),
                )
            )
    return found


# --- facts ----------------------------------------------------------------------------------------------------------


class RowKeys(msgspec.Struct, frozen=True):
    """What a row holds beside its arguments, or what stands beside ``facts:`` for all rows.

    Attributes:
        at: a place in a source that is named elsewhere.
        places: key → where its value stands.
    """

    since: PartialDate | None = None
    until: PartialDate | None = None
    on: PartialDate | None = None
    certainty: float | None = None
    source: Citation | None = None
    at: str = ""
    note: str | None = None
    places: Mapping[str, Location] = {}


class PendingRows(msgspec.Struct, frozen=True):
    """The rows of one predicate in one file, not read yet.

    Attributes:
        key: the predicate as it stands above them.
    """

    reader: Reader
    key: ScalarNode
    rows: Node
    defaults: RowKeys


def read_row_keys(reader: Reader, fields: Mapping[str, Node]) -> RowKeys:
    """Reads what stands beside the arguments of a row, or beside ``facts:``."""
    since, until, on = (
        reader.date(fields[name], "a date") if name in fields else None for name in ("since", "until", "on")
    )
    places = {name: reader.at(node) for name, node in fields.items()}
    if since is not None and until is not None:
        _check_interval(reader, since, until, places)
    at = fields.get("at")
    source = read_citation(reader, fields["source"], at) if "source" in fields else None
    return RowKeys(
        since,
        until,
        on,
        reader.certainty(fields["certainty"], negative=False) if "certainty" in fields else None,
        source,
        (reader.text(at, "a place in the source") or "") if at is not None and "source" not in fields else "",
        reader.text(fields["note"], "a note") if "note" in fields else None,
        places,
    )


def read_rows(pending: PendingRows, vocabulary: Mapping[str, Predicate]) -> list[Fact]:
    """Reads the rows of one predicate.

    Args:
        pending: the rows as nodes.
        vocabulary: predicate by name; one that is missing takes its values by their look, and the checks complain.
    """
    reader, name = pending.reader, pending.key.text
    predicate = vocabulary.get(name)
    types = None if predicate is None else {spec.name: spec.type for spec in predicate.args}
    facts = (
        _fact(reader, name, types, row, pending.defaults)
        for row in reader.items(pending.rows, f"a list of rows of {name}", _ROW_FORM) or ()
    )
    return [fact for fact in facts if fact is not None]


def _fact(reader: Reader, name: str, types: Mapping[str, str] | None, row: Node, defaults: RowKeys) -> Fact | None:
    if not isinstance(row, MappingNode):
        reader.wrong_shape(f"a row of {name}", row, _ROW_FORM)
        return None
    before = reader.failures
    arguments: dict[str, Value] = {}
    marks: dict[str, Location] = {}
    beside: dict[str, Node] = {}
    for key, (key_node, node) in row.entries.items():
        marks[key] = reader.at(node)
        if key in ROW_KEYS:
            beside[key] = node
        elif types is None or key in types:
            value = reader.value(node, key, None if types is None else types[key])
            if value is not None:
                arguments[key] = value
        else:
            hint = did_you_mean(key, (*types, *ROW_KEYS)) or f"{name} has {', '.join(types) or 'no arguments'}"
            reader.note("KZ203", f"{name} has no argument {key!r}", reader.at_key(key_node), hint)
    own = read_row_keys(reader, beside)
    since, until = own.since or defaults.since, own.until or defaults.until
    if since is not None and until is not None and (own.since is None) != (own.until is None):
        _check_interval(reader, since, until, {**defaults.places, **own.places})
    source = _source(reader, own, defaults)
    if reader.failures > before:
        return None
    certainty = own.certainty or defaults.certainty or 1.0
    note = (own.note if own.note is not None else defaults.note) or ""
    on = own.on or defaults.on
    return Fact(name, arguments, since, until, on, certainty, source, note, reader.at(row), marks)


def _source(reader: Reader, own: RowKeys, defaults: RowKeys) -> Citation | None:
    """Of a row: its own source, or the one beside ``facts:`` with its own place or the one there."""
    if own.source is not None or "source" in own.places:
        return own.source
    if not own.at:
        return defaults.source
    if defaults.source is not None:
        return Citation(defaults.source.source, own.at, own.places["at"])
    reader.note("KZ109", "at without a source", own.places["at"], "at is a place in a source: give source too")
    return None


def _check_interval(reader: Reader, since: PartialDate, until: PartialDate, places: Mapping[str, Location]) -> None:
    if until.last < since.first:
        message, hint = f"until {until} lies before since {since}", "exchange them, or correct one"
        reader.note("KZ113", message, places["until"], hint, related=((places["since"], "since is here"),))
