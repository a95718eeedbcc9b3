from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotations.accounts.models import Membership, Project, User
from annotations.catalog.models import TaskVersion
from annotations.core.ids import new_id
from annotations.core.states import Transitions
from annotations.rubrics.models import RubricVersion

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
UNDATED_WAITS = timedelta(weeks=2)  # from its opening; then a case without a due date is due
DUE = Coalesce("due_at", Value(NEVER))  # a due date to order by: cases without one come last


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> Self:
        """The cases of the projects a person leads."""
        if user.is_superuser:
            return self
        leading = Membership.objects.filter(user=user, role=Membership.Role.LEAD).values("project")
        return self.filter(project__in=leading)

    def met_by(self, user: User) -> Self:
        """Of every case there is, those that exist for a person: all that count, and the gold copies dealt to them."""
        return self.filter(Q(gold_of=None) | Q(gold_for=user))


class CaseManager(models.Manager["Case"]):
    """The cases that count: copies of gold ones are dealt and answered like any other, and counted nowhere."""

    def get_queryset(self) -> CaseQuerySet:
        return CaseQuerySet(self.model, using=self._db).filter(gold_of=None)

    def visible_to(self, user: User) -> CaseQuerySet:
        return self.get_queryset().visible_to(user)


ORDINARY = Q(gold_of=None)  # what every index that lists cases is limited to, as every list is


def now() -> datetime:
    """What the clock says by then; a default that was the clock itself would not hear of it standing elsewhere."""
    return timezone.now()


class Case(models.Model):
    """A subject to be judged against one rubric version by `overlap` people, in one round."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ADJUDICATION = "adjudication", "Adjudication"
        ASKED = "asked", "Back with its annotators"
        SETTLED = "settled", "Settled"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.IntegerChoices):
        LOW = -1, "Low"
        NORMAL = 0, "Normal"
        HIGH = 1, "High"
        URGENT = 2, "Urgent"

    TRANSITIONS: ClassVar[Transitions] = {
        Status.OPEN: frozenset({Status.ADJUDICATION, Status.SETTLED, Status.CANCELLED}),
        # Back to open: the last annotator took their answer back, or an extra annotator is asked.
        Status.ADJUDICATION: frozenset({Status.OPEN, Status.ASKED, Status.SETTLED, Status.CANCELLED}),
        Status.ASKED: frozenset({Status.ADJUDICATION, Status.CANCELLED}),
        Status.SETTLED: frozenset(),
        Status.CANCELLED: frozenset(),
    }

    LIVE = (Status.OPEN, Status.ADJUDICATION, Status.ASKED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cases")
    task_version = models.ForeignKey(TaskVersion, null=True, on_delete=models.PROTECT, related_name="cases")
    subject_rubric_version = models.ForeignKey(
        RubricVersion, null=True, on_delete=models.PROTECT, related_name="cases_about"
    )
    rubric_version = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="cases")
    round = models.PositiveSmallIntegerField(default=1)
    overlap = models.PositiveSmallIntegerField(help_text="People to answer; extra annotators raise it.")
    extra = models.PositiveSmallIntegerField(default=0, help_text="How many of them were added by disagreement.")
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    due_at = models.DateTimeField(null=True, blank=True)
    needs = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    only_criteria = ArrayField(
        models.UUIDField(), null=True, blank=True, help_text="The criteria asked for; empty: all of the rubric."
    )
    follows = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
        help_text="The case whose other criteria stand, or which an author appealed against.",
    )
    appealed = models.BooleanField(
        default=False, help_text="An appeal: the answers of the case it follows are judged again."
    )
    second_due = models.BooleanField(default=False, help_text="Settled, and waiting for another lead, unseen.")
    disagreements = models.PositiveSmallIntegerField(default=0, help_text="Criteria with more than one answer.")
    unanimity_settles = models.BooleanField(default=True)
    status = models.CharField(max_length=15, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(default=now, editable=False)
    gold_of = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="copies",
        help_text="The settled case this is a copy of, dealt to one person who does not know it.",
    )
    gold_for = models.ForeignKey(
        User, null=True, editable=False, db_index=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = CaseManager()
    every = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["project", "status", "id"], condition=ORDINARY, name="case_by_status"),
            models.Index(
                fields=["project", "-priority", "-disagreements", "id"],
                condition=(Q(status="adjudication") | Q(second_due=True)) & ORDINARY,
                name="case_to_adjudicate",
            ),
            # The orders of the leads' table, each state read along its own stretch.
            models.Index("project", "status", DUE, "id", condition=ORDINARY, name="case_by_due"),
            models.Index(fields=["project", "status", "priority", "id"], condition=ORDINARY, name="case_by_priority"),
            models.Index(
                fields=["project", "status", "disagreements", "id"], condition=ORDINARY, name="case_by_disagreements"
            ),
            models.Index(fields=["rubric_version", "status", "id"], condition=ORDINARY, name="case_by_rubric"),
            models.Index(
                fields=["id"],
                condition=~ORDINARY & Q(status__in=["open", "adjudication"]),
                name="case_unfinished_copies",
            ),
            GinIndex(fields=["needs"], condition=ORDINARY, name="case_by_needs"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(task_version__isnull=False) ^ Q(subject_rubric_version__isnull=False),
                name="case_has_one_subject",
            ),
            models.CheckConstraint(condition=Q(overlap__gte=1), name="case_overlap_positive"),
            models.CheckConstraint(
                condition=Q(appealed=False) | Q(follows__isnull=False), name="case_appeal_follows_a_case"
            ),
            models.CheckConstraint(
                condition=Q(second_due=False) | Q(status="settled"), name="case_second_only_when_settled"
            ),
            models.UniqueConstraint(
                fields=["task_version", "rubric_version", "round"], condition=ORDINARY, name="case_unique_for_task"
            ),
            models.UniqueConstraint(
                fields=["subject_rubric_version", "rubric_version", "round"],
                condition=ORDINARY,
                name="case_unique_for_rubric",
            ),
            models.UniqueConstraint(
                fields=["gold_of", "gold_for"], condition=~ORDINARY, name="case_gold_once_for_each_person"
            ),
            models.CheckConstraint(
                condition=Q(gold_of__isnull=True, gold_for__isnull=True)
                | Q(gold_of__isnull=False, gold_for__isnull=False, overlap=1),
                name="case_gold_is_for_one_person",
            ),
        ]

    def __str__(self) -> str:
        return f"Case on {self.task_version or self.subject_rubric_version}"

    @property
    def subject(self) -> str:
        """What people call the thing it is about."""
        return str(self.task_version.task if self.task_version else self.subject_rubric_version)


class Seat(models.Model):
    """One of a case's N places; it makes "exactly N" a matter of structure. Only an open case has free ones."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()
    is_free = models.BooleanField(default=True)
    # The case's own, repeated so that the next seat is found by one index however many cases there are.
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(
        User,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who wrote the task, and so never sits here; Postgres fills it in.",
    )
    only_for = models.ForeignKey(
        User,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who alone may sit here, as the case is a copy dealt to them; Postgres fills it in.",
    )
    priority = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(default=now, help_text="When it is due where nobody set a date.")
    information = models.FloatField(default=0.0, help_text="What one more answer tells, and waiting.")
    needs = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                *("project", F("priority").desc(), Coalesce("due_at", "waits_until"), "id"),
                condition=Q(is_free=True),
                name="seat_free_by_due",
            ),
            models.Index(
                fields=["project", "-priority", "-information", "id"],
                condition=Q(is_free=True),
                name="seat_free_by_information",
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="seat_unique")]

    def __str__(self) -> str:
        return f"Seat {self.number} of {self.case}"
