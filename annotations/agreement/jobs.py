from uuid import UUID

from celery import shared_task

from annotations.accounts.models import Project
from annotations.agreement import following
from annotations.agreement.models import Following


@shared_task
def follow_projects() -> None:
    """Hand out the projects whose numbers are due; one handed out twice is worked on once."""
    unknown = Project.objects.exclude(pk__in=Following.objects.values("pk"))
    Following.objects.bulk_create((Following(project=project) for project in unknown), ignore_conflicts=True)
    for pk in following.due().values_list("pk", flat=True):
        follow_project.delay(str(pk))


@shared_task
def follow_project(pk: str) -> None:
    """Bring one project's units and snapshots up to its cases, unless another worker is at it."""
    following.follow(UUID(pk))
