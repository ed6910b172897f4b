"""A knowledge base → the words that rules, facts and questions may use, as one document."""

from collections.abc import Sequence

import msgspec

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Entity, KnowledgeBase, Predicate

__all__ = ["ArgumentEntry", "EntityEntry", "PredicateEntry", "Vocabulary", "vocabulary_of"]

_ALL = ("predicates", "kinds", "entities")


class ArgumentEntry(msgspec.Struct, frozen=True):
    """An argument; its type is a kind of entity, ``text``, ``number`` or ``date``."""

    name: str
    type: str


class PredicateEntry(msgspec.Struct, frozen=True):
    """A predicate.

    Attributes:
        holds: ``interval``, ``event``, or empty.
        derived: whether a rule concludes it.
    """

    name: str
    args: tuple[ArgumentEntry, ...]
    holds: str
    derived: bool
    says: str
    asks: tuple[str, ...]
    doc: str


class EntityEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A named thing; of its forms in sentences those that the base declares."""

    name: str
    kind: str
    aliases: tuple[str, ...]
    in_text: str = ""
    adjective: str = ""
    possessive: str = ""
    plural: bool = False


class Vocabulary(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.vocabulary/1"):
    """What was asked for; the rest is empty."""

    kinds: tuple[str, ...] = ()
    predicates: tuple[PredicateEntry, ...] = ()
    entities: tuple[EntityEntry, ...] = ()


def vocabulary_of(kb: KnowledgeBase, names: Sequence[str] = ()) -> Vocabulary:
    """The vocabulary, or the parts that are named.

    Args:
        names: predicates, kinds of entities, ``predicates``, ``kinds``, ``entities``; all predicates without any.

    Raises:
        UsageError: some of them are none of these.
    """
    chosen = set(names) or {"predicates"}
    known = {*_ALL, *kb.kinds, *kb.predicate}
    unknown = [
        Issue("KZ202", f"there is no predicate or kind {name}", Location("vocabulary"), did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    if unknown:
        raise UsageError(*unknown)
    return Vocabulary(
        kinds=kb.kinds if "kinds" in chosen else (),
        predicates=tuple(
            _predicate(item, item.name in kb.concluded)
            for item in kb.predicate.values()
            if not chosen.isdisjoint(("predicates", item.name))
        ),
        entities=tuple(_entity(item) for item in kb.entities if not chosen.isdisjoint(("entities", item.kind))),
    )


def _predicate(item: Predicate, derived: bool) -> PredicateEntry:
    args = tuple(ArgumentEntry(spec.name, spec.type) for spec in item.args)
    return PredicateEntry(item.name, args, item.holds or "", derived, item.says, item.asks, item.doc)


def _entity(item: Entity) -> EntityEntry:
    forms = item.in_text, item.adjective, item.possessive, item.plural
    return EntityEntry(item.name, item.kind, item.aliases, *forms)
