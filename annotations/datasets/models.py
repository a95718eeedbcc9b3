from typing import Self

from django.db import models

from annotations.acceptance.models import Decision
from annotations.accounts.models import Project, User
from annotations.catalog.models import TaskVersion
from annotations.core.ids import new_id
from annotations.core.sealed import Sealed


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User) -> Self:
        """Every member of a project may read its datasets."""
        return self.filter(project__in=Project.objects.visible_to(user))


class Dataset(models.Model):
    """A named line of releases."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="datasets")
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["project", "slug"], name="dataset_slug_unique")]

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """The name in Harbor's form, org/name."""
        return f"{self.project.slug}/{self.slug}"


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(dataset__in=Dataset.objects.visible_to(user))


class Release(Sealed):
    """A sealed, digested set of accepted task versions."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="releases")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=71)
    changelog = models.TextField(blank=True)
    task_count = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "version"], name="release_version_unique")]

    def __str__(self) -> str:
        return f"{self.dataset} {self.version}"


class ReleaseItem(Sealed):
    """One accepted task version in a release; a trigger holds its decision to "accepted"."""

    class Split(models.TextChoices):
        TRAIN = "train", "Train"
        TEST = "test", "Test"

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="items")
    task_version = models.ForeignKey(TaskVersion, on_delete=models.PROTECT, related_name="release_items")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="release_items")
    split = models.CharField(max_length=10, choices=Split, default=Split.TRAIN)

    class Meta:
        ordering = ["task_version__name"]
        constraints = [models.UniqueConstraint(fields=["release", "task_version"], name="release_item_unique")]

    def __str__(self) -> str:
        return f"{self.task_version} in {self.release}"
