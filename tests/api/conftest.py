import pytest

from annotations.accounts.models import Project, User
from tests import builders, world
from tests.world import World


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
