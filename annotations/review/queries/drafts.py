"""One person's answers as they are stored."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from annotations.core.prepared import prepared
from annotations.review import citations
from annotations.review.answers import Given
from annotations.review.models import Annotation, Assignment, Case, Citation, ReplyDraft, Verdict
from annotations.review.queries.cited import with_citations

LATELY = 10  # submissions among which the one to take back is looked for, however many there are


def answers_of(annotation: Annotation) -> list[Verdict]:
    """The annotation's verdicts with their citations, in two queries."""
    verdicts = _answers_of(annotation.pk)
    return with_citations(verdicts, _citations_of(annotation.pk) if verdicts else ())


@prepared
def _answers_of(annotation: UUID) -> QuerySet[Verdict]:
    return Verdict.objects.filter(annotation=annotation)


@prepared
def _citations_of(annotation: UUID) -> QuerySet[Citation]:
    return Citation.objects.filter(verdict__annotation=annotation)


def reply_draft_of(annotation: Annotation) -> ReplyDraft | None:
    """What they have written so far to a lead's question."""
    return ReplyDraft.objects.filter(annotation=annotation).first()


@prepared
def last_retractable(project: UUID, user: UUID, but: UUID) -> QuerySet[Assignment]:
    """The newest of what the person handed in lately that can still be taken back; policies.can_undo says it of one."""
    theirs = Assignment.objects.filter(annotator=user, case__project=project, status=Assignment.Status.SUBMITTED)
    lately = theirs.exclude(pk=but).order_by("-id").values("pk")[:LATELY]
    waiting = Q(case__status=Case.Status.OPEN)
    unopened = Q(case__status=Case.Status.ADJUDICATION, case__adjudication_drafts__isnull=True)
    unmoved = Assignment.objects.filter(waiting | unopened, annotation__stands_since=None, pk__in=lately)
    return unmoved.order_by("-id")[:1]


def drafted(verdicts: Iterable[Verdict]) -> dict[UUID, Given]:
    """Verdicts of `answers_of` in the form they came in, by criterion."""
    return {row.criterion_id: _given(row) for row in verdicts}


def _given(verdict: Verdict) -> Given:
    return Given(
        code=verdict.code,
        cannot_tell=verdict.cannot_tell,
        rationale=verdict.rationale,
        confidence=verdict.confidence,
        citations=tuple(map(citations.of, verdict.cited)),
    )
