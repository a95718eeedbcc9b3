"""The overview's charts: its figures as bars and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.review.models import Case
from annotations.review.queries.overview import AGES, Ages, Day, Overview
from reviewapp.web import charts
from reviewapp.web.charts import HEIGHT, WIDTH, Bar, Part


@dataclass(frozen=True)
class StateRow:
    """A state in the table beside the stacked bar; `url` leads to its cases."""

    status: Case.Status
    count: int
    share: int


def states(overview: Overview) -> list[StateRow]:
    total = overview.total or 1
    counts = [(status, overview.by_status.get(status, 0)) for status in Case.Status]
    return [StateRow(status, count, round(100 * count / total)) for status, count in counts]


def stacked(rows: Sequence[StateRow]) -> list[Bar]:
    """One bar, cut by state."""
    return charts.stacked([Part(row.status.value, row.count, f"{row.status.label}: {row.count:,}") for row in rows])


def throughput(days: Sequence[Day]) -> list[Bar]:
    """Two bars a day: handed in, and settled."""
    top = max((max(day.submitted, day.settled) for day in days), default=0) or 1
    slot = WIDTH / len(days)
    bars = []
    for index, day in enumerate(days):
        for offset, kind, count in ((0.1, "submitted", day.submitted), (0.5, "settled", day.settled)):
            height = HEIGHT * count / top
            bars.append(Bar(kind, slot * (index + offset), HEIGHT - height, slot * 0.36, height, _said(day, kind)))
    return bars


def _said(day: Day, kind: str) -> str:
    count = day.submitted if kind == "submitted" else day.settled
    name = _("submitted") if kind == "submitted" else _("settled")
    return f"{_short(day.day)}: {count:,} {name}"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def age_labels() -> list[str]:
    """The stretches of the histogram, in words."""
    starts = [0, *AGES]
    between = [
        _("%(start)s–%(end)s days") % {"start": start, "end": end} for start, end in zip(starts, AGES, strict=False)
    ]
    between[0] = ngettext("under a day", "under %(n)s days", AGES[0]) % {"n": AGES[0]}
    return [*between, _("over %(n)s days") % {"n": AGES[-1]}]


def histogram(ages: Sequence[Ages]) -> list[Bar]:
    """A column for each stretch of ages, stacked by state."""
    labels = age_labels()
    columns = [[row.counts[index] for row in ages] for index in range(len(labels))]
    top, slot = max((sum(column) for column in columns), default=0) or 1, WIDTH / len(labels)
    bars = []
    for index, column in enumerate(columns):
        floor = float(HEIGHT)
        for row, count in zip(ages, column, strict=True):
            height = HEIGHT * count / top
            floor -= height
            words = f"{row.status.label}, {labels[index]}: {count:,}"
            bars.append(Bar(row.status.value, slot * (index + 0.15), floor, slot * 0.7, height, words))
    return [bar for bar in bars if bar.height]
