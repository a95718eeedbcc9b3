"""Agreement week by week, through the versions of a rubric: a small drawing for each criterion."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import formats
from django.utils.translation import gettext as _

from annotations.agreement import queries
from annotations.agreement.measuring import measure
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.statistics.floors import RELY, TENTATIVE
from annotations.rubrics.models import Criterion, RubricVersion
from reviewapp.web import charts
from reviewapp.web.agreement_frame import Frame
from reviewapp.web.agreement_rows import AXIS, Line, told
from reviewapp.web.charts import Point, Segment

MOST_WEEKS = 13
WEEK = timedelta(days=7)
TICKS = AXIS.ticks((0,), thresholds=(TENTATIVE, RELY))


@dataclass(frozen=True)
class Mark:
    """The moment a version was published, in percent across."""

    at: float
    label: str
    words: str


@dataclass(frozen=True)
class Cell:
    """A week's figure in the table."""

    week: date
    lines: list[Line]


@dataclass(frozen=True)
class Trend:
    """A criterion's weeks, drawn and as figures."""

    criterion: Criterion
    url: str
    points: list[Point]
    segments: list[Segment]
    cells: list[Cell]

    @property
    def said(self) -> str:
        """The drawing in words."""
        known = [point.words for point in self.points]
        return _("%(criterion)s by week: %(weeks)s") % {
            "criterion": self.criterion.title,
            "weeks": "; ".join(known) or _("no week can be told"),
        }


@dataclass(frozen=True)
class Trends:
    """The small drawings over the same weeks, and where versions were published."""

    weeks: list[date]
    marks: list[Mark]
    each: list[Trend]


def trends(frame: Frame, criteria: Sequence[Criterion], history: Sequence[RubricVersion]) -> Trends:
    """The newest weeks of these criteria and of their forerunners in `history`, in two queries."""
    keys = {criterion.key for criterion in criteria}
    line = Criterion.objects.filter(rubric_version__in=history, key__in=keys).select_related("rubric_version")
    found = _weekly(frame, list(line))
    weeks = sorted({week for weeks in found.values() for week in weeks})
    shown = _through(weeks)
    each = [_trend(frame, criterion, found.get(criterion.key, {}), shown) for criterion in criteria]
    return Trends(shown, _marks(history, shown), each)


def _through(weeks: Sequence[date]) -> list[date]:
    """All weeks from the first to the last, the newest MOST_WEEKS of them."""
    if not weeks:
        return []
    count = (weeks[-1] - weeks[0]) // WEEK + 1
    return [weeks[-1] - WEEK * back for back in range(min(count, MOST_WEEKS))][::-1]


type Weeks = dict[date, list[Line]]


def _weekly(frame: Frame, criteria: Sequence[Criterion]) -> dict[str, Weeks]:
    """By key and week the numbers of each version that anybody judged by, the oldest version first."""
    found: dict[str, Weeks] = defaultdict(lambda: defaultdict(list))
    by_week = queries.weekly_patterns(criteria, frame.filters)
    for criterion in sorted(criteria, key=lambda row: row.rubric_version.number):
        for week, patterns in _newest(by_week[criterion.pk]):
            snapshot = measure(criterion, Between.PEOPLE, patterns, raters=0)
            if snapshot.used:
                found[criterion.key][week].append(_line(frame, criterion, snapshot, week))
    return found


def _newest[T](weeks: dict[date, T]) -> list[tuple[date, T]]:
    return sorted(weeks.items())[-MOST_WEEKS:]


def _line(frame: Frame, criterion: Criterion, snapshot: Snapshot, week: date) -> Line:
    days = {"since": week, "until": week + WEEK - timedelta(days=1)}
    version = {"version": criterion.rubric_version_id, "criterion": criterion.pk}
    return Line(criterion, snapshot, frame.address("agreement-cases", **version, **days))


def _trend(frame: Frame, criterion: Criterion, found: Weeks, weeks: Sequence[date]) -> Trend:
    cells = [Cell(week, found.get(week, [])) for week in weeks]
    slot = 100 / max(len(weeks), 1)
    points = [
        point
        for number, cell in enumerate(cells)
        for part, line in enumerate(cell.lines)
        if (point := _point(line, cell.week, slot * (number + part / len(cell.lines)), slot / len(cell.lines)))
    ]
    url = frame.address("agreement-cases", criterion=criterion.pk)
    return Trend(criterion, url, points, charts.joined(points), cells)


def _point(line: Line, week: date, start: float, slot: float) -> Point | None:
    """A week's α; where two versions were judged by in a week, each has its part of it."""
    row = line.snapshot
    if row.alpha is None:
        return None
    interval = charts.interval("alpha", AXIS, row.alpha, row.alpha_low, row.alpha_high, "")
    return Point(
        series=line.criterion.rubric_version.number,
        at=round(start + slot / 2, 2),
        slot=round(slot, 2),
        value=AXIS.up(row.alpha),
        low=round(100 - interval.low, 2),
        high=round(100 - interval.high, 2),
        words=_words(line, week),
        url=line.url,
        is_sure=line.is_sure,
    )


def _words(line: Line, week: date) -> str:
    row = line.snapshot
    return _("week of %(day)s, version %(version)s: %(alpha)s, %(used)s cases, %(verdict)s") % {
        "day": formats.date_format(week, "j M"),
        "version": line.criterion.rubric_version.number,
        "alpha": told("α", row.alpha, row.alpha_low, row.alpha_high),
        "used": row.used,
        "verdict": line.reliability.words.lower(),
    }


def _marks(history: Sequence[RubricVersion], weeks: Sequence[date]) -> list[Mark]:
    """Where versions were published, of those weeks."""
    if not weeks:
        return []
    start = datetime.combine(weeks[0], time.min, UTC)
    span = WEEK * len(weeks)
    inside = [version for version in history if start < version.published_at < start + span]
    return [
        Mark(round(100 * ((row.published_at - start) / span), 2), f"v{row.number}", _published(row)) for row in inside
    ]


def _published(version: RubricVersion) -> str:
    day = formats.date_format(version.published_at, "j M")
    return _("version %(n)s, %(day)s: %(note)s") % {
        "n": version.number,
        "day": day,
        "note": version.note or _("no note"),
    }
