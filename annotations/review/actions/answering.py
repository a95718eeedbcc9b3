"""Answer a case: drafts, submission, and taking it back."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.core.prepared import change, insert_each, prepared
from annotations.core.states import move
from annotations.review import policies, queries
from annotations.review.actions import gold
from annotations.review.actions.citing import cite
from annotations.review.actions.settling import advance
from annotations.review.answers import Answers, Given, incomplete, malformed
from annotations.review.models import Annotation, Assignment, Case, Verdict, lease_end_in
from annotations.review.opening import note_answers
from annotations.rubrics.models import Criterion


@transaction.atomic
def save_draft(
    annotation: Annotation, answers: Answers, *, version: int, by: User, active_seconds: int = 0
) -> Annotation:
    """Store the answers given so far, and the seconds of work on them since the last save; extend the lease.

    Raises Conflict when the draft was saved elsewhere since `version`, and Invalid for an answer off its scale.
    """
    held = _lock(annotation)
    require(policies.can_edit(by, held))
    _require_fresh(held, version)
    _store(held, answers, by=by)
    saved = _saved(held, active_seconds)
    for name, value in saved.items():
        setattr(held, name, value)
    change(held, saved)
    change(held.assignment, {"lease_ends_at": lease_end_in(held.case.project_id)})
    return held


def _lock(annotation: Annotation) -> Annotation:
    """Lock the case, then the annotation: the order every action here keeps."""
    _locked_case(annotation.case_id)
    return _locked_annotation(annotation.pk)[0]


@prepared
def _locked_case(case: UUID) -> QuerySet[Case, tuple[UUID]]:
    return Case.every.select_for_update(no_key=True).filter(pk=case).values_list("pk")


@prepared
def _locked_annotation(annotation: UUID) -> QuerySet[Annotation]:
    rows = Annotation.objects.select_for_update(of=("self",)).select_related("case", "assignment")
    return rows.filter(pk=annotation).order_by()


def _require_fresh(annotation: Annotation, version: int) -> None:
    if annotation.version != version:
        raise Conflict("This draft was saved in another window since you opened it here.")


def _store(annotation: Annotation, answers: Answers, *, by: User) -> list[Verdict]:
    """Everything that is stored afterwards."""
    criteria = queries.case_criteria(annotation.case)
    if problems := malformed(criteria, answers):
        raise Invalid("The draft was not saved.", problems)
    stored = {row.criterion_id: row for row in queries.answers_of(annotation)}
    given = [criterion for criterion in criteria if criterion.pk in answers]
    rows = [_verdict(annotation, row, answers[row.pk], before=stored.get(row.pk)) for row in given]
    insert_each([row for row in rows if row is not stored.get(row.criterion_id)], over=("annotation", "criterion"))
    cite(annotation.case, rows, answers, by=by)
    return list({**stored, **{row.criterion_id: row for row in rows}}.values())


def _saved(annotation: Annotation, active_seconds: int) -> dict[str, Any]:
    """What a save changes of the annotation itself."""
    return {
        "version": annotation.version + 1,
        "saved_at": timezone.now(),
        "active_seconds": annotation.active_seconds + _worked(annotation, active_seconds),
    }


def _worked(annotation: Annotation, claimed: int) -> int:
    """What a browser says it saw of work, but never more than went by since the last save."""
    passed = int((timezone.now() - annotation.saved_at).total_seconds())
    return max(0, min(claimed, passed))


def _verdict(annotation: Annotation, criterion: Criterion, answer: Given, *, before: Verdict | None) -> Verdict:
    """What is stored already where it says the same; else what takes its place."""
    said = {name: getattr(answer, name) for name in ("code", "cannot_tell", "rationale", "confidence")}
    if before and all(getattr(before, name) == value for name, value in said.items()):
        return before
    row = Verdict(annotation_id=annotation.pk, criterion_id=criterion.pk, **said)
    row.pk, row.cited = (before.pk, before.cited) if before else (row.pk, [])
    return row


@transaction.atomic
def submit(
    annotation: Annotation, answers: Answers, *, version: int, key: UUID, by: User, active_seconds: int = 0
) -> Annotation:
    """Seal the answers; settle the case or open its adjudication if they were the last ones due.

    The same `key` again returns what the first call did. Raises Invalid, naming each criterion, when an answer
    or a rationale it needs is missing.
    """
    held = _lock(annotation)
    if held.author_id == by.pk and held.status == Annotation.Status.SUBMITTED and held.submit_key == key:
        return held
    require(policies.can_edit(by, held))
    _require_fresh(held, version)
    stored = _store(held, answers, by=by)
    if problems := incomplete(queries.case_criteria(held.case), queries.given(stored)):
        raise Invalid("Some criteria still need something from you.", problems)
    saved = _saved(held, active_seconds)
    move(held, Annotation.Status.SUBMITTED, submitted_at=timezone.now(), submit_key=key, **saved)
    move(held.assignment, Assignment.Status.SUBMITTED)
    record("annotation.submitted", by=by, target=held, case=str(held.case_id))
    if held.case.gold_of_id is None:
        advance(held.case)
    else:
        gold.judge(held, stored, by=by)
    return held


@transaction.atomic
def undo(annotation: Annotation, *, by: User) -> Annotation:
    """Take a submission back, until a lead begins to settle the case; the answers can be edited again."""
    held = _lock(annotation)
    require(policies.can_undo(by, held))
    if held.case.status == Case.Status.ADJUDICATION:
        move(held.case, Case.Status.OPEN, disagreements=0)
    move(held, Annotation.Status.WITHDRAWN, submitted_at=None, submit_key=None)
    move(held.assignment, Assignment.Status.ACTIVE, lease_ends_at=lease_end_in(held.case.project_id))
    note_answers(held.case, queries.submissions(held.case))
    if held.case.gold_of_id is not None:
        held.gold_answers.all().delete()
    record("annotation.withdrawn", by=by, target=held, case=str(held.case_id))
    return held


@transaction.atomic
def let_stand(annotation: Annotation, *, by: User) -> None:
    """Give up taking one's submission back, so that what others say of the case may be read; again, no change."""
    held = _lock(annotation)
    require(policies.can_let_stand(by, held))
    if Annotation.objects.filter(pk=held.pk, stands_since=None).update(stands_since=timezone.now()):
        record("annotation.stands", by=by, target=held, case=str(held.case_id))
