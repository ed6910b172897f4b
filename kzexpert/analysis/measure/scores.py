"""Numbers by which forecasts are judged, each with weights on its cases, so that a bootstrap only changes the weights.

All of them are plain formulas over arrays; nothing is fitted here.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kzexpert.analysis.measure.evaluation import Estimate, Murphy

__all__ = ["Numbers", "auc", "brier", "estimate", "murphy", "skill", "spearman"]

Numbers = NDArray[np.float64]

#: Resamples of a bootstrap, and where its random numbers start.
RESAMPLES, SEED = 1000, 20110601
#: A share of resamples in which a number must exist for its interval to be told.
_ENOUGH = 0.9


def auc(forecasts: Numbers, right: Numbers, weights: Numbers) -> float:
    """The share of pairs of a right and a wrong case in which the right one has the higher forecast; ties count half.

    Returns:
        NaN where there is no such pair.
    """
    _, places = np.unique(forecasts, return_inverse=True)
    hits = np.bincount(places, weights * right)
    misses = np.bincount(places, weights * (1.0 - right))
    pairs = hits.sum() * misses.sum()
    below = np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / pairs) if pairs > 0 else float("nan")


def spearman(one: Numbers, other: Numbers, weights: Numbers) -> float:
    """The rank correlation of two series, ties at their middle rank; NaN where one of them does not vary."""
    return _correlation(_ranks(one, weights), _ranks(other, weights), weights)


def _ranks(values: Numbers, weights: Numbers) -> Numbers:
    _, places = np.unique(values, return_inverse=True)
    mass = np.bincount(places, weights)
    middle: Numbers = np.cumsum(mass) - mass / 2
    return middle[places]


def _correlation(one: Numbers, other: Numbers, weights: Numbers) -> float:
    total = weights.sum()
    first = one - (weights * one).sum() / total
    second = other - (weights * other).sum() / total
    spread = float(np.sqrt((weights * first**2).sum() * (weights * second**2).sum()))
    return float((weights * first * second).sum() / spread) if spread > 0 else float("nan")


def brier(forecasts: Numbers, right: Numbers, weights: Numbers) -> float:
    """The mean squared difference between forecasts and what turned out (Brier 1950)."""
    return float((weights * (forecasts - right) ** 2).sum() / weights.sum())


def skill(forecasts: Numbers, right: Numbers, groups: NDArray[np.intp], weights: Numbers) -> float:
    """1 − the Brier score over that of always saying the base rate of the case's group; NaN where that is 0.

    Args:
        groups: the number of the group of each case.
    """
    mass = np.bincount(groups, weights)
    rates = np.bincount(groups, weights * right) / np.where(mass > 0, mass, 1.0)
    reference = brier(rates[groups], right, weights)
    return 1.0 - brier(forecasts, right, weights) / reference if reference > 0 else float("nan")


def murphy(forecasts: Numbers, right: Numbers) -> Murphy:
    """The decomposition of the Brier score over the distinct forecasts."""
    values, places = np.unique(forecasts, return_inverse=True)
    counts = np.bincount(places).astype(float)
    rates = np.bincount(places, right) / counts
    base = float(right.mean())
    share = counts / counts.sum()
    return Murphy(
        float((share * (values - rates) ** 2).sum()), float((share * (rates - base) ** 2).sum()), base * (1.0 - base)
    )


def estimate(number: Callable[[Numbers], float], clusters: Sequence[str]) -> Estimate | None:
    """A number with its interval by a bootstrap that draws whole clusters with replacement.

    Args:
        number: of the weights of the cases.
        clusters: the cluster of each case.

    Returns:
        None where the number does not exist. Seeds are fixed: the same cases give the same interval.
    """
    names, places = np.unique(np.asarray(clusters), return_inverse=True)
    value = number(np.ones(len(places)))
    if not np.isfinite(value):
        return None
    if len(names) < 2:
        return Estimate(value, None, None)
    drawn = np.random.default_rng(SEED).integers(0, len(names), (RESAMPLES, len(names)))
    found = [number(np.bincount(row, minlength=len(names))[places].astype(float)) for row in drawn]
    finite = [one for one in found if np.isfinite(one)]
    if len(finite) < _ENOUGH * RESAMPLES:
        return Estimate(value, None, None)
    low, high = np.quantile(finite, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
