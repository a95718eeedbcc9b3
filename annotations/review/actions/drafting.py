"""A lead's unfinished adjudication: saved as they type, and what they answered before they saw the others."""

from django.db import transaction

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.review import policies, queries
from annotations.review.actions.settling import lock, require_waiting, version_of
from annotations.review.answers import LONGEST_RATIONALE, Answers, Given, as_stored, malformed
from annotations.review.models import AdjudicationDraft, Case, Confidence


@transaction.atomic
def save_finals(
    case: Case, finals: Answers, *, reason: str, confidence: int | None, version: int, by: User
) -> AdjudicationDraft:
    """Store the lead's own draft; nobody else sees it. `version` is 0 before the first save.

    Raises Conflict when the case has moved on or the draft was saved elsewhere since, and Invalid for what no draft
    may hold.
    """
    case = lock(case)
    require(policies.can_judge(by, case))
    require_waiting(case, by)
    require(policies.can_compare(by, case))
    draft = queries.draft_of(case, by)
    if version != version_of(draft):
        raise Conflict("This was changed in another window since you opened it here.")
    if problems := malformed(queries.case_criteria(case), finals) | _too_long(reason):
        raise Invalid("The draft was not saved.", problems)
    draft = draft or AdjudicationDraft(case=case, by=by, version=0)
    draft.finals = as_stored(finals)
    draft.reason, draft.confidence = reason, confidence if confidence in Confidence.values else None
    draft.version += 1
    draft.save()
    return draft


def _too_long(reason: str) -> dict[str, str]:
    if len(reason) <= LONGEST_RATIONALE:
        return {}
    return {"reason": f"A reason may have {LONGEST_RATIONALE:,} characters; this one is longer."}


@transaction.atomic
def answer_first(case: Case, answers: Answers, *, by: User) -> AdjudicationDraft:
    """Keep what a lead answers to the criteria in dispute before they see anybody's answers; it stands as given.

    Raises Conflict when the case has moved on, and Invalid, naming each criterion, when an answer is missing.
    """
    case = lock(case)
    require(policies.can_judge(by, case))
    require_waiting(case, by)
    require(policies.can_answer_first(by, case))
    disputed = queries.disputed_criteria(case)
    problems = malformed(disputed, answers)
    for criterion in disputed:
        if not answers.get(criterion.pk, Given()).is_answered:
            problems.setdefault(str(criterion.pk), f"“{criterion.title}” has no answer yet.")
    if problems:
        raise Invalid("Some criteria still need your answer.", problems)
    draft = queries.draft_of(case, by) or AdjudicationDraft(case=case, by=by)
    draft.blind = {str(row.pk): answers[row.pk].code for row in disputed}
    draft.save()
    record("adjudication.answered_blind", by=by, target=draft)
    return draft
