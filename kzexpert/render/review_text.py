"""What became of reviews, in words: a line for each, and for those that no longer hold what is another."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import asdict, replace

from kzexpert.certainty import evidence_word
from kzexpert.errors import counted, listed
from kzexpert.proof.changes import Cause, Move, moves
from kzexpert.proof.document import Row, Trace, TracedFact
from kzexpert.proof.index import Index
from kzexpert.render.changes_text import moves_text
from kzexpert.render.proof_text import proof_text
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, display_width, sentence, stated, visible
from kzexpert.review.document import Remark, Review
from kzexpert.review.judgement import Gist
from kzexpert.review.state import ReviewState

__all__ = ["added_text", "given", "reasons", "remark_text", "reviews_text", "says", "show_text", "stale_text"]

#: Columns that a sentence needs at least.
_NARROW = 24
_ROLES = {
    **{"holds": "good", "stale": "bad", "expired": "bad", "open": "poor"},
    **{"moot": "faint", "settled": "faint", "note": "faint"},
}
#: What became of a fact, in words; of some it depends on what is another.
_TURNS = {
    "not recorded": "is no longer on record",
    "went out of force": "is no longer in force",
    "lapsed": "has lapsed",
    "recorded": "is new on record",
    "came into force": "has come into force",
    "stronger": "is more certain",
    "weaker": "is less certain",
    "changed": "is stated otherwise",
}
#: What only counts now, or no longer, whether or not it is on record.
_USED = {"newly used": "it rests on {} now, and did not", "no longer used": "it no longer rests on {}, still on record"}
_RULES = {
    "gone": "is gone",
    "fires no longer": "no longer fires",
    "fires now": "fires now, and did not",
    "changed": "says something else",
}
_ROW = ("certainty", "since", "until", "on", "source", "at", "note")


def says(state: ReviewState) -> str:
    """The judgement as a sentence."""
    index, (conclusion,) = Index(state.before), state.before.answers
    return stated(index[conclusion].says, conclusion)


# --- why a review no longer holds -----------------------------------------------------------------------------------


def reasons(state: ReviewState) -> list[str]:
    """What keeps a verdict from holding as it was given, a sentence each, what is judged first."""
    found = [*_changes(state)] if state.changed else []
    if state.state == "expired":
        found.append(f"it expired at the end of {state.review.expires}")
    if state.changed and state.elsewhere:
        found.append(f"it was signed of the base {state.elsewhere}, and this is another one")
    return found


def _changes(state: ReviewState) -> Iterator[str]:
    if state.refused:
        yield state.refused
    if state.diff is None or state.now is None:
        return
    yield from _standing(state.said)
    before, now = Index(state.before), Index(state.now)
    for cause in state.diff.facts:
        if cause.turn not in _USED:
            yield _fact(cause, before, now)
    for statement in state.appeared:
        yield f"{statement} is established now, and a rule rested on its absence"
    for turn in state.diff.rules:
        what = moves_text(turn.what)
        yield f"the rule {turn.rule} {_RULES.get(turn.turn, turn.turn)}{f': {what}' if what else ''}"
    for name in state.diff.sources:
        what = moves_text(moves(asdict(before.sources[name]), asdict(now.sources[name])))
        yield f"the source {name} is described otherwise: {what}"
    for used, words in _USED.items():
        names = [cause.statement for cause in state.diff.facts if cause.turn == used]
        if names:
            yield words.format(listed(names))
    if not (state.diff.facts or state.appeared or state.diff.rules or state.diff.sources):
        yield from _conditions(state)
    if state.diff.before.as_of != state.diff.after.as_of:
        why = f", {state.as_of_reason}" if state.as_of_reason else ""
        yield f"it was given as of {state.diff.before.as_of}, and now it is asked as of {state.diff.after.as_of}{why}"


def _standing(said: Sequence[Move]) -> Iterator[str]:
    """What is said otherwise of the conclusion."""
    told = {move.field: move for move in said}
    evidence, certainty = told.get("evidence"), told.get("certainty")
    if certainty is not None and not certainty.after:
        yield f"nothing is known of it any more; the certainty was {_number(certainty.before)}"
        return
    if evidence is not None and certainty is not None:
        one, other = _numbers(certainty)
        yield f"{evidence.after} now ({other}), and {evidence.before} then ({one})"
    elif certainty is not None:
        one, other = _numbers(certainty)
        yield f"the certainty is {other}, and was {one}"
    if "confidence" in told:
        on = told["hangs_on"].after if "hangs_on" in told else ""
        hangs = f", for it hangs on {listed(on.split('; '))}" if on else ""
        was, now = (text or "none" for text in _pair(told["confidence"]))
        yield f"the confidence is {now}, and was {was}{hangs}"
    elif "hangs_on" in told:
        one, other = (listed(text.split("; ")) if text else "nothing" for text in _pair(told["hangs_on"]))
        yield f"it hangs on {other}, and hung on {one}"
    if "likelihood" in told:
        one, other = (text or "not measured" for text in _pair(told["likelihood"]))
        yield f"the likelihood is {other}, and was {one}"
    if not evidence and not certainty and "at_least" in told:
        one, other = _numbers(told["at_least"])
        yield f"counting each witness once the certainty is {other}, and was {one}"
    yield from (
        f"{move.field} reads “{move.after}” now, and “{move.before}” then" for move in said if "(" in move.field
    )


def _pair(move: Move) -> tuple[str, str]:
    return move.before, move.after


def _number(text: str) -> str:
    return certainty_text(float(text)) if text else "none"


def _numbers(move: Move) -> tuple[str, str]:
    """Both with two decimals, or as many as tell them apart."""
    if not (move.before and move.after):
        return _number(move.before), _number(move.after)
    pairs = [tuple(f"{float(text):.{digits}f}" for text in _pair(move)) for digits in range(2, 10)]
    return next((one, other) for one, other in (*pairs, _pair(move)) if one != other)


def _fact(cause: Cause, before: Index, now: Index) -> str:
    """What became of a fact, with what is another in its rows and where they stand."""
    one, other = before.facts.get(cause.was or cause.statement), now.facts.get(cause.statement)
    known = other or one
    if cause.was:
        return f"{cause.shown} has another number or date{_places(known)}"
    turn = _TURNS.get(cause.turn, cause.turn)
    what = "; ".join(_rows(one, other, now.trace)) if one and other else ""
    return f"{cause.statement} {turn}{f': {what}' if what else ''}{_places(known)}"


def _places(fact: TracedFact | None) -> str:
    places = [*dict.fromkeys(row.place for row in fact.rows)] if fact else []
    return f" ({', '.join(places)})" if places else ""


def _rows(one: TracedFact, other: TracedFact, now: Trace) -> Iterator[str]:
    """What is another in the rows of a fact."""
    old, new = ({row.digest: row for row in fact.rows} for fact in (one, other))
    gone = [row for digest, row in old.items() if digest not in new]
    came = [row for digest, row in new.items() if digest not in old]
    if len(gone) == len(came) == 1:
        (before,), (after,) = gone, came
        yield moves_text(moves(*({key: getattr(row, key) for key in _ROW} for row in (before, after))))
    else:
        yield from (f"{_cited(row)} states it no longer" for row in gone)
        yield from (f"{_cited(row)} states it too" for row in came)
    dates = {source.id: source.date for source in now.sources}
    newest = max((dates.get(row.source, "") for row in one.rows), default="")
    newer = [name for row in came if newest and (name := row.source) and dates.get(name, "") > newest]
    yield from (f"{name} is newer ({dates[name]})" for name in newer)
    weights = [(old[digest].weight, new[digest].weight) for digest in old if digest in new]
    if one.certainty != other.certainty and any(before != after for before, after in weights):
        yield f"the grade of its source leaves {other.certainty:.2f} of it, and left {one.certainty:.2f}"


def _cited(row: Row) -> str:
    return row.citation or "a row without a source"


def _conditions(state: ReviewState) -> Iterator[str]:
    """Where no fact and no rule is another, the conditions that may have turned and the steps that did."""
    assert state.diff is not None
    for shift in state.diff.changes:
        for line in shift.lines:
            turned = [cause.statement for cause in line.causes if cause.turn == "may have turned"]
            if turned:
                yield f"in {line.rule}, {' or '.join(turned)} may have turned"


# --- all reviews ----------------------------------------------------------------------------------------------------


def reviews_text(states: Sequence[ReviewState], folder: str, out: Writer = PLAIN) -> str:
    """How many reviews there are of each state, and a line for each."""
    if not states:
        return out.wrap([("", f"There are no reviews in {folder}.")]) + "\n"
    lines = [_counts(states, out), ""]
    for state in states:
        review = state.review
        word = review.verdict or ("accepted" if state.state == "settled" else review.kind)
        head = f"{word:<11}{review.day}  {visible(review.reviewer)[:16]:<16}  "
        indent = 8 + display_width(head)
        start = out.style(_ROLES[state.state], f"{state.state:<8}") + out.style("", head)
        if out.width - indent < _NARROW:  # the sentence has lines of its own
            lines.append(start.rstrip())
            start, indent = "  ", 2
        first, *rest = replace(out, width=out.width - indent).wrap([("", says(state))]).split("\n")
        lines += [start + first, *(" " * indent + line for line in rest)]
    return "\n".join([*lines, ""])


def _counts(states: Sequence[ReviewState], out: Writer) -> str:
    words = {word: sum(state.state == word for state in states) for word in _ROLES}
    names = {"open": "open challenge", "moot": "challenge of what is gone", "note": "note"}
    parts = []
    for word, number in words.items():
        several = {"holds": "hold", "moot": "challenges of what is gone"}.get(word, "")
        told = (
            counted(number, names[word], several) if word in names else f"{number} {(number > 1 and several) or word}"
        )
        parts += [told] if number else []
    return out.wrap([("strong", f"{counted(len(states), 'review')}: {', '.join(parts)}")])


def stale_text(states: Sequence[ReviewState], folder: str, out: Writer = PLAIN) -> str:
    """The verdicts that no longer hold as they were given, each with the reasons."""
    stale = [state for state in states if state.stale]
    total = sum(state.review.kind == "sign-off" for state in states)
    if not stale:
        what = (
            f"All {total} verdicts hold" if total > 1 else "The one verdict holds" if total else "There is no verdict"
        )
        return out.wrap([("good", f"{what} in {folder}.")]) + "\n"
    some = f"{len(stale)} of {total} verdicts" if total > 1 else "The one verdict"
    head = f"{some} no longer {'holds' if len(stale) == 1 else 'hold'} as given:"
    blocks = [out.wrap([("strong", head)])]
    for state in stale:
        lines = [out.wrap([("strong", says(state)), ("", f": {given(state.review)}")], rest="  ")]
        lines += [out.wrap([("", text)], first="  - ", rest="    ") for text in reasons(state)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def given(review: Review) -> str:
    """Who said what, when: ``accepted by A. Smith on 2026-11-28``."""
    contested = "challenged" if review.contests else "parts accepted"
    what = {"sign-off": review.verdict, "challenge": contested, "note": "noted"}[review.kind]
    return f"{what} by {review.reviewer} on {review.day}"


# --- one judgement --------------------------------------------------------------------------------------------------


def remark_text(remark: Remark, index: Index) -> str:
    """What is said of a premise, a rule or a source: ``the premise "...": rejected, since ...``."""
    return f"{remark.verdict}: the {remark.kind} {_named(remark, index)}: {remark.reason}"


def _named(remark: Remark, index: Index) -> str:
    """What a remark is on, as a reader knows it."""
    if remark.kind == "premise":
        known = remark.name in index.conclusions or remark.name in index.facts
        return f"“{index[remark.name].says}”" if known else remark.name
    items = index.rules if remark.kind == "rule" else index.sources
    title = items[remark.name].title if remark.name in items else ""
    return f"{remark.name} ({title})" if title else remark.name


def added_text(state: ReviewState, path: str, left: Mapping[Remark, float], out: Writer = PLAIN) -> str:
    """What was written, where, and what is left of the judgement without what was challenged.

    Args:
        left: the challenges, and how certain the judgement is without what each is about.
    """
    review, index = state.review, Index(state.before)
    lines = [
        out.wrap([("strong", says(state)), ("", f": {_held(state.gist)}")], rest="  "),
        out.wrap([("", ", ".join(filter(None, [given(review), _signed(review, {})])))], first="  ", rest="    "),
    ]
    for remark in review.remarks:
        lines.append(out.wrap([("", remark_text(remark, index))], first="  ", rest="    "))
        if remark in left:
            without = f"without it: {evidence_word(left[remark])} ({certainty_text(left[remark])})"
            lines.append(out.wrap([("poor", without)], first="    ", rest="      "))
    lines.append(out.wrap([("", f"written to {path}")], first="  ", rest="    "))
    if state.stale:
        head = "The base on disk now says something else:" if state.changed else "It does not hold:"
        lines.append(out.wrap([("bad", head)], first="  "))
        lines += [out.wrap([("", text)], first="  - ", rest="    ") for text in reasons(state)]
    return "\n".join(lines) + "\n"


def show_text(states: Sequence[ReviewState], folder: str, signers: Mapping[str, str] = {}, out: Writer = PLAIN) -> str:
    """What reviewers said of some judgements: verdicts, dissent, challenges that are open, notes, and what holds.

    Args:
        signers: file → who signed it; see `kzexpert.render.review_json.ReviewRecord`.
    """
    groups: dict[object, list[ReviewState]] = {}
    for state in states:
        groups.setdefault((state.review.conclusion, state.review.world), []).append(state)
    blocks = ["\n".join(_judged(group, signers, out)) for group in groups.values()]
    return "\n\n".join(blocks or [out.wrap([("", f"Nobody has reviewed that in {folder}.")])]) + "\n"


def _judged(states: Sequence[ReviewState], signers: Mapping[str, str], out: Writer) -> Iterator[str]:
    """One judgement as it is now, and what was said of it, the newest last."""
    last = states[-1]
    held = f"cannot be asked: {last.refused}" if last.refused else _held(last.gist_now)
    yield out.wrap([("strong", says(last)), ("", f": {held}")], rest="  ")
    world = [f"as of {(last.now or last.before).as_of}"]
    lists = (("assuming", last.review.assumed), ("without", last.review.withdrawn))
    world += [f"{word} {', '.join(texts)}" for word, texts in lists if texts]
    yield out.wrap([("faint", "; ".join(world))], first="  ", rest="    ")
    yield out.wrap([("strong", _verdicts([state for state in states if state.review.verdict]))])
    for state in states:
        yield from _said(state, signers, out)
    if last.now and last.gist_now:
        yield "\n" + proof_text(Index(last.now), last.now.answers, out, depth=1)


def _said(state: ReviewState, signers: Mapping[str, str], out: Writer) -> Iterator[str]:
    """One review."""
    review, index = state.review, Index(state.before)
    until = f"until {review.expires}" if review.expires else ""
    about = ", ".join(filter(None, [given(review), until, _signed(review, signers)]))
    pieces: list[Piece] = [("", about)]
    if review.verdict:
        pieces += [("", ": "), (_ROLES[state.state], state.state)]
    yield out.wrap(pieces, first="  ", rest="    ")
    for remark in review.remarks:
        gone = "" if remark in state.open or remark.verdict == "accepted" else " (it no longer rests on that)"
        role = "poor" if remark in state.open else ""
        yield out.wrap([(role, remark_text(remark, index) + gone)], first="    ", rest="      ")
    yield from (out.wrap([("", line)], first="    ", rest="    ") for line in review.note.splitlines())
    if state.stale:
        yield from (out.wrap([("", text)], first="    - ", rest="      ") for text in reasons(state))


def _signed(review: Review, signers: Mapping[str, str]) -> str:
    """Who signed it with a key, as far as that was checked."""
    if not review.signature:
        return ""
    name = signers.get(review.place.file)
    return (
        "signed with a key" if name is None else f"signed by {name}" if name != "not valid" else "signature not valid"
    )


def _held(known: Gist | None) -> str:
    """What is said of a judgement: ``strong evidence (0.91), moderate confidence``."""
    if known is None:
        return "nothing is known of it"
    confidence = f", {known.confidence} confidence" if known.confidence else ""
    return f"{known.evidence} ({certainty_text(known.certainty)}){confidence}"


def _verdicts(signed: Sequence[ReviewState]) -> str:
    """Who agrees, and who does not."""
    by: dict[str, list[str]] = {}
    for state in signed:
        by.setdefault(state.review.verdict, []).append(state.review.reviewer)
    told = "; ".join(f"{word} by {listed(names)}" for word, names in by.items())
    return f"Dissent: {told}." if len(by) > 1 else sentence(f"{told or 'nobody has given a verdict'}.")
