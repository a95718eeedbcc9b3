"""What is true and how well each rater tells it, from ratings alone: Dawid and Skene's model by EM.

Source: A. P. Dawid and A. M. Skene, Applied Statistics 28 (1979) 20–28. Starts from vote shares (their eq. 3.1).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse, special

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.estimates import CONFIDENCE, Estimate, Undefined
from annotations.agreement.statistics.proportions import clopper_pearson
from annotations.agreement.statistics.ratings import Floats, Ints

ROUNDS = 500
GAIN = 1e-9  # the gain in log-likelihood an item, below which EM has arrived
_TINY = 1e-300


@dataclass(frozen=True)
class DawidSkene:
    """`prior` (values,); `posterior` (items, values); `rates` (raters, values true, values given);
    `log_likelihoods` of every round, which never fall."""

    prior: Floats
    posterior: Floats
    rates: Floats
    log_likelihoods: tuple[float, ...]
    counts: "sparse.csr_array"

    @property
    def labels(self) -> Ints:
        """The likeliest value of each item (items,)."""
        return self.posterior.argmax(axis=1)

    @cached_property
    def expected(self) -> Floats:
        """How many items of each true value each rater is expected to have rated (raters, values)."""
        return _tallies(self.counts, self.posterior, len(self.rates)).sum(axis=2)

    def recall(self, rater: int, value: int, *, confidence: float = CONFIDENCE) -> Estimate:
        """How often the rater calls an item of this value by its name: sensitivity for the one value of a binary
        scale, specificity for the other.

        The interval is Wald's on the log-odds, from the information that the items give (the score's outer product),
        so that not knowing the truth widens it; where a rate is 0 or 1 it is exact on the expected number of items.
        """
        rate, possible = float(self.rates[rater, value, value]), float(self.expected[rater, value])
        if possible < 0.5:
            return Estimate.none(Undefined.NO_RATINGS)
        scores = self._scores(rater, value, rate)
        information = float(scores @ scores)
        if min(rate, 1 - rate) < 1e-3 or information <= 0:
            return clopper_pearson(rate * possible, possible, confidence=confidence)
        se = 1 / np.sqrt(information)
        reach = se * quantiles.normal_reach(confidence)
        odds = special.logit(rate)
        return Estimate.of(rate, se * rate * (1 - rate), special.expit(odds - reach), special.expit(odds + reach))

    def _scores(self, rater: int, value: int, rate: float) -> Floats:
        """Each item's slope of the log-likelihood in the log-odds of the rate (items,)."""
        size = len(self.prior)
        given = self.counts[:, [rater * size + code for code in range(size)]].toarray()
        named = given[:, value]
        return np.asarray(self.posterior[:, value] * (named * (1 - rate) - (given.sum(axis=1) - named) * rate))


def dawid_skene(items: Ints, raters: Ints, codes: Ints, values: int, *, rounds: int = ROUNDS) -> DawidSkene:
    """Fit the model to labels: item, rater and code of each (labels,), indices from 0. A rater may rate an item more
    than once. Items or raters without any label stay at the prior. Raises ValueError without labels."""
    if not len(codes):
        raise ValueError("There are no labels.")
    width, length = int(raters.max()) + 1, int(items.max()) + 1
    counts = sparse.csr_array((np.ones(len(codes)), (items, raters * values + codes)), shape=(length, width * values))
    posterior = _vote_shares(counts, width, values)
    gained: list[float] = []
    while True:
        prior = posterior.mean(axis=0)
        rates = _rates(_tallies(counts, posterior, width))
        joint = counts @ np.log(np.maximum(rates, _TINY)).transpose(0, 2, 1).reshape(-1, values)
        joint += np.log(np.maximum(prior, _TINY))
        evidence = special.logsumexp(joint, axis=1)
        posterior = np.exp(joint - evidence[:, None])
        gained.append(float(evidence.sum()))
        if len(gained) >= rounds or (len(gained) > 1 and gained[-1] - gained[-2] < GAIN * length):
            return DawidSkene(prior, posterior, rates, tuple(gained), counts)


def _vote_shares(counts: "sparse.csr_array", width: int, values: int) -> Floats:
    votes = counts @ np.tile(np.eye(values), (width, 1))
    total = votes.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(votes, total, out=np.full_like(votes, 1 / values), where=total > 0))


def _tallies(counts: "sparse.csr_array", posterior: Floats, width: int) -> Floats:
    """How often each rater is expected to have met a true value and given another (raters, true, given)."""
    size = posterior.shape[1]
    return np.asarray(counts.T @ posterior).reshape(width, size, size).transpose(0, 2, 1)


def _rates(tallies: Floats) -> Floats:
    met = tallies.sum(axis=2, keepdims=True)
    return np.divide(tallies, met, out=np.full_like(tallies, 1 / tallies.shape[2]), where=met > 0)
