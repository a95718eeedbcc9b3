"""Adjudication: a lead settles what annotators, known by letters only, disagree on."""

import re
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.accounts import roles
from annotations.accounts.models import Project
from annotations.core.decisions import require
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.review import actions, policies, queries
from annotations.review.actions import Basis
from annotations.review.answers import Given
from annotations.review.models import AdjudicationDraft, Annotation, Case, GoldCase
from reviewapp.errors import status_of
from reviewapp.web import adjudication, sheet
from reviewapp.web.access import person, project_for
from reviewapp.web.adjudication import Desk, Finals, Sent
from reviewapp.web.review import PANE, subject_evidence, subject_file
from reviewapp.web.subject import Links, pane, title_of
from reviewapp.web.swaps import varied

PAGE = 50
MOST_ASKED = 20


# --- The list ----------------------------------------------------------------
@require_GET
def case_list(request: HttpRequest, project: str) -> HttpResponse:
    """The cases that wait for this lead, the highest stakes first, and those that wait for replies."""
    found = project_for(request, project)
    require(roles.can_lead(person(request), found))
    page = Paginator(queries.to_adjudicate(found, person(request)), PAGE).get_page(request.GET.get("page"))
    asked = queries.awaiting_replies(found, person(request))[:MOST_ASKED]
    context = {
        "project": found,
        "page": page,
        "rows": [(case, title_of(case)) for case in page],
        "asked": [(case, title_of(case)) for case in asked],
        "now": timezone.now(),
    }
    return render(request, "adjudicate/list.html", context)


# --- One case ----------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def case_adjudicate(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Everyone's answers side by side with the final ones; POST settles the case."""
    found, user = visible(request, project, case), person(request)
    if request.method == "POST":
        return _settle(request, found)
    is_first = policies.can_answer_first(user, found)
    if not is_first:
        require(policies.can_compare(user, found))
    if request.headers.get("HX-Target") == PANE:
        shown = pane(found, links(found), request, discusses=not is_first)
        return varied(render(request, "review/_subject.html", {"pane": shown}))
    if found.status == Case.Status.SETTLED and not queries.is_second(found, user):
        return _settled(request, found)
    if found.status == Case.Status.ASKED:
        return render(request, "adjudicate/asked.html", {**_frame(request, found), **adjudication.asked(found)})
    return varied(_first(request, found) if is_first else page(request, found))


def visible(request: HttpRequest, project: str, case: UUID) -> Case:
    """A case of a project the person leads, for a gold copy the gold case: 404 for outsiders, 403 for who leads not."""
    found = project_for(request, project)
    require(roles.can_lead(person(request), found))
    cases = Case.objects.filter(project=found).select_related(
        "project", "follows", "task_version__task", "subject_rubric_version__rubric", "rubric_version__rubric"
    )
    return cases.filter(pk=case).first() or get_object_or_404(cases, copies=case)


def links(case: Case) -> Links:
    where = [case.project.slug, case.pk]
    return Links(
        page=reverse("case-adjudicate", args=where),
        file=lambda path: reverse("case-file", args=[*where, path]),
        evidence=lambda pk: reverse("case-evidence", args=[*where, pk]),
    )


def _frame(request: HttpRequest, case: Case, *, discusses: bool = True) -> dict[str, object]:
    """What every page about a case shows; the discussion only once the person may read what others say."""
    return {
        "project": case.project,
        "case": case,
        "title": title_of(case),
        "pane": pane(case, links(case), request, discusses=discusses),
    }


def page(
    request: HttpRequest,
    case: Case,
    sent: Sent | None = None,
    error: DomainError | None = None,
    more: dict[str, object] | None = None,
) -> HttpResponse:
    """The comparison with the form, as the lead left it or just sent it; `more` is for the template."""
    desk = _desk(request, case, sent, error)
    context = {**_frame(request, case), **adjudication.context(desk, person(request)), **(more or {})}
    return render(request, "adjudicate/case.html", context, status=status_of(error) if error else 200)


def _desk(request: HttpRequest, case: Case, sent: Sent | None = None, error: DomainError | None = None) -> Desk:
    draft = queries.draft_of(case, person(request))
    return Desk(case, queries.comparisons(case), draft, links(case).page, sent, error)


# --- The lead's own answers first ----------------------------------------------
def _first(
    request: HttpRequest, case: Case, answers: Finals | None = None, error: DomainError | None = None
) -> HttpResponse:
    """What is in dispute, without anybody's answers: the lead's come first."""
    problems = error.problems if isinstance(error, Invalid) else {}
    criteria = queries.disputed_criteria(case)
    given = answers or {}
    questions = [
        sheet.question(row, given.get(row.pk, Given()), error=problems.get(str(row.pk), "")) for row in criteria
    ]
    errors = sheet.slips(criteria, problems, reason=error.reason) if error else []
    context = {**_frame(request, case, discusses=False), "questions": questions, "errors": errors}
    return render(request, "adjudicate/first.html", context, status=status_of(error) if error else 200)


