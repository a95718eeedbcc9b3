"""A criterion's numbers as the agreement pages show them: drawn, and in words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from annotations.agreement import reliability
from annotations.agreement.models import Between, Snapshot, Unit
from annotations.agreement.reliability import Reliability, Verdict
from annotations.agreement.statistics.estimates import Undefined
from annotations.agreement.statistics.floors import RELY, TENTATIVE
from annotations.rubrics.models import Criterion
from reviewapp.templatetags.figures import bounds, coefficient, percent
from reviewapp.web import charts
from reviewapp.web.agreement_frame import Frame
from reviewapp.web.charts import Axis, Bar, Interval, Part

AXIS = Axis(-0.2, 1)
TICKS = AXIS.ticks((0, 0.4, 1), thresholds=(TENTATIVE, RELY))
STATES = {  # of the pill that shows a verdict
    Verdict.RELY: "passed",
    Verdict.TENTATIVE: "warned",
    Verdict.UNDECIDED: "missing",
    Verdict.NOT_RELIABLE: "failed",
    Verdict.INSUFFICIENT: "skipped",
}
UNDEFINED = {
    Undefined.NO_PAIRS: lazy("No case has two answers to compare."),
    Undefined.NO_VARIATION: lazy("Everybody gave the same answer, so nothing can be said beyond chance."),
    Undefined.NO_RATINGS: lazy("Nobody has answered yet."),
    Undefined.INCOMPLETE: lazy("It needs cases that everybody answered."),
    Undefined.TOO_FEW_RATERS: lazy("It needs at least two people."),
    Undefined.NOT_NUMERIC: lazy("Its scale has no numbers."),
    Undefined.NEGATIVE_VALUES: lazy("Its scale has values below zero."),
}


@dataclass(frozen=True)
class Share:
    """One answer of a scale and how common it is."""

    label: str
    share: float

    def __str__(self) -> str:
        return f"{self.label} {percent(self.share)}"


@dataclass(frozen=True)
class Line:
    """A criterion with its snapshot; `url` leads to the cases behind it."""

    criterion: Criterion
    snapshot: Snapshot
    url: str

    @cached_property
    def reliability(self) -> Reliability:
        return reliability.verdict(self.snapshot)

    @property
    def state(self) -> str:
        return STATES[self.reliability.verdict]

    @property
    def is_sure(self) -> bool:
        return self.reliability.verdict != Verdict.INSUFFICIENT

    @property
    def gap(self) -> str:
        """Why α lies far below AC, if it does."""
        return reliability.prevalence_gap(self.snapshot)

    @property
    def undefined(self) -> str:
        return undefined(self.snapshot)

    @property
    def ac_name(self) -> str:
        """What Gwet calls the second coefficient on this scale."""
        return "AC2" if self.is_ordered else "AC1"

    @property
    def is_ordered(self) -> bool:
        return self.criterion.scale == Criterion.Scale.ORDINAL

    @property
    def intervals(self) -> list[Interval]:
        """α and AC along AXIS, as far as they are known."""
        snapshot = self.snapshot
        known = (
            ("alpha", "α", snapshot.alpha, snapshot.alpha_low, snapshot.alpha_high),
            ("ac", self.ac_name, snapshot.ac, snapshot.ac_low, snapshot.ac_high),
        )
        return [
            charts.interval(kind, AXIS, value, low, high, told(name, value, low, high))
            for kind, name, value, low, high in known
            if value is not None
        ]

    @property
    def alpha_bounds(self) -> str:
        return bounds(self.snapshot.alpha_low, self.snapshot.alpha_high)

    @property
    def ac_bounds(self) -> str:
        return bounds(self.snapshot.ac_low, self.snapshot.ac_high)

    @property
    def said(self) -> str:
        """The drawing in words."""
        return "; ".join(each.words for each in self.intervals) or self.undefined

    @cached_property
    def shares(self) -> list[Share]:
        """Every answer of the scale with how common it is, in the order of its anchors."""
        found = {row["code"]: row["prevalence"] or 0.0 for row in self.snapshot.details.get("codes", ())}
        return [Share(anchor["label"], found.get(anchor["code"], 0.0)) for anchor in self.criterion.anchors]

    @property
    def mix(self) -> str:
        return ", ".join(map(str, self.shares))

    @property
    def prevalence(self) -> list[Bar]:
        return charts.stacked([Part(f"step-{at}", row.share, str(row)) for at, row in enumerate(self.shares)])

    @property
    def commonest(self) -> Share | None:
        return max(self.shares, key=lambda row: row.share, default=None) if self.snapshot.ratings else None

    @property
    def excluded(self) -> list[tuple[str, int]]:
        return excluded(self.snapshot)


def lines(frame: Frame, criteria: Sequence[Criterion], between: Between) -> list[Line]:
    """Those of the criteria that have numbers, in their order; in at most two queries."""
    found = frame.numbers(criteria, between) if criteria else {}
    compared = "" if between == Between.PEOPLE else between.value
    return [
        Line(row, found[row.pk], frame.address("agreement-cases", criterion=row.pk, between=compared))
        for row in criteria
        if row.pk in found
    ]


def told(name: str, value: float | None, low: float | None, high: float | None) -> str:
    """A coefficient with its interval: α .82 [.76, .87]."""
    return f"{name} {coefficient(value)} {bounds(low, high)}".strip()


def summary(snapshot: Snapshot) -> str:
    """What is known of a criterion in a line, for pages about something else."""
    word = reliability.verdict(snapshot).words.lower()
    if snapshot.alpha is None:
        return _("Over all cases: %(verdict)s") % {"verdict": word}
    alpha = told("α", snapshot.alpha, snapshot.alpha_low, snapshot.alpha_high)
    return _("Over all cases: %(alpha)s, %(verdict)s") % {"alpha": alpha, "verdict": word}


def undefined(snapshot: Snapshot) -> str:
    """Why α has no value; empty where it has one."""
    return str(UNDEFINED[Undefined(snapshot.undefined)]) if snapshot.undefined else ""


def excluded_in_all(lines: Iterable[Line]) -> list[tuple[str, int]]:
    """How many units did not count over all criteria, by the reason in words."""
    found = Counter[str]()
    for line in lines:
        found.update(dict(line.excluded))
    return found.most_common()


def excluded(snapshot: Snapshot) -> list[tuple[str, int]]:
    """How many units did not count, by the reason in words."""
    return [(str(Unit.Excluded(why).label), count) for why, count in sorted(snapshot.excluded.items())]


@dataclass(frozen=True)
class Tally:
    """How many criteria came to a verdict; `url` shows them alone."""

    label: str
    state: str
    count: int
    url: str
    chosen: bool


def lowest_first(lines: Iterable[Line]) -> list[Line]:
    """By α's lower bound; those about which nothing can be said come last."""
    return sorted(lines, key=lambda line: (not line.is_sure, line.snapshot.alpha_low or 0.0))


def macro(lines: Sequence[Line]) -> str:
    """The mean of α over the criteria that have enough data for one, in words."""
    known = [line.snapshot.alpha for line in lines if line.is_sure and line.snapshot.alpha is not None]
    if not known:
        return ""
    return _("mean α %(mean)s over %(n)s criteria") % {"mean": coefficient(sum(known) / len(known)), "n": len(known)}
