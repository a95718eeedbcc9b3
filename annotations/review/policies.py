from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.core.decisions import Allowed, Denied, Permit, first_denied
from annotations.review import queries
from annotations.review.models import (
    Adjudication,
    AdjudicationDraft,
    Annotation,
    Assignment,
    Case,
    GuidelineGap,
    Question,
    QueuePause,
    Reply,
    SavedView,
    settings_of,
)


def can_claim(user: User, project: Project) -> Permit:
    return roles.can_write(user, project)


def can_take(terms: queries.Terms) -> Permit:
    """As `can_claim`, of somebody whose terms are known."""
    return roles.may_write(terms.role)


def can_edit(user: User, annotation: Annotation) -> Permit:
    return first_denied(_is_author(user, annotation), _is_unsubmitted(annotation), _holds_the_seat(annotation))


def can_undo(user: User, annotation: Annotation) -> Permit:
    if annotation.status != Annotation.Status.SUBMITTED:
        return Denied("Only a submitted annotation can be taken back.")
    if annotation.stands_since is not None:
        return Denied("You have opened the discussion of this case, so your answers stand.")
    return first_denied(_is_author(user, annotation), _has_not_moved_on(annotation.case))


def can_let_stand(user: User, annotation: Annotation) -> Permit:
    if annotation.status != Annotation.Status.SUBMITTED:
        return Denied("Submit your answers first.")
    return _is_author(user, annotation)


def _has_not_moved_on(case: Case) -> Permit:
    """An answer can be taken back until the case is settled, or a lead has begun to settle it."""
    if case.status == Case.Status.OPEN:
        return Allowed()
    if case.status != Case.Status.ADJUDICATION:
        return Denied(_MOVED_ON[case.status])
    if case.adjudication_drafts.all():
        return Denied("A lead has begun to settle this case, so this answer can no longer be taken back.")
    return Allowed()


_MOVED_ON = {
    Case.Status.SETTLED.value: "This case is settled, so this answer can no longer be taken back.",
    Case.Status.ASKED.value: "A lead has a question about this case, so this answer can no longer be taken back.",
    Case.Status.CANCELLED.value: "This case was cancelled, so nothing about it can change.",
}


def can_skip(user: User, assignment: Assignment) -> Permit:
    if assignment.annotator_id != user.pk:
        return Denied("Only the person it is reserved for can skip it.")
    return _is_reserved(assignment)


def can_begin(user: User, assignment: Assignment) -> Permit:
    if assignment.annotator_id != user.pk:
        return Denied("Only the person it is reserved for can open it.")
    return _is_reserved(assignment)


def _is_reserved(assignment: Assignment) -> Permit:
    if assignment.status in {Assignment.Status.ASSIGNED, Assignment.Status.ACTIVE}:
        return Allowed()
    return Denied("It is no longer reserved for you.")


def is_within_quota(terms: queries.Terms, *, active: int = 0) -> Permit:
    """Whether the person may take one more case today, with so many under way."""
    if terms.quota is None or queries.submitted_today(terms) + active < terms.quota:
        return Allowed()
    ends = queries.midnight(days=1)
    return Denied(f"Your quota of {terms.quota} cases a day is reached. You can go on at {ends:%H:%M %Z}.")


def is_not_paused(terms: queries.Terms) -> Permit:
    if not terms.is_paused:
        return Allowed()
    return Denied("Your queue is paused until a lead has looked at it with you. What you hold stays yours.")


def can_mark_gold(user: User, case: Case) -> Permit:
    if case.status != Case.Status.SETTLED or case.second_due:
        return Denied("Only a settled case can be gold, once nothing more waits to be done with it.")
    if case.followed_by.exclude(status=Case.Status.CANCELLED).exists():
        return Denied("Another case follows this one, so what it was settled as may change.")
    return roles.can_lead(user, case.project)


def can_lift(user: User, pause: QueuePause) -> Permit:
    return first_denied(is_of_another(user, pause), roles.can_lead(user, pause.project))


def is_of_another(user: User, pause: QueuePause) -> Permit:
    """What is left to ask of somebody who leads."""
    return Denied("Another lead must open your queue again.") if pause.person_id == user.pk else Allowed()


def can_flag_gap(user: User, assignment: Assignment) -> Permit:
    if assignment.annotator_id != user.pk:
        return Denied("Only those who judge the case can flag a gap in its guideline.")
    if assignment.status not in {Assignment.Status.ACTIVE, Assignment.Status.SUBMITTED}:
        return Denied("You no longer judge this case.")
    return Allowed()


def can_withdraw_gap(user: User, gap: GuidelineGap) -> Permit:
    if gap.author_id != user.pk:
        return Denied("Only the person who flagged it can take it back.")
    if gap.settled_in_id is not None:
        return Denied("A newer version of the rubric has closed this gap.")
    return Allowed()


def can_be_given(person: User, case: Case, *, role: str | None, before: Assignment | None) -> Permit:
    """Whether a lead may reserve a seat of the case for a person; `before` is what they had of it, if anything."""
    if case.status != Case.Status.OPEN:
        return Denied("This case is no longer open.")
    if role not in roles.WRITING or not person.is_active:
        return Denied(f"{person} is no expert or lead of this project.")
    if case.task_version and case.task_version.task.author_id == person.pk:
        return Denied(f"{person} wrote this task.")

    if before and before.status != Assignment.Status.EXPIRED:
        return Denied(f"{person} {_HAD[before.status]}.")
    return Allowed()


