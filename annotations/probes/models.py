from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from annotations.accounts.models import Project, User
from annotations.catalog.models import Blob, Task, TaskVersion
from annotations.core.ids import new_id
from annotations.core.work import IS_CLAIMED, Work
from annotations.review.models import Assignment, Case
from harness import probes as harness

UNDER_REVIEW = (Case.Status.OPEN, Case.Status.ADJUDICATION)


class ProbeQuerySet(models.QuerySet["Probe"]):
    def visible_to(self, user: User) -> Self:
        """The one rule of who sees a probe, which says what its author thinks of the task.

        Always one's own. What was attached before review began: everyone who sees the task or has judged it. The
        rest: leads once everyone has submitted, unless they took part or wrote the task; and everyone concerned,
        its author included, once the case is settled. A withdrawn probe is shown to nobody.
        """
        own = Q(author=user)
        is_early = Q(phase=Probe.Phase.BEFORE)
        kept = self.filter(project__in=Project.objects.visible_to(user), withdrawn_at=None)
        return kept.filter(own | _is_concerned(user) & (is_early | _is_settled(user)) | _adjudicates(user))


def _is_concerned(user: User) -> Q:
    """They see the task itself, or had a seat at one of its cases."""
    return Q(task_version__task__in=Task.objects.visible_to(user)) | Q(_took_part(user))


def _took_part(user: User) -> Exists:
    """Looked up for the probe's own version, as a person's past may be long."""
    return Exists(Assignment.objects.filter(annotator=user, case__task_version=OuterRef("task_version")))


def _is_settled(user: User) -> Q:
    """People have settled what they think of the version, and nobody they may know of is at it again."""
    return Q(_has_case(user, Case.Status.SETTLED)) & ~Q(_has_case(user, *UNDER_REVIEW))


def _adjudicates(user: User) -> Q:
    """They lead, everyone has submitted, and they neither took part nor wrote the task."""
    leads = Case.objects.visible_to(user).filter(status=Case.Status.ADJUDICATION).values("task_version")
    is_elsewhere = ~Q(task_version__task__author=user)
    return Q(task_version__in=leads) & ~Q(_has_case(user, Case.Status.OPEN)) & ~Q(_took_part(user)) & is_elsewhere


def _has_case(user: User, *statuses: str) -> Exists:
    return Exists(Case.every.met_by(user).filter(task_version=OuterRef("task_version"), status__in=statuses))


class Probe(Work):
    """A claim about a task version, with the script that puts it to the test."""

    class Phase(models.TextChoices):
        BEFORE = "before", "Before review"
        REVIEW = "review", "During review"
        ADJUDICATION = "adjudication", "During adjudication"
        SETTLED = "settled", "After review"

    class Claim(models.TextChoices):
        MUST_PASS = harness.Claim.MUST_PASS.value, "Must pass"
        MUST_FAIL = harness.Claim.MUST_FAIL.value, "Must fail"

    class Outcome(models.TextChoices):
        HELD = "held", "Held"
        REFUTED = "refuted", "Refuted"
        UNTOLD = "untold", "Could not tell"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task_version = models.ForeignKey(TaskVersion, on_delete=models.PROTECT, related_name="probes")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="probes")
    phase = models.CharField(max_length=12, choices=Phase, help_text="Where the version stood when it was attached.")
    claim = models.CharField(max_length=10, choices=Claim)
    sentence = models.CharField(max_length=300, help_text="Why the author thinks so.")
    script = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    plan = models.JSONField(help_text="harness.plan.Plan as pinned when the probe was attached.")
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True)
    reward = models.CharField(max_length=200, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = ProbeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["task_version", "-id"], name="probe_by_version"),
            models.Index(
                fields=["status", "heartbeat_at"], condition=Q(status__in=["queued", "running"]), name="probe_live"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=IS_CLAIMED, name="probe_running_is_claimed"),
            models.CheckConstraint(
                condition=Q(status="finished") & ~Q(outcome="") | ~Q(status="finished") & Q(outcome=""),
                name="probe_finished_has_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Probe {self.reference}"

    @property
    def reference(self) -> str:
        """What people call it in a rationale: short, and telling nothing of how many others there are."""
        return self.id.hex[-6:]


class ProbeFile(models.Model):
    """A file that the script finds at its path; one that is not absolute lies below /probe."""

    probe = models.ForeignKey(Probe, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=harness.LONGEST_PATH)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["probe", "path"], name="probe_file_unique")]

    def __str__(self) -> str:
        return self.path


class ProbeEvidence(models.Model):
    """A log or file the run of a probe left."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    probe = models.ForeignKey(Probe, on_delete=models.PROTECT, related_name="evidence")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "probe evidence"
        constraints = [models.UniqueConstraint(fields=["probe", "name"], name="probe_evidence_unique")]

    def __str__(self) -> str:
        return self.name
