import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.api.client import PROBLEM


@pytest.mark.slow  # it describes every address, and then holds the description to OpenAPI
def test_it_generates_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


@pytest.mark.slow  # it describes every address
def test_it_is_open_to_everyone_and_says_how_refusals_look(client: Client, db: None) -> None:
    document: dict[str, Any] = client.get("/api/v1/schema").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path != "/api/v1/schema":
                assert PROBLEM in operation["responses"]["default"]["content"], (path, method)
                assert "Scope: `" in operation["description"], (path, method)
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
