"""The frame around every page: projects, places to go, what waits there."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.core.prepared import prepared
from annotations.notices.queries import unread_in_project
from annotations.review.models import Case
from annotations.review.queries import listed, to_adjudicate


@dataclass(frozen=True)
class Place:
    """A link of the rail."""

    label: str
    url: str
    icon: str
    key: str = ""
    cmd: str = ""
    count: int = 0
    current: bool = False


@dataclass(frozen=True)
class Entry:
    """A screen of a project and the roles that have it."""

    name: str
    label: Any
    icon: str
    key: str
    cmd: Any
    roles: frozenset[str]


EXPERTS = frozenset({Membership.Role.EXPERT.value})
EVERYONE = roles.WRITING | {Membership.Role.CONSUMER.value}
ENTRIES = (
    Entry("queue", lazy("Queue"), "inbox", "g q", lazy("Go to the queue"), EVERYONE),
    Entry("case-list", lazy("Adjudicate"), "scale", "g j", lazy("Go to adjudication"), roles.LEADING),
    Entry("overview", lazy("Overview"), "chart-column", "g o", lazy("Go to the overview"), roles.LEADING),
    Entry("agreement", lazy("Agreement"), "handshake", "g a", lazy("Go to agreement"), roles.LEADING),
    Entry("agreement-mine", lazy("Your answers"), "handshake", "g a", lazy("See how you answer"), EXPERTS),
    Entry("task-list", lazy("Tasks"), "file-code", "g t", lazy("Go to the tasks"), roles.WRITING),
    Entry("rubric-list", lazy("Rubrics"), "list-checks", "g r", lazy("Go to the rubrics"), EVERYONE),
    Entry("policy", lazy("Policy"), "shield-check", "g p", lazy("Go to the policy"), roles.WRITING),
    Entry("people", lazy("People"), "users", "g m", lazy("Go to the people"), roles.LEADING),
    Entry("dataset-list", lazy("Datasets"), "package", "g d", lazy("Go to the datasets"), EVERYONE),
)


@dataclass(frozen=True)
class ProjectLink:
    name: str
    url: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """What templates/_components/rail.html shows."""

    home: str
    project: ProjectLink | None
    projects: list[ProjectLink]
    nav: list[Place]
    bell: Place
    user_menu: list[Place]


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame, worked out only where a template shows it: one query, two for a lead."""
    if not isinstance(getattr(request, "user", None), User):
        return {"shell": None}
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> Shell:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # shell() has looked
    projects = _with_roles(user.pk, everywhere=user.is_superuser)
    slug = request.resolver_match.kwargs.get("project") if request.resolver_match else None
    current = next((project for project in projects if project.slug == slug), next(iter(projects), None))
    links = [ProjectLink(row.name, reverse("queue", args=[row.slug]), row == current) for row in projects]
    return Shell(
        home=reverse("home"),
        project=next((link for link in links if link.current), None),
        projects=links,
        nav=_nav(request, current, user) if current else [],
        bell=_bell(request, sum(project.unread for project in projects)),
        user_menu=_user_menu(user),
    )


@prepared
def _with_roles(user: UUID, *, everywhere: bool) -> Any:
    """The person's projects, each with their `role` in it and how many of its notices are `unread`."""
    who = User(pk=user, is_superuser=everywhere)
    own = FilteredRelation("memberships", condition=Q(memberships__user=user))
    return Project.objects.visible_to(who).annotate(own=own, role=F("own__role"), unread=unread_in_project(who))


def _nav(request: HttpRequest, project: Any, user: User) -> list[Place]:
    role = roles.ADMIN if user.is_superuser else project.role
    return [
        _place(request, entry, project, count=_waiting(project, user) if entry.name == "case-list" else 0)
        for entry in ENTRIES
        if role in entry.roles
    ]


def _waiting(project: Project, user: User) -> int:
    return len(listed(project.pk, user.pk, rows=_to_adjudicate, most=100, everywhere=user.is_superuser))


def _to_adjudicate(project: Project, user: User) -> QuerySet[Case, UUID]:
    return to_adjudicate(project, user).order_by().values_list("pk", flat=True)


def _place(request: HttpRequest, entry: Entry, project: Project, *, count: int) -> Place:
    url = reverse(entry.name, args=[project.slug])
    homes = (url, f"/p/{project.slug}/review/") if entry.name == "queue" else (url,)
    current = request.path.startswith(homes)
    return Place(str(entry.label), url, entry.icon, entry.key, str(entry.cmd), count, current=current)


def _bell(request: HttpRequest, unread: int) -> Place:
    url = reverse("notice-list")
    return Place(_("Notices"), url, "bell", "g n", _("Go to your notices"), unread, current=request.path == url)


def _user_menu(user: User) -> list[Place]:
    places = [
        Place(_("Preferences"), reverse("preferences"), "sun-moon"),
        Place(_("Password"), reverse("account_change_password"), "lock"),
        Place(_("Second factor"), reverse("mfa_index"), "shield-check"),
        Place(_("Sessions"), reverse("session-list"), "history"),
        Place(_("API tokens"), reverse("token-list"), "key-round"),
    ]
    return [*places, Place(_("Administration"), reverse("admin:index"), "settings")] if user.is_staff else places
