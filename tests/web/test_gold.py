"""Gold cases on pages and in the API: nothing tells a copy from any other case, and leads see what came of it."""

import json
import re
from collections.abc import Iterable

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.review import actions
from annotations.review.models import Assignment, Case, GoldCase, QueuePause
from tests import builders
from tests.conftest import Browser

GOLD = "/p/demo/overview/gold/"
PEOPLE = "/p/demo/overview/people/"
ORDINARY = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|sha256:[0-9a-f]{64}|[0-9a-f]{64}|[0-9a-f]{32}"
    r"|rotate-\d+|\bf-\d+"
    r'|\d+ bytes|"size":\d+|(?<=")[A-Za-z0-9]{64}(?=")'
    r"|\d{4}-\d\d-\d\dT[\d:.+Z]+|\d\d:\d\d(:\d\d)?|(just now|\d+ (second|minute)s? ago)"
)


@pytest.fixture
def gold(project: Project, eli: User, ana: User, ben: User, dora: User) -> GoldCase:
    """A gold case, in a project where every case that experts take is one."""
    actions.set_review_settings(project, gold_percent=100, gold_minimum=8, by=dora)
    return actions.mark_gold(builders.settled(project, eli, [ana, ben]), by=dora)


@pytest.fixture
def fay(project: Project) -> User:
    return builders.expert("Fay", project)


def waiting(project: Project, author: User) -> Case:
    return builders.case(builders.task_version(project, author))


def text(response: object) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def plain(words: str) -> str:
    """A page or an answer without what differs between any two cases."""
    return ORDINARY.sub("…", words)


def copy_for(project: Project, person: User, author: User) -> Assignment:
    """A gold copy in the person's hands, as a case waits."""
    waiting(project, author)
    held = builders.claim(project, person)
    assert held.case.gold_of
    return held


# --- Unseen ------------------------------------------------------------------
@pytest.mark.slow  # it asks for every page of two cases
def test_nothing_tells_a_copy_from_another_case(
    project: Project, gold: GoldCase, ana: User, eli: User, fay: User, dora: User, browser: Browser
) -> None:
    """Of two cases that went alike: fay was the last of two people, and they disagreed."""
    copy = copy_for(project, fay, eli)
    seen_of_gold = everything_seen(copy, browser.as_(fay))
    actions.set_review_settings(project, gold_percent=0, by=dora)
    Case.objects.filter(status=Case.Status.OPEN).update(status=Case.Status.CANCELLED)
    waiting(project, eli)
    other = builders.claim(project, fay)
    assert other.case.gold_of is None
    builders.submitted(builders.claim(project, ana), tests_behaviour=0)
    seen_of_other = everything_seen(other, browser.as_(fay))
    assert len(seen_of_gold) == len(seen_of_other)
    for one, another in zip(seen_of_gold, seen_of_other, strict=True):
        assert one == another


def everything_seen(held: Assignment, client: Browser) -> list[str]:
    """What its annotator is shown of a case before and after they hand it in."""
    page, api = f"/p/demo/review/{held.pk}/", f"/api/v1/assignments/{held.pk}"
    before = [page, f"{page}?tab=files", f"{page}?tab=evidence", api, f"/p/demo/trail/{held.case_id}/"]
    seen = list(looked_at(client, before))
    builders.submitted(held)
    row = re.search(rf"<li>(?:(?!</li>).)*{held.pk}.*?</li>", text(client.get("/p/demo/queue/")), re.DOTALL)
    assert row
    seen.append(plain(row[0]))
    client.post(f"/p/demo/discussion/{held.case_id}/open/")
    return [
        *seen,
        *looked_at(client, [page, api, f"/p/demo/trail/{held.case_id}/", f"/p/demo/discussion/{held.case_id}/"]),
    ]


def looked_at(client: Browser, addresses: Iterable[str]) -> Iterable[str]:
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        yield plain(text(response))


def test_nothing_of_a_copy_says_gold(project: Project, gold: GoldCase, eli: User, fay: User, browser: Browser) -> None:
    held = copy_for(project, fay, eli)
    page = text(browser.as_(fay).get(f"/p/demo/review/{held.pk}/"))
    answer = browser.get(f"/api/v1/assignments/{held.pk}").json()
    assert "gold" not in page.lower()
    assert answer.pop("feedback") is None
    assert "gold" not in json.dumps(answer).lower()


def test_a_lead_who_follows_a_link_to_a_copy_finds_the_gold_case(
    project: Project, gold: GoldCase, eli: User, fay: User, dora: User, browser: Browser
) -> None:
    copy = copy_for(project, fay, eli).case
    assert f"{GOLD}{gold.case_id}/" in text(browser.as_(dora).get(f"/p/demo/adjudicate/{copy.pk}/"))


