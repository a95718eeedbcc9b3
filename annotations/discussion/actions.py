from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.catalog.models import TaskFile
from annotations.core.decisions import require
from annotations.core.errors import Conflict, Invalid
from annotations.core.ids import new_id
from annotations.discussion import policies, queries
from annotations.discussion.models import Comment, Thread
from annotations.notices import links
from annotations.notices.actions import notify
from annotations.notices.models import Notice
from annotations.review.actions import let_stand
from annotations.review.models import Annotation, Case
from annotations.rubrics.models import Criterion

LONGEST_COMMENT = 10_000
LARGEST_LINE = 1_000_000


@dataclass(frozen=True)
class About:
    """What a thread is about; nothing named, the case as a whole."""

    criterion: UUID | None = None
    path: str = ""
    line: int | None = None


@transaction.atomic
def open_discussion(case: Case, *, by: User) -> None:
    """Make one's submitted answers final, and so the discussion one's own to read; again, it changes nothing."""
    held = _lock(case)
    require(policies.can_open(by, held))
    let_stand(Annotation.objects.get(case=held, author=by), by=by)


def _lock(case: Case) -> Case:
    return queries.complete(Case.every.select_for_update(of=("self",))).get(pk=case.pk)


@transaction.atomic
def start(case: Case, text: str, about: About | None = None, *, by: User, key: UUID | None = None) -> Comment:
    """Open a thread with its first comment.

    The same `key` again returns what the first call did. Raises Invalid, naming the field, for words that are
    missing or too long and for something to speak about that the case does not have.
    """
    held, about = _lock(case), about or About()
    if said := _said_before(key, by):
        return said
    require(policies.can_comment(by, held))
    if problems := _wrong_with(text) | _wrong_about(held, about):
        raise Invalid("The thread was not opened.", problems)
    thread = Thread.objects.create(
        case=held, project=held.project, criterion_id=about.criterion, path=about.path, line=about.line, opened_by=by
    )
    record("thread.opened", by=by, target=thread, case=str(held.pk))
    return _say(thread, text, by=by, key=key)


@transaction.atomic
def reply(thread: Thread, text: str, *, by: User, key: UUID | None = None) -> Comment:
    """Add a comment to a thread; a resolved one is open again by it. The same `key` again changes nothing."""
    held = _lock(thread.case)
    if said := _said_before(key, by):
        return said
    require(policies.can_comment(by, held))
    if problems := _wrong_with(text):
        raise Invalid("The comment was not posted.", problems)
    thread.case = held
    Thread.objects.filter(pk=thread.pk).update(resolved_at=None)
    return _say(thread, text, by=by, key=key)


def _said_before(key: UUID | None, by: User) -> Comment | None:
    said = Comment.objects.select_related("thread").filter(pk=key).first() if key else None
    if said is not None and said.author_id != by.pk:
        raise Conflict("This form was used before. Reload the page; your words are kept.")
    return said


def _wrong_with(text: str) -> dict[str, str]:
    if not text.strip():
        return {"text": "Write something first."}
    if len(text) > LONGEST_COMMENT:
        return {"text": f"Keep it to {LONGEST_COMMENT:,} characters."}
    return {"text": "It holds a character that cannot be stored."} if "\0" in text else {}


def _wrong_about(case: Case, about: About) -> dict[str, str]:
    if about.criterion and about.path:
        return {"about": "A thread is about a criterion or about a file, not both."}
    if (
        about.criterion
        and not Criterion.objects.filter(pk=about.criterion, rubric_version=case.rubric_version_id).exists()
    ):
        return {"about": "This case has no such criterion."}
    if about.path and not TaskFile.objects.filter(version=case.task_version_id, path=about.path).exists():
        return {"about": "This case has no such file."}
    if about.line is not None and not (about.path and 1 <= about.line <= LARGEST_LINE):
        return {"about": "This is no line of a file."}
    return {}


def _say(thread: Thread, text: str, *, by: User, key: UUID | None) -> Comment:
    comment = Comment.objects.create(pk=key or new_id(), thread=thread, author=by, text=text.strip())
    record("comment.posted", by=by, target=thread, case=str(thread.case_id), comment=str(comment.pk))
    meant = queries.mentioned(thread.case, comment.text)
    spoke = User.objects.filter(comments__thread=thread).distinct()
    others = [person for person in spoke if person not in meant and policies.can_read(person, thread.case)]
    _tell(meant, thread, Notice.Kind.MENTION, "You are mentioned in a discussion of “{}”.", by=by)
    _tell(others, thread, Notice.Kind.REPLY, "There is a reply in a discussion of “{}”.", by=by)
    return comment


def _tell(people: list[User], thread: Thread, kind: Notice.Kind, text: str, *, by: User) -> None:
    """A notice that leads to the thread; it names what the case is about and nobody."""
    case = thread.case
    where = links.discussion(case.project, case.pk, thread.pk)
    notify(people, case.project, kind, text.format(case.subject), where, by=by)


@transaction.atomic
def edit(comment: Comment, text: str, *, by: User) -> Comment:
    """Put other words in place of one's own. Raises Invalid for none, or too many."""
    row = _lock_comment(comment, by=by)
    require(policies.can_change(by, row))
    if problems := _wrong_with(text):
        raise Invalid("The comment was not changed.", problems)
    before = queries.mentioned(row.thread.case, row.text)
    row.text, row.edited_at = text.strip(), timezone.now()
    row.save(update_fields=["text", "edited_at"])
    record("comment.edited", by=by, target=row.thread, case=str(row.thread.case_id), comment=str(row.pk))
    meant = [person for person in queries.mentioned(row.thread.case, row.text) if person not in before]
    _tell(meant, row.thread, Notice.Kind.MENTION, "You are mentioned in a discussion of “{}”.", by=by)
    return row


@transaction.atomic
def withdraw(comment: Comment, *, by: User) -> None:
    """Take one's words back; that somebody spoke here stays to be seen."""
    row = _lock_comment(comment, by=by)
    require(policies.can_change(by, row))
    Comment.objects.filter(pk=row.pk).update(text="", withdrawn_at=timezone.now())
    record("comment.withdrawn", by=by, target=row.thread, case=str(row.thread.case_id), comment=str(row.pk))


def _lock_comment(comment: Comment, *, by: User) -> Comment:
    """The comment, its case locked first and its discussion still open to the person."""
    case = _lock(comment.thread.case)
    row = Comment.objects.select_for_update(of=("self",)).select_related("thread").get(pk=comment.pk)
    row.thread.case = case
    require(policies.can_read(by, case))
    return row


@transaction.atomic
def resolve(thread: Thread, *, by: User, is_resolved: bool = True) -> None:
    """Say that a matter is settled, or that it is not after all; said twice, it changes nothing."""
    thread.case = _lock(thread.case)
    require(policies.can_read(by, thread.case))
    require(policies.can_resolve(by, thread, judges=policies.judges(by, thread.case)))
    changed = Thread.objects.filter(pk=thread.pk, resolved_at__isnull=is_resolved)
    if changed.update(resolved_at=timezone.now() if is_resolved else None):
        verb = "thread.resolved" if is_resolved else "thread.reopened"
        record(verb, by=by, target=thread, case=str(thread.case_id))
