"""Check: no two conditions of a rule exclude each other (KZ212); a warning, since such a rule merely never fires.

It compares what is written, two conditions at a time. Whether facts could satisfy one is for `usage` to say.
"""

from collections.abc import Iterator

from kzexpert.checks.implication import ORDERS, covers, disjoint, order_of
from kzexpert.errors import Issue
from kzexpert.model import (
    FLIPPED,
    Comparison,
    Condition,
    Constant,
    Expression,
    KnowledgeBase,
    Rule,
    Value,
)
from kzexpert.program.resolve import Types, resolve_atom

__all__ = ["contradictions"]


def contradictions(kb: KnowledgeBase) -> list[Issue]:
    """Conditions of one rule that can never hold together (KZ212); two at a time, never three."""
    issues: list[Issue] = []
    for rule in kb.rules:
        issues.extend(_denied_premises(kb, rule))
        compared = [
            condition for condition in rule.when if isinstance(condition, Comparison) and condition.operator in ORDERS
        ]
        if compared:
            issues.extend(_impossible_comparisons(rule, compared))
            issues.extend(_opposed_comparisons(rule, compared))
            issues.extend(_disjoint_bounds(kb, rule, compared))
    return issues


def _denied_premises(kb: KnowledgeBase, rule: Rule) -> Iterator[Issue]:
    """``p(?x)`` with ``not p(?x)`` or ``not p(_)``; a negated window denies the same window alone."""
    for negation in rule.when:
        if negation.looks != "negation" or not negation.own_atoms:
            continue
        ((atom, _),) = negation.own_atoms
        for premise in rule.when:
            if premise.matches and premise.atoms[0][0].predicate == atom.predicate:
                held, denied = resolve_atom(kb, premise.atoms[0][0])[0], resolve_atom(kb, atom)[0]
                if held and denied and covers(denied, held):
                    yield _contradiction(rule, negation, premise)
                    break


def _impossible_comparisons(rule: Rule, compared: list[Comparison]) -> Iterator[Issue]:
    """``?x != ?x``, ``2 < 1``."""
    for condition in compared:
        left, right = condition.left, condition.right
        if left == right:
            order = 2
        elif isinstance(left, Constant) and isinstance(right, Constant):
            order = order_of(left.value, right.value)
        else:
            continue
        if not order & ORDERS[condition.operator]:
            message = f"the condition {condition.text} of rule {rule.id} never holds"
            hint = "compare with something else, or leave it out"
            yield Issue("KZ212", message, condition.location, hint, "warning")


def _opposed_comparisons(rule: Rule, compared: list[Comparison]) -> Iterator[Issue]:
    """``?x < ?y`` with ``?y < ?x``: the same two expressions in orders that exclude each other."""
    seen: dict[tuple[str, str], list[tuple[int, Comparison]]] = {}
    for condition in compared:
        if isinstance(condition.left, Constant) or isinstance(condition.right, Constant):
            continue
        left, operator, right = str(condition.left), condition.operator, str(condition.right)
        if right < left:
            left, operator, right = right, FLIPPED[operator], left
        orders = ORDERS[operator]
        earlier = seen.setdefault((left, right), [])
        opposed = next((other for allowed, other in earlier if not allowed & orders), None)
        if opposed:
            yield _contradiction(rule, condition, opposed)
        earlier.append((orders, condition))


def _disjoint_bounds(kb: KnowledgeBase, rule: Rule, compared: list[Comparison]) -> Iterator[Issue]:
    """``?x = a`` with ``?x = b``, ``?x < 1`` with ``?x > 2``: one expression against two constants."""
    bounds: dict[str, list[tuple[int, Value, Comparison]]] = {}
    for condition in compared:
        bound = _bound(condition)
        if bound:
            expression, operator, value = bound
            bounds.setdefault(str(expression), []).append((ORDERS[operator], value, condition))
    if all(len(group) < 2 for group in bounds.values()):
        return
    types = Types(kb, rule).of
    for expression_text, group in bounds.items():
        named = types.get(expression_text[1:]) in kb.kinds
        canonical = [(orders, _canonical(kb, value) if named else value, item) for orders, value, item in group]
        for index, (orders, value, condition) in enumerate(canonical):
            for other_orders, other_value, other in canonical[:index]:
                if disjoint(orders, value, other_orders, other_value):
                    yield _contradiction(rule, condition, other)
                    break


def _bound(condition: Comparison) -> tuple[Expression, str, Value] | None:
    """A comparison with one constant, turned so that the constant is on the right."""
    left, right = condition.left, condition.right
    if isinstance(right, Constant) and not isinstance(left, Constant):
        return left, condition.operator, right.value
    if isinstance(left, Constant) and not isinstance(right, Constant):
        return right, FLIPPED[condition.operator], left.value
    return None


def _canonical(kb: KnowledgeBase, value: Value) -> Value:
    entity = kb.entity.get(value) if isinstance(value, str) else None
    return entity.name if entity else value


def _contradiction(rule: Rule, condition: Condition, other: Condition) -> Issue:
    message = f"{condition.text} contradicts {other.text}, so rule {rule.id} can never fire"
    hint = "leave one of them out; alternatives are rules of their own"
    related = ((other.location, "the other condition"),)
    return Issue("KZ212", message, condition.location, hint, "warning", related)
