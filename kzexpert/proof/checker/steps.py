"""Why a firing that a trace states does not follow: the first of its conditions that the facts on disk do not meet."""

from collections.abc import Iterable

from kzexpert.language.grammar import parse_value
from kzexpert.model import (
    Absence,
    Aggregate,
    Exclusion,
    ProgramCondition,
    ProgramRule,
    Test,
    Value,
    format_value,
)
from kzexpert.proof.build import relation_fact
from kzexpert.proof.checker.derivation import Derivation
from kzexpert.proof.checker.expressions import Binding, value_of
from kzexpert.proof.checker.joins import aggregated, satisfied
from kzexpert.proof.document import TracedFiring

__all__ = ["why_not"]


def why_not(derivation: Derivation, rules: Iterable[ProgramRule], firing: TracedFiring) -> str:
    """The reason in a few words."""
    variants = [rule for rule in rules if rule.id == firing.rule]
    if not variants:
        return f"there is no rule {firing.rule} on disk"
    fitting = [rule for rule in variants if set(firing.binding) == set(rule.variables)]
    if not fitting:
        return f"the variables of {firing.rule} are {', '.join(variants[0].variables) or 'none'}"
    values: dict[str, Value] = {}
    for name, text in firing.binding.items():
        value = parse_value(text)
        if value is None:
            return f"{text} is not a value for ?{name}"
        values[name] = value
    reason = ""
    for rule in fitting:
        derivation.conclusions(rule.head.predicate)
        conditions = derivation.known(rule.conditions)
        unmet = [item for item in conditions if next(satisfied(item, values, derivation.facts), None) is None]
        if not unmet:
            return "another firing of the rule counts, or nothing that was asked about rests on it"
        reason = reason or _failure(derivation, unmet[0], values)
    return reason


def _failure(derivation: Derivation, condition: ProgramCondition, values: Binding) -> str:
    if condition.match is not None:
        wanted = condition.match.instance(values)
        if wanted.ground is None or (row := wanted.row()) is None:
            return f"nothing established matches {wanted}"
        certainty = derivation.known_certainty(relation_fact(wanted, row))
        if certainty is None:
            absence = derivation.recorded.absence_of(wanted.relation, wanted.ground)
            return f"{wanted} does not hold: {absence}"
        return f"{wanted} has the certainty {certainty!r}, which satisfies no condition"
    if isinstance(condition, Absence):
        row, _ = next(derivation.facts.matching(condition.pattern, values))
        return f"{relation_fact(condition.pattern, row)} holds, and the rule requires that nothing of the kind does"
    if isinstance(condition, Aggregate):
        result = aggregated(condition, values, derivation.facts)
        return f"the {condition.function} is {'undefined' if result is None else format_value(result)}"
    if isinstance(condition, Exclusion):
        return f"({condition.instance(values).body}) holds, and the rule requires that nothing of the kind does"
    if isinstance(condition, Test):
        sides = [value_of(side, values, derivation.recorded.day) for side in (condition.left, condition.right)]
        left, right = ("nothing" if value is None else format_value(value) for value in sides)
        return f"{left} {condition.operator} {right} is not the case"
    return f"{condition.instance(values)} is not the case"
