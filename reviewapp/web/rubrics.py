from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from annotations.rubrics.models import Criterion, Rubric
from annotations.rubrics.queries import current_version
from reviewapp.web.access import project_for

MEANING = {
    Criterion.Serves.ACHIEVABILITY: _("The reference solution passes, every time."),
    Criterion.Serves.NON_TRIVIALITY: _("Doing nothing, or cheating, fails; agents do not all pass."),
    Criterion.Serves.FUNCTIONAL_CORRECTNESS: _(
        "The tests accept what the instruction asks for and reject what it does not."
    ),
    Criterion.Serves.ENVIRONMENT_RELIABILITY: _("It builds, runs and scores the same way again and again."),
}


@dataclass(frozen=True)
class AnchorView:
    """One answer of a scale and whether it counts as a pass."""

    label: str
    description: str
    passes: bool


@dataclass(frozen=True)
class CriterionView:
    criterion: Criterion
    anchors: list[AnchorView]


@dataclass(frozen=True)
class Group:
    """The questions that serve one of the four criteria of a good task."""

    key: str
    label: str
    meaning: str
    criteria: list[CriterionView]


@require_GET
def rubric_list(request: HttpRequest, project: str) -> HttpResponse:
    place = project_for(request, project)
    version = current_version(place, Rubric.SubjectKind.TASK)
    criteria = list(version.criteria.all()) if version else []
    context = {"project": place, "version": version, "count": len(criteria), "groups": _groups(criteria)}
    return render(request, "rubrics/list.html", context)


def _groups(criteria: Sequence[Criterion]) -> list[Group]:
    groups = [_group(serves, criteria) for serves in Criterion.Serves]
    return [group for group in groups if group.criteria]


def _group(serves: Criterion.Serves, criteria: Sequence[Criterion]) -> Group:
    ours = [_view(criterion) for criterion in criteria if criterion.serves == serves]
    return Group(serves.value, serves.label, str(MEANING[serves]), ours)


def _view(criterion: Criterion) -> CriterionView:
    anchors = [
        AnchorView(anchor["label"], anchor["description"], criterion.passes(anchor["code"]))
        for anchor in criterion.anchors
    ]
    return CriterionView(criterion, anchors)


urlpatterns = [path("", rubric_list, name="rubric-list")]
