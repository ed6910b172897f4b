"""What came of checking traces: a line for each on stdout, or ``kzexpert.verification/1``."""

from collections.abc import Sequence

import msgspec

from kzexpert.errors import counted
from kzexpert.proof.checker import Verification
from kzexpert.render.json import IssueRecord, issues_document
from kzexpert.render.writer import PLAIN, Writer, visible

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


def verifications_text(found: Sequence[Verification], out: Writer = PLAIN) -> str:
    """A line for each trace."""
    return "".join(f"{_line(item, out, named=len(found) > 1)}\n" for item in found)


def _line(item: Verification, out: Writer, named: bool) -> str:
    name = f"{visible(item.file)}: " if named else ""
    if item.verified:
        counts = (
            counted(item.conclusions, "conclusion"),
            counted(item.firings, "firing"),
            counted(item.facts, "fact"),
        )
        return out.style("", name) + out.style("good", "verified") + out.style("", f": {', '.join(counts)}")
    errors = sum(issue.severity == "error" for issue in item.issues)
    return out.style("", name) + out.style("bad", "not verified") + out.style("", f": {counted(errors, 'error')}")
