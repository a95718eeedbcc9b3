"""How often intervals of 95 % hold the true value, over tables drawn from a population whose values are known."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from annotations.agreement.statistics.alpha import alpha
from annotations.agreement.statistics.chance_corrected import Agreement
from annotations.agreement.statistics.estimates import Estimate
from annotations.agreement.statistics.floors import FEWEST_CONTESTED, FEWEST_OTHERS
from annotations.agreement.statistics.ratings import Patterns

ITEMS, RATERS, PREVALENCES, ACCURACIES = (50, 100, 200), (2, 3, 5), (0.5, 0.8, 0.95), (0.8, 0.9, 0.97)
LEAST = 0.93
FEWEST_TABLES = 100  # above the floors, or a cell says nothing


@dataclass(frozen=True)
class Cell:
    """Raters who are right this often, about items of which this share is positive; `alpha` and `ac` are its truth."""

    items: int
    raters: int
    prevalence: float
    accuracy: float

    @property
    def alpha(self) -> float:
        positive = self.prevalence * self.accuracy + (1 - self.prevalence) * (1 - self.accuracy)
        return self._beyond(positive**2 + (1 - positive) ** 2)

    @property
    def ac(self) -> float:
        positive = self.prevalence * self.accuracy + (1 - self.prevalence) * (1 - self.accuracy)
        return self._beyond(2 * positive * (1 - positive))

    def _beyond(self, chance: float) -> float:
        return (self.accuracy**2 + (1 - self.accuracy) ** 2 - chance) / (1 - chance)

    def drawn(self, random: np.random.Generator) -> Patterns:
        truth = random.random((self.items, 1)) < self.prevalence
        right = random.random((self.items, self.raters)) < self.accuracy
        positive = (truth == right).sum(axis=1)
        return Patterns.of(np.column_stack([self.raters - positive, positive]))


@dataclass(frozen=True)
class Covered:
    """Of `tables` drawn, `used` lay above the floors; the shares whose intervals held α and AC1."""

    cell: Cell
    tables: int
    used: int
    alpha: float
    ac: float

    @property
    def holds(self) -> bool:
        return self.used < FEWEST_TABLES or min(self.alpha, self.ac) >= LEAST


def simulate(cell: Cell, tables: int, random: np.random.Generator) -> Covered:
    drawn = (cell.drawn(random) for _ in range(tables))
    used = [each for each in drawn if each.others >= FEWEST_OTHERS and each.contested >= FEWEST_CONTESTED]
    alphas = [_holds(alpha(each).estimate, cell.alpha) for each in used]
    acs = [_holds(Agreement(each, np.eye(2)).cautious_ac, cell.ac) for each in used]
    share = 1 / max(len(used), 1)
    return Covered(cell, tables, len(used), sum(alphas) * share, sum(acs) * share)


def _holds(estimate: Estimate, truth: float) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


def cells() -> Iterator[Cell]:
    return (Cell(*each) for each in product(ITEMS, RATERS, PREVALENCES, ACCURACIES))


def show(tables: int) -> int:
    """Print a row for every cell; 1 where an interval holds less than it should."""
    missed = 0
    sys.stdout.write("| items | raters | prevalence | accuracy | true α | above floors | α held | AC1 held |\n")
    sys.stdout.write("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for number, cell in enumerate(cells()):
        found = simulate(cell, tables, np.random.default_rng(number))
        missed += not found.holds
        enough = found.used >= FEWEST_TABLES
        shares = [f"{share:.1%}" if enough else "—" for share in (found.alpha, found.ac)]
        given = [cell.items, cell.raters, f"{cell.prevalence:.2f}", f"{cell.accuracy:.2f}", f"{cell.alpha:.2f}"]
        sys.stdout.write(f"| {' | '.join(map(str, [*given, f'{found.used / tables:.0%}', *shares]))} |\n")
        sys.stdout.flush()
    return int(missed > 0)
