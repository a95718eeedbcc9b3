"""What a statistic comes to: a number with its interval, or the reason there is none."""

import math
from dataclasses import dataclass
from enum import StrEnum

CONFIDENCE = 0.95

# Items rated by chance that an interval allows for beside those seen, after the rule of three: none among n may be up
# to three (Hanley and Lippman-Hand 1983). With them, intervals hold what they promise where disagreement is rare.
CHANCE_ITEMS = 3


class Undefined(StrEnum):
    """Why a statistic has no value; never a number in its place."""

    NO_PAIRS = "no_pairs"  # no item has two ratings
    NO_VARIATION = "no_variation"  # all ratings are the same, so nothing can be said of chance
    NO_RATINGS = "no_ratings"
    INCOMPLETE = "incomplete"  # it needs items that every rater rated
    TOO_FEW_RATERS = "too_few_raters"
    NOT_NUMERIC = "not_numeric"  # the level of measurement needs numbers
    NEGATIVE_VALUES = "negative_values"  # a ratio scale has none


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its standard error and its interval, as far as each can be told; `undefined` when nothing can."""

    value: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    undefined: Undefined | None = None

    @classmethod
    def of(cls, value: float, se: float = math.nan, low: float = math.nan, high: float = math.nan) -> "Estimate":
        """An estimate whose parts that are not finite are unknown."""
        return cls(_known(value), _known(se), _known(low), _known(high))

    @classmethod
    def none(cls, why: Undefined) -> "Estimate":
        return cls(undefined=why)


def _known(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
