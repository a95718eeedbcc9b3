"""The agreement pages: what they say of a known story, what they leave out, and what they cost."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from statistics import mean
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.agreement import jobs
from annotations.agreement.models import Following, Unit
from annotations.review.models import Case
from annotations.rubrics import actions as rubrics
from annotations.rubrics import default
from annotations.rubrics.models import RubricVersion
from reviewapp.demo.clock import at
from reviewapp.demo.crowd import CLARIFIED_ON
from tests import builders, crowds
from tests.annotations.agreement.cases import criterion, judged, settled
from tests.conftest import Browser
from tests.crowds import Work, follow

URL = "/p/demo/agreement/"
PAGES = {"": 11, "time/": 13, "pairs/": 13, "final/": 12}  # with their queries
NARROW_QUERIES, CASES_QUERIES, REPORT_QUERIES = 12, 15, 9
NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gil", "Hal", "Ida", "Jo")


def text_of(page: bytes) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page.decode()))


def row_of(page: bytes, criterion: str) -> str:
    """A criterion's row of the table, in words."""
    rows = re.findall(r"<tr>.*?</tr>", page.decode(), re.DOTALL)
    return next(" ".join(text_of(row.encode()).split()) for row in rows if criterion in row)


@pytest.fixture
def versions(project: Project) -> tuple[RubricVersion, RubricVersion]:
    """A rubric that was clarified on the way."""
    with at(crowds.moment(1) - timedelta(days=1)):
        before = rubrics.publish(project, "six-weeks", "Six weeks", default.CRITERIA, by=None)
    with at(crowds.moment(CLARIFIED_ON + 1)):
        clearer = [replace(row, guidance="It counts.") for row in default.CRITERIA]
        return before, rubrics.publish(project, "six-weeks", "Six weeks", clearer, by=None)


@pytest.fixture
def work(project: Project, eli: User, versions: tuple[RubricVersion, RubricVersion]) -> Work:
    """Six weeks of a crowd whose faults are known."""
    people = [builders.person(name) for name in NAMES]
    return crowds.at_work(builders.task_version(project, eli), people, versions, cases=420)


@pytest.fixture
def some(project: Project, eli: User, versions: tuple[RubricVersion, RubricVersion]) -> Work:
    """A few cases of four people."""
    people = [builders.person(name) for name in NAMES[:4]]
    return crowds.at_work(builders.task_version(project, eli), people, versions, cases=100)


def of(version: RubricVersion, page: str = "") -> str:
    return f"{URL}{page}?version={version.pk}"


# --- A known story -----------------------------------------------------------
def test_it_tells_what_is_wrong_with_a_crowd(work: Work, dora: User, browser: Browser) -> None:
    browser.as_(dora)
    found = browser.get(of(work.before)).content
    assert "Not reliable" in row_of(found, "Difficulty is genuine")  # the ambiguous one
    assert "that is prevalence, not careless people" in row_of(found, "Scoring is stable")  # the skewed one
    assert "that is prevalence" not in row_of(found, "Difficulty is genuine")
    assert "Not reliable" not in row_of(found, "Instruction is complete")
    careless = next(judge.user for judge in work.judges if judge.sees < 0.5)
    pairs = browser.get(of(work.before, "pairs/")).content.decode()
    rows = re.findall(r'<th scope="row"><bdi>(\w+)</bdi></th><td class="num">(\d+) %', pairs)
    assert rows[0][0] == careless.name
    assert int(rows[0][1]) < int(rows[1][1]) - 5


def test_it_tells_a_drift_and_a_clarification_over_time(work: Work, dora: User, browser: Browser) -> None:
    page = browser.as_(dora).get(of(work.after, "time/")).content.decode()
    assert "<title>version 2, 1 Apr: no note</title>" in page
    pinned = weeks(page, "Environment is pinned")
    assert mean(pinned[:3]) > mean(pinned[3:]) + 0.3
    tested = weeks(page, "Every requirement is tested")
    assert mean(tested[-2:]) > mean(tested[:4]) + 0.3