# --- Feedback ----------------------------------------------------------------
def test_it_tells_what_was_expected_where_the_project_trains(
    project: Project, gold: GoldCase, eli: User, fay: User, dora: User, browser: Browser
) -> None:
    actions.set_review_settings(project, gold_feedback=True, by=dora)
    held = copy_for(project, fay, eli)
    given: dict[str, int | str] = {
        f"c{row.position}": max(row.codes) for row in held.case.rubric_version.criteria.all()
    }
    wrong = held.case.rubric_version.criteria.get(key="tests-behaviour").position
    given |= {f"c{wrong}": 0, f"c{wrong}-rationale": "I think not.", "version": 1}
    page = text(browser.as_(fay).post(f"/p/demo/review/{held.pk}/submit/", given, follow=True))
    assert "This was a gold case" in page
    assert "7 of your 8 answers" in page
    assert page.count("settled was") == 1
    rows = browser.get(f"/api/v1/assignments/{held.pk}").json()["feedback"]
    assert [row["is_correct"] for row in rows].count(False) == 1


# --- Marking -----------------------------------------------------------------
def test_a_lead_marks_and_retires_on_the_case_with_an_undo(
    project: Project, eli: User, ana: User, ben: User, dora: User, browser: Browser
) -> None:
    case = builders.settled(project, eli, [ana, ben])
    url = f"/p/demo/adjudicate/{case.pk}/"
    mark, retire = f"{GOLD}{case.pk}/mark/", f"{GOLD}{case.pk}/retire/"
    assert mark in text(browser.as_(dora).get(url))
    page = text(browser.post(mark, follow=True))
    assert "is gold from now on" in page
    assert page.count(f'action="{retire}"') == 2
    assert text(browser.post(retire, {"listed": "1"}, follow=True)).count(f'action="{mark}"') == 1


def test_the_api_marks_retires_and_lists(
    project: Project, eli: User, ana: User, ben: User, dora: User, browser: Browser
) -> None:
    case = builders.settled(project, eli, [ana, ben])
    address = f"/api/v1/cases/{case.pk}/gold"
    browser.as_(dora)
    assert browser.put(address).json()["retired_at"] is None
    listed = browser.get("/api/v1/projects/demo/gold").json()["results"]
    assert [(row["case"], row["people"]) for row in listed] == [(str(case.pk), 0)]
    assert browser.delete(address).status_code == 204
    assert browser.get("/api/v1/projects/demo/gold").json()["results"][0]["retired_at"]


# --- What people make of it -----------------------------------------------------
def test_the_list_names_a_case_that_most_people_fail(
    project: Project, gold: GoldCase, eli: User, dora: User, browser: Browser
) -> None:
    for name in ("Fay", "Gus", "Hal"):
        builders.submitted(copy_for(project, builders.expert(name, project), eli), tests_behaviour=0)
    page = text(browser.as_(dora).get(GOLD))
    assert "Suspect" in page
    assert "0 of 3 as expected" in page
    assert "88 %" in page
    detail = text(browser.get(f"{GOLD}{gold.case_id}/"))
    assert "Most people fail this case" in detail
    assert all(f"<bdi>{name}</bdi>" in detail for name in ("Fay", "Gus", "Hal"))
    assert "7 of 8 as expected" in detail


@pytest.mark.parametrize("more", [0, 2])
def test_pages_ask_a_fixed_number_of_queries(
    more: int,
    project: Project,
    gold: GoldCase,
    eli: User,
    ana: User,
    ben: User,
    dora: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    actions.set_review_settings(project, gold_threshold=100, by=dora)
    for number in range(1 + more):
        builders.submitted(copy_for(project, builders.expert(f"Fay{number}", project), eli), tests_behaviour=0)
    actions.set_review_settings(project, gold_percent=0, by=dora)
    browser.as_(dora)
    with django_assert_num_queries(12):
        browser.get(GOLD)
    with django_assert_num_queries(16):
        browser.get(f"{GOLD}{gold.case_id}/")
    with django_assert_num_queries(15):
        browser.get(PEOPLE)


# --- Paused queues -----------------------------------------------------------
@pytest.fixture
def pause(project: Project, fay: User) -> QueuePause:
    return QueuePause.objects.create(project=project, person=fay, correct=4, answered=10, threshold=70)


def test_a_paused_queue_says_so_kindly_and_what_comes_next(
    project: Project, pause: QueuePause, eli: User, fay: User, browser: Browser
) -> None:
    waiting(project, eli)
    page = text(browser.as_(fay).get("/p/demo/queue/"))
    assert "Your queue is paused" in page
    assert "A lead has been told" in page
    assert "Start next" not in page
    assert browser.post("/p/demo/review/next/")["Location"] == "/p/demo/queue/"
    assert browser.get("/api/v1/projects/demo/queue").json()["is_paused"] is True
    assert browser.post("/api/v1/projects/demo/queue/next").status_code == 409


def test_a_lead_opens_it_again_with_a_note(
    project: Project, pause: QueuePause, eli: User, fay: User, dora: User, browser: Browser
) -> None:
    page = text(browser.as_(dora).get(PEOPLE))
    assert f'id="pause-{pause.pk}"' in page
    assert "4 of 10 answers" in page
    url = f"{PEOPLE}pauses/{pause.pk}/lift/"
    refused = browser.post(url, {"note": "x" * 301})
    assert refused.status_code == 422
    assert "x" * 301 in text(refused)
    assert browser.post(url, {"note": " "}).status_code == 422
    assert "can take cases again" in text(browser.post(url, {"note": "We talked."}, follow=True))
    assert browser.post(url, {"note": "Again."}).status_code == 409
    waiting(project, eli)
    assert "Start next" in text(browser.as_(fay).get("/p/demo/queue/"))
