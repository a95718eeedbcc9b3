"""Krippendorff's α with intervals from exact bootstraps, over items or over clusters of them.

α = 1 − D_o/D_e over the coincidences o_ck = Σ_i r_ic(r_ik − [c=k])/(r_i − 1) of the items with two ratings or more,
n_c = Σ_k o_ck, D_o = Σ o_ck δ²_ck, D_e = Σ n_c n_k δ²_ck/(n − 1).
Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import batched, repeat

import numpy as np

from annotations.agreement.statistics.estimates import CHANCE_ITEMS, CONFIDENCE, Estimate, Undefined
from annotations.agreement.statistics.floors import TENTATIVE
from annotations.agreement.statistics.intervals import corrected_quantiles
from annotations.agreement.statistics.ratings import Floats, Ints, Level, Patterns
from annotations.agreement.statistics.weights import distances

RESAMPLES = 1_000
_CHUNK = 4_000_000  # numbers held at a time


@dataclass(frozen=True)
class AlphaEstimate:
    """α with its bootstrap: `resampled` (resamples,), NaN where a resample held one value only."""

    estimate: Estimate
    resampled: Floats | None = None

    @property
    def below(self) -> float | None:
        """P(α < .667): the share of resamples below what may be relied on even tentatively."""
        if self.resampled is None:
            return None
        defined = self.resampled[np.isfinite(self.resampled)]
        return float((defined < TENTATIVE).mean()) if len(defined) else None


def alpha(
    patterns: Patterns,
    level: Level = Level.NOMINAL,
    numbers: Floats | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> AlphaEstimate:
    """α of the patterns, with an interval from a bootstrap over items; without `resamples`, the point alone.

    Drawing N items with replacement is drawing how often each pattern occurs from a multinomial, so a resample costs
    as much for a hundred thousand items as for a hundred. The interval is Efron's bias-corrected and accelerated one,
    widened by the one that also has CHANCE_ITEMS items rated by chance: where few disagreements were seen, resampling
    them alone says too little of those that were not. `numbers` (values,) are needed from interval upwards.
    """
    if why := why_undefined(patterns, level, numbers):
        return AlphaEstimate(Estimate.none(why))
    used = patterns.pairable
    sums = _Sums.of(used, level, _numbers(numbers, used))
    value = float(sums.alphas(used.times))
    if not resamples or used.items < 2:
        return AlphaEstimate(Estimate.of(value))
    resampled, low, high = _resample(sums, used.times, resamples, seed, confidence)
    with_chance = sums.with_chance(used.times)
    _, lower, higher = _resample(with_chance, np.append(used.times, CHANCE_ITEMS), resamples, seed, confidence)
    se = float(np.std(resampled[np.isfinite(resampled)], ddof=1)) if np.isfinite(low) else low
    return AlphaEstimate(Estimate.of(value, se, min(low, lower), max(high, higher)), resampled)


def why_undefined(patterns: Patterns, level: Level, numbers: Floats | None) -> Undefined | None:
    """The reason α cannot be told, if there is one."""
    if level in (Level.INTERVAL, Level.RATIO):
        if numbers is None:
            return Undefined.NOT_NUMERIC
        if level == Level.RATIO and (numbers < 0).any():
            return Undefined.NEGATIVE_VALUES
    if not patterns.pairable.items:
        return Undefined.NO_PAIRS
    return None if patterns.pairable.varies else Undefined.NO_VARIATION


def category_alphas(
    patterns: Patterns, *, resamples: int = RESAMPLES, seed: int = 0, confidence: float = CONFIDENCE
) -> list[AlphaEstimate]:
    """For each value, nominal α of that value against all others."""
    return [
        alpha(patterns.against_the_rest(value), resamples=resamples, seed=seed, confidence=confidence)
        for value in range(patterns.counts.shape[1])
    ]


# --- Clusters ----------------------------------------------------------------
@dataclass(frozen=True)
class Table:
    """One criterion's counts (items, values) and the cluster, a task say, of each item (items,)."""

    counts: Floats
    clusters: Ints
    level: Level = Level.NOMINAL
    numbers: Floats | None = None


