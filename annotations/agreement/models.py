from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotations.accounts.models import Project
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed
from annotations.review.models import Case
from annotations.rubrics.models import Criterion, RubricVersion


class Unit(models.Model):
    """One criterion of one judged case: a row of the rating table, and whether it counts.

    Kept in step with the cases by a job, so that a million verdicts are read once and not for every page. Its rows are
    made of those they refer to by one statement, so no constraint looks each of them up once more.
    """

    class Excluded(models.TextChoices):
        """Why a unit takes no part in agreement; the last two concern comparisons with a lead alone."""

        SINGLE = "single", "Fewer than two people could tell"
        CANCELLED = "cancelled", "The case was cancelled"
        UNSETTLED = "unsettled", "The case is not settled yet"
        UNKNOWN = "unknown", "One side could not tell"

    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="units", db_index=False, db_constraint=False)
    criterion = models.ForeignKey(
        Criterion, on_delete=models.CASCADE, related_name="units", db_index=False, db_constraint=False
    )
    at = models.DateTimeField(help_text="When its last answer was submitted; windows of time go by it.")
    raters = ArrayField(models.UUIDField(), help_text="Who answered, in the order of their seats.")
    codes = ArrayField(
        models.SmallIntegerField(null=True),
        help_text="What each answered on their own, before any question of a lead; null: cannot tell.",
    )
    lead = models.UUIDField(null=True, help_text="Who settled it; null: nobody, or everybody by agreement.")
    final = models.SmallIntegerField(null=True, help_text="The settled answer; null: none yet, or cannot tell.")
    second_lead = models.UUIDField(null=True)
    second = models.SmallIntegerField(null=True, help_text="What another lead settled it as, unaware of the first.")
    agreement = models.FloatField(
        null=True, help_text="Share of its pairs of people who answered alike; null: fewer than two could tell."
    )
    excluded = models.CharField(max_length=10, choices=Excluded, blank=True)
    settled = models.BooleanField(default=False, help_text="Before it is, nobody is told whose answer is whose.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "criterion"], name="unit_unique"),
            models.CheckConstraint(condition=Q(raters__len=models.F("codes__len")), name="unit_every_rater_has_a_code"),
        ]
        indexes = [
            models.Index(fields=["criterion", "at"], name="unit_by_criterion"),
            models.Index(fields=["criterion", "agreement", "id"], name="unit_by_agreement"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} of {self.case}"


class Between(models.TextChoices):
    """Whose answers are compared."""

    PEOPLE = "people", "Annotators among themselves"
    FINAL = "final", "Annotators and the final verdict"
    LEADS = "leads", "Two leads, unaware of each other"


class Snapshot(Sealed):
    """How far people agreed on one criterion when it was computed; a later one joins it, so that charts have a past.

    Null numbers are unknown, and `undefined` says why (annotations.agreement.statistics.estimates.Undefined).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    rubric_version = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="snapshots")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="snapshots")
    between = models.CharField(max_length=8, choices=Between)
    computed_at = models.DateTimeField(auto_now_add=True)
    code_version = models.PositiveSmallIntegerField(help_text="Of the statistics; a change computes all anew.")
    inputs_digest = models.CharField(max_length=64, help_text="SHA-256 of what it was computed from.")
    found = models.PositiveIntegerField(help_text="Units there were.")
    used = models.PositiveIntegerField(help_text="Units that counted.")
    excluded = models.JSONField(default=dict, help_text="How many did not, by reason.")
    ratings = models.PositiveIntegerField()
    raters = models.PositiveIntegerField()
    rarest = models.PositiveIntegerField(help_text="Ratings other than the commonest; few of them tell little.")
    contested = models.PositiveIntegerField(
        default=0, help_text="Units in which the commonest value has no majority; few of them tell little."
    )
    undefined = models.CharField(max_length=20, blank=True)
    alpha = models.FloatField(null=True)
    alpha_low = models.FloatField(null=True)
    alpha_high = models.FloatField(null=True)
    below = models.FloatField(null=True, help_text="P(α < .667).")
    ac = models.FloatField(null=True, help_text="Gwet's AC1; AC2 with quadratic weights on an ordered scale.")
    ac_low = models.FloatField(null=True)
    ac_high = models.FloatField(null=True)
    raw = models.FloatField(null=True, help_text="How often two agree, uncorrected.")
    raw_low = models.FloatField(null=True)
    raw_high = models.FloatField(null=True)
    details = models.JSONField(
        default=dict, help_text="By code: prevalence, specific agreement, its own alpha; other coefficients."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["criterion", "between", "-id"], name="snapshot_newest"),
            models.Index(fields=["rubric_version", "-id"], name="snapshot_by_rubric"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(used__lte=models.F("found")), name="snapshot_used_were_found"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}, {self.get_between_display()}"


class Following(models.Model):
    """How far a project's units and snapshots have come along with its cases."""

    project = models.OneToOneField(Project, primary_key=True, on_delete=models.CASCADE, related_name="+")
    seen_until = models.DateTimeField(null=True, help_text="What was done before this is in the units.")
    code_version = models.PositiveSmallIntegerField(default=0, help_text="Of the statistics that measured them last.")
    beat_at = models.DateTimeField(null=True, help_text="When its worker was last heard of; empty while none works.")
    wanted = models.BooleanField(default=False, help_text="Somebody asked for it now.")

    def __str__(self) -> str:
        return f"Agreement in {self.project}"
