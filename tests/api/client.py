"""Clients that carry a token, or nobody's."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from annotations.accounts.actions import create_token
from annotations.accounts.models import ApiToken, User

EVERY_SCOPE = tuple(ApiToken.Scope)
PROBLEM = "application/problem+json"


def api(user: User | None = None, *scopes: ApiToken.Scope) -> Client:
    """A client with a token of the person, of every scope when none is named."""
    if user is None:
        return Client()
    secret = create_token("test", scopes or EVERY_SCOPE, days=1, by=user).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem details of a refusal, held to RFC 9457."""
    assert isinstance(response, HttpResponse)
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    members: dict[str, Any] = json.loads(response.content)
    assert members["status"] == status
    assert members["title"]
    assert members["detail"]
    return members


def content(response: Any) -> bytes:
    """The body, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)
