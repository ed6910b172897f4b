"""The answer to why and why not, as text: proofs, or what each rule lacks and which records do not hold that day."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.near_misses import Miss
from kzexpert.certainty import established
from kzexpert.model import Fact, GroundAtom, Inference
from kzexpert.proof.document import Index
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import dates
from kzexpert.render.layout import WIDTH, Piece, Style, as_plain, wrap
from kzexpert.render.proof_text import proof_text
from kzexpert.render.text import footnote, nothing_supports

__all__ = ["explanation_text"]


def explanation_text(
    inference: Inference,
    question: Question,
    index: Index,
    lacks: Sequence[Miss] = (),
    outside: Sequence[tuple[GroundAtom, Fact]] = (),
    style: Style = as_plain,
    width: int = WIDTH,
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
        blocks.append(proof_text(index, holding or answers, style, width, depth))
    if not holds:
        missing = _missing(inference, question, not answers, lacks, outside, style, width)
        blocks.append("\n".join(missing).strip("\n"))
    return "\n\n".join([*filter(None, blocks), footnote(inference, style, width, words=bool(answers))]) + "\n"


def _missing(
    inference: Inference,
    question: Question,
    unknown: bool,
    lacks: Sequence[Miss],
    outside: Sequence[tuple[GroundAtom, Fact]],
    style: Style,
    width: int,
) -> Iterator[str]:
    program = inference.program
    if unknown:
        yield nothing_supports(inference, question, style, width)
    for _, fact in outside:
        row = f"On record {dates(fact)}, so not in force on {program.as_of.isoformat()} ({fact.location})."
        yield wrap([("", row)], style, width=width, rest="  ")
    name = question.pattern.predicate
    if lacks:
        yield ""
        intro = "Rules that could conclude it, the nearest first, each with what it lacks:"
        yield wrap([("", intro)], style, width=width)
        for item in lacks:
            yield from _rule(item, style, width)
        yield ""
        yield wrap([("", "kzexpert why-not looks for what would make it hold.")], style, width=width)
    elif name not in program.stratum_of:
        yield wrap([("", f"No rule concludes {name}: it is on record, or it is not known.")], style, width=width)
    elif unknown:
        yield wrap([("", f"No rule that concludes {name} can conclude this.")], style, width=width)


def _rule(item: Miss, style: Style, width: int) -> Iterator[str]:
    title: list[Piece] = [("name", item.rule), ("", f": {item.title}" if item.title else "")]
    yield wrap([*title, ("faint", f" ({item.place})")], style, width=width, first="  ", rest="    ")
    yield wrap([("poor", "needs "), ("", item.instance)], style, width=width, first="    ", rest="      ")
