"""The review page: one person's blind answers to a case, saved as they type, submitted, taken back or skipped."""

import re
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from annotations.accounts.models import Project, User
from annotations.catalog.models import TaskFile
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.core.ids import new_id
from annotations.core.prepared import first, prepared
from annotations.evidence.models import Evidence
from annotations.review import actions, policies, queries
from annotations.review.models import Annotation, Assignment, Case, Confidence, GuidelineGap
from annotations.rubrics.models import Criterion
from reviewapp.errors import status_of
from reviewapp.web import files, review_form, sheet
from reviewapp.web.access import person, project_for
from reviewapp.web.addresses import uuid
from reviewapp.web.queue import begin, go_on
from reviewapp.web.review_form import Answers, Refusal
from reviewapp.web.second_factor import admit
from reviewapp.web.subject import Links, Pane, pane, title_of
from reviewapp.web.swaps import at_its_address, varied

PANE, MAIN = "section#subject", "main#main"  # as htmx names what a tab or a file replaces, and what a submit does


class StampForm(forms.Form):
    """The hidden fields of the form."""

    version = forms.IntegerField(min_value=1)
    idempotency_key = forms.UUIDField(required=False)


@dataclass(frozen=True)
class Stamp:
    """What travels with the answers: the version they were based on, and a key that makes a repeat harmless."""

    version: int
    key: UUID
    active_seconds: int

    @property
    def of_draft(self) -> "OfDraft":
        return {"version": self.version, "active_seconds": self.active_seconds}


class OfDraft(TypedDict):
    version: int
    active_seconds: int


def held(request: HttpRequest, project: str, assignment: UUID) -> Assignment:
    """The person's own assignment; anybody else's is 404."""
    user = person(request)
    found = first(queries.own_assignment(assignment, project, user.pk, everywhere=user.is_superuser))
    if found is None:
        raise Http404
    admit(request, user, found.case.project)
    found.annotation.case = found.case  # spares the policies a query for what is here already
    return found


