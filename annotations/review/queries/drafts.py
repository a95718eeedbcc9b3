"""One person's answers as they are stored."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from annotations.review import citations
from annotations.review.answers import Given
from annotations.review.models import Annotation, Assignment, Case, ReplyDraft, Verdict


def answers_of(annotation: Annotation) -> list[Verdict]:
    """The annotation's verdicts with their citations, in two queries."""
    return list(annotation.verdicts.prefetch_related("citations"))


def reply_draft_of(annotation: Annotation) -> ReplyDraft | None:
    """What they have written so far to a lead's question."""
    return ReplyDraft.objects.filter(annotation=annotation).first()


def retractable(submitted: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Those whose case has not moved on; policies.can_undo says the same of one."""
    waiting = Q(case__status=Case.Status.OPEN)
    unopened = Q(case__status=Case.Status.ADJUDICATION, case__adjudication_drafts__isnull=True)
    return submitted.filter(waiting | unopened, annotation__stands_since=None)


def drafted(verdicts: Iterable[Verdict]) -> dict[UUID, Given]:
    """Verdicts of `answers_of` in the form they came in, by criterion."""
    return {row.criterion_id: _given(row) for row in verdicts}


def _given(verdict: Verdict) -> Given:
    return Given(
        code=verdict.code,
        cannot_tell=verdict.cannot_tell,
        rationale=verdict.rationale,
        confidence=verdict.confidence,
        citations=tuple(map(citations.of, verdict.citations.all())),
    )
