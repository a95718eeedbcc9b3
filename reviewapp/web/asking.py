"""A lead's question to the annotators of a case, and the page on which each of them replies, blind to the others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotations.core.decisions import require
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.review import actions, policies, queries
from annotations.review.answers import Given, from_stored
from annotations.review.models import Assignment, Question, ReplyDraft
from annotations.rubrics.models import Criterion
from reviewapp.errors import status_of
from reviewapp.web import adjudicate, sheet
from reviewapp.web.access import person
from reviewapp.web.addresses import uuid
from reviewapp.web.review import PANE, held, links
from reviewapp.web.review_form import Answers, Difference, differences
from reviewapp.web.subject import pane, title_of
from reviewapp.web.swaps import varied


# --- The lead ----------------------------------------------------------------
@require_POST
def case_ask(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Send a case back to its annotators with a question."""
    found = adjudicate.visible(request, project, case)
    wanted = uuid(request.POST.get("criterion", ""))
    criterion = get_object_or_404(found.rubric_version.criteria, pk=wanted) if wanted else None
    text = sheet.text(request.POST, "question")
    try:
        actions.ask(found, text, criterion=criterion, by=person(request))
    except Invalid as error:
        asked: dict[str, object] = {"question_text": text, "asks_about": wanted}
        asked["question_error"] = " ".join(error.problems.values())
        return adjudicate.page(request, found, error=error, more=asked)
    messages.success(request, _("Asked. The case comes back to this list when everyone has replied."))
    return redirect("case-list", project)


@require_POST
def case_stop_waiting(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Take a case back with the replies so far."""
    actions.stop_waiting(adjudicate.visible(request, project, case), by=person(request))
    return redirect("case-adjudicate", project, case)


# --- The annotator -----------------------------------------------------------
@dataclass(frozen=True)
class Sent:
    """A reply as it came in, and why it could not be taken."""

    text: str
    answers: Answers
    error: DomainError

    @property
    def problems(self) -> Mapping[str, str]:
        return self.error.problems if isinstance(self.error, Invalid) else {}


@require_http_methods(["GET", "POST"])
def assignment_question(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """The question, the person's own answers to what it is about, and their reply."""
    own = held(request, project, assignment)
    question = _asked(own)
    if request.method == "POST":
        return _reply(request, own, question)
    if request.headers.get("HX-Target") == PANE:
        return varied(render(request, "review/_subject.html", {"pane": pane(own.case, links(own), request)}))
    require(policies.can_reply(person(request), own.annotation))
    return _page(request, own, question)


def _asked(own: Assignment) -> Question:
    question = get_object_or_404(Question.objects.select_related("criterion"), case=own.case)
    question.case = own.case
    return question


def _reply(request: HttpRequest, own: Assignment, question: Question) -> HttpResponse:
    text, answers = sheet.text(request.POST, "reply"), {}
    try:
        answers = sheet.read(queries.open_to_change(question), request.POST)
        actions.reply(own, text, answers, version=_version(request), by=person(request))
    except (Conflict, Invalid) as error:
        return _page(request, own, question, Sent(text, answers, error))
    messages.success(request, _("Your reply is with the lead."))
    return redirect("queue", own.case.project.slug)


@require_POST
def assignment_question_save(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Autosave: 200 with the new version, 409 with both texts, 422 with what is wrong; fragments all three."""
    own = held(request, project, assignment)
    question = _asked(own)
    text, answers = sheet.text(request.POST, "reply"), {}
    try:
        answers = sheet.read(queries.open_to_change(question), request.POST)
        draft = actions.save_reply(own, text, answers, version=_version(request), by=person(request))
    except (Conflict, Invalid) as error:
        context = _context(own, question, Sent(text, answers, error))
        if context.get("conflict") == []:
            return render(request, "adjudicate/question.html#autosaved", context)  # a reload before the answer came
        return render(request, "adjudicate/question.html#unsaved", context, status=status_of(error))
    return render(request, "adjudicate/question.html#autosaved", {"draft": draft, "version": draft.version})


def _version(request: HttpRequest) -> int:
    told = request.POST.get("version", "")
    return int(told) if re.fullmatch(r"\d{1,6}", told) else 0


def _page(request: HttpRequest, own: Assignment, question: Question, sent: Sent | None = None) -> HttpResponse:
    context = {
        **_context(own, question, sent),
        "project": own.case.project,
        "case": own.case,
        "title": title_of(own.case),
        "pane": pane(own.case, links(own), request),
    }
    return render(request, "adjudicate/question.html", context, status=status_of(sent.error) if sent else 200)


def _context(own: Assignment, question: Question, sent: Sent | None = None) -> dict[str, object]:
    """The form as it was sent, else as it was left; and why what was sent could not be taken."""
    criteria, draft = queries.open_to_change(question), queries.reply_draft_of(own.annotation)
    shown = sent or draft
    answers = queries.drafted(queries.answers_of(own.annotation))
    answers |= sent.answers if sent else _stored(draft)
    problems = sent.problems if sent else {}
    return {
        "assignment": own,
        "question": question,
        "questions": [_question(row, answers, problems) for row in criteria],
        "reply": shown.text if shown else "",
        "reply_error": problems.get("reply", ""),
        "draft": draft,
        "version": draft.version if draft else 0,
        **(_refused(own, criteria, draft, sent) if sent else {}),
    }


def _stored(draft: ReplyDraft | None) -> Answers:
    return from_stored(draft.answers) if draft else {}


def _refused(own: Assignment, criteria: list[Criterion], draft: ReplyDraft | None, sent: Sent) -> dict[str, object]:
    """No reply is awaited any more, another window saved, or something is wrong."""
    if not isinstance(sent.error, Conflict):
        return {"errors": sheet.slips(criteria, sent.problems, reason=sent.error.reason, fields=("reply",))}
    own.case.refresh_from_db(fields=["status"])
    if not policies.awaits_reply(own.annotation):
        return {"moved": sent.error.reason}
    rows = differences(criteria, sent.answers, _stored(draft), {})
    stored = draft.text if draft else ""
    if sent.text != stored:
        rows.append(Difference(_("Your reply"), sent.text, stored))
    return {"conflict": rows}


def _question(criterion: Criterion, shown: Answers, problems: Mapping[str, str]) -> sheet.Question:
    given = shown.get(criterion.pk, Given())
    return sheet.question(criterion, given, error=problems.get(str(criterion.pk), ""))


urlpatterns = [
    path("adjudicate/<uuid:case>/ask/", case_ask, name="case-ask"),
    path("adjudicate/<uuid:case>/stop-waiting/", case_stop_waiting, name="case-stop-waiting"),
    path("review/<uuid:assignment>/question/", assignment_question, name="assignment-question"),
    path("review/<uuid:assignment>/question/save/", assignment_question_save, name="assignment-question-save"),
]
