"""What a rubric's cases stand at, and what people said about its criteria."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from annotations.accounts.models import User
from annotations.review.models import Annotation, Assignment, Case, FinalVerdict, GuidelineGap
from annotations.rubrics.models import Rubric


@dataclass(frozen=True)
class Standing:
    """How many of a rubric's cases are where; `submitted` counts the submissions to open ones."""

    open: int
    submitted: int
    judged: int
    settled: int


def standing(rubric: Rubric) -> Standing:
    """What publishing a version concerns, in two queries."""
    judged = (Case.Status.ADJUDICATION, Case.Status.ASKED)
    counts = Case.objects.filter(rubric_version__rubric=rubric).aggregate(
        open=Count("pk", filter=Q(status=Case.Status.OPEN)),
        judged=Count("pk", filter=Q(status__in=judged)),
        settled=Count("pk", filter=Q(status=Case.Status.SETTLED)),
    )
    submitted = Annotation.objects.filter(
        case__in=Case.objects.filter(rubric_version__rubric=rubric, status=Case.Status.OPEN),
        status=Annotation.Status.SUBMITTED,
    )
    return Standing(submitted=submitted.count(), **counts)


# --- Guidelines --------------------------------------------------------------
def gaps(rubric: Rubric, *, seen_by: User) -> QuerySet[GuidelineGap]:
    """The gaps flagged in any version, newest first; not those of a case in which this person still has to answer."""
    undone = Assignment.objects.filter(annotator=seen_by).exclude(status=Assignment.Status.SUBMITTED)
    own = undone.exclude(status__in=[Assignment.Status.SKIPPED]).values("case")
    found = GuidelineGap.objects.filter(criterion__rubric_version__rubric=rubric)
    return (
        found.exclude(case__in=own)
        .select_related("criterion__rubric_version", "case__task_version__task", "settled_in", "author")
        .order_by("-id")
    )


@dataclass(frozen=True)
class CauseCount:
    """How often people disagreed on a criterion for one cause, in cases judged by one version."""

    key: str
    number: int
    cause: str
    count: int


def causes(rubric: Rubric) -> list[CauseCount]:
    """Why people disagreed, by criterion, version and cause."""
    found = caused(rubric).values_list("criterion__key", "criterion__rubric_version__number", "cause")
    return [CauseCount(*row) for row in found.annotate(Count("pk")).order_by()]


def caused(rubric: Rubric) -> QuerySet[FinalVerdict]:
    """Final verdicts on which people had disagreed."""
    return FinalVerdict.objects.filter(criterion__rubric_version__rubric=rubric).exclude(cause="")


@dataclass(frozen=True)
class Observed:
    """How often two annotators gave a criterion the same answer, over settled cases with two answers or more."""

    key: str
    number: int
    cases: int
    split: int
    same: int
    pairs: int

    @property
    def percent(self) -> float:
        return 100 * self.same / self.pairs


_ANSWERS = """
    SELECT v.criterion_id, a.case_id, v.code, v.cannot_tell, count(*) AS n
    FROM review_verdict v
    JOIN review_annotation a ON a.id = v.annotation_id AND a.status = 'submitted'
    JOIN review_case c ON c.id = a.case_id AND c.status = 'settled' AND c.gold_of_id IS NULL
    WHERE v.criterion_id = ANY(%s)
    GROUP BY 1, 2, 3, 4
"""
_BY_CASE = f"""
    SELECT criterion_id, case_id, sum(n * (n - 1) / 2) AS same, sum(n) * (sum(n) - 1) / 2 AS pairs
    FROM ({_ANSWERS}) answers GROUP BY 1, 2 HAVING sum(n) > 1
"""  # noqa: S608  # our own text
_AGREEMENT = f"""
    SELECT criterion_id, count(*), count(*) FILTER (WHERE same < pairs), sum(same), sum(pairs)
    FROM ({_BY_CASE}) cases GROUP BY 1
"""  # noqa: S608


def observed(rubric: Rubric) -> list[Observed]:
    """Observed agreement, uncorrected for chance, of each criterion in each version that cases were settled by."""
    places = {row.pk: row for row in _criteria(rubric)}
    with connection.cursor() as cursor:
        cursor.execute(_AGREEMENT, [list(places)])
        rows = cursor.fetchall()
    return [
        Observed(places[pk].key, places[pk].number, int(cases), int(split), int(same), int(pairs))
        for pk, cases, split, same, pairs in rows
    ]


@dataclass(frozen=True)
class _Place:
    pk: UUID
    key: str
    number: int


def _criteria(rubric: Rubric) -> Sequence[_Place]:
    rows = rubric.versions.values_list("criteria__pk", "criteria__key", "number")
    return [_Place(pk, key, number) for pk, key, number in rows if pk]


def split_cases(rubric: Rubric, key: str, number: int) -> QuerySet[Case]:
    """Settled cases in which people answered this criterion differently."""
    with connection.cursor() as cursor:
        wanted = [row.pk for row in _criteria(rubric) if (row.key, row.number) == (key, number)]
        cursor.execute(f"SELECT case_id FROM ({_BY_CASE}) cases WHERE same < pairs", [wanted])  # noqa: S608
        found = [pk for (pk,) in cursor.fetchall()]
    return Case.objects.filter(pk__in=found)
