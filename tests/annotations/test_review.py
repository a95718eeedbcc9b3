from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.core.errors import Conflict, Invalid, NotAllowed
from annotations.core.ids import new_id
from annotations.review import actions, jobs, policies, queries
from annotations.review.answers import LONGEST_RATIONALE, Given
from annotations.review.models import Adjudication, AdjudicationDraft, Annotation, Assignment, Case, Seat
from tests import builders


@pytest.fixture
def case(project: Project, eli: User) -> Case:
    return builders.case(builders.task_version(project, eli))


def saved(held: Assignment, **codes: int | None) -> Annotation:
    annotation = Annotation.objects.get(assignment=held)
    answers = builders.answers(held.case, **codes)
    return actions.save_draft(annotation, answers, version=annotation.version, by=held.annotator)


# --- The queue ---------------------------------------------------------------
def test_it_offers_no_one_their_own_task_nor_a_case_twice(case: Case, project: Project, ana: User, eli: User) -> None:
    assert actions.claim_next(project, by=eli) is None
    held = builders.claim(project, ana)
    assert actions.claim_next(project, by=ana) == held
    builders.submitted(held)
    assert actions.claim_next(project, by=ana) is None


def test_it_offers_the_oldest_case_first(project: Project, ana: User, eli: User) -> None:
    first, _second = (builders.case(builders.task_version(project, eli)) for _ in range(2))
    assert builders.claim(project, ana).case == first


def test_it_never_offers_a_skipped_case_again(case: Case, project: Project, ana: User, ben: User) -> None:
    held = builders.claim(project, ana)
    with pytest.raises(Invalid):
        actions.skip(held, "bored", by=ana)
    with pytest.raises(NotAllowed):
        actions.skip(held, "unclear", by=ben)
    actions.skip(held, "unclear", by=ana)
    assert actions.claim_next(project, by=ana) is None
    assert Seat.objects.filter(case=case, is_free=True).count() == 2


def test_it_leaves_the_queue_to_experts_and_leads(case: Case, project: Project, carl: User, olaf: User) -> None:
    for user in (carl, olaf):
        with pytest.raises(NotAllowed):
            actions.claim_next(project, by=user)