_HAD = {
    Assignment.Status.ASSIGNED.value: "is assigned this case already",
    Assignment.Status.ACTIVE.value: "is judging this case already",
    Assignment.Status.SUBMITTED.value: "has judged this case already",
    Assignment.Status.SKIPPED.value: "has skipped this case",
}


def can_take_back(user: User, assignment: Assignment, case: Case) -> Permit:
    if assignment.status not in {Assignment.Status.ASSIGNED, Assignment.Status.ACTIVE}:
        return Denied("It is no longer reserved for anybody.")
    return roles.can_lead(user, case.project)


def can_change_view(user: User, view: SavedView) -> Permit:
    if view.by_id != user.pk:
        return Denied("Only the person who saved a view can change it.")
    return roles.can_lead(user, view.project)


def can_compare(user: User, case: Case) -> Permit:
    """Everyone's answers side by side: for leads who took no part, once nobody's answer is due any more and, where the
    project asks for it, they have answered what is in dispute themselves."""
    return first_denied(can_judge(user, case), _is_judged(case), _answered_first(user, case))


def can_judge(user: User, case: Case) -> Permit:
    """Whether the person may settle this case at all, wherever it stands."""
    return first_denied(roles.can_lead(user, case.project), _took_no_part(user, case))


def can_adjudicate(user: User, case: Case) -> Permit:
    return first_denied(can_judge(user, case), waits_for(user, case), _answered_first(user, case))


def can_answer_first(user: User, case: Case) -> Permit:
    """Blind answers, given once, before the comparison is seen."""
    if not isinstance(_answered_first(user, case), Denied):
        return Denied("You have seen the others' answers.")
    return first_denied(can_judge(user, case), waits_for(user, case))


def can_ask(user: User, case: Case) -> Permit:
    """One question to the annotators, while the case waits for its lead."""
    if case.appealed or queries.is_second(case, user):
        return Denied("Its annotators were heard before; judge what they left.")
    if Question.objects.filter(case=case).exists():
        return Denied("Its annotators were asked once already.")
    return can_adjudicate(user, case)


def can_reply(user: User, annotation: Annotation) -> Permit:
    if not (awaited := awaits_reply(annotation)):
        return awaited
    return _is_author(user, annotation)


def awaits_reply(annotation: Annotation) -> Permit:
    """Whether the lead still waits for this annotator's reply."""
    if annotation.case.status != Case.Status.ASKED:
        return Denied("The lead has gone on, so no reply is needed any more.")
    if Reply.objects.filter(annotation=annotation).exists():
        return Denied("You have replied.")
    return Allowed()


def waits_for(user: User, case: Case) -> Permit:
    """Whether the case waits for a lead such as this one."""
    if case.status == Case.Status.ADJUDICATION or queries.is_second(case, user):
        return Allowed()
    if case.status == Case.Status.SETTLED:
        return Denied("This case is settled.")
    if case.status == Case.Status.ASKED:
        return Denied("This case is back with its annotators, who were asked a question.")
    return Denied("Not everyone has submitted yet.")


def _took_no_part(user: User, case: Case) -> Permit:
    if case.task_version and case.task_version.task.author_id == user.pk:
        return Denied("You wrote this task, so another lead must adjudicate it.")
    if queries.annotated(case).assignments.filter(annotator=user).exists():
        return Denied("You annotated this case, so another lead must adjudicate it.")
    if case.appealed and Adjudication.objects.filter(case=case.follows_id, by=user).exists():
        return Denied("You settled this before, so another lead must judge the appeal.")
    return Allowed()


def _is_judged(case: Case) -> Permit:
    if case.status in {Case.Status.ADJUDICATION, Case.Status.ASKED, Case.Status.SETTLED}:
        return Allowed()
    return Denied("Not everyone has submitted yet.")


def _answered_first(user: User, case: Case) -> Permit:
    if not case.disagreements or (case.status == Case.Status.SETTLED and not queries.is_second(case, user)):
        return Allowed()
    if not settings_of(case.project).blind_first:
        return Allowed()
    if AdjudicationDraft.objects.filter(case=case, by=user, blind__isnull=False).exists():
        return Allowed()
    return Denied("Answer what is in dispute yourself before you see the others' answers.")


def _is_author(user: User, annotation: Annotation) -> Permit:
    return Allowed() if annotation.author_id == user.pk else Denied("Only its author can change an annotation.")


def _is_unsubmitted(annotation: Annotation) -> Permit:
    if annotation.status != Annotation.Status.SUBMITTED:
        return Allowed()
    return Denied("This annotation is submitted. Undo the submission to change it.")


def _holds_the_seat(annotation: Annotation) -> Permit:
    if annotation.assignment.status == Assignment.Status.ACTIVE:
        return Allowed()
    if annotation.assignment.status == Assignment.Status.ASSIGNED:
        return Denied("A lead assigned this case to you. Start it from your queue.")
    return Denied("The time reserved for you has ended. Start the case again from your queue; your draft is kept.")
