"""One project with something in every state, for tests that walk every address as every role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from annotations.acceptance import progress
from annotations.acceptance.models import Decision
from annotations.accounts import actions as accounts
from annotations.accounts.actions import NewInvitation
from annotations.accounts.models import ApiToken, Membership, Project, User
from annotations.catalog import actions as catalog
from annotations.catalog.models import Task, TaskVersion
from annotations.datasets import actions as datasets
from annotations.datasets.models import Dataset, Release
from annotations.discussion import actions as discussion
from annotations.discussion.models import Comment
from annotations.evidence import actions as evidence
from annotations.evidence.models import CheckRun, Evidence
from annotations.notices import actions as notices
from annotations.notices.models import Notice
from annotations.probes import actions as probes
from annotations.probes.actions import Argument
from annotations.probes.models import Probe
from annotations.review import actions as review
from annotations.review.actions import steering, views
from annotations.review.actions.steering import Wanted
from annotations.review.models import Assignment, BulkChange, Case, GoldCase, GuidelineGap, QueuePause, SavedView
from annotations.review.queries.table import CaseFilters
from harness.plan import Plan
from tests import builders

ROLES = ("anonymous", "outsider", "consumer", "expert", "other_expert", "author", "lead", "admin")


@dataclass(frozen=True)
class World:
    """What the walk needs to name."""

    people: dict[str, User | None]
    project: Project
    draft: TaskVersion
    live_run: CheckRun
    submitted: TaskVersion
    disputed: Case
    decision: Decision
    dataset: Dataset
    release: Release
    reviewed: TaskVersion
    run: CheckRun
    evidence: Evidence
    assignment: Assignment
    gap: GuidelineGap
    probe: Probe
    live_probe: Probe
    token: ApiToken
    change: BulkChange
    view: SavedView
    membership: Membership
    invited: NewInvitation
    notice: Notice
    comment: Comment
    gold: GoldCase
    pause: QueuePause


def make(project: Project, people: dict[str, User | None]) -> World:
    """Eli's tasks: a draft, a submitted one, one disputed, one released, one that ana is judging.

    He attached a probe to the last one before review began, and ana has one under way.
    """
    ana, ben, eli, dora = (found(people, name) for name in ("expert", "other_expert", "author", "lead"))
    disputed = builders.disputed(project, eli, [ana, ben])
    discussion.open_discussion(disputed, by=ana)
    comment = discussion.start(disputed, "I am unsure.", by=ana)
    decision = accepted(project, eli, [ana, ben])
    dataset = datasets.create_dataset(project, "Nightly", by=dora)
    release = datasets.release(dataset, "1.0", [decision.pk], by=dora)
    draft, submitted, reviewed = (builders.task_version(project, eli) for _ in range(3))
    live_run = evidence.request_run(submitted, Plan(), by=eli)
    catalog.submit(submitted.task, by=eli)
    run = builders.finished_run(reviewed)
    probe = builders.probe(reviewed, eli)
    catalog.submit(reviewed.task, by=eli)
    progress.advance(reviewed.task)
    assignment = builders.claim(project, ana)
    cleo = found(people, "lead")
    urgent = Wanted(BulkChange.Kind.PRIORITY, value=Case.Priority.URGENT)
    change = steering.change(project, Case.objects.filter(pk=assignment.case_id), urgent, expected=1, by=cleo)
    view = views.save_view(project, "Urgent", CaseFilters(priority=2), shared=False, by=cleo)
    file = Evidence.objects.filter(result__run=run).first()
    assert file is not None
    notices.notify([ana], project, Notice.Kind.REPLY, "A reply.", "/")
    return World(
        people=people,
        project=project,
        draft=draft,
        live_run=live_run,
        submitted=submitted,
        disputed=disputed,
        decision=decision,
        dataset=dataset,
        release=release,
        reviewed=reviewed,
        run=run,
        evidence=file,
        assignment=assignment,
        gap=review.flag_gap(assignment, assignment.case.rubric_version.criteria.all()[1], "It is silent.", by=ana),
        probe=probe,
        live_probe=probes.attach(reviewed, Argument("must_pass", "It is right.", "true"), by=ana),
        change=change,
        view=view,
        token=accounts.create_token("ana's own", [ApiToken.Scope.TASKS_READ], days=1, by=ana).token,
        membership=Membership.objects.get(project=project, user=ben),
        invited=accounts.invite(project, Membership.Role.EXPERT, by=dora),
        notice=Notice.objects.get(user=ana, kind=Notice.Kind.REPLY),
        comment=comment,
        gold=retired(decision, by=dora),
        pause=QueuePause.objects.create(
            project=project, person=builders.person("Fay"), correct=1, answered=10, threshold=70
        ),
    )


def retired(decision: Decision, *, by: User) -> GoldCase:
    """What was decided by is gold no more, so that its task is shown to experts."""
    assert decision.adjudication
    gold = review.mark_gold(decision.adjudication.case, by=by)
    review.retire_gold(gold.case, by=by)
    return gold


def accepted(project: Project, author: User, annotators: list[User]) -> Decision:
    """A task that went the whole way: checked, judged by everyone alike, accepted."""
    version = builders.task_version(project, author)
    builders.finished_run(version)
    catalog.submit(version.task, by=author)
    progress.advance(version.task)
    for annotator in annotators:
        builders.submitted(builders.claim(project, annotator))
    progress.advance(version.task)
    assert Task.objects.get(pk=version.task_id).status == Task.Status.ACCEPTED
    return Decision.objects.get(task_version=version)


def found(people: dict[str, User | None], name: str) -> User:
    person = people[name]
    assert person is not None
    return person


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside leaves no trace in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
