from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from annotations.accounts.models import Project, User
from annotations.catalog.models import Task, TaskVersion
from annotations.core.prepared import prepared
from annotations.probes.models import UNDER_REVIEW, Probe, ProbeEvidence, ProbeFile
from annotations.review.models import Annotation, Assignment, Case
from annotations.review.queries import letter


def concerned_versions(user: User) -> QuerySet[TaskVersion]:
    """The versions a person may see, or was given to judge."""
    judged = Assignment.objects.filter(annotator=user, case__project__in=Project.objects.visible_to(user))
    return TaskVersion.objects.filter(
        Q(task__in=Task.objects.visible_to(user)) | Q(pk__in=judged.values("case__task_version"))
    )


def phase_of(version: TaskVersion, user: User) -> Probe.Phase:
    """How far the version's judgement has come in front of a person; of several cases the least far one counts."""
    statuses = set(Case.every.met_by(user).filter(task_version=version).values_list("status", flat=True))
    order = (
        (Case.Status.OPEN, Probe.Phase.REVIEW),
        (Case.Status.ADJUDICATION, Probe.Phase.ADJUDICATION),
        (Case.Status.SETTLED, Probe.Phase.SETTLED),
    )
    return next((phase for status, phase in order if status in statuses), Probe.Phase.BEFORE)


def of_version(version: TaskVersion, user: User) -> QuerySet[Probe]:
    """What the person may see of a version's probes, newest first, in three queries."""
    return complete(Probe.objects.visible_to(user).filter(task_version=version))


@prepared
def any_of(version: UUID) -> QuerySet[Probe, tuple[UUID]]:
    """The id of one of the version's probes, if it has any."""
    return Probe.objects.filter(task_version=version).order_by().values_list("pk")[:1]


def complete(probes: QuerySet[Probe]) -> QuerySet[Probe]:
    """The probes with what their cards show, in three queries."""
    return probes.select_related("script", "author", "task_version__task", "project").prefetch_related(
        Prefetch("files", ProbeFile.objects.select_related("blob")),
        Prefetch("evidence", ProbeEvidence.objects.select_related("blob")),
    )


def names(version: TaskVersion, user: User) -> dict[UUID, str]:
    """What the authors of a version's probes are called in front of this person.

    While people judge the version, everyone else is known by what they are in it: annotators by the letters that
    adjudication gives them. Before and after they have their names.
    """
    authors = User.objects.filter(probes__task_version=version).distinct()
    cases = Case.every.met_by(user).filter(task_version=version, status__in=UNDER_REVIEW)
    under_review = cases.order_by("-id").first()
    if under_review is None:
        return {row.pk: str(row) for row in authors} | {user.pk: "You"}
    parts = {row.pk: "A lead" for row in authors} | {version.task.author_id: "The task’s author"}
    return parts | _letters(under_review) | {user.pk: "You"}


def _letters(case: Case) -> dict[UUID, str]:
    """Annotators by letter, as in adjudication; those who have not submitted have none."""
    seated = case.assignments.values_list("annotator", flat=True)
    submitted = Annotation.objects.filter(case=case, status=Annotation.Status.SUBMITTED)
    in_order = submitted.order_by("assignment__seat__number").values_list("author", flat=True)
    return dict.fromkeys(seated, "An annotator") | {
        pk: f"Annotator {letter(index)}" for index, pk in enumerate(in_order)
    }
