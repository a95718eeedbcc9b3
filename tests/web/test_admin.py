import pytest
from django.contrib import admin
from django.db.models import Model

from annotations.accounts.models import Membership, Project, User
from tests import builders
from tests.conftest import Browser

EDITABLE = {User, Project, Membership}
OURS = [model for model in admin.site._registry if model.__module__.startswith("annotations.")]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.org", builders.PASSWORD)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_it_lists_every_kind_of_row_and_lets_only_people_and_projects_be_added(
    model: type[Model], project: Project, ana: User, eli: User, root: User, browser: Browser
) -> None:
    builders.finished_run(builders.task_version(project, eli))
    builders.claim(builders.case(builders.task_version(project, eli)).project, ana)
    url = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert browser.as_(root).get(url).status_code == 200
    assert browser.get(f"{url}add/").status_code == (200 if model in EDITABLE else 403)


def test_it_shows_a_domain_row_without_a_way_to_change_it(
    project: Project, eli: User, root: User, browser: Browser
) -> None:
    task = builders.task_version(project, eli).task
    url = f"/admin/catalog/task/{task.pk}/change/"
    page = browser.as_(root).get(url)
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert browser.post(url, {"title": "Changed"}).status_code == 403


def test_it_makes_a_person_who_can_sign_in(root: User, browser: Browser) -> None:
    secret = "a-long-enough-one"
    given = {"email": "new@example.org", "name": "New", "password1": secret, "password2": secret}
    assert browser.as_(root).post("/admin/accounts/user/add/", given).status_code == 302
    assert User.objects.get(email="new@example.org").check_password(secret)


def test_it_keeps_everyone_else_out(project: Project, dora: User, browser: Browser) -> None:
    assert browser.as_(dora).get("/admin/").status_code == 302
