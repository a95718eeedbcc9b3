import pytest
from django.db import IntegrityError, transaction

from annotations.accounts import actions, policies, roles
from annotations.accounts.models import ApiToken, Membership, Project, User
from annotations.core.errors import Invalid, NotAllowed
from tests import builders


def test_it_knows_each_role(project: Project, ana: User, cleo: User, carl: User, olaf: User) -> None:
    admin = User.objects.create_superuser("ada@example.org")
    assert [roles.role_in(user, project) for user in (ana, cleo, carl, olaf, admin)] == [
        *("expert", "lead", "consumer", None, "admin"),
    ]
    assert [bool(roles.can_write(user, project)) for user in (ana, cleo, carl, olaf, admin)] == [
        *(True, True, False, False, True),
    ]
    assert [bool(roles.can_lead(user, project)) for user in (ana, cleo, carl, olaf, admin)] == [
        *(False, True, False, False, True),
    ]


def test_it_shows_people_their_own_projects(project: Project, ana: User, olaf: User) -> None:
    assert list(Project.objects.visible_to(ana)) == [project]
    assert [found.slug for found in Project.objects.visible_to(olaf)] == ["elsewhere"]


def test_it_replaces_the_role_a_person_had(project: Project, ana: User) -> None:
    actions.add_member(project, ana, Membership.Role.LEAD, by=None)
    assert roles.role_in(ana, project) == "lead"
    assert Membership.objects.filter(project=project, user=ana).count() == 1


def test_it_makes_whoever_makes_a_project_its_lead(ana: User) -> None:
    made = actions.create_project("mine", "Mine", by=ana)
    assert roles.leads(ana, made)


def test_it_takes_one_person_an_address_whatever_its_case(ana: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ANA@example.org")


@pytest.mark.parametrize(
    ("name", "scopes", "days", "field"),
    [
        (" ", ["tasks:read"], 1, "name"),
        ("ci", [], 1, "scopes"),
        ("ci", ["everything"], 1, "scopes"),
        ("ci", ["tasks:read"], 0, "days"),
        ("ci", ["tasks:read"], 366, "days"),
    ],
)
def test_it_refuses_a_token_that_makes_no_sense(ana: User, name: str, scopes: list[str], days: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_token(name, scopes, days=days, by=ana)
    assert list(refused.value.problems) == [field]
    assert not ApiToken.objects.exists()


def test_it_lets_the_owner_and_the_admin_revoke(ana: User, ben: User) -> None:
    token = actions.create_token("ci", ["tasks:read"], days=1, by=ana).token
    admin = User.objects.create_superuser("ada@example.org")
    assert [bool(policies.can_revoke(user, token)) for user in (ana, ben, admin)] == [True, False, True]
    with pytest.raises(NotAllowed):
        actions.revoke_token(token, by=ben)
    actions.revoke_token(token, by=ana)
    assert not ApiToken.objects.exists()


def test_it_keeps_a_project_slug_unique(project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        builders.project("demo")
