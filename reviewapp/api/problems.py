"""Every refusal of the API as an RFC 9457 problem."""

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotations.core.errors import DomainError, Invalid
from reviewapp.errors import TITLE, status_of

MEDIA_TYPE = "application/problem+json"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors and DRF's own, both as problem details."""
    if isinstance(error, DomainError):
        status = status_of(error)
        problems = error.problems if isinstance(error, Invalid) else {}
        return _problem(status, TITLE[status], error.reason, problems)
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = getattr(error, "detail", None)
    if isinstance(error, exceptions.ValidationError):
        answer = _problem(422, TITLE[422], "Some fields need attention.", detail)
    else:
        answer = _problem(response.status_code, response.status_text, str(detail or response.status_text), {})
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response:
            answer[header] = response[header]
    return answer


def _problem(status: int, title: str, detail: str, problems: Any) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if problems:
        body["problems"] = problems
    return Response(body, status=status, content_type=MEDIA_TYPE)
