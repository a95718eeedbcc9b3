"""How a project goes, for its leads: by state, day, age and person. A handful of aggregates, whatever its size."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Count, F, FloatField, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.catalog.models import Task
from annotations.core.keyset import TOP
from annotations.review.models import (
    DUE,
    Adjudication,
    Annotation,
    Assignment,
    Case,
    FinalVerdict,
    Question,
)
from annotations.review.queries.table import HELD, CaseFilters, CaseLine, case_page

DAYS = 30
AGES = (1, 3, 7, 14, 30)  # days; where one stretch of the histogram ends and the next begins


class Median(Aggregate):
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)%(filter)s"
    output_field = FloatField()


@dataclass(frozen=True)
class Day:
    """One day's work: annotations handed in and cases settled."""

    day: date
    submitted: int
    settled: int


@dataclass(frozen=True)
class Ages:
    """Unfinished cases of one state by age: how many in each stretch of AGES, and beyond the last."""

    status: Case.Status
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Overview:
    """A project at one moment."""

    at: datetime
    by_status: Mapping[str, int]
    overdue: int
    days: list[Day]
    ages: list[Ages]
    oldest: CaseLine | None

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def unfinished(self) -> int:
        return sum(self.by_status.get(status, 0) for status in Case.LIVE)


def overview_of(project: Project) -> Overview:
    """Progress, throughput of the last DAYS days and ageing, in seven queries."""
    now = timezone.now()
    cases = Case.objects.filter(project=project)
    oldest = case_page(project, CaseFilters(order="oldest"), TOP, size=1).lines
    return Overview(
        at=now,
        by_status=dict(cases.order_by().values_list("status").annotate(count=Count("pk"))),
        overdue=cases.filter(status__in=Case.LIVE).alias(due=DUE).filter(due__lt=now).count(),
        days=_days(project, now),
        ages=_ages(project, now),
        oldest=oldest[0] if oldest else None,
    )


def _days(project: Project, now: datetime) -> list[Day]:
    today = timezone.localdate(now)
    since = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    handed_in = Annotation.objects.filter(
        case__project=project, case__gold_of=None, status=Annotation.Status.SUBMITTED, submitted_at__gte=since
    )
    submitted = _by_day(handed_in, "submitted_at")
    settled = _by_day(Adjudication.objects.filter(case__project=project, settled_at__gte=since), "settled_at")
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [Day(day, submitted.get(day, 0), settled.get(day, 0)) for day in days]


def _by_day(rows: Any, when: str) -> dict[date, int]:
    return dict(rows.order_by().values_list(TruncDate(when)).annotate(count=Count("pk")))


def _ages(project: Project, now: datetime) -> list[Ages]:
    ends = [now - timedelta(days=days) for days in AGES]
    stretches = {
        f"s{index}": Count("pk", filter=_between(older, newer))
        for index, (newer, older) in enumerate(zip([None, *ends], [*ends, None], strict=True))
    }
    live = Case.objects.filter(project=project, status__in=Case.LIVE).order_by()
    found = {status: tuple(counts) for status, *counts in live.values_list("status").annotate(**stretches)}
    return [Ages(status, found[status]) for status in Case.LIVE if status in found]


def _between(older: datetime | None, newer: datetime | None) -> Q:
    after = Q(opened_at__gt=older) if older else Q()
    return after & Q(opened_at__lte=newer) if newer else after


@dataclass
class PersonRow:
    """What one person did in the last DAYS days, and what they hold now."""

    person: User
    submitted: int = 0
    seconds: float | None = None
    judged: int = 0
    agreed: int = 0
    taken_back: int = 0
    asked: int = 0
    revisions: int = 0
    skips: Counter[str] = field(default_factory=Counter)
    held: int = 0
    lease_ends_at: datetime | None = None

    @property
    def agreement(self) -> float | None:
        """The share of their answers that became final; None while none of their cases is settled."""
        return self.agreed / self.judged if self.judged else None


