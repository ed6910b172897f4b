"""Check: a variable connects something (KZ208); a warning, since one that stands only once merely matches anything.

Variables that nothing binds are not its business: the planner reports them.
"""

from kzexpert.checks.occurrences import occurrences
from kzexpert.errors import Issue, Location
from kzexpert.model import AGGREGATES, PLACEHOLDER, Condition, KnowledgeBase, Placeholder, Rule, Variable

__all__ = ["lone_variables"]


def lone_variables(kb: KnowledgeBase) -> list[Issue]:
    """Variables that stand only once, in the conditions, the conclusion and `because` taken together (KZ208).

    Two kinds of lone variable do count: in a rule with ``each: true`` every binding is evidence of its own, and a sum
    adds one value for each binding. Those that nothing binds are errors, and the planner reports them.
    """
    issues: list[Issue] = []
    for rule in kb.rules:
        places: dict[str, tuple[int, Location]] = {}
        repeated: set[str] = set()
        for name, index, location in occurrences(rule):
            if name in places:
                repeated.add(name)
            else:
                places[name] = index, location
        if len(repeated) == len(places):
            continue
        told = {Placeholder.read(inside).name for inside in PLACEHOLDER.findall(rule.because)}
        for name, (index, location) in places.items():
            if name not in repeated and name not in told and index < len(rule.when):
                hint = _lone_hint(rule, rule.when[index], name)
                if hint:
                    message = f"?{name} appears only once in rule {rule.id}"
                    issues.append(Issue("KZ208", message, location, hint, "warning"))
    return issues


def _lone_hint(rule: Rule, condition: Condition, name: str) -> str:
    """What to do about a lone variable; "" where it does count or where it is an error."""
    is_certainty = any(certainty == name for _, certainty in condition.atoms)
    if condition.matches and not rule.each:
        return _blank(name, is_certainty)
    if any(side == Variable(name) for side, _ in condition.equates):
        return f"use ?{name}, or leave the condition out"
    if name == condition.result:
        return f"compare ?{name} with something, or leave the condition out"
    folded = {variable for expression in condition.expressions for variable in expression.variables}
    if condition.function and not AGGREGATES[condition.function].adds and name not in folded:
        return _blank(name, is_certainty)
    return ""


def _blank(name: str, is_certainty: bool) -> str:
    return f"leave '@ ?{name}' out" if is_certainty else f"write _ for ?{name}, or correct its name"
