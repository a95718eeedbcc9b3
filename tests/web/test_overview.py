"""The lead's overview: its figures, the table of cases, views, bulk changes and their undoing."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Membership, Project, User
from annotations.core.errors import Invalid
from annotations.core.ids import new_id
from annotations.review import actions
from annotations.review.actions import steering
from annotations.review.models import Assignment, BulkChange, Case, SavedView, Seat
from annotations.review.queries.overview import by_person, overview_of
from reviewapp.web import case_table
from tests import builders, world
from tests.conftest import Browser

URL = "/p/demo/overview/"
CASES = f"{URL}cases/"
CHANGE = f"{CASES}change/"
TABLE_QUERIES = 13


def cases_of(project: Project, author: User, count: int, **changes: object) -> list[Case]:
    """Cases on one task's versions would share a subject, so each has a task of its own."""
    made = [builders.case(builders.task_version(project, author)) for _ in range(count)]
    for case in made:
        Case.objects.filter(pk=case.pk).update(**changes)
        case.refresh_from_db()
    return made


def settled(project: Project, author: User, annotators: list[User]) -> Case:
    adjudication = world.accepted(project, author, annotators).adjudication
    assert adjudication is not None
    return adjudication.case


def listed(page: bytes) -> list[str]:
    return re.findall(r'name="case" value="([^"]+)"', page.decode())


def pks(cases: list[Case]) -> list[str]:
    return [str(case.pk) for case in cases]


def toast(page: bytes) -> str:
    return " ".join(re.findall(r'<div class="toast.*?<span>(.*?)</span>', page.decode(), re.DOTALL))


# --- Figures -----------------------------------------------------------------
def test_it_says_why_an_empty_project_shows_nothing(project: Project, dora: User, browser: Browser) -> None:
    assert "No case yet" in browser.as_(dora).get(URL).content.decode()
    assert "Nothing is unfinished" in browser.get(CASES).content.decode()
    assert "Nothing was changed in bulk yet" in browser.get(f"{URL}changes/").content.decode()
    assert browser.get(f"{URL}people/").status_code == 200


def test_it_counts_by_state_day_and_age(
    project: Project, ana: User, ben: User, eli: User, dora: User, browser: Browser
) -> None:
    builders.disputed(project, eli, [ana, ben])
    late, _fresh = cases_of(project, eli, 2)
    ago = timezone.now() - timedelta(days=40)
    Case.objects.filter(pk=late.pk).update(opened_at=ago, due_at=ago)
    found = overview_of(project)
    assert found.by_status == {"open": 2, "adjudication": 1}
    assert (found.unfinished, found.overdue) == (3, 1)
    assert found.days[-1].submitted == 2
    assert {row.status: row.counts for row in found.ages} == {
        "open": (1, 0, 0, 0, 0, 1),
        "adjudication": (1, 0, 0, 0, 0, 0),
    }
    assert found.oldest
    page = browser.as_(dora).get(URL).content.decode()
    assert "<title>Adjudication: 1</title>" in page
    assert "Open, over 30 days: 1" in page


def test_it_compares_each_person_with_what_became_final(
    project: Project, ana: User, ben: User, cleo: User, eli: User, dora: User, browser: Browser
) -> None:
    case = builders.disputed(project, eli, [ana, ben])
    finals = {pk: replace(answer, cause="mistake") for pk, answer in builders.answers(case).items()}
    actions.adjudicate(case, finals, reason="It is so.", by=cleo)
    cases_of(project, eli, 1)
    builders.claim(project, ana)
    case.annotations.filter(author=ana).update(active_seconds=125)
    rows = {row.person: row for row in by_person(project)}
    criteria = len(finals)
    assert (rows[ana].judged, rows[ana].agreed) == (criteria, criteria - 1)
    assert (rows[ben].judged, rows[ben].agreed) == (criteria, criteria)
    assert (rows[ana].submitted, rows[ana].seconds, rows[ana].held) == (1, 125, 1)
    assert rows[ben].seconds is None
    assert "2:05" in browser.as_(dora).get(f"{URL}people/").content.decode()


