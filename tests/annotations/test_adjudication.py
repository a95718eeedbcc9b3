"""Settling, asking back and second leads, below the pages."""

from uuid import UUID

import pytest

from annotations.accounts.models import Project, User
from annotations.audit.models import AuditEvent
from annotations.core.errors import Conflict, Invalid, NotAllowed
from annotations.review import actions, policies, queries
from annotations.review.actions import Basis
from annotations.review.answers import Given, from_stored
from annotations.review.models import (
    Adjudication,
    Case,
    Citation,
    FinalVerdict,
    Question,
    ReviewSettings,
    SecondAdjudication,
    Verdict,
)
from annotations.review.queries import Grounds
from annotations.rubrics.models import Criterion
from tests import builders

CAUSE = FinalVerdict.Cause.MISTAKE


@pytest.fixture
def case(project: Project, ana: User, ben: User, eli: User) -> Case:
    """Ana says that the tests reject sound solutions, ben that they do not; on the rest they agree."""
    return builders.disputed(project, eli, [ana, ben])


def criterion(case: Case, key: str = "tests-behaviour") -> Criterion:
    return case.rubric_version.criteria.get(key=key)


def finals(case: Case, **codes: int | None) -> dict[UUID, Given]:
    given = builders.answers(case, **codes)
    key = criterion(case).pk
    return {**given, key: Given(given[key].code, given[key].cannot_tell, given[key].rationale, CAUSE)}


def settle(case: Case, by: User, **codes: int | None) -> None:
    actions.adjudicate(case, finals(case, **codes), reason="It is so.", by=by)
    case.refresh_from_db()


def share(project: Project, percent: int) -> None:
    ReviewSettings.objects.create(project=project, second_lead_percent=percent)


# --- Evidence ----------------------------------------------------------------
def cite(case: Case, author: User, first: int, last: int, path: str = "tests/test.sh") -> None:
    verdict = Verdict.objects.get(annotation__case=case, annotation__author=author, criterion=criterion(case))
    Citation.objects.create(verdict=verdict, kind=Citation.Kind.FILE, target=path, first=first, last=last)


def grounds(case: Case) -> Grounds | None:
    return next(row for row in queries.comparisons(case) if row.criterion == criterion(case)).grounds


def test_it_tells_evidence_that_differs_from_evidence_judged_differently(case: Case, ana: User, ben: User) -> None:
    assert grounds(case) == Grounds.UNCITED
    cite(case, ana, 1, 3)
    cite(case, ben, 4, 5)
    assert grounds(case) == Grounds.DIFFERENT
    cite(case, ben, 3, 3)
    assert grounds(case) == Grounds.SAME
    agreed = next(row for row in queries.comparisons(case) if row.is_unanimous)
    assert agreed.grounds is None


# --- Stale pages and drafts --------------------------------------------------
def test_it_keeps_a_draft_per_lead_and_refuses_a_stale_write(case: Case, cleo: User, dora: User) -> None:
    given = {criterion(case).pk: Given(0, False, "Line 3.", CAUSE)}
    draft = actions.save_finals(case, given, reason="So", confidence=2, version=0, by=cleo)
    assert (draft.version, draft.reason, draft.confidence) == (1, "So", 2)
    with pytest.raises(Conflict):
        actions.save_finals(case, given, reason="Other", confidence=None, version=0, by=cleo)
    assert queries.draft_of(case, dora) is None
    again = actions.save_finals(case, given, reason="So it is", confidence=9, version=1, by=cleo)
    assert (again.version, again.confidence) == (2, None)


def test_it_refuses_to_settle_on_what_has_moved(case: Case, cleo: User, dora: User) -> None:
    edition = queries.edition(queries.comparisons(case))
    actions.save_finals(case, {}, reason="", confidence=None, version=0, by=cleo)
    for basis in (Basis(0, edition), Basis(1, "9.9")):
        with pytest.raises(Conflict):
            actions.adjudicate(case, finals(case), reason="So.", by=cleo, basis=basis)
    actions.adjudicate(case, finals(case), reason="So.", by=cleo, confidence=3, basis=Basis(1, edition))
    with pytest.raises(Conflict, match="settled"):
        actions.adjudicate(case, finals(case), reason="So.", by=dora)
    with pytest.raises(Conflict, match="settled"):
        actions.save_finals(case, {}, reason="", confidence=None, version=0, by=dora)
    assert Adjudication.objects.get(case=case).confidence == 3


