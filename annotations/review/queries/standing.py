"""What a person's queue holds and, where there is nothing to start, why.

Nothing here counts a whole table: counts end at MOST, and only so many rows are looked at for each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, Q, QuerySet

from annotations.accounts.models import Project, User
from annotations.core.prepared import prepared
from annotations.review.models import Assignment, Case, ReviewSettings, Seat
from annotations.review.queries.queue import (
    HELD,
    SHOWN,
    Terms,
    able,
    free_seats,
    had,
    is_for,
    midnight,
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
    role: str | None
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


@dataclass(frozen=True)
class FreeSeats:
    """The cases of the first free seats: those the person may start, and those beyond their skills."""

    startable: int = 0
    beyond_skills: int = 0
    more: bool = False


def queue_state(project: Project, user: User) -> QueueState:
    terms = terms_of(project, user)
    free = FreeSeats() if terms.settings.mode == ReviewSettings.Mode.PUSH else _free_seats(terms)
    held = listed(project.pk, user.pk, rows=_states_held, most=2 * MOST)
    return QueueState(
        claimable=free.startable,
        active=held.count(Assignment.Status.ACTIVE),
        assigned=held.count(Assignment.Status.ASSIGNED),
        waiting_for_others=len(listed(project.pk, user.pk, rows=_that_wait, most=MOST + 1)),
        submitted_today=submitted_today(terms),
        quota=terms.quota,
        quota_ends_at=midnight(days=1),
        settings=terms.settings,
        role=terms.role,
        is_paused=terms.is_paused,
        reasons=None if free.startable else _reasons(terms, free),
    )


@prepared
def listed[Row](
    project: UUID,
    user: UUID,
    *,
    rows: Callable[[Project, User], QuerySet[Any, Row]],
    most: int,
    everywhere: bool = False,
) -> QuerySet[Any, Row]:
    """The first `most` of `rows` (a function of this module or another, for each of which one query is kept)."""
    return rows(Project(pk=project), User(pk=user, is_superuser=everywhere))[:most]


def _states_held(project: Project, user: User) -> QuerySet[Assignment, str]:
    held = Assignment.objects.filter(annotator=user, case__project=project, status__in=HELD)
    return held.order_by("status").values_list("status", flat=True)  # those under way, which are few, come first


def _that_wait(project: Project, user: User) -> QuerySet[Assignment, UUID]:
    return waiting_for_others(project, user).order_by().values_list("pk", flat=True)


def _free_seats(terms: Terms) -> FreeSeats:
    """Look at few seats first; where those are not enough, at all that are ever looked at."""
    for most in (SEATS_LOOKED_AT // 4, SEATS_LOOKED_AT):
        seats = _seats(terms.project.pk, terms.user.pk, terms.abilities, order=terms.settings.order, most=most + 1)
        startable = _capped({case for case, is_for_them, is_able in seats[:most] if is_for_them and is_able})
        if startable > MOST or len(seats) <= most:
            break
    beyond = _capped({case for case, is_for_them, is_able in seats[:most] if is_for_them and not is_able})
    return FreeSeats(startable, beyond, more=len(seats) > most)


@prepared
def _seats(
    project: UUID, user: UUID, abilities: list[str], *, order: str, most: int
) -> QuerySet[Seat, tuple[UUID, bool, bool]]:
    """Case, whether the seat is for the person, and whether they have its skills: of the first free seats."""
    terms = Terms.of(project, user, abilities, order)
    seats = free_seats(terms).annotate(is_for_them=is_for(terms.user), is_able=Q(needs__contained_by=able(terms)))
    return seats.values_list("case_id", "is_for_them", "is_able")[:most]


def _reasons(terms: Terms, free: FreeSeats) -> Reasons:
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
        beyond_skills=free.beyond_skills,
        more=free.more,
    )


def waiting_for_others(project: Project, user: User) -> QuerySet[Assignment]:
    """Of what the person handed in last: the cases that still wait for somebody else, newest first."""
    return handed_in(project, user).filter(case__status=Case.Status.OPEN)


def completed(project: Project, user: User) -> QuerySet[Assignment]:
    """Of what the person handed in last: the cases that everybody has judged, newest first."""
    done = handed_in(project, user).exclude(case__status=Case.Status.OPEN)
    return done.prefetch_related("case__adjudication_drafts")


def handed_in(project: Project, user: User) -> QuerySet[Assignment]:
    """What the person submitted last, newest first."""
    newest = Assignment.objects.filter(annotator=user, status=Assignment.Status.SUBMITTED).order_by("-id")
    rows = Assignment.objects.filter(pk__in=newest.values("pk")[:HANDED_IN_LOOKED_AT], case__project=project)
    return rows.select_related(*SHOWN).order_by("-id")


def _capped(cases: set[UUID]) -> int:
    return min(MOST + 1, len(cases))


def _of_others(terms: Terms) -> QuerySet[Assignment]:
    """What others hold of open cases that the person could judge."""
    theirs = Assignment.objects.filter(case__project=terms.project, case__status=Case.Status.OPEN, case__gold_of=None)
    return theirs.exclude(seat__author=terms.user).filter(~Exists(had(terms.user)))