# --- The page ----------------------------------------------------------------
@require_GET
def detail(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    own = held(request, project, assignment)
    return begin(request, own) if own.status == Assignment.Status.ASSIGNED else page(request, own)


def page(
    request: HttpRequest,
    assignment: Assignment,
    refusal: Refusal | None = None,
    *,
    address: str = "",
    last: Assignment | None = None,
) -> HttpResponse:
    """The whole page, or only the pane beside the form when htmx asks for that.

    `address` is where it lives, `last` what the person handed in just now.
    """
    if request.headers.get("HX-Target") == PANE:
        return varied(render(request, "review/_subject.html", {"pane": _pane(request, assignment)}))
    status = status_of(refusal.error) if refusal else 200
    context = _context(request, assignment, refusal, last)
    if request.headers.get("HX-Target") == MAIN:
        context["frame"] = "_main.html"
    response = render(request, "review/detail.html", context, status=status)
    if refusal is None:
        at_its_address(request, response, address)
    else:
        response["HX-Retarget"] = response["HX-Reselect"] = "#rubric"  # the pane beside stays where it was
    return varied(response)


def links(assignment: Assignment) -> Links:
    where = [assignment.case.project.slug, assignment.pk]
    return Links(
        page=reverse("assignment-review", args=where),
        file=lambda path: reverse("assignment-file", args=[*where, path]),
        evidence=lambda pk: reverse("assignment-evidence", args=[*where, pk]),
    )


def _context(
    request: HttpRequest, assignment: Assignment, refusal: Refusal | None, last: Assignment | None
) -> dict[str, object]:
    case, annotation, user = assignment.case, assignment.annotation, person(request)
    where = links(assignment)
    return {
        "project": case.project,
        "case": case,
        "assignment": assignment,
        "annotation": annotation,
        "title": title_of(case),
        "pane": _pane(request, assignment),
        **review_form.context(assignment, refusal, page=where.page, by=user),
        "can_edit": policies.can_edit(user, annotation),
        "can_undo": policies.can_undo(user, annotation),
        "can_flag": policies.can_flag_gap(user, assignment),
        "gaps": gaps_of(assignment),
        "feedback": review_form.feedback(annotation),
        "last": last if last and policies.can_undo(user, last.annotation) else _last_submitted(assignment, user),
        "key": new_id(),
        "skip_reasons": Assignment.SkipReason.choices,
        "levels": Confidence.choices,
    }


def _pane(request: HttpRequest, assignment: Assignment) -> Pane:
    is_in = assignment.status == Assignment.Status.SUBMITTED
    return pane(assignment.case, links(assignment), request, discusses=is_in)


def _last_submitted(assignment: Assignment, user: User) -> Assignment | None:
    """The submission that can still be taken back from here: the newest whose case has not moved on."""
    return first(queries.last_retractable(assignment.case.project_id, user.pk, assignment.pk))


# --- What the person does ----------------------------------------------------
@require_POST
def save(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Autosave: 200 with the new version, 409 with both texts, 422 with what is wrong; fragments all three."""
    own = held(request, project, assignment)
    answers: Answers = {}
    try:
        answers = _answers(request, own)
        stamp = _stamp(request)
        saved = actions.save_draft(own.annotation, answers, **stamp.of_draft, by=person(request))
    except (Conflict, Invalid) as error:
        return _unsaved(request, own, Refusal(error, answers))
    return _saved(request, saved)


def _saved(request: HttpRequest, saved: Annotation) -> HttpResponse:
    tally = review_form.tally(queries.case_criteria(saved.case), queries.given(list(saved.verdicts.all())))
    return render(request, "review/detail.html#autosaved", {"annotation": saved, **tally})


def _unsaved(request: HttpRequest, assignment: Assignment, refusal: Refusal) -> HttpResponse:
    assignment.annotation.refresh_from_db(fields=["version"])
    context = review_form.refused(assignment, refusal, page=links(assignment).page, by=person(request))
    conflict = context.get("conflict")
    is_stale = request.POST.get("version") != str(assignment.annotation.version)
    if is_stale and isinstance(conflict, dict) and not conflict["rows"]:
        return _saved(request, assignment.annotation)  # a reload before the answer came: what was sent is stored
    part = "conflict" if "conflict" in context else "errors"
    context["annotation"] = assignment.annotation
    return render(request, f"review/detail.html#{part}", context, status=status_of(refusal.error))


@require_POST
def submit(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Hand the answers in and go on to the next case."""
    own = held(request, project, assignment)
    answers: Answers = {}
    try:
        answers = _answers(request, own)
        stamp = _stamp(request)
        own.annotation = actions.submit(own.annotation, answers, **stamp.of_draft, key=stamp.key, by=person(request))
    except (Conflict, Invalid) as error:
        return page(request, held(request, project, assignment), Refusal(error, answers))
    if queries.feedback(own.annotation):
        return redirect("assignment-review", project, assignment)
    text = _("Submitted “%(title)s”.") % {"title": title_of(own.case)}
    messages.success(request, text, extra_tags=f"undo:{reverse('assignment-undo', args=[project, assignment])}")
    return _on(request, own.case.project, own)


@require_POST
def next_case(request: HttpRequest, project: str) -> HttpResponse:
    """Reserve the next case and open it."""
    return _on(request, project_for(request, project))


def _on(request: HttpRequest, project: Project, last: Assignment | None = None) -> HttpResponse:
    """The next case: at once where htmx asks, which spares a round trip, else by a redirect to it."""

    def show(following: Assignment) -> HttpResponse:
        address = reverse("assignment-review", args=[project.slug, following.pk])
        return page(request, following, address=address, last=last)

    return go_on(request, project, show=show if "HX-Request" in request.headers else None)


def _answers(request: HttpRequest, assignment: Assignment) -> Answers:
    return review_form.read(assignment, request.POST)


def _stamp(request: HttpRequest) -> Stamp:
    form = StampForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("This form is not complete. Reload the page; your draft is kept."))
    given = form.cleaned_data
    return Stamp(given["version"], given["idempotency_key"] or new_id(), _seconds(request.POST.get("active", "")))


def _seconds(told: str) -> int:
    """What the browser counted, or nothing: a wrong count is no reason to refuse what somebody wrote."""
    return int(told) if re.fullmatch(r"\d{1,6}", told) else 0


@require_POST
def undo(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Take a submission back and open it again."""
    own = held(request, project, assignment)
    actions.undo(own.annotation, by=person(request))
    messages.info(request, _("Taken back. You can change your answers and submit again."))
    return redirect("assignment-review", project, assignment)


@require_POST
def skip(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Give the case back with a reason and go on to the next."""
    own = held(request, project, assignment)
    try:
        note = sheet.text(request.POST, "note")
        actions.skip(own, request.POST.get("reason", ""), note=note, by=person(request))
    except Invalid as error:
        return page(request, own, Refusal(error))
    messages.info(request, _("Skipped “%(title)s”.") % {"title": title_of(own.case)})
    return _on(request, own.case.project)


# --- Gaps in the guideline -----------------------------------------------------
def gaps_of(assignment: Assignment) -> list[GuidelineGap]:
    """What this person flagged on the case."""
    return _gaps_of(assignment.case_id, assignment.annotator_id)


@prepared
def _gaps_of(case: UUID, author: UUID) -> QuerySet[GuidelineGap]:
    own = GuidelineGap.objects.filter(case=case, author=author)
    shown = own.select_related("criterion", "settled_in").only("text", "criterion__title", "settled_in__number")
    return shown.order_by("criterion__position")


@require_POST
def flag(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Flag a gap in the guideline of one criterion."""
    own = held(request, project, assignment)
    criteria = own.case.rubric_version.criteria
    criterion = get_object_or_404(criteria, pk=uuid(request.POST.get("criterion", "")))
    text = sheet.text(request.POST, "text")
    try:
        actions.flag_gap(own, criterion, text, by=person(request))
    except (Conflict, Invalid) as error:
        return _gaps(request, own, error=error, criterion=criterion, text=text)
    return _gaps(request, own)


@require_POST
def withdraw(request: HttpRequest, project: str, assignment: UUID, gap: UUID) -> HttpResponse:
    """Take a flagged gap back."""
    own = held(request, project, assignment)
    flagged = get_object_or_404(GuidelineGap, pk=gap, case=own.case_id, author=own.annotator_id)
    actions.withdraw_gap(flagged, by=person(request))
    return _gaps(request, own)


def _gaps(
    request: HttpRequest,
    assignment: Assignment,
    *,
    error: DomainError | None = None,
    criterion: Criterion | None = None,
    text: str = "",
) -> HttpResponse:
    """The dialog's part for htmx; without it, back to the page, or a page that says what is wrong."""
    if "HX-Request" not in request.headers:
        if error:
            raise error
        return redirect("assignment-review", assignment.case.project.slug, assignment.pk)
    context = {
        "project": assignment.case.project,
        "assignment": assignment,
        "case": assignment.case,
        "criteria": assignment.case.rubric_version.criteria.all(),
        "gaps": gaps_of(assignment),
        "can_flag": policies.can_flag_gap(person(request), assignment),
        "gap_error": " ".join(error.problems.values()) if isinstance(error, Invalid) else error and error.reason,
        "gap_criterion": criterion,
        "gap_text": text,
    }
    return render(request, "review/_gaps.html", context, status=status_of(error) if error else 200)


# --- Downloads ---------------------------------------------------------------
@require_GET
def file(request: HttpRequest, project: str, assignment: UUID, path: str) -> FileResponse:
    """The bytes of one file of the task version under review."""
    return subject_file(held(request, project, assignment).case, path)


@require_GET
def evidence(request: HttpRequest, project: str, assignment: UUID, evidence: UUID) -> FileResponse:
    """One piece of evidence about the task version under review."""
    return subject_evidence(held(request, project, assignment).case, evidence)


def subject_file(case: Case, path: str) -> FileResponse:
    found = get_object_or_404(TaskFile, version=case.task_version_id, path=path)
    return files.download(found.blob_id, found.path)


def subject_evidence(case: Case, evidence: UUID) -> FileResponse:
    found = get_object_or_404(Evidence, pk=evidence, result__run__task_version=case.task_version_id)
    return files.download(found.blob_id, found.name)


urlpatterns = [
    path("next/", next_case, name="queue-next"),
    path("<uuid:assignment>/", detail, name="assignment-review"),
    path("<uuid:assignment>/save/", save, name="assignment-save"),
    path("<uuid:assignment>/submit/", submit, name="assignment-submit"),
    path("<uuid:assignment>/undo/", undo, name="assignment-undo"),
    path("<uuid:assignment>/skip/", skip, name="assignment-skip"),
    path("<uuid:assignment>/gaps/", flag, name="assignment-gap"),
    path("<uuid:assignment>/gaps/<uuid:gap>/withdraw/", withdraw, name="assignment-gap-withdraw"),
    path("<uuid:assignment>/files/<path:path>", file, name="assignment-file"),
    path("<uuid:assignment>/evidence/<uuid:evidence>/", evidence, name="assignment-evidence"),
]
