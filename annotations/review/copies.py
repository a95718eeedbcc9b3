"""Copies of gold cases come to be and close, each as old and as urgent as its person would expect of any case."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.core.ids import beside
from annotations.core.states import move
from annotations.review.models import Assignment, Case, GoldCase, Seat
from annotations.review.opening import new_seat

CLOSES_AFTER = timedelta(days=1)  # and up to twice that, so that not all take the same time


def open_copy(gold: GoldCase, person: User, *, like: Seat) -> Seat:
    """The one seat on a fresh copy of a gold case for one person, to whom it looks as urgent as another case.

    Its id and the time it opened are as old as the gold case, or both would tell.
    """
    case = gold.case
    copy = Case.every.create(
        id=beside(case.pk),
        project_id=case.project_id,
        task_version=case.task_version,
        subject_rubric_version=case.subject_rubric_version,
        rubric_version=case.rubric_version,
        round=case.round,
        overlap=1,
        priority=like.priority,
        due_at=like.due_at,
        needs=case.needs,
        only_criteria=case.only_criteria,
        follows_id=case.follows_id,
        opened_at=case.opened_at,
        gold_of=case,
        gold_for=person,
    )
    seat = new_seat(copy, 1, 0.0)
    seat.save()
    return seat


def close(case: Case) -> None:
    """Settle a copy, as what it was copied from has been; the caller holds the case's lock."""
    move(case, Case.Status.SETTLED)
    record("gold.closed", by=None, target=case)


def left_long_ago(now: datetime) -> QuerySet[Assignment]:
    """Whoever handed a copy in, skipped it or let it lapse so long ago that others would have settled it."""
    unfinished = (Case.Status.OPEN, Case.Status.ADJUDICATION)
    copies = Assignment.objects.filter(case__in=Case.every.filter(status__in=unfinished, gold_of__isnull=False))
    return copies.exclude(status=Assignment.Status.ACTIVE).filter(lease_ends_at__lt=now - CLOSES_AFTER)


def closes_at(assignment: Assignment) -> datetime:
    """When a copy that was left is settled, at a time of its own."""
    return assignment.lease_ends_at + CLOSES_AFTER * (1 + assignment.case_id.int % 1000 / 1000)
