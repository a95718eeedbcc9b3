"""Notices: what happened that concerns a person, and how often it comes by mail."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from annotations.notices import actions, queries
from annotations.notices.models import MailWish, Notice
from reviewapp.web.access import person

PAGE_SIZE = 50
ICONS = {
    Notice.Kind.ASSIGNED: "inbox",
    Notice.Kind.ASKED: "circle-alert",
    Notice.Kind.DECIDED: "shield-check",
    Notice.Kind.APPEAL: "scale",
    Notice.Kind.MENTION: "message-square",
    Notice.Kind.REPLY: "message-square",
    Notice.Kind.RUBRIC: "list-checks",
    Notice.Kind.CHANGED: "list-checks",
    Notice.Kind.PAUSE: "clock",
}


class PaceForm(forms.Form):
    pace = forms.ChoiceField(choices=MailWish.Pace.choices, label=gettext_lazy("Notices by e-mail"))


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """A person's notices, newest first."""
    return _page(request, PaceForm(initial={"pace": queries.pace_of(person(request))}))


def _page(request: HttpRequest, form: PaceForm, status: int = 200) -> HttpResponse:
    page = Paginator(queries.of(person(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(notice, ICONS[Notice.Kind(notice.kind)]) for notice in page],
        "unread": queries.unread_count(person(request)),
        "form": form,
    }
    return render(request, "notices/list.html", context, status=status)


@require_GET
def notice_open(request: HttpRequest, notice: UUID) -> HttpResponse:
    """Go where a notice leads, and have it read."""
    found = get_object_or_404(Notice.objects.visible_to(person(request)), pk=notice)
    actions.mark_read(found)
    return redirect(found.url)


@require_POST
def notice_read(request: HttpRequest, notice: UUID) -> HttpResponse:
    actions.mark_read(get_object_or_404(Notice.objects.visible_to(person(request)), pk=notice))
    return redirect("notice-list")


@require_POST
def notice_read_all(request: HttpRequest) -> HttpResponse:
    actions.mark_all_read(person(request))
    messages.info(request, _("All notices are marked as read."))
    return redirect("notice-list")


@require_POST
def notice_mail(request: HttpRequest) -> HttpResponse:
    """Choose how often notices come by mail."""
    form = PaceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    actions.set_pace(person(request), form.cleaned_data["pace"])
    messages.success(request, _("Saved."))
    return redirect("notice-list")


urlpatterns = [
    path("", notice_list, name="notice-list"),
    path("read/", notice_read_all, name="notice-read-all"),
    path("mail/", notice_mail, name="notice-mail"),
    path("<uuid:notice>/", notice_open, name="notice-open"),
    path("<uuid:notice>/read/", notice_read, name="notice-read"),
]
