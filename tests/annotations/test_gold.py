"""Gold cases: settled ones that people are measured against without knowing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.accounts.models import Membership, Project, User
from annotations.audit.models import AuditEvent
from annotations.catalog.models import Task, TaskVersion
from annotations.core.errors import Conflict, Invalid, NotAllowed
from annotations.core.ids import beside, new_id
from annotations.notices.models import Notice
from annotations.review import actions, queries
from annotations.review.jobs import close_copies, expire_leases
from annotations.review.models import (
    Adjudication,
    Assignment,
    Case,
    GoldAnswer,
    GoldCase,
    QueuePause,
    Seat,
    settings_of,
)
from annotations.review.opening import open_case
from annotations.review.queries.gold import gold_lines
from annotations.review.queries.overview import by_person, overview_of
from annotations.rubrics import actions as rubrics
from annotations.rubrics import default
from bench.exactness import OFFENDERS
from tests import builders


@pytest.fixture
def settled(project: Project, eli: User, ana: User, ben: User) -> Case:
    """What ana and ben agreed on."""
    return builders.settled(project, eli, [ana, ben])


@pytest.fixture
def fay(project: Project) -> User:
    """An expert who has judged nothing yet."""
    return builders.expert("Fay", project)


def subject(case: Case) -> TaskVersion:
    assert case.task_version
    return case.task_version


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


# --- Marking -----------------------------------------------------------------
def test_a_lead_marks_a_settled_case_and_retires_it(settled: Case, ana: User, dora: User) -> None:
    with pytest.raises(NotAllowed):
        actions.mark_gold(settled, by=ana)
    gold = actions.mark_gold(settled, by=dora)
    assert actions.mark_gold(settled, by=dora) == gold
    actions.retire_gold(settled, by=dora)
    actions.retire_gold(settled, by=dora)
    gold.refresh_from_db()
    assert gold.retired_at
    assert actions.mark_gold(settled, by=dora).retired_at is None
    assert verbs(gold) == ["gold.marked", "gold.retired", "gold.marked"]


def test_only_what_is_settled_and_stands_can_be_gold(project: Project, settled: Case, eli: User, dora: User) -> None:
    with pytest.raises(NotAllowed, match="settled"):
        actions.mark_gold(builders.case(builders.task_version(project, eli)), by=dora)
    follower = open_case(subject(settled), settled.rubric_version, overlap=1, round=2, follows=settled)
    with pytest.raises(NotAllowed, match="follows"):
        actions.mark_gold(settled, by=dora)
    Case.objects.filter(pk=follower.pk).update(status=Case.Status.CANCELLED)
    actions.mark_gold(settled, by=dora)


def test_experts_do_not_see_an_accepted_task_while_its_case_is_gold(
    settled: Case, eli: User, fay: User, dora: User
) -> None:
    task = subject(settled).task
    Task.objects.update(status=Task.Status.ACCEPTED)
    assert Task.objects.visible_to(fay).exists()
    actions.mark_gold(settled, by=dora)
    assert not Task.objects.visible_to(fay).exists()
    assert [*Task.objects.visible_to(eli), *Task.objects.visible_to(dora)] == [task, task]
    actions.retire_gold(settled, by=dora)
    assert Task.objects.visible_to(fay).exists()


# --- Dealing -----------------------------------------------------------------
@pytest.fixture
def gold(settled: Case, dora: User) -> GoldCase:
    """The settled case, gold, in a project that deals one often."""
    actions.set_review_settings(settled.project, gold_percent=50, gold_minimum=4, by=dora)
    return actions.mark_gold(settled, by=dora)


@pytest.fixture
def waiting(project: Project, eli: User) -> Case:
    """An ordinary case for the next to come."""
    return builders.case(builders.task_version(project, eli))


def always(percent: int) -> bool:
    assert percent == 50
    return True


def never(_percent: int) -> bool:
    return False


def dealt(project: Project, by: User) -> Assignment:
    held = actions.claim_next(project, by=by, lot=always)
    assert held
    assert held.case.gold_of
    return held


def test_it_deals_a_copy_as_the_lot_falls(
    project: Project, gold: GoldCase, waiting: Case, fay: User, ana: User
) -> None:
    held = actions.claim_next(project, by=ana, lot=never)
    assert held
    assert held.case == waiting
    Case.objects.filter(pk=waiting.pk).update(priority=2)
    Seat.objects.filter(case=waiting).update(priority=2)
    copy = dealt(project, fay).case
    case = gold.case
    for same in ("task_version", "rubric_version", "round", "only_criteria", "opened_at", "needs"):
        assert getattr(copy, same) == getattr(case, same)
    assert (copy.priority, copy.overlap, copy.status) == (2, 1, Case.Status.OPEN)
    assert copy.pk.int >> 80 == case.pk.int >> 80
    assert Seat.objects.filter(case=waiting, is_free=True).count() == 1
    assert Seat.objects.filter(case=copy, is_free=False).count() == 1


def test_it_deals_none_where_nothing_waits_or_the_project_wants_none(
    project: Project, gold: GoldCase, fay: User, eli: User, dora: User
) -> None:
    assert actions.claim_next(project, by=fay, lot=always) is None
    case = builders.case(builders.task_version(project, eli))
    actions.set_review_settings(project, gold_percent=0, by=dora)
    held = actions.claim_next(project, by=fay, lot=never)
    assert held
    assert held.case == case


@pytest.mark.parametrize("who", ["eli", "ana", "cleo", "dora"])
def test_it_deals_nobody_what_they_know(
    who: str, project: Project, settled: Case, gold: GoldCase, dora: User, request: pytest.FixtureRequest
) -> None:
    """Eli wrote it, ana judged it, cleo settled another round of it before she was an expert, dora leads."""
    ben, cleo = request.getfixturevalue("ben"), request.getfixturevalue("cleo")
    other = Case.objects.create(
        project=project,
        task_version=settled.task_version,
        rubric_version=settled.rubric_version,
        overlap=1,
        round=7,
        status=Case.Status.SETTLED,
    )
    Adjudication.objects.create(case=other, by=cleo, reason="Sound.")
    project.memberships.filter(user=cleo).update(role=Membership.Role.EXPERT)
    case = builders.case(builders.task_version(project, ben))
    held = actions.claim_next(project, by=request.getfixturevalue(who), lot=always)
    assert held
    assert held.case == case


def test_it_deals_nobody_the_same_twice(project: Project, gold: GoldCase, waiting: Case, fay: User) -> None:
    actions.skip(dealt(project, fay), "unclear", by=fay)
    held = actions.claim_next(project, by=fay, lot=always)
    assert held
    assert held.case == waiting


def test_it_deals_nothing_that_is_retired_outdated_or_judged_again(
    project: Project, settled: Case, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    terms = queries.terms_of(project, fay)
    assert queries.unseen_gold(terms).get() == gold
    follower = open_case(subject(settled), settled.rubric_version, overlap=1, round=2, follows=settled)
    assert not queries.unseen_gold(terms).exists()
    Case.objects.filter(pk=follower.pk).update(status=Case.Status.CANCELLED)
    Case.objects.filter(pk=settled.pk).update(needs=["rust"])
    assert not queries.unseen_gold(terms).exists()
    Case.objects.filter(pk=settled.pk).update(needs=[])
    assert queries.unseen_gold(terms).exists()
    rubrics.publish(project, default.SLUG, default.TITLE, default.CRITERIA[:-1], by=None)
    assert not queries.unseen_gold(terms).exists()


# --- Judging -----------------------------------------------------------------
def test_it_holds_answers_against_what_was_settled(project: Project, gold: GoldCase, waiting: Case, fay: User) -> None:
    held = builders.submitted(dealt(project, fay), tests_behaviour=None)
    answers = {row.criterion.key: row for row in held.annotation.gold_answers.all()}
    assert len(answers) == gold.case.rubric_version.criteria.count()
    wrong = answers.pop("tests-behaviour")
    assert (wrong.expected, wrong.given, wrong.is_correct) == (2, None, False)
    assert all(row.is_correct and row.given == row.expected for row in answers.values())
    line = gold_lines([gold])[0]
    assert (line.dealt, line.people, line.answered, line.correct) == (1, 1, len(answers) + 1, len(answers))


def test_it_goes_where_any_other_case_would(project: Project, gold: GoldCase, waiting: Case, fay: User) -> None:
    held = builders.submitted(dealt(project, fay))
    assert held.case.status == Case.Status.ADJUDICATION
    assert not Adjudication.objects.filter(case=held.case_id).exists()
    assert not queries.to_adjudicate(project, User.objects.get(name="Dora")).exists()
    actions.undo(held.annotation, by=fay)
    assert not GoldAnswer.objects.exists()
    held = Assignment.objects.get(pk=held.pk)
    assert held.case.status == Case.Status.OPEN
    builders.submitted(held)
    assert GoldAnswer.objects.exists()


def test_it_is_settled_at_once_where_one_answer_settles(
    project: Project, gold: GoldCase, waiting: Case, fay: User
) -> None:
    Case.objects.filter(pk=gold.case_id).update(overlap=1)
    held = builders.submitted(dealt(project, fay), tests_behaviour=0)
    held.case.refresh_from_db()
    assert held.case.status == Case.Status.SETTLED
    assert verbs(held.case) == ["case.claimed", "case.settled"]


def test_copies_are_settled_after_a_while(
    project: Project, gold: GoldCase, waiting: Case, fay: User, ana: User
) -> None:
    held = builders.submitted(dealt(project, fay))
    close_copies()
    assert Case.every.get(pk=held.case_id).status == Case.Status.ADJUDICATION
    Assignment.objects.filter(pk=held.pk).update(lease_ends_at=timezone.now() - timedelta(days=2))
    close_copies()
    close_copies()
    assert Case.every.get(pk=held.case_id).status == Case.Status.SETTLED
    assert verbs(held.case) == ["case.claimed", "case.to_adjudication", "gold.closed"]


def test_a_lapsed_copy_waits_for_its_person(project: Project, gold: GoldCase, waiting: Case, fay: User) -> None:
    held = dealt(project, fay)
    Assignment.objects.filter(pk=held.pk).update(lease_ends_at=timezone.now() - timedelta(minutes=1))
    expire_leases()
    Seat.objects.filter(case=waiting).update(is_free=False)
    assert actions.claim_next(project, by=fay, lot=never) == held


# --- Pausing -----------------------------------------------------------------
def fail(project: Project, by: User) -> None:
    every = dict.fromkeys(("tests_behaviour", "instruction_complete"), 0)
    builders.submitted(dealt(project, by), **every)


def test_it_pauses_a_queue_that_falls_short_and_tells_the_leads(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User, cleo: User
) -> None:
    actions.set_review_settings(project, gold_threshold=100, by=dora)
    fail(project, fay)
    pause = QueuePause.objects.get()
    assert (pause.person, pause.answered - pause.correct, pause.threshold) == (fay, 2, 100)
    assert set(Notice.objects.filter(kind=Notice.Kind.PAUSE).values_list("user", flat=True)) == {dora.pk, cleo.pk}
    assert queries.queue_state(project, fay).is_paused
    with pytest.raises(Conflict, match="paused"):
        actions.claim_next(project, by=fay)


def test_it_judges_nobody_by_too_few_answers(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    count = gold.case.rubric_version.criteria.count()
    actions.set_review_settings(project, gold_threshold=100, gold_minimum=count + 1, by=dora)
    fail(project, fay)
    assert not QueuePause.objects.exists()


def test_a_paused_person_keeps_what_they_hold(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    held = actions.claim_next(project, by=fay, lot=never)
    assert held
    QueuePause.objects.create(project=project, person=fay, correct=1, answered=10, threshold=70)
    assert actions.claim_next(project, by=fay) == held
    builders.submitted(held)


def test_a_lead_lifts_a_pause_with_a_note_and_earlier_answers_count_no_more(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    actions.set_review_settings(project, gold_threshold=100, by=dora)
    fail(project, fay)
    pause = QueuePause.objects.get()
    with pytest.raises(NotAllowed):
        actions.lift_pause(pause, "I am sorry.", by=fay)
    with pytest.raises(Invalid):
        actions.lift_pause(pause, " ", by=dora)
    actions.lift_pause(pause, "We went through two cases together.", by=dora)
    with pytest.raises(Conflict):
        actions.lift_pause(pause, "Again.", by=dora)
    settings = settings_of(project)
    assert queries.gold_standing(project, fay, settings).answered == 0
    assert actions.claim_next(project, by=fay, lot=never)
    assert verbs(pause) == ["queue.paused", "queue.resumed"]
    assert "two cases" in Notice.objects.get(user=fay, kind=Notice.Kind.PAUSE).text


def test_answers_to_a_retired_case_do_not_count(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    fail(project, fay)
    settings = settings_of(project)
    assert queries.gold_standing(project, fay, settings).answered
    actions.retire_gold(gold.case, by=dora)
    assert queries.gold_standing(project, fay, settings).answered == 0


# --- Feedback ----------------------------------------------------------------
def test_it_tells_what_was_expected_where_the_project_trains(
    project: Project, gold: GoldCase, waiting: Case, fay: User, dora: User
) -> None:
    held = dealt(project, fay)
    assert queries.feedback(held.annotation) == []
    actions.set_review_settings(project, gold_feedback=True, by=dora)
    held = Assignment.objects.get(pk=builders.submitted(held, tests_behaviour=0).pk)
    assert held.case.status == Case.Status.SETTLED
    wrong = [row for row in queries.feedback(held.annotation) if not row.is_correct]
    assert [(row.criterion.key, row.given.code, row.final.code) for row in wrong] == [("tests-behaviour", 0, 2)]


# --- What must hold ------------------------------------------------------------
def test_it_breaks_no_rule_of_seats(project: Project, gold: GoldCase, waiting: Case, eli: User) -> None:
    """One copy is held, one handed in, one skipped, one lapsed."""
    held, done, skipped, lapsed = (dealt(project, builders.expert(f"Fay{number}", project)) for number in range(4))
    assert held.status == Assignment.Status.ACTIVE
    builders.submitted(done)
    actions.skip(skipped, "unclear", by=skipped.annotator)
    Assignment.objects.filter(pk=lapsed.pk).update(lease_ends_at=timezone.now() - timedelta(minutes=1))
    expire_leases()
    with connection.cursor() as cursor:
        for rule, query in OFFENDERS.items():
            if "bench_plan" not in query:
                cursor.execute(query)
                assert cursor.fetchone() == (0,), rule


# --- What it costs -----------------------------------------------------------
def test_a_claim_costs_one_query_more_at_most(
    project: Project, settled: Case, waiting: Case, ana: User, fay: User, dora: User
) -> None:
    with CaptureQueriesContext(connection) as without:
        actions.claim_next(project, by=ana)
    actions.set_review_settings(project, gold_percent=50, by=dora)
    with CaptureQueriesContext(connection) as with_none_left:
        actions.claim_next(project, by=fay, lot=always_falls)
    assert len(with_none_left) <= len(without) + 1


def always_falls(_percent: int) -> bool:
    return True


def verbs(row: Model) -> list[str]:
    return list(AuditEvent.objects.filter(target_id=row.pk).order_by("at", "id").values_list("verb", flat=True))
