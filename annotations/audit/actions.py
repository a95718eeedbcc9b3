from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import models

from annotations.audit.models import AuditEvent
from annotations.core.prepared import insert


def record(verb: str, *, by: AbstractBaseUser | None, target: models.Model, **facts: Any) -> AuditEvent:
    """Write down that `by` (None: the system) did `verb` to `target`; call it inside the action's transaction."""
    return insert(_event(verb, by, target, facts))


def record_each(
    verb: str, *, by: AbstractBaseUser | None, rows: Iterable[tuple[models.Model, Mapping[str, Any]]]
) -> None:
    """The same deed to many targets, each with its facts, in one statement."""
    AuditEvent.objects.bulk_create([_event(verb, by, target, facts) for target, facts in rows], batch_size=1000)


def _event(verb: str, by: AbstractBaseUser | None, target: models.Model, facts: Mapping[str, Any]) -> AuditEvent:
    return AuditEvent(
        verb=verb,
        actor_id=by.pk if by else None,
        project_id=_project_of(target),
        target_kind=target._meta.model_name or "",
        target_id=target.pk,
        facts=dict(facts),
    )


def _project_of(target: models.Model) -> UUID | None:
    if target._meta.model_name == "project":
        return UUID(str(target.pk))
    return getattr(target, "project_id", None)
