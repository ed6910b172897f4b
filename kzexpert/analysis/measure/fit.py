"""Judged cases → a calibration of their predicate: curves fitted on all of them, and how such curves do on others."""

from collections.abc import Sequence

import numpy as np

from kzexpert.analysis.measure.curves import FOLDS, Places, curves_of, folded, frequencies
from kzexpert.analysis.measure.sample import Sample
from kzexpert.analysis.measure.scores import Numbers, brier
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.model.calibration import Calibration

__all__ = ["calibration_of"]

_PER = "--per"


def calibration_of(sample: Sample, per: str | None, held_out: str, rules: str) -> Calibration:
    """The calibration of some cases.

    Args:
        sample: without what is held out.
        per: the argument whose values get curves of their own.
        held_out: what was, in words.
        rules: the digest of the rules.

    Raises:
        UsageError: the outcomes have no such argument (KZ307).
        KnowledgeBaseError: all cases belong to one cluster (KZ704).
    """
    yard = sample.yard
    if per is not None and per not in yard.names:
        hint = did_you_mean(per, yard.names) or f"they have {', '.join(yard.names)}"
        raise UsageError(
            Issue("KZ307", f"the outcomes of {yard.predicate} have no argument {per}", Location(_PER), hint)
        )
    values = [yard.value(case.outcome, per) if per else "" for case in sample.cases]
    days = sorted(case.outcome.day for case in sample.cases if case.outcome.day)
    ones = np.ones(len(values))
    clusters = len(set(sample.clusters))
    said = _folded(sample, values, sample.certainties)
    flat = _folded(sample, values, np.zeros(len(values)))
    return Calibration(
        predicate=yard.predicate,
        yardstick=yard.words,
        source=yard.source,
        argument=per or "",
        arguments=yard.names,
        curves=curves_of(values, sample.certainties, sample.right),
        n=len(values),
        by=sample.by,
        clusters=clusters,
        folds=min(FOLDS, clusters),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        held_out=held_out,
        rules=rules,
        outcomes=yard.digest,
        brier=round(brier(said, sample.right, ones), 6),
        base_brier=round(brier(flat, sample.right, ones), 6),
    )


def _folded(sample: Sample, values: Sequence[str], certainties: Numbers) -> Numbers:
    """What curves say of cases whose clusters they did not see."""

    def fit(known: Places, asked: Places) -> Numbers:
        curves = curves_of([values[place] for place in known], certainties[known], sample.right[known])
        return frequencies(curves, [values[place] for place in asked], certainties[asked])

    return folded(sample.clusters, fit)
