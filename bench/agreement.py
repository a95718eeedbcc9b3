"""What agreement costs: statistics, beside `krippendorff` looped over resamples in the same run, and snapshots.

`python -m bench.agreement` prints a table and ends with 1 where a budget is missed. `--coverage 2000` prints the table
of docs/agreement.md instead: how often intervals of 95 % hold what is true.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import partial

import krippendorff
import numpy as np

from annotations.agreement.statistics.alpha import Table, alpha, cluster_bootstrap
from annotations.agreement.statistics.dawid_skene import dawid_skene
from annotations.agreement.statistics.ratings import MISSING, Level, Ratings
from bench import coverage
from bench.agreement_snapshots import snapshot_measures
from bench.measures import Measure, median_seconds, tell

TIMES = 7
ALPHA_SECONDS, CLUSTER_SECONDS, DAWID_SKENE_SECONDS = 0.05, 0.5, 1.5
FASTER = 2_000
RESAMPLES = 1_000


def ratings(items: int, raters: int, values: int, missing: float) -> Ratings:
    """Raters who agree more often than chance, some of whose ratings are missing."""
    random = np.random.default_rng(1)
    truth = random.integers(values, size=(items, 1))
    noise = random.integers(values, size=(items, raters))
    codes = np.where(random.random((items, raters)) < 0.7, truth, noise)
    codes[random.random(codes.shape) < missing] = MISSING
    return Ratings(codes, tuple(range(1, values + 1)))


def bootstraps() -> Iterator[Measure]:
    """α and its bootstrap from the table of codes on; theirs is timed once and multiplied."""
    given = ratings(100_000, 3, 5, 0.2)
    for level in (Level.NOMINAL, Level.ORDINAL):
        ours = median_seconds(partial(_alpha, given, level), TIMES)
        name = f"α {level}, 100,000 × 3, 5 values, 20 % missing, {RESAMPLES:,} resamples"
        yield Measure(name, f"{1000 * ours:.1f} ms", f"≤ {1000 * ALPHA_SECONDS:.0f} ms", ours <= ALPHA_SECONDS)
        theirs = median_seconds(partial(_theirs, given, level), 3) * (RESAMPLES + 1)
        ratio = theirs / ours
        yield Measure(
            f"krippendorff {level}, the same by a loop",
            f"{theirs:,.0f} s (×{ratio:,.0f})",
            f"≥ ×{FASTER:,}",
            ratio >= FASTER,
        )


def _alpha(given: Ratings, level: Level) -> None:
    fresh = Ratings(given.codes, given.values)  # without the patterns it keeps
    alpha(fresh.patterns, level, fresh.numbers, resamples=RESAMPLES)


def _theirs(given: Ratings, level: Level) -> None:
    data = np.array([*given.values, np.nan])[given.codes].T
    krippendorff.alpha(data, value_domain=list(given.values), level_of_measurement=level.value)


def clusters() -> Iterator[Measure]:
    """The mean over criteria, tasks resampled whole."""
    tables = [Table(ratings(5_000, 3, 2, 0.1).counts, np.arange(5_000)) for _ in range(20)]
    took = median_seconds(partial(cluster_bootstrap, tables, resamples=RESAMPLES), 3)
    name = f"cluster bootstrap, 5,000 tasks × 20 criteria, {RESAMPLES:,} resamples"
    yield Measure(name, f"{1000 * took:.0f} ms", f"≤ {1000 * CLUSTER_SECONDS:.0f} ms", took <= CLUSTER_SECONDS)


def models() -> Iterator[Measure]:
    """Dawid–Skene over people who rate a few items each."""
    random = np.random.default_rng(1)
    items, raters, labels = 60_000, 200, 300_000
    truth = random.integers(2, size=items)
    item, rater = np.repeat(np.arange(items), labels // items), random.integers(raters, size=labels)
    right = random.random(labels) < random.uniform(0.6, 0.95, size=raters)[rater]
    codes = np.where(right, truth[item], 1 - truth[item])
    took = median_seconds(partial(dawid_skene, item, rater, codes, 2), 3)
    rounds = len(dawid_skene(item, rater, codes, 2).log_likelihoods)
    name = f"Dawid–Skene, {labels:,} labels, {raters} people, {rounds} rounds"
    yield Measure(name, f"{took:.2f} s", f"≤ {DAWID_SKENE_SECONDS} s", took <= DAWID_SKENE_SECONDS)


PARTS = {"statistics": (bootstraps, clusters, models), "snapshots": (snapshot_measures,)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--coverage", type=int, metavar="TABLES", help="simulate so many tables a cell instead")
    options = parser.parse_args()
    if options.coverage:
        return coverage.show(options.coverage)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return tell(measure for name in options.parts or PARTS for part in PARTS[name] for measure in part())


if __name__ == "__main__":
    sys.exit(main())
