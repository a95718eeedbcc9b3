from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.audit.actions import record
from annotations.catalog.models import TaskVersion
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.core.states import move
from annotations.review import policies, queries
from annotations.review.answers import Given, incomplete, malformed
from annotations.review.models import (
    Adjudication,
    Annotation,
    Assignment,
    Case,
    FinalVerdict,
    Seat,
    Verdict,
    lease_end,
)
from annotations.rubrics.models import Criterion, RubricVersion

type Answers = Mapping[UUID, Given]


@transaction.atomic
def open_case(version: TaskVersion, rubric: RubricVersion, *, overlap: int, unanimity_settles: bool = True) -> Case:
    """Ask `overlap` people to judge a task version against a rubric version."""
    case = Case.objects.create(
        project=version.project,
        task_version=version,
        rubric_version=rubric,
        overlap=overlap,
        unanimity_settles=unanimity_settles,
    )
    Seat.objects.bulk_create(Seat(case=case, number=number) for number in range(1, overlap + 1))
    record("case.opened", by=None, target=case, overlap=overlap)
    return case


@transaction.atomic
def claim_next(project: Project, *, by: User) -> Assignment | None:
    """Reserve the next case for a person, or return the one they already hold; None when there is none.

    The seat is taken by one locking statement that passes over seats others are taking at this moment.
    """
    require(policies.can_claim(by, project))
    User.objects.select_for_update().get(pk=by.pk)  # one claim at a time per person, or a double click takes two
    if held := queries.active(project, by).first():
        return held
    seat = queries.claimable(project, by).select_for_update(skip_locked=True, of=("self",)).first()
    if seat is None:
        return None
    Seat.objects.filter(pk=seat.pk).update(is_free=False)
    assignment = _sit(seat, by)
    record("case.claimed", by=by, target=seat.case, seat=seat.number)
    return assignment


def _sit(seat: Seat, person: User) -> Assignment:
    """Give the seat to the person, taking up the assignment and draft they had before, if any."""
    assignment, is_new = Assignment.objects.update_or_create(
        case_id=seat.case_id,
        annotator=person,
        defaults={"seat": seat, "status": Assignment.Status.ACTIVE, "lease_ends_at": lease_end()},
    )
    if is_new:
        Annotation.objects.create(assignment=assignment, case_id=seat.case_id, author=person)
    return assignment


@transaction.atomic
def save_draft(annotation: Annotation, answers: Answers, *, version: int, by: User) -> Annotation:
    """Store the answers given so far and extend the lease.

    Raises Conflict when the draft was saved elsewhere since `version`, and Invalid for an answer off its scale.
    """
    held = _lock(annotation)
    require(policies.can_edit(by, held))
    _require_fresh(held, version)
    _store(held, answers)
    return held


def _lock(annotation: Annotation) -> Annotation:
    """Lock the case, then the annotation: the order every action here keeps."""
    Case.objects.select_for_update().get(pk=annotation.case_id)
    rows = Annotation.objects.select_for_update(of=("self",)).select_related("case__rubric_version", "assignment")
    return rows.get(pk=annotation.pk)


def _require_fresh(annotation: Annotation, version: int) -> None:
    if annotation.version != version:
        raise Conflict("This draft was saved in another window since you opened it here.")


def _store(annotation: Annotation, answers: Answers) -> None:
    criteria = list(annotation.case.rubric_version.criteria.all())
    if problems := malformed(criteria, answers):
        raise Invalid("The draft was not saved.", problems)
    Verdict.objects.bulk_create(
        [_verdict(annotation, criterion, answers[criterion.pk]) for criterion in criteria if criterion.pk in answers],
        update_conflicts=True,
        unique_fields=["annotation", "criterion"],
        update_fields=["code", "cannot_tell", "rationale"],
    )
    annotation.version += 1
    annotation.saved_at = timezone.now()
    annotation.save(update_fields=["version", "saved_at"])
    Assignment.objects.filter(pk=annotation.assignment_id).update(lease_ends_at=lease_end())


def _verdict(annotation: Annotation, criterion: Criterion, answer: Given) -> Verdict:
    return Verdict(
        annotation=annotation,
        criterion=criterion,
        code=answer.code,
        cannot_tell=answer.cannot_tell,
        rationale=answer.rationale,
    )


@transaction.atomic
def submit(annotation: Annotation, answers: Answers, *, version: int, key: UUID, by: User) -> Annotation:
    """Seal the answers; settle the case or open its adjudication if they were the last ones due.

    The same `key` again returns what the first call did. Raises Invalid, naming each criterion, when an answer
    or a rationale it needs is missing.
    """
    held = _lock(annotation)
    if held.author_id == by.pk and held.status == Annotation.Status.SUBMITTED and held.submit_key == key:
        return held
    require(policies.can_edit(by, held))
    _require_fresh(held, version)
    _store(held, answers)
    if problems := incomplete(held.case.rubric_version.criteria.all(), queries.given(list(held.verdicts.all()))):
        raise Invalid("Some criteria still need something from you.", problems)
    move(held, Annotation.Status.SUBMITTED, submitted_at=timezone.now(), submit_key=key)
    move(held.assignment, Assignment.Status.SUBMITTED)
    record("annotation.submitted", by=by, target=held, case=str(held.case_id))
    _advance(held.case)
    return held


