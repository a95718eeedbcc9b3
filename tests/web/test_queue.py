from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.review import actions as review
from annotations.review.models import AdjudicationDraft, Assignment, Case, ReviewSettings
from annotations.review.queries import standing
from reviewapp.web.queue_words import number
from tests import builders
from tests.conftest import Browser

URL = "/p/demo/queue/"
NEXT = "/p/demo/review/next/"


def test_it_says_that_nothing_waits_in_a_new_project(project: Project, ana: User, browser: Browser) -> None:
    page = browser.as_(ana).get(URL)
    assert page.status_code == 200
    assert "No task is waiting for review" in page.content.decode()


def test_it_offers_the_next_case_with_a_key(project: Project, ana: User, eli: User, browser: Browser) -> None:
    builders.case(builders.task_version(project, eli))
    page = browser.as_(ana).get(URL).content.decode()
    assert "1 case waits for your review" in page
    assert 'data-key="n"' in page


def test_it_starts_the_next_case_and_then_offers_to_continue_it(
    project: Project, ana: User, eli: User, browser: Browser
) -> None:
    builders.case(builders.task_version(project, eli))
    started = browser.as_(ana).post(NEXT)
    held = Assignment.objects.get(annotator=ana)
    assert started["Location"] == f"/p/demo/review/{held.pk}/"
    page = browser.get(URL).content.decode()
    assert "Continue" in page
    assert f"until {held.lease_ends_at:%H:%M}" in page
    assert "Start next" not in page


def test_it_gives_the_same_case_when_started_twice(project: Project, ana: User, eli: User, browser: Browser) -> None:
    builders.case(builders.task_version(project, eli))
    builders.case(builders.task_version(project, eli))
    first = browser.as_(ana).post(NEXT)
    assert browser.post(NEXT)["Location"] == first["Location"]


def test_it_returns_to_the_queue_when_nothing_is_left(project: Project, ana: User, browser: Browser) -> None:
    page = browser.as_(ana).post(NEXT, follow=True)
    assert page.redirect_chain == [(URL, 302)]
    assert "Nothing is left for you to start" in page.content.decode()


def test_it_says_why_an_author_has_nothing_to_do(project: Project, eli: User, browser: Browser) -> None:
    builders.case(builders.task_version(project, eli))
    assert "about a task you wrote" in browser.as_(eli).get(URL).content.decode()


def test_it_says_that_others_hold_the_cases(
    project: Project, ana: User, ben: User, eli: User, browser: Browser
) -> None:
    builders.case(builders.task_version(project, eli), overlap=1)
    builders.claim(project, ben)
    assert "reserved by others" in browser.as_(ana).get(URL).content.decode()


def test_it_lists_what_waits_for_others_with_undo(project: Project, ana: User, eli: User, browser: Browser) -> None:
    builders.case(builders.task_version(project, eli))
    done = builders.submitted(builders.claim(project, ana))
    page = browser.as_(ana).get(URL).content.decode()
    assert "Waiting for others" in page
    assert f"/p/demo/review/{done.pk}/undo/" in page
    assert "One case you judged waits" in page


def test_it_offers_no_undo_once_a_lead_has_begun(
    project: Project, ana: User, ben: User, cleo: User, eli: User, browser: Browser
) -> None:
    case = builders.disputed(project, eli, [ana, ben])
    assert "/undo/" in browser.as_(ana).get(URL).content.decode()
    AdjudicationDraft.objects.create(case=case, by=cleo)
    page = browser.get(URL).content.decode()
    assert "Completed" in page
    assert "/undo/" not in page


def test_it_shows_leads_what_to_adjudicate_and_nobody_else(
    project: Project, ana: User, ben: User, cleo: User, eli: User, browser: Browser
) -> None:
    case = builders.disputed(project, eli, [ana, ben])
    assert f"/p/demo/adjudicate/{case.pk}/" in browser.as_(cleo).get(URL).content.decode()
    assert "/adjudicate/" not in browser.as_(ana).get(URL).content.decode()


def test_it_lists_the_authors_drafts(project: Project, eli: User, ana: User, browser: Browser) -> None:
    builders.task_version(project, eli)
    assert "Changes asked and drafts" in browser.as_(eli).get(URL).content.decode()
    assert "Changes asked and drafts" not in browser.as_(ana).get(URL).content.decode()


