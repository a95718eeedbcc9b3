"""Gold cases: which may be dealt to whom, what people made of them, and how somebody stands by them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import MD5, Cast, Concat

from annotations.accounts.models import Project, User
from annotations.review.models import (
    Adjudication,
    Annotation,
    Assignment,
    Case,
    FinalVerdict,
    GoldAnswer,
    GoldCase,
    QueuePause,
    ReviewSettings,
    SecondAdjudication,
    Verdict,
    settings_of,
)
from annotations.review.queries.criteria import case_criteria
from annotations.review.queries.queue import Terms
from annotations.rubrics.models import Criterion, RubricVersion

RECENT = 5  # times as many answers as the least: how far back somebody is judged by
FEW = 3  # people; fewer say nothing about a gold case itself


# --- Dealing -----------------------------------------------------------------
def unseen_gold(terms: Terms) -> QuerySet[GoldCase]:
    """The gold cases a person may be dealt, in an order of their own: of nothing they wrote, judged or settled before.

    None that asks by an earlier version of its rubric than others do, or that is being judged again.
    """
    text = models.CharField()
    shuffled = MD5(Concat(Cast("pk", text), Value(str(terms.user.pk))))
    known = Exists(_about_the_same(Assignment, annotator=terms.user)) | Exists(
        _about_the_same(Adjudication, by=terms.user)
    )
    return (
        GoldCase.objects.filter(~known, case__project=terms.project, retired_at=None)
        .filter(~Exists(_about_the_same(SecondAdjudication, by=terms.user)), ~_is_outdated(), ~_is_followed())
        .filter(case__needs__contained_by=terms.abilities)
        .exclude(case__task_version__task__author=terms.user)
        .select_related("case__task_version__task", "case__rubric_version", "case__subject_rubric_version")
        .order_by(shuffled)
    )


def _about_the_same[Row: models.Model](model: type[Row], **part: User) -> QuerySet[Row]:
    """Rows on any case about the gold case's task or rubric, whatever its version and round."""
    task = Q(case__task_version__task=OuterRef("case__task_version__task"))
    rubric = Q(case__subject_rubric_version__rubric=OuterRef("case__subject_rubric_version__rubric"))
    return model._default_manager.filter(task | rubric, **part)


def _is_outdated() -> Exists:
    newer = RubricVersion.objects.filter(
        rubric=OuterRef("case__rubric_version__rubric"), number__gt=OuterRef("case__rubric_version__number")
    )
    return Exists(newer)


def _is_followed() -> Exists:
    return Exists(Case.objects.filter(follows=OuterRef("case")).exclude(status=Case.Status.CANCELLED))


# --- One answer --------------------------------------------------------------
def expected(case: Case) -> Mapping[UUID, FinalVerdict]:
    """What a gold case was settled as, by criterion."""
    return {row.criterion_id: row for row in FinalVerdict.objects.filter(adjudication__case=case)}


@dataclass(frozen=True)
class Feedback:
    """One criterion of a gold case: what the person answered, and what was settled."""

    criterion: Criterion
    given: Verdict
    final: FinalVerdict

    @property
    def is_correct(self) -> bool:
        return (self.given.code, self.given.cannot_tell) == (self.final.code, self.final.cannot_tell)


def feedback(annotation: Annotation) -> list[Feedback]:
    """What a person may learn of a gold case they submitted, where the project trains people; else nothing."""
    case = annotation.case
    if case.gold_of is None or case.status != Case.Status.SETTLED or not settings_of(case.project).gold_feedback:
        return []
    finals, given = expected(case.gold_of), {row.criterion_id: row for row in annotation.verdicts.all()}
    shared = finals.keys() & given.keys()
    return [Feedback(row, given[row.pk], finals[row.pk]) for row in case_criteria(case) if row.pk in shared]


# --- A person ----------------------------------------------------------------
@dataclass(frozen=True)
class GoldStanding:
    """Of somebody's newest answers to gold cases, how many were as expected."""

    answered: int
    correct: int

    @property
    def percent(self) -> float:
        return 100 * self.correct / self.answered if self.answered else 100.0