@dataclass(frozen=True)
class Clustered:
    """The mean of the tables' α, and the α of all their items taken together where their scales are alike."""

    macro: AlphaEstimate
    pooled: AlphaEstimate | None


def cluster_bootstrap(
    tables: Sequence[Table], *, resamples: int = RESAMPLES, seed: int = 0, confidence: float = CONFIDENCE
) -> Clustered:
    """Resample whole clusters: several criteria of one task fall and rise together, so its items are not independent.

    Intervals are percentiles. Tables whose own α is undefined take no part in the mean.
    """
    count = 1 + max((int(table.clusters.max()) for table in tables if len(table.clusters)), default=-1)
    sums = [each for table in tables if (each := _clustered(table, count))]
    if not sums:
        nothing = AlphaEstimate(Estimate.none(Undefined.NO_VARIATION))
        return Clustered(nothing, None)
    together = _together(sums)
    everything = _Abreast([*sums, *([together] if together else [])])
    drawn = _drawn_clusters(count, resamples, np.random.default_rng(seed))
    points = everything.alphas(np.ones((1, count)))
    resampled = np.concatenate([everything.alphas(times) for times in drawn], axis=1)
    macro = _by_percentiles(_mean(points[: len(sums)]), _mean(resampled[: len(sums)]), confidence)
    return Clustered(macro, _by_percentiles(points[-1], resampled[-1], confidence) if together else None)


def _clustered(table: Table, count: int) -> "_Sums | None":
    usable = table.counts.sum(axis=1) >= 2
    patterns = Patterns(table.counts[usable], np.ones(int(usable.sum())))
    if why_undefined(patterns, table.level, table.numbers):
        return None
    sums = _Sums.of(patterns, table.level, _numbers(table.numbers, patterns))
    return sums.gathered(table.clusters[usable], count)


def _together(sums: "Sequence[_Sums]") -> "_Sums | None":
    first = sums[0]
    if any(each.level != first.level or not np.array_equal(each.numbers, first.numbers) for each in sums):
        return None
    totals, observed = sum(each.totals for each in sums), sum(each.observed for each in sums)
    return _Sums(first.level, first.numbers, np.asarray(totals), np.asarray(observed))


def _mean(alphas: Floats) -> Floats:
    """Over tables (tables, resamples), without those that are undefined."""
    known = np.isfinite(alphas)
    total = np.where(known, alphas, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), total, np.nan)


def _by_percentiles(point: Floats, resampled: Floats, confidence: float) -> AlphaEstimate:
    defined = resampled[np.isfinite(resampled)]
    if len(defined) < 2:
        return AlphaEstimate(Estimate.of(float(point[0])))
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return AlphaEstimate(Estimate.of(float(point[0]), float(defined.std(ddof=1)), low, high), resampled)


