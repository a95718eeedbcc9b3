"""A prepared query asks on the connection of whoever runs it."""

from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from annotations.accounts.models import Membership, Project, User
from annotations.core.prepared import prepared
from tests.concurrency.together import REAL_COMMITS, together

pytestmark = REAL_COMMITS


@prepared
def locked(user: UUID) -> QuerySet[User]:
    return User.objects.select_for_update(no_key=True).filter(pk=user)


@prepared
def places_of(user: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user)


def test_it_locks_inside_a_transaction_only(ana: User) -> None:
    with transaction.atomic():
        assert locked(ana.pk) == [ana]
    with pytest.raises(TransactionManagementError):
        locked(ana.pk)


def test_each_thread_asks_on_its_own_connection(project: Project, ana: User) -> None:
    with transaction.atomic():  # nobody else sees yet what is done here
        Membership.objects.filter(user=ana).delete()
        assert places_of(ana.pk) == []
        (found,) = together(lambda: places_of(ana.pk))
        transaction.set_rollback(True)
    assert isinstance(found, list)
    assert [place.project for place in found] == [project]
