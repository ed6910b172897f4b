"""What the conditions of a rule hold, for the reference: their atoms, their variables, their alternatives."""

from collections.abc import Iterable, Mapping, Sequence

from kzexpert.model import (
    Aggregation,
    Atom,
    Block,
    Call,
    Comparison,
    Condition,
    Either,
    Expression,
    Membership,
    Negation,
    Operation,
    Premise,
    Rule,
    Value,
    Variable,
)

__all__ = ["atoms", "choices", "is_open", "mentioned", "outside_of_alternatives", "shared", "variables_of"]


def choices(conditions: Sequence[Condition]) -> list[tuple[Condition, ...]]:
    """Every way to choose one alternative of each ``either``; the last one changes first."""
    if not conditions:
        return [()]
    first, *rest = conditions
    ways: list[tuple[Condition, ...]] = [(first,)]
    if isinstance(first, Either):
        ways = [way for alternative in first.alternatives for way in choices(alternative)]
    return [(*way, *others) for way in ways for others in choices(rest)]


def inner(condition: Condition) -> tuple[Condition, ...]:
    """The conditions inside of a condition."""
    if isinstance(condition, Aggregation):
        return condition.body
    if isinstance(condition, Either):
        return tuple(item for alternative in condition.alternatives for item in alternative)
    return condition.conditions if isinstance(condition, Block) else ()


def atoms(condition: Condition) -> list[Atom]:
    if isinstance(condition, Premise | Negation):
        return [condition.atom]
    return [atom for item in inner(condition) for atom in atoms(item)]


def variables_of(found: Iterable[Atom]) -> set[str]:
    """The variables of atoms."""
    names = {item.term.name for atom in found for item in atom.arguments if isinstance(item.term, Variable)}
    return names | {name for atom in found for _, name in atom.dates}


def mentioned(condition: Condition) -> set[str]:
    """Every variable of a condition."""
    names = {name for item in inner(condition) for name in mentioned(item)}
    if isinstance(condition, Comparison):
        return names_in(condition.left) | names_in(condition.right)
    if isinstance(condition, Membership):
        return names_in(condition.left).union(*map(names_in, condition.values))
    if isinstance(condition, Aggregation):
        return names | {condition.result}
    if isinstance(condition, Premise | Negation):
        names = variables_of([condition.atom])
    return names | ({condition.certainty} if isinstance(condition, Premise) and condition.certainty else set())


def outside_of_alternatives(rule: Rule) -> set[str]:
    """The variables that stand outside of alternatives."""
    return variables_of(rule.then).union(*(mentioned(item) for item in rule.when if not isinstance(item, Either)))


def shared(conditions: Sequence[Condition], condition: Condition, outside: set[str]) -> set[str]:
    """The variables that must be bound before; of what has conditions inside, those that stand elsewhere as well."""
    if not inner(condition):
        return mentioned(condition)
    elsewhere = outside.union(*(mentioned(other) for other in conditions if other is not condition))
    result = {condition.result} if isinstance(condition, Aggregation) else set()
    return (mentioned(condition) - result) & elsewhere


def is_open(condition: Condition, binding: Mapping[str, Value]) -> str:
    """The lone unbound variable that an ``=`` binds."""
    if isinstance(condition, Comparison) and condition.operator == "=":
        for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
            if isinstance(side, Variable) and side.name not in binding and names_in(other) <= set(binding):
                return side.name
    return ""


def names_in(expression: Expression) -> set[str]:
    if isinstance(expression, Operation):
        return names_in(expression.left) | names_in(expression.right)
    if isinstance(expression, Call):
        return {name for argument in expression.arguments for name in names_in(argument)}
    return {expression.name} if isinstance(expression, Variable) else set()
