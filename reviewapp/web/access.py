"""From a request to what its person may see; everything else is 404."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django_htmx.middleware import HtmxDetails

from annotations.accounts.models import Project, User
from annotations.core.prepared import first, prepared
from reviewapp.web.second_factor import admit


class WebRequest(HttpRequest):
    """A request past the login and htmx middleware."""

    user: User
    htmx: HtmxDetails


def project_for(request: HttpRequest, slug: str) -> Project:
    """The project of this slug if the person belongs to it; 404 otherwise. See `admit` for what it may ask of them."""
    user = person(request)
    found = Project.objects.filter(slug=slug).first() if user.is_superuser else first(_joined(slug, user.pk))
    if found is None:
        raise Http404
    admit(request, user, found)
    return found


@prepared
def _joined(slug: str, user: UUID) -> QuerySet[Project, Any]:
    return Project.objects.visible_to(User(pk=user)).filter(slug=slug)


def person(request: HttpRequest) -> User:
    """The signed-in person; the login middleware lets nobody else through."""
    return cast(User, request.user)
