"""A task's way from draft to decision, and the reasons of that decision, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.acceptance.models import Decision, DecisionReason
from annotations.acceptance.rule import AGREEMENT
from annotations.catalog.models import Task
from annotations.rubrics.models import Criterion


@dataclass(frozen=True)
class Step:
    """A stage on a task's way: "done", "now" or "later"."""

    label: str
    state: str
    status: str = ""


@dataclass(frozen=True)
class ReasonView:
    """Why one of the four criteria, or the agreement demanded, held or did not."""

    label: str
    state: str
    word: str
    text: str


def reasons_of(decision: Decision) -> list[ReasonView]:
    return [_reason(reason) for reason in decision.reasons.all()]


def _reason(reason: DecisionReason) -> ReasonView:
    labels = {**dict(Criterion.Serves.choices), AGREEMENT: _("Agreement before a release")}
    label = labels.get(reason.criterion, reason.criterion)
    state = {True: "passed", False: "failed", None: "skipped"}[reason.holds]
    word = {True: _("holds"), False: _("does not hold"), None: _("not assessed")}[reason.holds]
    return ReasonView(label, state, word, reason.text)


def steps_of(task: Task, decision: Decision | None) -> list[Step]:
    """The way of a task; a stage it never went through stays "later"."""
    status = Task.Status(task.status)
    stages = [
        (Task.Status.DRAFT, _("Draft")),
        (Task.Status.SUBMITTED, _("Checks")),
        (Task.Status.IN_REVIEW, _("Review")),
        (Task.Status.ADJUDICATION, _("Adjudication")),
    ]
    order = [stage for stage, _label in stages]
    reached = order.index(status) if status in order else len(order)
    skipped = _skipped(decision) if reached == len(order) else set()
    steps = [
        _step(label, index, reached, status.value, is_skipped=stage in skipped)
        for index, (stage, label) in enumerate(stages)
    ]
    if reached == len(order):
        return [*steps, Step(status.label, "now", status.value)]
    return [*steps, Step(_("Decision"), "later")]


def _step(label: str, index: int, reached: int, status: str, *, is_skipped: bool) -> Step:
    if index == reached:
        return Step(label, "now", status)
    return Step(label, "done" if index < reached and not is_skipped else "later")


def _skipped(decision: Decision | None) -> set[Task.Status]:
    """Stages a decided task was spared: people after failed checks, a lead after a unanimous case."""
    if decision is None or decision.adjudication is None:
        return {Task.Status.IN_REVIEW, Task.Status.ADJUDICATION}
    return set() if decision.adjudication.by_id else {Task.Status.ADJUDICATION}
