"""How a task moves on once its checks or its case allow it; run again, it changes nothing."""

from django.db import transaction

from annotations.acceptance import queries
from annotations.acceptance.models import AcceptancePolicy, Appeal, Decision, DecisionReason
from annotations.audit.actions import record
from annotations.catalog.models import Task, TaskVersion
from annotations.core.states import move
from annotations.evidence.models import CheckRun
from annotations.evidence.queries import latest_run
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review import actions as review
from annotations.review.models import Adjudication, Case
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version


@transaction.atomic
def advance(task: Task) -> None:
    """Take the step that is due for a task, if one is; calling it again changes nothing."""
    task = Task.objects.select_for_update().get(pk=task.pk)
    if task.status == Task.Status.SUBMITTED:
        _begin_review(task)
    elif task.status in {Task.Status.IN_REVIEW, Task.Status.ADJUDICATION}:
        _follow_case(task)


def _begin_review(task: Task) -> None:
    """Open a case when every check passed; decide at once when one failed; wait when one could not tell."""
    version = task.current
    run = latest_run(version)
    if run is None or run.status != CheckRun.Status.FINISHED:
        return
    policy = queries.current_policy(task.project)
    if queries.found_failures(run):
        _decide(task, version, policy, run, None)
        return
    if queries.could_not_tell(run):
        return
    rubric = current_version(task.project, Rubric.SubjectKind.TASK)
    if rubric is not None:
        review.open_case(version, rubric, overlap=policy.overlap, unanimity_settles=policy.unanimity_settles)
        move(task, Task.Status.IN_REVIEW)


def _follow_case(task: Task) -> None:
    version = task.current
    case = Case.objects.filter(task_version=version).latest("id")
    if case.status == Case.Status.ADJUDICATION and task.status == Task.Status.IN_REVIEW:
        move(task, Task.Status.ADJUDICATION)
    elif case.status == Case.Status.OPEN and task.status == Task.Status.ADJUDICATION:
        move(task, Task.Status.IN_REVIEW)
    elif case.status == Case.Status.SETTLED:
        run = queries.telling_run(version)
        appeal = Appeal.objects.filter(case=case).select_related("decision").first()
        replaces = appeal.decision if appeal else None
        _decide(task, version, queries.current_policy(task.project), run, case.adjudication, replaces=replaces)


def _decide(
    task: Task,
    version: TaskVersion,
    policy: AcceptancePolicy,
    run: CheckRun,
    adjudication: Adjudication | None,
    *,
    replaces: Decision | None = None,
) -> None:
    round_number = replaces.round if replaces else queries.round_of(version)
    measured = queries.measured_for(policy, adjudication)
    ruling = queries.ruling(policy, run, adjudication, measured, round_number=round_number)
    decision = Decision.objects.create(
        project=task.project,
        task_version=version,
        policy=policy,
        check_run=run,
        adjudication=adjudication,
        replaces=replaces,
        round=round_number,
        outcome=ruling.outcome,
    )
    if measured:
        decision.snapshots.set(measured)
    DecisionReason.objects.bulk_create(
        DecisionReason(decision=decision, position=position, **vars(reason))
        for position, reason in enumerate(ruling.reasons, start=1)
    )
    move(task, Task.Status(ruling.outcome.value))
    record("task.decided", by=None, target=task, outcome=ruling.outcome.value, decision=str(decision.pk))
    _tell_author(decision)


def _tell_author(decision: Decision) -> None:
    task, outcome = decision.task_version.task, decision.get_outcome_display().lower()
    if decision.replaces:
        kind, text = Notice.Kind.APPEAL, f"Your appeal about “{task}” is answered: {outcome}."
    else:
        kind, text = Notice.Kind.DECIDED, f"Version {decision.task_version.number} of “{task}” is decided: {outcome}."
    notify([task.author], task.project, kind, text, links.task(task.project, task.pk))
