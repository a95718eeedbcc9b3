"""Every refusal of the API as an RFC 9457 problem."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotations.core.errors import DomainError, Invalid
from reviewapp.errors import TITLE, status_of

MEDIA_TYPE = "application/problem+json"
KEPT_HEADERS = ("WWW-Authenticate", "Retry-After", "Allow")


@runtime_checkable
class SaysMore(Protocol):
    """A view that adds members to the problem an error becomes."""

    def more_on(self, error: Exception) -> dict[str, Any]: ...


class TooLarge(exceptions.APIException):
    """More bytes than this address takes (413)."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "This request is larger than what is taken here."
    default_code = "too_large"


class FieldProblemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with a request, and where when that is known."""

    detail = serializers.CharField()
    field = serializers.CharField(required=False, help_text="Dotted path, or the id of the criterion it speaks of.")


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: what went wrong, in words a person can act on."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    problems = FieldProblemSerializer(many=True, required=False)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors and DRF's own, both as problem details."""
    view = context.get("view")
    more: dict[str, Any] = view.more_on(error) if isinstance(view, SaysMore) else {}
    if isinstance(error, DomainError):
        problems = domain_problems(error) if isinstance(error, Invalid) else []
        return _problem(status_of(error), error.reason, problems, **more)
    if isinstance(error, SuspiciousOperation):
        error = TooLarge() if isinstance(error, RequestDataTooBig) else exceptions.ParseError("Malformed request.")
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        return _problem(422, "Some fields need attention.", list(_flat(error.detail)))
    detail = getattr(error, "detail", HTTPStatus(response.status_code).phrase)
    answer = _problem(response.status_code, str(detail), [])
    for header in KEPT_HEADERS:
        if header in response:
            answer[header] = response[header]
    return answer


def _problem(status: int, detail: str, problems: list[dict[str, str]], **more: Any) -> Response:
    return Response(body(status, detail, problems, **more), status=status, content_type=MEDIA_TYPE)


def body(status: int, detail: str, problems: Sequence[Mapping[str, str]] = (), **more: Any) -> dict[str, Any]:
    """The members of a problem; `more` are extension members."""
    title = TITLE.get(status, HTTPStatus(status).phrase)
    members: dict[str, Any] = {"type": "about:blank", "title": title, "status": int(status), "detail": detail}
    return {**members, **({"problems": list(problems)} if problems else {}), **more}


def domain_problems(error: Invalid) -> list[dict[str, str]]:
    """The problems of a domain error; those that are merely numbered speak of no field."""
    return [
        {"detail": text} if key.isdigit() else {"detail": text, "field": key} for key, text in error.problems.items()
    ]


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list with dotted paths."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flat(inner, path if key == "non_field_errors" else f"{path}.{key}".strip("."))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            is_row = isinstance(inner, Mapping)
            yield from _flat(inner, f"{path}.{position}".strip(".") if is_row else path)
    else:
        yield {"detail": str(detail), "field": path} if path else {"detail": str(detail)}
