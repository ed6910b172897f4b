"""What reviewers say of the judgements of a ledger, and how one more act of theirs is written down.

All of it stands in the files of ``reviews/``; each act is a new file.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import msgspec

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.dates import DATE_HINT, parse_partial_date
from kzexpert.proof.document import Trace, digest_of
from kzexpert.proof.lineage import exported
from kzexpert.review.document import PARTS, VERDICTS, Opinion, PartKind, Remark, Review, moment
from kzexpert.review.folder import Reviews, add_review
from kzexpert.review.judgement import touched
from kzexpert.review.remainder import certainty_without
from kzexpert.review.state import ReviewState, review_states
from kzexpert.workbench.ledger import Ledger

__all__ = ["CHOICES", "WHOLE", "Opinions", "PostedAct", "Reception"]

#: What the list can be filtered by.
CHOICES = ("unreviewed", *VERDICTS, "challenged")
#: What an act is about that is about no part of a judgement.
WHOLE = "judgement"
_PLACE = "review"


class Reception(msgspec.Struct, frozen=True):
    """What reviewers make of one judgement.

    Attributes:
        word: the gravest verdict, or ``unreviewed``.
        challenges: how many of its parts somebody rejects or wants work on.
        stale: whether a verdict no longer holds as it was given.
    """

    word: str
    challenges: int
    stale: bool

    def fits(self, choice: str) -> bool:
        """Whether a choice of `CHOICES` means it."""
        return bool(self.challenges) if choice == "challenged" else choice == self.word


class Saying(msgspec.Struct, frozen=True):
    """What one reviewer says of a judgement or of a part of it.

    Attributes:
        verdict: empty for a note.
        left: how certain the judgement would be without the part, where that is challenged.
    """

    review: Review
    verdict: str
    reason: str
    left: float | None = None


class PostedAct(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer sends.

    Attributes:
        of: the judgement.
        kind, name: what of it is meant: all of it (`WHOLE`), or a premise, a rule or a source.
        seen: the print of what lay before the reviewer, see `Opinions.print_of`.
    """

    of: str
    kind: str
    name: str = ""
    verdict: str = ""
    reason: str = ""
    expires: str = ""
    seen: str = ""


