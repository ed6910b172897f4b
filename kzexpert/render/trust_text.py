"""What is said of a conclusion beside its certainty: on whom it hangs, what counts once, and what its lines share."""

from collections.abc import Sequence

from kzexpert.proof.document import Confidence, Testimony, TracedConclusion, TracedFact
from kzexpert.render.writer import certainty_text

__all__ = ["told", "trust"]

#: So many facts are named on which several lines of evidence rest.
_MOST_SHARED = 2


def told(item: TracedConclusion | TracedFact, testimony: Testimony) -> list[str]:
    """The sentences for a statement of a document; see `trust`."""
    lines = item.lines if isinstance(item, TracedConclusion) else ()
    strengths = [line.strength for line in lines if line.counts]
    return trust(item.certainty, strengths, testimony.at_least, testimony.exact, testimony.shared, testimony.confidence)


def trust(
    certainty: float,
    strengths: Sequence[float],
    at_least: float,
    exact: bool,
    shared: Sequence[str],
    confidence: Confidence | None,
) -> list[str]:
    """The sentences, in the order in which a reader needs them; none repeats what the certainty says.

    Args:
        strengths: of the lines of evidence that count.
        at_least, exact, shared, confidence: see `kzexpert.proof.document.Testimony`.
    """
    found = [f"{confidence.level.capitalize()} confidence: {confidence.reason}."] if confidence else []
    if at_least != certainty:
        taken = "" if exact else " (the strongest lines first: there are too many to try all)"
        numbers = certainty_text(certainty), certainty_text(at_least)
        several = sum(strength * certainty > 0 for strength in strengths) > 1
        what = "its lines are" if several else "all that its line rests on is"
        found.append(f"{numbers[0]} if {what} independent, {numbers[1]} counting each witness once{taken}.")
    if shared:
        more = len(shared) - _MOST_SHARED
        named = ", ".join([*shared[:_MOST_SHARED], *([f"and {more} more"] if more > 0 else [])])
        found.append(f"Several lines rest on the same fact{'s' if len(shared) > 1 else ''}: {named}.")
    return found
