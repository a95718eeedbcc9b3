from typing import Self

from django.db import models
from django.db.models import Q

from annotations.accounts.models import Project, User
from annotations.agreement.models import Snapshot
from annotations.catalog.models import Task, TaskVersion
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed
from annotations.evidence.models import CheckRun
from annotations.review.models import Adjudication, Case


class AcceptancePolicy(Sealed):
    """What one project demands, in one version; a change is a new version."""

    class Isolation(models.TextChoices):
        STANDARD = "standard", "Hardened containers"
        GVISOR = "gvisor", "gVisor, where an engine offers it"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    oracle_runs = models.PositiveSmallIntegerField(default=3)
    nop_runs = models.PositiveSmallIntegerField(default=2)
    mutants = models.PositiveSmallIntegerField(default=8)
    allow_network = models.BooleanField(default=True)
    isolation = models.CharField(max_length=20, choices=Isolation, default=Isolation.STANDARD)
    severities = models.JSONField(
        default=dict, blank=True, help_text="Check keys to blocking, warning or information, where they differ."
    )
    overlap = models.PositiveSmallIntegerField(default=2)
    unanimity_settles = models.BooleanField(default=True)
    max_rounds = models.PositiveSmallIntegerField(default=3)
    agreement_floor = models.FloatField(
        null=True,
        blank=True,
        help_text="What the lower bound of every criterion's α has to reach before a release; empty: nothing is asked.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "acceptance policies"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="policy_number_unique"),
            models.CheckConstraint(
                condition=Q(oracle_runs__gte=1, nop_runs__gte=1, overlap__gte=1, max_rounds__gte=1),
                name="policy_counts_positive",
            ),
            models.CheckConstraint(
                condition=Q(agreement_floor__isnull=True) | Q(agreement_floor__gte=0, agreement_floor__lte=1),
                name="policy_agreement_floor",
            ),
        ]

    def __str__(self) -> str:
        return f"Policy {self.number} of {self.project}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> Self:
        """The newest decision of each version: those that no appeal has replaced."""
        return self.filter(replaced_by__isnull=True)

    def visible_to(self, user: User) -> Self:
        return self.filter(task_version__task__in=Task.objects.visible_to(user))


class Decision(Sealed):
    """The outcome for a task version under one policy version; recomputable from the rows it names.

    The decisions on a version are a chain: one replaces nothing, each later one (an appeal's) the one before.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        NEEDS_REVISION = "needs_revision", "Needs revision"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    task_version = models.ForeignKey(TaskVersion, on_delete=models.PROTECT, related_name="decisions")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    policy = models.ForeignKey(AcceptancePolicy, on_delete=models.PROTECT, related_name="decisions")
    check_run = models.ForeignKey(CheckRun, on_delete=models.PROTECT, related_name="decisions")
    adjudication = models.ForeignKey(Adjudication, null=True, on_delete=models.PROTECT, related_name="decisions")
    snapshots = models.ManyToManyField(
        Snapshot, related_name="decisions", help_text="The agreement it was held against, where the policy asks for it."
    )
    round = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=20, choices=Outcome)
    decided_at = models.DateTimeField(auto_now_add=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome="accepted") | Q(adjudication__isnull=False),
                name="decision_accepted_was_adjudicated",
            ),
            models.UniqueConstraint(
                fields=["task_version"], condition=Q(replaces__isnull=True), name="decision_first_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_version}: {self.get_outcome_display()}"


class Appeal(Sealed):
    """An author asks, once per task, that another lead judges a decision again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    task = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="appeal")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="appeal")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appeals")
    reason = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="appeal_has_reason")]

    def __str__(self) -> str:
        return f"Appeal against {self.decision}"


WORDS: dict[bool | None, str] = {True: "holds", False: "does not hold", None: "not assessed"}


class DecisionReason(Sealed):
    """Why one of the four criteria, or the agreement a policy demands, held or did not; None: it could not be told."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="reasons")
    position = models.PositiveSmallIntegerField()
    criterion = models.CharField(max_length=30)
    holds = models.BooleanField(null=True)
    text = models.TextField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["decision", "criterion"], name="decision_reason_unique")]

    def __str__(self) -> str:
        return f"{self.criterion}: {WORDS[self.holds]}"
