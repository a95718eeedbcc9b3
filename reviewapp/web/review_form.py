"""The form beside the pane: questions with what is stored or was just sent, and why it could not be taken."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from annotations.accounts.models import User
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.review import citations, queries, rounds
from annotations.review.answers import Given, needs_rationale
from annotations.review.citations import Reference
from annotations.review.models import Annotation, Assignment, Confidence, Verdict
from annotations.review.queries import Carried
from annotations.rubrics.models import Criterion, RubricVersion
from reviewapp.web import chips, sheet
from reviewapp.web.addresses import uuid

type Answers = dict[UUID, Given]
type Labels = Mapping[Reference, str]


@dataclass(frozen=True)
class Difference:
    """An answer that differs between this window and the stored draft."""

    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Refusal:
    """What the page shows when it could not take the answers; `answers` are those it was sent."""

    error: DomainError
    answers: Answers = field(default_factory=dict)

    @property
    def problems(self) -> Mapping[str, str]:
        return self.error.problems if isinstance(self.error, Invalid) else {}


def read(assignment: Assignment, data: QueryDict) -> Answers:
    """The answers a posted form holds; one that was opened before the rubric changed is read by what it showed then."""
    case, shown = assignment.case, uuid(data.get("rubric", ""))
    criteria = queries.case_criteria(case)
    if shown is None or shown == case.rubric_version_id:
        return sheet.read(criteria, data)
    before = RubricVersion.objects.filter(pk=shown, rubric=case.rubric_version.rubric_id).first()
    if before is None:
        return {}
    given = rounds.translated(sheet.read(before.criteria.all(), data), rounds.step(before, case.rubric_version))
    return {row.pk: given[row.pk] for row in criteria if row.pk in given}


def context(assignment: Assignment, refusal: Refusal | None, *, page: str, by: User) -> dict[str, object]:
    """Questions, tally and, after a refusal, what is wrong; `page` is where the case is reviewed."""
    criteria = queries.case_criteria(assignment.case)
    verdicts = queries.answers_of(assignment.annotation)
    stored = queries.drafted(verdicts)
    shown = {**stored, **(refusal.answers if refusal else {})}
    labels = _labels(assignment, verdicts, refusal, by)
    problems = refusal.problems if refusal else {}
    kept = queries.carried(assignment.case)
    return {
        "questions": [
            sheet.question(
                row,
                (given := shown.get(row.pk, Given())),
                error=problems.get(str(row.pk), ""),
                cites=chips.of_references(given.citations or (), labels, page),
            )
            for row in criteria
        ],
        "carried": _carried(kept),
        "asked_anew": [row for row in criteria if stored and row.pk in assignment.annotation.asked_anew],
        "criteria": sorted((*criteria, *(row.criterion for row in kept)), key=lambda row: row.position),
        **tally(criteria, shown),
        **(_refused(criteria, stored, labels, refusal, page) if refusal else {}),
    }


@dataclass(frozen=True)
class Learnt:
    """Where an answer to a gold case was not as settled: both answers, and the words of whoever settled it."""

    title: str
    given: str
    final: str
    why: str


@dataclass(frozen=True)
class Lesson:
    """What a person learns of a gold case they submitted."""

    correct: int
    total: int
    wrong: list[Learnt]


def feedback(annotation: Annotation) -> Lesson | None:
    """What they may learn of the case; None for nearly every case, as it is no gold one."""
    if not (rows := queries.feedback(annotation)):
        return None
    wrong = [row for row in rows if not row.is_correct]
    return Lesson(correct=len(rows) - len(wrong), total=len(rows), wrong=[_learnt(row) for row in wrong])


def _learnt(row: queries.Feedback) -> Learnt:
    given, final = (Given(verdict.code, verdict.cannot_tell) for verdict in (row.given, row.final))
    in_words = (sheet.label(row.criterion, given), sheet.label(row.criterion, final))
    return Learnt(row.criterion.title, *in_words, why=row.final.rationale)


def refused(assignment: Assignment, refusal: Refusal, *, page: str, by: User) -> dict[str, object]:
    """Only what is wrong: a conflict with both texts, or errors."""
    criteria = queries.case_criteria(assignment.case)
    verdicts = queries.answers_of(assignment.annotation)
    labels = _labels(assignment, verdicts, refusal, by)
    return _refused(criteria, queries.drafted(verdicts), labels, refusal, page)


def tally(criteria: Iterable[Criterion], answers: Mapping[UUID, Given]) -> dict[str, int]:
    known = [(row, answers.get(row.pk, Given())) for row in criteria]
    return {
        "answered": sum(given.is_answered for _row, given in known),
        "unexplained": sum(needs_rationale(row, given) for row, given in known),
        "total": len(known),
    }


def _labels(assignment: Assignment, verdicts: Iterable[Verdict], refusal: Refusal | None, by: User) -> Labels:
    """What the citations are called: those that are stored, and those that were sent just now."""
    labels = {citations.of(row): row.label for verdict in verdicts for row in verdict.cited}
    sent = {row for given in refusal.answers.values() for row in given.citations or ()} if refusal else set()
    found = citations.pins(assignment.case, sent - labels.keys(), by=by)
    return labels | {reference: pin.label for reference, pin in found.items()}


def _carried(kept: Sequence[Carried]) -> list[sheet.Question]:
    """What the case does not ask, with the final verdict that stands."""
    known = queries.given([row.verdict for row in kept if row.verdict])
    return [
        sheet.question(row.criterion, known.get(row.verdict.criterion_id, Given()) if row.verdict else Given())
        for row in kept
    ]


def _refused(
    criteria: list[Criterion], stored: Answers, labels: Labels, refusal: Refusal, page: str
) -> dict[str, object]:
    if isinstance(refusal.error, Conflict):
        return {"conflict": {"url": page, "rows": differences(criteria, refusal.answers, stored, labels)}}
    return {"errors": sheet.slips(criteria, refusal.problems, reason=refusal.error.reason)}


def differences(criteria: list[Criterion], mine: Answers, theirs: Answers, labels: Labels) -> list[Difference]:
    """Where what was sent and what is stored differ, in the rubric's order."""
    pairs = [(row, mine.get(row.pk, Given()), theirs.get(row.pk, Given())) for row in criteria if row.pk in mine]
    return [
        Difference(row.title, _in_words(row, here, labels), _in_words(row, there, labels))
        for row, here, there in pairs
        if _said(here) != _said(there)
    ]


def _said(given: Given) -> tuple[object, ...]:
    return given.code, given.cannot_tell, given.rationale, given.confidence, frozenset(given.citations or ())


def _in_words(criterion: Criterion, given: Given, labels: Labels) -> str:
    answer = sheet.label(criterion, given) or _("no answer")
    if given.confidence is not None:
        answer = _("%(answer)s (%(level)s confidence)") % {
            "answer": answer,
            "level": Confidence(given.confidence).label.lower(),
        }
    cited = ", ".join(labels.get(row, str(row)) for row in given.citations or ())
    return ". ".join(part for part in (answer, given.rationale, cited and _("Cites %s") % cited) if part)
