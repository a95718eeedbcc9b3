"""Agreement beyond chance over counts: raw agreement, Gwet's AC, Fleiss, Brennan–Prediger, with analytic intervals.

r_ik raters gave item i the value k, r_i ratings in all; weights w_kl of partial agreement; r*_ik = Σ_l w_kl r_il.
p_a is the mean over items with two ratings of Σ_k r_ik(r*_ik − 1)/(r_i(r_i − 1)), π_k the mean over rated items of
r_ik/r_i, and each coefficient (p_a − p_e)/(1 − p_e) under its own p_e. Missing ratings and any number of raters are
allowed. Intervals are Student's t with one degree of freedom less than rated items, cut to [−1, 1].
Source: K. Gwet, Handbook of Inter-Rater Reliability (4th ed., 2014), chapters 2, 4 and 5.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.estimates import CHANCE_ITEMS, CONFIDENCE, Estimate, Undefined
from annotations.agreement.statistics.ratings import Floats, Patterns


@dataclass(frozen=True)
class Agreement:
    """The coefficients of one table of counts under one set of weights (values, values)."""

    patterns: Patterns
    weights: Floats
    confidence: float = CONFIDENCE

    @cached_property
    def raw(self) -> Estimate:
        """p_a: how often two raters of an item agree."""
        if not self._pairable_items:
            return Estimate.none(Undefined.NO_PAIRS)
        return self._estimate(self._agreed, self._scaled, low=0)

    @cached_property
    def ac(self) -> Estimate:
        """Gwet's AC1; AC2 under other than identity weights."""
        size, shares = self._size, self._prevalence
        scale = self.weights.sum() / (size * (size - 1)) if size > 1 else 0
        chance = float(scale * (shares * (1 - shares)).sum())
        return self._corrected(chance, scale * (self._shares * (1 - shares)).sum(axis=1))

    @cached_property
    def cautious_ac(self) -> Estimate:
        """Gwet's AC with an interval that allows for CHANCE_ITEMS items rated by chance: its own is too narrow where
        few disagreements were seen."""
        plain, items = self.ac, self._rated.items
        if plain.value is None or plain.se is None or plain.low is None or plain.high is None:
            return plain
        more = items + CHANCE_ITEMS
        center = plain.value * items / more
        spread = plain.se**2 * items * (items - 1) + items * (plain.value - center) ** 2 + CHANCE_ITEMS * center**2
        reach = float(np.sqrt(spread / (more * (more - 1))) * quantiles.student_reach(self.confidence, more - 1))
        return replace(plain, low=max(-1, min(plain.low, center - reach)), high=min(1, max(plain.high, center + reach)))

    @cached_property
    def fleiss(self) -> Estimate:
        """Fleiss' κ; Scott's π for two raters."""
        shares = self._prevalence
        near = (self.weights @ shares + self.weights.T @ shares) / 2
        return self._corrected(float(shares @ self.weights @ shares), self._shares @ near)

    @cached_property
    def brennan_prediger(self) -> Estimate:
        """Brennan and Prediger's coefficient: chance is uniform over the domain."""
        chance = float(self.weights.sum()) / self._size**2
        return self._corrected(chance, np.full(len(self._shares), chance))

    @cached_property
    def alpha(self) -> Estimate:
        """Krippendorff's α with Gwet's analytic standard error, for nominal, linear and quadratic weights."""
        used = self.patterns.pairable
        if why := self._why_undefined(used):
            return Estimate.none(why)
        mean = float(used.times @ used.raters / used.items)
        agreed = self._pairs(used) / (mean * (used.raters - 1))
        observed = float(used.times @ agreed / used.items)
        shares = used.totals / used.totals.sum()
        chance = float(shares @ self.weights @ shares)
        small = 1 / used.totals.sum()
        value = ((1 - small) * observed + small - chance) / (1 - chance)
        prime = (observed - chance) / (1 - chance)
        excess = (used.raters - mean) / mean
        near = (self.weights @ shares + self.weights.T @ shares) / 2
        expected = used.counts @ near / mean - chance * excess
        each = (agreed - observed * excess - chance) / (1 - chance)
        each = each - 2 * (1 - prime) * (expected - chance) / (1 - chance)
        return self._interval(value, self._se(each, prime, used))

    @property
    def prevalence(self) -> Floats:
        """π (values,): the share of each value, items counting alike however often they were rated."""
        return self._prevalence

    # --- Parts ---------------------------------------------------------------
    @property
    def _size(self) -> int:
        return len(self.weights)

    @cached_property
    def _rated(self) -> Patterns:
        return self.patterns.rated

    @property
    def _pairable_items(self) -> float:
        return self.patterns.pairable.items

    def _pairs(self, patterns: Patterns) -> Floats:
        return (patterns.counts * (patterns.counts @ self.weights.T - 1)).sum(axis=1)

    @cached_property
    def _scaled(self) -> Floats:
        """Agreement within each rated pattern times n/n₂, so that its mean over rated items is p_a."""
        rated = self._rated
        possible = rated.raters * (rated.raters - 1)
        within = np.divide(self._pairs(rated), possible, out=np.zeros_like(possible), where=possible > 0)
        return within * rated.items / self._pairable_items

    @cached_property
    def _agreed(self) -> float:
        return float(self._rated.times @ self._scaled / self._rated.items)

    @cached_property
    def _shares(self) -> Floats:
        return self._rated.counts / self._rated.raters[:, None]

    @cached_property
    def _prevalence(self) -> Floats:
        return self._rated.times @ self._shares / max(self._rated.items, 1)

    def _corrected(self, chance: float, chances: Floats) -> Estimate:
        """(p_a − p_e)/(1 − p_e); `chances` (patterns,) is each item's part in p_e."""
        if why := self._why_undefined(self._rated):
            return Estimate.none(why)
        left = 1 - chance
        value = (self._agreed - chance) / left
        paired = np.where(self._rated.raters >= 2, self._rated.items / self._pairable_items, 0)
        each = (self._scaled - chance * paired) / left - 2 * (1 - value) * (chances - chance) / left
        return self._estimate(value, each)

    def _why_undefined(self, patterns: Patterns) -> Undefined | None:
        if not self._pairable_items:
            return Undefined.NO_PAIRS
        return None if patterns.varies else Undefined.NO_VARIATION

    def _estimate(self, value: float, each: Floats, *, low: float = -1) -> Estimate:
        return self._interval(value, self._se(each, value, self._rated), low=low)

    def _se(self, each: Floats, center: float, patterns: Patterns) -> float:
        """The standard error of a mean over items whose parts are `each` (patterns,)."""
        items = patterns.items
        if items < 2:
            return float("nan")
        return float(np.sqrt(patterns.times @ (each - center) ** 2 / (items * (items - 1))))

    def _interval(self, value: float, se: float, *, low: float = -1) -> Estimate:
        reach = se * quantiles.student_reach(self.confidence, max(self._rated.items - 1, 1))
        return Estimate.of(value, se, max(low, value - reach), min(1, value + reach))


def specific_agreement(patterns: Patterns) -> list[float | None]:
    """For each value: given that one rater chose it, how often another did (positive and negative agreement when
    there are two values). None where nobody chose it. Source: Cicchetti and Feinstein 1990; Uebersax 1982."""
    used = patterns.pairable
    agreed = used.times @ (used.counts * (used.counts - 1))
    possible = used.times @ (used.counts * (used.raters - 1)[:, None])
    return [float(a / p) if p else None for a, p in zip(agreed, possible, strict=True)]
