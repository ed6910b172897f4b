"""What each rule is worth: the cases with it against the cases without it, and how often it was right.

A rule that concludes the predicate is left out of the lines of evidence; for any other rule the engine runs again
without it, as only that shows what all follows from it.
"""

from collections.abc import Callable

import numpy as np
from msgspec.structs import replace

from kzexpert.analysis.measure.assessment import read_as_forecast
from kzexpert.analysis.measure.evaluation import RuleWorth
from kzexpert.analysis.measure.judgements import Runs, reweighed
from kzexpert.analysis.measure.sample import Sample
from kzexpert.analysis.measure.scores import Numbers, auc, skill
from kzexpert.model import KnowledgeBase, Rule

__all__ = ["rule_worths"]

#: A rule speaks against the outcomes only where it fired in as many cases as these.
_FEWEST = 10


def rule_worths(
    kb: KnowledgeBase, sample: Sample, runs: Runs, progress: Callable[[str, int, int], None]
) -> list[RuleWorth]:
    """What each rule is worth that can bear on the predicate and that fired, the one that helps most first.

    Args:
        runs: infers anew without a rule.
        progress: is told the next rule, how many are done, and how many there are.
    """
    rules = [rule for rule in kb.rules if rule.id in runs.fired]
    ones = np.ones(len(sample.cases))
    forecasts = read_as_forecast(sample.certainties)
    best = auc(sample.certainties, sample.right, ones)
    skilled = skill(forecasts, sample.right, sample.numbers, ones)
    found = []
    for number, rule in enumerate(rules):
        progress(rule.id, number, len(rules))
        direct = any(head.predicate == sample.yard.predicate for head in rule.then)
        without = _without(kb, sample, runs, rule, direct)
        less = auc(without, sample.right, ones)
        dull = skill(read_as_forecast(without), sample.right, sample.numbers, ones)
        fired, right, expected = _record(sample, rule) if direct else (None, None, None)
        found.append(
            RuleWorth(
                id=rule.id,
                certainty=rule.certainty,
                direct=direct,
                cases=int((without != sample.certainties).sum()),
                fired=fired,
                right=right,
                expected=expected,
                auc=_finite(best - less),
                brier_skill=_finite(skilled - dull),
                against=best <= less and _is_against(rule, fired, right, expected),
            )
        )
    return sorted(found, key=lambda item: (-(item.auc or 0.0), -item.cases, item.id))


def _without(kb: KnowledgeBase, sample: Sample, runs: Runs, rule: Rule, direct: bool) -> Numbers:
    """The certainties of all cases without a rule."""
    if direct and len(rule.then) == 1 and not runs.recursive:
        return np.array([reweighed(case, {rule.id: 0.0}) for case in sample.cases])
    left = replace(kb, rules=tuple(item for item in kb.rules if item.id != rule.id))
    known = runs.certainties(left)
    return np.array([known.get((case.outcome.args, case.outcome.day), 0.0) for case in sample.cases])


def _record(sample: Sample, rule: Rule) -> tuple[int, float | None, float | None]:
    """In how many cases a rule fired, the share of them that were right, and that of the base rates of their groups."""
    own = np.array([place for place, case in enumerate(sample.cases) if rule.id in case.rules()], dtype=np.intp)
    if not len(own):
        return 0, None, None
    rates = np.bincount(sample.numbers, sample.right) / np.bincount(sample.numbers)
    return len(own), float(sample.right[own].mean()), float(rates[sample.numbers[own]].mean())


def _is_against(rule: Rule, fired: int | None, right: float | None, expected: float | None) -> bool:
    if fired is None or right is None or expected is None or fired < _FEWEST:
        return False
    return right < expected if rule.certainty > 0 else right > expected


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
