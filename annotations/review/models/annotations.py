from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.core.ids import new_id
from annotations.core.states import Transitions
from annotations.review.models.cases import Case, Seat
from annotations.rubrics.models import Criterion, RubricVersion

LEASE = timedelta(hours=2)


def lease_end() -> datetime:
    return timezone.now() + LEASE


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(annotator=user, case__project__in=Project.objects.visible_to(user))


class Assignment(models.Model):
    """A seat held by one person until the lease ends; one row per person and case, ever."""

    class Status(models.TextChoices):
        ASSIGNED = "assigned", "Assigned"
        ACTIVE = "active", "Active"
        SUBMITTED = "submitted", "Submitted"
        EXPIRED = "expired", "Expired"
        SKIPPED = "skipped", "Skipped"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.ASSIGNED: frozenset({Status.ACTIVE, Status.EXPIRED, Status.SKIPPED}),
        Status.ACTIVE: frozenset({Status.ASSIGNED, Status.SUBMITTED, Status.EXPIRED, Status.SKIPPED}),
        # Back to assigned: the rubric changed, and asks something the answers do not say.
        Status.SUBMITTED: frozenset({Status.ACTIVE, Status.ASSIGNED}),
        Status.EXPIRED: frozenset({Status.ASSIGNED, Status.ACTIVE}),
        Status.SKIPPED: frozenset(),
    }
    LIVE = (Status.ASSIGNED, Status.ACTIVE, Status.SUBMITTED)

    class SkipReason(models.TextChoices):
        EXPERTISE = "expertise", "Outside my expertise"
        UNCLEAR = "unclear", "Unclear"
        TOO_LONG = "too_long", "Too long"
        BROKEN = "broken", "Broken input"
        CONFLICT = "conflict", "Conflict of interest"
        OTHER = "other", "Other"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="assignments")
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    lease_ends_at = models.DateTimeField(default=lease_end)
    assigned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    skip_reason = models.CharField(max_length=12, choices=SkipReason, blank=True)
    skip_note = models.CharField(max_length=300, blank=True, help_text="The reason in words, where none fits.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["annotator", "status", "-id"], name="assignment_by_annotator"),
            models.Index(fields=["lease_ends_at"], condition=Q(status="active"), name="assignment_lease"),
            models.Index(fields=["created_at"], condition=Q(status="skipped"), name="assignment_skipped"),
            models.Index(fields=["case"], condition=Q(status="assigned"), name="assignment_assigned"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["seat"],
                condition=Q(status__in=["assigned", "active", "submitted"]),
                name="assignment_one_live_per_seat",
            ),
            models.UniqueConstraint(fields=["case", "annotator"], name="assignment_one_per_person"),
            models.CheckConstraint(
                condition=Q(status="skipped") ^ Q(skip_reason=""), name="assignment_skip_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotator} on {self.case}"


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def visible_to(self, user: User) -> Self:
        """One's own; and, for leads who did not take part, those of cases in which everyone has submitted."""
        own = Q(author=user)
        judged = Case.objects.visible_to(user).exclude(status=Case.Status.OPEN).exclude(assignments__annotator=user)
        return self.filter(own | Q(case__in=judged, status=Annotation.Status.SUBMITTED))


class Annotation(models.Model):
    """One person's answer to a case: a draft, then submitted; withdrawn by undo while the case has not moved."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        WITHDRAWN = "withdrawn", "Withdrawn"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.DRAFT: frozenset({Status.SUBMITTED}),
        Status.SUBMITTED: frozenset({Status.WITHDRAWN}),
        Status.WITHDRAWN: frozenset({Status.SUBMITTED}),
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="annotation")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="annotations")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="annotations")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1, help_text="Counts saves; a stale write is refused.")
    submit_key = models.UUIDField(null=True, help_text="Makes a repeated submit harmless.")
    active_seconds = models.PositiveIntegerField(default=0, help_text="Time on task, without idle time.")
    asked_anew = ArrayField(
        models.UUIDField(), default=list, blank=True, help_text="Criteria a newer rubric version asked meanwhile."
    )
    saved_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True)
    stands_since = models.DateTimeField(
        null=True, help_text="When its author gave up taking it back, to read what others say of the case."
    )

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["author", "submitted_at"], condition=Q(status="submitted"), name="annotation_submitted"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="submitted", submitted_at__isnull=False)
                | ~Q(status="submitted") & Q(submitted_at__isnull=True),
                name="annotation_submitted_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"Annotation by {self.author} of {self.case}"


class Confidence(models.IntegerChoices):
    LOW = 1, "Low"
    MEDIUM = 2, "Medium"
    HIGH = 3, "High"


class Answer(models.Model):
    """A value on a criterion's scale, or "cannot tell", with why: what verdicts of all kinds share."""

    code = models.SmallIntegerField(null=True)
    cannot_tell = models.BooleanField(default=False)
    rationale = models.TextField(blank=True)

    class Meta:
        abstract = True


class Verdict(Answer):
    """One criterion's value in one annotation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="verdicts")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="verdicts")
    confidence = models.SmallIntegerField(choices=Confidence, null=True)
    cited: list["Citation"]  # where a query brings them along

    class Meta:
        ordering = ["criterion__position"]
        indexes = [models.Index(fields=["criterion", "annotation"], include=["code"], name="verdict_by_criterion")]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "criterion"], name="verdict_unique"),
            # A draft may hold a rationale before its answer, so "neither" is possible here; "both" is not.
            models.CheckConstraint(condition=~Q(code__isnull=False, cannot_tell=True), name="verdict_one_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.code}"

    @property
    def is_answered(self) -> bool:
        return self.cannot_tell or self.code is not None


class Citation(models.Model):
    """Evidence a verdict rests on, pinned by the digest of what it pointed to."""

    class Kind(models.TextChoices):
        FILE = "file", "Lines of a file"
        CHECK = "check", "A check's result"
        LOG = "log", "Lines of a log"
        PROBE = "probe", "A probe's result"
        STEP = "step", "A step of a trajectory"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    verdict = models.ForeignKey(Verdict, on_delete=models.CASCADE, related_name="citations")
    kind = models.CharField(max_length=8, choices=Kind)
    target = models.CharField(max_length=400, help_text="A path, a check's key, or the id of evidence, probe or trial.")
    first = models.PositiveIntegerField(null=True, help_text="The first line or step, from 1.")
    last = models.PositiveIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file, log or result.")
    label = models.CharField(max_length=500, help_text="What people read on it, as it was when they cited it.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["verdict", "kind", "target", "first", "last"], nulls_distinct=False, name="citation_unique"
            ),
            models.CheckConstraint(
                condition=Q(first__isnull=True, last__isnull=True) | Q(first__gte=1, last__gte=models.F("first")),
                name="citation_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class GuidelineGap(models.Model):
    """Somebody says that a criterion's guideline leaves open what this case asks."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="gaps")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="gaps")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="gaps")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    settled_in = models.ForeignKey(RubricVersion, null=True, on_delete=models.PROTECT, related_name="gaps_settled")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "criterion", "author"], name="gap_one_per_person"),
            models.CheckConstraint(condition=~Q(text=""), name="gap_says_something"),
        ]

    def __str__(self) -> str:
        return f"Gap in {self.criterion}"
