"""The numbers that judge forecasts, against hand-made ones and against scikit-learn's and SciPy's."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import brier_score_loss, roc_auc_score

from kzexpert.analysis.measure.curves import curve_of, folds
from kzexpert.analysis.measure.scores import auc, brier, estimate, murphy, skill, spearman
from kzexpert.errors import KnowledgeBaseError

#: Six days of a forecaster: twice 0.2, once rain; four times 0.7, three times rain.
FORECASTS = np.array([0.2, 0.2, 0.7, 0.7, 0.7, 0.7])
RAIN = np.array([1.0, 0.0, 1.0, 1.0, 1.0, 0.0])
ONES = np.ones(6)


def test_the_brier_score_and_its_parts_by_hand():
    parts = murphy(FORECASTS, RAIN)
    # (0.64 + 0.04 + 3 x 0.09 + 0.49) / 6
    assert brier(FORECASTS, RAIN, ONES) == pytest.approx(0.24)
    # 2/6 (0.2 - 1/2)^2 + 4/6 (0.7 - 3/4)^2, 2/6 (1/2 - 2/3)^2 + 4/6 (3/4 - 2/3)^2, 2/3 x 1/3
    assert (parts.reliability, parts.resolution, parts.uncertainty) == pytest.approx((0.095 / 3, 1 / 72, 2 / 9))
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(0.24)


def test_auc_by_hand():
    # 8 pairs of a wet and a dry day: 3 won, 1 lost to the dry 0.7, 4 ties
    assert auc(FORECASTS, RAIN, ONES) == pytest.approx((3 + 4 / 2) / 8)


def test_skill_is_against_the_base_rate_of_each_group():
    groups = np.array([0, 0, 1, 1, 1, 1])
    rates = np.array([0.5, 0.5, 0.75, 0.75, 0.75, 0.75])
    assert skill(rates, RAIN, groups, ONES) == 0.0
    # base rates score (2 x 0.25 + 4 x 0.1875) / 6
    assert skill(FORECASTS, RAIN, groups, ONES) == pytest.approx(1 - 0.24 / (1.25 / 6))


@pytest.mark.parametrize("seed", range(5))
def test_weights_count_cases(seed):
    random_numbers = np.random.default_rng(seed)
    forecasts = random_numbers.integers(0, 8, 60) / 8
    right = (random_numbers.random(60) < forecasts).astype(float)
    other = forecasts + random_numbers.normal(size=60).round(1)
    weights = random_numbers.integers(0, 4, 60)
    whole, won, beside = (np.repeat(values, weights) for values in (forecasts, right, other))
    assert auc(forecasts, right, weights.astype(float)) == pytest.approx(roc_auc_score(won, whole))
    assert brier(forecasts, right, weights.astype(float)) == pytest.approx(brier_score_loss(won, whole))
    assert spearman(forecasts, other, weights.astype(float)) == pytest.approx(spearmanr(whole, beside).statistic)


def test_what_cannot_be_said_is_not():
    assert np.isnan(auc(FORECASTS, np.ones(6), ONES))
    assert np.isnan(spearman(np.zeros(6), RAIN, ONES))
    assert estimate(lambda weights: auc(FORECASTS, np.ones(6), weights), list("aabbcc")) is None
    alone = estimate(lambda weights: brier(FORECASTS, RAIN, weights), list("aaaaaa"))
    assert (alone.value, alone.low, alone.high) == (pytest.approx(0.24), None, None)


def test_intervals_draw_whole_clusters_and_are_the_same_each_time():
    clusters = ["a", "a", "b", "b", "c", "c"]
    values = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    drawn = set()

    def mean(weights):
        drawn.update(map(tuple, weights.reshape(3, 2).tolist()))
        return float((weights * values).sum() / weights.sum())

    found = estimate(mean, clusters)
    assert all(left == right for left, right in drawn)
    assert found.value == 2.0
    assert 1.0 <= found.low < 1.4 < 2.6 < found.high <= 3.0
    assert estimate(mean, clusters) == found


def test_no_cluster_is_on_both_sides_of_a_fold():
    clusters = [f"c{number % 7}" for number in range(50)]
    judged = []
    for rest, fold in folds(clusters):
        assert not {clusters[place] for place in rest} & {clusters[place] for place in fold}
        judged += fold.tolist()
    assert sorted(judged) == list(range(50))
    with pytest.raises(KnowledgeBaseError, match="KZ704"):
        list(folds(["only"] * 5))


def test_a_curve_ascends_and_a_handful_makes_no_certainty():
    certainties = np.array([0.1] * 100 + [0.5] * 100 + [0.9] * 2)
    right = np.array([1.0] * 30 + [0.0] * 70 + [1.0] * 20 + [0.0] * 80 + [1.0] * 2)
    curve = curve_of("", certainties, right)
    assert list(curve.frequencies) == sorted(curve.frequencies)
    assert curve.at(-1) == curve.at(0.1) == pytest.approx(0.25, abs=0.01)
    assert curve.at(0.3) == pytest.approx(0.25, abs=0.01)  # 0.1 and 0.5 are one step: they were right in turn
    assert curve.at(1) < 0.5
