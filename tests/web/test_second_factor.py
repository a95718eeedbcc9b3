"""Projects that ask for a second factor, and the way to one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from annotations.accounts import actions
from annotations.accounts.models import ApiToken, Project, User
from tests import builders
from tests.conftest import Browser


@pytest.fixture
def asking(project: Project, dora: User) -> Project:
    """The project lets leads in with a second factor only."""
    return actions.require_second_factor(project, ["lead"], by=dora)


def signed_in(user: User) -> Client:
    """A browser that went through the sign-in page: what is shown next asks for a fresh one."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": builders.PASSWORD})
    return client


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_it_leads_to_setting_one_up_and_back_again(asking: Project, cleo: User) -> None:
    client = signed_in(cleo)
    page = client.get("/p/demo/tasks/?status=draft", follow=True)
    assert page.redirect_chain == [("/accounts/2fa/", 302)]
    assert "Demo lets its leads in with a second factor only." in page.content.decode()
    again = {"password": builders.PASSWORD, "next": "/accounts/2fa/totp/activate/"}
    form = client.post("/accounts/reauthenticate/", again, follow=True).content.decode()
    secret = re.search(r'value="([A-Z2-7]{16,})"', form)
    assert secret
    done = client.post("/accounts/2fa/totp/activate/", {"code": code(secret[1])}, follow=True).content.decode()
    assert '<a class="btn primary" href="/p/demo/tasks/?status=draft">Go on to Demo</a>' in done
    assert client.get("/p/demo/tasks/?status=draft").status_code == 200
    assert "Go on to Demo" not in client.get("/accounts/2fa/").content.decode()


def test_every_page_of_the_project_asks(asking: Project, cleo: User, ana: User, eli: User, browser: Browser) -> None:
    browser.as_(cleo)
    for path in ("queue", "adjudicate", "tasks", "rubrics", "policy", "datasets", "people"):
        assert browser.get(f"/p/demo/{path}/")["Location"] == "/accounts/2fa/"
    assert browser.post("/p/demo/review/next/")["Location"] == "/accounts/2fa/"
    assert browser.session["second_factor_wanted"]["next"] == "/p/demo/queue/"
    part = browser.get("/p/demo/tasks/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (403, "/accounts/2fa/")
    assert browser.get("/tokens/").status_code == 200
    assert browser.as_(ana).get("/p/demo/tasks/").status_code == 200  # experts are not asked


def test_a_review_asks_as_well(project: Project, ana: User, eli: User, dora: User, browser: Browser) -> None:
    builders.case(builders.task_version(project, eli))
    held = builders.claim(project, ana)
    actions.require_second_factor(project, ["expert"], by=dora)
    assert browser.as_(ana).get(f"/p/demo/review/{held.pk}/")["Location"] == "/accounts/2fa/"
    save = browser.post(f"/p/demo/review/{held.pk}/save/", headers={"HX-Request": "true"})
    assert save.status_code == 403  # autosave keeps the text in the browser


def test_outsiders_learn_nothing_of_it(asking: Project, olaf: User, browser: Browser) -> None:
    assert browser.as_(olaf).get("/p/demo/queue/").status_code == 404


def test_a_token_works_only_while_its_person_could_sign_in(asking: Project, cleo: User) -> None:
    made = actions.create_token("ci", [ApiToken.Scope.TASKS_READ], days=1, by=cleo)
    headers = {"Authorization": f"Bearer {made.secret}"}
    refused = Client().get("/api/v1/projects", headers=headers)
    assert refused.status_code == 403
    assert "second factor" in refused.json()["detail"]
    Authenticator.objects.create(user=cleo, type=Authenticator.Type.WEBAUTHN, data={})
    assert Client().get("/api/v1/projects", headers=headers).status_code == 200


def test_the_admin_asks_for_the_code_too(db: None) -> None:
    root = User.objects.create_superuser("root@example.org", builders.PASSWORD)
    Authenticator.objects.create(user=root, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = Client()
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    given = {"login": root.email, "password": builders.PASSWORD}
    assert client.post("/accounts/login/", given)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/admin/").status_code == 302
