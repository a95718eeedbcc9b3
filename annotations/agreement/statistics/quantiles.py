"""Quantiles of the distributions that intervals are made of; importing scipy.stats would take a second."""

import numpy as np
import numpy.typing as npt
from scipy import special

from annotations.agreement.statistics.ratings import Floats


def normal(share: npt.ArrayLike) -> Floats:
    """The standard normal deviates below which these shares lie (…,)."""
    return np.asarray(special.ndtri(share))


def below_normal(deviate: npt.ArrayLike) -> Floats:
    """The shares of the standard normal distribution below these deviates (…,)."""
    return np.asarray(special.ndtr(deviate))


def normal_reach(confidence: float) -> float:
    """How many standard errors lie on either side of the middle."""
    return float(normal((1 + confidence) / 2))


def student_reach(confidence: float, freedom: float) -> float:
    """The same by Student's t."""
    return float(special.stdtrit(freedom, (1 + confidence) / 2))


def beta(share: float, a: float, b: float) -> float:
    return float(special.betaincinv(a, b, share))


def fisher(share: float, above: float, below: float) -> float:
    """Of F with these degrees of freedom above and below."""
    return float(special.fdtri(above, below, share))
