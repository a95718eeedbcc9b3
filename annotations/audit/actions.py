from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from annotations.audit.models import AuditEvent


def record(verb: str, *, by: AbstractBaseUser | None, target: models.Model, **facts: Any) -> AuditEvent:
    """Write down that `by` (None: the system) did `verb` to `target`; call it inside the action's transaction."""
    return AuditEvent.objects.create(
        verb=verb,
        actor_id=by.pk if by else None,
        project_id=_project_of(target),
        target_kind=target._meta.model_name or "",
        target_id=target.pk,
        facts=facts,
    )


def _project_of(target: models.Model) -> UUID | None:
    if target._meta.model_name == "project":
        return UUID(str(target.pk))
    return getattr(target, "project_id", None)
