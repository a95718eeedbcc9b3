"""Leads mark settled cases as gold; copies of them are dealt unseen, and what people answer is held against them."""

import secrets
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.audit.actions import record
from annotations.catalog.models import Task
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.core.states import move
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review import policies, queries
from annotations.review.copies import close, open_copy
from annotations.review.models import (
    Annotation,
    Case,
    GoldAnswer,
    GoldCase,
    QueuePause,
    ReviewSettings,
    Seat,
    Verdict,
    settings_of,
)

LONGEST_NOTE = 300
type Lot = Callable[[int], bool]


# --- Marking -----------------------------------------------------------------
@transaction.atomic
def mark_gold(case: Case, *, by: User) -> GoldCase:
    """Measure people against a settled case from now on; again, it changes nothing."""
    held = _lock(case)
    require(policies.can_mark_gold(by, held))
    gold, is_new = GoldCase.objects.get_or_create(case=held, defaults={"by": by, "marked_at": timezone.now()})
    if is_new or gold.retired_at:
        gold.by, gold.marked_at, gold.retired_at = by, timezone.now(), None
        gold.save(update_fields=["by", "marked_at", "retired_at"])
        _withhold(held)
        record("gold.marked", by=by, target=gold, case=str(held.pk))
    return gold


@transaction.atomic
def retire_gold(case: Case, *, by: User) -> None:
    """Deal a gold case to nobody any more and count no answer to it; again, it changes nothing."""
    held = _lock(case)
    require(roles.can_lead(by, held.project))
    if not GoldCase.objects.filter(case=held, retired_at=None).update(retired_at=timezone.now()):
        return
    _withhold(held)
    record("gold.retired", by=by, target=GoldCase.objects.get(case=held), case=str(held.pk))


def _lock(case: Case) -> Case:
    rows = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("project", "task_version")
    return rows.get(pk=case.pk)


def _withhold(case: Case) -> None:
    """Keep the task out of what experts see for as long as one of its cases is gold."""
    if case.task_version is None:
        return
    # The lock keeps two leads who change two cases of one task from each seeing the other's as it was.
    task = Task.objects.select_for_update(no_key=True).get(pk=case.task_version.task_id)
    task.is_withheld = GoldCase.objects.filter(case__task_version__task=task, retired_at=None).exists()
    task.save(update_fields=["is_withheld"])


# --- Dealing -----------------------------------------------------------------
def by_chance(percent: int) -> bool:
    """Whether a lot that falls so often in a hundred falls this time."""
    return secrets.randbelow(100) < percent


def deal(instead: Seat, terms: queries.Terms, lot: Lot) -> Seat | None:
    """A seat on a gold case's copy instead of the next one, as often as the project wants; else None.

    Only experts are dealt any: leads may look up what is gold.
    """
    percent = terms.settings.gold_percent
    if not percent or terms.role != Membership.Role.EXPERT or not lot(percent):
        return None
    gold = queries.unseen_gold(terms).first()
    if gold is None:
        return None
    seat = open_copy(gold, terms.user, like=instead)
    record("gold.dealt", by=None, target=gold, case=str(seat.case_id), to=str(terms.user.pk))
    return seat


# --- Judging -----------------------------------------------------------------
def judge(annotation: Annotation, verdicts: Sequence[Verdict], *, by: User) -> None:
    """Hold a copy's answers against what was settled, move it on as any other case, and pause whoever falls short.

    The caller holds the case's lock.
    """
    case = annotation.case
    gold = Case.objects.select_related("project").get(copies=case)
    expected = queries.expected(gold)
    GoldAnswer.objects.bulk_create(
        GoldAnswer(
            annotation=annotation,
            criterion_id=row.criterion_id,
            expected=(final := expected[row.criterion_id]).code,
            given=row.code,
            is_correct=(row.code, row.cannot_tell) == (final.code, final.cannot_tell),
        )
        for row in verdicts
        if row.criterion_id in expected
    )
    settings = settings_of(gold.project)
    _move_on(case, gold, settings)
    _pause_if_wanting(gold.project, by, settings)


def _move_on(case: Case, gold: Case, settings: ReviewSettings) -> None:
    """Where its person would expect it: settled where one answer does, else with a lead, who never comes to it."""
    if settings.gold_feedback:
        close(case)
    elif gold.unanimity_settles and gold.overlap - gold.extra == 1:
        move(case, Case.Status.SETTLED)
        record("case.settled", by=None, target=case, unanimous=True)
    else:
        move(case, Case.Status.ADJUDICATION)
        record("case.to_adjudication", by=None, target=case, disagreements=0)


def _pause_if_wanting(project: Project, person: User, settings: ReviewSettings) -> None:
    standing = queries.gold_standing(project, person, settings)
    if standing.answered < settings.gold_minimum or standing.percent >= settings.gold_threshold:
        return
    pause, is_new = QueuePause.objects.get_or_create(
        project=project,
        person=person,
        lifted_at=None,
        defaults={
            "correct": standing.correct,
            "answered": standing.answered,
            "threshold": settings.gold_threshold,
        },
    )
    if is_new:
        record("queue.paused", by=None, target=pause, **{"from": str(person.pk)})
        text = "Somebody's queue is paused: too few of their answers to gold cases were as expected."
        notify(_leads(project), project, Notice.Kind.PAUSE, text, links.pause(project, pause.pk), by=person)


def _leads(project: Project) -> list[User]:
    rows = project.memberships.filter(role=Membership.Role.LEAD, user__is_active=True).select_related("user")
    return [row.user for row in rows]


@transaction.atomic
def lift_pause(pause: QueuePause, note: str, *, by: User) -> None:
    """Hand cases to somebody again; answers before this no longer count. They read the note.

    Raises Conflict when it was lifted before, and Invalid without a note.
    """
    require(policies.can_lift(by, pause))
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        told = f"Say in at most {LONGEST_NOTE} characters what comes of it: {pause.person} reads it."
        raise Invalid("The queue stays paused.", {"note": told})
    begun = QueuePause.objects.filter(pk=pause.pk, lifted_at=None)
    if not begun.update(lifted_at=timezone.now(), lifted_by=by, note=note):
        raise Conflict("This queue was opened again already.")
    record("queue.resumed", by=by, target=pause, to=str(pause.person_id), note=note)
    text = f"Your queue is open again. {note}"
    notify([pause.person], pause.project, Notice.Kind.PAUSE, text, links.queue(pause.project), by=by)
