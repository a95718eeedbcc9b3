import gzip
import io
import json
import tarfile

import pytest
from pytest_django import DjangoAssertNumQueries

from annotations.acceptance import progress
from annotations.acceptance.models import Decision
from annotations.accounts.models import Project, User
from annotations.catalog import actions as catalog
from annotations.datasets import actions, queries
from annotations.datasets.models import Dataset, Release, ReleaseItem
from tests import builders
from tests.conftest import Browser

URL = "/p/demo/datasets/"
DETAIL_QUERIES = 11


def accepted(project: Project, author: User, *annotators: User) -> Decision:
    version = builders.task_version(project, author)
    builders.finished_run(version)
    catalog.submit(version.task, by=author)
    progress.advance(version.task)
    for annotator in annotators:
        builders.submitted(builders.claim(project, annotator))
    progress.advance(version.task)
    return Decision.objects.get(task_version=version, outcome=Decision.Outcome.ACCEPTED)


@pytest.fixture
def decision(project: Project, eli: User, ana: User, ben: User) -> Decision:
    return accepted(project, eli, ana, ben)


@pytest.fixture
def dataset(project: Project, dora: User) -> Dataset:
    return actions.create_dataset(project, "Coding tasks", "Real work.", by=dora)


@pytest.fixture
def release(dataset: Dataset, decision: Decision, dora: User) -> Release:
    return actions.release(dataset, "1.0", [decision.pk], changelog="The **first** one.", by=dora)


def given(*decisions: Decision, **changes: str) -> dict[str, object]:
    chosen = [str(decision.pk) for decision in decisions]
    return {"version": "1.0", "test_percent": "0", "changelog": "", "decisions": chosen, **changes}


# --- Datasets ----------------------------------------------------------------
def test_it_makes_a_dataset(project: Project, dora: User, browser: Browser) -> None:
    answer = browser.as_(dora).post(URL, {"title": "Coding tasks", "description": "Real work."})
    assert answer["Location"] == f"{URL}coding-tasks/"
    assert "Coding tasks" in browser.get(URL).content.decode()


@pytest.mark.parametrize("title", ["", "???", "Coding tasks"])
def test_it_says_why_a_name_does_not_do(title: str, dataset: Dataset, dora: User, browser: Browser) -> None:
    answer = browser.as_(dora).post(URL, {"title": title, "description": "kept"})
    assert answer.status_code == 422
    assert "kept" in answer.content.decode()
    assert Dataset.objects.count() == 1


def test_it_says_why_nothing_is_there(project: Project, carl: User, dora: User, browser: Browser) -> None:
    assert "A lead of this project starts a dataset" in browser.as_(carl).get(URL).content.decode()
    assert "New dataset" in browser.as_(dora).get(URL).content.decode()


def test_it_lets_only_leads_make_datasets_and_releases(
    dataset: Dataset, decision: Decision, ana: User, carl: User, browser: Browser
) -> None:
    for person in (ana, carl):
        browser.as_(person)
        assert browser.post(URL, {"title": "Mine"}).status_code == 403
        assert browser.post(f"{URL}coding-tasks/", given(decision)).status_code == 403
        assert "New release" not in browser.get(f"{URL}coding-tasks/").content.decode()
    assert not Release.objects.exists()


