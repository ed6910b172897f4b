"""What outcomes say of the rules that conclude a predicate: the document, which `weights` fills."""

from typing import Literal, TypeAlias

import msgspec

from kzexpert.analysis.measure.evaluation import Estimate, Lean

__all__ = ["Lesson", "Lessons", "Taught", "Verdict", "Weighing"]

#: What to do about a rule, or why nothing; where an anchor or an alias stands for a certainty, it is no plain number.
Verdict: TypeAlias = Literal[
    "change",
    "keep",
    "wrong sign",
    "says nothing",
    "too few cases",
    "by definition",
    "of a used base",
    "no plain number",
]


class Lesson(msgspec.Struct, frozen=True):
    """What the outcomes say of one rule.

    Attributes:
        proposed: a certainty of the scale, with the sign that the rule has; null where none is proposed.
        fitted: the certainty before it was snapped to the scale.
        fired: the cases it bears on.
        right: the share of these that were right; expected, the share by the base rate of their groups.
        against: the share of folds in which its weight had the other sign.
    """

    id: str
    certainty: float
    verdict: Verdict
    proposed: float | None
    fitted: float | None
    fired: int
    right: float | None
    expected: float | None
    against: float


class Weighing(msgspec.Struct, frozen=True):
    """How good certainties are, each fold by what was learned from the others.

    Attributes:
        brier: of curves fitted on the other folds.
    """

    auc: Estimate | None
    brier: Estimate | None
    leans: tuple[Lean, ...]


class Lessons(msgspec.Struct, frozen=True):
    """What outcomes say of the rules that conclude a predicate.

    Attributes:
        before: with the certainties as they are; after: with those that other folds propose.
        diff: of the files of rules, to be applied with ``patch -p0``; empty where nothing is proposed.
    """

    predicate: str
    yardstick: str
    source: str
    by: str
    clusters: int
    cases: int
    held_out: str
    rules_digest: str
    outcomes_digest: str
    lessons: tuple[Lesson, ...]
    before: Weighing
    after: Weighing
    diff: str


class Taught(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.lessons/1"):
    """What outcomes say of the rules of a knowledge base."""

    predicates: tuple[Lessons, ...]
