"""The answer to why and why not, as text: proofs, or what each rule lacks and which records do not hold that day."""

from collections.abc import Iterator

import msgspec

from kzexpert.analysis.near_misses import Miss, not_in_force
from kzexpert.analysis.why_not import misses
from kzexpert.certainty import established
from kzexpert.model import Fact, GroundAtom, Inference
from kzexpert.proof.citation import places_of
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import dates
from kzexpert.render.proof_text import proof_text
from kzexpert.render.text import footnote, nothing_supports
from kzexpert.render.writer import PLAIN, Piece, Writer

__all__ = ["Explanation", "explanation", "explanation_text"]


class Explanation(msgspec.Struct, frozen=True):
    """Why something follows, or why not.

    Attributes:
        index: of the proof of what matches.
        lacks: where nothing is established, what the rules lack.
        outside: and the recorded rows that do not hold on the as-of date.
    """

    inference: Inference
    question: Question
    index: Index
    lacks: tuple[Miss, ...] = ()
    outside: tuple[tuple[GroundAtom, Fact], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether something that was asked about is established."""
        return any(established(self.index[name].certainty) for name in self.index.trace.answers)

    @property
    def shown(self) -> tuple[str, ...]:
        """What is established, or else what was weighed."""
        answers = self.index.trace.answers
        return tuple([name for name in answers if established(self.index[name].certainty)]) or answers


def explanation(inference: Inference, question: Question) -> Explanation:
    """Why what a question asks about follows, or why not."""
    found = Explanation(inference, question, Index(prove(inference, question)))
    if found.holds:
        return found
    lacks, outside = misses(inference, question.pattern), not_in_force(inference, question.pattern)
    return Explanation(inference, question, found.index, lacks, outside)


def explanation_text(found: Explanation, out: Writer = PLAIN, depth: int | None = None) -> str:
    """The explanation as text.

    Args:
        depth: fold conclusions that are so many steps or more away.
    """
    blocks = []
    if found.holds and found.question.kind == "why-not":
        blocks.append("It does follow:")
    elif found.shown and not found.holds:
        blocks.append("Weighed, and not established:")
    if found.shown:
        blocks.append(proof_text(found.index, found.shown, out, depth))
    if not found.holds:
        blocks.append("\n".join(_missing(found, out)).strip("\n"))
    blocks.extend(_dropped(found, out))
    unmeasured = any(name not in found.index.likelihoods for name in found.shown)
    return "\n\n".join([*filter(None, blocks), footnote(found.inference, out, words=unmeasured)]) + "\n"


def _dropped(found: Explanation, out: Writer) -> Iterator[str]:
    """The rules of used bases that could conclude it, and that are left out."""
    kb, name = found.inference.program.kb, found.question.pattern.predicate
    places, place = dict(kb.drops), places_of(kb)
    for rule in kb.gone:
        if rule.id in places and any(head.predicate == name for head in rule.then):
            text = f"Dropped here ({place(places[rule.id])}): rule "
            yield out.wrap([("", text), ("name", rule.id), ("faint", f" ({place(rule.location)})")], rest="  ")


def _missing(found: Explanation, out: Writer) -> Iterator[str]:
    program = found.inference.program
    place = places_of(program.kb)
    if not found.shown:
        yield nothing_supports(found.inference, found.question, out)
    for _, fact in found.outside:
        row = f"On record {dates(fact)}, so not in force on {program.as_of.isoformat()} ({place(fact.location)})."
        yield out.wrap([("", row)], rest="  ")
    name = found.question.pattern.predicate
    if found.lacks:
        yield ""
        yield out.wrap([("", "Rules that could conclude it, the nearest first, each with what it lacks:")])
        for item in found.lacks:
            yield from _rule(item, out)
        yield ""
        yield out.wrap([("", "kzexpert why-not looks for what would make it hold.")])
    elif name not in program.stratum_of:
        yield out.wrap([("", f"No rule concludes {name}: it is either on record or unknown.")])
    elif not found.shown:
        yield out.wrap([("", f"No rule that concludes {name} can conclude this.")])


def _rule(item: Miss, out: Writer) -> Iterator[str]:
    title: list[Piece] = [("name", item.rule), ("", f": {item.title}" if item.title else "")]
    yield out.wrap([*title, ("faint", f" ({item.place})")], first="  ", rest="    ")
    yield out.wrap([("poor", "needs "), ("", item.instance)], first="    ", rest="      ")
