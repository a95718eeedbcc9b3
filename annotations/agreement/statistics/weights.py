"""How near two values are: weights of agreement, and Krippendorff's squared distances."""

from enum import StrEnum

import numpy as np

from annotations.agreement.statistics.ratings import Floats, Level


class Weighting(StrEnum):
    """Weights of partial agreement between values."""

    IDENTITY = "identity"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


def weights(numbers: Floats, weighting: Weighting) -> Floats:
    """Weights (values, values): 1 on the diagonal, less the further apart the `numbers` (values,) are.

    Linear 1 − |x−y|/range, quadratic 1 − (x−y)²/range² (Cicchetti and Allison 1971; Fleiss and Cohen 1973).
    """
    if weighting == Weighting.IDENTITY or len(numbers) < 2:
        return np.eye(len(numbers))
    apart = np.abs(numbers[:, None] - numbers) / np.ptp(numbers)
    return 1 - (apart if weighting == Weighting.LINEAR else apart**2)


def distances(level: Level, numbers: Floats, totals: Floats) -> Floats:
    """Krippendorff's δ² (…, values, values) between values that occur `totals` (…, values) times.

    Only the ordinal metric depends on the totals: values are as far apart as ratings lie between their middles,
    m = cumsum(n) − n/2. Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    """
    if level == Level.ORDINAL:
        middles = np.cumsum(totals, axis=-1) - totals / 2
        return (middles[..., :, None] - middles[..., None, :]) ** 2
    if level == Level.NOMINAL:
        return 1 - np.eye(len(numbers))
    apart = numbers[:, None] - numbers
    if level == Level.INTERVAL:
        return apart**2
    both = numbers[:, None] + numbers
    return np.divide(apart, both, out=np.zeros_like(both), where=both != 0) ** 2