# --- The table ---------------------------------------------------------------
def test_it_shows_in_the_same_number_of_queries_whatever_the_length(
    project: Project,
    eli: User,
    ana: User,
    dora: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser.as_(dora)
    for count in (1, 4):
        cases_of(project, eli, count)
        builders.claim(project, ana)
        with django_assert_num_queries(TABLE_QUERIES):
            browser.get(CASES)


@pytest.mark.parametrize("order", ["newest", "oldest", "due", "priority", "disagreements"])
def test_it_pages_exactly_through_ties_and_what_comes_in_between(
    order: str, project: Project, eli: User, dora: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_table, "PAGE", 2)
    due = timezone.now() + timedelta(days=1)
    tied = cases_of(project, eli, 3) + cases_of(project, eli, 3, due_at=due, priority=1, disagreements=2)
    Case.objects.filter(pk=tied[4].pk).update(status=Case.Status.ADJUDICATION)
    page = browser.as_(dora).get(f"{CASES}?order={order}")
    seen, came = listed(page.content), []
    while page.context["next"]:
        came += pks(cases_of(project, eli, 1))
        page = browser.get(page.context["next"])
        seen += listed(page.content)
    before = [pk for pk in seen if pk not in came]
    assert sorted(before) == sorted(pks(tied))
    assert len(seen) == len(set(seen))
    back = listed(page.content)
    while page.context["previous"]:
        page = browser.get(page.context["previous"])
        back = listed(page.content) + back
    assert [pk for pk in back if pk in before] == before


def test_it_filters_by_the_address(
    project: Project, eli: User, ana: User, ben: User, dora: User, browser: Browser
) -> None:
    plain, urgent, late, skilled = cases_of(project, eli, 4)
    Case.objects.filter(pk=urgent.pk).update(priority=2)
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=1))
    Case.objects.filter(pk=skilled.pk).update(needs=["rust"])
    actions.assign(plain, [ana], by=dora)
    settled = builders.case(builders.task_version(project, eli))
    Case.objects.filter(pk=settled.pk).update(status=Case.Status.CANCELLED)
    browser.as_(dora)
    found = {
        "?priority=2": [urgent],
        "?overdue=1": [late],
        "?skill=rust": [skilled],
        f"?person={ana.pk}": [plain],
        "?state=cancelled": [settled],
        "?state=settled": [],
        f"?q={late.task_version.task.slug.upper()}": [late],  # type: ignore[union-attr]
        f"?rubric={new_id()}": [],
        "?state=nonsense&priority=x&person=x&rubric=x&order=x&after=x~y&before=": [skilled, late, urgent, plain],
    }
    assert {query: listed(browser.get(CASES + query).content) for query in found} == {
        query: pks(cases) for query, cases in found.items()
    }
    assert "Your filters leave nothing" in browser.get(f"{CASES}?q=zzzz").content.decode()


def test_it_never_tells_whose_answer_waits_for_a_lead(
    project: Project, ana: User, ben: User, eli: User, dora: User, browser: Browser
) -> None:
    builders.disputed(project, eli, [ana, ben])
    page = browser.as_(dora).get(f"{CASES}?state=all&person={ana.pk}").content
    assert listed(page) == []
    page = browser.get(CASES).content
    assert len(listed(page)) == 1
    table = page.decode().split("<tbody>")[1]
    assert "2 of 2 answered" in table
    assert "Ana" not in table


def test_it_takes_a_case_back_from_its_row(
    project: Project, ana: User, eli: User, dora: User, browser: Browser
) -> None:
    cases_of(project, eli, 1)
    held = builders.claim(project, ana)
    page = browser.as_(dora).get(CASES).content.decode()
    assert "<bdi>Ana</bdi>" in page
    browser.post(f"{CASES}take-back/{held.pk}/")
    held.refresh_from_db()
    assert held.status == Assignment.Status.EXPIRED
    assert Seat.objects.filter(case=held.case, is_free=True).count() == 2


# --- Views -------------------------------------------------------------------
def test_it_keeps_shares_renames_and_deletes_views(project: Project, dora: User, cleo: User, browser: Browser) -> None:
    browser.as_(dora).post(f"{URL}views/", {"name": " Late  ones ", "overdue": "1", "order": "due", "shared": "1"})
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Late ones", "overdue=1&order=due")
    assert "Late ones · Dora" in browser.as_(cleo).get(CASES).content.decode()
    assert browser.post(f"{URL}views/{view.pk}/", {"name": "Mine"}).status_code == 403
    browser.as_(dora).post(f"{URL}views/{view.pk}/", {"name": "Overdue"})
    assert "Overdue · Dora" not in browser.as_(cleo).get(CASES).content.decode()
    assert browser.post(f"{URL}views/{view.pk}/delete/").status_code == 404
    browser.as_(dora).post(f"{URL}views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_it_keeps_a_refused_name_in_its_field(project: Project, dora: User, browser: Browser) -> None:
    for name in ("One", "Two"):
        browser.as_(dora).post(f"{URL}views/", {"name": name, "state": "all", "q": name})
    two = SavedView.objects.get(name="Two")
    page = browser.post(f"{URL}views/{two.pk}/", {"name": "One"})
    assert page.status_code == 409
    assert 'value="One"' in page.content.decode()
    assert browser.post(f"{URL}views/", {"name": " ", "state": "all"}).status_code == 422


# --- Bulk changes ------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        ("reopen", "Re-open 1 case", "Re-open 2 cases"),
        ("assign", "Assign 1 case", "Assign 2 cases"),
        ("due", "Set the due date of 1 case", "Set the due date of 2 cases"),
    ],
)
def test_it_says_on_the_button_what_it_will_do(
    kind: str, one: str, two: str, project: Project, eli: User, dora: User, browser: Browser
) -> None:
    cases = cases_of(project, eli, 2)
    for chosen, told in ((cases[:1], one), (cases, two)):
        page = browser.as_(dora).get(CHANGE, {"kind": kind, "case": pks(chosen)}).content.decode()
        assert f">{told}</button>" in page