def _advance(case: Case) -> None:
    """Settle the case or hand it to a lead once every seat has submitted."""
    if case.assignments.filter(status=Assignment.Status.SUBMITTED).count() < case.overlap:
        return
    compared = queries.comparisons(case)
    if case.unanimity_settles and all(row.is_unanimous for row in compared):
        finals = {row.criterion.pk: _agreed(row) for row in compared}
        _settle(case, finals, by=None, reason="")
    else:
        move(case, Case.Status.ADJUDICATION)
        record("case.to_adjudication", by=None, target=case)


def _agreed(row: queries.Comparison) -> Given:
    verdict = row.opinions[0].verdict
    rationales = [opinion.verdict.rationale for opinion in row.opinions if opinion.verdict.rationale]
    return Given(code=verdict.code, cannot_tell=verdict.cannot_tell, rationale="\n\n".join(rationales))


@transaction.atomic
def undo(annotation: Annotation, *, by: User) -> Annotation:
    """Take a submission back, while others still have to submit; the answers can be edited again."""
    held = _lock(annotation)
    require(policies.can_undo(by, held))
    move(held, Annotation.Status.WITHDRAWN, submitted_at=None, submit_key=None)
    move(held.assignment, Assignment.Status.ACTIVE, lease_ends_at=lease_end())
    record("annotation.withdrawn", by=by, target=held, case=str(held.case_id))
    return held


@transaction.atomic
def skip(assignment: Assignment, reason: str, *, by: User) -> None:
    """Give a case back with a reason; it is not offered to this person again."""
    if reason not in Assignment.SkipReason.values:
        raise Invalid("Choose why you skip this case.", {"reason": "Choose a reason."})
    Case.objects.select_for_update().get(pk=assignment.case_id)
    assignment.refresh_from_db()
    require(policies.can_skip(by, assignment))
    move(assignment, Assignment.Status.SKIPPED, skip_reason=reason)
    Seat.objects.filter(pk=assignment.seat_id).update(is_free=True)
    record("case.skipped", by=by, target=assignment.case, reason=reason)


@transaction.atomic
def adjudicate(case: Case, finals: Answers, *, reason: str, by: User) -> Adjudication:
    """Settle a case by a lead's final verdicts.

    Raises Invalid, naming each criterion, when a final verdict is missing, a disagreement has no cause, or the
    reason is empty.
    """
    case = Case.objects.select_for_update(of=("self",)).select_related("rubric_version", "project").get(pk=case.pk)
    require(policies.can_adjudicate(by, case))
    problems = _missing_finals(queries.comparisons(case), finals)
    if not reason.strip():
        problems["reason"] = "Say in a sentence what decided it: the annotators and the author will read it."
    if problems:
        raise Invalid("The case is not settled yet.", problems)
    return _settle(case, finals, by=by, reason=reason.strip())


def _missing_finals(compared: list[queries.Comparison], finals: Answers) -> dict[str, str]:
    problems = malformed([row.criterion for row in compared], finals)
    for row in compared:
        final, key = finals.get(row.criterion.pk, Given()), str(row.criterion.pk)
        if missing := _missing_in(row, final):
            problems.setdefault(key, " ".join(missing))
    return problems


def _missing_in(row: queries.Comparison, final: Given) -> list[str]:
    missing = []
    if not final.is_answered:
        missing.append(f"“{row.criterion.title}” has no final verdict yet.")
    if not row.is_unanimous and final.cause not in FinalVerdict.Cause.values:
        missing.append(f"Say why people disagreed on “{row.criterion.title}”.")
    elif final.cause and final.cause not in FinalVerdict.Cause.values:
        missing.append(f"Choose one of the causes for “{row.criterion.title}”.")
    return missing


def _settle(case: Case, finals: Answers, *, by: User | None, reason: str) -> Adjudication:
    move(case, Case.Status.SETTLED)
    adjudication = Adjudication.objects.create(case=case, by=by, reason=reason)
    FinalVerdict.objects.bulk_create(
        FinalVerdict(
            adjudication=adjudication,
            criterion_id=criterion_id,
            code=final.code,
            cannot_tell=final.cannot_tell,
            rationale=final.rationale,
            cause=final.cause,
        )
        for criterion_id, final in finals.items()
    )
    record("case.settled", by=by, target=case, unanimous=by is None)
    return adjudication
