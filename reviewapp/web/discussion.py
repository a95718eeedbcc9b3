"""The discussion of a case: read it, open a thread, reply, mend or withdraw one's words, resolve."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from annotations.core.decisions import require
from annotations.core.errors import Conflict, DomainError, Invalid
from annotations.discussion import actions, policies, queries
from annotations.discussion.actions import About
from annotations.discussion.models import Comment, Thread
from annotations.review.models import Case
from reviewapp.errors import status_of
from reviewapp.web import live, sheet
from reviewapp.web.access import person, project_for
from reviewapp.web.addresses import uuid
from reviewapp.web.subject import title_of
from reviewapp.web.talk import NewThread, Panel, Written, home_of, new_thread, panel

THREADS, PANEL = "#threads", "#discussion"  # the ends of what htmx names as its targets


def case_of(request: HttpRequest, project: str, case: UUID) -> Case:
    """A case whose discussion may ever become this person's; anybody else's is 404."""
    found = queries.complete(queries.cases_concerning(person(request)))
    return get_object_or_404(found, pk=case, project=project_for(request, project))


# --- Reading -----------------------------------------------------------------
@require_GET
def discussion(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """The whole discussion; to htmx its threads, or 304 while they have not changed."""
    found = case_of(request, project, case)
    if request.headers.get("HX-Target", "").endswith(THREADS):
        require(policies.can_read(person(request), found))
        shown = _panel(request, found)
        return live.polled(request, shown.tag, lambda: render(request, "discussion/_threads.html", {"panel": shown}))
    if not policies.can_open(person(request), found):
        require(policies.can_read(person(request), found))
    return _page(request, _panel(request, found, about=new_thread(request, found)))


def _page(request: HttpRequest, shown: Panel, status: int = 200) -> HttpResponse:
    context = {
        "project": shown.case.project,
        "title": title_of(shown.case),
        "home": home_of(shown.case, person(request)),
        "panel": shown,
    }
    return render(request, "discussion/page.html", context, status=status)


def _panel(
    request: HttpRequest,
    case: Case,
    *,
    written: Written | None = None,
    about: NewThread | None = None,
    posted: UUID | None = None,
) -> Panel:
    back, in_pane = _back(request), "pane" in request.GET
    return panel(case, person(request), back=back, in_pane=in_pane, written=written, about=about, posted=posted)


def _back(request: HttpRequest) -> str:
    """The page of ours the panel stands on, if it said so."""
    given = request.GET.get("back", "")
    return given if given and url_has_allowed_host_and_scheme(given, allowed_hosts=None) else ""


# --- Writing -----------------------------------------------------------------
@require_POST
def discussion_open(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Let one's answers stand, and read what others say."""
    found = case_of(request, project, case)
    actions.open_discussion(found, by=person(request))
    return redirect(_back(request) or reverse("discussion", args=[project, case]))


@require_POST
def thread_start(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    found = case_of(request, project, case)
    asked = new_thread(request, found)
    about = About(uuid(asked.about), asked.path, asked.line) if asked else About()
    written = Written("new", sheet.text(request.POST, "text"))

    def start() -> Comment:
        return actions.start(found, written.text, about, by=person(request), key=_key(request))

    return _said(request, found, start, written, about=asked)


@require_POST
def thread_reply(request: HttpRequest, project: str, thread: UUID) -> HttpResponse:
    found = _thread(request, project, thread)
    written = Written(str(found.pk), sheet.text(request.POST, "text"))
    return _said(
        request,
        found.case,
        lambda: actions.reply(found, written.text, by=person(request), key=_key(request)),
        written,
    )


@require_POST
def comment_edit(request: HttpRequest, project: str, comment: UUID) -> HttpResponse:
    found = _comment(request, project, comment)
    written = Written(str(found.pk), sheet.text(request.POST, "text"))
    return _said(request, found.thread.case, lambda: actions.edit(found, written.text, by=person(request)), written)


@require_POST
def comment_withdraw(request: HttpRequest, project: str, comment: UUID) -> HttpResponse:
    found = _comment(request, project, comment)
    actions.withdraw(found, by=person(request))
    return _done(request, found.thread.case, found)


@require_POST
def thread_resolve(request: HttpRequest, project: str, thread: UUID) -> HttpResponse:
    """Resolve a thread, or with `reopen` in the form open it again."""
    found = _thread(request, project, thread)
    actions.resolve(found, by=person(request), is_resolved="reopen" not in request.POST)
    return _done(request, found.case, found.comments.first())


def _said(
    request: HttpRequest, case: Case, say: Callable[[], Comment], written: Written, *, about: NewThread | None = None
) -> HttpResponse:
    """The panel with what was said, or with the form and what is wrong with it."""
    try:
        comment = say()
    except (Conflict, Invalid) as refused:
        return _refused(request, case, replace(written, problems=_problems(refused)), refused, about)
    return _done(request, case, comment)


def _problems(refused: DomainError) -> dict[str, str]:
    return refused.problems if isinstance(refused, Invalid) else {"text": refused.reason}


def _refused(
    request: HttpRequest, case: Case, written: Written, refused: DomainError, about: NewThread | None
) -> HttpResponse:
    shown = _panel(request, case, written=written, about=about)
    if _is_swap(request):
        return render(request, "discussion/_panel.html", {"panel": shown}, status=status_of(refused))
    return _page(request, shown, status=status_of(refused))


def _done(request: HttpRequest, case: Case, comment: Comment | None) -> HttpResponse:
    case.refresh_from_db(fields=["status"])
    if _is_swap(request):
        shown = _panel(request, case, posted=comment.pk if comment else None)
        return render(request, "discussion/_panel.html", {"panel": shown})
    at = f"#comment-{comment.pk}" if comment else ""
    return redirect((_back(request) or reverse("discussion", args=[case.project.slug, case.pk])) + at)


def _is_swap(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target", "").endswith(PANEL)


def _key(request: HttpRequest) -> UUID | None:
    return uuid(request.POST.get("key", ""))


def _thread(request: HttpRequest, project: str, thread: UUID) -> Thread:
    """A thread of a case that concerns this person: 404 for anybody else, 403 while it is not open to them."""
    place = project_for(request, project)
    rows = Thread.objects.filter(project=place, case__in=queries.cases_concerning(person(request)))
    found = get_object_or_404(rows, pk=thread)
    found.case = queries.complete(Case.every.all()).get(pk=found.case_id)
    require(policies.can_read(person(request), found.case))
    return found


def _comment(request: HttpRequest, project: str, comment: UUID) -> Comment:
    found = get_object_or_404(Comment.objects.select_related("thread"), pk=comment)
    found.thread = _thread(request, project, found.thread_id)
    return found


urlpatterns = [
    path("<uuid:case>/", discussion, name="discussion"),
    path("<uuid:case>/open/", discussion_open, name="discussion-open"),
    path("<uuid:case>/threads/", thread_start, name="thread-start"),
    path("threads/<uuid:thread>/reply/", thread_reply, name="thread-reply"),
    path("threads/<uuid:thread>/resolve/", thread_resolve, name="thread-resolve"),
    path("comments/<uuid:comment>/edit/", comment_edit, name="comment-edit"),
    path("comments/<uuid:comment>/withdraw/", comment_withdraw, name="comment-withdraw"),
]
