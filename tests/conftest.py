"""The cast: ana and ben annotate, eli writes tasks, cleo and dora lead, olaf is an outsider."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings

from annotations.accounts.models import Membership, Project, User
from harness.engine import Engine
from tests import builders, databases, world
from tests.stack import Stack
from tests.world import World

EXPERT, LEAD, CONSUMER = Membership.Role.EXPERT, Membership.Role.LEAD, Membership.Role.CONSUMER


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each process works on a copy of a database that was migrated once for all of them."""
    connection.settings_dict["TEST"]["TEMPLATE"] = databases.migrated(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    with databases.emptied_by_deleting():
        yield


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    """Blobs in a folder of the test's own, static files from where they lie, and nothing rendered before."""
    settings.MEDIA_ROOT = tmp_path / "blobs"
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def ana(db: None) -> User:
    return builders.person("Ana")


@pytest.fixture
def ben(db: None) -> User:
    return builders.person("Ben")


@pytest.fixture
def cleo(db: None) -> User:
    return builders.person("Cleo")


@pytest.fixture
def dora(db: None) -> User:
    return builders.person("Dora")


@pytest.fixture
def eli(db: None) -> User:
    return builders.person("Eli")


@pytest.fixture
def carl(db: None) -> User:
    """Carl reads released datasets and nothing else."""
    return builders.person("Carl")


@pytest.fixture
def olaf(db: None) -> User:
    """Olaf belongs to a project of his own."""
    person = builders.person("Olaf")
    builders.project("elsewhere", olaf=(person, LEAD))
    return person


@pytest.fixture
def project(ana: User, ben: User, cleo: User, dora: User, eli: User, carl: User) -> Project:
    """The demo project with everyone but olaf."""
    return builders.project(
        ana=(ana, EXPERT),
        ben=(ben, EXPERT),
        cleo=(cleo, LEAD),
        dora=(dora, LEAD),
        eli=(eli, EXPERT),
        carl=(carl, CONSUMER),
    )


class Browser(Client):
    """A client that is somebody."""

    def as_(self, user: User) -> "Browser":
        self.force_login(user, backend="reviewapp.identity.PersonBackend")
        return self


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine; without one the tests that need it fail, saying so."""
    return Engine.connect()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product in processes of its own, for the tests that look at it from outside."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def everything(project: Project, ana: User, ben: User, eli: User, cleo: User, carl: User, olaf: User) -> World:
    """A project with something in every state, and the people by role."""
    admin = builders.person("Ada")
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    people: dict[str, User | None] = {
        "anonymous": None,
        "outsider": olaf,
        "consumer": carl,
        "expert": ana,
        "other_expert": ben,
        "author": eli,
        "lead": cleo,
        "admin": User.objects.get(pk=admin.pk),
    }
    return world.make(project, people)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes get numbered names: archives hold the time they were made, and all processes of a run must agree."""
    return argname if isinstance(val, bytes) else None
