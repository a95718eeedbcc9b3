"""Settle a case: by everybody's agreement, or by a lead."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.core.decisions import Denied, require
from annotations.core.errors import Conflict, Invalid
from annotations.core.prepared import insert, insert_each
from annotations.core.states import move
from annotations.review import policies, queries
from annotations.review.actions.queue import add_seat
from annotations.review.answers import LONGEST_RATIONALE, Answers, Given, malformed
from annotations.review.models import (
    Adjudication,
    AdjudicationDraft,
    Case,
    Confidence,
    FinalVerdict,
    ReplyDraft,
    SecondAdjudication,
    SecondVerdict,
    settings_of,
)
from annotations.review.opening import note_answers


def advance(case: Case) -> None:
    """Once every seat has submitted: settle the case, ask one more person, or hand it to a lead."""
    if (answers := queries.submissions(case)) < case.overlap:
        note_answers(case, answers)
        return
    compared = queries.comparisons(case, cited=False)
    disagreements = sum(not row.is_unanimous for row in compared)
    if case.unanimity_settles and not disagreements:
        finals = {row.criterion.pk: _agreed(row) for row in compared}
        _settle(case, finals, by=None, reason="")
    elif queries.wants_another(case, disagreements):
        add_seat(case)
    else:
        move(case, Case.Status.ADJUDICATION, disagreements=disagreements)
        record("case.to_adjudication", by=None, target=case, disagreements=disagreements)


def _agreed(row: queries.Comparison) -> Given:
    verdict = row.opinions[0].verdict
    rationales = [opinion.verdict.rationale for opinion in row.opinions if opinion.verdict.rationale]
    return Given(code=verdict.code, cannot_tell=verdict.cannot_tell, rationale="\n\n".join(rationales))


@dataclass(frozen=True)
class Basis:
    """What a lead's page was made from: the version of their draft, and the edition of the annotators' answers."""

    version: int
    edition: str


@transaction.atomic
def adjudicate(
    case: Case, finals: Answers, *, reason: str, by: User, confidence: int | None = None, basis: Basis | None = None
) -> Adjudication | SecondAdjudication:
    """Settle a case by a lead's final verdicts; where they wrote no words, those of who gave the same answer stand.

    Raises Conflict when the case has moved on, or the draft or an annotator's answer since `basis`; and Invalid,
    naming each criterion, when a final verdict or its words are missing, a disagreement has no cause, or the reason
    is empty.
    """
    case = lock(case)
    require(policies.can_judge(by, case))
    require_waiting(case, by)
    require(policies.can_adjudicate(by, case))
    compared = queries.comparisons(case)
    _require_current(case, compared, basis, by)
    finals = _spoken(compared, finals)
    if problems := _missing_finals(compared, finals) | _wanting(reason, confidence):
        raise Invalid("The case is not settled yet.", problems)
    if queries.is_second(case, by):
        return _settle_again(case, finals, by=by, reason=reason.strip(), confidence=confidence)
    return _settle(case, finals, by=by, reason=reason.strip(), confidence=confidence)


def lock(case: Case) -> Case:
    """The case as it stands now, held until the transaction ends."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("rubric_version", "project", "follows")
    return rows.get(pk=case.pk)


def require_waiting(case: Case, by: User) -> None:
    """Raises Conflict, saying where the case stands, when it does not wait for this lead any more."""
    if isinstance(waits := policies.waits_for(by, case), Denied):
        raise Conflict(waits.reason)


def _require_current(case: Case, compared: Sequence[queries.Comparison], basis: Basis | None, by: User) -> None:
    if basis is None:
        return
    if basis.edition != queries.edition(compared):
        raise Conflict("An annotator changed an answer since you opened this page. Look at the answers again.")
    if basis.version != version_of(queries.draft_of(case, by)):
        raise Conflict("This was changed in another window since you opened it here.")


def version_of(draft: AdjudicationDraft | ReplyDraft | None) -> int:
    """The version of a person's draft; 0 while there is none."""
    return draft.version if draft else 0


def _spoken(compared: Sequence[queries.Comparison], finals: Answers) -> dict[UUID, Given]:
    rows = {row.criterion.pk: row for row in compared}
    return {key: _in_their_words(rows[key], final) if key in rows else final for key, final in finals.items()}


def _in_their_words(row: queries.Comparison, final: Given) -> Given:
    if final.rationale.strip() or not final.is_answered:
        return final
    verdicts = [opinion.verdict for opinion in row.opinions]
    same = [it for it in verdicts if (it.code, it.cannot_tell) == (final.code, final.cannot_tell)]
    return replace(final, rationale="\n\n".join(verdict.rationale for verdict in same if verdict.rationale))


