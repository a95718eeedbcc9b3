"""Steer cases through the queue, and hand them out."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.audit.actions import record, record_each
from annotations.core.decisions import Denied, first_denied, require
from annotations.core.errors import Conflict, Invalid
from annotations.core.prepared import change, first, insert, prepared
from annotations.core.states import move
from annotations.review import policies, queries
from annotations.review.actions.gold import Lot, by_chance, deal
from annotations.review.models import Annotation, Assignment, Case, ReviewSettings, Seat
from annotations.review.opening import new_seat

NEED = re.compile(r"(lang:)?[a-z0-9][a-z0-9_-]*")
LONGEST_NEED = 40
LONGEST_NOTE = 300


class Steering(TypedDict, total=False):
    """What decides when, and by whom, a case is taken."""

    priority: int
    due_at: datetime | None
    needs: Sequence[str]


def add_seat(case: Case) -> Seat:
    """Ask one more person than before; the caller holds the case's lock."""
    case.overlap += 1
    case.extra += 1
    case.save(update_fields=["overlap", "extra"])
    seat = new_seat(case, case.overlap, queries.information_of(case, queries.submissions(case)))
    seat.save()
    record("case.extra_annotator", by=None, target=case, overlap=case.overlap)
    return seat


@transaction.atomic
def steer(cases: Collection[Case], *, by: User, **changes: Unpack[Steering]) -> int:
    """Change priority, due date or needs of cases of one project, seats included; how many were still to be judged.

    Raises Invalid for a priority or a need that cannot be.
    """
    require_sensible(changes)
    live = Case.objects.select_for_update(no_key=True).filter(pk__in=[case.pk for case in cases])
    held = list(live.filter(status__in=Case.LIVE).select_related(None).order_by("id"))
    for project in Project.objects.filter(pk__in={case.project_id for case in held}):
        require(roles.can_lead(by, project))
    Case.objects.filter(pk__in=[case.pk for case in held]).update(**changes)
    Seat.objects.filter(case__in=held).update(**changes)
    facts = {name: str(value) if isinstance(value, datetime) else value for name, value in changes.items()}
    record_each("case.steered", by=by, rows=((case, facts) for case in held))
    return len(held)


def require_sensible(changes: Steering) -> None:
    """Raise Invalid for a priority or a need that cannot be."""
    if changes.get("priority", 0) not in Case.Priority.values:
        raise Invalid("Choose one of the priorities.", {"priority": "Choose one of the priorities."})
    for need in changes.get("needs", ()):
        if len(need) > LONGEST_NEED or not NEED.fullmatch(need):
            text = f"“{need[:LONGEST_NEED]}” is no skill: use small letters, digits and hyphens, as in rust or lang:de."
            raise Invalid(text, {"needs": text})


@transaction.atomic
def claim_next(project: Project, *, by: User, lot: Lot = by_chance) -> Assignment | None:
    """Reserve the next case for a person, or return the one they already hold; None when there is none.

    What a lead gave them comes first; now and then, as `lot` falls, a gold case comes instead. Raises Conflict once
    their quota is reached, saying until when, or while their queue is paused.
    """
    _one_at_a_time(by)
    terms = queries.terms_of(project, by)  # behind the lock: whoever is leaving at this moment has left by then
    require(policies.can_take(terms))
    taken = queries.taken(project, by)
    if taken and taken.status == Assignment.Status.ACTIVE:
        return taken
    _require_open(terms)
    if taken:
        return _activate(taken, terms)
    return _pull(terms, lot) if terms.settings.mode == ReviewSettings.Mode.PULL else None


def _one_at_a_time(person: User) -> None:
    """Without this a double click takes two cases, or one beyond the quota. Rows that refer to them may still come."""
    _locked(person.pk)


@prepared
def _locked(person: UUID) -> QuerySet[User, tuple[UUID]]:
    return User.objects.select_for_update(no_key=True).filter(pk=person).values_list("pk")


def _pull(terms: queries.Terms, lot: Lot) -> Assignment | None:
    """Take the best free seat, if there is any."""
    if (seat := queries.best_seat(terms)) is None:
        return None
    seat = deal(seat, terms, lot) or seat
    seat.case.project = terms.project
    change(seat, {"is_free": False})
    assignment = sit(seat, terms)
    record("case.claimed", by=terms.user, target=seat.case, seat=seat.number)
    return assignment


def sit(seat: Seat, terms: queries.Terms) -> Assignment:
    """Give the seat to the person, taking up the assignment and draft they had before, if any."""
    until = terms.settings.lease_end()
    if before := first(queries.had_before(seat.case_id, terms.user.pk)):
        move(before, Assignment.Status.ACTIVE, seat=seat, lease_ends_at=until)
        return before
    made = insert(Assignment(case=seat.case, seat=seat, annotator=terms.user, lease_ends_at=until))
    insert(Annotation(assignment=made, case=seat.case, author=terms.user))
    return made


@transaction.atomic
def begin(assignment: Assignment, *, by: User) -> Assignment:
    """Open what a lead assigned: its lease starts now. What is open already stays as it is."""
    _one_at_a_time(by)
    case = Case.every.select_for_update(no_key=True, of=("self",)).select_related("project").get(pk=assignment.case_id)
    assignment.refresh_from_db()
    require(policies.can_begin(by, assignment))
    if assignment.status == Assignment.Status.ACTIVE:
        return assignment
    terms = queries.terms_of(case.project, by)
    _require_open(terms, active=queries.active(case.project, by).count())
    return _activate(assignment, terms)


def _require_open(terms: queries.Terms, *, active: int = 0) -> None:
    """Not a matter of rights: tomorrow, or once a lead has talked to them, they may go on."""
    permit = first_denied(policies.is_not_paused(terms), policies.is_within_quota(terms, active=active))
    if isinstance(permit, Denied):
        raise Conflict(permit.reason)


def _activate(assignment: Assignment, terms: queries.Terms) -> Assignment:
    move(assignment, Assignment.Status.ACTIVE, lease_ends_at=terms.settings.lease_end())
    record("case.begun", by=terms.user, target=assignment.case)
    return assignment


@transaction.atomic
def skip(assignment: Assignment, reason: str, *, by: User, note: str = "") -> None:
    """Give a case back with a reason, in words where none fits; it is not offered to this person again."""
    if reason not in Assignment.SkipReason.values:
        raise Invalid("Choose why you skip this case.", {"reason": "Choose a reason."})
    if reason == Assignment.SkipReason.OTHER and not note.strip():
        raise Invalid("Say in a few words why you skip this case.", {"note": "Say in a few words why."})
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"Say why in {LONGEST_NOTE} characters.", {"note": f"At most {LONGEST_NOTE} characters."})
    Case.every.select_for_update(no_key=True).get(pk=assignment.case_id)
    assignment.refresh_from_db()
    require(policies.can_skip(by, assignment))
    move(assignment, Assignment.Status.SKIPPED, skip_reason=reason, skip_note=note.strip())
    Seat.objects.filter(pk=assignment.seat_id).update(is_free=True)
    record("case.skipped", by=by, target=assignment.case, reason=reason, note=note.strip())
