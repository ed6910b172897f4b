"""Statements in words: the `says` and `because` templates of a knowledge base, filled with values.

The one place that fills templates. It never fails: where there is no template, the atom or the rule's id stands in.
"""

import re
from collections.abc import Mapping

from kzexpert.model import FORMAT, BaseFact, Citation, Fact, Firing, GroundAtom, KnowledgeBase, Value, shown

__all__ = ["PLACEHOLDER", "because", "citations", "dates", "fill", "plain_value", "says"]

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def plain_value(value: Value) -> str:
    """The value as it stands in a sentence: no quotes, a whole number without a point."""
    return shown(value)


def fill(template: str, values: Mapping[str, Value]) -> str:
    """The template with each ``{name}`` replaced by its value; a name without a value stays as written.

    A number may have a format of `FORMAT`: ``{share:.1f}``, ``{people:,}``.
    """

    def filled(match: re.Match[str]) -> str:
        name, _, form = match[1].partition(":")
        if name not in values:
            return match[0]
        value = values[name]
        if isinstance(value, float) and form and FORMAT.fullmatch(form):
            return format(int(value) if value.is_integer() and "." not in form else value, form)
        return plain_value(value)

    return PLACEHOLDER.sub(filled, template)


def says(kb: KnowledgeBase, atom: GroundAtom) -> str:
    """The sentence for a statement; the atom itself where its predicate has no `says`."""
    predicate = kb.predicate.get(atom.predicate)
    if predicate is None or not predicate.says:
        return str(atom)
    return fill(predicate.says, {spec.name: value for spec, value in zip(predicate.args, atom.args, strict=True)})


def because(firing: Firing) -> str:
    """The reason a firing gives; where its rule has no `because`, the title of the rule, or else its id."""
    rule = firing.rule.rule
    return fill(rule.because, firing.values) if rule.because else rule.title or f"rule {rule.id}"


def citations(base: BaseFact) -> tuple[Citation, ...]:
    """Where a base fact comes from: each source once, that of the most certain row first."""
    found = {str(row.source): row.source for row in base.rows if row.source}
    return tuple(found.values())


def dates(fact: Fact) -> str:
    """When a recorded fact holds, as written: ``since 1994 until 2010-06``; empty where it has no dates."""
    given = (("since", fact.since), ("until", fact.until), ("on", fact.on))
    return " ".join(f"{word} {day}" for word, day in given if day)
