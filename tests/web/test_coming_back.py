import pytest
from django.test import Client
from django.urls import reverse

from annotations.accounts.models import Project, User
from tests.conftest import Browser

LOGIN = reverse("account_login")


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/p/demo/adjudicate/1/?tab=files", "/p/demo/adjudicate/1/%3Ftab%3Dfiles"),
        ("http://elsewhere.example/p/", "/preferences/set/"),
        ("", "/preferences/set/"),
    ],
)
def test_it_leads_back_to_the_page_a_form_was_on(referer: str, back: str) -> None:
    answer = Client().post("/preferences/set/", {"theme": "dark"}, headers={"Referer": referer})
    assert answer["Location"] == f"{LOGIN}?next={back}"


def test_it_leads_back_to_the_page_that_was_asked_for() -> None:
    assert Client().get("/p/demo/queue/?page=2")["Location"] == f"{LOGIN}?next=/p/demo/queue/%3Fpage%3D2"


def test_a_refusal_leads_back_to_the_page_a_form_was_on(project: Project, ana: User, browser: Browser) -> None:
    page = {"Referer": "http://testserver/p/demo/tasks/?state=all"}
    refused = browser.as_(ana).post("/p/demo/people/invite/", {}, headers=page)
    assert refused.status_code == 403
    assert 'href="/p/demo/tasks/?state=all"' in refused.content.decode()


def test_an_address_of_a_form_says_that_there_is_nothing_to_see(project: Project, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).get("/p/demo/review/next/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "only takes what a form sends" in answer.content.decode()