class Opinions:
    """What the files say.

    Args:
        reviewer: in whose name acts are written.
        given: whether that reviewer chose the day; else it is that of the base.

    Attributes:
        reviews: what was read, with all that is wrong with files.
    """

    def __init__(self, ledger: Ledger, reviews: Reviews, reviewer: str, *, given: bool = False) -> None:
        self.ledger, self.reviews, self.reviewer, self.given = ledger, reviews, reviewer, given
        program, base = ledger.inference.program, ledger.base
        world = (program.as_of if given else None, program.assumed, program.withdrawn)
        self._left: dict[tuple[str, str, str], float] = {}
        self._states: dict[str, list[ReviewState]] = {}
        for state in review_states(reviews, base.kb, base.engine(), date.today()):
            if state.review.world == world:
                self._states.setdefault(state.review.conclusion, []).append(state)

    def reception(self, of: str) -> Reception:
        """What is made of a judgement."""
        states = self._states.get(of, ())
        verdicts = {state.review.verdict for state in states}
        word = next((word for word in reversed(VERDICTS) if word in verdicts), CHOICES[0])
        challenged = {(remark.kind, remark.name) for state in states for remark in state.open}
        return Reception(word, len(challenged), any(state.stale for state in states))

    def said(self, of: str, kind: str, name: str) -> Iterator[Saying]:
        """What is said of a judgement or of a part of it."""
        for state in self._states.get(of, ()):
            review = state.review
            about = _about(kind, name)
            if kind == WHOLE and (review.verdict or review.kind == "note"):
                yield Saying(review, review.verdict, review.note)
            elif kind != WHOLE and review.kind == "note" and review.note.startswith(about):
                yield Saying(review, "", review.note.removeprefix(about))
            for remark in review.remarks:
                if (remark.kind, remark.name) == (kind, name):
                    left = self._without(of, remark) if remark in state.open else None
                    yield Saying(review, remark.verdict, remark.reason, left)

    def _without(self, of: str, remark: Remark) -> float:
        key = (of, remark.kind, remark.name)
        if key not in self._left:
            inference, atom, engine = self.ledger.inference, self.ledger.atom(of), self.ledger.base.engine()
            self._left[key] = certainty_without(inference, atom, remark.kind, remark.name, engine)
        return self._left[key]

    def subjects(self, of: str) -> set[tuple[str, str]]:
        """The parts of a judgement that anything is said of, and all of it."""
        reviews = [state.review for state in self._states.get(of, ())]
        found = {(remark.kind, remark.name) for review in reviews for remark in review.remarks}
        parts = touched(self.ledger.proof(of)) if any(review.kind == "note" for review in reviews) else {}
        noted = {(kind, name) for kind, names in parts.items() for name in names if any(self.said(of, kind, name))}
        return {(WHOLE, of), *found, *noted}

    def signed(self, of: str) -> list[ReviewState]:
        """The verdicts on a judgement, the newest first, with what became of them."""
        return [state for state in reversed(self._states.get(of, [])) if state.review.verdict]

    def print_of(self, of: str) -> str:
        """What tells a judgement from another: all that it says, and not where in the files that stands."""
        trace = self.ledger.proof(of)
        facts = [(item.fact, item.certainty, [row.digest for row in item.rows]) for item in trace.facts]
        rules = [(item.id, item.digest) for item in trace.rules]
        return digest_of((trace.as_of, trace.conclusions, facts, rules, trace.sources, trace.likelihoods or ()))[:32]

    def record(self, act: PostedAct) -> str:
        """Write down an act, and return the path of its file.

        Raises:
            UsageError: it cannot be written, says nothing, or is of another judgement than the reviewer saw (KZ604).
        """
        self.ledger.atom(act.of)
        if act.seen != self.print_of(act.of):
            message = "the judgement is not the one that this page shows"
            raise _refused("KZ604", message, "load the page again, and look at what changed")
        folder = Path(self.reviews.folder)
        if any(path.is_symlink() for path in (folder, *folder.glob("traces"))):
            message = f"{folder} is a link that leads out of the base"
            raise _refused("KZ306", message, "name the folder that is meant with --reviews FOLDER")
        trace = exported(self.ledger.proof(act.of), self.ledger.base.kb)
        return add_review(self.reviews.folder, self._review(act, trace), trace)

    def _review(self, act: PostedAct, trace: Trace) -> Review:
        reason, whole = act.reason.strip(), act.kind == WHOLE
        if act.verdict not in ("", *VERDICTS) or act.kind not in (WHOLE, *PARTS):
            raise _refused("KZ608", f"{act.verdict or 'nothing'} is no verdict on a {act.kind}", "choose one")
        if not reason and not (whole and act.verdict):
            raise _refused("KZ608", "a note or a verdict on a part says why, and this gives no reason", "give one")
        if not whole and act.name not in touched(trace)[cast(PartKind, act.kind)]:
            raise _refused("KZ604", f"the judgement does not rest on the {act.kind} {act.name}", "choose what it shows")
        try:
            expires = str(parse_partial_date(act.expires.strip())) if whole and act.expires.strip() else ""
        except ValueError as error:
            raise _refused("KZ307", str(error), DATE_HINT) from None
        remark = Remark(cast(PartKind, act.kind), act.name, cast(Opinion, act.verdict), reason)
        return Review(
            conclusion=act.of,
            question=act.of,
            as_of=trace.as_of,
            given=self.given,
            assumed=trace.assumed,
            withdrawn=trace.withdrawn,
            seal=trace.seal or "",
            verdict=cast(Opinion, act.verdict) if whole else "",
            remarks=(remark,) if act.verdict and not whole else (),
            reviewer=self.reviewer,
            made=moment(datetime.now(UTC)),
            expires=expires,
            note=reason if whole else "" if act.verdict else f"{_about(act.kind, act.name)}{reason}",
        )


def _about(kind: str, name: str) -> str:
    """How a note on a part begins: reviews have a place for verdicts on parts, and notes are of the whole."""
    return f"{kind} {name}: "


def _refused(code: str, message: str, hint: str) -> UsageError:
    return UsageError(Issue(code, message, Location(_PLACE), hint))
