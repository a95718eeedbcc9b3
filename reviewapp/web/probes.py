"""Probes: attach one in a form, watch what comes of it, stop it, run it again, take it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.accounts.models import User
from annotations.catalog.models import Task, TaskVersion
from annotations.core.decisions import Permit
from annotations.core.errors import Conflict, Invalid
from annotations.probes import actions, policies, queries
from annotations.probes.actions import LONGEST_SENTENCE, Argument
from annotations.probes.models import Probe
from harness.probes import HOME, LARGEST_FILE, LARGEST_SCRIPT, MOST_FILES, place_of
from reviewapp.web import files, live, uploads
from reviewapp.web.access import person, project_for
from reviewapp.web.probe_cards import Cards, cards_of
from reviewapp.web.refusals import attempt, explain

LARGEST_FORM = MOST_FILES * LARGEST_FILE + 4 * LARGEST_SCRIPT  # bytes; a script may grow when it is encoded
CLAIMS = (
    (Probe.Claim.MUST_PASS.value, gettext_lazy("It is correct and must pass"), "ok"),
    (Probe.Claim.MUST_FAIL.value, gettext_lazy("It is wrong and must fail"), "bad"),
)


class ProbeForm(forms.Form):
    """The claim, why, and what puts it to the test; what is wrong with a value is for the action to say."""

    claim = forms.CharField(required=False)
    sentence = forms.CharField(
        required=False,
        label=gettext_lazy("Why"),
        widget=forms.TextInput(
            attrs={
                "maxlength": LONGEST_SENTENCE,
                "autocomplete": "off",
                "placeholder": gettext_lazy("Keeps one snapshot too few, which the instruction forbids"),
            }
        ),
    )
    script = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Script"),
        help_text=gettext_lazy(
            "Runs in place of solution/solve.sh: as the agent’s user, in its working directory, within its time. "
            "Without a #! line the shell reads it."
        ),
        widget=forms.Textarea(
            attrs={
                "rows": 7,
                "class": "mono",
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "#!/bin/bash",
            }
        ),
    )
    folder = forms.CharField(
        required=False, initial=HOME, label=gettext_lazy("Folder they are put in"), widget=forms.TextInput()
    )


@dataclass(frozen=True)
class Panel:
    """The form beside the probes there are; inside a pane htmx swaps the pane, so that the rest of the page stays."""

    probes: Cards
    form: ProbeForm
    permit: Permit
    in_pane: bool
    draft: str
    takes_focus: bool = False
    claims: tuple[tuple[str, Any, str], ...] = CLAIMS
    max_bytes: int = LARGEST_FILE

    @property
    def is_open(self) -> bool:
        """Whether the form is what the person came for; else the results come first."""
        return self.takes_focus or self.form.is_bound or not self.probes.cards


def panel(
    version: TaskVersion,
    who: User,
    *,
    back: str,
    in_pane: bool = False,
    form: ProbeForm | None = None,
    takes_focus: bool = False,
) -> Panel:
    """What a page shows of a version's probes, with an empty form unless one was refused."""
    return Panel(
        probes=cards_of(version, who, back=back),
        form=form or ProbeForm(),
        permit=policies.can_attach(who, version),
        in_pane=in_pane,
        draft=f"{who.pk}:probe:{version.pk}",
        takes_focus=takes_focus,
    )


def count(version: TaskVersion, who: User) -> int:
    """How many of the version's probes the person may see; most versions have none, which is cheap to find out."""
    attached = queries.any_of(version.pk)
    return Probe.objects.filter(task_version=version).visible_to(who).count() if attached else 0


# --- Attaching ---------------------------------------------------------------
@csrf_exempt  # the size is judged before the form is read; `_list` then demands the CSRF token
@require_http_methods(["GET", "HEAD", "POST"])
def probe_list(request: HttpRequest, project: str, version: UUID) -> HttpResponse:
    """A version's probes with the form for another; to htmx only the list, or 304 while it has not changed."""
    place = project_for(request, project)
    concerned = queries.concerned_versions(person(request)).select_related("task", "project")
    found = get_object_or_404(concerned, pk=version, project=place)
    if refused := uploads.announced_too_large(request, limit=LARGEST_FORM):
        form = ProbeForm({})
        form.add_error(None, refused.reason)
        return _refused(request, found, form, status=refused.status)
    return _list(request, found)


@csrf_protect
def _list(request: HttpRequest, version: TaskVersion) -> HttpResponse:
    if request.method == "POST":
        return _attach(request, version)
    if _is_poll(request):
        return _part(request, version)
    return _page(request, version)


def _attach(request: HttpRequest, version: TaskVersion) -> HttpResponse:
    form = ProbeForm(request.POST)
    form.is_valid()  # nothing is required of the form itself
    argument = Argument(
        claim=form.cleaned_data["claim"],
        sentence=form.cleaned_data["sentence"],
        script=form.cleaned_data["script"],
        files=_files(request, form.cleaned_data["folder"] or HOME),
    )
    made = attempt(lambda: actions.attach(version, argument, by=person(request)))
    if isinstance(made, Conflict | Invalid):
        explain(form, _for_the_form(made))
        return _refused(request, version, form, status=422)
    messages.success(request, _("Attached. It runs as soon as a worker is free."))
    return redirect(_back(request, version))


def _files(request: HttpRequest, folder: str) -> Mapping[str, bytes]:
    chosen = [file for file in request.FILES.getlist("files") if isinstance(file, UploadedFile) and file.name]
    # One more than is allowed is enough for the refusal; nothing beyond it is read.
    return {place_of(f"{folder.rstrip('/')}/{file.name}"): _content(file) for file in chosen[: MOST_FILES + 1]}


