"""A prepared query finds what the same query finds, whoever runs it and with whatever values."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from annotations.accounts.models import Membership, Project, User
from annotations.core.ids import new_id
from annotations.core.prepared import change, insert, insert_each, prepared
from annotations.notices.models import MailWish

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


def test_it_compares_with_moments(project: Project) -> None:
    @prepared
    def since(moment: datetime) -> QuerySet[Project]:
        return Project.objects.filter(created_at__gte=moment)

    now = timezone.now()
    assert since(now - timedelta(hours=1)) == [project]
    assert since(now + timedelta(hours=1)) == []


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


def test_rows_are_stored_together_each_as_its_save_would(ana: User, ben: User, cleo: User) -> None:
    rows = [MailWish(user=ana, pace=MailWish.Pace.EACH), MailWish(user=ben, pace=MailWish.Pace.OFF)]
    insert_each(rows)
    insert_each([MailWish(user=cleo, pace=MailWish.Pace.DAILY)])
    insert_each([])
    assert not rows[0]._state.adding
    assert set(MailWish.objects.values_list("user", "pace")) == {
        (ana.pk, MailWish.Pace.EACH),
        (ben.pk, MailWish.Pace.OFF),
        (cleo.pk, MailWish.Pace.DAILY),
    }


def test_a_row_takes_the_place_of_the_one_that_has_the_same_fields(ana: User, ben: User) -> None:
    before = MailWish.objects.create(user=ana, pace=MailWish.Pace.EACH)
    insert_each([MailWish(user=user, pace=MailWish.Pace.OFF) for user in (ana, ben)], over=("user",))
    assert set(MailWish.objects.values_list("user", "pace")) == {(user.pk, MailWish.Pace.OFF) for user in (ana, ben)}
    assert MailWish.objects.get(user=ana).pk == before.pk


def test_rows_of_which_one_cannot_be_stored_are_none_of_them(ana: User, ben: User) -> None:
    MailWish.objects.create(user=ana)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_each([MailWish(user=user) for user in (ben, ana)])
    assert not MailWish.objects.filter(user=ben).exists()


def test_rows_that_cannot_be_sent_as_arrays_are_refused(project: Project, olaf: User) -> None:
    with pytest.raises(TypeError, match="one by one"):
        insert_each([Membership(project=project, user=olaf, role=Membership.Role.LEAD)])


def test_a_row_is_changed_only_while_it_is_as_it_was(project: Project, ana: User, olaf: User) -> None:
    place, others = Membership.objects.get(project=project, user=ana), Membership.objects.exclude(user=ana)
    untouched = list(others.order_by("pk").values())
    assert change(place, {"user": olaf, "daily_quota": 7}, where={"role": Membership.Role.EXPERT})
    assert not change(place, {"daily_quota": 8}, where={"role": Membership.Role.LEAD})
    assert change(place, {"role": Membership.Role.LEAD})
    found = Membership.objects.get(pk=place.pk)
    assert (found.user, found.daily_quota, found.role) == (olaf, 7, Membership.Role.LEAD)
    assert list(others.exclude(pk=place.pk).order_by("pk").values()) == untouched
