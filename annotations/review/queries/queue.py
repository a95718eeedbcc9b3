"""What there is to do, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.utils import timezone

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.core.prepared import first, prepared
from annotations.review.models import (
    Annotation,
    Assignment,
    Case,
    QueuePause,
    ReviewSettings,
    Seat,
    Verdict,
    settings_of,
)

SHOWN = ("case__task_version__task", "case__subject_rubric_version__rubric", "annotation")
HELD = (Assignment.Status.ACTIVE, Assignment.Status.ASSIGNED)  # in the order of their letters as well
WEEK = timedelta(weeks=1)
ORDERS: Mapping[str, tuple[str | Coalesce, ...]] = {
    ReviewSettings.Order.DUE.value: ("-priority", Coalesce("due_at", "waits_until"), "id"),
    ReviewSettings.Order.INFORMATION.value: ("-priority", "-information", "id"),
}
IN_TURN = ("-seat__priority", Coalesce("seat__due_at", "seat__waits_until"), "id")  # what leads have given


@dataclass(frozen=True)
class Terms:
    """On what terms a person takes cases in a project; `quota` is their own, else the project's."""

    project: Project
    user: User
    settings: ReviewSettings
    role: str | None
    abilities: list[str]
    quota: int | None
    is_paused: bool = False

    @classmethod
    def of(cls, project: UUID, user: UUID, abilities: list[str], order: str) -> "Terms":
        """What the order of free seats and the right to them depend on."""
        settings = ReviewSettings(order=order)
        return cls(Project(pk=project), User(pk=user), settings, role=None, abilities=abilities, quota=None)


def terms_of(project: Project, user: User) -> Terms:
    settings = settings_of(project)
    member = first(_membership(project.pk, user.pk))
    own = member.daily_quota if member else None
    return Terms(
        project=project,
        user=user,
        settings=settings,
        role=roles.role_as(user, member),
        abilities=member.abilities if member else [],
        quota=settings.daily_quota if own is None else own,
        is_paused=member.is_paused if member else False,
    )


@prepared
def _membership(project: UUID, user: UUID) -> QuerySet[Membership, Any]:
    """The person's place in the project, with whether their queue `is_paused`."""
    paused = QueuePause.objects.filter(project=project, person=user, lifted_at=None)
    return Membership.objects.filter(project=project, user=user).annotate(is_paused=Exists(paused))


def free_seats(terms: Terms) -> QuerySet[Seat]:
    """The free seats of a project in the order they are handed out, read off one index."""
    free = Seat.objects.filter(project=terms.project, is_free=True)
    return free.order_by(*ORDERS[terms.settings.order])


def claimable(terms: Terms) -> QuerySet[Seat]:
    """Free seats this person may take: not of their own task, of a case they had, or beyond their skills."""
    return free_seats(terms).filter(is_for(terms.user), needs__contained_by=able(terms))


def able(terms: Terms) -> Value:
    """What the person is able to do, as one value of a query, however much it is."""
    return Value(terms.abilities, output_field=Seat._meta.get_field("needs"))


def best_seat(terms: Terms) -> Seat | None:
    """The seat to hand out next, locked. It passes over seats that others are taking at this moment.

    Where all are in others' hands it waits for them, as a seat may only be steered, or be given back.
    """
    values, order = (terms.project.pk, terms.user.pk, terms.abilities), terms.settings.order
    found = _best_seat(*values, order=order, waits=False) or _best_seat(*values, order=order, waits=True)
    return first(_seat(found[0])) if found else None


@prepared
def _best_seat(project: UUID, user: UUID, abilities: list[str], *, order: str, waits: bool) -> QuerySet[Seat, UUID]:
    """By itself: Postgres would plan the joins of its subject anew for every person and their abilities."""
    best = claimable(Terms.of(project, user, abilities, order)).select_for_update(skip_locked=not waits)
    return best.values_list("pk", flat=True)[:1]


@prepared
def _seat(seat: UUID) -> QuerySet[Seat]:
    return with_subject(Seat.objects.filter(pk=seat))


def is_for(user: User) -> Q:
    """Of seats: all but those about the person's own task, those of a case they had, and those kept for another."""
    their_case = Subquery(had(user).order_by().values("pk")[:1])  # as a value: looked up, never all of it read first
    return ~Q(author=user) & (Q(only_for=None) | Q(only_for=user)) & Q(IsNull(their_case, True))


def had(user: User) -> QuerySet[Assignment]:
    """Of a seat's case: what the person holds, handed in or skipped. Where only their time ended, they may go on."""
    return Assignment.objects.filter(case=OuterRef("case_id"), annotator=user).exclude(status=Assignment.Status.EXPIRED)