# --- Leases ------------------------------------------------------------------
def test_it_ends_leases_twice_over_and_keeps_drafts(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    saved(held, tests_behaviour=0)
    Assignment.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        jobs.expire_leases()
        assert Seat.objects.filter(case=case, is_free=True).count() == 2
    with pytest.raises(NotAllowed, match="your draft is kept"):
        saved(held)
    again = builders.claim(project, ana)
    assert (again.pk, again.annotation.version) == (held.pk, 2)
    assert again.annotation.verdicts.count() == 8


def test_it_leaves_a_lease_alone_that_was_extended(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    Assignment.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    saved(held)
    jobs.expire(held)
    held.refresh_from_db()
    assert held.status == Assignment.Status.ACTIVE


# --- Answers -----------------------------------------------------------------
def test_it_takes_a_draft_with_gaps_but_no_submission(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    (one, *_others) = builders.answers(case)
    actions.save_draft(held.annotation, {one: Given(rationale="not sure yet")}, version=1, by=ana)
    with pytest.raises(Invalid) as refused:
        actions.submit(held.annotation, {}, version=2, key=new_id(), by=ana)
    assert len(refused.value.problems) == 8
    held.annotation.refresh_from_db()
    assert held.annotation.version == 2


def test_it_wants_a_reason_for_whatever_does_not_pass(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    answers = {pk: replace(given, rationale=" ") for pk, given in builders.answers(case, tests_behaviour=None).items()}
    with pytest.raises(Invalid) as refused:
        actions.submit(held.annotation, answers, version=1, key=new_id(), by=ana)
    assert ["needs a rationale" in text for text in refused.value.problems.values()] == [True]


@pytest.mark.parametrize(
    "given", [Given(code=7), Given(rationale="x" * (LONGEST_RATIONALE + 1)), Given(rationale="a\0b")]
)
def test_it_refuses_an_answer_that_no_draft_may_hold(case: Case, project: Project, ana: User, given: Given) -> None:
    held = builders.claim(project, ana)
    for criterion in (next(iter(builders.answers(case))), new_id()):
        with pytest.raises(Invalid) as refused:
            actions.save_draft(held.annotation, {criterion: given}, version=1, by=ana)
        assert list(refused.value.problems) == [str(criterion)]


def test_it_refuses_a_stale_draft_and_another_persons(case: Case, project: Project, ana: User, ben: User) -> None:
    annotation = saved(builders.claim(project, ana))
    with pytest.raises(Conflict):
        actions.save_draft(annotation, {}, version=1, by=ana)
    with pytest.raises(NotAllowed, match="Only its author"):
        actions.save_draft(annotation, {}, version=2, by=ben)


def test_it_returns_the_same_for_the_same_key(case: Case, project: Project, ana: User, ben: User) -> None:
    held, key, answers = builders.claim(project, ana), new_id(), builders.answers(case)
    first = actions.submit(held.annotation, answers, version=1, key=key, by=ana)
    assert actions.submit(held.annotation, answers, version=1, key=key, by=ana).submitted_at == first.submitted_at
    with pytest.raises(NotAllowed, match="submitted"):
        actions.submit(held.annotation, answers, version=2, key=new_id(), by=ana)
    with pytest.raises(NotAllowed):
        actions.submit(held.annotation, answers, version=2, key=key, by=ben)


# --- What follows ------------------------------------------------------------
def test_it_settles_what_everyone_agrees_on(case: Case, project: Project, ana: User, ben: User) -> None:
    for user in (ana, ben):
        builders.submitted(builders.claim(project, user), tests_behaviour=0)
    case.refresh_from_db()
    assert (case.status, case.adjudication.by) == (Case.Status.SETTLED, None)
    final = case.adjudication.verdicts.get(criterion__key="tests-behaviour")
    assert (final.code, final.rationale) == (0, "I saw tests-behaviour fail.\n\nI saw tests-behaviour fail.")


def test_it_hands_even_agreement_to_a_lead_where_the_policy_says_so(
    project: Project, ana: User, ben: User, eli: User
) -> None:
    case = builders.case(builders.task_version(project, eli), unanimity_settles=False)
    for user in (ana, ben):
        builders.submitted(builders.claim(project, user))
    case.refresh_from_db()
    assert case.status == Case.Status.ADJUDICATION


def test_it_takes_a_submission_back_until_a_lead_begins(
    case: Case, project: Project, ana: User, ben: User, cleo: User
) -> None:
    held = builders.submitted(builders.claim(project, ana))
    withdrawn = actions.undo(Annotation.objects.get(assignment=held), by=ana)
    assert (withdrawn.status, withdrawn.submitted_at) == (Annotation.Status.WITHDRAWN, None)
    with pytest.raises(NotAllowed):
        actions.undo(withdrawn, by=ana)
    builders.submitted(Assignment.objects.get(pk=held.pk), tests_behaviour=0)
    builders.submitted(builders.claim(project, ben))
    case.refresh_from_db()
    assert (case.status, case.disagreements) == (Case.Status.ADJUDICATION, 1)

    actions.undo(Annotation.objects.get(assignment=held), by=ana)
    case.refresh_from_db()
    assert (case.status, case.disagreements) == (Case.Status.OPEN, 0)
    assert queries.active(project, ana).get().case == case
    builders.submitted(Assignment.objects.get(pk=held.pk), tests_behaviour=0)
    AdjudicationDraft.objects.create(case=case, by=cleo)
    with pytest.raises(NotAllowed, match="A lead has begun"):
        actions.undo(Annotation.objects.get(assignment=held), by=ana)


def test_it_never_takes_back_what_everyone_agreed_on(case: Case, project: Project, ana: User, ben: User) -> None:
    first = builders.submitted(builders.claim(project, ana))
    builders.submitted(builders.claim(project, ben))
    with pytest.raises(NotAllowed, match="settled"):
        actions.undo(Annotation.objects.get(assignment=first), by=ana)


@pytest.mark.parametrize(("minutes", "claimed", "kept"), [(5, 60, 60), (1, 9999, 60), (5, -30, 0), (0, 40, 0)])
def test_it_counts_time_on_task_within_the_time_that_passed(
    case: Case, project: Project, ana: User, minutes: int, claimed: int, kept: int
) -> None:
    held = builders.claim(project, ana).annotation
    Annotation.objects.filter(pk=held.pk).update(saved_at=timezone.now() - timedelta(minutes=minutes))
    actions.save_draft(held, {}, version=1, by=ana, active_seconds=claimed)
    held.refresh_from_db()
    assert held.active_seconds == kept


# --- Adjudication ------------------------------------------------------------
@pytest.fixture
def disputed(project: Project, ana: User, ben: User, eli: User) -> Case:
    return builders.disputed(project, eli, [ana, ben])


def finals(case: Case, cause: str = "mistake") -> dict[UUID, Given]:
    return {pk: replace(given, cause=cause) for pk, given in builders.answers(case).items()}


def test_it_settles_by_a_lead_with_a_reason_and_causes(disputed: Case, cleo: User) -> None:
    nothing: dict[UUID, Given] = {}
    for given, reason in [(nothing, "Because."), (finals(disputed, cause=""), "Because."), (finals(disputed), " ")]:
        with pytest.raises(Invalid):
            actions.adjudicate(disputed, given, reason=reason, by=cleo)
    with pytest.raises(Invalid, match="not settled"):
        actions.adjudicate(disputed, finals(disputed, cause="whim"), reason="Because.", by=cleo)
    made = actions.adjudicate(disputed, finals(disputed), reason=" Because. ", by=cleo)
    assert (made.by, made.reason, made.verdicts.count()) == (cleo, "Because.", 8)
    with pytest.raises(Conflict, match="settled"):
        actions.adjudicate(disputed, finals(disputed), reason="Again.", by=cleo)
    assert Adjudication.objects.count() == 1


def test_it_keeps_those_from_adjudicating_who_took_part(
    project: Project, ana: User, ben: User, cleo: User, dora: User, eli: User, olaf: User
) -> None:
    by_lead = builders.disputed(project, cleo, [ana, ben])
    with_lead = builders.disputed(project, eli, [ana, dora])
    permits = {
        (case, user): bool(policies.can_adjudicate(user, case))
        for case in (by_lead, with_lead)
        for user in (ana, cleo, dora, olaf)
    }
    assert [key for key, permit in permits.items() if permit] == [(by_lead, dora), (with_lead, cleo)]
    assert list(queries.to_adjudicate(project, dora)) == [by_lead]
    assert list(queries.to_adjudicate(project, cleo)) == [with_lead]
    assert not policies.can_compare(cleo, by_lead)
    assert policies.can_compare(cleo, with_lead)


# --- Who sees what -----------------------------------------------------------
def test_it_shows_no_answer_of_others_before_everyone_has_submitted(
    case: Case, project: Project, ana: User, ben: User, cleo: User, dora: User, eli: User
) -> None:
    theirs = builders.submitted(builders.claim(project, ben), tests_behaviour=0).annotation
    held = builders.claim(project, ana)
    for user in (ana, cleo, dora, eli):
        assert theirs not in Annotation.objects.visible_to(user)
        assert not policies.can_compare(user, case)
    builders.submitted(held)
    case.refresh_from_db()
    assert {user: theirs in Annotation.objects.visible_to(user) for user in (ana, ben, cleo, eli)} == {
        ana: False,
        ben: True,
        cleo: True,
        eli: False,
    }


def test_it_shows_a_lead_who_took_part_no_others_answers(project: Project, ana: User, cleo: User, eli: User) -> None:
    case = builders.disputed(project, eli, [ana, cleo])
    seen = Annotation.objects.visible_to(cleo).filter(case=case)
    assert [annotation.author for annotation in seen] == [cleo]


def test_it_compares_under_letters_in_seat_order(disputed: Case) -> None:
    rows = queries.comparisons(disputed)
    assert {tuple(opinion.letter for opinion in row.opinions) for row in rows} == {("A", "B")}
    assert [row.criterion.key for row in rows if not row.is_unanimous] == ["tests-behaviour"]


def test_it_writes_only_answers_that_changed(case: Case, project: Project, ana: User) -> None:
    held = builders.claim(project, ana)
    first, second, *_ = held.case.rubric_version.criteria.all()
    given = {first.pk: Given(code=1, rationale="As it was."), second.pk: Given(code=1)}
    saved = actions.save_draft(held.annotation, given, version=1, by=ana)
    before = _written(saved)
    actions.save_draft(saved, {**given, second.pk: Given(code=0)}, version=2, by=ana)
    after = _written(saved)
    assert after[first.pk] == before[first.pk]
    assert after[second.pk] != before[second.pk]
    assert {row.criterion_id: (row.code, row.rationale) for row in saved.verdicts.all()} == {
        first.pk: (1, "As it was."),
        second.pk: (0, ""),
    }


def _written(annotation: Annotation) -> dict[UUID, str]:
    """The transaction that wrote each verdict last, and which row it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT criterion_id, ctid::text FROM review_verdict WHERE annotation_id = %s", [annotation.pk])
        return dict(cursor.fetchall())
