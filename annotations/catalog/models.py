from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from annotations.accounts.models import Membership, Project, User
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed
from annotations.core.states import Transitions

MOST_WORDS = 6


class Blob(models.Model):
    """Content by its sha256; the bytes lie in the default storage, stored once."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> Self:
        """Leads see their project's tasks; an expert their own and the accepted ones but withheld; a consumer none."""
        if user.is_superuser:
            return self
        lead = Membership.objects.filter(user=user, role=Membership.Role.LEAD).values("project")
        expert = Membership.objects.filter(user=user, role=Membership.Role.EXPERT).values("project")
        shown = Q(status=Task.Status.ACCEPTED, is_withheld=False)
        return self.filter(Q(project__in=lead) | Q(project__in=expert) & (Q(author=user) | shown))

    def about(self, text: str) -> Self:
        """Tasks with each of the first words of `text` in their title or name, found by trigrams."""
        words = text.split()[:MOST_WORDS]
        return self.filter(*(Q(title__icontains=word) | Q(slug__icontains=word) for word in words))


class Task(models.Model):
    """A slug with an owner; what it holds is in its versions."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        IN_REVIEW = "in_review", "In review"
        ADJUDICATION = "adjudication", "Adjudication"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        NEEDS_REVISION = "needs_revision", "Needs revision"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.DRAFT: frozenset({Status.SUBMITTED}),
        Status.SUBMITTED: frozenset({Status.DRAFT, Status.IN_REVIEW, Status.NEEDS_REVISION, Status.REJECTED}),
        Status.IN_REVIEW: frozenset({Status.ADJUDICATION, Status.ACCEPTED, Status.NEEDS_REVISION, Status.REJECTED}),
        # Back in review: an annotator took their answer back before a lead began.
        Status.ADJUDICATION: frozenset({Status.IN_REVIEW, Status.ACCEPTED, Status.NEEDS_REVISION, Status.REJECTED}),
        # Back to adjudication: the author appealed.
        Status.NEEDS_REVISION: frozenset({Status.DRAFT, Status.ADJUDICATION}),
        Status.ACCEPTED: frozenset(),
        Status.REJECTED: frozenset({Status.ADJUDICATION}),
    }

    MOVING = (Status.SUBMITTED, Status.IN_REVIEW, Status.ADJUDICATION)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="tasks")
    slug = models.SlugField(max_length=120)
    title = models.CharField(max_length=200)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tasks")
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    is_withheld = models.BooleanField(
        default=False, help_text="Not shown to experts though accepted: its case is a gold one, dealt to them unseen."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "status", "-id"], name="task_by_status"),
            models.Index(fields=["project", "-id"], name="task_by_project"),
            models.Index(fields=["author", "project", "-id"], name="task_by_author"),
            GinIndex(
                OpClass(Upper("title"), "gin_trgm_ops"), OpClass(Upper("slug"), "gin_trgm_ops"), name="task_by_words"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["project", "slug"], name="task_slug_unique"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def current(self) -> "TaskVersion":
        """Its newest version; a task never exists without one."""
        return self.versions.order_by("-number")[0]


class TaskVersionQuerySet(models.QuerySet["TaskVersion"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(task__in=Task.objects.visible_to(user))


class TaskVersion(Sealed):
    """A sealed bundle in Harbor format, addressed by its content hash."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="versions")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200, help_text="org/name as task.toml gives it.")
    digest = models.CharField(max_length=71, help_text="Harbor's content hash: sha256:<hex>.")
    instruction = models.TextField()
    config = models.JSONField(help_text="task.toml as read.")
    warnings = models.JSONField(default=list, help_text="What the reader found odd, one line each.")
    conversion = models.JSONField(
        null=True, default=None, help_text="source, the format it was converted from; changes: path and what, each."
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TaskVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="task_version_number_unique"),
            models.UniqueConstraint(fields=["project", "digest"], name="task_version_digest_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.task} v{self.number}"


class TaskFile(Sealed):
    """One file of a version: where it stands and which blob it is."""

    version = models.ForeignKey(TaskVersion, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=400)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    executable = models.BooleanField(default=False)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="task_file_path_unique")]

    def __str__(self) -> str:
        return self.path
