"""Reviews and what became of them as JSON: ``kzexpert.reviews/1``."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from kzexpert.render.review_text import reasons, says
from kzexpert.review.document import Kind, Opinion, PartKind
from kzexpert.review.state import ReviewState, StateWord

__all__ = ["RemarkRecord", "ReviewRecord", "ReviewRecords", "reviews_document"]


class RemarkRecord(msgspec.Struct, frozen=True):
    """What a review says of a premise, a rule or a source.

    Attributes:
        open: whether it is a challenge of something that the judgement still rests on.
        left: how certain the judgement would be without it, where that was computed.
    """

    kind: PartKind
    name: str
    verdict: Opinion
    reason: str
    open: bool
    left: float | None = None


class ReviewRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One review, and what became of it.

    Attributes:
        file: where it is written.
        says: the conclusion as a sentence.
        as_of: the day that it was judged for; `given` where the reviewer chose that, and not the base.
        seal: of the trace that lay before the reviewer.
        verdict: on the whole; empty where it gives none, or the reviewer gave another one since.
        date: when it was made.
        signed_by: who signed it, as the file of signers calls the key; "nobody" where no key did, "unchecked" where no
            file of signers was named, "not valid" where the signature does not hold.
        reasons: why a verdict no longer holds as it was given, in words.
        certainty, evidence, confidence: of the judgement then; None and empty where nothing was known.
        certainty_now: as the base has it; None where nothing is known, or it cannot be asked.
    """

    file: str
    kind: Kind
    state: StateWord
    conclusion: str
    says: str
    question: str
    as_of: date
    given: bool
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    seal: str
    verdict: str
    remarks: tuple[RemarkRecord, ...]
    reviewer: str
    date: str
    expires: str
    note: str
    signed_by: str
    reasons: tuple[str, ...]
    certainty: float | None
    evidence: str
    confidence: str
    certainty_now: float | None


class ReviewRecords(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.reviews/1"):
    """The reviews in a folder that are in force.

    Attributes:
        stale: how many verdicts no longer hold as they were given.
    """

    folder: str
    stale: int
    reviews: tuple[ReviewRecord, ...]


def reviews_document(
    states: Sequence[ReviewState],
    folder: str,
    signers: Mapping[str, str] = {},
    left: Mapping[tuple[PartKind, str], float] = {},
) -> ReviewRecords:
    """The reviews as a document.

    Args:
        signers: file → who signed it.
        left: what was challenged → how certain the judgement is without it.
    """
    records = tuple(_record(state, signers, left) for state in states)
    return ReviewRecords(folder, sum(state.stale for state in states), records)


def _record(state: ReviewState, signers: Mapping[str, str], left: Mapping[tuple[PartKind, str], float]) -> ReviewRecord:
    review, then, now = state.review, state.gist, state.gist_now
    return ReviewRecord(
        file=review.place.file,
        kind=review.kind,
        state=state.state,
        conclusion=review.conclusion,
        says=says(state),
        question=review.question,
        as_of=review.as_of,
        given=review.given,
        assumed=review.assumed,
        withdrawn=review.withdrawn,
        seal=review.seal,
        verdict=review.verdict,
        remarks=tuple(
            RemarkRecord(
                item.kind, item.name, item.verdict, item.reason, item in state.open, left.get((item.kind, item.name))
            )
            for item in review.remarks
        ),
        reviewer=review.reviewer,
        date=review.made,
        expires=review.expires,
        note=review.note,
        signed_by=signers.get(review.place.file, "unchecked" if review.signature else "nobody"),
        reasons=tuple(reasons(state)) if state.stale else (),
        certainty=then.certainty if then else None,
        evidence=then.evidence if then else "",
        confidence=then.confidence if then else "",
        certainty_now=now.certainty if now else None,
    )
