"""What each person of a project holds."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count

from annotations.accounts.models import Project
from annotations.review.models import Assignment


def held_by(project: Project) -> Mapping[UUID, int]:
    """By person, how many cases they hold or were assigned, in one query."""
    open_ones = Assignment.objects.filter(
        case__project=project, case__gold_of=None, status__in=(Assignment.Status.ASSIGNED, Assignment.Status.ACTIVE)
    )
    return dict(open_ones.order_by().values_list("annotator").annotate(Count("pk")))
