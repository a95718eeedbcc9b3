"""Intraclass correlations of numeric ratings. Source: Shrout and Fleiss 1979; McGraw and Wong 1996."""

from dataclasses import dataclass

import numpy as np

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.estimates import CONFIDENCE, Estimate, Undefined
from annotations.agreement.statistics.ratings import Floats


@dataclass(frozen=True)
class MeanSquares:
    """Of a two-way table: between items, between raters, left over, and within items; `items` and `raters` used."""

    between: float
    raters: float
    error: float
    within: float
    items: int
    width: int


@dataclass(frozen=True)
class Intraclass:
    """The six correlations: raters drawn anew for each item (1), drawn once (2), or fixed (3); of a single rating or
    of the mean of all of an item's. `excluded` items lacked a rating."""

    icc1: Estimate
    icc2: Estimate
    icc3: Estimate
    icc1k: Estimate
    icc2k: Estimate
    icc3k: Estimate
    squares: MeanSquares | None = None
    excluded: int = 0


def intraclass(table: Floats, *, confidence: float = CONFIDENCE) -> Intraclass:
    """ICC(1,1) to ICC(3,k) of a table (items, raters), NaN where missing; items that lack a rating are left out."""
    complete = table[np.isfinite(table).all(axis=1)]
    excluded = len(table) - len(complete)
    if why := _why_undefined(complete):
        none = Estimate.none(why)
        return Intraclass(none, none, none, none, none, none, excluded=excluded)
    squares = _mean_squares(complete)
    single, double, fixed, single_mean, double_mean, fixed_mean = _correlations(squares, confidence)
    return Intraclass(single, double, fixed, single_mean, double_mean, fixed_mean, squares, excluded)


def _why_undefined(table: Floats) -> Undefined | None:
    if table.shape[1] < 2:
        return Undefined.TOO_FEW_RATERS
    if len(table) < 2:
        return Undefined.INCOMPLETE
    return Undefined.NO_VARIATION if np.ptp(table) == 0 else None


def _mean_squares(table: Floats) -> MeanSquares:
    n, k = table.shape
    means, columns, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    left = table - means[:, None] - columns + grand
    return MeanSquares(
        between=float(k * ((means - grand) ** 2).sum() / (n - 1)),
        raters=float(n * ((columns - grand) ** 2).sum() / (k - 1)),
        error=float((left**2).sum() / ((n - 1) * (k - 1))),
        within=float(((table - means[:, None]) ** 2).sum() / (n * (k - 1))),
        items=n,
        width=k,
    )


def _correlations(squares: MeanSquares, confidence: float) -> list[Estimate]:
    n, k, tail = squares.items, squares.width, (1 + confidence) / 2
    free, crossed = n * (k - 1), (n - 1) * (k - 1)
    first = _by_ratio(squares.between, squares.within, n - 1, free, tail)
    third = _by_ratio(squares.between, squares.error, n - 1, crossed, tail)
    second = _two_way(squares, tail)
    singles = [_single(first, k), second, _single(third, k)]
    return [*singles, _mean(first), _stepped(second, k), _mean(third)]


type Ratios = tuple[float, float, float]  # F and its confidence limits


def _by_ratio(above: float, below: float, one: int, other: int, tail: float) -> Ratios:
    if below == 0:
        return (np.inf,) * 3
    ratio = above / below
    return ratio, ratio / quantiles.fisher(tail, one, other), ratio * quantiles.fisher(tail, other, one)


def _single(ratios: Ratios, k: int) -> Estimate:
    value, low, high = (1.0 if np.isinf(f) else (f - 1) / (f + k - 1) for f in ratios)
    return Estimate.of(value, low=low, high=high)


def _mean(ratios: Ratios) -> Estimate:
    if not ratios[0]:
        return Estimate.none(Undefined.NO_VARIATION)
    value, low, high = (1 - 1 / f if f else -np.inf for f in ratios)
    return Estimate.of(value, low=low, high=high)


def _stepped(single: Estimate, k: int) -> Estimate:
    """The mean of k ratings from a single one (Spearman and Brown), which is unbounded below."""
    if single.undefined:
        return single
    parts = (single.value, single.low, single.high)
    value, low, high = (
        np.nan if part is None or (k - 1) * part <= -1 else k * part / (1 + (k - 1) * part) for part in parts
    )
    return Estimate.of(value, low=low, high=high) if np.isfinite(value) else Estimate.none(Undefined.NO_VARIATION)


def _two_way(squares: MeanSquares, tail: float) -> Estimate:
    n, k, between, raters, error = squares.items, squares.width, squares.between, squares.raters, squares.error
    all_of_it = between + (k - 1) * error + k * (raters - error) / n
    if all_of_it == 0:
        return Estimate.none(Undefined.NO_VARIATION)
    value = (between - error) / all_of_it
    if error == 0 or value >= 1:
        return Estimate.of(value)
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    spread = (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    freedom = (a * raters + b * error) ** 2 / spread
    above, below = quantiles.fisher(tail, n - 1, freedom), quantiles.fisher(tail, freedom, n - 1)
    other = k * raters + (k * n - k - n) * error
    low = n * (between - above * error) / (above * other + n * between)
    high = n * (below * between - error) / (other + n * below * between)
    return Estimate.of(value, low=low, high=high)
