"""Gold cases: settled ones that people are measured against without knowing."""

import pytest
from django.db import IntegrityError, transaction

from annotations.accounts import actions as accounts
from annotations.accounts.models import Membership, Project, User
from annotations.core.ids import beside, new_id
from annotations.review import actions, queries
from annotations.review.models import Assignment, Case, Seat
from annotations.review.queries.overview import by_person, overview_of
from tests import builders


@pytest.fixture
def settled(project: Project, eli: User, ana: User, ben: User) -> Case:
    """What ana and ben agreed on."""
    case = builders.case(builders.task_version(project, eli))
    for person in (ana, ben):
        builders.submitted(builders.claim(project, person))
    case.refresh_from_db()
    return case


@pytest.fixture
def fay(project: Project) -> User:
    """An expert who has judged nothing yet."""
    person = builders.person("Fay")
    accounts.add_member(project, person, Membership.Role.EXPERT, by=None)
    return person


def copy_of(case: Case, person: User) -> Case:
    return Case.every.create(
        project=case.project,
        task_version=case.task_version,
        rubric_version=case.rubric_version,
        overlap=1,
        gold_of=case,
        gold_for=person,
    )


# --- Copies ------------------------------------------------------------------
def test_a_copy_is_counted_nowhere(project: Project, settled: Case, fay: User) -> None:
    copy = copy_of(settled, fay)
    before = overview_of(project)
    assert list(Case.objects.all()) == [settled]
    assert (before.total, before.unfinished) == (1, 0)
    Seat.objects.create(case=copy, number=1, project=project)
    assert actions.claim_next(project, by=fay)
    assert [row.held for row in by_person(project) if row.person == fay] == [0]


def test_a_copy_has_one_seat_for_one_person(project: Project, settled: Case, fay: User, dora: User) -> None:
    seat = Seat.objects.create(case=copy_of(settled, fay), number=1, project=project)
    seat.refresh_from_db()
    assert seat.only_for == fay
    assert actions.claim_next(project, by=dora) is None
    assert queries.queue_state(project, dora).claimable == 0
    assert queries.queue_state(project, fay).claimable == 1
    held = actions.claim_next(project, by=fay)
    assert held
    assert held.seat == seat
    reasons = queries.queue_state(project, dora).reasons
    assert reasons
    assert reasons.reserved_by_others == 0


def test_a_copy_that_is_given_back_comes_back_to_its_person(
    project: Project, settled: Case, fay: User, dora: User
) -> None:
    Seat.objects.create(case=copy_of(settled, fay), number=1, project=project)
    held = actions.claim_next(project, by=fay)
    assert held
    actions.give_back_all(fay, project=project, by=dora)
    held.refresh_from_db()
    assert held.status == Assignment.Status.EXPIRED
    assert actions.claim_next(project, by=dora) is None
    assert actions.claim_next(project, by=fay) == held


def test_nobody_has_two_copies_of_a_case(settled: Case, fay: User, dora: User) -> None:
    copy_of(settled, fay)
    copy_of(settled, dora)
    with pytest.raises(IntegrityError, match="case_gold_once_for_each_person"), transaction.atomic():
        copy_of(settled, fay)
    with pytest.raises(IntegrityError, match="case_gold_is_for_one_person"), transaction.atomic():
        Case.every.filter(gold_for=dora).update(gold_for=None)


def test_an_id_beside_another_tells_no_time_of_its_own() -> None:
    one = new_id()
    other = beside(one)
    assert other != one
    assert (other.int >> 80, other.version, other.variant) == (one.int >> 80, one.version, one.variant)
