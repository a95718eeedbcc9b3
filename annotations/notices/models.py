from typing import Self

from django.db import models
from django.db.models import Q

from annotations.accounts.models import Project, User
from annotations.core.ids import new_id


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> Self:
        """One's own, of the projects one still belongs to."""
        return self.filter(user=user, project__in=Project.objects.visible_to(user))

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing a person should know of, with the page it leads to. It names nobody and tells no verdict."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", "Assigned to you"
        ASKED = "asked", "A question to you"
        DECIDED = "decided", "A decision on your task"
        APPEAL = "appeal", "An appeal"
        MENTION = "mention", "You were mentioned"
        REPLY = "reply", "A reply"
        RUBRIC = "rubric", "A gap you flagged"
        CHANGED = "changed", "A rubric changed"
        PAUSE = "pause", "A paused queue"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, help_text="A path of this site.")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_by_person"),
            models.Index(fields=["user", "project"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["created_at"], condition=Q(read_at=None, mailed_at=None), name="notice_to_mail"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "url", "text"], condition=Q(read_at=None), name="notice_once_while_unread"
            ),
            models.CheckConstraint(condition=Q(url__startswith="/"), name="notice_stays_on_this_site"),
        ]

    def __str__(self) -> str:
        return self.text


class MailWish(models.Model):
    """How often a person wants their notices by e-mail; without a row, once a day."""

    class Pace(models.TextChoices):
        OFF = "off", "Never"
        DAILY = "daily", "Once a day"
        EACH = "each", "As they come"

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="mail_wish")
    pace = models.CharField(max_length=5, choices=Pace, default=Pace.DAILY)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pace__in=["off", "daily", "each"]), name="mail_wish_known")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_pace_display()}"
