"""How well each person answers, as leads see it and as they see it themselves."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.agreement.queries.people import PersonAnswers, Share
from annotations.review.models import Case
from reviewapp.web.agreement_people import drift
from tests.annotations.agreement.cases import judged, settled
from tests.conftest import Browser
from tests.crowds import follow

URL = "/p/demo/agreement/people/"
PEOPLE_QUERIES, PERSON_QUERIES = 17, 10


@pytest.fixture
def disputed(project: Project, eli: User, ana: User, ben: User, dora: User) -> Case:
    """Ana passed what ben failed, and dora sided with ben; on seven other criteria they agreed."""
    case = judged(project, eli, {ana: 1, ben: 0})
    settled(case, dora, 0)
    follow(project)
    return case


def words(page: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def test_it_shows_those_who_answer_least_as_settled_first(
    disputed: Case, dora: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(dora).get(URL)
    with django_assert_num_queries(PEOPLE_QUERIES):
        page = words(browser.get(URL).content)
    assert "Ana as settled 88 % [.53, .98], n=8 as the others 88 % [.53, .98], n=8" in page
    assert page.index("Ana as settled") < page.index("Ben as settled 100 % [.68, 1.00], n=8")
    assert page.count("Few answers") == 2


def test_it_shows_a_person_by_criterion_to_leads_and_to_themselves(
    disputed: Case, ana: User, dora: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    told = words(browser.as_(dora).get(f"{URL}{ana.pk}/").content)
    assert "88 % [.53, .98] of 8 answers were as settled." in told
    assert "Tests check behaviour as settled 0 % [.00, .79], n=1" in told
    assert "Fail 0 % [.00, .79] of 1" in told
    browser.as_(ana)
    with django_assert_num_queries(PERSON_QUERIES):
        own = words(browser.get(f"{URL}me/").content)
    assert "Your answers" in own
    assert "88 % [.53, .98] of 8 answers were as settled." in own


def test_nobody_but_leads_sees_somebody_else(
    disputed: Case, ana: User, ben: User, olaf: User, browser: Browser
) -> None:
    assert browser.as_(ana).get(f"{URL}{ben.pk}/").status_code == 403
    assert browser.get(URL).status_code == 403
    assert browser.as_(olaf).get(f"{URL}{ana.pk}/").status_code == 404


def test_it_tells_of_no_outsider(disputed: Case, dora: User, olaf: User, browser: Browser) -> None:
    assert browser.as_(dora).get(f"{URL}{olaf.pk}/").status_code == 404


def test_it_says_why_there_is_nothing_yet(project: Project, ana: User, dora: User, browser: Browser) -> None:
    assert "Nothing to tell yet" in words(browser.as_(ana).get(f"{URL}me/").content)
    assert "Nothing to compare yet" in words(browser.as_(dora).get(URL).content)


def test_drift_is_told_where_it_is_more_than_chance(ana: User) -> None:
    monday = date(2026, 1, 5)

    def answers(latest: int) -> PersonAnswers:
        shares = [Share(27, 30)] * 4 + [Share(latest, 30)] * 4
        return PersonAnswers(ana, {}, {monday + timedelta(weeks=at): share for at, share in enumerate(shares)})

    assert drift(answers(15)) == "was 90 %, is 50 % in the latest 4 weeks"
    assert drift(answers(25)) == ""
    assert drift(PersonAnswers(ana)) == ""
