"""Why something does not follow: what is on record and not in force, what holds it down, what each rule lacks, and what
would make it hold.

It brings together `near_misses` and `proposals` and finds nothing by itself.
"""

import msgspec

from kzexpert.analysis.near_misses import Miss, NearFact, NearMisses, near_row, not_in_force
from kzexpert.analysis.partials import Allowance, Known
from kzexpert.analysis.proposals import Proposal, propose
from kzexpert.analysis.scenario import Progress, silent
from kzexpert.certainty import combine, evidence_word
from kzexpert.engines.base import Engine
from kzexpert.evidence import lines
from kzexpert.model import GroundAtom, Inference, Pattern
from kzexpert.proof.answers import Conclusion, conclude, ranked
from kzexpert.proof.citation import places_of
from kzexpert.proof.document import Asked
from kzexpert.proof.lineage import asked
from kzexpert.questions.question import Question

__all__ = ["Weighed", "WhyNot", "misses", "why_not"]

#: Steps of the searches: bindings looked at. What takes more is cut short, and the result says so.
_STEPS = 20_000


class Weighed(msgspec.Struct, frozen=True):
    """A statement that was weighed and is not established.

    Attributes:
        support: what the evidence for it comes to by itself.
        against: what the evidence against it comes to by itself; 0 or below.
        evidence_alone: the word for `support`.
    """

    conclusion: Conclusion
    support: float
    against: float
    evidence_alone: str


class WhyNot(Asked, frozen=True, tag_field="schema", tag="kzexpert.why-not/1"):
    """Why nothing that matches a question is established.

    Attributes:
        outside: recorded facts that match but are not in force on the day.
        weighed: what was weighed, the most certain first.
        misses: what the rules lack that could conclude it, the least first.
        proposals: what would make it hold, each of them tried out, the fewest changes first.
        tried: how many sets of changes were tried.
        cut_short: whether a search used up its allowance, so that there may be nearer misses or other proposals.
    """

    outside: tuple[NearFact, ...]
    weighed: tuple[Weighed, ...]
    misses: tuple[Miss, ...]
    proposals: tuple[Proposal, ...]
    tried: int
    cut_short: bool


def why_not(
    inference: Inference, question: Question, engine: Engine, limit: int | None = 5, progress: Progress = silent
) -> WhyNot:
    """Explain why nothing that matches a question is established.

    Args:
        inference: in which nothing that matches is established.
        engine: runs programs again, to try proposals out.
        limit: at most so many proposals; None for all that the search finds.
    """
    pattern = question.pattern
    known = Known(inference)
    outside = not_in_force(inference, pattern)
    place = places_of(inference.program.kb)
    allowance = Allowance(_STEPS)
    near = NearMisses(known, allowance).of(pattern)
    proposed = propose(known, pattern, engine, limit, Allowance(_STEPS), progress)
    return WhyNot(
        *asked(inference, question),
        outside=tuple(near_row(atom, row, place) for atom, row in outside),
        weighed=tuple(_weighed(inference, known.atom, pattern) for known in ranked(inference, question)),
        misses=near,
        proposals=proposed.found,
        tried=proposed.tried,
        cut_short=allowance.exhausted or proposed.cut_short,
    )


def misses(inference: Inference, pattern: Pattern) -> tuple[Miss, ...]:
    """What the rules lack that could conclude an instance of a pattern, the least first."""
    return NearMisses(Known(inference), Allowance(_STEPS), depth=0).of(pattern)


def _weighed(inference: Inference, atom: GroundAtom, pattern: Pattern) -> Weighed:
    strengths = [line.strength for line in lines(inference, atom) if line.counts]
    support = combine(strength for strength in strengths if strength > 0)
    against = combine(strength for strength in strengths if strength < 0)
    return Weighed(conclude(inference, atom, pattern), support, against, evidence_word(support))
