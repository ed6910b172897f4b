"""The results of cases as JSON: ``kzexpert.test/1``."""

from collections.abc import Sequence

import msgspec

from kzexpert.analysis.cases import CaseResult, Coverage

__all__ = ["CasesDocument", "cases_document"]


class CaseRecord(msgspec.Struct, frozen=True):
    """How one case went; `differences` is empty when it passed."""

    id: str
    place: str
    passed: bool
    differences: tuple[str, ...]
    fired: tuple[str, ...]


class CasesDocument(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag="kzexpert.test/1"):
    """How all cases went; `coverage` maps every rule to the cases in which it fired, where that was asked."""

    passed: int
    failed: int
    cases: tuple[CaseRecord, ...]
    coverage: dict[str, tuple[str, ...]] | None = None


def cases_document(results: Sequence[CaseResult], coverage: Coverage | None = None) -> CasesDocument:
    """The results as a document."""
    passed = sum(result.passed for result in results)
    records = tuple(
        CaseRecord(result.case.id, str(result.case.location), result.passed, result.lines, result.fired)
        for result in results
    )
    return CasesDocument(passed, len(results) - passed, records, dict(coverage.cases) if coverage else None)
