from dataclasses import dataclass
from typing import Self

from annotations.accounts import roles
from annotations.accounts.models import User
from annotations.catalog.models import TaskVersion
from annotations.core.decisions import Allowed, Denied, Permit, first_denied
from annotations.probes.models import UNDER_REVIEW, Probe
from annotations.probes.queries import phase_of
from annotations.review.models import Assignment

MOST_LIVE = 5


def can_attach(user: User, version: TaskVersion) -> Permit:
    """The author and leads around the review, annotators while they hold a seat, leads while they adjudicate."""
    return first_denied(_has_a_part(user, version), _has_room(user))


def _has_a_part(user: User, version: TaskVersion) -> Permit:
    if version.task.author_id == user.pk:
        return _is_not_judged(user, version)
    seat = Assignment.objects.filter(annotator=user, case__task_version=version, case__status__in=UNDER_REVIEW).first()
    if seat is not None:
        return _holds(seat)
    if roles.leads(user, version.project):
        return Allowed()
    return Denied("Only those who judge this task, its author and leads can attach a probe to it.")


def _is_not_judged(user: User, version: TaskVersion) -> Permit:
    if phase_of(version, user) in {Probe.Phase.REVIEW, Probe.Phase.ADJUDICATION}:
        return Denied("People are judging your task; you can attach probes again once they have settled it.")
    return Allowed()


def _holds(seat: Assignment) -> Permit:
    if seat.status == Assignment.Status.ACTIVE:
        return Allowed()
    if seat.status == Assignment.Status.SUBMITTED:
        return Denied("You have submitted your answers, so they stand as they are. Undo the submission to add a probe.")
    return Denied("This task is no longer reserved for you.")


def _has_room(user: User) -> Permit:
    if Probe.objects.filter(author=user, status__in=Probe.LIVE).count() < MOST_LIVE:
        return Allowed()
    return Denied(f"{MOST_LIVE} of your probes are waiting or running. Wait for one, or cancel it.")


@dataclass(frozen=True)
class Rights:
    """What a person may do with the probes of one version, asked for once however many there are."""

    user: User
    phase: Probe.Phase
    leads: bool
    attach: Permit

    @classmethod
    def of(cls, user: User, version: TaskVersion) -> Self:
        return cls(user, phase_of(version, user), roles.leads(user, version.project), can_attach(user, version))

    def can_cancel(self, probe: Probe) -> Permit:
        if not probe.is_live:
            return Denied("This probe has already ended.")
        if probe.author_id == self.user.pk or self.leads:
            return Allowed()
        return Denied("Only its author or a lead can cancel a probe.")

    def can_run_again(self, probe: Probe) -> Permit:
        return Denied("This probe has not ended yet.") if probe.is_live else self.attach

    def can_withdraw(self, probe: Probe) -> Permit:
        """Only while nobody can have built on it: its author, in the phase in which it was attached."""
        if probe.author_id != self.user.pk:
            return Denied("Only its author can withdraw a probe.")
        if probe.is_live:
            return Denied("Cancel it first.")
        if self.phase != probe.phase:
            return Denied("Others can see it by now and may have built on it, so it stays.")
        return Allowed()
