"""The results of cases as JSON: ``kzexpert.test/1``."""

from collections.abc import Sequence

import msgspec

from kzexpert.analysis.cases import CaseResult
from kzexpert.authoring.mutation.coverage import RulePart

__all__ = ["CasesDocument", "cases_document"]


class CaseRecord(msgspec.Struct, frozen=True):
    """How one case went; `differences` is empty when it passed."""

    id: str
    place: str
    passed: bool
    differences: tuple[str, ...]
    fired: tuple[str, ...]


class CoveredPart(msgspec.Struct, frozen=True):
    """A rule, or what can be left out of it: a condition, an alternative, an exception.

    Attributes:
        part: what it is; an ``item`` stands in a list inside of a condition.
        text: as written; of a rule its id.
        asserted: whether a wanted answer rests on it, or the lack of one on its failing.
        cases: in which that is so; of what must not hold, one that fails without it.
    """

    rule: str
    part: str
    text: str
    place: str
    asserted: bool
    cases: tuple[str, ...]


class CasesDocument(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag="kzexpert.test/1"):
    """How all cases went; `coverage` tells what they assert of each rule of the base, where that was asked."""

    passed: int
    failed: int
    cases: tuple[CaseRecord, ...]
    coverage: tuple[CoveredPart, ...] | None = None


def cases_document(results: Sequence[CaseResult], coverage: Sequence[RulePart] | None = None) -> CasesDocument:
    """The results as a document."""
    passed = sum(result.passed for result in results)
    records = tuple(
        CaseRecord(result.case.id, str(result.case.location), result.passed, result.lines, result.fired)
        for result in results
    )
    parts = None if coverage is None else tuple(map(_covered, coverage))
    return CasesDocument(passed, len(results) - passed, records, parts)


def _covered(part: RulePart) -> CoveredPart:
    cases = part.asserted_by
    return CoveredPart(part.rule, part.part, part.text, str(part.place), bool(cases), cases)
