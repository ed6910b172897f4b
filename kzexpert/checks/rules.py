"""Check: every rule can be planned: its names exist, its types agree, its variables are bound. The planner decides."""

from kzexpert.errors import Issue
from kzexpert.model import KnowledgeBase
from kzexpert.program.order import planned

__all__ = ["rule_plans"]


def rule_plans(kb: KnowledgeBase) -> list[Issue]:
    """What keeps a rule from being run (KZ202 to KZ207, KZ217, KZ218)."""
    return [issue for _, issues in planned(kb) for issue in issues]
