"""Ratings as tables: who gave which item which value, and how often each pattern of answers occurs."""

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.intp]
type Value = int | float | str

MISSING = -1


class Level(StrEnum):
    """Levels of measurement, after Stevens: what differences between values mean."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


@dataclass(frozen=True)
class Patterns:
    """Items by how many raters chose each value: `counts` (patterns, values), each occurring `times` (patterns,).

    Every coefficient but Cohen's, Conger's and the ICC depends on the items through these alone, so a hundred
    thousand items cost no more than the few dozen patterns among them.
    """

    counts: Floats
    times: Floats

    @classmethod
    def of(cls, counts: npt.ArrayLike) -> "Patterns":
        """Collapse counts (items, values) into the patterns among them."""
        rows, times = np.unique(np.asarray(counts, dtype=float), axis=0, return_counts=True)
        return cls(rows, times.astype(float))

    @cached_property
    def raters(self) -> Floats:
        """Ratings of an item, by pattern."""
        return self.counts.sum(axis=1)

    @cached_property
    def items(self) -> float:
        return float(self.times.sum())

    @cached_property
    def pairable(self) -> "Patterns":
        """The patterns with at least two ratings."""
        return self._where(self.raters >= 2)

    @cached_property
    def rated(self) -> "Patterns":
        """The patterns with at least one rating."""
        return self._where(self.raters >= 1)

    @cached_property
    def totals(self) -> Floats:
        """Ratings by value (values,)."""
        return self.times @ self.counts

    @property
    def varies(self) -> bool:
        """Whether more than one value was given."""
        return int((self.totals > 0).sum()) > 1

    @property
    def others(self) -> int:
        """Ratings other than the commonest."""
        return int(self.totals.sum() - self.totals.max(initial=0))

    @property
    def contested(self) -> int:
        """Items in which the commonest value has no majority."""
        return int(self.times @ (2 * self.counts[:, self.totals.argmax()] <= self.raters))

    def against_the_rest(self, value: int) -> "Patterns":
        """The same items with one value told from all others."""
        one = self.counts[:, value]
        return Patterns(np.column_stack([one, self.raters - one]), self.times)

    def _where(self, chosen: npt.NDArray[np.bool_]) -> "Patterns":
        return self if chosen.all() else Patterns(self.counts[chosen], self.times[chosen])


@dataclass(frozen=True)
class Ratings:
    """`codes` (items, raters): indices into `values`, MISSING where a rater gave none. `values` is the scale's whole
    domain in its order, used or not: leaving an unused value out changes every weighted coefficient."""

    codes: npt.NDArray[np.signedinteger]
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if self.codes.ndim != 2:
            raise ValueError("Ratings are a table of items by raters.")
        if self.codes.size and not MISSING <= self.codes.min() <= self.codes.max() < len(self.values):
            raise ValueError("A rating is outside the domain.")

    @classmethod
    def of(cls, rows: Iterable[Sequence[Value | None]], values: Iterable[Value] | None = None) -> "Ratings":
        """Read rows of values (None where missing); without `values` the domain is what occurs, sorted.

        Raises ValueError where a row is of another length or a value is outside the domain.
        """
        table = [list(row) for row in rows]
        domain = tuple(values) if values is not None else _domain(itertools.chain.from_iterable(table))
        index: dict[Hashable, int] = {None: MISSING} | {value: code for code, value in enumerate(domain)}
        try:
            codes = [[index[value] for value in row] for row in table]
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} is outside the domain.") from None
        width = len(table[0]) if table else 0
        return cls(np.array(codes, dtype=np.intp).reshape(len(table), width), domain)

    @property
    def numbers(self) -> Floats | None:
        """The values as numbers, or nothing where one is a word."""
        if any(isinstance(value, str) for value in self.values):
            return None
        return np.array(self.values, dtype=float)

    @cached_property
    def counts(self) -> Floats:
        """How many raters gave each item each value (items, values)."""
        items, size = len(self.codes), len(self.values)
        places = np.arange(items)[:, None] * (size + 1) + self.codes + 1
        return np.bincount(places.ravel(), minlength=items * (size + 1)).reshape(items, size + 1)[:, 1:].astype(float)

    @cached_property
    def patterns(self) -> Patterns:
        """The patterns among the items. Counts are packed into one integer a row where they fit, which is faster."""
        base, size = self.codes.shape[1] + 1, len(self.values)
        if base**size > _PACKABLE:
            return Patterns.of(self.counts)
        worth = np.array([*(base**power for power in range(size)), 0], dtype=np.intp)  # MISSING is the last: nothing
        packed = np.zeros(len(self.codes), dtype=np.intp)
        for column in self.codes.T:
            packed += worth[column]
        times = np.bincount(packed, minlength=1)
        found = np.flatnonzero(times)
        counts = found[:, None] // worth[:-1] % base
        return Patterns(counts.astype(float), times[found].astype(float))


_PACKABLE = 1 << 20


def _domain(values: Iterable[Value | None]) -> tuple[Value, ...]:
    return tuple(
        sorted({value for value in values if value is not None}, key=lambda each: (isinstance(each, str), each))
    )