def gold_standing(project: Project, user: User, settings: ReviewSettings) -> GoldStanding:
    """By the newest RECENT x gold_minimum answers since a pause was last lifted, but those to retired cases."""
    counted = GoldAnswer.objects.filter(
        annotation__author=user, annotation__case__project=project, annotation__case__gold_of__gold__retired_at=None
    )
    if lifted := _last_lift(project, user):
        counted = counted.filter(at__gt=lifted)
    newest = list(counted.order_by("-pk").values_list("is_correct", flat=True)[: RECENT * settings.gold_minimum])
    return GoldStanding(answered=len(newest), correct=sum(newest))


def _last_lift(project: Project, user: User) -> datetime | None:
    pauses = QueuePause.objects.filter(project=project, person=user, lifted_at__isnull=False)
    return pauses.order_by("-lifted_at").values_list("lifted_at", flat=True).first()


def paused(project: Project) -> QuerySet[QueuePause]:
    """Whose queue of a project is paused, longest first."""
    return QueuePause.objects.filter(project=project, lifted_at=None).select_related("person").order_by("since")


def gold_by_person(project: Project) -> Mapping[UUID, GoldStanding]:
    """Everybody's answers to gold cases that are not retired, in one query."""
    live = GoldAnswer.objects.filter(
        annotation__case__project=project, annotation__case__gold_of__gold__retired_at=None
    )
    rows = live.order_by().values_list("annotation__author")
    counted = rows.annotate(answered=Count("pk"), correct=Count("pk", filter=Q(is_correct=True)))
    return {author: GoldStanding(answered, correct) for author, answered, correct in counted}


# --- All gold cases ----------------------------------------------------------
@dataclass(frozen=True)
class Answered:
    """How people answered one criterion of a gold case."""

    criterion: Criterion
    people: int
    correct: int

    @property
    def is_suspect(self) -> bool:
        """Whether most people fail it, so that the fault may be the case's."""
        return self.people >= FEW and 2 * self.correct < self.people


@dataclass(frozen=True)
class GoldLine:
    """A gold case with what people made of it; `dealt` counts those who have it before them too."""

    gold: GoldCase
    dealt: int
    people: int
    criteria: list[Answered]

    @property
    def answered(self) -> int:
        return sum(row.people for row in self.criteria)

    @property
    def correct(self) -> int:
        return sum(row.correct for row in self.criteria)

    @property
    def suspects(self) -> list[Answered]:
        return [row for row in self.criteria if row.is_suspect]


def gold_cases(project: Project) -> QuerySet[GoldCase]:
    """Every case that is or was gold, the live ones first, newest first."""
    rows = GoldCase.objects.filter(case__project=project).order_by(F("retired_at").desc(nulls_first=True), "-pk")
    return rows.select_related(
        "by", "case__task_version__task", "case__subject_rubric_version__rubric", "case__rubric_version__rubric"
    )


def gold_lines(golds: Collection[GoldCase]) -> list[GoldLine]:
    """What people made of each of these, in three queries."""
    cases = [row.case_id for row in golds]
    copies = Case.every.filter(gold_of__in=cases).order_by().values("gold_of")
    submitted = Count("pk", filter=Q(annotations__status=Annotation.Status.SUBMITTED))
    counts = {row["gold_of"]: row for row in copies.annotate(dealt=Count("pk"), people=submitted)}
    by_case = _answered(cases)
    none = {"dealt": 0, "people": 0}
    return [
        GoldLine(row, (found := counts.get(row.case_id, none))["dealt"], found["people"], by_case.get(row.case_id, []))
        for row in golds
    ]


def _answered(cases: Iterable[UUID]) -> dict[UUID, list[Answered]]:
    answers = GoldAnswer.objects.filter(annotation__case__gold_of__in=cases).order_by("criterion__position")
    rows = answers.values_list("annotation__case__gold_of", "criterion")
    found = list(rows.annotate(people=Count("pk"), right=Count("pk", filter=Q(is_correct=True))))
    criteria = Criterion.objects.in_bulk({criterion for _case, criterion, *_counts in found})
    by_case: dict[UUID, list[Answered]] = defaultdict(list)
    for case, criterion, people, right in found:
        by_case[case].append(Answered(criteria[criterion], people, right))
    return by_case


def answers_to(gold: GoldCase) -> QuerySet[Annotation]:
    """What people submitted to copies of a gold case, newest first."""
    given = Annotation.objects.filter(case__gold_of=gold.case_id, status=Annotation.Status.SUBMITTED)
    return given.select_related("author").prefetch_related("gold_answers__criterion").order_by("-submitted_at")
