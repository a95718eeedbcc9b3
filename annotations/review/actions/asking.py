"""Ask a case's annotators back, once: they reply under their letters and may change what is in dispute."""

from django.db import transaction
from django.utils import timezone

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.core.decisions import Denied, require
from annotations.core.errors import Conflict, Invalid
from annotations.core.states import move
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review import policies, queries
from annotations.review.actions.settling import lock, require_waiting, version_of
from annotations.review.answers import LONGEST_RATIONALE, Answers, Given, as_stored, incomplete, malformed
from annotations.review.models import Annotation, Assignment, Case, Question, Reply, ReplyDraft, Verdict
from annotations.rubrics.models import Criterion

WANTED = f"Reply in at most {LONGEST_RATIONALE:,} characters; “nothing to add” is a reply."


@transaction.atomic
def ask(case: Case, text: str, *, criterion: Criterion | None = None, by: User) -> Question:
    """Send a case back to its annotators with a question, on one criterion in dispute or on all of them.

    Raises Conflict when the case has moved on, and Invalid when the question is empty, too long or about nothing in
    dispute.
    """
    case = lock(case)
    require(policies.can_judge(by, case))
    require_waiting(case, by)
    require(policies.can_ask(by, case))
    text = text.strip()
    if not text or len(text) > LONGEST_RATIONALE:
        told = f"Ask something, in at most {LONGEST_RATIONALE:,} characters."
        raise Invalid("Nobody was asked.", {"question": told})
    disputed = queries.disputed_criteria(case)
    if criterion and criterion not in disputed:
        raise Invalid("Nobody was asked.", {"criterion": "Choose a criterion in dispute, or all of them."})
    question = Question.objects.create(case=case, by=by, criterion=criterion, text=text)
    question.criteria.set([criterion] if criterion else disputed)
    move(case, Case.Status.ASKED)
    record("case.asked", by=by, target=case, criterion=criterion.key if criterion else "")
    _tell_asked(case, by=by)
    return question


def _tell_asked(case: Case, *, by: User) -> None:
    """Every annotator, of the page on which they reply."""
    text = f"A lead has a question to you about “{case.subject}”."
    for row in case.assignments.filter(status=Assignment.Status.SUBMITTED).select_related("annotator"):
        where = links.assignment(case.project, row.pk)
        notify([row.annotator], case.project, Notice.Kind.ASKED, text, where, by=by)


@transaction.atomic
def reply(assignment: Assignment, text: str, answers: Answers, *, version: int, by: User) -> Reply:
    """Reply to the lead's question, with changed answers or without; the last reply hands the case back to the lead.

    Raises Conflict when the lead has gone on, the person has replied or their draft was saved since `version`; and
    Invalid when the reply is empty or an answer is wanting.
    """
    annotation = _awaited(assignment, by=by)
    draft = _draft_at(version, annotation)
    question = _question_of(annotation.case)
    _change(annotation, queries.open_to_change(question), answers, text.strip())
    made = Reply.objects.create(question=question, annotation=annotation, text=text.strip())
    if draft:
        draft.delete()
    record("case.replied", by=by, target=annotation.case)
    if question.replies.count() == _asked(annotation.case):
        _hand_back(annotation.case)
    return made


@transaction.atomic
def save_reply(assignment: Assignment, text: str, answers: Answers, *, version: int, by: User) -> ReplyDraft:
    """Store an unfinished reply; nobody else sees it. `version` is 0 before the first save.

    Raises Conflict as `reply` does, and Invalid for what no draft may hold.
    """
    annotation = _awaited(assignment, by=by)
    draft = _draft_at(version, annotation)
    if problems := malformed(queries.open_to_change(_question_of(annotation.case)), answers) | _too_long(text):
        raise Invalid("The reply was not saved.", problems)
    draft = draft or ReplyDraft(annotation=annotation, version=0)
    draft.text, draft.answers = text, as_stored(answers)
    draft.version += 1
    draft.save()
    return draft


def _awaited(assignment: Assignment, *, by: User) -> Annotation:
    """The annotation that the lead waits to hear about, held. Raises Conflict when no reply is awaited any more."""
    case = lock(assignment.case)
    annotation = Annotation.objects.select_for_update().get(assignment=assignment)
    annotation.case = case
    if isinstance(awaited := policies.awaits_reply(annotation), Denied):
        raise Conflict(awaited.reason)
    require(policies.can_reply(by, annotation))
    return annotation


def _draft_at(version: int, annotation: Annotation) -> ReplyDraft | None:
    draft = queries.reply_draft_of(annotation)
    if version != version_of(draft):
        raise Conflict("This was changed in another window since you opened it here.")
    return draft


def _question_of(case: Case) -> Question:
    question = Question.objects.select_related("criterion").get(case=case)
    question.case = case
    return question


def _too_long(text: str) -> dict[str, str]:
    return {"reply": WANTED} if len(text) > LONGEST_RATIONALE else {}


def _asked(case: Case) -> int:
    return case.annotations.filter(status=Annotation.Status.SUBMITTED).count()


def _change(annotation: Annotation, criteria: list[Criterion], answers: Answers, text: str) -> None:
    """Write what differs, as a next version of the annotation, with what it was before in the trail."""
    problems = malformed(criteria, answers)
    problems |= incomplete([row for row in criteria if row.pk in answers], answers)
    if not text or len(text) > LONGEST_RATIONALE:
        problems["reply"] = WANTED
    if problems:
        raise Invalid("The reply was not sent.", problems)
    before = {verdict.criterion_id: verdict for verdict in annotation.verdicts.filter(criterion__in=criteria)}
    changed = [verdict for verdict in before.values() if _differs(verdict, answers.get(verdict.criterion_id))]
    if not changed:
        return
    record("annotation.revised", by=annotation.author, target=annotation, before=_facts(changed))
    for verdict in changed:
        given = answers[verdict.criterion_id]
        verdict.code, verdict.cannot_tell, verdict.rationale = given.code, given.cannot_tell, given.rationale
    Verdict.objects.bulk_update(changed, ["code", "cannot_tell", "rationale"])
    annotation.version += 1
    annotation.saved_at = timezone.now()
    annotation.save(update_fields=["version", "saved_at"])


def _differs(verdict: Verdict, given: Given | None) -> bool:
    held = Given(verdict.code, verdict.cannot_tell, verdict.rationale)
    return given is not None and (given.code, given.cannot_tell, given.rationale) != (
        held.code,
        held.cannot_tell,
        held.rationale,
    )


def _facts(verdicts: list[Verdict]) -> dict[str, object]:
    return {str(row.criterion_id): {"code": row.code, "rationale": row.rationale} for row in verdicts}


@transaction.atomic
def stop_waiting(case: Case, *, by: User) -> None:
    """Take a case back from its annotators with the replies so far. Raises Conflict when it is back already."""
    case = lock(case)
    require(policies.can_judge(by, case))
    if case.status != Case.Status.ASKED:
        raise Conflict("Nobody is waited for any more.")
    _hand_back(case, by=by)


def _hand_back(case: Case, *, by: User | None = None) -> None:
    disagreements = sum(not row.is_unanimous for row in queries.comparisons(case, cited=False))
    move(case, Case.Status.ADJUDICATION, disagreements=disagreements)
    record("case.handed_back", by=by, target=case, disagreements=disagreements)
    text = f"Everyone you asked about “{case.subject}” has replied."
    if by is None:
        notify([case.question.by], case.project, Notice.Kind.REPLY, text, links.case(case.project, case.pk))
