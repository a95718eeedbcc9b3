"""How a project goes, for its leads: progress, its cases in a table, by person, and what was changed in bulk."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from annotations.accounts.models import Project
from annotations.review import actions, policies
from annotations.review.actions.gold import LONGEST_NOTE
from annotations.review.models import Assignment, QueuePause
from annotations.review.queries import gold
from annotations.review.queries.overview import DAYS, PersonRow, by_person, overview_of
from reviewapp.templatetags.figures import clock
from reviewapp.web import bulk, case_table, overview_charts, saved_views
from reviewapp.web import gold as gold_pages
from reviewapp.web.access import person
from reviewapp.web.overview_tabs import tabs
from reviewapp.web.people import leading

REMEMBERED = 20  # times as long as it took, at most
LONGEST = 300  # seconds
MOST_PAUSED = 20  # people; the others show as these can go on


def remembered[T](name: str, project: Project, compute: Callable[[], T]) -> T:
    """What `compute` returns, kept for as long as it was worth: what took a second is asked again after twenty."""
    key = f"overview:{name}:{project.pk}"
    found: T | None = cache.get(key)
    if found is None:
        began = time.monotonic()
        found = compute()
        cache.set(key, found, min(REMEMBERED * (time.monotonic() - began), LONGEST))
    return found


@require_safe
def progress(request: HttpRequest, project: str) -> HttpResponse:
    """Where the cases stand, what is done a day, and what has waited for long."""
    place = leading(request, project)
    found = remembered("progress", place, lambda: overview_of(place))
    rows = overview_charts.states(found)
    context = {
        "project": place,
        "tabs": tabs(place, "overview"),
        "overview": found,
        "rows": rows,
        "stacked": overview_charts.stacked(rows),
        "throughput": overview_charts.throughput(found.days),
        "submitted": sum(day.submitted for day in found.days),
        "settled": sum(day.settled for day in found.days),
        "histogram": overview_charts.histogram(found.ages),
        "age_labels": overview_charts.age_labels(),
        "oldest": case_table.line(place, found.oldest) if found.oldest else None,
    }
    return render(request, "overview/progress.html", context)


@dataclass(frozen=True)
class PersonLine:
    """A person's row with the shares and reasons in words."""

    row: PersonRow
    minutes: str
    agreement: str
    skips: list[tuple[str, int]]
    url: str


class LiftForm(forms.Form):
    """What a lead tells somebody whose queue opens again."""

    note = forms.CharField(
        label=lazy("What comes of it"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("They read it. Their answers so far no longer count, and the next ones do."),
        error_messages={"required": lazy("Say what comes of it.")},
    )


@require_safe
def people(request: HttpRequest, project: str) -> HttpResponse:
    """Everybody's pace, agreement with what became final, and what they hold; before them whose queue is paused."""
    return _people(request, leading(request, project))


def _people(
    request: HttpRequest, place: Project, sent: LiftForm | None = None, pause: UUID | None = None
) -> HttpResponse:
    rows = remembered("people", place, lambda: by_person(place))
    paused = [
        (row, sent if sent and row.pk == pause else LiftForm(auto_id=f"{row.pk}-%s"))
        for row in gold.paused(place)[:MOST_PAUSED]
    ]
    context = {
        "project": place,
        "tabs": tabs(place, "overview-people"),
        "paused": [(row, form, policies.is_of_another(person(request), row)) for row, form in paused],
        "lines": [_line(place, row) for row in rows],
        "days": DAYS,
    }
    return render(request, "overview/people.html", context, status=422 if sent else 200)


@require_POST
def lift(request: HttpRequest, project: str, pause: UUID) -> HttpResponse:
    """Open somebody's queue again, with a note to them."""
    place = leading(request, project)
    found = get_object_or_404(QueuePause.objects.select_related("project", "person"), project=place, pk=pause)
    form = LiftForm(request.POST, auto_id=f"{pause}-%s")
    if not form.is_valid():
        return _people(request, place, form, pause)
    actions.lift_pause(found, form.cleaned_data["note"], by=person(request))
    messages.success(request, _("%(who)s can take cases again.") % {"who": found.person})
    return redirect("overview-people", place.slug)


def _line(project: Project, row: PersonRow) -> PersonLine:
    reasons = dict(Assignment.SkipReason.choices)
    return PersonLine(
        row=row,
        minutes=clock(row.seconds),
        agreement="" if row.agreement is None else f"{round(100 * row.agreement)} %",
        skips=[(reasons[reason], count) for reason, count in row.skips.most_common()],
        url=f"{reverse('overview-cases', args=[project.slug])}?person={row.person.pk}&state=all",
    )


urlpatterns = [
    path("", progress, name="overview"),
    path("people/", people, name="overview-people"),
    path("people/pauses/<uuid:pause>/lift/", lift, name="pause-lift"),
    *gold_pages.urlpatterns,
    path("cases/", case_table.cases, name="overview-cases"),
    path("cases/change/", bulk.change, name="overview-change"),
    path("cases/take-back/<uuid:assignment>/", bulk.take_back, name="overview-take-back"),
    path("changes/", bulk.changes, name="overview-changes"),
    path("changes/<uuid:change>/undo/", bulk.undo, name="overview-undo"),
    path("views/", saved_views.save, name="overview-view-save"),
    path("views/<uuid:view>/", saved_views.change, name="overview-view-change"),
    path("views/<uuid:view>/delete/", saved_views.delete, name="overview-view-delete"),
]
