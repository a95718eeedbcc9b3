from celery import shared_task
from django.db import transaction
from django.utils import timezone

from annotations.review.models import Assignment, Seat


@shared_task
def expire_leases() -> None:
    """Return the seats of people who stopped working; their drafts stay and come back with the case."""
    over = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_ends_at__lt=timezone.now())
    for assignment in over.order_by("lease_ends_at")[:1000]:
        expire(assignment)


@transaction.atomic
def expire(assignment: Assignment) -> None:
    """End one lease, unless it was extended or submitted meanwhile."""
    held = Assignment.objects.filter(
        pk=assignment.pk, status=Assignment.Status.ACTIVE, lease_ends_at__lt=timezone.now()
    )
    if held.update(status=Assignment.Status.EXPIRED):
        Seat.objects.filter(pk=assignment.seat_id).update(is_free=True)