def test_it_lists_datasets_in_a_fixed_number_of_queries(
    project: Project, dora: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(dora)
    for count in (1, 3):
        for number in range(count):
            actions.create_dataset(project, f"Set {count} {number}", by=dora)
        with django_assert_num_queries(7):
            browser.get(URL)


# --- Releasing ---------------------------------------------------------------
def test_it_seals_a_release(dataset: Dataset, decision: Decision, dora: User, browser: Browser) -> None:
    answer = browser.as_(dora).post(f"{URL}coding-tasks/", given(decision, test_percent="100"))
    assert answer["Location"] == f"{URL}coding-tasks/1.0/"
    assert ReleaseItem.objects.get().split == ReleaseItem.Split.TEST


def test_it_suggests_the_next_version(release: Release, dora: User, browser: Browser) -> None:
    assert 'value="1.1"' in browser.as_(dora).get(f"{URL}coding-tasks/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("version", "1.0", "exists already"),
        ("version", "latest", "Give a version such as"),
        ("test_percent", "101", "less than or equal to 100"),
        ("decisions", [], "Choose at least one accepted task."),
        ("decisions", ["no-such-decision"], "not one of the available choices"),
    ],
)
def test_it_keeps_the_form_when_a_release_will_not_do(
    field: str, value: str, reason: str, release: Release, decision: Decision, dora: User, browser: Browser
) -> None:
    form = {**given(decision), "version": "1.1", "changelog": "typed at length", field: value}
    answer = browser.as_(dora).post(f"{URL}coding-tasks/", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert reason in page
    assert "typed at length" in page
    assert Release.objects.count() == 1


def test_it_says_that_no_task_is_accepted_yet(dataset: Dataset, dora: User, browser: Browser) -> None:
    assert "No accepted task" in browser.as_(dora).get(f"{URL}coding-tasks/").content.decode()


def test_it_offers_releases_in_a_fixed_number_of_queries(
    release: Release,
    project: Project,
    eli: User,
    ana: User,
    ben: User,
    dora: User,
    browser: Browser,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    browser.as_(dora)
    with django_assert_num_queries(DETAIL_QUERIES):
        browser.get(f"{URL}coding-tasks/")
    accepted(project, eli, ana, ben)
    actions.release(release.dataset, "2.0", queries.releasable(project).values_list("pk", flat=True), by=dora)
    with django_assert_num_queries(DETAIL_QUERIES):
        browser.get(f"{URL}coding-tasks/")


# --- A release ---------------------------------------------------------------
def test_it_shows_what_a_release_holds_and_how_to_fetch_it(
    release: Release, decision: Decision, carl: User, browser: Browser
) -> None:
    page = browser.as_(carl).get(f"{URL}coding-tasks/1.0/").content.decode()
    assert release.digest in page
    assert decision.task_version.name in page
    assert "The <strong>first</strong> one." in page
    assert "Task quality v1" in page
    assert "$REVIEWAPP_TOKEN" in page
    assert f"/api/v1/releases/{release.pk}/tree.tar.gz" in page


def test_it_links_only_tasks_the_reader_may_open(
    release: Release, decision: Decision, ana: User, carl: User, browser: Browser
) -> None:
    link = f'href="/p/demo/tasks/{decision.task_version.task_id}/'
    assert link in browser.as_(ana).get(f"{URL}coding-tasks/1.0/").content.decode()
    assert link not in browser.as_(carl).get(f"{URL}coding-tasks/1.0/").content.decode()


def test_it_streams_the_harbor_tree(release: Release, carl: User, browser: Browser) -> None:
    answer = browser.as_(carl).get(f"{URL}coding-tasks/1.0/tree.tar.gz")
    packed = b"".join(answer)
    assert answer["Content-Disposition"] == 'attachment; filename="coding-tasks-1.0.tar.gz"'
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as tree:
        assert "coding-tasks-1.0/dataset.toml" in tree.getnames()


def test_it_streams_json_lines(release: Release, decision: Decision, carl: User, browser: Browser) -> None:
    answer = browser.as_(carl).get(f"{URL}coding-tasks/1.0/tasks.jsonl")
    (line,) = b"".join(answer).splitlines()
    assert answer["Content-Disposition"] == 'attachment; filename="coding-tasks-1.0.jsonl"'
    assert json.loads(line)["digest"] == decision.task_version.digest


@pytest.mark.parametrize("rest", ["", "coding-tasks/", "coding-tasks/1.0/", "coding-tasks/1.0/tree.tar.gz"])
def test_it_shows_outsiders_nothing(rest: str, release: Release, olaf: User, browser: Browser) -> None:
    assert browser.as_(olaf).get(URL + rest).status_code == 404


def test_it_takes_nothing_from_outsiders(release: Release, decision: Decision, olaf: User, browser: Browser) -> None:
    browser.as_(olaf)
    assert browser.post(URL, {"title": "Mine"}).status_code == 404
    assert browser.post(f"{URL}coding-tasks/", given(decision)).status_code == 404


def test_it_shows_a_release_in_a_fixed_number_of_queries(
    release: Release, carl: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(carl)
    with django_assert_num_queries(8):
        browser.get(f"{URL}coding-tasks/1.0/")
