"""Drawings in plain numbers, which templates write as SVG, each beside a table of the same.

Bars lie in a box of units that is stretched to fit. Where there are dots and words, places are percentages of a size
that only the browser knows, so that dots stay round and words keep their height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reviewapp.templatetags.figures import coefficient

WIDTH, HEIGHT = 1000, 160  # of a stretched drawing, in its own units
LEAST = 4  # what is there at all can be seen
MARGIN = 2  # percent at either end of an axis, so that a dot at its end is whole


# --- Bars --------------------------------------------------------------------
@dataclass(frozen=True)
class Bar:
    """A rectangle: which kind, where, and what it says when pointed at."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Part:
    """A share of a whole."""

    kind: str
    count: float
    words: str


def stacked(parts: Sequence[Part]) -> list[Bar]:
    """One bar, as wide as the drawing, cut into the parts that are there."""
    present = [part for part in parts if part.count]
    weights = [max(part.count, LEAST * sum(part.count for part in present) / WIDTH) for part in present]
    bars, x = [], 0.0
    for part, weight in zip(present, weights, strict=True):
        width = WIDTH * weight / sum(weights)
        bars.append(Bar(part.kind, x, 0, width, 24, part.words))
        x += width
    return bars


# --- Intervals ---------------------------------------------------------------
@dataclass(frozen=True)
class Tick:
    """A value on an axis; a threshold is drawn stronger than a line of the grid."""

    at: float
    label: str
    kind: str = "grid"

    @property
    def up(self) -> float:
        """Where it lies when the axis goes up, as SVG counts downwards."""
        return round(100 - self.at, 2)


@dataclass(frozen=True)
class Axis:
    """From one value to another; what lies beyond is drawn at the end."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value lies, in percent from the low end."""
        inside = min(max(value, self.low), self.high)
        return round(MARGIN + (100 - 2 * MARGIN) * (inside - self.low) / (self.high - self.low), 2)

    def up(self, value: float) -> float:
        """The same from the high end, as SVG counts downwards."""
        return round(100 - self.at(value), 2)

    def ticks(self, values: Sequence[float], *, thresholds: Sequence[float] = ()) -> list[Tick]:
        grid = [Tick(self.at(value), f"{value:g}".replace("0.", ".")) for value in values]
        return [*grid, *(Tick(self.at(value), coefficient(value, 3), "threshold") for value in thresholds)]


@dataclass(frozen=True)
class Interval:
    """A value with its interval along an axis, in percent, and what it says when pointed at."""

    kind: str
    at: float
    low: float
    high: float
    words: str


def interval(kind: str, axis: Axis, value: float, low: float | None, high: float | None, words: str) -> Interval:
    """An interval of which an end may be unknown: it then ends at the value."""
    start, end = (axis.at(value if bound is None else bound) for bound in (low, high))
    return Interval(kind, axis.at(value), start, end, words)


# --- Weeks -------------------------------------------------------------------
@dataclass(frozen=True)
class Point:
    """A value over time; `at` and `slot` are in percent across, the others downwards. Unsure ones are drawn hollow.

    Those of one `series` are joined by lines.
    """

    series: int

    at: float
    slot: float
    value: float
    low: float
    high: float
    words: str
    url: str
    is_sure: bool

    @property
    def start(self) -> float:
        """Where its part of the drawing begins, all of which leads to `url`."""
        return round(self.at - self.slot / 2, 2)


@dataclass(frozen=True)
class Segment:
    """A line from one point to the next."""

    x1: float
    y1: float
    x2: float
    y2: float


def joined(points: Sequence[Point]) -> list[Segment]:
    """Lines between points of a series that follow each other directly; a gap stays a gap."""
    near = ((a, b) for a, b in pairwise(points) if a.series == b.series and b.at - a.at < 1.5 * max(a.slot, b.slot))
    return [Segment(a.at, a.value, b.at, b.value) for a, b in near]