def weeks(page: str, criterion: str) -> list[float]:
    """α of a criterion's drawn weeks, in order."""
    drawing = page[page.index(f"{criterion}</a></h2>") :].split("</svg>")[0]
    found = re.findall(r"<title>week of .*?: α (\S+) ", drawing)
    return [float(alpha.replace("−", "-")) for alpha in found]


# --- What it leaves out ------------------------------------------------------
def test_it_says_why_there_is_nothing(project: Project, dora: User, browser: Browser) -> None:
    assert "Nothing was computed here yet" in browser.as_(dora).get(URL).content.decode()
    Following.objects.create(project=project, seen_until=crowds.FIRST)
    assert "None has both its answers yet" in browser.get(URL).content.decode()
    for page in PAGES:
        assert browser.get(URL + page).status_code == 200
    assert browser.get(f"{URL}report/").status_code == 404
    assert browser.get(f"{URL}export/").status_code == 404


def test_it_says_nothing_of_few_cases_but_why(
    project: Project, eli: User, ana: User, ben: User, dora: User, browser: Browser
) -> None:
    case = judged(project, eli, {ana: 1, ben: 0})
    follow(project)
    found = row_of(browser.as_(dora).get(URL).content, "Tests check behaviour")
    assert "Insufficient data" in found
    assert "Only 1 of at least 50 units" in found
    report = text_of(browser.get(f"{URL}report/").content)
    assert case.rubric_version.rubric.title in report
    assert (
        "no verdict on fewer than 50 units, fewer than 10 answers other than the commonest, or fewer than 5" in report
    )


def test_it_tells_whose_answer_is_whose_only_once_it_is_settled(
    project: Project, eli: User, ana: User, ben: User, dora: User, cleo: User, browser: Browser
) -> None:
    case = judged(project, eli, {ana: 2, ben: 0})
    follow(project)
    behind = f"{URL}cases/?criterion={criterion(case).pk}"
    browser.as_(dora)
    assert "Pass" not in row_of(browser.get(behind).content, str(case.subject))
    assert "No case is behind this number" in text_of(browser.get(f"{behind}&person={ana.pk}").content)
    assert "No two people share a settled case" in text_of(browser.get(f"{URL}pairs/").content)
    settled(case, cleo, 0)
    follow(project)
    assert "0 % 1 × Pass, 1 × Fail Fail" in row_of(browser.get(f"{behind}&person={ana.pk}").content, str(case.subject))
    assert "alike in 88 % of 8" in browser.get(f"{URL}pairs/").content.decode()


def test_it_hides_a_final_verdict_that_a_second_lead_is_still_to_give(
    project: Project, eli: User, ana: User, ben: User, dora: User, cleo: User, browser: Browser
) -> None:
    case = judged(project, eli, {ana: 2, ben: 0})
    settled(case, cleo, 0)
    Case.objects.filter(pk=case.pk).update(second_due=True)
    follow(project)
    behind = f"{URL}cases/?criterion={criterion(case).pk}"
    assert "0 % 1 × Pass, 1 × Fail –" in row_of(browser.as_(dora).get(behind).content, str(case.subject))
    assert "No case is behind this number" in text_of(browser.get(f"{behind}&between=final").content)


# --- Filters and pages -------------------------------------------------------
def test_it_narrows_by_its_address_and_keeps_it(some: Work, dora: User, browser: Browser) -> None:
    one, other = (judge.user for judge in some.judges[:2])
    since = f"&since={crowds.moment(10):%Y-%m-%d}&until={crowds.moment(12):%Y-%m-%d}"
    found = browser.as_(dora).get(f"{of(some.before)}{since}").content
    assert "Insufficient data" in row_of(found, "Instruction is complete")
    assert since.replace("&", "&amp;").encode() in found
    both = browser.get(f"{of(some.before)}&person={one.pk}&other={other.pk}").content
    shared = Unit.objects.filter(raters__contains=[one.pk, other.pk], criterion__rubric_version=some.before)
    assert f"of {shared.count() // 8}" in row_of(both, "Instruction is complete")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("since=yesterday", 422),
        ("person=ana", 422),
        ("category=%00", 422),
        ("version=1", 404),
        ("version=0198a0c0-0000-7000-8000-000000000000", 404),
        ("page=none", 200),
        ("verdict=splendid", 200),
    ],
)
def test_it_answers_nonsense_clearly(query: str, status: int, some: Work, dora: User, browser: Browser) -> None:
    assert browser.as_(dora).get(f"{URL}?{query}").status_code == status