@require_POST
def case_first(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Keep the lead's blind answers, and go on to the comparison."""
    found = visible(request, project, case)
    answers: Finals = {}
    try:
        answers = sheet.read(queries.disputed_criteria(found), request.POST)
        actions.answer_first(found, answers, by=person(request))
    except Invalid as error:
        return _first(request, found, answers, error)
    return redirect("case-adjudicate", project, case)


# --- Saving and settling -------------------------------------------------------
def read(request: HttpRequest, case: Case) -> Sent:
    """What the form holds. Raises Invalid for an answer that is on no scale."""
    data = request.POST
    return Sent(
        finals=sheet.read(queries.case_criteria(case), data),
        reason=sheet.text(data, "reason"),
        confidence=_number(data.get("confidence", "")),
        basis=Basis(_number(data.get("version", "")) or 0, data.get("edition", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else None


@require_POST
def case_save(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Autosave: 200 with the new version, 409 with both texts, 422 with what is wrong; fragments all three."""
    found, user = visible(request, project, case), person(request)
    sent = None
    try:
        sent = read(request, found)
        draft = actions.save_finals(
            found,
            sent.finals,
            reason=sent.reason,
            confidence=sent.confidence,
            version=sent.basis.version,
            by=user,
        )
    except (Conflict, Invalid) as error:
        found.refresh_from_db(fields=["status", "second_due"])
        desk = _desk(request, found, sent or Sent({}, "", None, Basis(0, "")), error)
        context = {"version": desk.version, "case": found, **adjudication.refused(desk, user)}
        conflict = context.get("conflict")
        if isinstance(conflict, dict) and not conflict["rows"]:
            return _saved(request, desk.draft, desk.version)  # a reload before the answer came: what was sent is stored
        return render(request, "adjudicate/case.html#unsaved", context, status=status_of(error))
    return _saved(request, draft, draft.version)


def _saved(request: HttpRequest, draft: AdjudicationDraft | None, version: int) -> HttpResponse:
    return render(request, "adjudicate/case.html#autosaved", {"draft": draft, "version": version})


def _settle(request: HttpRequest, case: Case) -> HttpResponse:
    user, sent = person(request), None
    try:
        sent = read(request, case)
        # A program that sends no version takes the page as it is.
        basis = sent.basis if "version" in request.POST else None
        actions.adjudicate(case, sent.finals, reason=sent.reason, confidence=sent.confidence, basis=basis, by=user)
    except (Conflict, Invalid) as error:
        case.refresh_from_db(fields=["status", "second_due"])
        if not policies.can_compare(user, case):
            raise
        return page(request, case, sent or Sent({}, sheet.text(request.POST, "reason"), None, Basis(0, "")), error)
    messages.success(request, _("Settled “%(title)s”.") % {"title": title_of(case)})
    return _go_on(request, case.project)


def _go_on(request: HttpRequest, project: Project) -> HttpResponse:
    following = queries.to_adjudicate(project, person(request)).first()
    if following is None:
        return redirect("case-list", project.slug)
    return redirect("case-adjudicate", project.slug, following.pk)


def _settled(request: HttpRequest, case: Case) -> HttpResponse:
    """The outcome, now with names."""
    settled = case.adjudication
    verdicts = {row.criterion_id: row for row in settled.verdicts.all()}
    finals = queries.given(list(verdicts.values()))
    submitted = Annotation.objects.filter(case=queries.annotated(case), status=Annotation.Status.SUBMITTED)
    people = submitted.order_by("assignment__seat__number").select_related("author")
    context = {
        "project": case.project,
        "case": case,
        "version": case.task_version,
        "title": title_of(case),
        "adjudication": settled,
        "gold": GoldCase.objects.filter(case=case, retired_at=None).first(),
        "can_mark": policies.can_mark_gold(person(request), case),
        "names": [(queries.letter(index), row.author) for index, row in enumerate(people)],
        "rows": [
            (
                adjudication.row(item, finals[item.criterion.pk], {}, links(case).page),
                verdicts[item.criterion.pk],
            )
            for item in queries.comparisons(case)
        ],
    }
    return render(request, "adjudicate/settled.html", context)


# --- Downloads ---------------------------------------------------------------
@require_GET
def case_file(request: HttpRequest, project: str, case: UUID, path: str) -> FileResponse:
    return subject_file(visible(request, project, case), path)


@require_GET
def case_evidence(request: HttpRequest, project: str, case: UUID, evidence: UUID) -> FileResponse:
    return subject_evidence(visible(request, project, case), evidence)


urlpatterns = [
    path("", case_list, name="case-list"),
    path("<uuid:case>/", case_adjudicate, name="case-adjudicate"),
    path("<uuid:case>/first/", case_first, name="case-first"),
    path("<uuid:case>/save/", case_save, name="case-save"),
    path("<uuid:case>/files/<path:path>", case_file, name="case-file"),
    path("<uuid:case>/evidence/<uuid:evidence>/", case_evidence, name="case-evidence"),
]
