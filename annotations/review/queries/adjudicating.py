"""What waits for leads, what they left unfinished, and how they agree among themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotations.accounts.models import Project, User
from annotations.review.models import (
    Adjudication,
    AdjudicationDraft,
    Annotation,
    Assignment,
    Case,
    FinalVerdict,
    Question,
    SecondVerdict,
)
from annotations.review.queries.comparing import annotated, comparisons, letter
from annotations.rubrics.models import Criterion


def to_adjudicate(project: Project, user: User) -> QuerySet[Case]:
    """Cases that wait for a lead who took no part in them and did not write the task: by stakes, then by dispute.

    A settled case that was drawn for a second lead is among them for every lead but the one who settled it.
    """
    waiting = Q(status=Case.Status.ADJUDICATION) | Q(second_due=True)
    theirs = Assignment.objects.filter(annotator=user)
    heard_before = Q(appealed=True) & Exists(theirs.filter(case=OuterRef("follows")))
    return (
        Case.objects.visible_to(user)
        .filter(waiting, ~Exists(theirs.filter(case=OuterRef("pk"))), ~heard_before, project=project)
        .exclude(task_version__task__author=user)
        .exclude(second_due=True, adjudication__by=user)
        .exclude(appealed=True, follows__adjudication__by=user)
        .select_related("task_version__task", "subject_rubric_version__rubric", "rubric_version__rubric")
        .order_by("-priority", "-disagreements", "id")
    )


def awaiting_replies(project: Project, user: User) -> QuerySet[Case]:
    """Cases whose annotators were asked a question by a lead and have not all replied, longest wait first."""
    asked = Case.objects.visible_to(user).filter(project=project, status=Case.Status.ASKED)
    took_part = Assignment.objects.filter(case=OuterRef("pk"), annotator=user)
    return (
        asked.filter(~Exists(took_part))
        .exclude(task_version__task__author=user)
        .select_related("task_version__task", "subject_rubric_version__rubric", "question")
        .order_by("question__asked_at")
    )


def questions_for(project: Project, user: User) -> QuerySet[Assignment]:
    """What leads asked this person and they have not replied to, oldest first."""
    asked = Assignment.objects.visible_to(user).filter(case__project=project, case__status=Case.Status.ASKED)
    return (
        asked.filter(case__gold_of=None, status=Assignment.Status.SUBMITTED, annotation__replies__isnull=True)
        .select_related("case__task_version__task", "case__subject_rubric_version__rubric", "case__question")
        .order_by("case__question__asked_at")
    )


def is_second(case: Case, user: User) -> bool:
    """Whether a settled case waits for this lead to settle it once more, unaware."""
    return case.second_due and not Adjudication.objects.filter(case=case, by=user).exists()


def draft_of(case: Case, user: User) -> AdjudicationDraft | None:
    return AdjudicationDraft.objects.filter(case=case, by=user).first()


def disputed_criteria(case: Case) -> list[Criterion]:
    return [row.criterion for row in comparisons(case) if not row.is_unanimous]


def open_to_change(question: Question) -> list[Criterion]:
    """The criteria whose answers its annotators may change: the same for all, whatever one of them has changed."""
    return list(question.criteria.all())


@dataclass(frozen=True)
class Heard:
    """What one annotator replied, under their letter; empty while they have not."""

    letter: str
    text: str


def heard(question: Question) -> list[Heard]:
    """Every annotator's reply to a lead's question, in the order of their letters."""
    rows = Annotation.objects.filter(case=annotated(question.case), status=Annotation.Status.SUBMITTED)
    texts = rows.order_by("assignment__seat__number").values_list("replies__text", flat=True)
    return [Heard(letter(index), text or "") for index, text in enumerate(texts)]


@dataclass(frozen=True)
class LeadAgreement:
    """How often a second lead, unaware of the first, gave a criterion the same final verdict."""

    cases: int
    criteria: int
    same: int


def agreement_of_leads(project: Project) -> LeadAgreement:
    """Over all settled second adjudications of a project."""
    seconds = SecondVerdict.objects.filter(adjudication__case__project=project)
    firsts = FinalVerdict.objects.filter(
        adjudication__case__second_adjudication__settled_at__isnull=False, adjudication__case__project=project
    )
    first = _answers(firsts.values_list("adjudication__case", "criterion", "code"))
    second = _answers(seconds.values_list("adjudication__case", "criterion", "code"))
    shared = first.keys() & second.keys()
    return LeadAgreement(
        cases=len({case for case, _criterion in shared}),
        criteria=len(shared),
        same=sum(first[key] == second[key] for key in shared),
    )


def _answers(rows: Iterable[tuple[UUID, UUID, int | None]]) -> dict[tuple[UUID, UUID], int | None]:
    return {(case, criterion): code for case, criterion, code in rows}
