"""Why a firing that a trace states does not follow: the first of its conditions that the facts on disk do not meet."""

from collections.abc import Mapping

from kzexpert.errors import Location
from kzexpert.language import GrammarError, parse_atom
from kzexpert.model import (
    Absence,
    Aggregate,
    Constant,
    GroundAtom,
    Match,
    Test,
    Value,
    format_value,
)
from kzexpert.proof.build import RelationFact
from kzexpert.proof.checker.derivation import Derivation
from kzexpert.proof.checker.joins import Binding, aggregated, satisfied, value_of
from kzexpert.proof.checker.rules import CheckedCondition, CheckedRule
from kzexpert.proof.document import TracedFiring

__all__ = ["why_not"]


def why_not(derivation: Derivation, rules: Mapping[str, CheckedRule], firing: TracedFiring) -> str:
    """The reason in a few words."""
    rule = rules.get(firing.rule)
    if rule is None:
        return f"there is no rule {firing.rule} on disk"
    if set(firing.binding) != set(rule.variables):
        return f"the variables of {firing.rule} are {', '.join(rule.variables) or 'none'}"
    values: dict[str, Value] = {}
    for name, text in firing.binding.items():
        value = _value(text)
        if value is None:
            return f"{text} is no value for ?{name}"
        values[name] = value
    derivation.conclusions(rule.head.predicate)
    for condition in rule.conditions:
        if next(satisfied(condition, values, derivation.facts), None) is None:
            return _failure(derivation, rule, condition, values)
    return "another firing of the rule counts, or nothing that was asked about rests on it"


def _value(text: str) -> Value | None:
    """A value from the text that the atom grammar has for it."""
    try:
        arguments = parse_atom(f"value({text})", Location("")).arguments
    except GrammarError:
        return None
    term = arguments[0].term if len(arguments) == 1 else None
    return term.value if isinstance(term, Constant) else None


def _failure(derivation: Derivation, rule: CheckedRule, condition: CheckedCondition, values: Binding) -> str:
    if isinstance(condition, Match):
        wanted = condition.pattern.instance(values)
        if wanted.ground is None:
            return f"nothing established matches {wanted}"
        args, within = wanted.ground.args, rule.windows[wanted.relation]
        certainty = derivation.known_certainty(RelationFact(wanted.relation, wanted.ground))
        if certainty is None:
            return f"{wanted} does not hold: {derivation.recorded.absence_of(wanted.predicate, args, within)}"
        return f"{wanted} has the certainty {certainty!r}, which satisfies no condition"
    if isinstance(condition, Absence):
        args, _ = next(derivation.facts.matching(condition.pattern, values))
        return f"{GroundAtom(condition.pattern.predicate, args)} holds, and the rule wants nothing of that kind"
    if isinstance(condition, Aggregate):
        result = aggregated(condition, values, derivation.facts)
        return f"the {condition.function} is {'undefined' if result is None else format_value(result)}"
    assert isinstance(condition, Test)
    return f"{_side(condition, values, left=True)} {condition.operator} {_side(condition, values)} is not the case"


def _side(test: Test, values: Binding, left: bool = False) -> str:
    value = value_of(test.left if left else test.right, values)
    return "nothing" if value is None else format_value(value)
