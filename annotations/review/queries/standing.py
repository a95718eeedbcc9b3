"""What a person's queue holds and, where there is nothing to start, why.

Nothing here counts a whole table: counts end at MOST, and only so many rows are looked at for each.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, QuerySet

from annotations.accounts.models import Project, User
from annotations.review.models import Assignment, Case, ReviewSettings, Seat
from annotations.review.queries.queue import (
    SHOWN,
    Terms,
    free_seats,
    had,
    midnight,
    of_others,
    submitted_today,
    terms_of,
)

MOST = 100
SEATS_LOOKED_AT = 1000
HANDED_IN_LOOKED_AT = 1000


@dataclass(frozen=True)
class QueueState:
    """What there is to do for a person, in counts of cases that end at MOST + 1; the reasons only where nothing is."""

    claimable: int
    active: int
    assigned: int
    waiting_for_others: int
    submitted_today: int
    quota: int | None
    quota_ends_at: datetime
    settings: ReviewSettings
    is_paused: bool = False
    reasons: "Reasons | None" = None

    @property
    def leads_assign(self) -> bool:
        return self.settings.mode == ReviewSettings.Mode.PUSH

    @property
    def quota_reached(self) -> bool:
        return self.quota is not None and self.submitted_today + self.active >= self.quota

    @property
    def is_closed(self) -> bool:
        """Whether the person is handed nothing for now, whatever there is."""
        return self.is_paused or self.quota_reached


@dataclass(frozen=True)
class Reasons:
    """Why there is nothing to start. `more`: there are free places beyond those looked at."""

    reserved_by_others: int
    reserved_until: datetime | None
    assigned_to_others: int
    own_tasks: int
    beyond_skills: int
    more: bool


def queue_state(project: Project, user: User) -> QueueState:
    terms = terms_of(project, user)
    leads_assign = terms.settings.mode == ReviewSettings.Mode.PUSH
    startable = 0 if leads_assign else _cases(_looked_at(terms).filter(needs__contained_by=terms.abilities))
    held = Assignment.objects.filter(annotator=user, case__project=project)
    return QueueState(
        claimable=startable,
        active=held.filter(status=Assignment.Status.ACTIVE).count(),
        assigned=held.filter(status=Assignment.Status.ASSIGNED)[: MOST + 1].count(),
        waiting_for_others=waiting_for_others(project, user)[: MOST + 1].count(),
        submitted_today=submitted_today(terms),
        quota=terms.quota,
        quota_ends_at=midnight(days=1),
        settings=terms.settings,
        is_paused=terms.is_paused,
        reasons=None if startable else _reasons(terms, leads_assign),
    )


def _reasons(terms: Terms, leads_assign: bool) -> Reasons:
    others = _of_others(terms)
    leases = others.filter(status=Assignment.Status.ACTIVE).order_by("lease_ends_at")
    reserved = list(leases.values_list("case_id", "lease_ends_at")[:SEATS_LOOKED_AT])
    given = others.filter(status=Assignment.Status.ASSIGNED).order_by().values_list("case_id", flat=True)
    own = Case.objects.filter(project=terms.project, status=Case.Status.OPEN, task_version__task__author=terms.user)
    return Reasons(
        reserved_by_others=_capped({case for case, _end in reserved}),
        reserved_until=reserved[0][1] if reserved else None,
        assigned_to_others=_capped(set(given[:SEATS_LOOKED_AT])),
        own_tasks=own.order_by()[: MOST + 1].count(),
        beyond_skills=0 if leads_assign else _cases(_looked_at(terms).exclude(needs__contained_by=terms.abilities)),
        more=not leads_assign and bool(free_seats(terms).values("pk")[SEATS_LOOKED_AT : SEATS_LOOKED_AT + 1]),
    )


def _looked_at(terms: Terms) -> QuerySet[Seat]:
    """The first free seats that are not about the person's own task nor of a case they had."""
    first = free_seats(terms).values("pk")[:SEATS_LOOKED_AT]
    return of_others(Seat.objects.filter(pk__in=first), terms.user).order_by()


def waiting_for_others(project: Project, user: User) -> QuerySet[Assignment]:
    """Of what the person handed in last: the cases that still wait for somebody else, newest first."""
    return handed_in(project, user).filter(case__status=Case.Status.OPEN)


def completed(project: Project, user: User) -> QuerySet[Assignment]:
    """Of what the person handed in last: the cases that everybody has judged, newest first."""
    return handed_in(project, user).exclude(case__status=Case.Status.OPEN)


def handed_in(project: Project, user: User) -> QuerySet[Assignment]:
    """What the person submitted last, newest first."""
    newest = Assignment.objects.filter(annotator=user, status=Assignment.Status.SUBMITTED).order_by("-id")
    rows = Assignment.objects.filter(pk__in=newest.values("pk")[:HANDED_IN_LOOKED_AT], case__project=project)
    return rows.select_related(*SHOWN).order_by("-id")


def _cases(seats: QuerySet[Seat]) -> int:
    return _capped(set(seats.values_list("case_id", flat=True)))


def _capped(cases: set[UUID]) -> int:
    return min(MOST + 1, len(cases))


def _of_others(terms: Terms) -> QuerySet[Assignment]:
    """What others hold of open cases that the person could judge."""
    theirs = Assignment.objects.filter(case__project=terms.project, case__status=Case.Status.OPEN, case__gold_of=None)
    return theirs.exclude(seat__author=terms.user).filter(~Exists(had(terms.user)))
