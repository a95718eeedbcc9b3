"""How well each person answers, for leads; and for everybody, how well they do themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import formats
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.accounts import roles
from annotations.accounts.models import User
from annotations.agreement import queries
from annotations.agreement.queries import Filters
from annotations.agreement.queries.people import NOTHING, PersonAnswers, Share, answers_by_person, models_of
from annotations.agreement.statistics.estimates import Estimate
from annotations.core.decisions import require
from annotations.review.queries.gold import GoldStanding, gold_by_person
from annotations.review.queries.overview import DAYS, pace
from annotations.rubrics.models import Criterion, RubricVersion
from reviewapp.templatetags.figures import bounds, percent
from reviewapp.web import agreement_frame, charts
from reviewapp.web.access import person, project_for
from reviewapp.web.agreement_frame import Frame
from reviewapp.web.charts import Axis, Interval, Point, Segment
from reviewapp.web.overview import remembered

AXIS = Axis(0, 1)
TICKS = AXIS.ticks((0, 0.5, 1))
MOST_WEEKS = 26
WEEK = timedelta(days=7)
RECENT = 4  # weeks that drift is told by


@dataclass(frozen=True)
class Told:
    """A share as pages show it: in percent, of how many, with its interval."""

    share: Share

    @property
    def text(self) -> str:
        return percent(self.share.estimate.value)

    @property
    def bounds(self) -> str:
        found = self.share.estimate
        return bounds(found.low, found.high)

    def interval(self, kind: str, name: str) -> list[Interval]:
        found = self.share.estimate
        if found.value is None:
            return []
        words = f"{name} {self.text} {self.bounds}, n={self.share.of:,}"
        return [charts.interval(kind, AXIS, found.value, found.low, found.high, words)]


@dataclass(frozen=True)
class Line:
    """A person beside final verdicts, the others and gold cases; their pace, and how the latest weeks differ."""

    answers: PersonAnswers
    others: Told
    gold: Told
    pace: float | None
    url: str

    @property
    def person(self) -> User:
        return self.answers.person

    @cached_property
    def final(self) -> Told:
        return Told(self.answers.final)

    @property
    def is_sure(self) -> bool:
        return not self.final.share.is_small

    @property
    def intervals(self) -> list[Interval]:
        return [*self.final.interval("alpha", _("as settled")), *self.others.interval("ac", _("as the others"))]

    @property
    def said(self) -> str:
        return "; ".join(each.words for each in self.intervals) or _("nothing settled yet")

    @property
    def drift(self) -> str:
        return drift(self.answers)


def drift(answers: PersonAnswers) -> str:
    """Whether the latest weeks differ from those before by more than chance, in words; empty where they do not."""
    before, latest = answers.drift(RECENT)
    if before.is_small or latest.is_small:
        return ""
    was, now = before.estimate, latest.estimate
    if _apart(was, now):
        words = _("was %(before)s, is %(now)s in the latest %(weeks)s weeks")
        return words % {"before": percent(was.value), "now": percent(now.value), "weeks": RECENT}
    return ""


def _apart(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals share nothing."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low


# --- Everybody ---------------------------------------------------------------
@require_safe
def people(request: HttpRequest, project: str) -> HttpResponse:
    """Everybody who answered settled cases, those who agree least with what was settled first."""
    frame = agreement_frame.read(request, project)
    context = {**agreement_frame.context(frame, "agreement-people"), "ticks": TICKS, "recent": RECENT, "days": DAYS}
    if frame.version:
        context["lines"] = _lines(frame, frame.version)
    return render(request, "agreement/people.html", context)


def _lines(frame: Frame, version: RubricVersion) -> list[Line]:
    others, gold, seconds = _others(version, frame.filters), gold_by_person(frame.project), pace(frame.project)
    found = [
        Line(
            row,
            Told(others.get(row.person.pk, NOTHING)),
            _told_of(gold.get(row.person.pk)),
            seconds.get(row.person.pk),
            f"{reverse('agreement-person', args=[frame.project.slug, row.person.pk])}?version={version.pk}",
        )
        for row in answers_by_person(frame.criteria, frame.filters)
    ]
    return sorted(found, key=lambda line: (not line.is_sure, line.final.share.estimate.high or 0.0))


def _told_of(standing: GoldStanding | None) -> Told:
    return Told(Share(standing.correct, standing.answered) if standing else NOTHING)


def _others(version: RubricVersion, filters: Filters) -> Mapping[UUID, Share]:
    """How often each person answered as another did, over all pairs."""
    table = queries.pairs(version, filters)
    agreed, shared = table.pooled.agreed.sum(axis=1), table.pooled.shared.sum(axis=1)
    return {row.pk: Share(int(agreed[at]), int(shared[at])) for at, row in enumerate(table.people)}


# --- One person --------------------------------------------------------------
@dataclass(frozen=True)
class Recall:
    """How often a person gave an answer where it was right: as settled, and as everybody's answers together tell."""

    label: str
    name: str
    final: Told
    model: str


