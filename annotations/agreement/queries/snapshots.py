"""Snapshots: the newest of each criterion, and how one came to be what it is."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncDate

from annotations.accounts.models import Project
from annotations.agreement.measuring import measure
from annotations.agreement.models import Between, Following, Snapshot
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import EVERYTHING, measured
from annotations.rubrics.models import Criterion, RubricVersion

MOST_DAYS = 400


def newest(version: RubricVersion, between: Between) -> dict[UUID, Snapshot]:
    """The newest snapshot of each of the version's criteria that has one, in the criteria's order, in two queries."""
    rows = newest_of(version.criteria.all(), between).select_related("criterion").order_by("criterion__position")
    return {row.criterion_id: row for row in rows}


def numbers(version: RubricVersion, between: Between, filters: Filters = EVERYTHING) -> list[Snapshot]:
    """How far people agree on each of the version's criteria, in their order: as stored, or computed where filters
    narrow what counts. A criterion never measured says that nothing was found. Four queries at most."""
    criteria = list(version.criteria.all())
    found = measured(criteria, between, filters) if filters.narrow else newest(version, between)
    rows = [found.get(row.pk) or measure(row, between, (), raters=0) for row in criteria]
    for row in rows:
        row.rubric_version = version
    return rows


def newest_of(criteria: Iterable[Criterion], between: Between) -> QuerySet[Snapshot]:
    """The newest snapshot of each of the criteria that has one: looked up one by one, however long histories are."""
    last = Snapshot.objects.filter(criterion=OuterRef("pk"), between=between).order_by("-id").values("pk")[:1]
    asked = Criterion.objects.filter(pk__in=[row.pk for row in criteria]).order_by()
    return Snapshot.objects.filter(pk__in=asked.values(last=Subquery(last))).order_by()


def history(criterion: Criterion, between: Between) -> QuerySet[Snapshot]:
    """Every snapshot of the criterion and of those it goes on from in earlier or later versions, newest first."""
    line = Criterion.objects.filter(key=criterion.key, rubric_version__rubric=criterion.rubric_version.rubric_id)
    rows = Snapshot.objects.filter(criterion__in=line, between=between)
    return rows.select_related("rubric_version", "criterion").order_by("-id")


def daily(criterion: Criterion, between: Between) -> Sequence[Snapshot]:
    """The last of each day and version in `history`, oldest first: what a chart shows; at most MOST_DAYS of them."""
    last = history(criterion, between).annotate(day=TruncDate("computed_at"))
    rows = last.order_by("-day", "-rubric_version__number", "-id").distinct("day", "rubric_version__number")
    return list(rows[:MOST_DAYS])[::-1]


def versions(project: Project) -> QuerySet[RubricVersion]:
    """The rubric versions that anything was ever measured by, newest first within each rubric."""
    rows = RubricVersion.objects.filter(rubric__project=project, snapshots__isnull=False).distinct()
    return rows.select_related("rubric").order_by("rubric__title", "-number")


def following(project: Project) -> Following:
    """How far the numbers have come along with the project's cases; unsaved where nothing was measured yet."""
    return Following.objects.filter(pk=project.pk).first() or Following(project=project)
