"""What must hold of every table, however small, skewed or full of holes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.agreement.statistics.alpha import Table, alpha, cluster_bootstrap
from annotations.agreement.statistics.chance_corrected import specific_agreement
from annotations.agreement.statistics.estimates import Estimate, Undefined
from annotations.agreement.statistics.raters import Pairs
from annotations.agreement.statistics.ratings import MISSING, Level, Patterns, Ratings
from annotations.agreement.statistics.summary import summarize
from tests.annotations.agreement.tables import random_ratings, ratings

ORDERED = [Level.ORDINAL, Level.INTERVAL, Level.RATIO]


def point(table: Ratings, level: Level = Level.NOMINAL) -> Estimate:
    return alpha(table.patterns, level, table.numbers, resamples=0).estimate


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


@settings(deadline=None)
@given(ratings(), st.sampled_from(Level))
def test_it_tells_a_number_in_its_range_or_a_reason_and_never_fails(table: Ratings, level: Level) -> None:
    summary = summarize(table, level, resamples=20)
    for estimate in (summary.headline.estimate, *summary.coefficients.values()):
        assert (estimate.value is None) == (estimate.undefined is not None)
        known = [each for each in (estimate.low, estimate.value, estimate.high) if each is not None]
        assert all(math.isfinite(each) for each in known)
        assert max(known, default=0) <= 1 + 1e-9
    assert summary.items <= summary.found


@given(ratings(), st.integers(0, 999), st.sampled_from(Level))
def test_alpha_does_not_depend_on_the_order_of_items_or_raters(table: Ratings, seed: int, level: Level) -> None:
    shuffler = np.random.default_rng(seed)
    codes = table.codes[shuffler.permutation(len(table.codes))][:, shuffler.permutation(table.codes.shape[1])]
    assert point(Ratings(codes, table.values), level).value == pytest.approx(point(table, level).value)


@given(ratings(), st.data())
def test_nominal_alpha_does_not_depend_on_what_values_are_called(table: Ratings, data: st.DataObject) -> None:
    names = data.draw(st.permutations(range(len(table.values))))
    codes = np.append(np.array(names), MISSING)[table.codes]
    assert point(Ratings(codes, table.values)).value == pytest.approx(point(table).value)


@given(ratings(), st.sampled_from(Level))
def test_items_with_one_rating_change_no_alpha(table: Ratings, level: Level) -> None:
    single = np.full((7, table.codes.shape[1]), MISSING)
    single[:, 0] = len(table.values) - 1
    assert point(Ratings(np.vstack([table.codes, single]), table.values), level).value == point(table, level).value


@given(ratings())
def test_two_values_are_as_far_apart_on_every_scale(table: Ratings) -> None:
    binary = Ratings(np.minimum(table.codes, 1), (1, 2))
    for level in ORDERED:
        assert point(binary, level).value == pytest.approx(point(binary).value)


@given(ratings())
def test_patterns_hold_every_rating_once(table: Ratings) -> None:
    patterns = table.patterns
    assert patterns.items == len(table.codes)
    assert patterns.totals.sum() == (table.codes != MISSING).sum()
    again = Patterns.of(table.counts)
    assert sorted(map(tuple, again.counts)) == sorted(map(tuple, patterns.counts))


def test_perfect_agreement_is_one_and_no_variation_is_no_number() -> None:
    perfect = summarize(Ratings.of([[1, 1, 1], [2, 2, 2]] * 30), Level.NOMINAL)
    assert perfect.headline.estimate.value == 1
    assert perfect.headline.estimate.low is not None
    assert perfect.headline.estimate.low < 0.95  # sixty items without a disagreement do not prove that there is none
    same = summarize(Ratings.of([[1, 1, 1]] * 60, values=[1, 2]), Level.NOMINAL)
    assert same.headline.estimate == Estimate.none(Undefined.NO_VARIATION)
    assert same.coefficients["ac1"] == Estimate.none(Undefined.NO_VARIATION)
    assert same.coefficients["percent_agreement"].value == 1


def test_words_have_no_interval_scale() -> None:
    words = Ratings.of([["a", "b"], ["b", "b"], ["a", "a"]])
    assert point(words, Level.INTERVAL) == Estimate.none(Undefined.NOT_NUMERIC)
    negative = Ratings.of([[-1, 1], [1, 1]])
    assert point(negative, Level.RATIO) == Estimate.none(Undefined.NEGATIVE_VALUES)


def test_an_unused_value_counts_for_the_domain() -> None:
    rows = [[1, 2], [2, 2], [1, 1], [2, 1]]
    three, five = (summarize(Ratings.of(rows, range(1, end)), Level.NOMINAL, resamples=0) for end in (4, 6))
    assert three.coefficients["brennan_prediger"] != five.coefficients["brennan_prediger"]
    assert three.headline.estimate.value == five.headline.estimate.value


def test_a_rating_outside_the_domain_is_refused() -> None:
    with pytest.raises(ValueError, match="9 is outside the domain"):
        Ratings.of([[1, 9]], [1, 2])


def test_the_bootstrap_is_the_same_again_and_narrows_with_more_items() -> None:
    table = random_ratings(3)
    assert alpha(table.patterns).estimate == alpha(table.patterns).estimate
    more = Patterns(table.patterns.counts, table.patterns.times * 50)
    assert width(alpha(more).estimate) < width(alpha(table.patterns).estimate) / 3


@pytest.mark.parametrize("level", [Level.NOMINAL, Level.ORDINAL])
def test_resampling_patterns_is_resampling_items(level: Level) -> None:
    """The exact bootstrap over patterns has the spread of the plain one, item by item."""
    table = random_ratings(17)
    random = np.random.default_rng(1)
    used = table.counts[table.counts.sum(axis=1) >= 2]
    plain = [
        alpha(Patterns.of(used[random.integers(len(used), size=len(used))]), level, table.numbers, resamples=0)
        for _ in range(600)
    ]
    values = [each.estimate.value for each in plain if each.estimate.value is not None]
    found = alpha(table.patterns, level, table.numbers, resamples=4000)
    assert found.resampled is not None
    assert np.std(found.resampled) == pytest.approx(np.std(values), rel=0.12)
    assert np.mean(found.resampled) == pytest.approx(np.mean(values), abs=0.02)


def test_tasks_that_fall_together_widen_the_interval() -> None:
    random = np.random.default_rng(2)
    tasks, each = 60, 10
    clusters = np.repeat(np.arange(tasks), each)
    disputed = np.repeat(random.random(tasks) < 0.3, each)
    first = random.integers(2, size=tasks * each)
    second = np.where(disputed, 1 - first, first)
    table = Ratings(np.column_stack([first, second]), (1, 2))
    apart = alpha(table.patterns).estimate
    together = cluster_bootstrap([Table(table.counts, clusters)]).macro.estimate
    assert together.value == pytest.approx(apart.value)
    assert width(together) > 2 * width(apart)


def test_the_mean_over_criteria_leaves_out_what_is_undefined() -> None:
    split, alike = random_ratings(5), Ratings.of([[1, 1]] * 30, values=[1, 2])
    tables = [Table(each.counts, np.arange(len(each.codes))) for each in (split, alike)]
    found = cluster_bootstrap(tables)
    assert found.macro.estimate.value == pytest.approx(point(split).value)


def test_pairs_and_specific_agreement_by_hand() -> None:
    table = Ratings.of([[1, 1, None], [1, 2, 2], [2, 2, None]])
    pairs = Pairs.of(table)
    assert pairs.shared.tolist() == [[3, 3, 1], [3, 3, 1], [1, 1, 1]]
    assert pairs.agreed[0, 1] == 2
    assert pairs.agreed[1, 2] == 1
    assert specific_agreement(table.patterns) == pytest.approx([2 / 4, 4 / 6])
