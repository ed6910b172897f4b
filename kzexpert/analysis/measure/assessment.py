"""Judged cases → an evaluation. It counts, compares, and fits only what is judged on clusters that it did not see."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations

import numpy as np
from model_diagnostics.scoring import SquaredError, decompose
from sklearn.isotonic import IsotonicRegression

from kzexpert.analysis.measure.curves import Places, curves_of, folded, frequencies
from kzexpert.analysis.measure.evaluation import (
    Band,
    CurvePoint,
    Estimate,
    Evaluation,
    Forecast,
    Group,
    Inputs,
    Lean,
    Reliability,
    RuleWorth,
)
from kzexpert.analysis.measure.sample import Sample
from kzexpert.analysis.measure.scores import (
    Numbers,
    auc,
    brier,
    estimate,
    murphy,
    skill,
    spearman,
)
from kzexpert.certainty import established, evidence_cutoffs, evidence_word, probability_word
from kzexpert.model.calibration import Calibration

__all__ = ["assessment", "leans", "read_as_forecast"]

_NOTHING = "nothing concluded"


def read_as_forecast(certainties: Numbers) -> Numbers:
    """Certainties c as forecasts, (1 + c) / 2: a reading, which nothing promises to be right."""
    return (1.0 + certainties) / 2.0


def assessment(
    sample: Sample,
    rest: Sample | None,
    held_out: str,
    digests: Inputs,
    calibration: Calibration | None,
    rules: Sequence[RuleWorth],
    silent: Sequence[str],
) -> Evaluation:
    """The evaluation of some cases.

    Args:
        sample: the cases that are judged, some of them right and some not.
        rest: where cases are held out, the others, on which all fitting is done; None where folds do that.
        calibration: the one on file that fits.

    Raises:
        KnowledgeBaseError: all cases belong to one cluster (KZ704).
    """
    yard, cases = sample.yard, sample.cases
    days = sorted(case.outcome.day for case in cases if case.outcome.day)
    named = _forecasts(sample, rest, calibration)
    told = "on file" if "on file" in named else "calibrated"
    wrong, right = _roc(sample)
    return Evaluation(
        predicate=yard.predicate,
        yardstick=yard.words,
        source=yard.source,
        arguments=yard.names,
        by=sample.by,
        clusters=len(set(sample.clusters)),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        held_out=held_out,
        digests=digests,
        cases=len(cases),
        alone=yard.alone,
        coverage=sum(bool(case.statements) for case in cases) / len(cases),
        established=sum(established(case.certainty) for case in cases) / len(cases),
        base_rate=float(sample.right.mean()),
        rival=yard.rival,
        groups=tuple(_groups(sample)),
        forecasts=tuple(_judged_forecasts(sample, named)),
        leans=tuple(leans(sample, sample.certainties)),
        words=tuple(_words(sample, named["certainty"])),
        likelihoods=tuple(_likelihoods(sample, named[told])),
        reliability=tuple(_reliability(sample, name, named[name]) for name in ("certainty", told)),
        roc=tuple(zip(wrong, right, strict=True)),
        rules=tuple(rules),
        silent=tuple(silent),
        notes=tuple(_notes(sample, calibration, digests)),
    )


def _notes(sample: Sample, calibration: Calibration | None, digests: Inputs) -> list[str]:
    found = []
    if calibration is not None and calibration.outcomes == digests.outcomes and not calibration.held_out:
        found.append("the calibration on file was fitted on these very outcomes: its figures flatter it")
    if sample.yard.alone:
        found.append(f"{sample.yard.alone:,} rows had nothing to compare with, and were left out")
    if len(set(sample.clusters)) < 20:
        found.append(f"there are only {len(set(sample.clusters))} values of {sample.by}: intervals are rough")
    return found


def _groups(sample: Sample) -> list[Group]:
    found = []
    for value in sorted(set(sample.groups)) if sample.yard.rival else ():
        own = [case for case, group in zip(sample.cases, sample.groups, strict=True) if group == value]
        concluded = sum(bool(case.statements) for case in own)
        firm = sum(established(case.certainty) for case in own)
        found.append(Group(value, len(own), concluded, firm, sum(case.right for case in own) / len(own)))
    return found


# --- forecasts --------------------------------------------------------------------------------------------------------


def _forecasts(sample: Sample, rest: Sample | None, calibration: Calibration | None) -> dict[str, Numbers]:
    """Name → what each way to forecast says of every case."""
    found = {"certainty": read_as_forecast(sample.certainties)}
    if calibration is not None:
        names = sample.yard.names
        at = names.index(calibration.argument) if calibration.argument in names else None
        values = ["" if at is None else sample.yard.value(case.outcome, names[at]) for case in sample.cases]
        found["on file"] = frequencies(calibration.curves, values, sample.certainties)
    found["calibrated"] = _fitted(sample, rest, sample.certainties, None if rest is None else rest.certainties)
    found["lines"] = _fitted(sample, rest, sample.lines, None if rest is None else rest.lines)
    flat = np.zeros(len(sample.cases))
    found["base rate"] = _fitted(sample, rest, flat, None if rest is None else np.zeros(len(rest.cases)))
    return found


def _fitted(sample: Sample, rest: Sample | None, values: Numbers, others: Numbers | None) -> Numbers:
    """Forecasts by curves for each group, from other clusters."""
    if rest is not None and others is not None:
        return frequencies(curves_of(rest.groups, others, rest.right), sample.groups, values)

    def fit(known: Places, asked: Places) -> Numbers:
        curves = curves_of([sample.groups[place] for place in known], values[known], sample.right[known])
        return frequencies(curves, [sample.groups[place] for place in asked], values[asked])

    return folded(sample.clusters, fit)


def _judged_forecasts(sample: Sample, named: Mapping[str, Numbers]) -> Iterator[Forecast]:
    """How good each is; that of the certainty also where anything is concluded."""
    for name, values in named.items():
        yield _forecast(sample, name, values)
        spoken = [case for case in sample.cases if case.statements]
        if name == "certainty" and 0 < len(spoken) < len(sample.cases):
            part = Sample(sample.yard, spoken, sample.by)
            yield _forecast(part, "concluded", read_as_forecast(part.certainties))


def _forecast(sample: Sample, name: str, values: Numbers) -> Forecast:
    right, clusters = sample.right, sample.clusters
    scores = np.array([case.outcome.score for case in sample.cases])
    return Forecast(
        name,
        estimate(partial(auc, values, right), clusters),
        estimate(partial(spearman, values, scores), clusters),
        estimate(partial(brier, values, right), clusters),
        estimate(partial(skill, values, right, sample.numbers), clusters),
        murphy(values, right),
    )


# --- what the words are worth -----------------------------------------------------------------------------------------


def _words(sample: Sample, said: Numbers) -> list[Band]:
    words = [evidence_word(case.certainty) if case.statements else _NOTHING for case in sample.cases]
    order = (*(word for _, word in evidence_cutoffs()), _NOTHING)
    return _bands(sample, words, said, order)


def _likelihoods(sample: Sample, said: Numbers) -> list[Band]:
    words = [probability_word(value) for value in said.tolist()]
    order = dict.fromkeys(probability_word(1.0 - step / 100.0) for step in range(101))
    return _bands(sample, words, said, tuple(order))


def _bands(sample: Sample, words: Sequence[str], said: Numbers, order: Sequence[str]) -> list[Band]:
    names = np.asarray(words)
    found = []
    for word in order:
        own = np.flatnonzero(names == word)
        if len(own):
            share = partial(_mean, sample.right[own])
            right = estimate(share, [sample.clusters[place] for place in own])
            found.append(Band(word, len(own), float(said[own].mean()), right))
    return found


def _mean(values: Numbers, weights: Numbers) -> float:
    return float((values * weights).sum() / weights.sum())


def _reliability(sample: Sample, name: str, said: Numbers) -> Reliability:
    parts = decompose(sample.right, said, scoring_function=SquaredError()).row(0, named=True)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(said, sample.right)
    values, counts = np.unique(said, return_counts=True)
    steps = zip(values.tolist(), fitted.predict(values).tolist(), counts.tolist(), strict=True)
    return Reliability(
        name,
        float(parts["miscalibration"]),
        float(parts["discrimination"]),
        float(parts["uncertainty"]),
        tuple(CurvePoint(*step) for step in steps),
    )


def _roc(sample: Sample) -> tuple[list[float], list[float]]:
    values, places = np.unique(-sample.certainties, return_inverse=True)
    shares = []
    for kind in (1.0 - sample.right, sample.right):
        shares.append([0.0, *(np.cumsum(np.bincount(places, kind, len(values))) / kind.sum()).tolist()])
    return shares[0], shares[1]


# --- one rival or the other -------------------------------------------------------------------------------------------


def leans(sample: Sample, certainties: Numbers) -> list[Lean]:
    """For each two values of the rival argument, if scores are more than 0 and 1.

    Args:
        certainties: of the cases.
    """
    yard = sample.yard
    if not yard.rival or len(yard.names) < 2 or not yard.scored:
        return []
    at = yard.names.index(yard.rival)
    known: dict[str, dict[tuple[object, ...], int]] = {}
    for place, (case, group) in enumerate(zip(sample.cases, sample.groups, strict=True)):
        args = case.outcome.args
        known.setdefault(group, {})[args[:at], args[at + 1 :], case.outcome.day] = place
    found = []
    for one, other in combinations(sorted(known), 2):
        both = [(known[one][key], known[other][key]) for key in known[one] if key in known[other]]
        if both:
            found.append(_lean(sample, certainties, one, other, np.array(both)))
    return found


def _lean(sample: Sample, certainties: Numbers, one: str, other: str, both: Places) -> Lean:
    first, second = both[:, 0], both[:, 1]
    scores = np.array([case.outcome.score for case in sample.cases])
    apart = scores[first] - scores[second]
    leaning = certainties[first] - certainties[second]
    lines = sample.lines[first] - sample.lines[second]
    low, high = np.quantile(apart, [0.25, 0.75])
    outer = np.flatnonzero((apart <= low) | (apart >= high))
    top = (apart[outer] >= high).astype(float)
    clusters = [sample.clusters[place] for place in first]
    far = [clusters[place] for place in outer]

    def told(values: Numbers) -> Estimate | None:
        return estimate(partial(auc, values[outer], top), far) if low < high else None

    rank = estimate(partial(spearman, leaning, apart), clusters)
    return Lean(one, other, len(both), int((leaning != 0).sum()), told(leaning), rank, told(lines))
