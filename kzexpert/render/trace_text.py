"""What came of checking traces: a line for each on stdout, or ``kzexpert.verification/1``."""

from collections.abc import Sequence

import msgspec

from kzexpert.proof.checker import Verification
from kzexpert.render.json import IssueRecord, issues_document
from kzexpert.render.layout import Style, as_plain, visible

__all__ = ["VerificationRecord", "Verifications", "verifications_document", "verifications_text"]


class VerificationRecord(msgspec.Struct, frozen=True):
    """How one trace fared. The numbers are those of the trace, 0 when it could not be read."""

    file: str
    verified: bool
    conclusions: int
    firings: int
    facts: int
    issues: tuple[IssueRecord, ...]


class Verifications(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.verification/1"):
    """How all traces fared."""

    verified: bool
    traces: tuple[VerificationRecord, ...]


def verifications_document(found: Sequence[Verification]) -> Verifications:
    """The results as a document."""
    return Verifications(all(item.verified for item in found), tuple(map(_record, found)))


def _record(item: Verification) -> VerificationRecord:
    file = item.file.encode(errors="replace").decode()  # a name may hold bytes that are no text
    issues = issues_document(item.issues).issues
    return VerificationRecord(file, item.verified, item.conclusions, item.firings, item.facts, issues)


def verifications_text(found: Sequence[Verification], style: Style = as_plain) -> str:
    """A line for each trace."""
    return "".join(f"{_line(item, style, named=len(found) > 1)}\n" for item in found)


def _line(item: Verification, style: Style, named: bool) -> str:
    name = f"{visible(item.file)}: " if named else ""
    if item.verified:
        counts = (
            _count(item.conclusions, "conclusion"),
            _count(item.firings, "firing"),
            _count(item.facts, "fact"),
        )
        return style("", name) + style("good", "verified") + style("", f": {', '.join(counts)}")
    errors = sum(issue.severity == "error" for issue in item.issues)
    return style("", name) + style("bad", "not verified") + style("", f": {_count(errors, 'error')}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