def test_it_demands_words_for_what_fails(case: Case, cleo: User) -> None:
    wordless = {**finals(case), criterion(case, "instruction-complete").pk: Given(0, False, "", "")}
    with pytest.raises(Invalid) as refused:
        actions.adjudicate(case, wordless, reason="So.", by=cleo)
    assert set(refused.value.problems) == {str(criterion(case, "instruction-complete").pk)}


def test_it_carries_what_a_partial_case_did_not_ask(case: Case, cleo: User, dora: User) -> None:
    settle(case, cleo, instruction_complete=0)
    partial = Case.objects.create(
        project=case.project,
        task_version=case.task_version,
        rubric_version=case.rubric_version,
        round=2,
        overlap=1,
        follows=case,
        only_criteria=[criterion(case).pk],
        status=Case.Status.ADJUDICATION,
    )
    actions.adjudicate(partial, {criterion(case).pk: Given(2, cause=CAUSE)}, reason="So.", by=dora)
    settled = Adjudication.objects.get(case=partial)
    assert settled.verdicts.count() == case.rubric_version.criteria.count()
    assert settled.verdicts.get(criterion__key="instruction-complete").code == 0


# --- Blind first -------------------------------------------------------------
def test_it_shows_nothing_before_the_lead_has_answered(case: Case, project: Project, cleo: User) -> None:
    ReviewSettings.objects.create(project=project, blind_first=True)
    assert not policies.can_compare(cleo, case)
    with pytest.raises(NotAllowed, match="yourself"):
        settle(case, cleo)
    with pytest.raises(Invalid):
        actions.answer_first(case, {}, by=cleo)
    draft = actions.answer_first(case, {criterion(case).pk: Given(None, True)}, by=cleo)
    assert draft.blind == {str(criterion(case).pk): None}
    assert policies.can_compare(cleo, case)
    with pytest.raises(NotAllowed):
        actions.answer_first(case, {criterion(case).pk: Given(2)}, by=cleo)


# --- Asking back -------------------------------------------------------------
def reply(case: Case, by: User, **given: Given) -> None:
    assignment = case.assignments.get(annotator=by)
    answers = {criterion(case, key.replace("_", "-")).pk: answer for key, answer in given.items()}
    actions.reply(assignment, "I looked again.", answers, version=0, by=by)


def test_it_asks_once_and_comes_back_when_all_replied(case: Case, ana: User, ben: User, cleo: User) -> None:
    question = actions.ask(case, "Did you see line 3?", criterion=criterion(case), by=cleo)
    case.refresh_from_db()
    assert case.status == Case.Status.ASKED
    assert [row.annotator for row in queries.questions_for(case.project, ana)] == [ana]
    before = case.assignments.get(annotator=ana).annotation.version
    reply(case, ana, tests_behaviour=Given(2))
    assert [heard.text for heard in queries.heard(question)] == ["I looked again.", ""]
    assert not queries.questions_for(case.project, ana)
    with pytest.raises(Conflict, match="replied"):
        reply(case, ana)
    reply(case, ben)
    case.refresh_from_db()
    assert (case.status, case.disagreements) == (Case.Status.ADJUDICATION, 0)
    assert case.assignments.get(annotator=ana).annotation.version == before + 1
    assert AuditEvent.objects.get(verb="annotation.revised").facts["before"][str(criterion(case).pk)]["code"] == 0
    with pytest.raises(NotAllowed, match="once"):
        actions.ask(case, "And now?", by=cleo)


def test_it_lets_a_reply_change_nothing_but_what_was_asked(case: Case, ana: User, cleo: User) -> None:
    actions.ask(case, "Why?", by=cleo)
    with pytest.raises(Invalid):
        reply(case, ana, instruction_complete=Given(0, False, "No."))
    with pytest.raises(Invalid, match="not sent"):
        reply(case, ana, tests_behaviour=Given(0))  # a fail without its reason


