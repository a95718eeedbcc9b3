from typing import Any

from django.db import models

from annotations.accounts.models import Project
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed


class Rubric(models.Model):
    """A named line of rubric versions for one kind of subject."""

    class SubjectKind(models.TextChoices):
        TASK = "task", "Task version"
        RUBRIC = "rubric", "Rubric version"
        TRIAL = "trial", "Trial"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rubrics")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    subject_kind = models.CharField(max_length=10, choices=SubjectKind, default=SubjectKind.TASK)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="rubric_slug_unique")]

    def __str__(self) -> str:
        return self.title


class RubricVersion(Sealed):
    """A published, sealed set of criteria."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["rubric", "number"], name="rubric_version_unique")]

    def __str__(self) -> str:
        return f"{self.rubric} v{self.number}"


class Criterion(Sealed):
    """One atomic question. "Cannot tell" is always a possible answer beside its scale."""

    class Scale(models.TextChoices):
        BINARY = "binary", "Yes or no"
        ORDINAL = "ordinal", "Ordered"
        NOMINAL = "nominal", "Named"

    class Serves(models.TextChoices):
        """Which of the four criteria of a good task the question serves."""

        ACHIEVABILITY = "achievability", "Achievability"
        NON_TRIVIALITY = "non_triviality", "Non-triviality"
        FUNCTIONAL_CORRECTNESS = "functional_correctness", "Functional correctness"
        ENVIRONMENT_RELIABILITY = "environment_reliability", "Environment reliability"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rubric_version = models.ForeignKey(RubricVersion, on_delete=models.PROTECT, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    question = models.TextField()
    serves = models.CharField(max_length=30, choices=Serves)
    scale = models.CharField(max_length=10, choices=Scale)
    anchors = models.JSONField(help_text="[{code, label, description}] in the order shown.")
    pass_code = models.SmallIntegerField(help_text="Codes from this one up count as a pass.")
    weight = models.SmallIntegerField(default=1)

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(fields=["rubric_version", "key"], name="criterion_key_unique"),
            models.UniqueConstraint(fields=["rubric_version", "position"], name="criterion_position_unique"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def codes(self) -> list[int]:
        return [anchor["code"] for anchor in self.anchors]

    def anchor(self, code: int) -> dict[str, Any]:
        return next(anchor for anchor in self.anchors if anchor["code"] == code)

    def passes(self, code: int | None) -> bool:
        """Whether an answer counts as a pass; "cannot tell" (None) never does."""
        return code is not None and code >= self.pass_code
