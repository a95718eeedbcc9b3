"""One number that was measured, and the budget it is held to."""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """What was measured, how it came out in words, and whether it holds; None: there is no budget for it."""

    what: str
    value: str
    budget: str = ""
    holds: bool | None = None


def median_seconds(work: Callable[[], object], times: int) -> float:
    """The median of several runs, after one that is not counted."""
    work()
    return statistics.median(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def tell(measures: Iterable[Measure]) -> int:
    """Say each as it comes, print all as a table, and return 1 where a budget is missed."""
    found = []
    for measure in measures:
        sys.stderr.write(f"{measure.what}: {measure.value}\n")
        found.append(measure)
    sys.stdout.write(table(found) + "\n")
    return int(any(measure.holds is False for measure in found))


def table(measures: Sequence[Measure]) -> str:
    """The measures as Markdown."""
    words = {True: "holds", False: "**missed**", None: ""}
    rows = [f"| {each.what} | {each.value} | {each.budget} | {words[each.holds]} |" for each in measures]
    return "\n".join(["| what | measured | budget | |", "| --- | ---: | ---: | --- |", *rows])
