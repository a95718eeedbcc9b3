from functools import partial

from django.db import transaction

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.agreement import jobs
from annotations.agreement.models import Following
from annotations.core.decisions import require


@transaction.atomic
def refresh(project: Project, *, by: User) -> None:
    """Have the project's numbers brought up to its cases now, instead of within minutes."""
    require(roles.can_lead(by, project))
    Following.objects.update_or_create(pk=project.pk, defaults={"wanted": True})
    transaction.on_commit(partial(jobs.follow_project.delay, str(project.pk)), robust=True)
