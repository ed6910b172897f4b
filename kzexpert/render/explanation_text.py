"""The answer to why and why not, as text: proofs, or what each rule lacks and which records do not hold that day."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.near_misses import Miss
from kzexpert.certainty import established
from kzexpert.model import Fact, GroundAtom, Inference
from kzexpert.proof.document import Index
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import dates
from kzexpert.render.proof_text import proof_text
from kzexpert.render.text import footnote, nothing_supports
from kzexpert.render.writer import PLAIN, Piece, Writer

__all__ = ["explanation_text"]


def explanation_text(
    inference: Inference,
    question: Question,
    index: Index,
    lacks: Sequence[Miss] = (),
    outside: Sequence[tuple[GroundAtom, Fact]] = (),
    out: Writer = PLAIN,
    depth: int | None = None,
) -> str:
    """Why something follows, or why not.

    Args:
        index: of the proof of what matches. What was only weighed is shown where nothing is established.
        lacks: where nothing is established, what the rules lack.
        outside: and the recorded rows that do not hold on the as-of date.
        depth: fold conclusions that are so many steps or more away.
    """
    answers = index.trace.answers
    holding = [name for name in answers if established(index[name].certainty)]
    holds = bool(holding)
    blocks = []
    if holds and question.kind == "why-not":
        blocks.append("It does follow:")
    elif not holds and answers:
        blocks.append("Weighed, and not established:")
    if answers:
        blocks.append(proof_text(index, holding or answers, out, depth))
    if not holds:
        missing = _missing(inference, question, not answers, lacks, outside, out)
        blocks.append("\n".join(missing).strip("\n"))
    return "\n\n".join([*filter(None, blocks), footnote(inference, out, words=bool(answers))]) + "\n"


def _missing(
    inference: Inference,
    question: Question,
    unknown: bool,
    lacks: Sequence[Miss],
    outside: Sequence[tuple[GroundAtom, Fact]],
    out: Writer,
) -> Iterator[str]:
    program = inference.program
    if unknown:
        yield nothing_supports(inference, question, out)
    for _, fact in outside:
        row = f"On record {dates(fact)}, so not in force on {program.as_of.isoformat()} ({fact.location})."
        yield out.wrap([("", row)], rest="  ")
    name = question.pattern.predicate
    if lacks:
        yield ""
        intro = "Rules that could conclude it, the nearest first, each with what it lacks:"
        yield out.wrap([("", intro)])
        for item in lacks:
            yield from _rule(item, out)
        yield ""
        yield out.wrap([("", "kzexpert why-not looks for what would make it hold.")])
    elif name not in program.stratum_of:
        yield out.wrap([("", f"No rule concludes {name}: it is on record, or it is not known.")])
    elif unknown:
        yield out.wrap([("", f"No rule that concludes {name} can conclude this.")])


def _rule(item: Miss, out: Writer) -> Iterator[str]:
    title: list[Piece] = [("name", item.rule), ("", f": {item.title}" if item.title else "")]
    yield out.wrap([*title, ("faint", f" ({item.place})")], first="  ", rest="    ")
    yield out.wrap([("poor", "needs "), ("", item.instance)], first="    ", rest="      ")
