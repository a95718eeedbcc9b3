"""What is judged, beside the form that judges it: instruction, files and the evidence of its checks."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotations.catalog.models import TaskFile, TaskVersion
from annotations.core.prepared import prepared
from annotations.evidence.queries import Tally, latest_finished, tally_of
from annotations.review.models import Case
from annotations.rubrics.models import Criterion
from reviewapp.web import check_views, files, probes, rendering, talk
from reviewapp.web.access import person
from reviewapp.web.addresses import uuid


@dataclass(frozen=True)
class Links:
    """Where the pane's links lead: its own page, a file's bytes, a piece of evidence."""

    page: str
    file: Callable[[str], str]
    evidence: Callable[[UUID], str]


@dataclass(frozen=True)
class Tab:
    slug: str
    label: str
    url: str
    key: str
    cmd: str
    current: bool
    count: int | None = None
    bad: bool = False


@dataclass(frozen=True)
class Pane:
    """The pane with the one tab that is open; what the others would show is not loaded."""

    tabs: list[Tab]
    tab: str
    instruction: SafeString | None = None
    questions: list[Criterion] = field(default_factory=list)
    nodes: tuple[files.Node, ...] = ()
    file: files.OpenFile | None = None
    raw_url: str = ""
    previous_url: str = ""
    next_url: str = ""
    groups: list[check_views.CheckGroup] = field(default_factory=list)
    stand_ins: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ran_at: Any = None
    probes_url: str = ""
    panel: probes.Panel | None = None
    discussion: talk.Panel | None = None
    talk_url: str = ""


def title_of(case: Case) -> str:
    """What people call the thing a case is about."""
    return str(case.task_version.task if case.task_version else case.subject_rubric_version)


def pane(case: Case, links: Links, request: HttpRequest, *, discusses: bool = False) -> Pane:
    """The subject of a case, open at the tab and file the address names, and its discussion where that may be open."""
    version = case.task_version
    shown = _task_pane(version, links, request) if version else _rubric_pane(case, links)
    return _with_discussion(shown, case, links, request) if discusses else shown


def _with_discussion(shown: Pane, case: Case, links: Links, request: HttpRequest) -> Pane:
    """The pane with a tab for the discussion, if it is open to the person or theirs to open."""
    count = talk.count_for(case, person(request))
    if count is None:
        return shown
    url, is_open = f"{links.page}?tab=discussion", request.GET.get("tab") == "discussion"
    tab = Tab("discussion", _("Discussion"), url, "w", _("Show the discussion"), current=is_open, count=count)
    tabs = [*(replace(other, current=other.current and not is_open) for other in shown.tabs), tab]
    if not is_open:
        return replace(shown, tabs=tabs, talk_url=url)
    about = talk.new_thread(request, case)
    panel = talk.panel(case, person(request), back=url, in_pane=True, about=about)
    return replace(shown, tabs=tabs, tab="discussion", discussion=panel, talk_url=url)


def _task_pane(version: TaskVersion, links: Links, request: HttpRequest) -> Pane:
    wanted = request.GET.get("tab", "")
    tab = wanted if wanted in {"files", "evidence", "probes"} else "instruction"
    listed = files.in_tree_order(version.files.select_related("blob")) if tab == "files" else []
    count = len(listed) or len(_file_ids(version.pk))
    tabs = _tabs(links, tab, count, tally_of(version), probes.count(version, person(request)))
    return replace(_opened(tab, tabs, version, listed, links, request), probes_url=f"{links.page}?tab=probes")


@prepared
def _file_ids(version: UUID) -> QuerySet[TaskFile, tuple[int]]:
    return TaskFile.objects.filter(version=version).order_by().values_list("pk")


def _opened(
    tab: str,
    tabs: list[Tab],
    version: TaskVersion,
    listed: list[TaskFile],
    links: Links,
    request: HttpRequest,
) -> Pane:
    if tab == "files":
        return _files_pane(tabs, listed, request.GET.get("path", ""), links)
    if tab == "evidence":
        return _evidence_pane(tabs, version, links, uuid(request.GET.get("log", "")))
    if tab == "probes":
        back, is_new = f"{links.page}?tab=probes", "new" in request.GET
        panel = probes.panel(version, person(request), back=back, in_pane=True, takes_focus=is_new)
        return Pane(tabs=tabs, tab=tab, panel=panel)
    return Pane(tabs=tabs, tab=tab, instruction=rendering.markdown(version.instruction))


def _rubric_pane(case: Case, links: Links) -> Pane:
    """A rubric under review is its own instruction: the criteria with their anchors."""
    version = case.subject_rubric_version
    tab = Tab("instruction", _("Rubric"), links.page, "i", _("Show the rubric"), current=True)
    return Pane(tabs=[tab], tab="rubric", questions=list(version.criteria.all()) if version else [])


def _tabs(links: Links, current: str, file_count: int, checks: Tally, probe_count: int) -> list[Tab]:
    given: list[tuple[str, str, str, str, int | None, bool]] = [
        ("instruction", _("Instruction"), "i", _("Show the instruction"), None, False),
        ("files", _("Files"), "f", _("Show the files"), file_count, False),
        ("evidence", _("Evidence"), "e", _("Show the evidence"), checks.bad or checks.checks, checks.bad > 0),
        ("probes", _("Probes"), "o", _("Show the probes"), probe_count, False),
    ]
    return [
        Tab(slug, label, f"{links.page}?tab={slug}", key, cmd, slug == current, count, is_bad)
        for slug, label, key, cmd, count, is_bad in given
    ]


# --- Files -------------------------------------------------------------------
def _files_pane(tabs: list[Tab], listed: list[TaskFile], path: str, links: Links) -> Pane:
    def url(path: str) -> str:
        return f"{links.page}?{urlencode({'tab': 'files', 'path': path})}"

    if (file := files.chosen(listed, path)) is None:
        return Pane(tabs=tabs, tab="files")
    index = listed.index(file)
    return Pane(
        tabs=tabs,
        tab="files",
        nodes=files.tree(listed, current=file.path, url=url),
        file=files.opened(file),
        raw_url=links.file(file.path),
        previous_url=url(listed[index - 1].path) if index else "",
        next_url=url(listed[index + 1].path) if index + 1 < len(listed) else "",
    )


# --- Evidence ----------------------------------------------------------------
def _evidence_pane(tabs: list[Tab], version: TaskVersion, links: Links, wanted: UUID | None) -> Pane:
    if (run := latest_finished(version)) is None:
        return Pane(tabs=tabs, tab="evidence", warnings=version.warnings)
    lead = check_views.Links(
        file=lambda path: f"{links.page}?{urlencode({'tab': 'files', 'path': path})}",
        log=lambda pk: f"{links.page}?{urlencode({'tab': 'evidence', 'log': pk})}",
        raw=links.evidence,
    )
    return Pane(
        tabs=tabs,
        tab="evidence",
        groups=check_views.groups(run, lead, wanted),
        stand_ins=list(run.facts.get("stand_ins", [])),
        warnings=version.warnings,
        ran_at=run.finished_at,
    )
