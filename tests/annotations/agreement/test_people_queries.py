"""How well each person answers."""

from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.accounts.models import Project, User
from annotations.agreement import units
from annotations.agreement.models import Unit
from annotations.agreement.queries import people
from annotations.agreement.queries.people import NOTHING, PersonAnswers, Share
from annotations.review.models import Case
from annotations.rubrics.models import Criterion
from tests.annotations.agreement.cases import criterion, judged, settled


@pytest.fixture
def disputed(project: Project, eli: User, ana: User, ben: User, dora: User) -> Case:
    """Ana passed what ben failed, and dora sided with ben."""
    case = judged(project, eli, {ana: 1, ben: 0})
    settled(case, dora, 0)
    units.renew(project)
    return case


def test_each_person_stands_beside_what_was_settled(disputed: Case, ana: User, ben: User) -> None:
    key = criterion(disputed)
    mine, theirs = people.answers_by_person([key])
    assert (mine.person, theirs.person) == (ana, ben)
    assert (mine.on(key.pk), theirs.on(key.pk)) == (Share(0, 1), Share(1, 1))
    assert mine.confusion == {key.pk: {(1, 0): 1}}
    assert (mine.recall(key.pk, 0), mine.recall(key.pk, 1)) == (Share(0, 1), NOTHING)
    assert mine.final.is_small


def test_what_is_not_settled_names_nobody(project: Project, eli: User, ana: User, ben: User) -> None:
    case = judged(project, eli, {ana: 1, ben: 0})
    units.renew(project)
    assert people.answers_by_person([criterion(case)]) == []
    assert people.models_of([criterion(case)])[criterion(case).pk].model is None


def test_what_a_second_lead_is_still_to_settle_is_not_told(disputed: Case) -> None:
    Case.objects.filter(pk=disputed.pk).update(second_due=True)
    assert people.answers_by_person([criterion(disputed)]) == []


def test_it_asks_as_few_queries_however_many_people_there_are(
    disputed: Case, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key = criterion(disputed)
    with django_assert_num_queries(2):
        people.answers_by_person([key])
    with django_assert_num_queries(1):
        people.models_of([key])


def test_drift_is_the_latest_weeks_beside_those_before(ana: User) -> None:
    monday = date(2026, 1, 5)
    weeks = {monday + timedelta(weeks=at): Share(9 if at < 3 else 5, 10) for at in range(7)}
    assert PersonAnswers(ana, {}, weeks).drift() == (Share(27, 30), Share(20, 40))
    assert PersonAnswers(ana, {}, {}).drift() == (NOTHING, NOTHING)


def test_the_model_tells_who_knows_without_being_told(disputed: Case, ana: User, ben: User) -> None:
    """Of three hundred answers each, three people are nearly always right, and ana guesses."""
    random, key = np.random.default_rng(1), criterion(disputed)
    raters = [ana, ben, *(User.objects.create_user(f"{name}@example.org", name=name) for name in ("gil", "ida"))]
    truth = random.integers(2, size=(300, 1))
    codes = np.where(random.random((300, 4)) < [0.5, 0.95, 0.9, 0.92], truth, 1 - truth)
    Unit.objects.all().delete()
    units_like(disputed, key, [user.pk for user in raters], codes.tolist())
    found = people.models_of([key])[key.pk]
    guesses, knows = (found.recall(user.pk, 1) for user in (ana, ben))
    assert guesses.high is not None
    assert knows.low is not None
    assert guesses.high < knows.low
    assert found.recall(disputed.pk, 1).undefined


def units_like(case: Case, key: Criterion, raters: list[UUID], answers: list[list[int]]) -> None:
    """A settled unit for each row of answers, in a further round of the case."""
    settled_case = {"project": case.project, "task_version": case.task_version, "rubric_version": case.rubric_version}
    cases = Case.objects.bulk_create(
        Case(**settled_case, round=number, overlap=len(raters), status=Case.Status.SETTLED)
        for number, _ in enumerate(answers, start=2)
    )
    Unit.objects.bulk_create(
        Unit(
            project=case.project,
            case=each,
            criterion=key,
            at=timezone.now(),
            raters=raters,
            codes=codes,
            settled=True,
            agreement=0,
        )
        for each, codes in zip(cases, answers, strict=True)
    )
