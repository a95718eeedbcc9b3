"""Domain errors to HTTP, once: 403, 409 and 422, as a page, an htmx fragment or an RFC 9457 problem."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from annotations.core.errors import Conflict, DomainError, Invalid, NotAllowed
from reviewapp.signing_in import page_of

STATUS: dict[type[DomainError], int] = {NotAllowed: 403, Conflict: 409, Invalid: 422}
FORM_ONLY = {"title": "Nothing to see here", "reason": "This address only takes what a form sends."}
TITLE = {403: "Not allowed", 409: "Changed meanwhile", 422: "Not accepted"}

API = "/api/"


def status_of(error: DomainError) -> int:
    return STATUS[type(error)]


class DomainErrorMiddleware:
    """Turns a domain error that leaves a page's view into an answer that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.path.startswith(API):
            return response
        refused = _refused(request, FORM_ONLY, response.status_code)
        refused["Allow"] = response["Allow"]
        return refused

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        status = status_of(error)
        problems = error.problems if isinstance(error, Invalid) else {}
        context = {"title": TITLE[status], "reason": error.reason, "problems": problems}
        return _refused(request, context, status)


def _refused(request: HttpRequest, context: Mapping[str, object], status: int) -> HttpResponse:
    """A page that says why, and leads back to the one the person was on, where what they typed is kept."""
    return render(request, "errors/refused.html", {**context, "back": page_of(request)}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django answers to a request it cannot read, wherever it came in."""
    if request.path.startswith(API):
        return _problem(400, "This request cannot be read.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """What Django answers when our own code failed."""
    if request.path.startswith(API):
        return _problem(500, "Something went wrong here; it has been logged.")
    return defaults.server_error(request)


def _problem(status: int, detail: str) -> HttpResponse:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")
