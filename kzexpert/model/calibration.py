"""A calibration: how often conclusions of a certainty have been right, and what that was measured on."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import msgspec

__all__ = ["Calibration", "Calibrations", "Curve", "Likelihood"]


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A monotone map from certainty to frequency.

    Attributes:
        value: of the argument that has curves of its own; empty for all values that have none.
        certainties: ascending; between two of them the frequency runs straight, beyond them it stays.
        frequencies: how often such a conclusion was right, 0 to 1, one for each certainty.
        n: the cases that it was fitted on.
        base_rate: the share of them that were right.
    """

    value: str
    certainties: tuple[float, ...]
    frequencies: tuple[float, ...]
    n: int
    base_rate: float

    def at(self, certainty: float) -> float:
        """The frequency at a certainty."""
        pairs = [*zip(self.certainties, self.frequencies, strict=True)]
        if certainty <= pairs[0][0]:
            return pairs[0][1]
        for (left, low), (right, high) in pairwise(pairs):
            if certainty <= right:
                return low + (high - low) * (certainty - left) / (right - left)
        return pairs[-1][1]


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calibration of one predicate.

    Attributes:
        yardstick: when a conclusion was counted as right.
        argument: the argument whose values have curves of their own; empty where all share one.
        arguments: those that the outcomes bear; a case is all conclusions that agree in them.
        by: the argument by whose values cases were put into folds.
        clusters: how many values it had.
        first, last: the days of the earliest and the latest outcome.
        held_out: which outcomes were left out; empty where none were.
        rules: the digest of all rules that can bear on the predicate.
        outcomes: the digest of the outcomes.
        brier: the Brier score, cross-validated: no case is judged by a curve that was fitted on its fold.
        base_brier: the Brier score of always saying the base rate of the fold's rest.
    """

    predicate: str
    yardstick: str
    source: str
    argument: str
    arguments: tuple[str, ...]
    curves: tuple[Curve, ...]
    n: int
    by: str
    clusters: int
    folds: int
    first: date | None
    last: date | None
    held_out: str
    rules: str
    outcomes: str
    brier: float
    base_brier: float

    @property
    def skill(self) -> float:
        """1 − the Brier score over that of the base rates."""
        return 1.0 - self.brier / self.base_brier if self.base_brier > 0 else 0.0

    def population(self, n: int, names: Sequence[str]) -> str:
        """What a likelihood was measured on, in words.

        Args:
            n: the cases of the curve that says it.
            names: all arguments of the predicate.
        """
        found = f"{n:,} cases, {self.clusters:,} values of {self.by}"
        if self.first and self.last:
            found += f", {'–'.join(map(str, sorted({self.first.year, self.last.year})))}"
        left_out = [name for name in names if name not in self.arguments]
        found += f", whatever the {' and the '.join(left_out)}" if left_out else ""
        return f"{found}; right was where {self.yardstick}"

    def curve(self, value: str) -> Curve | None:
        """The curve for a value of the argument."""
        own = {curve.value: curve for curve in self.curves}
        return own.get(value, own.get(""))


class Calibrations(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.calibration/1"):
    """What a file of calibrations holds."""

    calibrations: tuple[Calibration, ...]


class Likelihood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How likely a conclusion is, by a calibration that fits.

    Attributes:
        percent: how often, of 100, conclusions of its certainty were right.
        word: the word of estimative probability of ICD 203 for it.
        measured: what that was measured on, and by which yardstick, in words.
    """

    percent: float
    word: str
    measured: str
