"""How likely the answers of a document are: the checker's own reading of a calibration, DESIGN §4, "Likelihood".

Which calibration fits the rules it is told. Which conclusions were measured by it, and what it says of them, it finds
by itself.
"""

from bisect import bisect_left
from collections.abc import Mapping

from msgspec.structs import replace

from kzexpert.model import GroundAtom, KnowledgeBase, shown
from kzexpert.model.calibration import Calibration, Curve, Likelihood
from kzexpert.proof.document import Trace, TracedLikelihood

__all__ = ["measured"]

#: The words of ICD 203, each from so many percent on.
_WORDS = (
    (5, "almost no chance"),
    (20, "very unlikely"),
    (45, "unlikely"),
    (55, "roughly even chance"),
    (80, "likely"),
    (95, "very likely"),
)


def measured(
    trace: Trace, kb: KnowledgeBase, calibration: Calibration, certainties: Mapping[GroundAtom, float]
) -> Trace:
    """The document with its calibration, and what that says of the answers.

    Args:
        certainties: of everything that is known of the predicate.
    """
    names = [spec.name for spec in kb.predicate[calibration.predicate].args]
    unmeasured = [place for place, name in enumerate(names) if name not in calibration.arguments]
    found = {str(atom): atom for atom in certainties}
    told = []
    for answer in trace.answers:
        atom = found[answer]
        siblings = [other for other in certainties if _differ_only_in(unmeasured, atom, other)]
        curve = _curve(calibration, names, atom)
        if curve and certainties[atom] == max(certainties[other] for other in siblings):
            frequency = _frequency(curve, certainties[atom])
            words = calibration.population(curve.n, names)
            told.append(TracedLikelihood(answer, Likelihood(round(100.0 * frequency, 1), _word(frequency), words)))
    return replace(trace, calibration=calibration, likelihoods=tuple(told))


def _differ_only_in(places: list[int], one: GroundAtom, other: GroundAtom) -> bool:
    pairs = enumerate(zip(one.args, other.args, strict=True))
    return all(mine == theirs or place in places for place, (mine, theirs) in pairs)


def _curve(calibration: Calibration, names: list[str], atom: GroundAtom) -> Curve | None:
    """The curve for the value of the argument that has curves of its own, else the one for all others."""
    value = shown(atom.args[names.index(calibration.argument)]) if calibration.argument else ""
    curves = {curve.value: curve for curve in calibration.curves}
    return curves.get(value) or curves.get("")


def _frequency(curve: Curve, certainty: float) -> float:
    """The frequency on the straight line between the two nearest certainties."""
    place = bisect_left(curve.certainties, certainty)
    if place == 0:
        return curve.frequencies[0]
    if place == len(curve.certainties):
        return curve.frequencies[-1]
    left, right = curve.certainties[place - 1 : place + 1]
    low, high = curve.frequencies[place - 1 : place + 1]
    return low + (high - low) * (certainty - left) / (right - left)


def _word(frequency: float) -> str:
    percent = round(100.0 * frequency, 7)
    return next((word for edge, word in _WORDS if percent < edge), "almost certain")
