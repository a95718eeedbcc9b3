import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.accounts import actions
from annotations.accounts.models import ApiToken, Project, User
from tests.conftest import Browser

URL = "/tokens/"
GIVEN = {"name": "CI", "scopes": ["datasets:read"], "days": "30"}


def test_it_makes_a_token_and_shows_its_secret_once(project: Project, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(URL, GIVEN)
    shown = re.search(r'id="secret" value="([^"]+)"', answer.content.decode())
    assert answer.status_code == 201
    assert shown
    assert "no-store" in answer["Cache-Control"]
    token = ApiToken.objects.get(user=ana)
    assert token.scopes == ["datasets:read"]
    assert token.expiry
    assert token.expiry - timezone.now() < timedelta(days=31)
    again = browser.get(URL).content.decode()
    assert "CI" in again
    assert shown[1] not in again


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "  "), ("scopes", []), ("scopes", ["root"]), ("days", "366")]
)
def test_it_says_what_is_wrong_and_keeps_the_form(
    field: str, value: object, project: Project, ana: User, browser: Browser
) -> None:
    answer = browser.as_(ana).post(URL, {**GIVEN, field: value})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_it_revokes_a_token(project: Project, ana: User, browser: Browser) -> None:
    made = actions.create_token("CI", ["tasks:read"], days=1, by=ana)
    page = browser.as_(ana).post(f"{URL}{made.token.public_id}/revoke/", follow=True)
    assert "is revoked" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_it_neither_shows_nor_revokes_anybody_elses(project: Project, ana: User, dora: User, browser: Browser) -> None:
    made = actions.create_token("Anas secret weapon", ["tasks:read"], days=1, by=ana)
    browser.as_(dora)
    assert "Anas secret weapon" not in browser.get(URL).content.decode()
    assert browser.post(f"{URL}{made.token.public_id}/revoke/").status_code == 404
    assert ApiToken.objects.exists()


def test_it_marks_an_expired_token(project: Project, ana: User, browser: Browser) -> None:
    made = actions.create_token("Old", ["tasks:read"], days=1, by=ana)
    ApiToken.objects.filter(pk=made.token.pk).update(expiry=timezone.now() - timedelta(days=1))
    assert "Expired" in browser.as_(ana).get(URL).content.decode()


def test_it_works_for_a_person_without_a_project(db: None, browser: Browser) -> None:
    lone = User.objects.create_user("lone@example.org", "correct horse battery")
    assert browser.as_(lone).get(URL).status_code == 200


def test_it_asks_strangers_to_sign_in(db: None, browser: Browser) -> None:
    assert browser.get(URL)["Location"].startswith("/accounts/login/")


def test_it_takes_the_same_number_of_queries_whatever_the_length(
    project: Project, ana: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(ana)
    for count in (1, 3):
        for number in range(count):
            actions.create_token(f"Token {number}", ["tasks:read"], days=1, by=ana)
        with django_assert_num_queries(4):
            browser.get(URL)