def _drawn_clusters(count: int, resamples: int, random: np.random.Generator) -> Iterator[Floats]:
    rows = max(1, _CHUNK // count)
    for start in range(0, resamples, rows):
        height = min(rows, resamples - start)
        chosen = random.integers(count, size=(height, count)) + np.arange(height)[:, None] * count
        yield np.bincount(chosen.ravel(), minlength=height * count).reshape(height, count).astype(float)


# --- What is resampled -------------------------------------------------------
@dataclass(frozen=True)
class _Sums:
    """What α needs of each unit that is resampled: `totals` (units, values) and disagreement, `observed`: one column
    where δ² is fixed, coincidences (units, values²) where it depends on the totals."""

    level: Level
    numbers: Floats
    totals: Floats
    observed: Floats

    @classmethod
    def of(cls, patterns: Patterns, level: Level, numbers: Floats) -> "_Sums":
        counts, others = patterns.counts, patterns.raters - 1
        if level == Level.ORDINAL:
            observed = _pairs(counts) / others[:, None]
        else:
            apart = distances(level, numbers, counts)
            observed = ((counts @ apart) * counts).sum(axis=1, keepdims=True) / others[:, None]
        return cls(level, numbers, counts, observed)

    def alphas(self, times: Floats) -> Floats:
        """α (…,) when the units occur `times` (…, units); NaN where there is no variation."""
        return self.alphas_of(times @ self.totals, times @ self.observed)

    def alphas_of(self, totals: Floats, observed: Floats) -> Floats:
        """The same of what the units come to: totals (…, values) and disagreement (…, columns)."""
        apart = distances(self.level, self.numbers, totals)
        if self.level == Level.ORDINAL:
            observed = (observed * apart.reshape(observed.shape)).sum(axis=-1)
        else:
            observed = observed[..., 0]
        expected = (np.matvec(apart, totals) * totals).sum(axis=-1) / np.maximum(totals.sum(axis=-1) - 1, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))

    def with_chance(self, times: Floats) -> "_Sums":
        """The same with one more unit: an item of average size, rated by chance."""
        totals = times @ self.totals
        share = 1 / times.sum()
        observed = _pairs(totals[None]) / max(totals.sum() - 1, 1) * share
        if self.level != Level.ORDINAL:
            apart = distances(self.level, self.numbers, totals)
            observed = (observed * apart.ravel()).sum(axis=1, keepdims=True)
        return _Sums(
            self.level,
            self.numbers,
            np.vstack([self.totals, totals * share]),
            np.vstack([self.observed, observed]),
        )

    def at_once(self, units: int) -> int:
        """How many resamples of so many units are held at a time."""
        widest: int = max(units, self.observed.shape[1])
        return max(1, _CHUNK // widest)

    def gathered(self, clusters: Ints, count: int) -> "_Sums":
        """The same by cluster: `clusters` (units,) says to which of `count` each unit belongs."""
        return _Sums(self.level, self.numbers, _by(clusters, self.totals, count), _by(clusters, self.observed, count))


@dataclass(frozen=True)
class _Abreast:
    """Several sums over the same units, side by side, so that resampling reads what was drawn only once."""

    sums: "Sequence[_Sums]"

    @cached_property
    def columns(self) -> Floats:
        return np.hstack([part for each in self.sums for part in (each.totals, each.observed)])

    def alphas(self, times: Floats) -> Floats:
        """α (sums, resamples) when the units occur `times` (resamples, units)."""
        widths = [part.shape[1] for each in self.sums for part in (each.totals, each.observed)]
        parts = np.split(times @ self.columns, np.cumsum(widths)[:-1], axis=1)
        return np.stack([each.alphas_of(*both) for each, both in zip(self.sums, batched(parts, 2), strict=True)])


def _pairs(counts: Floats) -> Floats:
    """Ordered pairs of ratings of an item, by both values (items, values²)."""
    size = counts.shape[1]
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, np.arange(size), np.arange(size)] -= counts
    return pairs.reshape(len(counts), size * size)


def _by(clusters: Ints, columns: Floats, count: int) -> Floats:
    return np.column_stack([np.bincount(clusters, weights=column, minlength=count) for column in columns.T])


def _numbers(numbers: Floats | None, patterns: Patterns) -> Floats:
    return np.arange(patterns.counts.shape[1], dtype=float) if numbers is None else numbers


def _resample(sums: _Sums, times: Floats, resamples: int, seed: int, confidence: float) -> tuple[Floats, float, float]:
    random = np.random.default_rng(seed)
    rows = sums.at_once(len(times))
    sizes = [*repeat(rows, resamples // rows), resamples % rows]
    items, share = int(times.sum()), times / times.sum()
    resampled = np.concatenate(
        [sums.alphas(random.multinomial(items, share, size=size).astype(float)) for size in sizes if size]
    )
    low, high = corrected_quantiles(float(sums.alphas(times)), resampled, _left_out(sums, times), times, confidence)
    return resampled, low, high


def _left_out(sums: _Sums, times: Floats) -> Floats:
    """α without one item of each pattern (patterns,)."""
    rows = sums.at_once(len(times))
    parts = []
    for start in range(0, len(times), rows):
        without = np.tile(times, (min(rows, len(times) - start), 1))
        own = np.arange(len(without))
        without[own, start + own] -= np.minimum(1, times[start + own])
        parts.append(sums.alphas(without))
    return np.concatenate(parts)
