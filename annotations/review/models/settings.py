from datetime import datetime, timedelta
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotations.accounts.models import Project
from annotations.core.prepared import first, prepared


class ReviewSettings(models.Model):
    """How one project hands out cases and settles them; without a row the defaults hold."""

    class Mode(models.TextChoices):
        PULL = "pull", "People take the next case"
        PUSH = "push", "Leads assign every case"

    class Order(models.TextChoices):
        DUE = "due", "Oldest due first"
        INFORMATION = "information", "Where an answer tells most"

    project = models.OneToOneField(Project, primary_key=True, on_delete=models.CASCADE, related_name="review_settings")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.PULL)
    order = models.CharField(max_length=12, choices=Order, default=Order.DUE)
    lease_minutes = models.PositiveSmallIntegerField(
        default=120, validators=[MinValueValidator(5), MaxValueValidator(10_080)], help_text="From the last save."
    )
    daily_quota = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Submissions a day; empty: no end.",
    )
    extra_annotators = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(10)], help_text="At most so many beyond the overlap."
    )
    extra_beyond = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Criteria people may disagree on before an extra annotator is asked.",
    )
    blind_first = models.BooleanField(default=False, help_text="Leads answer before they see anybody's answers.")
    second_lead_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Percent of settled cases that another lead settles again, unseen.",
    )
    gold_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="Percent of the cases experts take that are gold ones, unseen.",
    )
    gold_minimum = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Criteria of gold cases somebody answers before anything is judged by them.",
    )
    gold_threshold = models.PositiveSmallIntegerField(
        default=70,
        validators=[MaxValueValidator(100)],
        help_text="Percent of answers to gold cases that must be as expected, or the person's queue is paused.",
    )
    gold_feedback = models.BooleanField(
        default=False, help_text="Show people what was expected once they have submitted a gold case."
    )

    class Meta:
        verbose_name_plural = "review settings"
        constraints = [
            models.CheckConstraint(condition=Q(second_lead_percent__lte=100), name="review_settings_share"),
            models.CheckConstraint(condition=Q(lease_minutes__gte=5), name="review_settings_lease"),
            models.CheckConstraint(
                condition=Q(gold_percent__lte=100, gold_threshold__lte=100, gold_minimum__gte=1),
                name="review_settings_gold",
            ),
        ]

    def __str__(self) -> str:
        return f"Review settings of {self.project}"

    def lease_end(self) -> datetime:
        """When a lease ends that is given or extended now."""
        return timezone.now() + timedelta(minutes=self.lease_minutes)


def settings_of(project: Project) -> ReviewSettings:
    """The project's settings; the defaults, unsaved, where nobody changed them."""
    return first(_stored(project.pk)) or ReviewSettings(project=project)


@prepared
def _stored(project: UUID) -> QuerySet[ReviewSettings]:
    return ReviewSettings.objects.filter(project=project)


def lease_end_in(project_id: UUID) -> datetime:
    """When a lease ends that is given or extended now in this project."""
    held = first(_stored(project_id)) or ReviewSettings()
    return held.lease_end()