def test_it_changes_what_can_be_and_undoes_what_still_stands(
    project: Project, eli: User, dora: User, browser: Browser
) -> None:
    one, two, so_already, finished = cases_of(project, eli, 4)
    Case.objects.filter(pk=so_already.pk).update(priority=2)
    Case.objects.filter(pk=finished.pk).update(status=Case.Status.CANCELLED)
    page = browser.as_(dora).get(f"{CHANGE}?kind=priority&all=1&state=all").content.decode()
    assert "4 cases match the filters" in page
    data = {"kind": "priority", "new_priority": "2", "all": "1", "state": "all", "expected": "4"}
    said = toast(browser.post(CHANGE, data, follow=True).content)
    assert "2 cases changed. 2 were left as they are" in said
    made = BulkChange.objects.get()
    assert {reason for _case, reason in made.refused} == {"It is so already.", "It is cancelled."}
    assert set(Seat.objects.filter(case=one).values_list("priority", flat=True)) == {2}
    actions.steer([two], by=dora, priority=-1)
    said = toast(browser.post(f"{URL}changes/{made.pk}/undo/", follow=True).content)
    assert "Undone for one case. 1 stay as they are, such as: It was changed again since." in said
    assert [Case.objects.get(pk=case.pk).priority for case in (one, two, so_already)] == [0, -1, 2]
    assert browser.post(f"{URL}changes/{made.pk}/undo/").status_code == 409
    assert "It was changed again since." in browser.get(f"{URL}changes/").content.decode()


def test_it_assigns_whom_it_may_and_takes_back_what_nobody_began(
    project: Project, ana: User, ben: User, eli: User, dora: User, browser: Browser
) -> None:
    cases = cases_of(project, ana, 1) + cases_of(project, eli, 2)
    data = {"kind": "assign", "people": [ana.pk, ben.pk], "case": pks(cases), "expected": 3}
    browser.as_(dora).post(CHANGE, data)
    made = BulkChange.objects.get()
    assert made.count == 3
    assert made.refused == [[str(cases[0].pk), "Ana wrote this task."]]
    assert Assignment.objects.filter(status=Assignment.Status.ASSIGNED).count() == 5
    begun = builders.claim(project, ana)
    browser.post(f"{URL}changes/{made.pk}/undo/")
    made.refresh_from_db()
    assert made.kept == [[str(begun.case_id), "Ana has begun to judge it."]]
    assert Assignment.objects.filter(status=Assignment.Status.ASSIGNED).count() == 0
    assert Assignment.objects.filter(status=Assignment.Status.ACTIVE).count() == 1


def test_it_sets_due_dates_and_needs(project: Project, eli: User, dora: User, browser: Browser) -> None:
    (case,) = cases_of(project, eli, 1, due_at=timezone.now())
    before = case.due_at
    browser.as_(dora).post(CHANGE, {"kind": "due", "due": "2031-05-04", "case": pks([case])})
    browser.post(CHANGE, {"kind": "needs", "needs": "Rust, lang:de", "case": pks([case])})
    case.refresh_from_db()
    assert (f"{case.due_at:%Y-%m-%d}", case.needs) == ("2031-05-04", ["rust", "lang:de"])
    for made in BulkChange.objects.all():
        steering.undo_change(made, by=dora)
    case.refresh_from_db()
    assert (case.due_at, case.needs) == (before, [])


