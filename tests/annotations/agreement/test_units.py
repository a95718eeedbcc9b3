"""Units in step with cases."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.agreement import units
from annotations.agreement.models import Unit
from annotations.core.states import move
from annotations.review import actions as review
from annotations.review.actions.settling import open_appeal
from annotations.review.answers import Given
from annotations.review.copies import close
from annotations.review.models import Assignment, Case, ReviewSettings
from tests import builders
from tests.annotations.agreement.cases import criterion, finals, judged, settled, unit


@pytest.fixture
def disputed(project: Project, eli: User, ana: User, ben: User) -> Case:
    """Ana passes what ben fails; a lead is to settle it."""
    return judged(project, eli, {ana: 1, ben: 0})


def caught_up(project: Project) -> None:
    """As the job does it: what was touched in the last minute."""
    units.renew(project, units.touched(project, since=timezone.now() - timedelta(minutes=1)))


def codes(case: Case) -> list[int | None]:
    return unit(case).codes


def test_a_judged_case_has_a_unit_for_every_criterion_it_asked(
    project: Project, disputed: Case, ana: User, ben: User
) -> None:
    units.renew(project)
    assert Unit.objects.count() == len(disputed.rubric_version.criteria.all())
    found = unit(disputed)
    assert (found.raters, found.codes) == ([ana.pk, ben.pk], [1, 0])
    assert (found.final, found.lead, found.settled, found.excluded, found.agreement) == (None, None, False, "", 0)
    assert found.at == max(row.submitted_at for row in disputed.annotations.all() if row.submitted_at)
    other = Unit.objects.get(case=disputed, criterion__position=1)
    assert (other.codes, other.agreement) == ([max(other.criterion.codes)] * 2, 1)


def test_an_open_case_has_none_however_many_have_answered(project: Project, eli: User, ana: User) -> None:
    builders.case(builders.task_version(project, eli))
    builders.submitted(builders.claim(project, ana))
    units.renew(project)
    assert not Unit.objects.exists()


def test_unanimity_settles_without_a_lead(project: Project, eli: User, ana: User, ben: User) -> None:
    case = judged(project, eli, {ana: 1, ben: 1})
    units.renew(project)
    found = unit(case)
    assert (found.settled, found.final, found.lead, found.agreement) == (True, 1, None, 1)


def test_it_follows_a_case_from_dispute_to_its_second_lead(
    project: Project, eli: User, ana: User, ben: User, cleo: User, dora: User
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = judged(project, eli, {ana: 1, ben: 0})
    caught_up(project)
    settled(case, cleo, 0)
    caught_up(project)
    assert (unit(case).lead, unit(case).final, unit(case).second_lead) == (cleo.pk, 0, None)
    settled(case, dora, None)
    caught_up(project)
    found = unit(case)
    assert (found.second_lead, found.second, found.final, found.settled) == (dora.pk, None, 0, True)


def test_who_cannot_tell_is_no_rating_and_one_rating_is_no_agreement(
    project: Project, eli: User, ana: User, ben: User
) -> None:
    case = judged(project, eli, {ana: None, ben: 0})
    units.renew(project)
    found = unit(case)
    assert (found.codes, found.excluded, found.agreement) == ([None, 0], Unit.Excluded.SINGLE, None)


def test_an_answer_changed_at_a_leads_question_counts_as_it_was(
    project: Project, disputed: Case, ana: User, ben: User, cleo: User
) -> None:
    review.ask(disputed, "Look at line 3 again.", by=cleo)
    changed = {criterion(disputed).pk: Given(0, False, "Line 3, indeed.")}
    for person, answers in ((ana, changed), (ben, {})):
        held = Assignment.objects.get(case=disputed, annotator=person)
        review.reply(held, "So.", answers, version=0, by=person)
    disputed.refresh_from_db()
    assert disputed.disagreements == 0
    caught_up(project)
    assert codes(disputed) == [1, 0]
    settled(disputed, cleo, 0)
    caught_up(project)
    assert (codes(disputed), unit(disputed).final) == ([1, 0], 0)


def test_taking_an_answer_back_takes_the_units_away_until_it_is_given_again(
    project: Project, disputed: Case, ben: User
) -> None:
    caught_up(project)
    held = Assignment.objects.get(case=disputed, annotator=ben)
    review.undo(held.annotation, by=ben)
    caught_up(project)
    assert not Unit.objects.exists()
    held.refresh_from_db()
    builders.submitted(Assignment.objects.get(pk=held.pk), tests_behaviour=1)
    caught_up(project)
    assert codes(disputed) == [1, 1]


def test_an_extra_annotator_joins_those_who_answered(
    project: Project, eli: User, ana: User, ben: User, cleo: User
) -> None:
    ReviewSettings.objects.create(project=project, extra_annotators=1)
    case = judged(project, eli, {ana: 1, ben: 0})
    caught_up(project)
    assert not Unit.objects.exists()
    builders.submitted(builders.claim(project, cleo), tests_behaviour=0)
    caught_up(project)
    assert codes(case) == [1, 0, 0]
    assert unit(case).agreement == pytest.approx(1 / 3)


def test_a_case_opened_once_more_has_units_of_its_own(
    project: Project, eli: User, ana: User, ben: User, cleo: User
) -> None:
    before = judged(project, eli, {ana: 1, ben: 1})
    again = Case.objects.create(
        project=project,
        task_version=before.task_version,
        rubric_version=before.rubric_version,
        round=2,
        overlap=2,
        follows=before,
        only_criteria=[criterion(before).pk],
    )
    for number in (1, 2):
        again.seats.create(project=project, number=number)
    for person, code in ((ana, 0), (ben, 0)):
        builders.submitted(builders.claim(project, person), tests_behaviour=code)
    caught_up(project)
    assert (codes(before), codes(again)) == ([1, 1], [0, 0])
    assert (Unit.objects.filter(case=before).count(), Unit.objects.filter(case=again).count()) == (8, 1)


def test_an_appeal_has_no_units_and_its_verdict_is_what_stands(
    project: Project, disputed: Case, cleo: User, dora: User
) -> None:
    settled(disputed, cleo, 0)
    caught_up(project)
    appeal = open_appeal(disputed)
    review.adjudicate(appeal, finals(disputed, 1), reason="It passes.", by=dora)
    caught_up(project)
    found = unit(disputed)
    assert (found.final, found.lead, found.codes) == (1, dora.pk, [1, 0])
    assert not Unit.objects.filter(case=appeal).exists()


def test_one_lead_twice_is_not_two_leads(
    project: Project, eli: User, ana: User, ben: User, cleo: User, dora: User
) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = judged(project, eli, {ana: 1, ben: 0})
    settled(case, cleo, 0)
    settled(case, dora, 1)
    review.adjudicate(open_appeal(case), finals(case, 1), reason="It passes.", by=dora)
    caught_up(project)
    assert (unit(case).lead, unit(case).second_lead, unit(case).second) == (dora.pk, None, None)


def test_a_cancelled_case_keeps_its_units_and_they_do_not_count(project: Project, disputed: Case) -> None:
    caught_up(project)
    move(disputed, Case.Status.CANCELLED)
    units.renew(project, [disputed.pk])
    assert set(Unit.objects.values_list("excluded", flat=True)) == {Unit.Excluded.CANCELLED}
    assert codes(disputed) == [1, 0]


def test_a_copy_of_a_gold_case_has_none(project: Project, eli: User, ana: User, ben: User, cleo: User) -> None:
    case = judged(project, eli, {ana: 1, ben: 1})
    copy = Case.every.create(
        project=project,
        task_version=case.task_version,
        rubric_version=case.rubric_version,
        overlap=1,
        gold_of=case,
        gold_for=cleo,
    )
    copy.seats.create(project=project, number=1)
    builders.submitted(builders.claim(project, cleo))
    copy.refresh_from_db()
    close(copy)
    caught_up(project)
    assert set(Unit.objects.values_list("case", flat=True)) == {case.pk}


def test_again_it_changes_nothing(project: Project, disputed: Case) -> None:
    units.renew(project)
    before = list(Unit.objects.order_by("pk").values())
    units.renew(project)
    caught_up(project)
    assert list(Unit.objects.order_by("pk").values()) == before


def test_it_leaves_other_projects_and_untouched_cases_alone(project: Project, disputed: Case, olaf: User) -> None:
    elsewhere = Project.objects.get(slug="elsewhere")
    assert units.touched(elsewhere, since=timezone.now() - timedelta(minutes=1)) == []
    assert units.touched(project, since=timezone.now() + timedelta(minutes=1)) == []
    assert units.touched(project, since=timezone.now() - timedelta(minutes=1)) == [disputed.pk]
    units.renew(elsewhere)
    assert not Unit.objects.exists()
