"""Agreement by API: the numbers of the page, their past and the table behind them."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.agreement import jobs
from annotations.agreement.models import Following
from annotations.review.models import Case
from tests.annotations.agreement.cases import KEY, judged, settled
from tests.api.client import api, content, problem

AGREEMENT = "/api/v1/projects/demo/agreement"


@pytest.fixture
def cases(project: Project, eli: User, ana: User, ben: User, dora: User) -> list[Case]:
    """One settled by agreement, one by dora, one that waits for her."""
    made = [judged(project, eli, {ana: 1, ben: code}) for code in (1, 0, 0)]
    settled(made[1], dora, 0)
    follow(project)
    return made


def follow(project: Project) -> None:
    Following.objects.get_or_create(project=project)
    jobs.follow_project(str(project.pk))


def row(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in answer.json()["criteria"] if each["criterion"] == KEY)
    return found


def test_it_tells_every_criterion_with_its_verdict_and_intervals(cases: list[Case], dora: User) -> None:
    answer = api(dora).get(AGREEMENT)
    told = answer.json()
    assert (told["rubric"], told["version"], told["between"], told["filters"]) == ("task-quality", 1, "people", {})
    assert told["as_of"] is not None
    found = row(answer)
    assert (found["found"], found["used"], found["excluded"], found["raters"]) == (3, 3, {}, 2)
    # D_o = 4/6, D_e = 2·2·4/(6·5): α = 1 − (4/6)·30/16.
    assert found["alpha"]["value"] == pytest.approx(1 - (4 / 6) * 30 / 16)
    assert set(found["alpha"]) == set(found["ac"]) == set(found["fleiss"]) == {"value", "low", "high"}
    assert (found["verdict"], found["undefined"]) == ("insufficient", "")
    assert "Only 3 of at least 50 units" in found["why"]
    assert [code["ratings"] for code in found["codes"]] == [2, 4, 0]
    same = next(each for each in told["criteria"] if each["criterion"] != KEY)
    assert (same["undefined"], same["alpha"]["value"], same["raw"]["value"]) == ("no_variation", None, 1)


def test_it_compares_with_the_final_verdict_and_under_filters(cases: list[Case], dora: User, ben: User) -> None:
    client = api(dora)
    final = row(client.get(AGREEMENT, {"between": "final"}))
    assert (final["used"], final["excluded"]) == (2, {"unsettled": 1})
    narrowed = client.get(AGREEMENT, {"person": str(ben.pk), "since": "2020-01-01"})
    assert (row(narrowed)["found"], row(narrowed)["computed_at"]) == (2, None)
    assert narrowed.json()["filters"] == {"since": "2020-01-01", "person": str(ben.pk)}
    assert row(client.get(AGREEMENT, {"until": "2020-01-01"}))["undefined"] == "no_pairs"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"since": "soon"}, "since"),
        ({"person": "ana"}, "person"),
        ({"category": "\0"}, "category"),
        ({"between": "nobody"}, "between"),
        ({"version": "9"}, "version"),
        ({"version": "first"}, "version"),
        ({"rubric": "elsewhere"}, "rubric"),
        ({"rubric": "no slug"}, "rubric"),
    ],
)
def test_it_names_what_it_cannot_read(params: dict[str, str], field: str, project: Project, dora: User) -> None:
    for path in (AGREEMENT, f"{AGREEMENT}/ratings") if field != "between" else (AGREEMENT,):
        (told,) = problem(api(dora).get(path, params), 422)["problems"]
        assert told["field"] == field


def test_a_project_without_answers_has_numbers_of_nothing(project: Project, dora: User) -> None:
    answer = api(dora).get(AGREEMENT)
    assert (row(answer)["found"], answer.json()["as_of"]) == (0, None)
    assert len(content(api(dora).get(f"{AGREEMENT}/ratings")).splitlines()) == 1


def test_history_has_every_snapshot_newest_first(
    cases: list[Case], project: Project, eli: User, ana: User, ben: User, dora: User
) -> None:
    judged(project, eli, {ana: 0, ben: 0})
    follow(project)
    client = api(dora)
    page = client.get(f"{AGREEMENT}/history", {"criterion": KEY, "page_size": "1"}).json()
    older = client.get(page["next"]).json()
    assert [each["used"] for each in (*page["results"], *older["results"])] == [4, 3]
    assert (page["results"][0]["version"], older["next"]) == (1, None)
    for asked in ("", "?criterion=nothing"):
        (told,) = problem(client.get(f"{AGREEMENT}/history{asked}"), 422)["problems"]
        assert told["field"] == "criterion"


def test_ratings_are_a_table_to_keep(cases: list[Case], dora: User, ana: User) -> None:
    answer = api(dora).get(f"{AGREEMENT}/ratings", {"person": str(ana.pk)})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="demo-task-quality-v1.csv"'
    header, *lines = content(answer).decode().splitlines()
    assert header.endswith(f"Ana ({ana.pk}),Ben ({cases[0].annotations.exclude(author=ana)[0].author_id})")
    assert len([line for line in lines if KEY in line]) == 2


def test_it_costs_the_same_however_many_cases(
    cases: list[Case], dora: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(dora)
    with django_assert_num_queries(11):
        client.get(AGREEMENT)
    with django_assert_num_queries(11):
        client.get(AGREEMENT, {"since": "2020-01-01"})
    with django_assert_num_queries(8):
        client.get(f"{AGREEMENT}/history", {"criterion": KEY})
    with django_assert_num_queries(11):
        content(client.get(f"{AGREEMENT}/ratings"))
