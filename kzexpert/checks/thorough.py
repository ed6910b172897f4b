"""The passes over rules side by side and over rules beside cases: they warn alone, and whoever asks loads none."""

from collections.abc import Sequence

from kzexpert.checks.bounds import bounds_side_by_side
from kzexpert.checks.implied import implied_conditions
from kzexpert.checks.questions import colliding_questions, unasked_predicates
from kzexpert.checks.subsumed import evidence_counted_twice, subsumed_rules
from kzexpert.checks.usage import exceptions_that_never_hold
from kzexpert.errors import Issue
from kzexpert.model import Case, KnowledgeBase

__all__ = ["thorough_issues"]

#: The passes that need no case.
_THOROUGH = (
    implied_conditions,
    subsumed_rules,
    evidence_counted_twice,
    bounds_side_by_side,
    colliding_questions,
)


def thorough_issues(kb: KnowledgeBase, cases: Sequence[Case]) -> set[Issue]:
    """All that these passes find; what no case asks for only where there are cases."""
    found = {issue for one in _THOROUGH for issue in one(kb)}
    found.update(exceptions_that_never_hold(kb, cases))
    if cases:
        found.update(unasked_predicates(kb, cases))
    return found
