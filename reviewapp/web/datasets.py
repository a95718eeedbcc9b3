from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from annotations.acceptance.models import Decision
from annotations.acceptance.queries import held_back
from annotations.accounts.models import Project
from annotations.catalog.models import TaskVersion
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.datasets import actions, export, policies, queries
from annotations.datasets.models import Dataset, Release
from reviewapp.errors import status_of
from reviewapp.web import releases
from reviewapp.web.access import person, project_for
from reviewapp.web.refusals import attempt, explain


class DatasetForm(forms.Form):
    """The name of a new line of releases and what it is for."""

    title = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReleaseForm(forms.Form):
    """Which accepted tasks a release seals, and under which version."""

    version = forms.CharField(
        label=gettext_lazy("Version"), max_length=40, help_text=gettext_lazy("Such as 1.0 or 1.2.0.")
    )
    test_percent = forms.IntegerField(
        label=gettext_lazy("Test split, percent"),
        min_value=0,
        max_value=100,
        initial=20,
        help_text=gettext_lazy("Drawn by name, so that a task keeps its split from release to release."),
    )
    changelog = forms.CharField(
        label=gettext_lazy("Changelog"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    decisions = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Tasks"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one accepted task.")},
    )

    def __init__(self, *args: Any, accepted: Iterable[Decision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["decisions"]
        assert isinstance(chosen, forms.TypedMultipleChoiceField)  # noqa: S101  # for the type checker
        chosen.choices = [(str(decision.pk), _label(decision.task_version)) for decision in accepted]


def _label(version: TaskVersion) -> str:
    return f"{version.task} ({version.name} v{version.number})"


# --- Datasets ----------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def dataset_list(request: HttpRequest, project: str) -> HttpResponse:
    place = project_for(request, project)
    if request.method != "POST":
        return _list_page(request, place, DatasetForm())
    require(policies.can_release(person(request), place))
    form = DatasetForm(request.POST)
    if not form.is_valid():
        return _list_page(request, place, form, status=422)
    made = attempt(lambda: actions.create_dataset(place, **form.cleaned_data, by=person(request)))
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _list_page(request, place, form, status=status_of(made))
    return redirect("dataset-detail", place.slug, made.slug)


def _list_page(request: HttpRequest, place: Project, form: DatasetForm, status: int = 200) -> HttpResponse:
    newest = Release.objects.filter(dataset=OuterRef("pk")).order_by("-id")
    rows = Dataset.objects.visible_to(person(request)).filter(project=place)
    datasets = rows.annotate(
        release_count=Count("releases"),
        newest=Subquery(newest.values("version")[:1]),
        newest_count=Subquery(newest.values("task_count")[:1]),
    )
    context = {
        "project": place,
        "datasets": datasets,
        "form": form,
        "may_create": policies.can_release(person(request), place),
    }
    return render(request, "datasets/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_detail(request: HttpRequest, project: str, dataset: str) -> HttpResponse:
    row = _dataset(request, project, dataset)
    accepted = list(queries.releasable(row.project))
    if request.method != "POST":
        return _detail_page(request, row, _empty_form(row, accepted), accepted)
    require(policies.can_release(person(request), row.project))
    form = ReleaseForm(request.POST, accepted=accepted)
    if not form.is_valid():
        return _detail_page(request, row, form, accepted, status=422)
    made = attempt(lambda: actions.release(row, **form.cleaned_data, by=person(request)))
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _detail_page(request, row, form, accepted, status=status_of(made))
    messages.success(request, _("Release %(version)s is sealed.") % {"version": made.version})
    return redirect("release-detail", row.project.slug, row.slug, made.version)


def _empty_form(dataset: Dataset, accepted: list[Decision]) -> ReleaseForm:
    chosen = [str(decision.pk) for decision in accepted]
    initial = {"version": releases.next_version(dataset), "decisions": chosen}
    return ReleaseForm(initial=initial, accepted=accepted)


def _detail_page(
    request: HttpRequest, dataset: Dataset, form: ReleaseForm, accepted: list[Decision], status: int = 200
) -> HttpResponse:
    may_release = policies.can_release(person(request), dataset.project)
    context = {
        "project": dataset.project,
        "dataset": dataset,
        "releases": dataset.releases.select_related("created_by"),
        "form": form,
        "has_accepted": bool(accepted),
        "may_release": may_release,
        "held_back": held_back(dataset.project, accepted) if may_release else [],
    }
    return render(request, "datasets/detail.html", context, status=status)


# --- Releases ----------------------------------------------------------------
@require_GET
def release_detail(request: HttpRequest, project: str, dataset: str, release: str) -> HttpResponse:
    row = _release(request, project, dataset, release)
    page = releases.page(row, request, person(request))
    return render(request, "datasets/release.html", {"project": row.dataset.project, "page": page})


@require_GET
def release_tree(request: HttpRequest, project: str, dataset: str, release: str) -> StreamingHttpResponse:
    row = _release(request, project, dataset, release)
    return _streamed(export.harbor_tree(row), releases.file_name(row, ".tar.gz"), "application/gzip")


@require_GET
def release_lines(request: HttpRequest, project: str, dataset: str, release: str) -> StreamingHttpResponse:
    row = _release(request, project, dataset, release)
    return _streamed(export.json_lines(row), releases.file_name(row, ".jsonl"), "application/x-ndjson")


def _streamed(pieces: Iterable[bytes], name: str, content_type: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""}
    return StreamingHttpResponse(pieces, content_type=content_type, headers=headers)


def _dataset(request: HttpRequest, project: str, slug: str) -> Dataset:
    visible = Dataset.objects.visible_to(person(request)).select_related("project")
    return get_object_or_404(visible, project=project_for(request, project), slug=slug)


def _release(request: HttpRequest, project: str, dataset: str, version: str) -> Release:
    visible = Release.objects.visible_to(person(request)).select_related("dataset__project", "created_by")
    row = _dataset(request, project, dataset)
    return get_object_or_404(visible, dataset=row, version=version)


urlpatterns = [
    path("", dataset_list, name="dataset-list"),
    path("<slug:dataset>/", dataset_detail, name="dataset-detail"),
    path("<slug:dataset>/<str:release>/", release_detail, name="release-detail"),
    path("<slug:dataset>/<str:release>/tree.tar.gz", release_tree, name="release-tree"),
    path("<slug:dataset>/<str:release>/tasks.jsonl", release_lines, name="release-lines"),
]
