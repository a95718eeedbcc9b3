import re

import pytest
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Membership, Project, User
from reviewapp.web.shell import shell
from tests import builders
from tests.conftest import Browser


def labels(page: str) -> list[str]:
    """What the rail's main navigation holds."""
    nav = page[page.index('<nav aria-label="Main"') :]
    return re.findall(r"<span>(.*?)</span>", nav[: nav.index("</nav>")])


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("ana", ["Queue", "Your answers", "Tasks", "Rubrics", "Policy", "Datasets"]),
        ("cleo", ["Queue", "Adjudicate", "Overview", "Agreement", "Tasks", "Rubrics", "Policy", "People", "Datasets"]),
        ("carl", ["Queue", "Rubrics", "Datasets"]),
    ],
)
def test_it_shows_each_role_its_places(
    who: str, places: list[str], project: Project, browser: Browser, request: pytest.FixtureRequest
) -> None:
    page = browser.as_(request.getfixturevalue(who)).get("/p/demo/queue/").content.decode()
    assert labels(page) == places


def test_it_counts_what_a_lead_has_to_adjudicate(
    project: Project, ana: User, ben: User, cleo: User, eli: User, browser: Browser
) -> None:
    builders.disputed(project, eli, [ana, ben])
    page = browser.as_(cleo).get("/p/demo/queue/").content.decode()
    assert re.search(r'<span>Adjudicate</span><span class="count">1</span>', page)


def test_it_offers_only_ones_own_projects(project: Project, ana: User, olaf: User, browser: Browser) -> None:
    builders.project("second", ana=(ana, Membership.Role.EXPERT))
    page = browser.as_(ana).get("/p/second/queue/").content.decode()
    assert "/p/demo/queue/" in page
    assert "/p/elsewhere/" not in page


def test_it_asks_nothing_where_no_frame_is_shown(
    ana: User, rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = rf.get("/")
    request.user = ana
    with django_assert_num_queries(0):
        shell(request)


def test_it_welcomes_a_person_without_a_project(ana: User, browser: Browser) -> None:
    assert "You belong to no project yet" in browser.as_(ana).get("/").content.decode()


def test_it_leads_home_to_the_first_queue(project: Project, ana: User, browser: Browser) -> None:
    assert browser.as_(ana).get("/")["Location"] == "/p/demo/queue/"