@dataclass(frozen=True)
class CriterionLine:
    """A person on one criterion."""

    criterion: Criterion
    final: Told
    recalls: Sequence[Recall]

    @property
    def is_sure(self) -> bool:
        return not self.final.share.is_small

    @property
    def intervals(self) -> list[Interval]:
        return self.final.interval("alpha", _("as settled"))

    @property
    def said(self) -> str:
        return "; ".join(each.words for each in self.intervals) or _("nothing settled yet")


@require_safe
def one(request: HttpRequest, project: str, person_id: UUID) -> HttpResponse:
    """One person criterion by criterion and week by week: for leads, and for the person themselves."""
    place, user = project_for(request, project), person(request)
    leads = roles.can_lead(user, place)
    require(roles.can_write(user, place) if user.pk == person_id else leads)
    shown = get_object_or_404(User.objects.filter(memberships__project=place), pk=person_id)
    frame = agreement_frame.of(request, place)
    answers = _answers_of(frame, shown)
    context = {
        "project": place,
        "version": frame.version,
        "back": frame.address("agreement-people") if leads else "",
        "shown": shown,
        "is_self": user.pk == person_id,
        "ticks": TICKS,
        "lines": _by_criterion(frame, answers),
        "final": Told(answers.final),
        "drift": drift(answers),
        "weeks": _weeks(answers),
    }
    return render(request, "agreement/person.html", context)


def _answers_of(frame: Frame, shown: User) -> PersonAnswers:
    rows = answers_by_person(frame.criteria, Filters(person=shown.pk)) if frame.version else []
    return next((row for row in rows if row.person == shown), PersonAnswers(shown))


def _by_criterion(frame: Frame, answers: PersonAnswers) -> list[CriterionLine]:
    """The criteria they answered, in the rubric's order."""
    if not answers.confusion:
        return []
    told = remembered(f"model:{frame.version and frame.version.pk}", frame.project, lambda: _model_told(frame.criteria))
    return [
        CriterionLine(
            criterion, Told(answers.on(criterion.pk)), _recalls(criterion, answers, told.get(criterion.pk, {}))
        )
        for criterion in frame.criteria
        if criterion.pk in answers.confusion
    ]


type ModelTold = dict[tuple[UUID, int], str]  # by person and code


def _model_told(criteria: Sequence[Criterion]) -> dict[UUID, ModelTold]:
    """What Dawid and Skene's model says of everybody, in words."""
    found = models_of(criteria)
    return {
        row.pk: {
            (person, code): _with_bounds(found[row.pk].recall(person, code))
            for person in found[row.pk].people
            for code in row.codes
        }
        for row in criteria
    }


def _with_bounds(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} {bounds(estimate.low, estimate.high)}".strip()


def _recalls(criterion: Criterion, answers: PersonAnswers, model: ModelTold) -> list[Recall]:
    return [
        Recall(
            label=anchor["label"],
            name=_term(criterion, anchor["code"]),
            final=Told(answers.recall(criterion.pk, anchor["code"])),
            model=model.get((answers.person.pk, anchor["code"]), percent(None)),
        )
        for anchor in criterion.anchors
    ]


def _term(criterion: Criterion, code: int) -> str:
    """What the field calls the recall of an answer of a yes-or-no scale."""
    if criterion.scale != Criterion.Scale.BINARY:
        return ""
    return _("sensitivity") if criterion.passes(code) else _("specificity")


# --- Week by week ------------------------------------------------------------
@dataclass(frozen=True)
class Week:
    """The answers of a week beside what was settled."""

    monday: date
    told: Told


@dataclass(frozen=True)
class Weeks:
    """The latest weeks with settled answers, drawn and as figures."""

    rows: list[Week]
    points: list[Point]
    segments: list[Segment]


def _weeks(answers: PersonAnswers) -> Weeks:
    if not answers.weeks:
        return Weeks([], [], [])
    last = max(answers.weeks)
    first = max(min(answers.weeks), last - WEEK * (MOST_WEEKS - 1))
    count = (last - first) // WEEK + 1
    rows = [Week(first + WEEK * at, Told(answers.weeks.get(first + WEEK * at, NOTHING))) for at in range(count)]
    points = [point for at, row in enumerate(rows) if (point := _point(row, 100 / count, at))]
    return Weeks([row for row in rows if row.told.share.of], points, charts.joined(points))


def _point(week: Week, slot: float, at: int) -> Point | None:
    found = week.told.share.estimate
    if found.value is None or found.low is None or found.high is None:
        return None
    day = formats.date_format(week.monday, "j M")
    words = _("week of %(day)s: %(share)s %(bounds)s of %(n)s answers as settled")
    given = {"day": day, "share": week.told.text, "bounds": week.told.bounds, "n": f"{week.told.share.of:,}"}
    return Point(
        series=0,
        at=round(slot * (at + 0.5), 2),
        slot=round(slot, 2),
        value=AXIS.up(found.value),
        low=AXIS.up(found.low),
        high=AXIS.up(found.high),
        words=words % given,
        url="",
        is_sure=not week.told.share.is_small,
    )


@require_safe
def mine(request: HttpRequest, project: str) -> HttpResponse:
    """One's own page."""
    return one(request, project, person(request).pk)


urlpatterns = [
    path("people/", people, name="agreement-people"),
    path("people/me/", mine, name="agreement-mine"),
    path("people/<uuid:person_id>/", one, name="agreement-person"),
]
