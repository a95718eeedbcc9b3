"""A case's discussion in plain values: its threads as one person may see them, and what they may do there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from annotations.accounts.models import User
from annotations.core.decisions import Permit
from annotations.core.ids import new_id
from annotations.discussion import policies, queries
from annotations.discussion.models import Comment, Thread
from annotations.review.models import Assignment, Case
from annotations.review.queries import case_criteria
from annotations.rubrics.models import Criterion
from reviewapp.templatetags.when import said
from reviewapp.web import live, rendering, sheet
from reviewapp.web.addresses import number


@dataclass(frozen=True)
class Words:
    """One comment as people read it: `letter` where the author's name does not say it, no `html` once withdrawn."""

    comment: Comment
    author: str
    letter: str
    is_mine: bool
    html: SafeString | None
    can_change: Permit


@dataclass(frozen=True)
class Talk:
    """One thread; `place` names the criterion or line it is about, `place_url` shows it."""

    thread: Thread
    words: list[Words]
    place: str
    place_url: str
    can_resolve: Permit
    key: UUID = field(default_factory=new_id)


@dataclass(frozen=True)
class Written:
    """What was sent and refused, shown again where it was written."""

    form: str = ""
    text: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NewThread:
    """The form of another thread, filled in with what it is to be about."""

    criteria: list[Criterion]
    about: str = ""
    path: str = ""
    line: int | None = None
    is_open: bool = False
    takes_focus: bool = False
    key: UUID = field(default_factory=new_id)


@dataclass(frozen=True)
class Panel:
    """Everything a page shows of a discussion; where `permit` refuses, only its reason, and maybe how to open it."""

    case: Case
    person: User
    permit: Permit
    can_open: Permit
    can_comment: Permit
    talks: list[Talk]
    new: NewThread
    handles: list[str]
    written: Written
    back: str
    in_pane: bool
    posted: UUID | None = None

    @property
    def address(self) -> str:
        """The panel's own page, which remembers where to go back to."""
        return f"{reverse('discussion', args=[self.case.project.slug, self.case.pk])}?{self.query}"

    @property
    def query(self) -> str:
        """What every address of the panel has to remember: the page it stands on."""
        return urlencode({"back": self.back, **({"pane": 1} if self.in_pane else {})})

    @property
    def drafts(self) -> str:
        """Under what this browser keeps what is being written."""
        return f"{self.person.pk}:talk:{self.case.pk}"

    @property
    def tag(self) -> str:
        return live.tag(self.person, self.case.pk, [_state_of(talk) for talk in self.talks])

    @property
    def unresolved(self) -> int:
        return sum(talk.thread.resolved_at is None for talk in self.talks)


def _state_of(talk: Talk) -> tuple[object, ...]:
    words = [
        (
            row.comment.pk,
            row.comment.edited_at,
            row.html is None,
            row.author,
            bool(row.can_change),
            said(row.comment.created_at),
        )
        for row in talk.words
    ]
    return talk.thread.pk, talk.thread.resolved_at, bool(talk.can_resolve), words


def count_for(case: Case, who: User) -> int | None:
    """How many threads the tab of a discussion tells of; None where there is no tab."""
    if policies.can_read(who, case):
        return queries.count(case)
    return 0 if policies.can_open(who, case) else None


def panel(
    case: Case,
    who: User,
    *,
    back: str = "",
    in_pane: bool = False,
    written: Written | None = None,
    about: NewThread | None = None,
    posted: UUID | None = None,
) -> Panel:
    """What a page shows of a case's discussion to this person."""
    permit = policies.can_read(who, case)
    talks = _talks(case, who, back or home_of(case, who)) if permit else []
    return Panel(
        case=case,
        person=who,
        permit=permit,
        can_open=policies.can_open(who, case),
        can_comment=policies.can_comment(who, case) if permit else permit,
        talks=talks,
        new=about or NewThread(criteria=case_criteria(case), is_open=not talks),
        handles=_handles(case, who) if permit else [],
        written=written or Written(),
        back=back,
        in_pane=in_pane,
        posted=posted,
    )


def new_thread(request: HttpRequest, case: Case) -> NewThread | None:
    """The form for another thread, about what the address or the form names; None where neither asks for one."""
    if request.method != "POST" and "new" not in request.GET:
        return None
    given = request.POST if request.method == "POST" else request.GET
    path = sheet.text(given, "path")[:400]
    line = number(sheet.text(given, "line")) if path else None
    return NewThread(case_criteria(case), sheet.text(given, "about"), path, line, is_open=True, takes_focus=True)


def _handles(case: Case, who: User) -> list[str]:
    """What one may write to have others told, as the form says it."""
    parts = [part for part in queries.audience(case) if part.person != who]
    known = queries.handles(case, [*parts, *queries.stand_ins(case)])
    return [f"@{handle.upper() if len(handle) == 1 else handle}" for handle in sorted(known)]


def _talks(case: Case, who: User, shown_at: str) -> list[Talk]:
    names, letters, judges = queries.names(case, who), queries.letters(case), policies.judges(who, case)
    return [
        Talk(
            thread=thread,
            words=[_words(row, who, names, letters) for row in thread.comments.all()],
            place=_place(thread),
            place_url=_place_url(thread, shown_at),
            can_resolve=policies.can_resolve(who, thread, judges=judges),
        )
        for thread in queries.threads_of(case)
    ]


def _words(comment: Comment, who: User, names: Mapping[UUID, str], letters: Mapping[UUID, str]) -> Words:
    is_withdrawn, letter = comment.withdrawn_at is not None, letters.get(comment.author_id, "")
    return Words(
        comment=comment,
        author=names[comment.author_id],
        letter="" if letter and names[comment.author_id].endswith(f" {letter}") else letter,
        is_mine=comment.author_id == who.pk,
        html=None if is_withdrawn else rendering.markdown(comment.text),
        can_change=policies.can_change(who, comment),
    )


def _place(thread: Thread) -> str:
    if thread.criterion:
        return thread.criterion.title
    return f"{thread.path}:{thread.line}" if thread.line else thread.path


def _place_url(thread: Thread, shown_at: str) -> str:
    """Where the file it is about is shown to this person; criteria stand beside the discussion."""
    if not thread.path or not shown_at:
        return ""
    anchor = f"#L{thread.line}" if thread.line else ""
    return f"{shown_at.partition('?')[0]}?{urlencode({'tab': 'files', 'path': thread.path})}{anchor}"


def home_of(case: Case, who: User) -> str:
    """The page on which this person has to do with the case: their review, their adjudication, or their task."""
    held = Assignment.objects.filter(case=case, annotator=who).values_list("pk", flat=True).first()
    if held is not None:
        return reverse("assignment-review", args=[case.project.slug, held])
    if case.task_version and case.task_version.task.author_id == who.pk:
        return reverse("task-detail", args=[case.project.slug, case.task_version.task_id])
    return reverse("case-adjudicate", args=[case.project.slug, case.pk])
