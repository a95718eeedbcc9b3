from pathlib import Path

from django.db import transaction

from annotations.acceptance import policies, queries
from annotations.acceptance.models import AcceptancePolicy, Appeal, Decision
from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.audit.actions import record
from annotations.catalog import actions as catalog
from annotations.catalog.models import Task, TaskVersion
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.core.states import move
from annotations.evidence import actions as evidence
from annotations.evidence.models import CheckRun
from annotations.evidence.policies import can_request
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review import actions as review
from annotations.review.models import Case
from annotations.review.policies import can_judge
from harness.checks import REGISTRY
from harness.plan import Plan
from harness.results import Severity

DEMANDS = (
    *("oracle_runs", "nop_runs", "mutants", "allow_network", "isolation", "severities"),
    *("overlap", "unanimity_settles", "max_rounds", "agreement_floor"),
)


@transaction.atomic
def set_policy(
    project: Project, *, by: User | None, **demands: int | float | bool | str | dict[str, str] | None
) -> AcceptancePolicy:
    """Seal the project's demands as its next policy version; earlier decisions keep theirs, and what is not named
    stays as it was.

    Raises Invalid for a check or severity that does not exist, and Conflict when nothing would change.
    """
    if by is not None:
        require(roles.can_lead(by, project))
    _require_known(demands.get("severities", {}))
    Project.objects.select_for_update().get(pk=project.pk)
    newest = AcceptancePolicy.objects.filter(project=project).first()
    held = {name: getattr(newest, name) for name in DEMANDS} if newest else {}
    if newest and held == held | demands:
        raise Conflict(f"Nothing differs from version {newest.number}, so it stays.")
    number = newest.number + 1 if newest else 1
    policy = AcceptancePolicy.objects.create(project=project, number=number, **(held | demands))
    record("policy.set", by=by, target=policy, number=number)
    return policy


def _require_known(severities: object) -> None:
    known = {check.key for check in REGISTRY}
    if not isinstance(severities, dict):
        raise Invalid("Severities are a table of check keys.", {"severities": "must be a table"})
    problems = {
        f"severity-{key}": f"{key} is {value!r}, which is no severity" if key in known else f"{key} is no check"
        for key, value in severities.items()
        if key not in known or value not in Severity
    }
    if problems:
        raise Invalid("; ".join(problems.values()) + ".", problems)


def import_task(project: Project, archive: Path, *, by: User) -> TaskVersion:
    """Seal an uploaded bundle and have it checked under the project's policy.

    Raises Invalid naming files and lines, and Conflict when the project already holds this content.
    """
    version = catalog.import_archive(project, archive, by=by)
    check(version, by=by)
    return version


def check(version: TaskVersion, *, by: User, only: tuple[str, ...] = ()) -> CheckRun:
    """Queue the policy's checks over a version, or `only` these; the results of the others are carried over.

    Raises Conflict while they run, or once the version is decided.
    """
    require(can_request(by, version))
    if Decision.objects.filter(task_version=version).exists():
        raise Conflict("This version is decided. A new run would not change it; add a version instead.")
    return evidence.request_run(version, plan_of(queries.current_policy(version.project)), by=by, only=only)


LONGEST_REASON = 10_000


@transaction.atomic
def appeal(task: Task, reason: str, *, by: User) -> Appeal:
    """Have another lead judge the decision on a task's newest version again; possible once per task.

    Raises Invalid when the reason is empty or too long.
    """
    task = Task.objects.select_for_update().get(pk=task.pk)
    require(policies.can_appeal(by, task))
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        told = f"Say in at most {LONGEST_REASON:,} characters what the lead should look at again, and why."
        raise Invalid("The appeal was not made.", {"reason": told})
    decision = Decision.objects.standing().select_related("adjudication__case").get(task_version=task.current)
    assert decision.adjudication  # noqa: S101  # the policy demands one
    case = review.open_appeal(decision.adjudication.case)
    made = Appeal.objects.create(project=task.project, task=task, decision=decision, case=case, by=by, reason=reason)
    move(task, Task.Status.ADJUDICATION)
    record("task.appealed", by=by, target=task, case=str(case.pk), decision=str(decision.pk))
    _tell_leads(case, by=by)
    return made


def _tell_leads(case: Case, *, by: User) -> None:
    """The leads who may judge an appeal: not the one whose decision it is about."""
    leads = case.project.members.filter(memberships__role=Membership.Role.LEAD, is_active=True).distinct()
    able = [lead for lead in leads if can_judge(lead, case)]
    text = f"The author of “{case.subject}” appeals."
    notify(able, case.project, Notice.Kind.APPEAL, text, links.case(case.project, case.pk), by=by)


def plan_of(policy: AcceptancePolicy) -> Plan:
    """What the policy asks of a run."""
    return Plan(
        oracle_runs=policy.oracle_runs,
        nop_runs=policy.nop_runs,
        mutants=policy.mutants,
        allow_network=policy.allow_network,
        severities=policy.severities,
        isolation=policy.isolation,
        policy=policy.number,
    )
