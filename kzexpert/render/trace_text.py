"""A trace as text, and what came of checking some: a line for each on stdout, or ``kzexpert.verification/2``."""

from collections.abc import Sequence

import msgspec

from kzexpert.certainty import established
from kzexpert.errors import counted
from kzexpert.proof.checker import Verification
from kzexpert.proof.index import Index
from kzexpert.render.json import IssueRecord, issues_document
from kzexpert.render.proof_text import proof_text
from kzexpert.render.text import premises
from kzexpert.render.writer import PLAIN, Writer, visible

__all__ = ["VerificationRecord", "Verifications", "shown_text", "verifications_document", "verifications_text"]


#: How many of what a trace alone does not tell are listed; JSON has all.
_MOST = 5
_UNTOLD = "whether a base says the same, and whether anything is missing, a trace alone does not tell"


class VerificationRecord(msgspec.Struct, frozen=True):
    """How one trace fared. The numbers are those of the trace, 0 when it could not be read.

    Attributes:
        against, alone, unknown, page, signed: see `kzexpert.proof.checker.Verification`.
    """

    file: str
    verified: bool
    conclusions: int
    firings: int
    facts: int
    against: str
    alone: bool
    unknown: tuple[str, ...]
    page: str
    signed: str
    issues: tuple[IssueRecord, ...]


class Verifications(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.verification/2"):
    """How all traces fared."""

    verified: bool
    traces: tuple[VerificationRecord, ...]


def shown_text(index: Index, out: Writer = PLAIN, depth: int | None = None) -> str:
    """A trace as ``why`` shows a proof: what is established, or else what was weighed, and all below.

    Args:
        depth: fold conclusions that are so many steps or more away.
    """
    trace = index.trace
    holding = tuple(name for name in trace.answers if established(index[name].certainty))
    proven = holding or trace.answers
    heading = "" if holding else "Weighed, and not established:" if proven else "Nothing that was known supports it."
    body = proof_text(index, proven, out, depth) if proven else ""
    unmeasured = any(name not in index.likelihoods for name in proven)
    end = premises(trace.as_of.isoformat(), trace.assumed, trace.withdrawn, out, words=unmeasured)
    return "\n\n".join(filter(None, [out.wrap([("", trace.question)]), heading, body, end])) + "\n"


def verifications_document(found: Sequence[Verification]) -> Verifications:
    """The results as a document."""
    return Verifications(all(item.verified for item in found), tuple(map(_record, found)))


def _record(item: Verification) -> VerificationRecord:
    file = item.file.encode(errors="replace").decode()  # a name may hold bytes that are no text
    issues = issues_document(item.issues).issues
    return VerificationRecord(
        file,
        item.verified,
        item.conclusions,
        item.firings,
        item.facts,
        item.against,
        item.alone,
        item.unknown,
        item.page,
        item.signed,
        issues,
    )


def verifications_text(found: Sequence[Verification], out: Writer = PLAIN) -> str:
    """For each trace whether it holds, and what was checked against what."""
    return "".join(f"{_line(item, out, named=len(found) > 1)}\n{_told(item, out)}" for item in found)


def _told(item: Verification, out: Writer) -> str:
    """What was checked, and what was not."""
    told = [f"checked against {item.against}"] if item.against else []
    told += filter(None, [item.page, item.signed])
    if item.alone:
        told.append(_UNTOLD)
    lines = [out.wrap([("faint", text)], first="  ", rest="    ") for text in told]
    if item.unknown:
        lines.append(
            out.wrap([("faint", "what its rules looked for and did not find, or counted:")], first="  ", rest="    ")
        )
        lines += (out.wrap([("faint", text)], first="    ", rest="      ") for text in item.unknown[:_MOST])
        more = len(item.unknown) - _MOST
        lines += [out.wrap([("faint", f"and {more} more")], first="    ")] if more > 0 else []
    return "".join(f"{line}\n" for line in lines)


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
