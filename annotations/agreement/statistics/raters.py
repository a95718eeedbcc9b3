"""Coefficients in which it matters who rated: Cohen's κ, Conger's κ, and every pair of raters."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.estimates import CONFIDENCE, Estimate, Undefined
from annotations.agreement.statistics.ratings import MISSING, Floats, Ints, Ratings


def confusion(ratings: Ratings, first: int, second: int) -> Floats:
    """How often (values, values) the first rater chose the one and the second the other, where both rated."""
    one, other = ratings.codes[:, first], ratings.codes[:, second]
    both = (one != MISSING) & (other != MISSING)
    size = len(ratings.values)
    return np.bincount(one[both] * size + other[both], minlength=size * size).reshape(size, size).astype(float)


def cohen(table: Floats, weights: Floats, *, confidence: float = CONFIDENCE) -> Estimate:
    """Cohen's κ of a confusion table (values, values) under weights of agreement, with its asymptotic interval.

    Sources: Cohen 1960 and 1968; standard error of Fleiss, Cohen and Everitt 1969.
    """
    items = table.sum()
    if not items:
        return Estimate.none(Undefined.NO_PAIRS)
    shares = table / items
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = rows @ weights @ columns
    if np.isclose(chance, 1):
        return Estimate.none(Undefined.NO_VARIATION)
    value = float(((weights * shares).sum() - chance) / (1 - chance))
    near = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    spread = (shares * (weights - near * (1 - value)) ** 2).sum() - (value - chance * (1 - value)) ** 2
    se = float(np.sqrt(max(float(spread), 0) / items) / (1 - chance))
    reach = se * quantiles.normal_reach(confidence)
    return Estimate.of(value, se, max(-1, value - reach), min(1, value + reach))


def weighted_disagreement(table: Floats, distance: Floats) -> float | None:
    """κ under weights of disagreement (values, values), which need not be symmetric; None where chance has none."""
    shares = table / max(table.sum(), 1)
    expected = (np.outer(shares.sum(axis=1), shares.sum(axis=0)) * distance).sum()
    return float(1 - (shares * distance).sum() / expected) if expected else None


@dataclass(frozen=True)
class Conger:
    """Conger's κ: Cohen's for several raters, each with their own leaning; missing ratings allowed.

    Source: Conger 1980; with missing ratings and its standard error, Gwet 2014, chapters 2 and 5.
    """

    ratings: Ratings
    weights: Floats
    confidence: float = CONFIDENCE

    @cached_property
    def estimate(self) -> Estimate:
        if self._raters < 2:
            return Estimate.none(Undefined.TOO_FEW_RATERS)
        paired = self._each_rated >= 2
        if not paired.any():
            return Estimate.none(Undefined.NO_PAIRS)
        if not self.ratings.patterns.varies:
            return Estimate.none(Undefined.NO_VARIATION)
        chance = self._chance
        agreed = self._agreement * len(paired) / paired.sum()
        value = (agreed.mean() - chance) / (1 - chance)
        parts = (agreed - chance * paired * len(paired) / paired.sum()) / (1 - chance)
        parts = parts - 2 * (1 - value) * (self._chances - chance) / (1 - chance)
        if len(parts) < 2:
            return Estimate.of(float(value))
        se = float(np.sqrt(((parts - value) ** 2).sum() / (len(parts) * (len(parts) - 1))))
        reach = se * quantiles.student_reach(self.confidence, len(parts) - 1)
        return Estimate.of(float(value), se, max(-1, value - reach), min(1, value + reach))

    @cached_property
    def _codes(self) -> Ints:
        """Codes of the items that anybody rated, without raters who rated nothing."""
        given = self.ratings.codes != MISSING
        return np.asarray(self.ratings.codes[given.any(axis=1)][:, given.any(axis=0)], dtype=np.intp)

    @property
    def _raters(self) -> int:
        return int(self._codes.shape[1])

    @cached_property
    def _chosen(self) -> Floats:
        """1 where an item's rater chose the value (values, items, raters)."""
        return np.stack([self._codes == code for code in range(len(self.weights))]).astype(float)

    @cached_property
    def _each_rated(self) -> Floats:
        return np.asarray((self._codes != MISSING).sum(axis=1), dtype=float)

    @cached_property
    def _shares(self) -> Floats:
        """Each rater's share of each value (raters, values)."""
        return np.asarray(self._chosen.sum(axis=1) / (self._codes != MISSING).sum(axis=0)).T

    @cached_property
    def _agreement(self) -> Floats:
        """Agreement within each item (items,), 0 where it has one rating."""
        counts = self._chosen.sum(axis=2).T
        possible = self._each_rated * (self._each_rated - 1)
        pairs = (counts * (counts @ self.weights.T - 1)).sum(axis=1)
        return np.divide(pairs, possible, out=np.zeros_like(pairs), where=possible > 0)

    @cached_property
    def _chance(self) -> float:
        """The mean over pairs of raters of the agreement expected of their leanings."""
        total = self._shares.sum(axis=0)
        own = np.einsum("gk,kl,gl->", self._shares, self.weights, self._shares)
        return float((total @ self.weights @ total - own) / (self._raters * (self._raters - 1)))

    @cached_property
    def _chances(self) -> Floats:
        """Each item's part in chance (items,): its influence on each rater's leaning, met with the others' leanings."""
        given = self._codes != MISSING
        worth = len(self._codes) / given.sum(axis=0)
        others = self._shares.sum(axis=0) - self._shares
        met = others @ ((self.weights + self.weights.T) / 2)
        influence = np.einsum("kig,gk->ig", self._chosen, met)
        balance = (given - 1 / worth) * (met * self._shares).sum(axis=1)
        return np.asarray(((influence - balance) * worth).sum(axis=1)) / (self._raters * (self._raters - 1))


@dataclass(frozen=True)
class Pairs:
    """Every pair of raters: items both rated, and how often they agreed (raters, raters)."""

    shared: Floats
    agreed: Floats

    @classmethod
    def of(cls, ratings: Ratings) -> "Pairs":
        given = (ratings.codes != MISSING).astype(float)
        agreed = np.zeros((given.shape[1],) * 2)
        for code in range(len(ratings.values)):
            chosen = (ratings.codes == code).astype(float)
            agreed += chosen.T @ chosen
        return cls(given.T @ given, agreed)

    @property
    def raw(self) -> Floats:
        """The share they agreed on, NaN where they share nothing."""
        return np.divide(self.agreed, self.shared, out=np.full_like(self.agreed, np.nan), where=self.shared > 0)
