from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Case, Count, OuterRef, Prefetch, Q, QuerySet, Subquery, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from annotations.catalog.models import Task, TaskVersion
from annotations.core.prepared import prepared
from annotations.evidence.models import CheckResult, CheckRun, Evidence
from harness.reading.neighbours import Neighbour

STALE_AFTER = timedelta(seconds=12)


def latest_run(version: TaskVersion) -> CheckRun | None:
    """The version's newest run with its results, their findings and their evidence, in four queries."""
    return with_results(CheckRun.objects.filter(task_version=version)).first()


def latest_finished(version: TaskVersion) -> CheckRun | None:
    return with_results(CheckRun.objects.filter(task_version=version, status=CheckRun.Status.FINISHED)).first()


@dataclass(frozen=True)
class Tally:
    """How many checks a run has, and how many of them failed or could not tell."""

    checks: int
    bad: int


def tally_of(version: TaskVersion) -> Tally:
    """Of the version's newest finished run, in one query; nothing where none has finished."""
    counts = dict(_by_outcome(version.pk))
    return Tally(
        checks=sum(counts.values()),
        bad=counts.get(CheckResult.Outcome.FAILED, 0) + counts.get(CheckResult.Outcome.ERROR, 0),
    )


@prepared
def _by_outcome(version: UUID) -> QuerySet[CheckResult, tuple[str, int]]:
    finished = CheckRun.objects.filter(task_version=version, status=CheckRun.Status.FINISHED)
    results = CheckResult.objects.filter(run=finished.order_by("-id").values("id")[:1]).order_by()
    return results.values_list("outcome").annotate(Count("pk"))


def with_results(runs: QuerySet[CheckRun]) -> QuerySet[CheckRun]:
    evidence = Prefetch("evidence", queryset=Evidence.objects.select_related("blob"))
    return runs.prefetch_related(
        Prefetch("results", queryset=CheckResult.objects.prefetch_related(evidence, "findings"))
    )


def stale() -> QuerySet[CheckRun]:
    """Runs whose worker has not been heard of for STALE_AFTER."""
    silent = Q(heartbeat_at__lt=timezone.now() - STALE_AFTER)
    return CheckRun.objects.filter(silent, status=CheckRun.Status.RUNNING)


def in_turn() -> QuerySet[CheckRun]:
    """Waiting runs in the order they are taken: projects take turns, each with its oldest, so none keeps others out.

    What a project has running counts as turns it has had.
    """
    running = CheckRun.objects.filter(status=CheckRun.Status.RUNNING).order_by().values_list("project")
    had = [When(project=project, then=count) for project, count in running.annotate(Count("pk"))]
    place = Window(RowNumber(), partition_by="project", order_by="pk")
    turn = place + Case(*had, default=0)
    return CheckRun.objects.filter(status=CheckRun.Status.QUEUED).annotate(turn=turn).order_by("turn", "pk")


def place_in_queue(run: CheckRun) -> int:
    """How many runs wait before this one (0: it is next)."""
    of_project = CheckRun.objects.filter(project=run.project_id)
    older = Q(status=CheckRun.Status.QUEUED, pk__lte=run.pk)
    turn = of_project.filter(older | Q(status=CheckRun.Status.RUNNING)).count()
    return in_turn().filter(Q(turn__lt=turn) | Q(turn=turn, pk__lt=run.pk)).count()


@dataclass(frozen=True)
class Change:
    """What differs between two runs: of a check (by its key) or of the whole run (key empty), before and now."""

    key: str
    title: str
    what: str
    before: str
    now: str


def compare(run: CheckRun, earlier: CheckRun) -> list[Change]:
    """What came out otherwise, or ran on something else, than in an earlier run; empty when nothing differs."""
    before = {result.key: result for result in earlier.results.all()}
    now = {result.key: result for result in run.results.all()}
    changes = list(_facts_changed(run, earlier))
    for key in dict.fromkeys([*now, *before]):
        changes += _result_changed(now.get(key), before.get(key))
    return changes


_FACTS = {
    "bundle_digest": "Bundle",
    "image_digest": "Image",
    "policy": "Policy version",
    "isolation": "Isolation",
    "engine": "Engine",
    "host": "Host",
    "limits_enforced": "Limits enforced",
    "stand_ins": "Stand-ins",
}


def _facts_changed(run: CheckRun, earlier: CheckRun) -> Iterator[Change]:
    for name, title in _FACTS.items():
        before, now = earlier.facts.get(name), run.facts.get(name)
        if before != now:
            yield Change("", title, name, _words(before), _words(now))


def _words(fact: object) -> str:
    if isinstance(fact, list):
        return ", ".join(map(str, fact))
    return "" if fact is None else str(fact)


def _result_changed(now: CheckResult | None, before: CheckResult | None) -> Iterator[Change]:
    known = now or before
    if known is None:
        return
    for what, old, new in (
        ("outcome", before.get_outcome_display() if before else "", now.get_outcome_display() if now else ""),
        ("version", before.version if before else "", now.version if now else ""),
        ("severity", before.get_severity_display() if before else "", now.get_severity_display() if now else ""),
    ):
        if old != new:
            yield Change(known.key, known.title, what, old, new)
    yield from _findings_changed(known, _found(now), _found(before))


def _found(result: CheckResult | None) -> set[tuple[str, str]]:
    return {(found.title, found.path) for found in result.findings.all()} if result else set()


def _findings_changed(known: CheckResult, now: set[tuple[str, str]], before: set[tuple[str, str]]) -> Iterator[Change]:
    for title, path in sorted(before - now):
        yield Change(known.key, known.title, "finding", f"{title} ({path})", "")
    for title, path in sorted(now - before):
        yield Change(known.key, known.title, "finding", "", f"{title} ({path})")


def neighbours(version: TaskVersion) -> Iterator[Neighbour]:
    """The newest instruction of each earlier task of the project that was handed in and not taken back.

    A run is read by the author, by people who judge blind and by leads, now and later, so a task goes by its title only
    once it is accepted and all of them may see it; before, by its id, which tells something only to those who can look
    it up.
    """
    newest = TaskVersion.objects.filter(task=OuterRef("task")).order_by("-number").values("pk")[:1]
    found = TaskVersion.objects.filter(project=version.project_id, task__lt=version.task_id, pk=Subquery(newest))
    rows = found.exclude(task__status=Task.Status.DRAFT).order_by()
    for pk, title, status, text in rows.values_list("task_id", "task__title", "task__status", "instruction").iterator(
        chunk_size=200
    ):
        is_open = status == Task.Status.ACCEPTED
        yield Neighbour(f"“{title}”" if is_open else f"Another task of this project (id {pk})", text)
