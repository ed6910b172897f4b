"""Check: no rule depends on itself through a negation, an aggregate, a certainty or evidence against (KZ209).

Recursion through plain conditions is fine, and is not mentioned.
"""

from kzexpert.errors import Issue, Location
from kzexpert.model import KnowledgeBase
from kzexpert.program.strata import Dependency, dependencies, not_monotone, unstratified

__all__ = ["cycles"]

_LABELS = {"negation": "not", "aggregate": "aggregate", "certainty": "@"}
_IN_WORDS = {"negation": "a negation", "aggregate": "an aggregate", "certainty": "a certainty (@)"}
_MONOTONE = (
    "inside a cycle, compare count, sum or max by > or >=, min by < or <=, with a bound from outside, and use the "
    "value nowhere else; or split one of its predicates in two"
)
_HINT = "break the cycle: split one of its predicates in two, so that one half rests on the other and never the reverse"


def cycles(kb: KnowledgeBase) -> list[Issue]:
    """One issue (KZ209) for each set of rules that form such a cycle, with the cycle and the place of each rule."""
    told: set[frozenset[tuple[Location, str]]] = set()
    issues: list[Issue] = []
    for edge, cycle in unstratified(sorted(kb.rules, key=lambda rule: (rule.location, rule.id))):
        involved = frozenset((step.rule.location, step.rule.id) for step in (edge, *cycle))
        if involved not in told:
            told.add(involved)
            related = tuple((place, f"rule {name}: {_steps(cycle, name)}") for place, name in sorted(involved))
            hint = _MONOTONE if edge.how == "aggregate" else _HINT
            issues.append(Issue("KZ209", _message(edge, cycle), _place(edge), hint, related=related))
    return issues


def _message(edge: Dependency, cycle: tuple[Dependency, ...]) -> str:
    way = cycle[0].head + "".join(f" {_arrow(step)} {step.body}" for step in cycle)
    if edge.rule is not cycle[0].rule:
        return f"rule {edge.rule.id} is evidence against {edge.head}, which depends on itself: {way}"
    through = _IN_WORDS.get(edge.how, "evidence against")
    message = f"{edge.head} depends on itself through {through}: {way}"
    if edge.how == "aggregate" and edge.rule.certainty > 0:
        message += f"; {not_monotone(edge.rule, edge.condition, [step.head for step in cycle])}"
    return message


def _arrow(step: Dependency) -> str:
    """How a conclusion depends on a predicate: ``->``, or ``-(not)->`` with all that forbids it in a cycle."""
    hows = {edge.how for edge in dependencies([step.rule]) if edge.body == step.body}
    labels = [label for how, label in _LABELS.items() if how in hows]
    if step.rule.certainty < 0:
        labels.append("evidence against")
    return f"-({', '.join(labels)})->" if labels else "->"


def _steps(cycle: tuple[Dependency, ...], rule: str) -> str:
    """The steps of the cycle that one rule makes; a rule that makes none gives evidence against the whole."""
    steps = [f"{step.head} {_arrow(step)} {step.body}" for step in cycle if step.rule.id == rule]
    return ", ".join(steps) or "evidence against"


def _place(edge: Dependency) -> Location:
    """The condition that makes the forbidden step; the certainty of the rule where that is what forbids it."""
    if edge.how == "positive":
        return edge.rule.marks.get("certainty", edge.rule.location)
    return edge.condition.location
