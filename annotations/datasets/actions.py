import hashlib
import re
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from annotations.acceptance.models import Decision
from annotations.acceptance.queries import held_back
from annotations.accounts.models import Project, User
from annotations.audit.actions import record
from annotations.core.decisions import require
from annotations.core.errors import Invalid
from annotations.datasets import policies, queries
from annotations.datasets.models import Dataset, Release, ReleaseItem

VERSION = re.compile(r"\d+\.\d+(\.\d+)?([-+][\w.]+)?")


@transaction.atomic
def create_dataset(project: Project, title: str, description: str = "", *, by: User) -> Dataset:
    """Start a named line of releases. Raises Invalid when the name is empty or taken."""
    require(policies.can_release(by, project))
    slug = slugify(title)[:60]
    if not slug:
        raise Invalid("The dataset was not made.", {"title": "Give it a name with letters or digits."})
    Project.objects.select_for_update().get(pk=project.pk)  # two of the same name at once
    if Dataset.objects.filter(project=project, slug=slug).exists():
        raise Invalid("The dataset was not made.", {"title": f"This project already has a dataset “{slug}”."})
    dataset = Dataset.objects.create(project=project, slug=slug, title=title[:120], description=description)
    record("dataset.created", by=by, target=dataset)
    return dataset


@transaction.atomic
def release(
    dataset: Dataset,
    version: str,
    decisions: Iterable[UUID],
    *,
    test_percent: int = 0,
    changelog: str = "",
    by: User,
) -> Release:
    """Seal a set of accepted task versions under a version string.

    `test_percent` (0 to 100) of them, chosen by name so that a task keeps its split from release to release,
    become the test split. Raises Invalid when a version is taken or malformed, a decision is not accepted, or people
    agree less than the policy demands.
    """
    require(policies.can_release(by, dataset.project))
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    wanted = set(decisions)
    accepted = list(queries.releasable(dataset.project).filter(pk__in=wanted))
    if problems := _problems(dataset, version, wanted, accepted, test_percent):
        raise Invalid("The release was not made.", problems)
    splits = {decision.pk: _split(decision, test_percent) for decision in accepted}
    row = Release.objects.create(
        dataset=dataset,
        project=dataset.project,
        version=version,
        digest=_digest(accepted, splits),
        changelog=changelog,
        task_count=len(accepted),
        created_by=by,
    )
    ReleaseItem.objects.bulk_create(
        ReleaseItem(release=row, task_version=decision.task_version, decision=decision, split=splits[decision.pk])
        for decision in accepted
    )
    record("release.sealed", by=by, target=row, digest=row.digest, tasks=row.task_count)
    return row


def _problems(
    dataset: Dataset, version: str, wanted: set[UUID], accepted: list[Decision], test_percent: int
) -> dict[str, str]:
    problems = {}
    if not VERSION.fullmatch(version):
        problems["version"] = "Give a version such as 1.0 or 1.2.0."
    elif dataset.releases.filter(version=version).exists():
        problems["version"] = f"Version {version} exists already; releases are sealed, so choose another."
    if not wanted:
        problems["decisions"] = "Choose at least one accepted task."
    elif len(accepted) < len(wanted):
        problems["decisions"] = "Only accepted tasks of this project can be released."
    elif len({decision.task_version.name for decision in accepted}) < len(accepted):
        problems["decisions"] = "Two of the chosen tasks have the same name."
    if accepted and (short := held_back(dataset.project, accepted)):
        problems["agreement"] = "The policy holds releases back until people agree. " + " ".join(short)
    if not 0 <= test_percent <= 100:
        problems["test_percent"] = "Give a share between 0 and 100 percent."
    return problems


def _split(decision: Decision, test_percent: int) -> str:
    draw = int.from_bytes(hashlib.sha256(decision.task_version.name.encode()).digest()[:4]) % 100
    return ReleaseItem.Split.TEST if draw < test_percent else ReleaseItem.Split.TRAIN


def _digest(decisions: Iterable[Decision], splits: dict[UUID, str]) -> str:
    """sha256 over a line `name NUL digest NUL split` per task, sorted by name."""
    lines = sorted(
        f"{decision.task_version.name}\0{decision.task_version.digest}\0{splits[decision.pk]}\n"
        for decision in decisions
    )
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()
