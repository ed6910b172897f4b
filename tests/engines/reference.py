"""DESIGN §4 once more, as plainly as it can be written: nested loops, no indexes, nothing shared with the engines.

An oracle for small programs. It derives by repeated passes until nothing changes, and knows the certainties of a
recursive component from the same passes.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from math import fsum, isfinite
from typing import Any

from kzexpert.model import (
    ANY,
    Absence,
    Aggregate,
    Assignment,
    Constant,
    Expression,
    Match,
    Operation,
    Pattern,
    Program,
    ProgramRule,
    Test,
    Value,
    Variable,
)

__all__ = ["evaluate_program"]

Args = tuple[Value, ...]
Facts = dict[str, dict[Args, float]]
Binding = dict[str, Value]
#: rule id, binding as sorted pairs, conclusion, premises, strength
Fired = tuple[str, tuple[tuple[str, Value], ...], tuple[str, Args], tuple[tuple[str, Args], ...], float]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip


def evaluate_program(program: Program) -> tuple[Facts, set[Fired]]:
    """Certainties by relation and arguments, and all firings."""
    facts: Facts = {
        relation: {args: round(fact.certainty, 9) for args, fact in base.items()}
        for relation, base in program.base.items()
    }
    fired: set[Fired] = set()
    for stratum in program.strata:
        base = {predicate: dict(facts.get(predicate, {})) for predicate in stratum.predicates}
        while True:
            now = {firing for rule in stratum.rules for firing in fire(rule, facts)}
            before = {predicate: dict(facts.get(predicate, {})) for predicate in stratum.predicates}
            for predicate in stratum.predicates:
                facts[predicate] = settle(program, predicate, base[predicate], now, stratum.recursive)
            if not stratum.recursive or before == {item: facts[item] for item in stratum.predicates}:
                break
        fired |= now
    return facts, fired


def settle(
    program: Program, predicate: str, base: dict[Args, float], fired: set[Fired], recursive: bool
) -> dict[Args, float]:
    lines: dict[Args, list[float]] = {args: [certainty] for args, certainty in base.items()}
    best: dict[tuple[Args, str], float] = {}
    for rule_id, _, (concluded, args), _, strength in fired:
        if concluded != predicate:
            continue
        if program.rules[rule_id].rule.each:
            lines.setdefault(args, []).append(strength)
        elif abs(strength) > abs(best.get((args, rule_id), 0.0)):
            best[args, rule_id] = strength
    for (args, _), strength in best.items():
        lines.setdefault(args, []).append(strength)
    return {args: round(max(found), 9) if recursive else together(found) for args, found in lines.items()}


def together(strengths: list[float]) -> float:
    against = for_it = 1.0
    for strength in sorted(strengths):
        if strength > 0:
            for_it *= 1.0 - strength
        if strength < 0:
            against *= 1.0 + strength
    p, n = 1.0 - for_it, -(1.0 - against)
    return 0.0 if min(p, -n) == 1.0 else round((p + n) / (1.0 - min(p, -n)), 9) + 0.0


def fire(rule: ProgramRule, facts: Facts) -> Iterator[Fired]:
    seen = set()
    for binding in bindings([c.pattern for c in rule.conditions if isinstance(c, Match)], {}, facts):
        complete = rest(rule, dict(binding), facts)
        if complete is None:
            continue
        key = tuple(sorted((name, complete[name]) for name in rule.variables))
        if key in seen:
            continue
        seen.add(key)
        premises = [premise(c.pattern, complete, facts) for c in rule.conditions if isinstance(c, Match)]
        weakest = min((certainty for certainty, _ in premises), default=1.0)
        head = tuple(value_of(term, complete) for term in rule.head.terms)
        names = tuple((c.pattern.predicate, args) for c, (_, args) in zip(matches(rule), premises, strict=True))
        yield rule.id, key, (rule.head.predicate, head), names, rule.rule.certainty * weakest


def matches(rule: ProgramRule) -> list[Match]:
    return [condition for condition in rule.conditions if isinstance(condition, Match)]


def premise(pattern: Pattern, binding: Binding, facts: Facts) -> tuple[float, Args]:
    """The strongest fact behind a condition; of equal ones the first by text."""
    from kzexpert.model import format_value

    found = [
        (-certainty, ", ".join(map(format_value, args)), args)
        for args, certainty in facts.get(pattern.relation, {}).items()
        if certainty > 0.2 and extend(pattern, args, certainty, binding) is not None
    ]
    certainty, _, args = min(found)
    return -certainty, args


def bindings(patterns: list[Pattern], binding: Binding, facts: Facts) -> Iterator[Binding]:
    if not patterns:
        yield binding
        return
    for args, certainty in facts.get(patterns[0].relation, {}).items():
        extended = extend(patterns[0], args, certainty, binding) if certainty > 0.2 else None
        if extended is not None:
            yield from bindings(patterns[1:], extended, facts)


def extend(pattern: Pattern, args: Args, certainty: float, binding: Binding) -> Binding | None:
    extended = dict(binding)
    terms = (*pattern.terms, Variable(pattern.certainty)) if pattern.certainty else pattern.terms
    for term, value in zip(terms, (*args, certainty), strict=False):
        if isinstance(term, Constant) and term.value != value:
            return None
        if isinstance(term, Variable) and extended.setdefault(term.name, value) != value:
            return None
    return extended


def rest(rule: ProgramRule, binding: Binding, facts: Facts) -> Binding | None:
    """The conditions that are no matches, in any order in which their variables are bound."""
    pending = [condition for condition in rule.conditions if not isinstance(condition, Match)]
    while pending:
        condition = next(condition for condition in pending if is_ready(condition, binding))
        pending.remove(condition)
        if isinstance(condition, Absence):
            if next(bindings([condition.pattern], binding, facts), None) is not None:
                return None
        elif isinstance(condition, Test):
            sides = compute(condition.left, binding), compute(condition.right, binding)
            if None in sides or not OPERATORS[condition.operator](*sides):
                return None
        else:
            name = condition.variable
            value = (
                aggregate(condition, binding, facts)
                if isinstance(condition, Aggregate)
                else compute(condition.expression, binding)
            )
            if value is None or binding.setdefault(name, value) != value:
                return None
    return binding


def is_ready(condition: Any, binding: Mapping[str, Value]) -> bool:
    if isinstance(condition, Absence):
        needed = set(condition.pattern.variables)
    elif isinstance(condition, Test):
        needed = {*names_in(condition.left), *names_in(condition.right)}
    elif isinstance(condition, Assignment):
        needed = set(names_in(condition.expression))
    else:
        needed = set(condition.shared)
    return needed <= set(binding)


def names_in(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Variable):
        yield expression.name
    elif isinstance(expression, Operation):
        yield from names_in(expression.left)
        yield from names_in(expression.right)


def compute(expression: Expression, binding: Mapping[str, Value]) -> Any:
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Variable):
        return binding[expression.name]
    left, right = compute(expression.left, binding), compute(expression.right, binding)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    value = OPERATORS[expression.operator](left, right) + 0.0
    return value if isfinite(value) else None


def aggregate(condition: Aggregate, binding: Binding, facts: Facts) -> Any:
    outer = {name: binding[name] for name in condition.shared}
    own = []
    for found in bindings(list(condition.patterns), outer, facts):
        local = {name: value for name, value in found.items() if name not in outer or name == condition.over}
        if local not in own:
            own.append(local)
    values: list[Any] = [local[condition.over] for local in own]
    if condition.function == "count":
        return float(len(set(values)))
    if condition.function == "sum":
        return fsum(values) + 0.0
    return (min if condition.function == "min" else max)(values) if values else None


def value_of(term: Any, binding: Mapping[str, Value]) -> Value:
    assert term is not ANY
    return term.value if isinstance(term, Constant) else binding[term.name]
