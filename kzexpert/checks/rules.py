"""Checks: every rule can be planned, which the planner decides, and its id names no other rule.

Names exist, types agree, variables are bound; and traces, cases and messages refer to rules by id.
"""

from kzexpert.errors import Issue, Location
from kzexpert.model import KnowledgeBase
from kzexpert.program.order import planned

__all__ = ["repeated_rule_ids", "rule_plans"]


def rule_plans(kb: KnowledgeBase) -> list[Issue]:
    """What keeps a rule from being run (KZ202 to KZ207, KZ217, KZ218)."""
    return [issue for plan in planned(kb).plans for issue in plan.issues]


def repeated_rule_ids(kb: KnowledgeBase) -> list[Issue]:
    """Ids that stand twice (KZ210); the place further down, or in the later file, is the one at fault."""
    first: dict[str, Location] = {}
    issues: list[Issue] = []
    named = [(rule.marks.get("id", rule.location), rule.id) for rule in kb.rules]
    for location, name in sorted(named, key=lambda item: kb.written(item[0])):
        if name in first:
            related = ((first[name], "the other rule of that id"),)
            message, hint = f"rule id {name} appears twice", "rename one of the two"
            if (first[name].file in kb.used_files) != (location.file in kb.used_files):
                hint = f"rename it; or write replaces: {name} on it, so that it stands instead of the other"
            issues.append(Issue("KZ210", message, location, hint, related=related))
        first.setdefault(name, location)
    return issues
