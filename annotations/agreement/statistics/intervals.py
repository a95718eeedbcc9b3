"""Quantiles of a bootstrap that stand for an interval."""

import numpy as np

from annotations.agreement.statistics import quantiles
from annotations.agreement.statistics.ratings import Floats


def corrected_quantiles(
    value: float, resampled: Floats, left_out: Floats, times: Floats, confidence: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated quantiles (low, high) of `resampled` (resamples,), NaN where undefined.

    `left_out` (patterns,) is the statistic without one item of each pattern, of which there are `times` (patterns,),
    two or more in all. The tails are Student's, widened as few items ask for.
    Sources: B. Efron, Better Bootstrap Confidence Intervals, JASA 82 (1987) 171–185; T. Hesterberg, What Teachers
    Should Know About the Bootstrap, The American Statistician 69 (2015) 371–386, on expanded intervals.
    """
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < 2:
        return float("nan"), float("nan")
    below = (defined < value).mean() + (defined == value).mean() / 2
    bias = quantiles.normal(np.clip(below, 1 / len(defined), 1 - 1 / len(defined)))
    apart = np.where(np.isfinite(left_out), left_out, value)
    apart = times @ apart / times.sum() - apart
    spread = float(times @ apart**2)
    acceleration = float(times @ apart**3) / (6 * spread**1.5) if spread > 0 else 0.0
    items = float(times.sum())
    reach = quantiles.student_reach(confidence, items - 1) * np.sqrt(items / (items - 1))
    tails = bias + np.array([-reach, reach])
    low, high = np.quantile(defined, quantiles.below_normal(bias + tails / (1 - acceleration * tails)))
    return float(low), float(high)
