"""Check: no rule makes ever new values out of what it concludes (KZ220); a warning, since facts may bound it after all.

Values come from facts and from arithmetic. Only arithmetic on what the rule's own component concludes can go on for
ever, and a comparison with something else is taken to bound it, whichever way it points.
"""

from collections.abc import Collection

from kzexpert.errors import Issue
from kzexpert.model import Call, KnowledgeBase, Operation, ProgramRule, RelationKey
from kzexpert.program.order import planned
from kzexpert.program.strata import recursive_components

__all__ = ["endless_rules"]


def endless_rules(kb: KnowledgeBase) -> list[Issue]:
    """Rules that compute an argument of their conclusion from their own conclusions, without a bound (KZ220)."""
    computing = [
        rule for plan in planned(kb).plans for rule in plan.variants if any(item.computes for item in rule.conditions)
    ]
    if not computing:
        return []
    component = {name: names for names in recursive_components(kb.rules) for name in names}
    issues: list[Issue] = []
    for rule in computing:
        name = _endless(rule, component.get(rule.head.predicate, ()))
        if name:
            index = next(at for at, item in enumerate(rule.conditions) if name in item.binds)
            message = f"rule {rule.id} computes ?{name} from what it concludes, and nothing bounds it: it may never end"
            hint = f"bound the value by a comparison, such as ?{name} < 100"
            issues.append(Issue("KZ220", message, rule.when[index].location, hint, "warning"))
    return issues


def _endless(rule: ProgramRule, component: Collection[RelationKey]) -> str:
    """The variable of the conclusion that has a new value each time round; "" where none has."""
    own = {name for pattern in rule.matches if pattern.relation in component for name in pattern.variables}
    new: set[str] = set()
    for index in rule.order:
        item = rule.conditions[index]
        if item.computes and not own.isdisjoint(item.needs):
            own.update(item.binds)
            if any(isinstance(part, Operation | Call) for part in item.expressions) or not new.isdisjoint(item.needs):
                new.update(item.binds)
    for item in rule.conditions:
        if item.orders:
            sides = item.orders[0].variables, item.orders[1].variables
            if any(not own.isdisjoint(side) and own.isdisjoint(other) for side, other in (sides, sides[::-1])):
                return ""
    return next((name for name in rule.head.variables if name in new), "")
