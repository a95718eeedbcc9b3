"""A case and its seats come to be; actions and jobs both open them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from annotations.audit.actions import record
from annotations.catalog.models import TaskVersion
from annotations.review import queries
from annotations.review.models import UNDATED_WAITS, Case, Seat
from annotations.rubrics.models import RubricVersion


class Opening(TypedDict, total=False):
    """What a case may have beyond its subject, rubric and overlap."""

    unanimity_settles: bool
    priority: int
    due_at: datetime | None
    needs: Sequence[str]
    round: int
    only_criteria: Sequence[UUID] | None
    follows: Case | None


@transaction.atomic
def open_case(
    subject: TaskVersion | RubricVersion, rubric: RubricVersion, *, overlap: int, **more: Unpack[Opening]
) -> Case:
    """Ask `overlap` people to judge a task version, or a rubric version, against a rubric version."""
    case = Case(rubric_version=rubric, overlap=overlap, **more)
    if isinstance(subject, TaskVersion):
        case.project, case.task_version = subject.project, subject
    else:
        case.project, case.subject_rubric_version = subject.rubric.project, subject
    case.save()
    information = queries.information_of(case, 0)
    Seat.objects.bulk_create(new_seat(case, number, information) for number in range(1, overlap + 1))
    record("case.opened", by=None, target=case, overlap=overlap)
    return case


def new_seat(case: Case, number: int, information: float) -> Seat:
    """A free seat that repeats what the queue finds it by; not stored yet."""
    return Seat(
        case=case,
        number=number,
        information=information,
        project_id=case.project_id,
        priority=case.priority,
        due_at=case.due_at,
        waits_until=case.opened_at + UNDATED_WAITS,
        needs=case.needs,
    )


def note_answers(case: Case, answers: int) -> None:
    """Say anew what one more answer beyond so many would tell; the caller holds the case's lock."""
    Seat.objects.filter(case=case).update(information=queries.information_of(case, answers))
