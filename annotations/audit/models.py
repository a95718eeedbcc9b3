from django.conf import settings
from django.db import models

from annotations.core.ids import new_id
from annotations.core.sealed import Sealed


class AuditEvent(Sealed):
    """One thing that was done, written in the transaction that did it.

    Projects and targets are named by id, not by foreign key: an event outlives what it speaks of.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    project_id = models.UUIDField(null=True)
    target_kind = models.CharField(max_length=40)
    target_id = models.UUIDField()
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["target_id", "at"], name="audit_by_target"),
            models.Index(fields=["project_id", "at"], name="audit_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_kind} {self.target_id}"
