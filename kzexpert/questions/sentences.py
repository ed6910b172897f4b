"""Statements in words: the `says` and `because` templates of a knowledge base, filled with values.

The one place that fills templates. It never fails: where there is no template, the atom or the rule's id stands in.
"""

import re
from collections.abc import Mapping

from kzexpert.model import (
    PLACEHOLDER,
    BaseFact,
    Citation,
    Entity,
    Fact,
    Firing,
    GroundAtom,
    KnowledgeBase,
    Placeholder,
    Value,
)

__all__ = ["because", "citations", "dates", "fill", "says"]


def fill(template: str, values: Mapping[str, Value], entities: Mapping[str, Entity] = {}) -> str:
    """The template with each placeholder replaced by its value; one whose name has no value stays as written."""

    def filled(match: re.Match[str]) -> str:
        wanted = Placeholder.read(match[1])
        return wanted.shown(values[wanted.name], entities) if wanted.name in values else match[0]

    return PLACEHOLDER.sub(filled, template)


def says(kb: KnowledgeBase, atom: GroundAtom) -> str:
    """The sentence for a statement; the atom itself where its predicate has no `says`."""
    predicate = kb.predicate.get(atom.predicate)
    if predicate is None or not predicate.says:
        return str(atom)
    values = {spec.name: value for spec, value in zip(predicate.args, atom.args, strict=True)}
    return fill(predicate.says, values, kb.inflected)


def because(kb: KnowledgeBase, firing: Firing) -> str:
    """The reason a firing gives; where its rule has no `because`, the title of the rule, or else its id."""
    rule = firing.rule.rule
    return fill(rule.because, firing.values, kb.inflected) if rule.because else rule.title or f"rule {rule.id}"


def citations(base: BaseFact) -> tuple[Citation, ...]:
    """Where a base fact comes from: each source once, that of the most certain row first."""
    found = {str(row.source): row.source for row in base.rows if row.source}
    return tuple(found.values())


def dates(fact: Fact) -> str:
    """When a recorded fact holds, as written: ``since 1994 until 2010-06``; empty where it has no dates."""
    given = (("since", fact.since), ("until", fact.until), ("on", fact.on))
    return " ".join(f"{word} {day}" for word, day in given if day)
