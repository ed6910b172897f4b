"""Certainties and what turned out → curves from certainty to frequency: isotonic regression, folded by cluster.

No case is ever judged by a curve that saw its cluster. Fitting is scikit-learn's; the method is that of Zadrozny and
Elkan, *Transforming classifier scores into accurate multiclass probability estimates*, 2002.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold

from kzexpert.analysis.measure.scores import Numbers
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.model.calibration import Curve

__all__ = ["FOLDS", "curve_of", "curves_of", "folded", "folds", "frequencies"]

FOLDS = 10
#: A value with fewer cases than these shares the curve of all.
_FEWEST = 50
#: A step of a curve is drawn towards the base rate by so many cases, so that a handful makes no certainty.
_PRIOR = 10.0
#: ICD 203 says nothing beyond these, and no sample tells a certainty from a near one.
_LOWEST, _HIGHEST = 0.01, 0.99

#: Numbers of cases.
Places = NDArray[np.intp]


def curve_of(value: str, certainties: Numbers, right: Numbers) -> Curve:
    """The curve of some cases, at least one."""
    xs, places = np.unique(certainties, return_inverse=True)
    counts = np.bincount(places).astype(float)
    steps = _monotone(xs, np.bincount(places, right) / counts, counts)
    _, blocks = np.unique(steps, return_inverse=True)
    sizes = np.bincount(blocks, counts)[blocks]
    shrunk = (sizes * steps + _PRIOR * right.mean()) / (sizes + _PRIOR)
    ys = np.clip(_monotone(xs, shrunk, counts), _LOWEST, _HIGHEST)
    kept = [at for at in range(len(xs)) if at in (0, len(xs) - 1) or not ys[at - 1] == ys[at] == ys[at + 1]]
    points = [(round(float(xs[at]), 9), round(float(ys[at]), 6)) for at in kept]
    return Curve(
        value, tuple(x for x, _ in points), tuple(y for _, y in points), len(right), round(float(right.mean()), 6)
    )


def _monotone(xs: Numbers, ys: Numbers, counts: Numbers) -> Numbers:
    fitted: Numbers = IsotonicRegression().fit(xs, ys, sample_weight=counts).predict(xs)
    return fitted


def curves_of(values: Sequence[str], certainties: Numbers, right: Numbers) -> tuple[Curve, ...]:
    """A curve for each value with enough cases, and one for all the others.

    Args:
        values: of the argument, for each case; the same text for all where none has curves of its own.
    """
    names = np.asarray(values)
    own = [name for name in sorted(set(values)) if name and (names == name).sum() >= _FEWEST]
    curves = [curve_of(name, certainties[names == name], right[names == name]) for name in own]
    return (curve_of("", certainties, right), *curves)


def frequencies(curves: Sequence[Curve], values: Sequence[str], certainties: Numbers) -> Numbers:
    """What the curves say of some cases."""
    own = {curve.value: curve for curve in curves}
    return np.array([own.get(value, own[""]).at(c) for value, c in zip(values, certainties.tolist(), strict=True)])


def folds(clusters: Sequence[str]) -> Iterator[tuple[Places, Places]]:
    """The cases to fit on and those to judge, so that no cluster is in both.

    Raises:
        KnowledgeBaseError: there is but one cluster (KZ704).
    """
    count = len(set(clusters))
    if count < 2:
        message = "all outcomes belong to one cluster, so that nothing can be judged by the others"
        raise KnowledgeBaseError(Issue("KZ704", message, hint="name another argument with --by"))
    names = np.asarray(clusters)
    yield from GroupKFold(min(FOLDS, count)).split(names, groups=names)


def folded(clusters: Sequence[str], fit: Callable[[Places, Places], Numbers]) -> Numbers:
    """Forecasts for all cases, each fold's by what was fitted on the others.

    Args:
        fit: the cases to fit on, and those to forecast → their forecasts.
    """
    found = np.zeros(len(clusters))
    for rest, fold in folds(clusters):
        found[fold] = fit(rest, fold)
    return found
