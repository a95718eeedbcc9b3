from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.catalog.models import Task
from annotations.core.decisions import Allowed, Denied, Permit, first_denied


def can_import(user: User, project: Project) -> Permit:
    return roles.can_write(user, project)


def can_revise(user: User, task: Task) -> Permit:
    """A new version may come from the author or a lead, while nobody is judging the present one."""
    return first_denied(_owns(user, task), _is_open_to_change(task))


def can_submit(user: User, task: Task) -> Permit:
    return first_denied(_owns(user, task), _is_in(task, Task.Status.DRAFT, "Only a draft can be submitted."))


def can_withdraw(user: User, task: Task) -> Permit:
    reason = "It can be taken back only before review has begun."
    return first_denied(_owns(user, task), _is_in(task, Task.Status.SUBMITTED, reason))


def _owns(user: User, task: Task) -> Permit:
    if task.author_id == user.pk or roles.leads(user, task.project):
        return Allowed()
    return Denied("Only its author or a lead can do this.")


def _is_open_to_change(task: Task) -> Permit:
    if task.status in {Task.Status.DRAFT, Task.Status.NEEDS_REVISION}:
        return Allowed()
    return Denied(
        f"This task is {task.get_status_display().lower()}; a new version is possible while it is a draft "
        "or needs revision."
    )


def _is_in(task: Task, status: Task.Status, reason: str) -> Permit:
    return Allowed() if task.status == status else Denied(reason)
