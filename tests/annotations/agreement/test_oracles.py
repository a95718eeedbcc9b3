"""The same numbers as programs that others wrote, over two hundred random tables."""

import math

import krippendorff
import numpy as np
import pytest

from annotations.agreement.statistics.alpha import alpha
from annotations.agreement.statistics.chance_corrected import Agreement
from annotations.agreement.statistics.raters import cohen, confusion
from annotations.agreement.statistics.ratings import MISSING, Level, Ratings
from annotations.agreement.statistics.weights import Weighting, weights
from tests.annotations.agreement.tables import random_ratings

# scikit-learn and statsmodels are imported where they are used: each takes seconds, in every process of a run.
TABLES = [random_ratings(seed) for seed in range(200)]


@pytest.mark.parametrize("level", Level)
def test_it_agrees_with_krippendorff_on_alpha(level: Level) -> None:
    told = 0
    for table in TABLES:
        ours = alpha(table.patterns, level, table.numbers, resamples=0).estimate.value
        if ours is not None:
            told += 1
            assert ours == pytest.approx(_theirs(table, level), abs=1e-9)
    assert told > 150


def _theirs(table: Ratings, level: Level) -> float:
    values = np.array([*table.values, np.nan])[table.codes]
    return float(krippendorff.alpha(values.T, value_domain=list(table.values), level_of_measurement=level.value))


def test_it_agrees_with_statsmodels_on_fleiss_and_randolph() -> None:
    from statsmodels.stats import inter_rater

    compared = 0
    for table in TABLES:
        full = Ratings(table.codes[(table.codes != MISSING).all(axis=1)], table.values)
        ours = Agreement(full.patterns, np.eye(len(full.values)))
        if ours.fleiss.value is not None:
            compared += 1
            assert ours.fleiss.value == pytest.approx(inter_rater.fleiss_kappa(full.counts, "fleiss"), abs=1e-9)
            uniform = inter_rater.fleiss_kappa(full.counts, "uniform")
            assert ours.brennan_prediger.value == pytest.approx(uniform, abs=1e-9)
    assert compared > 100


@pytest.mark.parametrize("weighting", Weighting)
def test_it_agrees_with_scikit_learn_and_statsmodels_on_cohen(weighting: Weighting) -> None:
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats import inter_rater

    compared = 0
    for table in TABLES:
        both = table.codes[(table.codes[:, :2] != MISSING).all(axis=1)]
        numbers = np.array(table.values, dtype=float)
        ours = cohen(confusion(table, 0, 1), weights(numbers, weighting))
        if ours.value is None or ours.se is None:
            continue
        compared += 1
        name = None if weighting == Weighting.IDENTITY else weighting.value
        labels = list(range(len(table.values)))
        assert ours.value == pytest.approx(cohen_kappa_score(both[:, 0], both[:, 1], weights=name, labels=labels))
        with np.errstate(all="ignore"):  # of its z value
            errors = inter_rater.cohens_kappa(confusion(table, 0, 1), wt=name)
        assert ours.se == pytest.approx(math.sqrt(max(errors.var_kappa, 0)), abs=1e-7)
    assert compared > 150