def test_it_sends_consumers_to_the_datasets(project: Project, carl: User, browser: Browser) -> None:
    assert "You read released datasets" in browser.as_(carl).get(URL).content.decode()
    assert browser.post(NEXT).status_code == 403


def test_it_hides_a_foreign_project(project: Project, olaf: User, browser: Browser) -> None:
    assert browser.as_(olaf).get(URL).status_code == 404
    assert browser.post(NEXT).status_code == 404


def test_it_asks_strangers_to_sign_in(project: Project, browser: Browser) -> None:
    assert browser.get(URL)["Location"].startswith("/accounts/login/")


# --- What leads set and give -------------------------------------------------
def test_it_opens_what_a_lead_assigned_and_shows_until_when(
    project: Project, ana: User, dora: User, eli: User, browser: Browser
) -> None:
    case = builders.case(builders.task_version(project, eli))
    due = timezone.now() - timedelta(days=1)
    review.steer([case], by=dora, priority=Case.Priority.URGENT, due_at=due)
    (given,) = review.assign(case, [ana], by=dora)
    page = browser.as_(ana).get(URL).content.decode()
    assert all(text in page for text in ("Assigned", "Urgent", "was due", f"/p/demo/review/{given.pk}/"))
    opened = browser.get(f"/p/demo/review/{given.pk}/", follow=True)
    assert opened.redirect_chain == [(f"/p/demo/review/{given.pk}/", 302)]
    given.refresh_from_db()
    assert given.status == Assignment.Status.ACTIVE
    assert f"until {given.lease_ends_at:%H:%M}" in browser.get(URL).content.decode()


def test_it_says_that_the_quota_is_reached_and_when_it_ends(
    project: Project, ana: User, dora: User, eli: User, browser: Browser
) -> None:
    ReviewSettings.objects.create(project=project, daily_quota=1)
    _, second = (builders.case(builders.task_version(project, eli)) for _ in range(2))
    builders.submitted(builders.claim(project, ana))
    page = browser.as_(ana).get(URL).content.decode()
    assert "1 of 1 submitted today" in page
    assert "You can go on at 00:00 UTC" in page
    assert "Start next" not in page
    assert "quota of 1 cases" in browser.post(NEXT, follow=True).content.decode()
    (given,) = review.assign(second, [ana], by=dora)
    opened = browser.get(f"/p/demo/review/{given.pk}/", follow=True)
    assert opened.redirect_chain == [(URL, 302)]
    assert "quota of 1 cases" in opened.content.decode()


@pytest.mark.parametrize(
    ("set_to", "needs", "said"),
    [
        ({"mode": "push"}, [], "a lead assigns the cases"),
        ({}, ["rust"], "One open case needs skills that are not among yours"),
    ],
)
def test_it_says_what_else_keeps_a_case_away(
    set_to: dict[str, str],
    needs: list[str],
    said: str,
    project: Project,
    ana: User,
    dora: User,
    eli: User,
    browser: Browser,
) -> None:
    ReviewSettings.objects.create(project=project, **set_to)
    review.steer([builders.case(builders.task_version(project, eli))], by=dora, needs=needs)
    page = browser.as_(ana).get(URL).content.decode()
    assert said in page
    assert "Start next" not in page


def test_it_offers_to_look_further_where_it_has_not_looked_at_all(
    project: Project, ana: User, eli: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "SEATS_LOOKED_AT", 2)
    for author in (ana, eli):
        builders.case(builders.task_version(project, author))
    page = browser.as_(ana).get(URL).content.decode()
    assert "nobody has looked through for you yet" in page
    assert "Look further" in page
    assert "/p/demo/review/" in browser.post(NEXT)["Location"]


def test_it_counts_no_further_than_a_hundred() -> None:
    assert [number(count) for count in (0, 100, 101)] == ["0", "100", "100+"]


@pytest.mark.parametrize("cases", [1, 4])
def test_it_asks_a_fixed_number_of_queries(
    cases: int,
    project: Project,
    ana: User,
    ben: User,
    cleo: User,
    eli: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(cases):
        builders.disputed(project, eli, [ana, ben])
        builders.case(builders.task_version(project, eli))
        builders.submitted(builders.claim(project, ana))
        builders.submitted(builders.claim(project, ben))
    browser.as_(cleo)
    with django_assert_num_queries(20):
        browser.get(URL)
    browser.as_(ana)
    with django_assert_num_queries(19):
        browser.get(URL)
