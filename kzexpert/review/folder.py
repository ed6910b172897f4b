"""A folder ``reviews/``: a file for each act of a reviewer, and beside them, in ``traces/``, what was judged.

Files are added and never changed, so that two reviewers, two windows or two branches in git do not get into each
other's way.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from unicodedata import normalize

import msgspec
from msgspec.structs import replace

from kzexpert.atomic import create_file, replace_file
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.files import YAML_LIMIT, TextFile, read_file, shown_name
from kzexpert.language.folders import YAML_ENDINGS, walk
from kzexpert.proof.checker.parser import read_trace
from kzexpert.proof.document import Trace, seal_of
from kzexpert.proof.enclosure import TRACE_LIMIT
from kzexpert.review.document import Review
from kzexpert.review.file import read_review, review_text
from kzexpert.review.judgement import touched

__all__ = ["FOLDER", "Reviews", "add_review", "read_reviews"]

#: What the folder is called in a base.
FOLDER = "reviews"
_TRACES = "traces"
#: Digits of a seal that name its file; bytes of a statement and of a reviewer in the name of a file.
_DIGITS, _STATEMENT, _REVIEWER = 16, 90, 40
_GONE = "put the trace back, as git has it, or sign again"


class Reviews(msgspec.Struct, frozen=True):
    """What a folder holds.

    Attributes:
        reviews: those that can be read, in the order in which they were made.
        traces: seal → what was judged.
        issues: what is wrong with files.
        texts: file → its text.
    """

    folder: str
    reviews: tuple[Review, ...] = ()
    traces: Mapping[str, Trace] = {}
    issues: tuple[Issue, ...] = ()
    texts: Mapping[str, str] = {}

    def trace(self, review: Review) -> Trace:
        """What a review is of."""
        return self.traces[review.seal]

    @property
    def in_force(self) -> tuple[Review, ...]:
        """The reviews as far as their reviewers have said nothing newer of the same; what is left of one may be less.

        So who accepts what they challenged withdraws the challenge. Notes stay.
        """
        latest = {subject: review for review in self.reviews for subject in review.subjects}
        found = []
        for review in self.reviews:
            stands = [latest[subject] is review for subject in review.subjects]
            verdict = review.verdict if review.verdict and stands.pop(0) else ""
            remarks = tuple(remark for remark, holds in zip(review.remarks, stands, strict=True) if holds)
            if verdict or remarks or review.kind == "note":
                found.append(replace(review, verdict=verdict, remarks=remarks))
        return tuple(found)


# --- reading ------------------------------------------------------------------------------------------------------


def read_reviews(folder: str) -> Reviews:
    """Reads a folder of reviews; one that is not there holds none.

    What is wrong with a file costs that file alone, and is among the issues: KZ1xx and KZ601 where it is no review,
    KZ602 where the trace that it is of is not there or another one, KZ603 where that trace is broken, KZ604 where the
    trace says nothing of what is judged.
    """
    if not folder or not Path(folder).is_dir():
        hint = "reviews are files in a folder of that name"
        wrong = (
            [Issue("KZ607", "this is no folder", Location(shown_name(folder)), hint)] if Path(folder).is_file() else []
        )
        return Reviews(folder, issues=tuple(wrong))
    issues: list[Issue] = []
    texts: dict[str, str] = {}
    found: list[Review] = []
    traces: dict[str, Trace | None] = {}
    try:
        paths = [*walk(folder, YAML_ENDINGS)]
    except KnowledgeBaseError as error:
        return Reviews(folder, issues=error.issues)
    for path in paths:
        try:
            file = read_file(path, YAML_LIMIT)
        except KnowledgeBaseError as error:
            issues.extend(error.issues)
            continue
        texts[file.name] = file.text
        review = read_review(file, issues)
        if review is None:
            continue
        if review.seal not in traces:
            traces[review.seal] = _trace(folder, review, issues, texts)
        trace = traces[review.seal]
        wrong = [*_misfits(review, trace)] if trace else []
        issues += wrong
        if trace and not wrong:
            found.append(review)
    known = {seal: trace for seal, trace in traces.items() if trace}
    return Reviews(folder, tuple(sorted(found, key=lambda item: item.order)), known, tuple(issues), texts)


def _trace_path(folder: str, seal: str) -> Path:
    return Path(folder, _TRACES, f"{seal[:_DIGITS]}.json")


def _trace(folder: str, review: Review, issues: list[Issue], texts: dict[str, str]) -> Trace | None:
    """The trace that a review is of, or None after it was noted why there is none."""
    path = _trace_path(folder, review.seal)
    if not path.exists():
        message = f"there is no trace with the seal {review.seal[:_DIGITS]}... in {shown_name(path.parent)}"
        issues.append(Issue("KZ602", message, review.place, _GONE))
        return None
    try:
        file = read_file(path, TRACE_LIMIT)
    except KnowledgeBaseError as error:
        issues.extend(error.issues)
        return None
    trace = _decoded(file)
    if trace is None:
        for issue in read_trace(file.name, file.text)[1]:
            texts[file.name] = file.text
            issues.append(Issue("KZ603", f"a broken trace: {issue.message}", issue.location, _GONE))
    elif seal_of(trace) != trace.seal:
        issues.append(Issue("KZ603", "the trace was changed after it was sealed", Location(file.name), _GONE))
    elif trace.seal != review.seal:
        message = f"the trace beside it, {file.name}, has another seal"
        issues.append(Issue("KZ602", message, review.place, _GONE))
    else:
        return trace
    return None


def _decoded(file: TextFile) -> Trace | None:
    """A trace, quickly; None where something is wrong with it, which `read_trace` tells."""
    try:
        return msgspec.json.decode(file.text, type=Trace)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _misfits(review: Review, trace: Trace) -> Iterator[Issue]:
    """What a review says of its trace that is not so."""
    hint = "sign again: kzexpert review sign writes both from one trace"
    if review.conclusion not in trace.answers:
        message = f"its trace does not answer with {review.conclusion}"
        yield Issue("KZ604", message, review.place, f"it answers with {'; '.join(trace.answers[:3]) or 'nothing'}")
    elif not review.conclusion.endswith(")"):
        message = f"{review.conclusion} is what a window shows, and no judgement by itself"
        yield Issue("KZ604", message, review.place, "judge the statement without the window")
    world = (trace.as_of, trace.assumed, trace.withdrawn)
    if (review.as_of, review.assumed, review.withdrawn) != world:
        yield Issue("KZ604", "its trace is of another day, or of other assumptions", review.place, hint)
    held = touched(trace)
    for remark in review.remarks:
        if remark.name not in held[remark.kind]:
            yield Issue("KZ604", f"its trace does not hold the {remark.kind} {remark.name}", review.place, hint)


# --- adding -------------------------------------------------------------------------------------------------------


def add_review(folder: str, review: Review, trace: Trace) -> str:
    """Writes a review and, where it is not there yet, its trace, and returns what issues call the file.

    A file appears when all of it is on disk, under a name that no file has: nothing is overwritten, whoever writes too.

    Args:
        trace: sealed; what the review is of.

    Raises:
        UsageError: it cannot be written (KZ306), or the trace says nothing of what is judged (KZ604).
    """
    wrong = [*_misfits(review, trace)]
    if wrong:
        raise UsageError(*wrong)
    target = _trace_path(folder, review.seal)
    text = msgspec.json.format(msgspec.json.encode(trace, order="deterministic"), indent=2).decode() + "\n"
    stem, number = Path(folder, _name(review)), 1
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not create_file(str(target), text) and target.read_bytes() != text.encode():
            replace_file(str(target), text)  # it is broken: its name says what it holds
        while not create_file(path := f"{stem}{f'-{number}' if number > 1 else ''}.yaml", review_text(review)):
            number += 1
    except OSError as error:
        hint = "name a folder that can be written to with --reviews FOLDER"
        message = f"cannot write: {error.strerror or error}"
        raise UsageError(Issue("KZ306", message, Location(shown_name(folder)), hint)) from None
    return shown_name(path)


def _name(review: Review) -> str:
    """The name of its file, without what tells it from others of that name."""
    parts = (review.day, _slug(review.conclusion, _STATEMENT), _slug(review.reviewer, _REVIEWER))
    return "-".join(filter(None, parts))


def _slug(text: str, most: int) -> str:
    """The letters and digits of a text, small, with a dash for whatever is between them."""
    plain = re.sub(r"[\W_]+", "-", normalize("NFC", text).casefold())
    return plain.encode()[:most].decode(errors="ignore").strip("-")
