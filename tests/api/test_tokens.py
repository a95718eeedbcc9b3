from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotations.accounts import actions
from annotations.accounts.models import ApiToken, Project, User
from tests import builders
from tests.api.client import api, problem

Scope = ApiToken.Scope
TASKS = "/api/v1/projects/demo/tasks"


def test_it_takes_a_live_token(project: Project, ana: User) -> None:
    assert api(ana, Scope.TASKS_READ).get(TASKS).status_code == 200


def test_it_says_that_a_token_is_needed(project: Project) -> None:
    response = api().get(TASKS)
    problem(response, 401)
    assert response["WWW-Authenticate"] == "Bearer"


def test_it_refuses_a_revoked_token(project: Project, ana: User) -> None:
    new = actions.create_token("ci", [Scope.TASKS_READ], days=1, by=ana)
    actions.revoke_token(new.token, by=ana)
    problem(Client(headers={"Authorization": f"Bearer {new.secret}"}).get(TASKS), 401)


def test_it_refuses_an_expired_token(project: Project, ana: User) -> None:
    new = actions.create_token("ci", [Scope.TASKS_READ], days=1, by=ana)
    ApiToken.objects.filter(pk=new.token.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    problem(Client(headers={"Authorization": f"Bearer {new.secret}"}).get(TASKS), 401)


def test_it_refuses_the_token_of_someone_who_left(project: Project, ana: User) -> None:
    client = api(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    problem(client.get(TASKS), 401)


def test_it_keeps_a_hash_only(project: Project, ana: User) -> None:
    new = actions.create_token("ci", [Scope.TASKS_READ], days=1, by=ana)
    assert new.secret not in str(ApiToken.objects.values().get())


@pytest.mark.parametrize("token", ["", "x", "x y", "é" * 40, "a" * 5000, "0" * 64, "\x00" * 40, "%00" * 20])
def test_it_refuses_what_is_no_token(project: Project, token: str) -> None:
    problem(Client().get(TASKS, headers={"Authorization": f"Bearer {token}"}), 401)


def test_it_lets_a_reading_token_write_nothing(project: Project, ana: User) -> None:
    client = api(ana, Scope.TASKS_READ, Scope.REVIEWS_READ, Scope.DATASETS_READ)
    problem(client.post(TASKS), 403)
    problem(client.post("/api/v1/projects/demo/queue/next"), 403)


def test_it_keeps_scopes_apart(project: Project, ana: User) -> None:
    datasets, tasks = api(ana, Scope.DATASETS_READ), api(ana, Scope.TASKS_READ)
    problem(datasets.get(TASKS), 403)
    problem(tasks.get("/api/v1/projects/demo/datasets"), 403)
    problem(tasks.get("/api/v1/projects/demo/queue"), 403)
    assert datasets.get("/api/v1/projects/demo/datasets").status_code == 200


def test_it_takes_a_session_with_a_csrf_token_only(project: Project, eli: User) -> None:
    version = builders.task_version(project, eli)
    client = Client(enforce_csrf_checks=True)
    client.force_login(eli, backend="reviewapp.identity.PersonBackend")
    address = f"/api/v1/tasks/{version.task_id}/submit"
    assert client.get(TASKS).status_code == 200
    assert "CSRF" in problem(client.post(address), 403)["detail"]
    client.cookies["csrftoken"] = secret = "a" * 32
    assert client.generic("POST", address, headers={"X-CSRFToken": secret}).status_code == 200


def test_it_needs_no_csrf_token_with_a_bearer_token(project: Project, eli: User) -> None:
    version = builders.task_version(project, eli)
    secret = actions.create_token("ci", [Scope.TASKS_WRITE], days=1, by=eli).secret
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})
    assert client.post(f"/api/v1/tasks/{version.task_id}/submit").status_code == 200
