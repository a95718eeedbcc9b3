"""Parts that poll: a version tag lets the server answer 304 without a body while nothing has changed.

The tag is an HMAC over person, object and version, so that it cannot be guessed and a 304 for one person says
nothing about what another may see. htmx sends it back as `HX-PTag`; any other client may use the ETag.
"""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare, salted_hmac

from annotations.accounts.models import User

HEADER = "HX-PTag"


def tag(person: User, subject: UUID, version: object) -> str:
    """The version tag of what `person` sees of `subject`; `version` must differ whenever the part does."""
    value = f"{person.pk}\0{subject}\0{version!r}"
    return salted_hmac("reviewapp.live", value, algorithm="sha256").hexdigest()[:32]


def polled(request: HttpRequest, current: str, render: Callable[[], HttpResponse]) -> HttpResponse:
    """304 when the client already shows the tag `current`; else what `render` makes, carrying the tag."""
    response = HttpResponseNotModified() if _holds(request, current) else render()
    response[HEADER] = current
    response["ETag"] = f'"{current}"'
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def _holds(request: HttpRequest, current: str) -> bool:
    held = request.headers.get(HEADER) or request.headers.get("If-None-Match", "").strip('"')
    return constant_time_compare(held, current)