def test_it_reopens_what_is_settled_and_closes_what_nobody_began(
    project: Project, ana: User, ben: User, eli: User, dora: User, browser: Browser
) -> None:
    one, two = settled(project, eli, [ana, ben]), settled(project, eli, [ana, ben])
    (unfinished,) = cases_of(project, eli, 1)
    data = {"kind": "reopen", "case": pks([one, two, unfinished]), "expected": 3}
    assert "Everything that it asks" in browser.as_(dora).get(f"{CHANGE}?kind=reopen&case={one.pk}").content.decode()
    assert browser.post(CHANGE, data).status_code == 422
    assert "One case" not in toast(browser.post(CHANGE, {**data, "reopen": "changed"}, follow=True).content)
    assert {reason for _case, reason in BulkChange.objects.get().refused} == {
        "The newest version of its rubric asks nothing anew.",
        "It is open.",
    }
    assert "2 cases re-opened." in toast(browser.post(CHANGE, {**data, "reopen": "all"}, follow=True).content)
    again = Case.objects.filter(follows__in=[one, two])
    assert {(case.round, case.status, case.only_criteria) for case in again} == {(2, "open", None)}
    Assignment.objects.filter(case=unfinished).delete()
    Seat.objects.filter(case=unfinished).update(is_free=False)
    begun = builders.claim(project, ana).case
    made = BulkChange.objects.first()
    assert made is not None
    browser.post(f"{URL}changes/{made.pk}/undo/")
    made.refresh_from_db()
    assert made.kept == [[str(begun.follows_id), "Ana has begun to judge it."]]
    closed = again.exclude(pk=begun.pk).get()
    assert (closed.status, closed.seats.filter(is_free=True).count()) == (Case.Status.CANCELLED, 0)
    assert begun.seats.filter(is_free=True).count() == 1
    actions.take_back(begun.assignments.get(), by=dora)
    other = {"kind": "reopen", "reopen": "all", "case": pks([one, two])}
    browser.post(CHANGE, other)
    newest = BulkChange.objects.first()
    assert newest is not None
    assert (newest.count, newest.refused) == (1, [[str(begun.follows_id), "Another case follows it already."]])
    assert "Everything that it asks" in browser.get(f"{URL}changes/").content.decode()
    trail = f"/p/demo/trail/{closed.pk}/"
    assert trail in browser.get(f"{CASES}?state=cancelled").content.decode()
    assert "Dora closed it again before anybody began" in browser.get(trail).content.decode()


def test_it_keeps_what_was_typed_when_it_refuses(project: Project, eli: User, dora: User, browser: Browser) -> None:
    (case,) = cases_of(project, eli, 1)
    page = browser.as_(dora).post(CHANGE, {"kind": "needs", "needs": "c++", "case": pks([case]), "expected": 1})
    assert page.status_code == 422
    assert 'value="c++"' in page.content.decode()
    assert browser.post(CHANGE, {"kind": "assign", "case": pks([case])}).status_code == 422
    stale = browser.post(CHANGE, {"kind": "priority", "new_priority": 1, "all": 1, "expected": 7})
    assert stale.status_code == 409
    assert "7 cases matched when you looked, and 1 do now." in stale.content.decode()
    assert not BulkChange.objects.exists()


def test_it_works_batch_by_batch(project: Project, eli: User, dora: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "BATCH", 2)
    cases = cases_of(project, eli, 5)
    high = steering.Wanted(BulkChange.Kind.PRIORITY, value=1)
    made = steering.change(project, Case.objects.all(), high, expected=5, by=dora)
    assert made.count == 5
    steering.undo_change(made, by=dora)
    assert set(Case.objects.values_list("priority", flat=True)) == {0}
    monkeypatch.setattr(steering, "MOST", 4)
    with pytest.raises(Invalid, match="at most 4 cases"):
        steering.change(project, Case.objects.all(), high, expected=None, by=dora)
    assert len(cases) == 5


def test_it_touches_no_other_project(project: Project, olaf: User, eli: User, dora: User, browser: Browser) -> None:
    (case,) = cases_of(project, eli, 1)
    there = Project.objects.get(slug="elsewhere")
    Membership.objects.create(project=there, user=dora, role=Membership.Role.LEAD)
    path = "/p/elsewhere/overview/"
    page = browser.as_(dora).post(f"{path}cases/change/", {"kind": "priority", "new_priority": 2, "case": pks([case])})
    assert page.status_code == 422
    high = steering.Wanted(BulkChange.Kind.PRIORITY, value=1)
    made = steering.change(project, Case.objects.all(), high, expected=1, by=dora)
    assert browser.post(f"{path}changes/{made.pk}/undo/").status_code == 404
    assert browser.as_(olaf).get(CASES).status_code == 404
    assert browser.as_(eli).get(CASES).status_code == 403
