"""What Django itself answers below /api/ when no view could."""

import pytest
from django.test import Client, RequestFactory

from reviewapp import errors
from tests.api.client import problem


def test_it_answers_a_host_that_is_not_ours(client: Client) -> None:
    problem(client.get("/api/v1/projects", headers={"Host": "evil.example"}), 400)


def test_it_answers_a_failure_of_its_own(rf: RequestFactory) -> None:
    problem(errors.server_error(rf.get("/api/v1/projects")), 500)


@pytest.mark.parametrize("path", ["/", "/p/demo/tasks/"])
def test_it_answers_pages_as_pages(rf: RequestFactory, path: str) -> None:
    assert errors.server_error(rf.get(path))["Content-Type"].startswith("text/html")
    assert errors.bad_request(rf.get(path), ValueError())["Content-Type"].startswith("text/html")
