"""How far raters agree, for a person at a terminal."""

from collections.abc import Iterator
from itertools import combinations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from annotations.agreement.statistics.estimates import Estimate, Undefined
from annotations.agreement.statistics.raters import Pairs
from annotations.agreement.statistics.summary import Summary
from reviewapp.command_line.plain import line
from reviewapp.command_line.rating_file import RatingFile

MOST_PAIRS = 30
WORDS = {
    Undefined.NO_PAIRS: "no item has two ratings",
    Undefined.NO_VARIATION: "all ratings are the same",
    Undefined.NO_RATINGS: "no ratings",
    Undefined.INCOMPLETE: "fewer than two items were rated by everybody",
    Undefined.TOO_FEW_RATERS: "it needs two raters",
    Undefined.NOT_NUMERIC: "the values are words",
    Undefined.NEGATIVE_VALUES: "a ratio scale has no negative values",
}


def show(read: RatingFile, summary: Summary, console: Console) -> None:
    """Print the headline, what it was computed from, every coefficient, the scale's values and the pairs of raters."""
    _head(read, summary, console)
    _coefficients(summary, console)
    _categories(summary, console)
    _pairs(read, console)


def pairs(read: RatingFile) -> Iterator[tuple[int, int, int, int]]:
    """Each pair of raters with items in common: their places, how many items, and on how many they agreed."""
    found = Pairs.of(read.ratings)
    for one, other in combinations(range(len(read.raters)), 2):
        if found.shared[one, other]:
            yield one, other, int(found.shared[one, other]), int(found.agreed[one, other])


def _head(read: RatingFile, summary: Summary, console: Console) -> None:
    console.print(Text(f"Krippendorff's α, {summary.level}: {_told(summary.headline.estimate)}", style="bold"))
    if summary.headline.below is not None:
        console.print(f"The chance that α is below .667 is {summary.headline.below:.1%}.")
    console.print(
        f"{summary.items:,} of {summary.found:,} items have two ratings or more; "
        f"{summary.ratings:,} ratings by {summary.raters:,} raters."
    )
    if not read.declared:
        values = line(", ".join(str(value) for value in read.ratings.values[:20]))
        console.print(f"The domain is what occurs: {values}. Declare it with --domain if the scale has more values.")


def _coefficients(summary: Summary, console: Console) -> None:
    table = _table("coefficient", "value", "95 % interval", "standard error")
    for name, estimate in summary.coefficients.items():
        table.add_row(name, _number(estimate), _interval(estimate), "" if estimate.se is None else f"{estimate.se:.4f}")
    console.print(table)


def _categories(summary: Summary, console: Console) -> None:
    table = _table("value", "ratings", "prevalence", "specific agreement", "α against the rest")
    for row in summary.categories:
        specific = "" if row.specific_agreement is None else f"{row.specific_agreement:.3f}"
        table.add_row(line(str(row.value)), f"{row.ratings:,}", f"{row.prevalence:.1%}", specific, _told(row.alpha))
    console.print(table)


def _pairs(read: RatingFile, console: Console) -> None:
    table = _table("raters", "items", "agreed")
    rows = sorted(pairs(read), key=lambda row: row[3] / row[2])
    for one, other, shared, agreed in rows[:MOST_PAIRS]:
        names = line(f"{read.raters[one]} and {read.raters[other]}")
        table.add_row(names, f"{shared:,}", f"{agreed / shared:.1%}")
    console.print(table)
    if len(rows) > MOST_PAIRS:
        console.print(f"The {MOST_PAIRS} pairs that agree least, of {len(rows):,}; --json has them all.")


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left")
    return table


def _number(estimate: Estimate) -> str:
    if estimate.undefined:
        return WORDS[estimate.undefined]
    return "" if estimate.value is None else f"{estimate.value:.4f}"


def _interval(estimate: Estimate) -> str:
    return "" if estimate.low is None or estimate.high is None else f"{estimate.low:.3f} … {estimate.high:.3f}"


def _told(estimate: Estimate) -> str:
    interval = _interval(estimate)
    return f"{_number(estimate)}  ({interval})" if interval else _number(estimate)
