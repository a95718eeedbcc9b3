import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotations.core.errors import DomainError
from annotations.core.states import move
from annotations.review import rounds
from annotations.review.copies import close, closes_at, left_long_ago
from annotations.review.models import Assignment, Case, RubricRound, Seat

log = logging.getLogger(__name__)

BATCH = 100
SILENT_AFTER = timedelta(seconds=30)
LONGEST_TURN = 20.0  # seconds; then others get their turn


@shared_task
def expire_leases() -> None:
    """End the leases of people who stopped working; their drafts stay and come back with the case."""
    over = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_ends_at__lt=timezone.now())
    for assignment in over.order_by("lease_ends_at")[:1000]:
        expire(assignment)


@transaction.atomic
def expire(assignment: Assignment) -> None:
    """End one lease, unless it was extended or submitted meanwhile.

    A case that a lead gave to somebody stays theirs to open again; any other goes back to everyone.
    """
    Case.every.select_for_update(no_key=True).get(pk=assignment.case_id)
    held = Assignment.objects.select_related("annotator").get(pk=assignment.pk)
    if held.status != Assignment.Status.ACTIVE or held.lease_ends_at >= timezone.now():
        return
    if held.assigned_by_id and held.annotator.is_active:
        move(held, Assignment.Status.ASSIGNED)
    else:
        move(held, Assignment.Status.EXPIRED)
        Seat.objects.filter(pk=held.seat_id).update(is_free=True)


@shared_task
def close_copies() -> None:
    """Settle copies of gold cases that nobody is at any more, as others would have settled any other case."""
    now = timezone.now()
    for assignment in left_long_ago(now).order_by("lease_ends_at")[:1000]:
        if closes_at(assignment) < now:
            _close(assignment)


@transaction.atomic
def _close(assignment: Assignment) -> None:
    case = Case.every.select_for_update(no_key=True).get(pk=assignment.case_id)
    held = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.ACTIVE)
    if case.status != Case.Status.SETTLED and not held.exists():
        close(case)


@shared_task
def work_round(pk: str) -> None:
    """Take a rubric round's cases one by one to their version, for a while; then the next turn is queued.

    A second worker leaves it alone while the first is heard of, and every case is taken by itself, so that nothing is
    done twice.
    """
    silent = Q(beat_at=None) | Q(beat_at__lt=timezone.now() - SILENT_AFTER)
    mine = RubricRound.objects.filter(pk=pk, finished_at=None)
    if not mine.filter(silent).update(beat_at=timezone.now()):
        return
    ends = time.monotonic() + LONGEST_TURN
    for done in _batches(mine.select_related("version__rubric", "by").get()):
        mine.update(beat_at=timezone.now(), done=F("done") + done)
        if time.monotonic() > ends:
            mine.update(beat_at=None)
            work_round.delay(pk)
            return
    mine.update(finished_at=timezone.now())


@shared_task
def resume_rounds() -> None:
    """Take up rubric rounds whose worker stopped, or whose message got lost."""
    for pk in RubricRound.objects.filter(finished_at=None).values_list("pk", flat=True):
        work_round(str(pk))


def _batches(work: RubricRound) -> Iterator[int]:
    """How many cases of each batch were taken on; the round's own query says what is left."""
    take: Callable[..., object]
    if work.kind == RubricRound.Kind.MOVE:
        waiting, take = rounds.to_move(work.version), rounds.move_case
    else:
        waiting, take = rounds.to_reopen(work.version), rounds.reopen_case
    steps, after = rounds.steps_to(work.version), UUID(int=0)
    while batch := list(waiting.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        done = 0
        for after in batch:
            try:
                done += bool(take(after, steps, by=work.by))
            except DomainError as error:
                log.warning("Case %s stayed with its rubric version: %s", after, error.reason)
        yield done
