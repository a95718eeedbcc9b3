"""A prepared query finds what the same query finds, whoever runs it and with whatever values."""

from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.db.transaction import TransactionManagementError

from annotations.accounts.models import Membership, Project, User
from annotations.core.ids import new_id
from annotations.core.prepared import insert, prepared

pytestmark = pytest.mark.django_db


@prepared
def places_of(user: UUID, slug: str) -> QuerySet[Membership]:
    rows = Membership.objects.filter(user=user, project__slug=slug).select_related("project")
    return rows.prefetch_related("user__memberships")


@prepared
def members(project: UUID, *, newest_first: bool) -> QuerySet[Membership]:
    return Membership.objects.filter(project=project).order_by("-id" if newest_first else "id")


@prepared
def by_role(project: UUID) -> QuerySet[Membership, tuple[str, int]]:
    return Membership.objects.filter(project=project).order_by("role").values_list("role").annotate(Count("pk"))


def test_it_is_filled_in_with_the_values_of_each_call(project: Project, ana: User, ben: User) -> None:
    for person in (ana, ben, ana):
        (place,) = places_of(person.pk, project.slug)
        assert (place.user_id, place.project) == (person.pk, project)
        assert [row.pk for row in place.user.memberships.all()] == [place.pk]
    assert places_of(ana.pk, "elsewhere") == []


def test_it_asks_once_and_compiles_nothing_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_role(project.pk)

    def compiled(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr("django.db.models.sql.compiler.SQLCompiler.pre_sql_setup", compiled)
    assert by_role(project.pk) == found == [("consumer", 1), ("expert", 3), ("lead", 2)]
    assert by_role(new_id()) == []


def test_each_shape_is_a_query_of_its_own(project: Project) -> None:
    in_order = list(Membership.objects.filter(project=project).order_by("id"))
    assert members(project.pk, newest_first=True) == in_order[::-1]
    assert members(project.pk, newest_first=False) == in_order


def test_no_value_is_compared_with_none(project: Project) -> None:
    with pytest.raises(TypeError, match="None"):
        by_role(None)  # type: ignore[arg-type]  # what a caller without types might do


def test_a_value_that_nothing_is_compared_with_is_told() -> None:
    @prepared
    def forgetful(user: UUID, project: UUID) -> QuerySet[Membership]:
        return Membership.objects.filter(user=user)

    with pytest.raises(TypeError, match=r"values \[1\]"):
        forgetful(new_id(), new_id())


def test_a_row_is_inserted_as_its_save_would_store_it(project: Project, olaf: User) -> None:
    stored = insert(Membership(project=project, user=olaf, role=Membership.Role.EXPERT))
    assert not stored._state.adding
    found = Membership.objects.get(project=project, user=olaf)
    assert {name: getattr(found, name) for name in vars(stored) if not name.startswith("_")} == {
        name: value for name, value in vars(stored).items() if not name.startswith("_")
    }


def test_a_row_that_cannot_be_stored_ends_the_transaction(project: Project, ana: User) -> None:
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(Membership(project=project, user=ana, role=Membership.Role.EXPERT))
        with pytest.raises(TransactionManagementError):
            Membership.objects.count()
        transaction.set_rollback(True)
