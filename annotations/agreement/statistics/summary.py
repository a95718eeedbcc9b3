"""Everything that can be said of one table of ratings, by the names the field uses."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from annotations.agreement.statistics.alpha import RESAMPLES, AlphaEstimate, alpha, category_alphas
from annotations.agreement.statistics.chance_corrected import Agreement, specific_agreement
from annotations.agreement.statistics.estimates import CONFIDENCE, Estimate
from annotations.agreement.statistics.intraclass import intraclass
from annotations.agreement.statistics.raters import Conger, cohen, confusion
from annotations.agreement.statistics.ratings import MISSING, Floats, Level, Ratings, Value
from annotations.agreement.statistics.weights import Weighting, weights

MOST_BOOTSTRAPPED = 20


@dataclass(frozen=True)
class Category:
    """One value of the scale: how common it is, how often its choosers agree, and α of it against the rest.

    α has an interval on a scale of at most MOST_BOOTSTRAPPED values.
    """

    value: Value
    ratings: int
    prevalence: float
    specific_agreement: float | None
    alpha: Estimate


@dataclass(frozen=True)
class Summary:
    """`headline` is α at the level of measurement; `items` with two ratings count, `found` are all."""

    level: Level
    found: int
    items: int
    ratings: int
    raters: int
    headline: AlphaEstimate
    coefficients: dict[str, Estimate]
    categories: list[Category]


def summarize(
    ratings: Ratings, level: Level, *, resamples: int = RESAMPLES, seed: int = 0, confidence: float = CONFIDENCE
) -> Summary:
    """All coefficients of a table; what cannot be told of it says why."""
    patterns = ratings.patterns
    headline = alpha(patterns, level, ratings.numbers, resamples=resamples, seed=seed, confidence=confidence)
    given = ratings.codes != MISSING
    return Summary(
        level=level,
        found=len(ratings.codes),
        items=int(patterns.pairable.items),
        ratings=int(given.sum()),
        raters=int(given.any(axis=0).sum()),
        headline=headline,
        coefficients={**dict(_coefficients(ratings, confidence)), f"alpha_{level}": headline.estimate},
        categories=_categories(ratings, resamples=resamples, seed=seed, confidence=confidence),
    )


def _coefficients(ratings: Ratings, confidence: float) -> Iterator[tuple[str, Estimate]]:
    for level in Level:
        yield f"alpha_{level}", alpha(ratings.patterns, level, ratings.numbers, resamples=0).estimate
    for weighting in Weighting:
        yield from _weighted(ratings, weighting, confidence)
    found = intraclass(_table(ratings), confidence=confidence)
    for name in ("icc1", "icc2", "icc3", "icc1k", "icc2k", "icc3k"):
        yield name, getattr(found, name)


def _weighted(ratings: Ratings, weighting: Weighting, confidence: float) -> Iterator[tuple[str, Estimate]]:
    plain = weighting == Weighting.IDENTITY
    near = weights(_ranks(ratings) if ratings.numbers is None else ratings.numbers, weighting)
    by_counts = Agreement(ratings.patterns, near, confidence)
    end = "" if plain else f"_{weighting}"
    yield f"percent_agreement{end}", by_counts.raw
    yield f"ac1{end}" if plain else f"ac2{end}", by_counts.ac
    yield f"fleiss_kappa{end}", by_counts.fleiss
    yield f"brennan_prediger{end}", by_counts.brennan_prediger
    yield f"conger_kappa{end}", Conger(ratings, near, confidence).estimate
    if plain:
        yield "alpha_nominal_analytic", by_counts.alpha
    if ratings.codes.shape[1] == 2:
        yield f"cohen_kappa{end}", cohen(confusion(ratings, 0, 1), near, confidence=confidence)


def _ranks(ratings: Ratings) -> Floats:
    return np.arange(len(ratings.values), dtype=float)


def _table(ratings: Ratings) -> Floats:
    """The ratings as numbers (items, raters), NaN where missing; words have none."""
    numbers = ratings.numbers
    if numbers is None:
        return np.full(ratings.codes.shape, np.nan)
    return np.where(ratings.codes == MISSING, np.nan, np.append(numbers, np.nan)[ratings.codes])


def _categories(ratings: Ratings, *, resamples: int, seed: int, confidence: float) -> list[Category]:
    patterns = ratings.patterns
    shares = Agreement(patterns, np.eye(len(ratings.values))).prevalence
    resamples = resamples if len(ratings.values) <= MOST_BOOTSTRAPPED else 0
    alphas = category_alphas(patterns, resamples=resamples, seed=seed, confidence=confidence)
    rows = zip(ratings.values, patterns.totals, shares, specific_agreement(patterns), alphas, strict=True)
    return [
        Category(value, int(total), float(share), specific, found.estimate)
        for value, total, share, specific, found in rows
    ]
