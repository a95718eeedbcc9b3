"""Shares of counts, with intervals that hold for few of them."""

import numpy as np

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.estimates import CONFIDENCE, Estimate, Undefined


def wilson(hits: float, of: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """A share with Wilson's score interval; counts may be expected ones. Source: Wilson 1927; Newcombe 1998."""
    if of <= 0:
        return Estimate.none(Undefined.NO_RATINGS)
    z, share = quantiles.normal_reach(confidence), hits / of
    center = share + z * z / (2 * of)
    reach = z * float(np.sqrt(max(share * (1 - share), 0) / of + z * z / (4 * of * of)))
    scale = 1 + z * z / of
    low = 0.0 if hits <= 0 else (center - reach) / scale
    high = 1.0 if hits >= of else (center + reach) / scale
    return Estimate.of(share, float(np.sqrt(max(share * (1 - share), 0) / of)), low, high)


def clopper_pearson(hits: float, of: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """A share with the exact interval of Clopper and Pearson 1934, which never covers less than it says."""
    if of <= 0:
        return Estimate.none(Undefined.NO_RATINGS)
    tail = (1 - confidence) / 2
    low = quantiles.beta(tail, hits, of - hits + 1) if hits > 0 else 0.0
    high = quantiles.beta(1 - tail, hits + 1, of - hits) if hits < of else 1.0
    return Estimate.of(hits / of, low=low, high=high)