def taken(project: Project, user: User) -> Assignment | None:
    """The first to do of what the person holds right now, or else of what leads have given them."""
    return first(_taken(project.pk, user.pk))


@prepared
def _taken(project: UUID, user: UUID) -> QuerySet[Assignment]:
    own = Assignment.objects.filter(annotator=user, case__project=project, status__in=HELD)
    return own.order_by("status", *IN_TURN)[:1]


@prepared
def had_before(case: UUID, user: UUID) -> QuerySet[Assignment]:
    """What the person had of the case, however it ended."""
    return Assignment.objects.filter(case=case, annotator=user)


def with_subject[Row: models.Model](rows: QuerySet[Row]) -> QuerySet[Row]:
    """Seats or assignments with what a page says of their case, without what no page of a review shows."""
    joined = rows.select_related("case__task_version__task", "case__rubric_version")
    return joined.defer("case__task_version__config", "case__task_version__conversion")


@prepared
def own_assignment(assignment: UUID, project: str, user: UUID, *, everywhere: bool) -> QuerySet[Assignment]:
    """A person's own assignment with its annotation, for the page at their project's slug; as with_subject."""
    visible = Assignment.objects.visible_to(User(pk=user, is_superuser=everywhere))
    own = with_subject(visible).select_related("case__project", "annotation")
    return own.filter(pk=assignment, case__project__slug=project)


def active(project: Project, user: User) -> QuerySet[Assignment]:
    """What the person holds right now, soonest lease end first."""
    return _mine(project, user, Assignment.Status.ACTIVE).order_by("lease_ends_at")


def assigned(project: Project, user: User) -> QuerySet[Assignment]:
    """What leads have given the person and they have not opened, in the order to do it."""
    return _mine(project, user, Assignment.Status.ASSIGNED).order_by(*IN_TURN)


def submitted(project: Project, user: User) -> QuerySet[Assignment]:
    """What the person has handed in, newest first."""
    done = _mine(project, user, Assignment.Status.SUBMITTED)
    return done.prefetch_related("case__adjudication_drafts").order_by("-id")


def _mine(project: Project, user: User, status: Assignment.Status) -> QuerySet[Assignment]:
    held = Assignment.objects.filter(annotator=user, case__project=project, status=status)
    return held.select_related(*SHOWN)


def submitted_today(terms: Terms) -> int:
    return first(_submitted_since(terms.user.pk, terms.project.pk, midnight())) or 0


@prepared
def _submitted_since(user: UUID, project: UUID, when: datetime) -> QuerySet[Annotation, int]:
    done = Annotation.objects.filter(author=user, case__project=project, submitted_at__gte=when)
    theirs = done.filter(status=Annotation.Status.SUBMITTED).order_by().values("author")
    return theirs.annotate(n=Count("pk")).values_list("n", flat=True)


def midnight(days: int = 0) -> datetime:
    """When today began, or the day so many later."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def submissions(case: Case) -> int:
    """How many have submitted."""
    return len(_submissions(case.pk))


@prepared
def _submissions(case: UUID) -> QuerySet[Annotation, tuple[UUID]]:
    return Annotation.objects.filter(case=case, status=Annotation.Status.SUBMITTED).order_by().values_list("pk")


def information_of(case: Case, answers: int) -> float:
    """How much one more answer to a case tells beyond the `answers` so far, less the moment it was opened, in weeks.

    What it tells is the criteria in dispute, among the answers so far or in the case it follows, and less than one for
    how few answers there are: disputed cases come first, the most disputed ahead, then those nobody has answered. A
    week of waiting weighs as much as a dispute, so that no case is overtaken for ever; what two cases differ in by
    their waiting stays the same as time goes by, so it can be stored.
    """
    before = case.follows.disagreements if case.follows else 0
    tells = max(before, disputed(case) if answers > 1 else 0) + 1 / (answers + 2)
    return tells - case.opened_at.timestamp() / WEEK.total_seconds()


def disputed(case: Case) -> int:
    """On how many criteria the submitted answers differ; "cannot tell" is an answer of its own."""
    answers = Verdict.objects.filter(annotation__case=case, annotation__status=Annotation.Status.SUBMITTED)
    kinds = Count(Coalesce("code", -(2**15)), distinct=True)
    return answers.order_by().values("criterion").annotate(kinds=kinds).filter(kinds__gt=1).count()


def wants_another(case: Case, disagreements: int) -> bool:
    """Whether the project asks one more person where so many criteria are in dispute."""
    settings = settings_of(case.project)
    return disagreements > settings.extra_beyond and case.extra < settings.extra_annotators
