"""What is said of a conclusion beside its certainty: on whom it hangs, what counts once, and what its lines share."""

from collections.abc import Sequence

from kzexpert.proof.document import Confidence, Testimony
from kzexpert.render.writer import certainty_text

__all__ = ["told", "trust"]

#: So many facts are named on which several lines of evidence rest.
_MOST_SHARED = 2


def told(certainty: float, testimony: Testimony) -> list[str]:
    """The sentences for a statement of a document; see `trust`."""
    return trust(certainty, testimony.at_least, testimony.exact, testimony.shared, testimony.confidence)


def trust(
    certainty: float, at_least: float, exact: bool, shared: Sequence[str], confidence: Confidence | None
) -> list[str]:
    """The sentences, in the order in which a reader needs them; none repeats what the certainty says.

    Args:
        at_least, exact, shared, confidence: see `kzexpert.proof.document.Testimony`.
    """
    found = [f"{confidence.level.capitalize()} confidence: {confidence.reason}."] if confidence else []
    if at_least != certainty:
        taken = "" if exact else " (the strongest lines first: there are too many to try all)"
        numbers = certainty_text(certainty), certainty_text(at_least)
        found.append(f"{numbers[0]} if its lines are independent, {numbers[1]} counting each witness once{taken}.")
    if shared:
        more = len(shared) - _MOST_SHARED
        named = ", ".join([*shared[:_MOST_SHARED], *([f"and {more} more"] if more > 0 else [])])
        found.append(f"Several lines rest on the same fact{'s' if len(shared) > 1 else ''}: {named}.")
    return found
