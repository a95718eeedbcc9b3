"""Every case of a project in a table for its leads: filters in the address, pages by place, saved views."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.core.keyset import Start
from annotations.review.models import Case, SavedView
from annotations.review.queries.table import CaseFilters, CaseLine, case_page
from annotations.rubrics.models import RubricVersion
from reviewapp.web.access import person
from reviewapp.web.overview_tabs import tabs
from reviewapp.web.people import leading
from reviewapp.web.subject import title_of

PAGE = 50
PILLS = {
    Case.Status.OPEN: "in_review",
    Case.Status.ADJUDICATION: "adjudication",
    Case.Status.ASKED: "waiting",
    Case.Status.SETTLED: "passed",
    Case.Status.CANCELLED: "cancelled",
}


@dataclass(frozen=True)
class Line:
    """A case as the table shows it."""

    found: CaseLine
    title: str
    url: str
    pill: str

    @property
    def case(self) -> Case:
        return self.found.case


@dataclass(frozen=True)
class Choice:
    """An option of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ViewTab:
    """A saved view as a tab."""

    label: str
    url: str
    current: bool


@require_safe
def cases(request: HttpRequest, project: str) -> HttpResponse:
    """A page of the cases that the address's filters leave."""
    return table(request, leading(request, project), CaseFilters.read(request.GET))


def table(
    request: HttpRequest, place: Project, filters: CaseFilters, *, status: int = 200, **more: object
) -> HttpResponse:
    """The page; `more` is what a refused form needs to show itself again."""
    start = Start.read(after=request.GET.get("after"), before=request.GET.get("before"))
    page, me = case_page(place, filters, start, size=PAGE), person(request)
    views = list(SavedView.objects.visible_to(me).filter(project=place).select_related("by")[:MOST_VIEWS])
    members = list(place.memberships.filter(role__in=roles.WRITING).select_related("user").order_by("user__name"))
    context = {
        "project": place,
        "tabs": tabs(place, "overview-cases"),
        "views": view_tabs(views, filters, me),
        "view": next((view for view in views if view.query == filters.query and view.by_id == me.pk), None),
        "filters": filters,
        "lines": [line(place, found) for found in page.lines],
        "count": filters.count(place),
        "previous": address(place, filters, before=page.before) if page.before else "",
        "next": address(place, filters, after=page.after) if page.after else "",
        **_choices(place, filters, members),
        **more,
    }
    return render(request, "overview/cases.html", context, status=status)


MOST_VIEWS = 40


def address(project: Project, filters: CaseFilters, **place: str) -> str:
    """Where these filters are shown."""
    url, query = reverse("overview-cases", args=[project.slug]), urlencode({**filters.params, **place})
    return f"{url}?{query}" if query else url


def line(project: Project, found: CaseLine) -> Line:
    """A case with its title, and where a lead goes on with it."""
    case = found.case
    return Line(found, title_of(case), place_of(project, case), PILLS[Case.Status(case.status)])


def place_of(project: Project, case: Case) -> str:
    """Where a lead goes on with a case."""
    if case.status == Case.Status.OPEN and case.task_version:
        return reverse("task-detail", args=[project.slug, case.task_version.task_id])
    if case.status == Case.Status.CANCELLED:
        return reverse("case-trail", args=[project.slug, case.pk])
    return reverse("case-adjudicate", args=[project.slug, case.pk])


def view_tabs(views: Sequence[SavedView], filters: CaseFilters, owner: User) -> list[ViewTab]:
    """The default view, one's own, then what others share under their names."""
    first = ViewTab(_("Unfinished"), "?", not filters.params)
    own = [view for view in views if view.by_id == owner.pk]
    others = [view for view in views if view.by_id != owner.pk]
    named = [(view.name, view.query) for view in own] + [(f"{view.name} · {view.by}", view.query) for view in others]
    return [first, *(ViewTab(label, f"?{query}", query == filters.query) for label, query in named)]


def abilities(members: Sequence[Membership]) -> list[str]:
    """What the project's people can do: what a case may need."""
    return sorted({ability for member in members for ability in member.abilities})


def _choices(project: Project, filters: CaseFilters, members: Sequence[Membership]) -> dict[str, list[Choice]]:
    versions = RubricVersion.objects.filter(rubric__project=project).select_related("rubric").order_by("-published_at")
    skills = sorted({*abilities(members), *filter(None, [filters.skill])})
    states = [("", _("Unfinished")), ("all", _("All states")), *Case.Status.choices]
    orders = [
        ("newest", _("Newest first")),
        ("oldest", _("Oldest first")),
        ("due", _("Due first")),
        ("priority", _("Most urgent first")),
        ("disagreements", _("Most disputed first")),
    ]
    return {
        "states": _options(states, filters.state),
        "priorities": _options([("", _("Any")), *reversed(Case.Priority.choices)], filters.priority),
        "people": _options([("", _("Anybody")), *((row.user_id, row.user) for row in members)], filters.person),
        "skills": _options([("", _("Any")), *((skill, skill) for skill in skills)], filters.skill),
        "rubrics": _options([("", _("Any")), *((row.pk, row) for row in versions[:100])], filters.rubric),
        "orders": _options(orders, filters.order),
    }


def _options(choices: Sequence[tuple[Any, Any]], chosen: Any) -> list[Choice]:
    wanted = "" if chosen is None else str(chosen)
    return [Choice(str(value), str(label), str(value) == wanted) for value, label in choices]
