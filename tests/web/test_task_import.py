import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.catalog.models import Task
from annotations.evidence.models import CheckRun
from tests import builders
from tests.conftest import Browser

TASKS = "/p/demo/tasks/"
URL = f"{TASKS}import/"


def upload(content: bytes, name: str = "task.tar.gz") -> dict[str, SimpleUploadedFile]:
    return {"bundle": SimpleUploadedFile(name, content)}


def sound() -> bytes:
    """A .tar.gz of a sound task below a folder of its name."""
    return builders.archive({f"count-lines/{path}": text for path, text in builders.bundle_files().items()})


def test_it_imports_a_bundle_and_queues_its_checks(project: Project, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(URL, upload(sound()))
    task = Task.objects.get(slug="count-lines")
    assert answer["Location"] == f"{TASKS}{task.pk}/?tab=checks"
    assert task.author == ana
    assert task.current.check_runs.get().status == CheckRun.Status.QUEUED


def test_it_shows_every_problem_of_a_bundle_and_stays_usable(project: Project, ana: User, browser: Browser) -> None:
    broken = builders.archive({"bad/task.toml": 'version = "1.0"\n[agent\n', "bad/instruction.md": "# Hm\n"})
    answer = browser.as_(ana).post(URL, upload(broken))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "task.toml:2" in page
    assert 'type="file"' in page
    assert not Task.objects.exists()


@pytest.mark.parametrize("content", [b"", b"this is no archive"])
def test_it_refuses_what_is_no_archive(content: bytes, project: Project, ana: User, browser: Browser) -> None:
    assert browser.as_(ana).post(URL, upload(content)).status_code == 422


def test_it_asks_for_a_file_when_none_came(project: Project, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(URL)
    assert answer.status_code == 422
    assert "Choose a .zip or .tar.gz file." in answer.content.decode()


def test_it_says_so_when_the_project_already_holds_the_bundle(project: Project, ana: User, browser: Browser) -> None:
    content = sound()
    browser.as_(ana).post(URL, upload(content))
    answer = browser.post(URL, upload(content))
    assert answer.status_code == 409
    assert "already holds this very bundle" in answer.content.decode()


def test_it_refuses_an_oversized_upload_before_reading_it(project: Project, ana: User, browser: Browser) -> None:
    answer = browser.as_(ana).post(URL, upload(sound()), CONTENT_LENGTH=str(200 * 1024 * 1024))
    assert answer.status_code == 413
    assert "larger than" in answer.content.decode()


def test_it_demands_a_csrf_token_for_an_upload(project: Project, ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana, backend="reviewapp.identity.PersonBackend")
    assert client.post(URL, upload(sound())).status_code == 403
    assert not Task.objects.exists()


def test_it_names_the_task_that_a_new_version_is_for(project: Project, ana: User, eli: User, browser: Browser) -> None:
    version = builders.task_version(project, ana, slug="count-words")
    page = browser.as_(ana).get(f"{URL}?task={version.task_id}").content.decode()
    assert "count-words" in page
    foreign = builders.task_version(project, eli, slug="elis-secret")
    assert "elis-secret" not in browser.get(f"{URL}?task={foreign.task_id}").content.decode()


def test_it_lets_no_consumer_import(project: Project, carl: User, browser: Browser) -> None:
    assert browser.as_(carl).get(URL).status_code == 403
    assert browser.post(URL, upload(sound())).status_code == 403


def test_it_opens_the_import_page_in_few_queries(
    project: Project, ana: User, browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.as_(ana)
    with django_assert_num_queries(5):
        browser.get(URL)


def test_it_hides_itself_from_outsiders(project: Project, olaf: User, browser: Browser) -> None:
    assert browser.as_(olaf).get(URL).status_code == 404
    assert browser.post(URL, upload(sound())).status_code == 404


def terminal_bench() -> bytes:
    """A .tar.gz of a Terminal-Bench 1 task."""
    return builders.archive({f"count-lines/{path}": text for path, text in builders.TERMINAL_BENCH.items()})


def test_it_converts_a_terminal_bench_task_and_shows_what_was_changed(
    project: Project, ana: User, browser: Browser
) -> None:
    answer = browser.as_(ana).post(URL, upload(terminal_bench()), follow=True)
    task = Task.objects.get(slug="count-lines")
    assert "It was converted from Terminal-Bench 1" in answer.content.decode()
    page = browser.get(f"{TASKS}{task.pk}/?tab=files").content.decode()
    assert "Converted from Terminal-Bench 1" in page
    assert "moved to the tests" in page


def test_it_says_nothing_of_a_conversion_that_was_not(project: Project, ana: User, browser: Browser) -> None:
    browser.as_(ana).post(URL, upload(sound()))
    page = browser.get(f"{TASKS}{Task.objects.get().pk}/?tab=files").content.decode()
    assert "Converted from" not in page
