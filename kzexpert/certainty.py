"""The algebra of certainty factors, and the words for a certainty: numbers in, numbers and words out.

Certainty factors run from −1 (certainly not) over 0 (nothing known) to +1 (certain). The combination is that of EMYCIN
(van Melle 1980; Buchanan and Shortliffe, *Rule-Based Expert Systems*, 1984, ch. 11), extended to many lines at once. It
measures a change of belief and is no probability (Heckerman and Horvitz 1987): the words tell how strong the evidence
is, and not how likely a thing is.
"""

from collections.abc import Iterable
from math import prod

__all__ = [
    "EDGES",
    "THRESHOLD",
    "VERDICT",
    "combine",
    "established",
    "evidence_cutoffs",
    "evidence_word",
    "is_conflict",
    "probability_word",
]

#: A fact or a conclusion is established when its certainty is above this.
THRESHOLD = 0.2

#: ICD 203 (2015), D.6.e.2.a: lower edge of each band in percent. Edges are shared there; ours belong to the upper band.
_BANDS = (
    (95.0, "almost certain"),
    (80.0, "very likely"),
    (55.0, "likely"),
    (45.0, "roughly even chance"),
    (20.0, "unlikely"),
    (5.0, "very unlikely"),
    (0.0, "almost no chance"),
)
#: How strong the evidence is: the certainty, by absolute value, above which each word is said; highest first.
_WORDS = (
    (0.95, "very strong evidence"),
    (0.8, "strong evidence"),
    (0.6, "good evidence"),
    (0.4, "some evidence"),
    (THRESHOLD, "a hint"),
)
#: The highest certainty of each word, "nothing established" included; lowest first.
EDGES = (*(edge for edge, _ in reversed(_WORDS)), 1.0)
_NOTHING = "nothing established"
#: From this certainty on a question is answered with yes, down from its negative with no.
VERDICT = 0.6


def combine(strengths: Iterable[float]) -> float:
    """The certainty of a conclusion from its lines of evidence.

    p = 1 − ∏(1 − s) over the positive strengths, n = −(1 − ∏(1 + s)) over the negative ones, and the certainty is
    (p + n) / (1 − min(p, −n)). For two values this is EMYCIN's combining function. Products are taken in ascending
    order and the result is rounded to 9 decimals, so that every engine gets the same number from the same lines.

    Args:
        strengths: one certainty factor, −1..1, for each line of evidence; zeros are neutral.

    Returns:
        −1..1; 0 for no lines and for +1 against −1 (see `is_conflict`).
    """
    ascending = sorted(strengths)
    if len(ascending) == 1 and ascending[0] > 0:  # the most frequent case, by the same arithmetic
        return round(1.0 - (1.0 - ascending[0]), 9)
    positive = 1.0 - prod(1.0 - s for s in ascending if s > 0)
    negative = prod(1.0 + s for s in ascending if s < 0) - 1.0
    weaker = min(positive, -negative)
    if weaker >= 1.0:
        return 0.0
    return round((positive + negative) / (1.0 - weaker), 9) + 0.0


def is_conflict(strengths: Iterable[float]) -> bool:
    """Whether the lines hold certain evidence for and certain evidence against."""
    lines = tuple(strengths)
    return max(lines, default=0.0) >= 1.0 and min(lines, default=0.0) <= -1.0


def established(certainty: float) -> bool:
    """Whether a certainty is high enough to satisfy conditions."""
    return certainty > THRESHOLD


def evidence_word(certainty: float) -> str:
    """How strong the evidence is that a certainty stands for, in words. They say nothing of how likely a thing is.

    Args:
        certainty: −1..1.

    Returns:
        From "a hint" to "very strong evidence", with "against" where it is negative; "nothing established" between.
    """
    word = next((word for edge, word in _WORDS if abs(certainty) > edge), "")
    return f"{word}{'' if certainty > 0 else ' against'}" if word else _NOTHING


def evidence_cutoffs() -> tuple[tuple[float, str], ...]:
    """The lowest certainty, to nine decimals, that has a word; highest first. `evidence_word` says the same of each."""
    above = [(round(edge + 1e-9, 9), word) for edge, word in _WORDS]
    below = [(-end, f"{word} against") for end, (_, word) in zip(EDGES[1:], reversed(_WORDS), strict=True)]
    return (*above, (-THRESHOLD, _NOTHING), *below)


def probability_word(probability: float) -> str:
    """The word of estimative probability of ICD 203: for what was measured, and for no certainty as it stands.

    Args:
        probability: 0..1; below 1 and above 99 percent the outermost word is said.
    """
    percent = round(100.0 * probability, 7)
    return next((word for edge, word in _BANDS if percent >= edge), _BANDS[-1][1])
