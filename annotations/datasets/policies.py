from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.core.decisions import Permit


def can_release(user: User, project: Project) -> Permit:
    return roles.can_lead(user, project)
