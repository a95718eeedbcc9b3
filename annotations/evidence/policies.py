from annotations.accounts import roles
from annotations.accounts.models import User
from annotations.catalog.models import TaskVersion
from annotations.core.decisions import Allowed, Denied, Permit
from annotations.evidence.models import CheckRun


def can_request(user: User, version: TaskVersion) -> Permit:
    if version.task.author_id == user.pk or roles.leads(user, version.project):
        return Allowed()
    return Denied("Only the task's author or a lead can run its checks.")


def can_cancel(user: User, run: CheckRun) -> Permit:
    if run.status not in CheckRun.LIVE:
        return Denied("This run has already ended.")
    return can_request(user, run.task_version)
