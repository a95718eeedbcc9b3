"""Leads steer cases and give them to named people."""

from datetime import UTC, datetime

import pytest

from annotations.accounts.models import Project, User
from annotations.audit.models import AuditEvent
from annotations.core.errors import Conflict, Invalid, NotAllowed
from annotations.review import actions, queries
from annotations.review.models import Annotation, Assignment, Case, Seat
from annotations.rubrics.models import RubricVersion
from tests import builders

DUE = datetime(2030, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def case(project: Project, eli: User) -> Case:
    return builders.case(builders.task_version(project, eli))


def rubric_of(project: Project) -> RubricVersion:
    return RubricVersion.objects.get(rubric__project=project)


def test_it_keeps_seats_in_step_with_their_case(case: Case, dora: User) -> None:
    assert actions.steer([case], by=dora, priority=Case.Priority.URGENT, due_at=DUE, needs=["rust", "lang:de"]) == 1
    assert actions.steer([case], by=dora, priority=Case.Priority.HIGH) == 1
    case.refresh_from_db()
    assert (case.priority, case.due_at, case.needs) == (1, DUE, ["rust", "lang:de"])
    assert set(Seat.objects.values_list("priority", "due_at")) == {(1, DUE)}
    assert all(seat.needs == ["rust", "lang:de"] for seat in Seat.objects.all())
    event = AuditEvent.objects.filter(verb="case.steered").order_by("id")[0]
    assert event.facts == {"priority": 2, "due_at": str(DUE), "needs": ["rust", "lang:de"]}


def test_it_fills_the_seats_of_a_new_case(project: Project, eli: User) -> None:
    version = builders.task_version(project, eli)
    case = actions.open_case(version, rubric_of(project), overlap=3, priority=2, due_at=DUE, needs=["rust"])
    told = queries.information_of(case, 0)
    assert set(Seat.objects.values_list("priority", "due_at", "information")) == {(2, DUE, told)}
    assert all(seat.needs == ["rust"] for seat in Seat.objects.all())


def test_it_opens_a_case_about_a_rubric(project: Project) -> None:
    subject = rubric_of(project)
    opened = actions.open_case(subject, subject, overlap=1)
    assert (opened.project, opened.subject_rubric_version, opened.task_version) == (project, subject, None)


@pytest.mark.parametrize("changes", [{"priority": 7}, {"needs": ["C++"]}, {"needs": ["a" * 41]}, {"needs": [""]}])
def test_it_refuses_what_no_case_can_need(case: Case, dora: User, changes: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        actions.steer([case], by=dora, **changes)  # type: ignore[arg-type]  # the point of the test


def test_it_steers_no_case_that_is_settled_and_for_leads_only(
    case: Case, project: Project, ana: User, ben: User, dora: User
) -> None:
    with pytest.raises(NotAllowed):
        actions.steer([case], by=ana, priority=1)
    for person in (ana, ben):
        builders.submitted(builders.claim(project, person))
    assert actions.steer([case], by=dora, priority=1) == 0


def test_it_reserves_a_seat_for_a_named_person(case: Case, ana: User, dora: User) -> None:
    (given,) = actions.assign(case, [ana], by=dora)
    given.refresh_from_db()
    assert (given.status, given.assigned_by, given.seat.number) == ("assigned", dora, 1)
    assert not given.seat.is_free
    assert Annotation.objects.get(assignment=given).author == ana
    assert AuditEvent.objects.get(verb="case.assigned").facts == {"to": str(ana.pk)}


def test_it_says_who_may_not_judge_a_case(
    case: Case, project: Project, ana: User, ben: User, carl: User, dora: User, eli: User, olaf: User
) -> None:
    actions.skip(builders.claim(project, ben), "unclear", by=ben)
    builders.submitted(builders.claim(project, ana))
    people = [ana, ben, carl, eli, olaf]
    with pytest.raises(NotAllowed) as refused:
        actions.assign(case, people, by=dora)
    for reason in (
        "Ana has judged this case already.",
        "Ben has skipped this case.",
        "Carl is no expert or lead",
        "Eli wrote this task.",
        "Olaf is no expert or lead",
    ):
        assert reason in refused.value.reason
    assert not Assignment.objects.filter(status="assigned").exists()


def test_it_gives_a_case_to_all_who_were_chosen_or_to_nobody(
    case: Case, ana: User, ben: User, cleo: User, dora: User
) -> None:
    with pytest.raises(Conflict, match="2 free seats"):
        actions.assign(case, [ana, ben, cleo], by=dora)
    assert not Assignment.objects.exists()
    assert Seat.objects.filter(is_free=True).count() == 2


def test_it_leaves_assigning_to_leads(case: Case, ana: User, ben: User) -> None:
    with pytest.raises(NotAllowed):
        actions.assign(case, [ben], by=ana)
    with pytest.raises(NotAllowed):
        actions.take_back(builders.claim(case.project, ben), by=ana)


def test_it_spreads_many_cases_over_more_people_than_seats(
    project: Project, ana: User, ben: User, cleo: User, dora: User, eli: User
) -> None:
    cases = [builders.case(builders.task_version(project, eli)) for _ in range(3)]
    given = actions.assign_many(cases, [ana, ben, cleo], by=dora)
    assert given.refused == []
    assert sorted(Assignment.objects.filter(annotator=who).count() for who in (ana, ben, cleo)) == [2, 2, 2]
    assert not Seat.objects.filter(is_free=True).exists()


def test_it_tells_which_of_many_it_could_not_give(project: Project, ana: User, dora: User, eli: User) -> None:
    cases = [builders.case(builders.task_version(project, author)) for author in (eli, ana)]
    given = actions.assign_many(cases, [ana], by=dora)
    assert [row.case for row in given.made] == cases[:1]
    assert [(row.case, row.reason) for row in given.refused] == [(cases[1], "Ana wrote this task.")]


def test_it_takes_an_assignment_back_and_may_give_it_again(case: Case, ana: User, dora: User) -> None:
    (given,) = actions.assign(case, [ana], by=dora)
    actions.take_back(given, by=dora)
    given.refresh_from_db()
    assert (given.status, given.assigned_by) == ("expired", None)
    assert Seat.objects.filter(is_free=True).count() == 2
    with pytest.raises(NotAllowed):
        actions.take_back(given, by=dora)
    assert actions.assign(case, [ana], by=dora) == [given]


def test_it_gives_back_all_that_a_person_held(case: Case, project: Project, ana: User, dora: User, eli: User) -> None:
    other = builders.case(builders.task_version(project, eli))
    builders.claim(project, ana)
    actions.assign(other, [ana], by=dora)
    assert actions.give_back_all(ana, by=None) == 2
    assert set(Assignment.objects.values_list("status", flat=True)) == {"expired"}
    assert Seat.objects.filter(is_free=True).count() == 4


def test_it_leaves_no_seat_free_once_a_case_is_closed(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    Case.objects.filter(pk=case.pk).update(status=Case.Status.CANCELLED)
    assert not Seat.objects.filter(is_free=True).exists()
    actions.give_back_all(ana, by=None)
    held.refresh_from_db()
    assert held.status == "expired"
    assert not Seat.objects.filter(is_free=True).exists()