def by_person(project: Project) -> list[PersonRow]:
    """A row for everybody who may judge in the project, most submissions first, in eight queries."""
    members = project.memberships.filter(role__in=roles.WRITING).select_related("user").order_by("user__name")
    rows = {member.user_id: PersonRow(member.user) for member in members}
    since = timezone.now() - timedelta(days=DAYS)
    answered = Annotation.objects.filter(case__project=project, case__gold_of=None, author__in=rows).order_by()
    recent = answered.filter(status=Annotation.Status.SUBMITTED, submitted_at__gte=since)
    median = Median("active_seconds", filter=Q(active_seconds__gt=0))
    _into(rows, recent.values("author").annotate(submitted=Count("pk"), seconds=median))
    _into(rows, _agreement(project, since))
    withdrawn = answered.filter(status=Annotation.Status.WITHDRAWN)
    _into(rows, withdrawn.values("author").annotate(taken_back=Count("pk")))
    _into(rows, _asked(project, since))
    sent_back = Task.objects.filter(project=project, status=Task.Status.NEEDS_REVISION).order_by()
    _into(rows, sent_back.values("author").annotate(revisions=Count("pk")))
    assigned = Assignment.objects.filter(case__project=project, case__gold_of=None, annotator__in=rows).order_by()
    held = assigned.filter(status__in=HELD).values(author=F("annotator"))
    _into(rows, held.annotate(held=Count("pk"), lease_ends_at=_soonest_end()))
    for person, reason, count in _skips(assigned, since):
        rows[person].skips[reason] = count
    return sorted(rows.values(), key=lambda row: -row.submitted)


def pace(project: Project) -> Mapping[UUID, float]:
    """The median seconds each person worked on a case of the last DAYS days, where time was measured, in one query."""
    since = timezone.now() - timedelta(days=DAYS)
    recent = Annotation.objects.filter(
        case__project=project, case__gold_of=None, submitted_at__gte=since, active_seconds__gt=0
    )
    return dict(recent.order_by().values_list("author").annotate(seconds=Median("active_seconds")))


def _soonest_end() -> Min:
    return Min("lease_ends_at", filter=Q(status=Assignment.Status.ACTIVE))


def _into(rows: Mapping[UUID, PersonRow], found: Iterable[Mapping[str, Any]]) -> None:
    for values in found:
        if row := rows.get(values["author"]):
            vars(row).update({name: value for name, value in values.items() if name != "author"})


def _agreement(project: Project, since: datetime) -> Iterable[Mapping[str, Any]]:
    """Answers to cases settled since then beside the final ones: how many there are, and how many are the same."""
    given = "adjudication__case__annotations__"
    settled = FinalVerdict.objects.filter(
        adjudication__settled_at__gte=since,
        adjudication__case__project=project,
        **{f"{given}status": Annotation.Status.SUBMITTED, f"{given}verdicts__criterion": F("criterion")},
    )
    same = Q(**{f"{given}verdicts__code": F("code")}) | Q(cannot_tell=True, **{f"{given}verdicts__cannot_tell": True})
    by_author = settled.order_by().values(author=F(f"{given}author"))
    return by_author.annotate(judged=Count("pk"), agreed=Count("pk", filter=same))


def _asked(project: Project, since: datetime) -> Iterable[Mapping[str, Any]]:
    """Whom leads asked a question about an answer of theirs, and how often."""
    questions = Question.objects.filter(
        case__project=project, asked_at__gte=since, case__annotations__status=Annotation.Status.SUBMITTED
    )
    return questions.order_by().values(author=F("case__annotations__author")).annotate(asked=Count("pk"))


def _skips(assigned: Any, since: datetime) -> Iterable[tuple[UUID, str, int]]:
    skipped = assigned.filter(status=Assignment.Status.SKIPPED, created_at__gte=since)
    found: Iterable[tuple[UUID, str, int]] = skipped.values_list("annotator", "skip_reason").annotate(Count("pk"))
    return found