def _content(file: UploadedFile) -> bytes:  # type: ignore[type-arg]  # generic for the checker only
    return bytes(file.read(LARGEST_FILE + 1))


def _for_the_form(refused: Conflict | Invalid) -> Conflict | Invalid:
    """The same refusal; what it says of files stands at the folder, the one field of theirs that keeps its value."""
    if not isinstance(refused, Invalid):
        return refused
    problems = {"folder" if name == "files" else name: text for name, text in refused.problems.items()}
    return Invalid(refused.reason, problems)


def _refused(request: HttpRequest, version: TaskVersion, form: ProbeForm, *, status: int) -> HttpResponse:
    """The form with what was typed and what is wrong: in its place on the page, or on a page of its own."""
    if not request.headers.get("HX-Request"):
        return _page(request, version, form=form, status=status)
    shown = panel(version, person(request), back=_back(request, version), in_pane=True, form=form)
    response = render(request, "probes/_panel.html", {"panel": shown}, status=status)
    response["HX-Retarget"] = "#probe-panel"
    return response


def _page(
    request: HttpRequest, version: TaskVersion, *, form: ProbeForm | None = None, status: int = 200
) -> HttpResponse:
    back = _back(request, version)
    context = {
        "project": version.project,
        "version": version,
        "panel": panel(version, person(request), back=back, form=form, takes_focus="new" in request.GET),
    }
    return render(request, "probes/list.html", context, status=status)


# --- Watching ----------------------------------------------------------------
def _is_poll(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target", "").endswith("#probes")


def _part(request: HttpRequest, version: TaskVersion) -> HttpResponse:
    return _polled(request, cards_of(version, person(request), back=_back(request, version)))


def _polled(request: HttpRequest, probes: Cards) -> HttpResponse:
    tag = live.tag(person(request), probes.version.pk, probes.fingerprint)
    context = {"probes": probes, "tag": tag}
    return live.polled(request, tag, lambda: render(request, "probes/_list.html", context))


@require_GET
def probe_detail(request: HttpRequest, project: str, probe: UUID) -> HttpResponse:
    """One probe on a page of its own, for a link in a rationale."""
    found = _probe(request, project, probe)
    shown = cards_of(found.task_version, person(request), back=request.path, only=found.pk)
    if _is_poll(request):
        return _polled(request, shown)
    context = {"project": found.project, "probe": found, "probes": shown}
    return render(request, "probes/detail.html", context)


# --- What may be done with one -----------------------------------------------
@require_POST
def probe_cancel(request: HttpRequest, project: str, probe: UUID) -> HttpResponse:
    found = _probe(request, project, probe)
    actions.cancel(found, by=person(request))
    return _done(request, found)


@require_POST
def probe_again(request: HttpRequest, project: str, probe: UUID) -> HttpResponse:
    found = _probe(request, project, probe)
    actions.run_again(found, by=person(request))
    return _done(request, found)


@require_POST
def probe_withdraw(request: HttpRequest, project: str, probe: UUID) -> HttpResponse:
    found = _probe(request, project, probe)
    actions.withdraw(found, by=person(request))
    messages.info(request, _("Withdrawn."))
    return _done(request, found)


def _done(request: HttpRequest, probe: Probe) -> HttpResponse:
    """The list as it is now, or the page the person came from."""
    if _is_poll(request):
        back = _back(request, probe.task_version, request.POST.get("back", ""))
        return _polled(request, cards_of(probe.task_version, person(request), back=back))
    return redirect(_back(request, probe.task_version, request.POST.get("back", "")))


def _probe(request: HttpRequest, project: str, probe: UUID) -> Probe:
    place = project_for(request, project)
    visible = Probe.objects.visible_to(person(request)).select_related("task_version__task", "task_version__project")
    return get_object_or_404(visible.select_related("project"), pk=probe, project=place)


def _back(request: HttpRequest, version: TaskVersion, given: str = "") -> str:
    """The page of ours the person came from; without one the task's, or the queue of those who may not see it."""
    wanted = given or request.GET.get("back", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    if Task.objects.visible_to(person(request)).filter(pk=version.task_id).exists():
        return reverse("task-detail", args=[version.project.slug, version.task_id]) + "?tab=checks"
    return reverse("queue", args=[version.project.slug])


# --- Downloads ---------------------------------------------------------------
@require_GET
def probe_file(request: HttpRequest, project: str, probe: UUID, file: int) -> FileResponse:
    found = get_object_or_404(_probe(request, project, probe).files, pk=file)
    return files.download(found.blob_id, found.path)


@require_GET
def probe_evidence(request: HttpRequest, project: str, probe: UUID, evidence: UUID) -> FileResponse:
    found = get_object_or_404(_probe(request, project, probe).evidence, pk=evidence)
    return files.download(found.blob_id, found.name)


urlpatterns = [
    path("versions/<uuid:version>/", probe_list, name="probe-list"),
    path("<uuid:probe>/", probe_detail, name="probe-detail"),
    path("<uuid:probe>/cancel/", probe_cancel, name="probe-cancel"),
    path("<uuid:probe>/again/", probe_again, name="probe-again"),
    path("<uuid:probe>/withdraw/", probe_withdraw, name="probe-withdraw"),
    path("<uuid:probe>/files/<int:file>/", probe_file, name="probe-file"),
    path("<uuid:probe>/evidence/<uuid:evidence>/", probe_evidence, name="probe-evidence"),
]
