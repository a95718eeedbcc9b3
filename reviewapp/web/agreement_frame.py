"""What every agreement page is about: a rubric version, and the units that the address's filters leave."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.agreement import queries
from annotations.agreement.models import Between, Following, Snapshot
from annotations.agreement.queries import Filters
from annotations.rubrics.models import Criterion, RubricVersion
from annotations.rubrics.queries import criteria_of
from reviewapp.web import live
from reviewapp.web.access import person
from reviewapp.web.overview_tabs import Tab
from reviewapp.web.people import leading


@dataclass(frozen=True)
class Frame:
    """A project's rubric version and filters; no version where nothing was measured yet."""

    project: Project
    user: User
    versions: Sequence[RubricVersion]
    version: RubricVersion | None
    filters: Filters

    @property
    def criteria(self) -> Sequence[Criterion]:
        return criteria_of(self.version.pk) if self.version else ()

    @property
    def params(self) -> dict[str, str]:
        return {"version": str(self.version.pk), **self.filters.params} if self.version else {}

    def address(self, name: str, **more: object) -> str:
        """A page of agreement about the same; `more` replaces filters or adds to them."""
        given = {**self.params, **more}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{reverse(name, args=[self.project.slug])}?{query}"

    def numbers(self, criteria: Sequence[Criterion], between: Between) -> Mapping[UUID, Snapshot]:
        """The criteria's numbers: stored ones, unless filters ask for others. At most two queries."""
        if self.version and not self.filters.narrow:
            return {row.criterion_id: row for row in queries.newest_of(criteria, between)}
        return queries.measured(criteria, between, self.filters)

    @cached_property
    def following(self) -> Following:
        return queries.following(self.project)


def read(request: HttpRequest, project: str) -> Frame:
    """What the address asks for, for leads. 404 for a version nothing was measured by; Invalid for other nonsense."""
    return of(request, leading(request, project))


def of(request: HttpRequest, place: Project) -> Frame:
    """The same for whoever was let in."""
    versions = list(queries.versions(place))
    wanted = request.GET.get("version")
    version = _named(versions, wanted) if wanted else _default(versions)
    return Frame(place, person(request), versions, version, Filters.read(request.GET))


def _named(versions: Sequence[RubricVersion], wanted: str) -> RubricVersion:
    for version in versions:
        if str(version.pk) == wanted:
            return version
    raise Http404


def _default(versions: Sequence[RubricVersion]) -> RubricVersion | None:
    """The newest one that tasks are judged by, else the newest of all."""
    return max(versions, key=lambda version: (version.rubric.is_for_tasks, version.published_at), default=None)


# --- Filters -----------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """An option of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """A filter: a choice among `choices`, or a day where there are none."""

    name: str
    label: str
    value: str
    choices: Sequence[Choice] = ()


def select(name: str, label: str, chosen: object, options: Iterable[tuple[object, object]]) -> Field:
    value = "" if chosen is None else str(chosen)
    return Field(name, label, value, [Choice(str(key), str(word), str(key) == value) for key, word in options])


def fields(frame: Frame) -> list[Field]:
    """What the units can be narrowed by; categories and sources only where there are any."""
    filters, known = frame.filters, queries.choices(frame.project)
    members = frame.project.memberships.filter(role__in=roles.WRITING).select_related("user").order_by("user__name")
    people = [("", _("Anybody")), *((row.user_id, row.user) for row in members)]
    found = [
        Field("since", _("From"), str(filters.since or "")),
        Field("until", _("To"), str(filters.until or "")),
        select("person", _("Answered by"), filters.person, people),
        select("other", _("and by"), filters.other, people),
        select("category", _("Category"), filters.category, _any(known.categories)),
        select("source", _("Source"), filters.source, _any(known.sources)),
    ]
    return [field for field in found if len(field.choices) != 1 or field.value]


def _any(names: Iterable[str]) -> list[tuple[str, str]]:
    return [("", _("Any")), *((name, name) for name in names)]


# --- Around every page -------------------------------------------------------
def tabs(frame: Frame, current: str) -> list[Tab]:
    places = (
        ("agreement", _("Criteria")),
        ("agreement-time", _("Over time")),
        ("agreement-pairs", _("Pairs")),
        ("agreement-final", _("Leads and final")),
        ("agreement-people", _("People")),
    )
    return [Tab(label, frame.address(name), name == current) for name, label in places]


def context(frame: Frame, current: str, *more: Field) -> dict[str, Any]:
    """What the pages' frame shows; `more` are filters of one page alone."""
    chosen = frame.version.pk if frame.version else None
    return {
        "project": frame.project,
        "version": frame.version,
        "versions": select("version", "", chosen, ((row.pk, row) for row in frame.versions)).choices,
        "filters": frame.filters,
        "fields": [*more, *fields(frame)] if frame.version else [],
        "tabs": tabs(frame, current),
        "export": frame.address("agreement-export"),
        "report": frame.address("agreement-report"),
        "empty": "" if frame.version else _why_empty(frame.following),
        **standing(frame),
    }


def _why_empty(row: Following) -> str:
    if row.seen_until is None:
        return _("Nothing was computed here yet. It is within minutes of the first cases, or at once when you ask.")
    return _(
        "Agreement needs cases that two people answered, neither knowing what the other said. None has both its "
        "answers yet: the policy says how many people a case takes, and the overview where the cases stand."
    )


def standing(frame: Frame) -> dict[str, Any]:
    """Until when everything is in the numbers, and whether they are being brought up to date."""
    row = frame.following
    is_working = row.wanted or row.beat_at is not None
    tag = live.tag(frame.user, frame.project.pk, (row.seen_until, is_working))
    return {"standing": row, "is_working": is_working, "standing_tag": tag}
