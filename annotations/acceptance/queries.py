from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef

from annotations.acceptance.models import AcceptancePolicy, Decision
from annotations.acceptance.rule import Reason, Ruling, agreement, rule, shortfalls
from annotations.accounts.models import Project
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.queries import newest
from annotations.catalog.models import Task, TaskVersion
from annotations.evidence.models import CheckResult, CheckRun
from annotations.review.models import Adjudication, Case
from annotations.rubrics.models import RubricVersion


def current_policy(project: Project) -> AcceptancePolicy:
    """The project's newest policy. Raises AcceptancePolicy.DoesNotExist in a project that was never set up."""
    return AcceptancePolicy.objects.filter(project=project).latest("number")


def standing(version: TaskVersion) -> Decision | None:
    """The newest decision on a version, if there is one."""
    return Decision.objects.standing().filter(task_version=version).first()


def recompute(decision: Decision) -> Ruling:
    """The decision worked out again from the rows it names; it must come out the same."""
    return ruling(
        decision.policy,
        decision.check_run,
        decision.adjudication,
        decision.snapshots.all(),
        round_number=decision.round,
    )


def ruling(
    policy: AcceptancePolicy,
    run: CheckRun,
    adjudication: Adjudication | None,
    snapshots: Iterable[Snapshot],
    *,
    round_number: int,
) -> Ruling:
    """What the policy makes of a run's results and, once people have judged, of their final verdicts."""
    finals = list(adjudication.verdicts.select_related("criterion")) if adjudication else None
    return rule(
        list(run.results.all()),
        finals,
        round_number=round_number,
        max_rounds=policy.max_rounds,
        agreement=_agreement(policy, adjudication, snapshots),
    )


def _agreement(
    policy: AcceptancePolicy, adjudication: Adjudication | None, snapshots: Iterable[Snapshot]
) -> Reason | None:
    if policy.agreement_floor is None or adjudication is None:
        return None
    criteria = list(adjudication.case.rubric_version.criteria.all())
    return agreement(policy.agreement_floor, criteria, {row.criterion_id: row for row in snapshots})


def measured_for(policy: AcceptancePolicy, adjudication: Adjudication | None) -> list[Snapshot]:
    """The agreement that a decision is held against now; none where the policy does not ask for it."""
    if policy.agreement_floor is None or adjudication is None:
        return []
    return list(newest(adjudication.case.rubric_version, Between.PEOPLE).values())


def held_back(project: Project, decisions: Iterable[Decision]) -> list[str]:
    """Why agreement keeps these decisions' tasks from a release under the newest policy, a sentence a criterion."""
    floor = current_policy(project).agreement_floor
    if floor is None:
        return []
    cases = Case.objects.filter(adjudication__decisions__in=[decision.pk for decision in decisions])
    versions = RubricVersion.objects.filter(cases__in=cases).distinct().prefetch_related("criteria")
    return [
        sentence
        for version in versions
        for sentence in shortfalls(floor, version.criteria.all(), newest(version, Between.PEOPLE))
    ]


def round_of(version: TaskVersion) -> int:
    """1 for the first version decided, counting the versions decided before; an appeal is no round of its own."""
    return Decision.objects.standing().filter(task_version__task=version.task).count() + 1


def telling_run(version: TaskVersion) -> CheckRun:
    """The newest finished run in which every blocking check came to an answer; later trouble decides nothing."""
    finished = CheckRun.objects.filter(task_version=version, status=CheckRun.Status.FINISHED)
    untold = CheckResult.objects.filter(
        run=OuterRef("pk"), outcome=CheckResult.Outcome.ERROR, severity=CheckResult.Severity.BLOCKING
    )
    return finished.exclude(Exists(untold)).latest("id")


def could_not_tell(run: CheckRun) -> bool:
    """Whether a check that would block ended without an answer: then the run has to be repeated."""
    return any(result.is_untold for result in run.results.all())


def found_failures(run: CheckRun) -> bool:
    """Whether a check found what the task may not be accepted with."""
    return any(result.blocks for result in run.results.all())


def movable() -> Iterator[Task]:
    """Tasks whose next step may be due: submitted with a finished run, or under review with a case that moved."""
    yield from Task.objects.filter(
        status=Task.Status.SUBMITTED, versions__check_runs__status=CheckRun.Status.FINISHED
    ).distinct()[:200]
    yield from Task.objects.filter(
        status=Task.Status.IN_REVIEW,
        versions__cases__status__in=[Case.Status.ADJUDICATION, Case.Status.SETTLED],
    ).distinct()[:200]
    yield from Task.objects.filter(
        status=Task.Status.ADJUDICATION, versions__cases__status=Case.Status.SETTLED
    ).distinct()[:200]
