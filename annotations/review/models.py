from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotations.accounts.models import Membership, Project, User
from annotations.catalog.models import TaskVersion
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed
from annotations.core.states import Transitions
from annotations.rubrics.models import Criterion, RubricVersion

LEASE = timedelta(hours=2)


def lease_end() -> datetime:
    return timezone.now() + LEASE


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> Self:
        """The cases of the projects a person leads."""
        if user.is_superuser:
            return self
        leading = Membership.objects.filter(user=user, role=Membership.Role.LEAD).values("project")
        return self.filter(project__in=leading)


class Case(models.Model):
    """A subject to be judged against one rubric version by `overlap` people, in one round."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ADJUDICATION = "adjudication", "Adjudication"
        SETTLED = "settled", "Settled"
        CANCELLED = "cancelled", "Cancelled"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.OPEN: frozenset({Status.ADJUDICATION, Status.SETTLED, Status.CANCELLED}),
        Status.ADJUDICATION: frozenset({Status.SETTLED, Status.CANCELLED}),
        Status.SETTLED: frozenset(),
        Status.CANCELLED: frozenset(),
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cases")
    task_version = models.ForeignKey(TaskVersion, null=True, on_delete=models.PROTECT, related_name="cases")
    subject_rubric_version = models.ForeignKey(
        RubricVersion, null=True, on_delete=models.PROTECT, related_name="cases_about"
    )
    rubric_version = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="cases")
    round = models.PositiveSmallIntegerField(default=1)
    overlap = models.PositiveSmallIntegerField()
    unanimity_settles = models.BooleanField(default=True)
    status = models.CharField(max_length=15, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(auto_now_add=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["project", "status", "id"], name="case_by_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(task_version__isnull=False) ^ Q(subject_rubric_version__isnull=False),
                name="case_has_one_subject",
            ),
            models.CheckConstraint(condition=Q(overlap__gte=1), name="case_overlap_positive"),
            models.UniqueConstraint(fields=["task_version", "rubric_version", "round"], name="case_unique_for_task"),
            models.UniqueConstraint(
                fields=["subject_rubric_version", "rubric_version", "round"], name="case_unique_for_rubric"
            ),
        ]

    def __str__(self) -> str:
        return f"Case on {self.task_version or self.subject_rubric_version}"


class Seat(models.Model):
    """One of a case's N places; it makes "exactly N" a matter of structure."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()
    is_free = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(is_free=True), name="seat_free")]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="seat_unique")]

    def __str__(self) -> str:
        return f"Seat {self.number} of {self.case}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(annotator=user, case__project__in=Project.objects.visible_to(user))


class Assignment(models.Model):
    """A seat held by one person until the lease ends; one row per person and case, ever."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUBMITTED = "submitted", "Submitted"
        EXPIRED = "expired", "Expired"
        SKIPPED = "skipped", "Skipped"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.ACTIVE: frozenset({Status.SUBMITTED, Status.EXPIRED, Status.SKIPPED}),
        Status.SUBMITTED: frozenset({Status.ACTIVE}),
        Status.EXPIRED: frozenset({Status.ACTIVE}),
        Status.SKIPPED: frozenset(),
    }
    LIVE = (Status.ACTIVE, Status.SUBMITTED)

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
    skip_reason = models.CharField(max_length=12, choices=SkipReason, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["annotator", "status"], name="assignment_by_annotator"),
            models.Index(fields=["lease_ends_at"], condition=Q(status="active"), name="assignment_lease"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["seat"],
                condition=Q(status__in=["active", "submitted"]),
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
    saved_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="submitted", submitted_at__isnull=False)
                | ~Q(status="submitted") & Q(submitted_at__isnull=True),
                name="annotation_submitted_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"Annotation by {self.author} of {self.case}"


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


class Adjudication(Sealed):
    """The final verdicts of a case: by unanimity (nobody's name), or by a lead with a reason."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="adjudication")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="adjudications")
    reason = models.TextField(blank=True)
    settled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=True) | ~Q(reason=""), name="adjudication_by_person_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"Adjudication of {self.case}"


class FinalVerdict(Answer, Sealed):
    """One criterion's settled value, and why people had disagreed on it."""

    class Cause(models.TextChoices):
        EVIDENCE = "evidence", "Different evidence"
        GUIDELINE = "guideline", "Guideline gap"
        MISTAKE = "mistake", "Mistake"
        JUDGEMENT = "judgement", "Judgement call"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adjudication = models.ForeignKey(Adjudication, on_delete=models.PROTECT, related_name="verdicts")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="final_verdicts")
    cause = models.CharField(max_length=10, choices=Cause, blank=True)

    class Meta:
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(fields=["adjudication", "criterion"], name="final_verdict_unique"),
            models.CheckConstraint(
                condition=Q(code__isnull=False) ^ Q(cannot_tell=True), name="final_verdict_one_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.code}"