def test_it_pages_through_the_cases_behind_a_number(some: Work, dora: User, browser: Browser) -> None:
    row = some.before.criteria.get(key="effort-genuine")
    page = browser.as_(dora).get(f"{URL}cases/?version={some.before.pk}&criterion={row.pk}").content.decode()
    seen = re.findall(r'class="num">(\d+) %<', page)
    while following := re.search(r'rel="next" href="([^"]+)"', page):
        page = browser.get(unescape(following[1])).content.decode()
        seen += re.findall(r'class="num">(\d+) %<', page)
    assert len(seen) == Unit.objects.filter(criterion=row, excluded="").count()
    assert seen == sorted(seen, key=int)
    assert browser.get(f"{URL}cases/").status_code == 404
    assert browser.get(f"{URL}cases/?criterion={row.pk}&between=friends").status_code == 404


def test_it_shows_in_the_same_number_of_queries_whatever_there_is(
    project: Project,
    eli: User,
    ana: User,
    ben: User,
    cleo: User,
    dora: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser.as_(dora)
    for _ in range(2):
        case = judged(project, eli, {ana: 2, ben: 0})
        settled(case, cleo, 0)
        follow(project)
        for page, queries in PAGES.items():
            with django_assert_num_queries(queries):
                browser.get(URL + page)
        with django_assert_num_queries(NARROW_QUERIES):
            browser.get(f"{URL}?since=2026-01-01")
        with django_assert_num_queries(CASES_QUERIES):
            browser.get(f"{URL}cases/?criterion={criterion(case).pk}")
        with django_assert_num_queries(REPORT_QUERIES):
            browser.get(f"{URL}report/")


# --- Bringing it up to date, and taking it away ------------------------------
def test_it_is_brought_up_to_date_when_asked(
    project: Project, dora: User, browser: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    Following.objects.create(project=project, seen_until=crowds.FIRST)
    with django_capture_on_commit_callbacks(execute=True) as asked:
        assert browser.as_(dora).post(f"{URL}refresh/").status_code == 302
    assert len(asked) == 1
    working = browser.get(f"{URL}standing/")
    assert b"Computing" in working.content
    assert browser.get(f"{URL}standing/", headers={"HX-PTag": working["HX-PTag"]}).status_code == 304
    jobs.follow_project(str(project.pk))  # as a worker does with what was sent
    done = browser.get(f"{URL}standing/", headers={"HX-PTag": working["HX-PTag"]})
    assert (done.status_code, done["HX-Refresh"]) == (200, "true")


def test_it_exports_the_table_behind_it(
    project: Project, eli: User, ana: User, ben: User, dora: User, browser: Browser
) -> None:
    judged(project, eli, {ana: 2, ben: 2})
    follow(project)
    answer = browser.as_(dora).get(f"{URL}export/")
    assert answer["Content-Disposition"] == 'attachment; filename="task-quality-v1-agreement.csv"'
    lines = b"".join(answer).decode().splitlines()
    assert len(lines) == 9
    assert f"Ana ({ana.pk})" in lines[0]


def test_people_named_by_enemies_stay_text(
    project: Project, eli: User, ana: User, ben: User, cleo: User, dora: User, browser: Browser
) -> None:
    User.objects.filter(pk=ana.pk).update(name="<script>alert(1)</script>")
    settled(judged(project, eli, {ana: 2, ben: 0}), cleo, 0)
    follow(project)
    for page in PAGES:
        assert b"<script>alert" not in browser.as_(dora).get(URL + page).content