def _missing_finals(compared: Sequence[queries.Comparison], finals: Answers) -> dict[str, str]:
    problems = malformed([row.criterion for row in compared], finals)
    for row in compared:
        final, key = finals.get(row.criterion.pk, Given()), str(row.criterion.pk)
        if missing := _missing_in(row, final):
            problems.setdefault(key, " ".join(missing))
    return problems


def _missing_in(row: queries.Comparison, final: Given) -> list[str]:
    missing = []
    if not final.is_answered:
        missing.append(f"“{row.criterion.title}” has no final verdict yet.")
    elif not row.criterion.passes(final.code) and not final.rationale.strip():
        missing.append(f"Tell the author what is wrong with “{row.criterion.title}”.")
    if not row.is_unanimous and final.cause not in FinalVerdict.Cause.values:
        missing.append(f"Say why people disagreed on “{row.criterion.title}”.")
    elif final.cause and final.cause not in FinalVerdict.Cause.values:
        missing.append(f"Choose one of the causes for “{row.criterion.title}”.")
    return missing


def _wanting(reason: str, confidence: int | None) -> dict[str, str]:
    problems = {}
    if not reason.strip():
        problems["reason"] = "Say in a sentence what decided it: the annotators and the author will read it."
    elif len(reason) > LONGEST_RATIONALE:
        problems["reason"] = f"A reason may have {LONGEST_RATIONALE:,} characters; this one is longer."
    if confidence is not None and confidence not in Confidence.values:
        problems["confidence"] = "Choose one of the confidences."
    return problems


def _settle(
    case: Case, finals: Answers, *, by: User | None, reason: str, confidence: int | None = None
) -> Adjudication:
    """Write the final verdicts; those of criteria that the case did not ask stand as they were before."""
    move(case, Case.Status.SETTLED)
    adjudication = insert(Adjudication(case=case, by=by, reason=reason, confidence=confidence))
    insert_each(
        [
            FinalVerdict(
                adjudication=adjudication,
                criterion_id=criterion_id,
                code=final.code,
                cannot_tell=final.cannot_tell,
                rationale=final.rationale,
                cause=final.cause,
            )
            for criterion_id, final in {**finals, **_carried(case)}.items()
        ]
    )
    record("case.settled", by=by, target=case, unanimous=by is None)
    if by is not None and _is_drawn(case):
        SecondAdjudication.objects.create(case=case)
        Case.objects.filter(pk=case.pk).update(second_due=True)
    return adjudication


def _carried(case: Case) -> dict[UUID, Given]:
    stands = [(row.criterion.pk, row.verdict) for row in queries.carried(case) if row.verdict]
    return {key: Given(verdict.code, verdict.cannot_tell, verdict.rationale) for key, verdict in stands}


def _is_drawn(case: Case) -> bool:
    """Whether another lead settles the case too: a share of them, drawn by the case's id. An appeal is one already."""
    draw = int.from_bytes(hashlib.sha256(case.pk.bytes).digest()[:4]) % 100
    return not case.appealed and draw < settings_of(case.project).second_lead_percent


def _settle_again(case: Case, finals: Answers, *, by: User, reason: str, confidence: int | None) -> SecondAdjudication:
    """Keep a second lead's answers beside the first's; nothing else changes, and the case's trail says nothing."""
    second = SecondAdjudication.objects.select_for_update().get(case=case)
    second.by, second.reason, second.confidence, second.settled_at = by, reason, confidence, timezone.now()
    second.save(update_fields=["by", "reason", "confidence", "settled_at"])
    SecondVerdict.objects.bulk_create(
        SecondVerdict(
            adjudication=second,
            criterion_id=criterion_id,
            code=final.code,
            cannot_tell=final.cannot_tell,
            rationale=final.rationale,
        )
        for criterion_id, final in finals.items()
    )
    Case.objects.filter(pk=case.pk).update(second_due=False)
    record("second_adjudication.settled", by=by, target=second)
    return second


def open_appeal(case: Case) -> Case:
    """Have the answers of a settled case judged again by another lead, in a case that follows it."""
    earlier = Case.objects.filter(task_version=case.task_version, rubric_version=case.rubric_version)
    appealed = Case.objects.create(
        project=case.project,
        task_version=case.task_version,
        rubric_version=case.rubric_version,
        round=max(earlier.values_list("round", flat=True)) + 1,
        overlap=case.overlap,
        extra=case.extra,
        priority=case.priority,
        only_criteria=case.only_criteria,
        follows=case,
        appealed=True,
        disagreements=case.disagreements,
        unanimity_settles=False,
        status=Case.Status.ADJUDICATION,
    )
    record("case.appealed", by=None, target=appealed, follows=str(case.pk))
    return appealed