def test_it_keeps_an_unfinished_reply_until_it_is_sent(case: Case, ana: User, ben: User, cleo: User) -> None:
    assignment, given = case.assignments.get(annotator=ana), {criterion(case).pk: Given(0, rationale="Half a")}
    with pytest.raises(Conflict):
        actions.save_reply(assignment, "Before I was asked", {}, version=0, by=ana)
    actions.ask(case, "Why?", by=cleo)
    assert actions.save_reply(assignment, "I had", given, version=0, by=ana).version == 1
    with pytest.raises(Conflict, match="another window"):
        actions.save_reply(assignment, "An older window", {}, version=0, by=ana)
    with pytest.raises(Invalid):
        actions.save_reply(assignment, "x" * 10_001, {criterion(case).pk: Given(9)}, version=1, by=ana)
    with pytest.raises(NotAllowed):
        actions.save_reply(assignment, "Not mine", {}, version=1, by=ben)
    draft = queries.reply_draft_of(assignment.annotation)
    assert draft is not None
    assert (draft.text, from_stored(draft.answers)) == ("I had", given)
    assert case.assignments.get(annotator=ana).annotation.verdicts.get(criterion=criterion(case)).rationale != "Half a"
    actions.reply(assignment, "I had not.", {}, version=1, by=ana)
    assert queries.reply_draft_of(assignment.annotation) is None
    with pytest.raises(Conflict, match="replied"):
        actions.save_reply(assignment, "And another thing", {}, version=0, by=ana)


def test_it_asks_the_second_annotator_the_same_whatever_the_first_changed(
    case: Case, ana: User, ben: User, cleo: User
) -> None:
    question = actions.ask(case, "Why?", by=cleo)
    reply(case, ana, tests_behaviour=Given(2))
    assert queries.open_to_change(question) == [criterion(case)]
    reply(case, ben, tests_behaviour=Given(0, rationale="It fails still."))
    case.refresh_from_db()
    assert case.disagreements == 1


def test_the_lead_may_stop_waiting(case: Case, ana: User, cleo: User) -> None:
    actions.ask(case, "Why?", by=cleo)
    actions.stop_waiting(case, by=cleo)
    with pytest.raises(Conflict, match="gone on"):
        reply(case, ana)
    with pytest.raises(Conflict):
        actions.stop_waiting(case, by=cleo)
    assert Question.objects.filter(case=case).exists()


def test_it_asks_nobody_about_what_is_agreed(case: Case, ana: User, cleo: User) -> None:
    with pytest.raises(Invalid):
        actions.ask(case, "Why?", criterion=criterion(case, "instruction-complete"), by=cleo)
    with pytest.raises(Invalid):
        actions.ask(case, "  ", by=cleo)
    with pytest.raises(NotAllowed):
        actions.ask(case, "Why?", by=ana)


# --- Second leads ------------------------------------------------------------
def test_another_lead_settles_a_drawn_case_unseen(case: Case, project: Project, cleo: User, dora: User) -> None:
    share(project, 100)
    settle(case, cleo)
    assert not queries.to_adjudicate(project, cleo)
    assert list(queries.to_adjudicate(project, dora)) == [case]
    assert policies.can_adjudicate(dora, case)
    assert not policies.can_adjudicate(cleo, case)
    events = AuditEvent.objects.filter(target_id=case.pk).count()
    settle(case, dora, tests_behaviour=0)
    assert not queries.to_adjudicate(project, dora)
    second = SecondAdjudication.objects.get(case=case)
    assert (second.by, second.verdicts.get(criterion=criterion(case)).code) == (dora, 0)
    assert case.adjudication.verdicts.get(criterion=criterion(case)).code == 2
    assert AuditEvent.objects.filter(target_id=case.pk).count() == events
    agreement = queries.agreement_of_leads(project)
    assert (agreement.cases, agreement.criteria - agreement.same) == (1, 1)


def test_it_draws_nothing_by_default_nor_what_everyone_agrees_on(
    project: Project, ana: User, ben: User, cleo: User, eli: User
) -> None:
    settle(builders.disputed(project, eli, [ana, ben]), cleo)
    share(project, 100)
    agreed = builders.case(builders.task_version(project, eli))
    for user in (ana, ben):
        builders.submitted(builders.claim(project, user))
    agreed.refresh_from_db()
    assert agreed.status == Case.Status.SETTLED
    assert not SecondAdjudication.objects.exists()
