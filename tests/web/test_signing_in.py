import pytest
from django.test import Client
from django.urls import reverse

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
