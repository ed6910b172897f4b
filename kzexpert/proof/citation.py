# ruff: noqa: PTH100, PTH117, PTH118, PTH119, PTH120
"""How proofs refer to what stands in files: facts by their text, rows and rules by digests, places without folders.

A digest is of all that a row or a rule says, with names and arguments resolved; its file, its place there and its
layout do not matter.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from os import path, sep

from msgspec import UNSET

from kzexpert.errors import Location
from kzexpert.model import (
    Atom,
    Fact,
    GroundAtom,
    KnowledgeBase,
    RelationKey,
    Rule,
    Source,
    format_number,
)
from kzexpert.program.resolve import Types, resolve_atom
from kzexpert.program.values import Values
from kzexpert.proof.document import CitedBase, CitedRule, CitedSource, Row, no_digest

__all__ = [
    "cited_bases",
    "cited_rule",
    "cited_source",
    "fact_text",
    "places_of",
    "row_of",
    "row_order",
]


def fact_text(relation: RelationKey, atom: GroundAtom, dates: Sequence[date] = ()) -> str:
    """How a trace refers to a fact of a relation: the atom, then the window and the dates that the relation has."""
    if isinstance(relation, str):
        return str(atom)
    window = f" {relation.within}" if relation.within else ""
    days = (f" {word} {day.isoformat()}" for word, day in zip(relation.dates, dates, strict=True))
    return f"{atom}{window}{''.join(days)}"


def places_of(kb: KnowledgeBase) -> Callable[[Location], str]:
    """How proofs write places: relative to the base, those of a used base behind its name.

    A file that belongs to no base is called without the folder in which all such lie, or all that are given with a full
    path. So the same knowledge base in another folder gives the same proof, which tells nobody where its author works.
    """
    homes = sorted(_homes(kb), key=lambda home: -len(home[0]))
    prefix = _common_folder([file for file in kb.texts if not any(_within(file, home) for home, _ in homes)])
    shown: dict[str, str] = {}

    def place(at: Location) -> str:
        if at.file not in shown:
            home = next(((folder, name) for folder, name in homes if _within(at.file, folder)), None)
            inside = at.file.removeprefix(prefix) if home is None else home[1] + path.abspath(at.file)[len(home[0]) :]
            shown[at.file] = inside.replace(sep, "/")
        return shown[at.file] + str(at)[len(at.file) :]

    return place


def _homes(kb: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """The folder of each base with a separator, and what is written in its place."""
    several = sum(not layer.used for layer in kb.layers) > 1
    for layer in kb.layers:
        folder = path.abspath(layer.folder)
        yield path.join(folder, ""), f"{layer.name or path.basename(folder)}/" if layer.used or several else ""


def _within(file: str, folder: str) -> bool:
    return path.abspath(file).startswith(folder)


def _common_folder(names: Sequence[str]) -> str:
    folders = [path.dirname(name) for name in names if path.isabs(name)] or [path.dirname(name) for name in names]
    try:
        root = path.commonpath(folders)
    except ValueError:  # there are none, or they lie on several drives
        root = ""
    return "" if root == path.dirname(root) else f"{root}{sep}"


def row_of(atom: GroundAtom, fact: Fact, place: Callable[[Location], str], digest: Callable[[object], str]) -> Row:
    """A row of a facts file with its digest.

    Args:
        atom: what the row states, with canonical names.
        place: from `places_of`.
        digest: `digest_of`, or what stands in its place.
    """
    since, until, on = (str(day or "") for day in (fact.since, fact.until, fact.on))
    source, at = (fact.source.source, fact.source.at) if fact.source else ("", "")
    certainty = format_number(fact.certainty)
    told = digest(["fact", str(atom), certainty, since, until, on, source, at, fact.note])
    written, where = round(fact.certainty, 9), place(fact.location)
    return Row(told, written, fact.weight, since, until, on, source, at, fact.note, where)


def row_order(row: Row) -> tuple[float, str, str, str, str, str, str]:
    """The key by which the rows of a fact are sorted; rows of one digest keep the order of their places."""
    return (-row.weight, row.source, row.at, row.since, row.until, row.on, row.note)


def cited_rule(
    kb: KnowledgeBase, rule: Rule, place: Callable[[Location], str], digest: Callable[[object], str]
) -> CitedRule:
    """A rule with its digest.

    Args:
        place: from `places_of`.
        digest: `digest_of`, or what stands in its place.
    """
    source, at = (rule.source.source, rule.source.at) if rule.source else ("", "")
    meaning = _Meaning(kb, rule)
    heads = tuple(meaning.atom(atom) for atom in rule.then)
    then = heads[0] if len(heads) == 1 else heads
    certainty = format_number(rule.certainty)
    resolved = [] if digest is no_digest else [condition.said(meaning) for condition in rule.when]
    told = digest(
        ["rule", rule.id, rule.title, rule.family, resolved, then, certainty, rule.each, rule.because, source, at],
    )
    when = tuple(condition.text for condition in rule.when)
    strength = round(rule.certainty, 9)
    former = next((item for item in reversed(kb.gone) if item.id == rule.replaces), None)
    instead = f"{former.id} of {_home(kb, former, place)}" if former else UNSET
    where = place(rule.location)
    return CitedRule(
        rule.id, told, rule.title, rule.family, when, then, strength, rule.each, source, at, where, instead
    )


def _home(kb: KnowledgeBase, rule: Rule, place: Callable[[Location], str]) -> str:
    """The base that a rule belongs to, else its place."""
    named = (layer.label for layer in kb.layers if layer.name and rule.location.file in layer.files)
    return next(named, place(rule.location))


class _Meaning:
    """The names in the conditions of a rule in canonical form."""

    def __init__(self, kb: KnowledgeBase, rule: Rule) -> None:
        self._kb = kb
        self.expressions = Values(kb, Types(kb, rule), rule, []).expressions

    def atom(self, atom: Atom, certainty: str | None = None) -> str:
        pattern, _ = resolve_atom(self._kb, atom, certainty)
        return str(pattern)


def cited_source(source: Source) -> CitedSource:
    """A source as a trace cites it."""
    texts = (source.id, source.title, source.authors, source.publisher, str(source.date or ""), source.reliability)
    return CitedSource(*texts, url=source.url, origin=source.origin, background=source.background)


def cited_bases(kb: KnowledgeBase) -> tuple[CitedBase, ...]:
    """The bases with a name, as a trace cites them."""
    from kzexpert.language.digest import base_digest

    named = (layer for layer in kb.layers if layer.name)
    return tuple(CitedBase(layer.name, layer.version, base_digest(kb, layer), layer.used) for layer in named)
