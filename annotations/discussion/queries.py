import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils.text import slugify

from annotations.acceptance.models import Decision
from annotations.accounts.models import Membership, Project, User
from annotations.discussion.models import Comment, Thread
from annotations.review.models import Assignment, Case
from annotations.review.queries import annotated, is_second, letter

OVER = (Case.Status.SETTLED, Case.Status.CANCELLED)
_MENTION = re.compile(r"(?<![\w@./-])@(\w[\w-]*)")


def cases_concerning(user: User) -> QuerySet[Case]:
    """The cases whose discussion may ever become theirs: they judge it, lead its project, or wrote its subject."""
    judged = Assignment.objects.filter(annotator=user).exclude(status=Assignment.Status.SKIPPED).values("case")
    wrote = Q(task_version__task__author=user) | Q(subject_rubric_version__published_by=user)
    led = Q(pk__in=Case.every.visible_to(user).values("pk"))
    theirs = Q(pk__in=judged) | wrote & Q(gold_of=None) | led
    return Case.every.filter(theirs, project__in=Project.objects.visible_to(user))


def complete(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases with what the rules and pages of a discussion ask of them."""
    return cases.select_related(
        "project", "task_version__task__author", "subject_rubric_version__rubric", "rubric_version__rubric"
    )


def threads_of(case: Case) -> QuerySet[Thread]:
    """A case's threads with their comments, oldest first, in two queries."""
    comments = Prefetch("comments", Comment.objects.select_related("author"))
    return Thread.objects.filter(case=case).select_related("criterion").prefetch_related(comments)


def count(case: Case) -> int:
    return Thread.objects.filter(case=case).count()


def is_decided(case: Case) -> bool:
    """Whether what its author may know of the case is final; of a gold copy they never know."""
    if case.gold_of_id is not None:
        return False
    if case.status != Case.Status.SETTLED or case.task_version_id is None:
        return case.status == Case.Status.SETTLED
    return Decision.objects.filter(task_version=case.task_version_id).exists()


def author_of(case: Case) -> UUID | None:
    """Who wrote what is judged."""
    if case.task_version:
        return case.task_version.task.author_id
    return case.subject_rubric_version.published_by_id if case.subject_rubric_version else None


# --- Who is who --------------------------------------------------------------
@dataclass(frozen=True)
class Part:
    """One person's part in a case: the letter that stands for an annotator while people are blind, or none."""

    person: User
    letter: str = ""
    is_author: bool = False

    @property
    def role(self) -> str:
        if self.letter:
            return f"Annotator {self.letter}"
        return "The task’s author" if self.is_author else "A lead"


def annotators(case: Case) -> list[Part]:
    """Those who have submitted, by the letters of adjudication: a seat's number tells its letter."""
    rows = case.assignments.filter(status=Assignment.Status.SUBMITTED).select_related("annotator", "seat")
    return [Part(row.annotator, letter(row.seat.number - 1)) for row in rows.order_by("seat__number")]


def stand_ins(case: Case) -> list[Part]:
    """Whom the one annotator of a gold copy would expect beside themselves: who judged the gold case, but for one."""
    return annotators(annotated(case.gold_of))[1:] if case.gold_of else []


def audience(case: Case) -> list[Part]:
    """Everyone the discussion is open to by now, or who has only to open it."""
    parts = annotators(case)
    author = author_of(case)
    if case.status in {Case.Status.ADJUDICATION, Case.Status.ASKED, Case.Status.SETTLED}:
        taken = annotated(case).assignments.values("annotator")
        leads = Membership.objects.filter(project=case.project_id, role=Membership.Role.LEAD, user__is_active=True)
        rows = leads.exclude(user__in=taken).exclude(user=author).select_related("user").order_by("pk")
        parts += [Part(row.user) for row in rows if not is_second(case, row.user)]
    if author and is_decided(case):
        parts += [Part(person, is_author=True) for person in User.objects.filter(pk=author, is_active=True)]
    return parts


def handles(case: Case, parts: Iterable[Part]) -> dict[str, list[User]]:
    """What may follow an @, and whom it means: letters and parts while people are blind, names as well afterwards."""
    known: dict[str, list[User]] = defaultdict(list)
    for part in parts:
        known[part.letter.lower() or ("author" if part.is_author else "lead")].append(part.person)
        if case.status == Case.Status.SETTLED:
            for handle in {slugify(str(part.person)), slugify(str(part.person).partition(" ")[0])} - {""}:
                known[handle].append(part.person)
    return known


def mentioned(case: Case, text: str) -> list[User]:
    """Those of its audience that a text means by @letter, @lead or @name."""
    words = {found.lower() for found in _MENTION.findall(text)}
    known = handles(case, audience(case)) if words else {}
    return [person for word in sorted(words & known.keys()) for person in known[word]]


def names(case: Case, user: User) -> dict[UUID, str]:
    """What everyone who may have spoken is called in front of this person.

    Until the case is settled annotators are letters, to each other and to leads; leads know each other by name.
    """
    spoke = {row.pk: row for row in User.objects.filter(comments__thread__case=case).distinct()}
    if case.status == Case.Status.SETTLED:
        return {pk: str(row) for pk, row in spoke.items()} | {user.pk: "You"}
    parts = {part.person.pk: part.role for part in annotators(case)}
    is_blind = user.pk in parts or user.pk == author_of(case)
    others = {pk: "A lead" if is_blind else str(row) for pk, row in spoke.items()}
    if (author := author_of(case)) in others:
        others[author] = Part(spoke[author], is_author=True).role
    seated = dict.fromkeys(case.assignments.values_list("annotator", flat=True), "An annotator")
    return others | seated | parts | {user.pk: "You"}


def letters(case: Case) -> dict[UUID, str]:
    return {part.person.pk: part.letter for part in annotators(case)}
