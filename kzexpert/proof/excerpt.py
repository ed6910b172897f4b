"""What a trace needs of its base to be checked and shown without it, beside its facts and sources.

Whether the base says so is not asked here, and nothing is read back: see `kzexpert.proof.carried_base`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from kzexpert.language import parse_atom
from kzexpert.model import (
    NOWHERE,
    Atom,
    Call,
    Condition,
    Constant,
    Entity,
    Expression,
    KnowledgeBase,
    Operation,
    Predicate,
    Rule,
    Value,
)
from kzexpert.proof.document import Excerpt, StatedEntity, StatedPredicate, StatedRule, Trace, atom_of

__all__ = ["excerpt_of", "values_of"]

_TYPES = ("text", "number", "date")


def excerpt_of(kb: KnowledgeBase, trace: Trace, circles: Iterable[Iterable[str]]) -> Excerpt:
    """What a trace needs of its base.

    Args:
        circles: groups of predicates that need each other, by all rules of the base.
    """
    cited = {rule.id: rule.conclusions for rule in trace.rules}
    rules = sorted((rule for rule in kb.rules if rule.id in cited), key=lambda rule: rule.id)
    told = [item.conclusion for item in trace.conclusions] + [atom_of(item.fact) for item in trace.facts]
    stated = [parse_atom(text, NOWHERE) for text in told]
    resolved = (trace.pattern, *trace.assumed, *trace.withdrawn, *(text for then in cited.values() for text in then))
    atoms = [*stated, *(parse_atom(text, NOWHERE) for text in resolved)]
    atoms += (atom for rule in rules for condition in rule.when for atom, _ in condition.atoms)
    predicates = [kb.predicate[name] for name in sorted({atom.predicate for atom in atoms})]
    spelled: dict[str, set[str]] = {}
    for value in {*values_of(atoms), *(value for rule in rules for value in _compared(rule.when))}:
        if isinstance(value, str) and value in kb.entity:
            spelled.setdefault(kb.entity[value].name, set()).add(value)
    entities = [kb.entity[name] for name in sorted(spelled)]
    kinds = {spec.type for item in predicates for spec in item.args} - {*_TYPES} | {item.kind for item in entities}
    used, concluded = ({atom.predicate for atom in stated[:most]} for most in (None, len(trace.conclusions)))
    together = {tuple(sorted(used & {*circle})) for circle in circles if concluded & {*circle}}
    grades = {source.reliability for source in trace.sources}
    return Excerpt(
        kinds=tuple(sorted(kinds)),
        predicates=tuple(map(_predicate, predicates)),
        entities=tuple(_entity(item, spelled[item.name]) for item in entities),
        rules=tuple(_stated(rule, cited[rule.id]) for rule in rules),
        grades={grade: factor for grade, factor in sorted(kb.grades.items()) if grade in grades},
        circles=tuple(sorted(together)),
    )


def _predicate(item: Predicate) -> StatedPredicate:
    args = tuple({spec.name: spec.type} for spec in item.args)
    return StatedPredicate(item.name, args, item.holds or "", item.says, item.compares, item.symmetric)


def _entity(item: Entity, spelled: Collection[str]) -> StatedEntity:
    """An entity with those of its names by which the rules and facts call it."""
    aliases = tuple(sorted({*spelled} - {item.name}))
    return StatedEntity(item.name, item.kind, aliases, item.in_text, item.adjective, item.possessive, item.plural)


def _stated(rule: Rule, then: Sequence[str]) -> StatedRule:
    written = [condition.written for condition in rule.when]
    exceptions = [item["unless"] for item in written if "unless" in item and isinstance(item, dict)]
    given: dict[str, Any] = {
        "id": rule.id,
        "when": [item for item in written if not (isinstance(item, dict) and "unless" in item)],
        "then": then,
        "unless": exceptions,
        "title": rule.title,
        "family": rule.family,
        "certainty": rule.certainty,
        "because": rule.because,
        "each": rule.each,
    }
    if rule.source:
        given["source"] = {"id": rule.source.source, "at": rule.source.at}
    return msgspec.convert(given, StatedRule)


def values_of(atoms: Iterable[Atom]) -> Iterator[Value]:
    return (item.term.value for atom in atoms for item in atom.arguments if isinstance(item.term, Constant))


def _compared(conditions: Iterable[Condition]) -> Iterator[Value]:
    """The values in the conditions of a rule."""
    for condition in (part for item in conditions for part in item.flat):
        yield from values_of(atom for atom, _ in condition.own_atoms)
        yield from (value for expression in condition.expressions for value in _constants(expression))


def _constants(expression: Expression) -> Iterator[Value]:
    if isinstance(expression, Constant):
        yield expression.value
    parts: Sequence[Expression] = ()
    if isinstance(expression, Operation):
        parts = (expression.left, expression.right)
    elif isinstance(expression, Call):
        parts = expression.arguments
    for part in parts:
        yield from _constants(part)
