from django.db import models
from django.db.models import F, Q

from annotations.accounts.models import Project, User
from annotations.core.ids import new_id
from annotations.review.models.annotations import Annotation
from annotations.review.models.cases import Case
from annotations.rubrics.models import Criterion


class GoldCase(models.Model):
    """A settled case whose final verdicts people are measured against, until a lead retires it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="gold")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Gold: {self.case}"


class GoldAnswer(models.Model):
    """One criterion of a gold case as somebody answered it, beside what was expected; null: cannot tell."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="gold_answers")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    expected = models.SmallIntegerField(null=True)
    given = models.SmallIntegerField(null=True)
    is_correct = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(fields=["annotation", "criterion"], name="gold_answer_unique"),
            models.CheckConstraint(
                condition=Q(is_correct=True) & (Q(expected=F("given")) | Q(expected=None, given=None))
                | Q(is_correct=False) & (~Q(expected=F("given")) | Q(expected=None) ^ Q(given=None)),
                name="gold_answer_correct_is_as_expected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.given}, expected {self.expected}"


class QueuePause(models.Model):
    """Somebody is handed no more cases of a project, for what they answered to gold ones, until a lead lifts it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="queue_pauses")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="queue_pauses")
    since = models.DateTimeField(auto_now_add=True)
    correct = models.PositiveIntegerField(help_text="Answers as expected, when it began.")
    answered = models.PositiveIntegerField(help_text="Answers to gold cases, when it began.")
    threshold = models.PositiveSmallIntegerField(help_text="The percent that was asked for.")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(lifted_at=None), name="queue_pause_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, note="")
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(note=""),
                name="queue_pause_lifted_by_somebody_with_a_note",
            ),
        ]

    def __str__(self) -> str:
        return f"Pause of {self.person}"
