from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.audit.actions import record
from annotations.core.decisions import require
from annotations.core.errors import Invalid
from annotations.rubrics.models import Criterion, Rubric, RubricVersion


@dataclass(frozen=True)
class Anchor:
    """One answer of a scale: its code, the word on the button, and what earns it."""

    code: int
    label: str
    description: str


@dataclass(frozen=True)
class CriterionSpec:
    """A criterion as its writer gives it, before it is sealed in a version."""

    key: str
    title: str
    question: str
    serves: str
    scale: str
    anchors: tuple[Anchor, ...]
    pass_code: int
    weight: int = 1


@transaction.atomic
def publish(
    project: Project, slug: str, title: str, criteria: Sequence[CriterionSpec], *, by: User | None
) -> RubricVersion:
    """Seal the criteria as the next version of the rubric, making the rubric on first use.

    Raises Invalid when there is no criterion, a key repeats, or a scale has fewer than two answers.
    """
    if by is not None:
        require(roles.can_lead(by, project))
    _require_sound(criteria)
    rubric, _ = Rubric.objects.get_or_create(project=project, slug=slug, defaults={"title": title})
    Rubric.objects.select_for_update().get(pk=rubric.pk)
    latest = rubric.versions.first()
    version = RubricVersion.objects.create(rubric=rubric, number=latest.number + 1 if latest else 1)
    Criterion.objects.bulk_create(
        Criterion(rubric_version=version, position=position, **_columns(spec))
        for position, spec in enumerate(criteria, start=1)
    )
    record("rubric.published", by=by, target=rubric, number=version.number)
    return version


def _columns(spec: CriterionSpec) -> dict[str, Any]:
    anchors = [vars(anchor) for anchor in spec.anchors]
    return {**vars(spec), "anchors": anchors}


def _require_sound(criteria: Sequence[CriterionSpec]) -> None:
    problems = {}
    if not criteria:
        problems["criteria"] = "A rubric needs at least one criterion."
    if len({spec.key for spec in criteria}) < len(criteria):
        problems["key"] = "Each criterion needs a key of its own."
    for spec in criteria:
        codes = [anchor.code for anchor in spec.anchors]
        if len(codes) < 2 or len(set(codes)) < len(codes):
            problems[spec.key] = "A scale needs at least two answers with different codes."
        elif spec.pass_code not in codes:
            problems[spec.key] = "The passing answer must be one of the scale's own."
    if problems:
        raise Invalid("The rubric was not published.", problems)
